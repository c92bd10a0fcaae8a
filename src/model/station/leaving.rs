//! Servers that leave: they get no new requests, finish what they have, and are gone.

use super::Station;
use crate::engine::{Duration, Timer};
use crate::model::server::Running;
use crate::model::{Event, Observer, World};
use crate::observation::DownCause;
use crate::pattern::restart::RestartBackoff;

/// Why a server leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// There are to be fewer servers.
    Removal,
    /// It gets another release and boots.
    Release,
    /// The provider takes the machine back; another one may take its place.
    Reclaim,
}

/// A server on its way out.
#[derive(Clone, Debug)]
pub struct Leaving {
    /// Why.
    why: Leave,
    /// Fires when it is gone.
    timer: Timer,
}

impl Station {
    /// The first server from that one on that does not leave; that one if all do.
    pub(in crate::model) fn next_staying(&self, server: u32, servers: u32) -> u32 {
        let stays = |server: &u32| self.servers[*server as usize].leaving.is_none();
        (server..servers).chain(0..server).find(stays).unwrap_or(server)
    }
}

impl<O: Observer> World<O> {
    /// A server gets no new requests, and is gone after a while.
    pub(in crate::model) fn retire(
        &mut self,
        station: u16,
        server: u32,
        why: Leave,
        after: Duration,
    ) {
        let machine = self.server(station, server);
        let known = machine.leaving.as_ref().map(|leaving| leaving.why);
        // Whoever is on the way out for good is not called back by a lesser reason.
        let lesser = match known {
            None => false,
            Some(Leave::Removal) => true,
            Some(Leave::Reclaim) => why != Leave::Removal,
            Some(Leave::Release) => why == Leave::Release,
        };
        if machine.running == Running::Removed || lesser {
            return;
        }
        let at_once = after == Duration::ZERO || why != Leave::Reclaim && !machine.is_up();
        if at_once {
            return self.depart(station, server, why);
        }
        self.stay(station, server);
        let timer = self.schedule(self.now + after, Event::LeavingOver { station, server });
        self.server(station, server).leaving = Some(Leaving { why, timer });
        self.stations[usize::from(station)].leaving += 1;
        self.tell_balancers_who_leaves(station, server);
    }

    /// A server that was to be removed is needed after all.
    pub(in crate::model) fn recall(&mut self, station: u16, server: u32) {
        let leaving = &self.server(station, server).leaving;
        if leaving.as_ref().is_some_and(|leaving| leaving.why == Leave::Removal) {
            self.stay(station, server);
            // It may have crashed meanwhile, and then nobody started it.
            self.boot(station, server);
        }
    }

    pub(in crate::model) fn on_leaving_over(&mut self, station: u16, server: u32) {
        let leaving = self.server(station, server).leaving.as_ref();
        let why = leaving.expect("only who leaves has the timer").why;
        self.depart(station, server, why);
    }

    /// A server no longer leaves.
    fn stay(&mut self, station: u16, server: u32) {
        let Some(leaving) = self.server(station, server).leaving.take() else { return };
        self.calendar.cancel(leaving.timer);
        self.stations[usize::from(station)].leaving -= 1;
        self.tell_balancers_who_leaves(station, server);
        self.wake_queues();
    }

    /// A server is gone.
    fn depart(&mut self, station: u16, server: u32, why: Leave) {
        match why {
            Leave::Removal => {
                // Nobody is told that it is back before it is there again.
                if let Some(leaving) = self.server(station, server).leaving.take() {
                    self.calendar.cancel(leaving.timer);
                    self.stations[usize::from(station)].leaving -= 1;
                }
                self.take_down(station, server, DownCause::Stopped);
                self.lose_machine(station, server);
                self.server(station, server).running = Running::Removed;
                self.tell_servers(station);
            }
            Leave::Release => {
                self.take_down(station, server, DownCause::Stopped);
                self.stay(station, server);
                self.install(station, server);
                self.boot(station, server);
            }
            Leave::Reclaim => {
                self.take_down(station, server, DownCause::Reclaimed);
                self.lose_machine(station, server);
                self.stay(station, server);
                let plan = &self.plan.stations[usize::from(station)];
                let scaled = plan.autoscaler.as_ref().is_some_and(|scaler| scaler.enabled);
                if plan.restart.is_some() || scaled {
                    self.boot(station, server);
                }
            }
        }
    }

    /// The machine of a server is gone, and its disk with it; the next one in its place knows of nothing.
    fn lose_machine(&mut self, station: u16, server: u32) {
        self.lose_disk(station, server);
        let plan = &self.plan.stations[usize::from(station)];
        let backoff = plan.restart.as_ref().map(RestartBackoff::new);
        self.server(station, server).backoff = backoff;
    }

    /// Balancers send nothing to a server that leaves.
    pub(in crate::model) fn tell_balancers_who_leaves(&mut self, station: u16, server: u32) {
        let leaves = self.server(station, server).leaving.is_some();
        for number in 0..self.balancers.len() as u16 {
            if self.plan.balancers[usize::from(number)].station != station {
                continue;
            }
            let known = &mut self.balancers[usize::from(number)].health.leaving;
            if let Some(known) = known.get_mut(server as usize) {
                *known = leaves;
                self.show_rotation(number, server);
            }
        }
    }
}
