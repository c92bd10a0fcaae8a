//! Figures of logins.

use super::{Judge, Measured};
use crate::metrics::identity::Logins;
use crate::wiring::NodeIndex;
use std::ops::Range;

/// Logins, by how they ended; fractions where they are means of windows.
struct Ended {
    succeeded: f64,
    renewed_alone: f64,
    existing_refused: f64,
    new_refused: f64,
}

impl Judge<'_> {
    pub(super) fn login_ratio(&self, spell: Option<Range<usize>>) -> Measured {
        let ended = self.ended(spell)?;
        ended.share(ended.succeeded)
    }

    pub(super) fn new_users_refused_ratio(&self, spell: Option<Range<usize>>) -> Measured {
        let ended = self.ended(spell)?;
        ended.share(ended.new_refused)
    }

    pub(super) fn logins(&self, spell: Option<Range<usize>>) -> Measured {
        self.ended(spell).map(|ended| ended.all().round())
    }

    pub(super) fn tokens_renewed_alone(&self, spell: Option<Range<usize>>) -> Measured {
        self.ended(spell).map(|ended| ended.renewed_alone.round())
    }

    pub(super) fn existing_users_refused(&self, spell: Option<Range<usize>>) -> Measured {
        self.ended(spell).map(|ended| ended.existing_refused.round())
    }

    pub(super) fn new_users_refused(&self, spell: Option<Range<usize>>) -> Measured {
        self.ended(spell).map(|ended| ended.new_refused.round())
    }

    pub(super) fn auth_switches(&self) -> Measured {
        let meter = self.metrics.station(self.login_node()?).identity();
        Ok(meter.measured().switches as f64)
    }

    pub(super) fn auth_alone_time(&self) -> Measured {
        let meter = self.metrics.station(self.login_node()?).identity();
        Ok(meter.alone().measured(self.now()) / 1e9)
    }

    fn login_node(&self) -> Result<NodeIndex, String> {
        let node = self.station_index()?;
        if self.metrics.station(node).identity().is_present() {
            Ok(node)
        } else {
            Err("nobody logs in there".into())
        }
    }

    fn ended(&self, spell: Option<Range<usize>>) -> Result<Ended, String> {
        let node = self.login_node()?;
        let Some(windows) = spell else {
            let logins: Logins = self.metrics.station(node).identity().measured();
            return Ok(Ended {
                succeeded: logins.succeeded() as f64,
                renewed_alone: logins.renewed_alone as f64,
                existing_refused: logins.existing_refused as f64,
                new_refused: logins.new_refused as f64,
            });
        };
        let owner = [self.node_key(node)];
        let seconds = self.seconds(&windows);
        let count = |name: &str| self.rate(&owner, name, &windows) * seconds;
        let new_refused = count("new_users_refused");
        Ok(Ended {
            succeeded: count("logins"),
            renewed_alone: count("renewed_alone"),
            existing_refused: (count("logins_failed") - new_refused).max(0.0),
            new_refused,
        })
    }
}

impl Ended {
    fn all(&self) -> f64 {
        self.succeeded + self.existing_refused + self.new_refused
    }

    fn share(&self, part: f64) -> Measured {
        if self.all() > 0.0 { Ok(part / self.all()) } else { Err("nobody logged in".into()) }
    }
}
