//! Messages whose way is cut: by a dead switch, a pulled cable, at the caller's side or the callee's.
//!
//! TCP sends them again until the way is free or its patience is over, so that they arrive some time
//! after a repair: the longer it took, the later. What nobody waits for any more is not sent again.

use super::{Caller, Doing, Job};
use crate::model::edge::{MOST_RETRANSMISSIONS, retransmission};
use crate::model::slab::Id;
use crate::model::{Event, Observer, World};
use crate::observation::Outcome;
use crate::plan::Role;

impl<O: Observer> World<O> {
    /// Whether no message comes to or from a server.
    pub(in crate::model) fn is_unreachable(&self, station: u16, server: u32) -> bool {
        let server = self.stations[usize::from(station)].servers.get(server as usize);
        server.is_some_and(|server| server.unreachable)
    }

    /// Whether the way of a job's messages is cut before a server comes into play: the call itself, or
    /// the server that makes it.
    fn is_cut_at_caller(&self, job: &Job) -> bool {
        let (Some(edge), Caller::Call(call)) = (job.edge, job.caller) else { return false };
        let owner = self.plan.edges[usize::from(edge.0)].owner;
        let from = match self.plan.roles[usize::from(owner.0)] {
            Role::Station(station) => self.is_unreachable(station, self.calls[call].server),
            Role::Population(_) | Role::Balancer(_) | Role::Monitor(_) => false,
        };
        from || self.edges[usize::from(edge.0)].cut
    }

    /// A request reaches the callee, unless its way is cut. `chosen`: its server has been found before.
    #[cold]
    pub(super) fn deliver_past_cuts(&mut self, id: Id, number: u8, chosen: bool) {
        if self.is_cut_at_caller(&self.jobs[id]) {
            return self.send_later(id, number, chosen);
        }
        let server = match chosen {
            true => self.jobs[id].server,
            false => match self.choose_server(id) {
                Ok(server) => server,
                Err(outcome) => return self.turn_away(id, outcome),
            },
        };
        if self.is_unreachable(self.jobs[id].station, server) {
            self.jobs[id].server = server;
            return self.send_later(id, number, true);
        }
        self.admit(id, server);
    }

    /// Whether a reply does not reach whoever waits for it; it will be sent again, or nobody hears of it.
    #[cold]
    pub(super) fn is_reply_cut_off(&mut self, id: Id, number: u8) -> bool {
        let Some(job) = self.jobs.get(id).filter(|job| !job.lost) else { return false };
        let from = match job.edge {
            Some(edge) if self.plan.edges[usize::from(edge.0)].balancer.is_some() => {
                job.server_reached()
            }
            _ => Some(job.server),
        };
        let from = from.is_some_and(|server| self.is_unreachable(job.station, server));
        match job.caller {
            Caller::Call(_) if from || self.is_cut_at_caller(job) => {
                self.send_later(id, number, false);
                true
            }
            // The balancer hears nothing, and its patience ends the check.
            Caller::Probe { .. } if from => {
                self.jobs.remove(id);
                true
            }
            // What asks on the server itself, such as a liveness probe, is not concerned.
            _ => false,
        }
    }

    /// A message that did not arrive will be sent again, for the `number`th time counted from 0.
    fn send_later(&mut self, id: Id, number: u8, chosen: bool) {
        if self.jobs[id].caller == Caller::Nobody {
            self.remove_job(id);
            return;
        }
        let event = Event::SentAgain { job: id, number: number + 1, chosen };
        self.schedule(self.now + retransmission(number.into()), event);
    }

    /// A message is sent again, or its sender's system gives up on the connection.
    pub(in crate::model) fn on_sent_again(&mut self, id: Id, number: u8, chosen: bool) {
        let Some(job) = self.jobs.get_mut(id) else { return };
        if job.caller == Caller::Nobody {
            self.remove_job(id);
        } else if u32::from(number) > MOST_RETRANSMISSIONS {
            job.lost = true;
            job.broken = true;
            job.outcome = Outcome::Failed;
            self.forget_extras(id);
            self.end_reply(id);
        } else if job.doing == Doing::Replying {
            if !self.is_reply_cut_off(id, number) {
                self.end_reply(id);
            }
        } else {
            self.deliver_past_cuts(id, number, chosen);
        }
    }
}
