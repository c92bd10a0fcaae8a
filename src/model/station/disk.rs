//! Disks: log writes and logrotate.

use crate::engine::{Time, Timer};
use crate::model::slab::Id;
use crate::model::{Event, Observer, World};
use crate::observation::Observation;

impl<O: Observer> World<O> {
    /// Writes to the log of a job's server. False: the disk is full.
    pub(in crate::model) fn write_log(&mut self, id: Id, bytes: u64) -> bool {
        let job = &self.jobs[id];
        let (station, server) = (job.station, job.server);
        let plan = &self.plan.stations[usize::from(station)];
        let node = plan.node;
        let Some(limits) = &plan.disk else { return true };
        let (capacity, used) = (limits.capacity, limits.used);
        let Some(disk) = &mut self.server(station, server).disk else { return true };
        if used + disk.log.used_bytes() + bytes > capacity {
            let first = !std::mem::replace(&mut disk.full, true);
            if first {
                self.tell(Observation::DiskFull { node, server });
            }
            return false;
        }
        disk.full = false;
        disk.log.write(bytes);
        let bytes = used + disk.log.used_bytes();
        self.tell(Observation::DiskUsed { node, server, bytes });
        true
    }

    /// Plans logrotate's next run, if there is one and the disks have it.
    pub(in crate::model) fn plan_logrotate(&mut self, station: u16) {
        let plan = &self.plan.stations[usize::from(station)];
        let params = plan.disk.as_ref().and_then(|disk| disk.logrotate.as_ref());
        let next = params.map(|params| params.next_run(self.now));
        let timer = std::mem::take(&mut self.stations[usize::from(station)].logrotate);
        self.calendar.cancel(timer);
        let timer = next.filter(|at| *at < Time::NEVER);
        let timer =
            timer.map_or(Timer::NONE, |at| self.schedule(at, Event::LogRotateDue { station }));
        self.stations[usize::from(station)].logrotate = timer;
    }

    pub(in crate::model) fn on_logrotate_due(&mut self, station: u16) {
        let now = self.now;
        let plan = &self.plan.stations[usize::from(station)];
        let node = plan.node;
        if let Some(limits) = &plan.disk {
            let (capacity, used) = (limits.capacity, limits.used);
            for server in 0..self.stations[usize::from(station)].servers.len() as u32 {
                let Some(disk) = &mut self.server(station, server).disk else { continue };
                let free = capacity.saturating_sub(used + disk.log.used_bytes());
                let summary = disk.log.run(now, free);
                let bytes = used + disk.log.used_bytes();
                if summary.freed_bytes > 0 {
                    let freed_bytes = summary.freed_bytes;
                    self.tell(Observation::LogRotated { node, server, freed_bytes });
                    self.tell(Observation::DiskUsed { node, server, bytes });
                }
            }
        }
        self.stations[usize::from(station)].logrotate = Timer::NONE;
        self.plan_logrotate(station);
    }
}
