//! Work that takes time: computing and waiting.

use super::preemption::left_of;
use crate::engine::{Duration, Timer};
use crate::model::job::Doing;
use crate::model::slab::Id;
use crate::model::{Event, Observer, World};
use crate::observation::Observation;

impl<O: Observer> World<O> {
    /// A job begins to compute. Without a limit of cores it shares them with nobody, so its end is a
    /// timer of its own, as that of a `wait` step.
    #[inline(always)]
    pub(in crate::model) fn start_computing(&mut self, id: Id, work: Duration) {
        let now = self.now;
        let job = &mut self.jobs[id];
        job.doing = Doing::Computing;
        let (station, server) = (job.station, job.server);
        let machine = &self.stations[usize::from(station)].servers[server as usize];
        if machine.cpu.cores().is_some() {
            self.change_cpu(station, server, |cpu| cpu.start(now, id, work));
            return;
        }
        job.left = (work, now);
        if let Some(takes) = machine.time_for(work) {
            let event = Event::WaitDone { job: id };
            job.timer = self.calendar.schedule(now + takes, event.rank(), event);
        }
    }

    /// A job stops computing; what is left of its work.
    pub(in crate::model) fn stop_computing(&mut self, id: Id) -> Duration {
        let now = self.now;
        let job = &mut self.jobs[id];
        let (station, server, left) = (job.station, job.server, job.left);
        self.calendar.cancel(std::mem::take(&mut job.timer));
        if self.has_cores(station, server) {
            self.change_cpu(station, server, |cpu| cpu.cancel(now, id))
        } else {
            left_of(left, now, self.server(station, server).speed())
        }
    }

    /// Whether the cores of a server are limited.
    #[inline]
    pub(super) fn has_cores(&self, station: u16, server: u32) -> bool {
        let machine = &self.stations[usize::from(station)].servers[server as usize];
        machine.cpu.cores().is_some()
    }

    /// Changes the number of cores of a server; work in progress goes on.
    pub(in crate::model) fn set_cores(&mut self, station: u16, server: u32, cores: Option<u32>) {
        let now = self.now;
        let had = self.has_cores(station, server);
        let alone = if had { Vec::new() } else { self.take_timers_of_work(station, server) };
        let shared = self.change_cpu(station, server, |cpu| {
            let shared = if cores.is_none() { cpu.drain(now) } else { Vec::new() };
            cpu.set_cores(now, cores);
            if cores.is_some() {
                alone.iter().for_each(|(job, left)| cpu.start(now, *job, *left));
            }
            shared
        });
        for (job, left) in shared {
            self.jobs[job].left = (left, now);
            self.plan_wait(job);
        }
    }

    /// What the jobs of a server that compute without sharing have left to do, without their timers.
    fn take_timers_of_work(&mut self, station: u16, server: u32) -> Vec<(Id, Duration)> {
        let now = self.now;
        let machine = self.server(station, server);
        let (speed, residents) = (machine.speed(), machine.residents);
        let mut alone = Vec::new();
        for id in residents.ids(&self.jobs) {
            let job = &mut self.jobs[id];
            if job.doing == Doing::Computing {
                self.calendar.cancel(std::mem::take(&mut job.timer));
                alone.push((id, left_of(job.left, now, speed)));
            }
        }
        alone
    }

    pub(in crate::model) fn on_cpu_done(&mut self, station: u16, server: u32) {
        let now = self.now;
        self.server(station, server).cpu_timer = (Timer::NONE, None);
        let done = self.change_cpu(station, server, |cpu| cpu.finish(now));
        if let Some(job) = done {
            self.shield(job);
            self.next_step(job);
        }
    }

    /// Changes a processor, and plans when its next thread ends.
    pub(in crate::model) fn change_cpu<T>(
        &mut self,
        station: u16,
        server: u32,
        change: impl FnOnce(&mut crate::model::cpu::Cpu) -> T,
    ) -> T {
        let now = self.now;
        let state = &mut self.stations[usize::from(station)];
        let machine = &mut state.servers[server as usize];
        let before = machine.cpu.cores_busy();
        let result = change(&mut machine.cpu);
        let after = machine.cpu.cores_busy();
        let next = machine.cpu.next_end();
        if machine.cpu_timer.1 != next {
            self.calendar.cancel(machine.cpu_timer.0);
            let event = Event::CpuDone { station, server };
            let timer = next
                .map(|at| self.calendar.schedule(at.max(now), event.rank(), event))
                .unwrap_or(Timer::NONE);
            machine.cpu_timer = (timer, next);
        }
        if before != after {
            if let Some(watch) = &mut machine.watch {
                watch.cores_busy(now, after);
            }
            state.cores_busy = state.cores_busy + after - before;
            let cores = f64::from(state.cores_busy);
            let plan = &self.plan.stations[usize::from(station)];
            if plan.cores.is_some() {
                let node = plan.node;
                self.tell(Observation::CoresBusy { node, cores });
            }
        }
        result
    }

    /// Plans the end of a job's `wait` step, or of its computing if it shares no cores, at the present
    /// speed of its server.
    #[inline(always)]
    pub(in crate::model) fn plan_wait(&mut self, id: Id) {
        let job = &mut self.jobs[id];
        let machine = &self.stations[usize::from(job.station)].servers[job.server as usize];
        if let Some(takes) = machine.time_for(job.left.0) {
            let event = Event::WaitDone { job: id };
            job.timer = self.calendar.schedule(self.now + takes, event.rank(), event);
        }
    }
}
