//! How fast a server moves, and what that does to the work in progress.

use super::preemption::left_of;
use crate::model::job::Doing;
use crate::model::server::Server;
use crate::model::{Event, Observer, World};
use crate::wiring::EdgeIndex;

impl<O: Observer> World<O> {
    /// Changes how fast a server moves; work in progress too.
    pub(in crate::model) fn set_pace(
        &mut self,
        station: u16,
        server: u32,
        slow_factor: f64,
        frozen: bool,
    ) {
        let machine = self.server(station, server);
        if machine.slow_factor != slow_factor || machine.frozen != frozen {
            self.change_pace(station, server, |machine| {
                machine.slow_factor = slow_factor;
                machine.frozen = frozen;
            });
        }
    }

    /// Changes what a server's speed depends on.
    pub(super) fn change_pace(
        &mut self,
        station: u16,
        server: u32,
        change: impl FnOnce(&mut Server),
    ) {
        let now = self.now;
        let machine = self.server(station, server);
        let before = (machine.speed(), machine.is_frozen());
        change(machine);
        let (speed, frozen) = (machine.speed(), machine.is_frozen());
        self.change_cpu(station, server, |cpu| cpu.set_speed(now, speed));
        self.stretch_waits(station, server, before.0);
        match (before.1, frozen) {
            (false, true) => self.frozen_servers += 1,
            (true, false) => {
                self.frozen_servers -= 1;
                self.thaw(station, server);
            }
            _ => return,
        }
        if self.stations[usize::from(station)].replication.is_some() {
            self.follow_copies(station);
        }
    }

    /// A server moves again: first it looks at what has happened in the meantime.
    fn thaw(&mut self, station: u16, server: u32) {
        self.cancel_unwanted(station, server);
        for event in std::mem::take(&mut self.server(station, server).parked) {
            match event {
                Event::QueueTimeout { job } => self.on_queue_timeout(job),
                other => self.soon.push(other),
            }
        }
        self.hand_out_all_threads(station, server);
        let owner = self.plan.stations[usize::from(station)].node;
        for edge in 0..self.edges.len() {
            if self.plan.edges[edge].owner == owner {
                self.admit_waiting(EdgeIndex(edge as u16), server);
            }
        }
        self.wake_queues();
    }

    fn stretch_waits(&mut self, station: u16, server: u32, speed_before: f64) {
        let now = self.now;
        let computes_alone = !self.has_cores(station, server);
        let residents = self.server(station, server).residents;
        for id in residents.ids(&self.jobs) {
            let job = &mut self.jobs[id];
            match job.doing {
                Doing::Waiting => {}
                Doing::Computing if computes_alone => {}
                _ => continue,
            }
            self.calendar.cancel(std::mem::take(&mut job.timer));
            job.left = (left_of(job.left, now, speed_before), now);
            self.plan_wait(id);
        }
    }
}
