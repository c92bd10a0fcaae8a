//! Disks: log writes and logrotate.

use crate::engine::{Time, Timer};
use crate::model::server::Disk;
use crate::model::slab::Id;
use crate::model::{Event, Observer, World};
use crate::observation::Observation;

impl<O: Observer> World<O> {
    /// Writes to the log of a job's server. False: the disk is full.
    pub(in crate::model) fn write_log(&mut self, id: Id, bytes: u64) -> bool {
        let job = &self.jobs[id];
        let (station, server) = (job.station, job.server);
        if !self.has_room_on_disk(station, server, bytes) {
            return false;
        }
        if let Some(disk) = &mut self.server(station, server).disk {
            disk.log.write(bytes);
        }
        self.tell_disk(station, server);
        true
    }

    /// Whether so many bytes can be written to a server's disk; one without a disk takes everything.
    pub(in crate::model) fn has_room_on_disk(
        &mut self,
        station: u16,
        server: u32,
        bytes: u64,
    ) -> bool {
        let node = self.plan.stations[usize::from(station)].node;
        let Some((used, capacity)) = self.disk_use(station, server) else { return true };
        let Some(disk) = &mut self.server(station, server).disk else { return true };
        let has_room = used + bytes <= capacity;
        let was_full = std::mem::replace(&mut disk.full, !has_room);
        if !has_room && !was_full {
            self.tell(Observation::DiskFull { node, server });
        }
        has_room
    }

    /// Bytes in use on the disk of a server, if it has one, and how many there are.
    fn disk_use(&self, station: u16, server: u32) -> Option<(u64, u64)> {
        let machine = &self.stations[usize::from(station)].servers[server as usize];
        machine.disk_use(&self.plan.stations[usize::from(station)])
    }

    /// A machine is gone with its disk; the next one in its place has an empty log.
    pub(in crate::model) fn lose_disk(&mut self, station: u16, server: u32) {
        self.lose_spool(station, server);
        let plan = &self.plan.stations[usize::from(station)];
        let disk = plan.disk.as_ref().map(Disk::new).map(Box::new);
        self.server(station, server).disk = disk;
        self.tell_disk(station, server);
    }

    /// Tells how many bytes are in use on the disk of a server.
    pub(in crate::model) fn tell_disk(&mut self, station: u16, server: u32) {
        let node = self.plan.stations[usize::from(station)].node;
        if let Some((bytes, _)) = self.disk_use(station, server) {
            self.tell(Observation::DiskUsed { node, server, bytes });
        }
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
        for server in 0..self.stations[usize::from(station)].servers.len() as u32 {
            let Some((used, capacity)) = self.disk_use(station, server) else { continue };
            let Some(disk) = &mut self.server(station, server).disk else { continue };
            let summary = disk.log.run(now, capacity.saturating_sub(used));
            if summary.freed_bytes > 0 {
                let freed_bytes = summary.freed_bytes;
                self.tell(Observation::LogRotated { node, server, freed_bytes });
                self.tell_disk(station, server);
            }
        }
        self.stations[usize::from(station)].logrotate = Timer::NONE;
        self.plan_logrotate(station);
    }
}
