//! What became of requests: figures of users, and those that they share with stations and pools.

use super::{Judge, Measured, share_above};
use crate::metrics::class::Wishes;
use crate::metrics::histogram::Buckets;
use crate::report::build::ratio;
use crate::report::expect::metric::Subject;
use crate::report::{Latency, PoolReport, Requests};
use crate::wiring::{ClassIndex, NodeIndex};
use std::ops::Range;

impl Judge<'_> {
    /// Keys of the columns of the users asked for: a class, a population or all populations.
    pub(super) fn users(&self) -> Vec<String> {
        let wiring = self.metrics.wiring();
        match self.arguments.subject {
            Some(Subject::Population(node)) => vec![wiring.node(node).key.clone()],
            Some(Subject::Class(class)) => {
                let node = wiring.class(class).node;
                // The only class of a population has no columns of its own.
                let only = wiring.classes_of(node).count() == 1;
                vec![if only { wiring.node(node).key.clone() } else { wiring.class_name(class) }]
            }
            _ => {
                let populations = wiring.nodes().filter(|(node, _)| self.is_population(*node));
                populations.map(|(_, node)| node.key.clone()).collect()
            }
        }
    }

    pub(super) fn is_population(&self, node: NodeIndex) -> bool {
        self.metrics.wiring().classes_of(node).next().is_some()
    }

    pub(super) fn user_classes(&self) -> Vec<ClassIndex> {
        let wiring = self.metrics.wiring();
        match self.arguments.subject {
            Some(Subject::Population(node)) => wiring.classes_of(node).collect(),
            Some(Subject::Class(class)) => vec![class],
            _ => wiring.classes().collect(),
        }
    }

    pub(super) fn requests(&self) -> Requests {
        Requests::of(self.metrics, self.user_classes())
    }

    pub(super) fn of_offered(
        &self,
        spell: Option<Range<usize>>,
        name: &str,
        count: impl Fn(&Requests) -> u64,
    ) -> Measured {
        let (part, offered) = match spell {
            Some(windows) => {
                let users = self.users();
                (self.rate(&users, name, &windows), self.rate(&users, "offered", &windows))
            }
            None => {
                let requests = self.requests();
                (count(&requests) as f64, requests.offered as f64)
            }
        };
        if offered > 0.0 { Ok(part / offered) } else { Err("there was no request".into()) }
    }

    pub(super) fn refreshes(&self, spell: Option<Range<usize>>) -> Measured {
        Ok(match spell {
            Some(windows) => self.total(&self.users(), "refreshes", &windows),
            None => self.requests().refreshes as f64,
        })
    }

    pub(super) fn rejected(&self, requests: &Requests) -> u64 {
        match self.arguments.cause {
            Some(cause) => requests.rejected.get(cause.key()).copied().unwrap_or(0),
            None => requests.rejected.values().sum(),
        }
    }

    pub(super) fn availability(&self) -> Measured {
        let requests = self.requests();
        let ended = requests.offered - requests.abandoned;
        if ended == 0 {
            return Err("no request ended".into());
        }
        Ok((requests.ok + requests.degraded) as f64 / ended as f64)
    }

    pub(super) fn latency(&self) -> Result<Latency, String> {
        match self.arguments.subject {
            Some(Subject::Station(node)) => Ok(self.station(node).response.clone()),
            _ => Ok(self.requests().response),
        }
    }

    pub(super) fn percentile(&self, spell: Option<Range<usize>>) -> Measured {
        let quantile = self.quantile();
        let nanos = match (self.arguments.subject, spell) {
            (Some(Subject::Station(node)), None) => {
                self.metrics.station(node).response().quantile(quantile)
            }
            (_, None) => self.wishes().response.quantile(quantile),
            (Some(Subject::Station(node)), Some(windows)) => {
                let mut sum = Buckets::default();
                let spells = self.metrics.station(node).spells();
                spells.add_to(windows.start, windows.end, &mut sum);
                sum.quantile(quantile)
            }
            (_, Some(windows)) => {
                let mut sum = Buckets::default();
                for class in self.user_classes() {
                    let spells = self.metrics.class(class).spells();
                    spells.add_to(windows.start, windows.end, &mut sum);
                }
                sum.quantile(quantile)
            }
        };
        nanos.map(|nanos| nanos as f64 / 1e6).ok_or_else(|| "nothing was answered".into())
    }

    pub(super) fn wishes(&self) -> Wishes {
        let mut wishes = Wishes::default();
        for class in self.user_classes() {
            wishes.merge(&self.metrics.class(class).wishes(self.now()));
        }
        wishes
    }

    pub(super) fn slower_ratio(&self) -> Measured {
        match self.arguments.subject {
            Some(Subject::Station(node)) => {
                share_above(self.metrics.station(node).response(), self.bound())
            }
            _ => share_above(&self.wishes().response, self.bound()),
        }
    }

    pub(super) fn count(
        &self,
        of_users: impl Fn(&Requests) -> u64,
        of_pool: impl Fn(&PoolReport) -> u64,
    ) -> Measured {
        Ok(match self.arguments.subject {
            Some(Subject::Pool(pool)) => of_pool(self.pool(pool)),
            _ => of_users(&self.requests()),
        } as f64)
    }

    pub(super) fn refused(&self) -> Measured {
        let requests;
        let by_cause = match self.arguments.subject {
            Some(Subject::Pool(pool)) => &self.pool(pool).rejected,
            Some(Subject::Edge(edge)) => &self.edge(edge).rejected,
            _ => {
                requests = self.requests();
                &requests.rejected
            }
        };
        Ok(match self.arguments.cause {
            Some(cause) => by_cause.get(cause.key()).copied().unwrap_or(0),
            None => by_cause.values().sum(),
        } as f64)
    }

    pub(super) fn throughput(&self, spell: Option<Range<usize>>) -> Measured {
        let seconds = self.metrics.measured_nanos() as f64 / 1e9;
        Ok(match (self.arguments.subject, spell) {
            (Some(Subject::Station(node)), Some(windows)) => {
                self.rate(&[self.node_key(node)], "ok", &windows)
            }
            (Some(Subject::Station(node)), None) => ratio(self.station(node).ok as f64, seconds),
            (_, Some(windows)) => self.rate(&self.users(), "goodput", &windows),
            (_, None) => self.requests().goodput_rps,
        })
    }
}
