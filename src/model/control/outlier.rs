//! Outlier detection behind a balancer: what the detector is told, and what follows from it.

use crate::engine::{Draws, Duration, Luck, Timer};
use crate::model::{Event, Observer, World};
use crate::observation::{Observation, Outcome};
use crate::pattern::outlier::{Answer, Finding, OutlierDetector, Params, Verdict, View};

/// A balancer's outlier detection.
#[derive(Clone, Debug)]
pub struct Outlier {
    detector: OutlierDetector,
    /// What the balancer has noticed of the ejections.
    pub view: View,
    /// Fires at the next sweep.
    sweep: Timer,
    /// Fires when the balancer notices what it has not noticed yet.
    merge: Timer,
    /// What observers were last told: the number of ejected servers.
    shown: u32,
}

impl Outlier {
    fn new(params: &Params, servers: u32) -> Outlier {
        Outlier {
            detector: OutlierDetector::new(params, servers),
            view: View::default(),
            sweep: Timer::NONE,
            merge: Timer::NONE,
            shown: 0,
        }
    }

    /// Whether observers know how many are ejected, and a timer will tell the balancer who.
    pub(in crate::model) fn is_told(&self) -> bool {
        let detector = &self.detector;
        let noticed = self.view.agrees(detector.servers(), |server| detector.is_ejected(server));
        self.shown == detector.active() && (noticed || self.merge != Timer::NONE)
    }
}

/// How the end of an attempt looks to a proxy, which reports refusals as 503.
fn answer(outcome: Outcome, broken: bool) -> Answer {
    match outcome {
        Outcome::Ok | Outcome::Degraded => Answer::Success,
        Outcome::TimedOut => Answer::LocalOrigin,
        Outcome::Failed if broken => Answer::LocalOrigin,
        Outcome::Failed => Answer::ServerError,
        Outcome::Rejected(_) => Answer::GatewayError,
    }
}

impl<O: Observer> World<O> {
    pub(in crate::model) fn start_outlier_detection(&mut self, number: u16) {
        let plan = &self.plan.balancers[usize::from(number)];
        let Some(params) = &plan.outlier_detection else { return };
        let interval = params.interval();
        let servers = self.plan.stations[usize::from(plan.station)].servers;
        let mut outlier = Outlier::new(params, servers);
        let event = Event::OutlierSweep { balancer: number };
        outlier.sweep = self.schedule(self.now + interval, event);
        self.balancers[usize::from(number)].health.outlier = Some(outlier);
    }

    /// Follows changed rules and a changed number of servers.
    pub(in crate::model) fn retune_outlier_detection(&mut self, number: u16) {
        let plan = &self.plan.balancers[usize::from(number)];
        let servers = self.plan.stations[usize::from(plan.station)].servers;
        let outlier = &mut self.balancers[usize::from(number)].health.outlier;
        match (outlier, &plan.outlier_detection) {
            (None, _) => return self.start_outlier_detection(number),
            (Some(outlier), Some(params)) => {
                outlier.detector.retune(params);
                outlier.detector.resize(servers);
            }
            (outlier, None) => {
                let gone = outlier.take().expect("the arm before takes those without");
                self.calendar.cancel(gone.sweep);
                self.calendar.cancel(gone.merge);
                if gone.shown > 0 {
                    let balancer = plan.node;
                    self.tell(Observation::EjectionsChanged { balancer, ejected: 0 });
                }
                return;
            }
        }
        self.follow_ejections(number);
    }

    /// Chance that belongs to no request: it decides on ejections.
    fn outlier_draws(&self, number: u16, server: u32) -> Draws {
        let site = self.plan.balancers[usize::from(number)].site.then("outlier");
        Luck(self.plan.seed).derive(site.index(u64::from(server)), self.now.0).draws(site, 0)
    }

    /// An attempt behind a balancer ended.
    pub(in crate::model) fn watch_for_outliers(
        &mut self,
        number: u16,
        server: u32,
        outcome: Outcome,
        broken: bool,
    ) {
        if self.balancers[usize::from(number)].health.outlier.is_none() {
            return;
        }
        let now = self.now;
        let mut draws = self.outlier_draws(number, server);
        let outlier = self.balancers[usize::from(number)].health.outlier.as_mut();
        let findings = outlier.map(|outlier| {
            let answer = answer(outcome, broken);
            outlier.detector.on_answer(server, answer, now, || draws.next_unit())
        });
        let findings = findings.unwrap_or_default();
        if !findings.is_empty() {
            self.act_on(number, &findings);
        }
    }

    pub(in crate::model) fn on_outlier_sweep(&mut self, number: u16) {
        let now = self.now;
        let mut draws = self.outlier_draws(number, u32::MAX);
        let Some(params) = &self.plan.balancers[usize::from(number)].outlier_detection else {
            return;
        };
        let interval = params.interval();
        let timer = self.schedule(now + interval, Event::OutlierSweep { balancer: number });
        let Some(outlier) = &mut self.balancers[usize::from(number)].health.outlier else { return };
        outlier.sweep = timer;
        let findings = outlier.detector.sweep(now, || draws.next_unit());
        self.act_on(number, &findings);
    }

    fn act_on(&mut self, number: u16, findings: &[Finding]) {
        let balancer = self.plan.balancers[usize::from(number)].node;
        for Finding { server, verdict, .. } in findings.iter().copied() {
            match verdict {
                Verdict::Ejected => self.tell(Observation::Ejected { balancer, server }),
                Verdict::Overflow => self.tell(Observation::EjectionRefused { balancer, server }),
                Verdict::NotEnforced => {}
            }
        }
        self.follow_ejections(number);
    }

    /// A server passed an active health check.
    pub(in crate::model) fn bring_back_ejected(&mut self, number: u16, server: u32) {
        let now = self.now;
        let outlier = self.balancers[usize::from(number)].health.outlier.as_mut();
        if outlier.is_some_and(|outlier| outlier.detector.on_check_passed(server, now)) {
            self.follow_ejections(number);
        }
    }

    pub(in crate::model) fn on_ejections_merged(&mut self, number: u16) {
        if let Some(outlier) = &mut self.balancers[usize::from(number)].health.outlier {
            outlier.merge = Timer::NONE;
            self.follow_ejections(number);
        }
    }

    /// Tells observers how many are ejected, and the balancer who, at once or later.
    fn follow_ejections(&mut self, number: u16) {
        let now = self.now;
        let plan = &self.plan.balancers[usize::from(number)];
        let balancer = plan.node;
        let servers = self.plan.stations[usize::from(plan.station)].servers;
        let Some(params) = &plan.outlier_detection else { return };
        let window = Duration::from_ms(params.update_merge_window_ms);
        let Some(outlier) = &mut self.balancers[usize::from(number)].health.outlier else { return };
        let ejected = outlier.detector.active();
        let detector = &outlier.detector;
        let later = outlier.view.follow(servers, |s| detector.is_ejected(s), window, now);
        let changed = std::mem::replace(&mut outlier.shown, ejected) != ejected;
        let merge = std::mem::take(&mut outlier.merge);
        self.calendar.cancel(merge);
        if let Some(at) = later {
            let timer = self.schedule(at, Event::EjectionsMerged { balancer: number });
            if let Some(outlier) = &mut self.balancers[usize::from(number)].health.outlier {
                outlier.merge = timer;
            }
        }
        if changed {
            self.tell(Observation::EjectionsChanged { balancer, ejected });
        }
        for server in 0..servers {
            self.show_rotation(number, server);
        }
    }
}
