//! An audit: whether what is counted is what is there.
//!
//! Counters make the model fast; this counts everything anew. It is for tests, after any event.

use super::World;
use super::call::{Call, Hedges, Origin, Stage as Try};
use super::control::outlier::Outlier;
use super::data::message::{Message, Stage};
use super::data::replication::Phase;
use super::job::{Caller, Doing, Job};
use super::slab::Id;
use crate::engine::Timer;

/// Collects what is wrong.
struct Findings(Vec<String>);

impl Findings {
    fn compare(&mut self, what: impl FnOnce() -> String, counted: usize, there: usize) {
        if counted != there {
            self.0.push(format!("{}: {counted} counted, {there} there", what()));
        }
    }

    fn demand(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(what());
        }
    }
}

impl<O> World<O> {
    /// What contradicts the invariants of the model's state; empty unless there is a bug.
    pub fn audit(&self) -> Vec<String> {
        let mut findings = Findings(Vec::new());
        self.audit_links(&mut findings);
        self.audit_guards(&mut findings);
        self.audit_servers(&mut findings);
        self.audit_caches(&mut findings);
        self.audit_balancers(&mut findings);
        self.audit_records(&mut findings);
        self.audit_queues(&mut findings);
        self.audit_copies(&mut findings);
        findings.0
    }

    /// Calls and jobs point at each other.
    fn audit_links(&self, findings: &mut Findings) {
        for (id, call) in self.calls.iter() {
            let job = self.jobs.get(call.job);
            let on_wire = job.is_some_and(|job| job.caller == Caller::Call(id));
            findings.demand(on_wire == (call.stage == Try::OnWire), || {
                format!("{id:?} is {:?} with the job {:?}", call.stage, call.job)
            });
            for job in self.other_jobs(call) {
                let works = self.jobs.get(job).is_some_and(|job| job.caller == Caller::Call(id));
                findings.demand(works && on_wire, || format!("{id:?} has no hedge {job:?}"));
            }
            match call.origin {
                // These are counted, below.
                Origin::Request(_) | Origin::Test { .. } => {}
                Origin::Job(owner) => {
                    let calls =
                        |job: &Job| job.doing == Doing::Calling && job.server == call.server;
                    let calling = self.jobs.get(owner).is_some_and(calls);
                    findings
                        .demand(calling, || format!("{id:?} of {owner:?}, which does not call"));
                }
                Origin::Recovery { station, server } => {
                    let known = self.spool_of(station, server).any(|(call, _)| call == Some(id));
                    findings.demand(known, || format!("no batch knows of {id:?}"));
                }
            }
        }
        let tests = self.count_calls(|call| matches!(call.origin, Origin::Test { .. }));
        let interfaces =
            self.monitors.iter().flat_map(|monitor| monitor.interfaces.iter().flatten());
        let under_test = interfaces.filter(|interface| interface.under_test).count();
        findings.compare(|| "test calls".to_owned(), under_test, tests);
        let hedged = self.count_calls(|call| !call.hedges.is_none());
        findings.compare(|| "hedged tries".to_owned(), self.hedges.len(), hedged);
        for (id, job) in self.jobs.iter() {
            let known = match job.caller {
                Caller::Nobody => true,
                Caller::Call(call) => self.calls.get(call).is_some_and(|call| {
                    call.job == id || self.other_jobs(call).any(|job| job == id)
                }),
                Caller::Probe { balancer, server } => {
                    self.balancers[usize::from(balancer)].probes[server as usize].0 == id
                }
                Caller::Message(message) => {
                    self.messages.get(message).is_some_and(|message| message.job == id)
                }
                Caller::Liveness { station, server } => {
                    let servers = &self.stations[usize::from(station)].servers;
                    servers[server as usize].liveness.job == id
                }
                Caller::Task { station, task } => self.is_batch(station, task, id),
                Caller::Replication => {
                    let state = self.stations[usize::from(job.station)].replication.as_ref();
                    let begun =
                        state.is_some_and(|s| s.copies[job.server as usize].has_begun(job.key));
                    begun || !job.is_in_server()
                }
            };
            findings.demand(known, || format!("{:?} knows nothing of {id:?}", job.caller));
            let own = |call: &Call| matches!(call.origin, Origin::Job(owner) if owner == id);
            let calls = self.count_calls(own);
            findings.compare(|| format!("calls of {id:?}"), job.calls.len() as usize, calls);
        }
    }

    /// Jobs of the attempts that a call has under way beside its main one.
    fn other_jobs(&self, call: &Call) -> impl Iterator<Item = Id> + '_ {
        self.hedges.get(call.hedges).into_iter().flat_map(Hedges::jobs)
    }

    /// Permits, connections and queues of the calling servers.
    fn audit_guards(&self, findings: &mut Findings) {
        for (number, edge) in self.edges.iter().enumerate() {
            for (server, guards) in edge.guards.iter().enumerate() {
                let place = |what: &str| format!("{what} of edge {number}, server {server}");
                let count = |wanted: &dyn Fn(&Call) -> bool| {
                    self.count_calls(|call| {
                        usize::from(call.edge.0) == number
                            && call.server as usize == server
                            && wanted(call)
                    })
                };
                let mut compare = |what: &str, counted: u32, wanted: &dyn Fn(&Call) -> bool| {
                    findings.compare(|| place(what), counted as usize, count(wanted));
                };
                compare("calls", guards.calls, &|call| call.tries > 0);
                compare("permits", guards.bulkhead.in_use(), &|call| call.holds_permit);
                let hedges = self.calls.iter().filter(|(_, call)| {
                    usize::from(call.edge.0) == number && call.server as usize == server
                });
                let hedges: usize = hedges.map(|(_, call)| self.other_jobs(call).count()).sum();
                let connections = guards.connections.in_use() - hedges as u32;
                compare("connections", connections, &|call| call.holds_connection);
                let waiting = guards.waiting_for_permit.len();
                compare("waits for a permit", waiting, &|call| call.stage == Try::WaitingForPermit);
                let waiting = guards.waiting_for_connection.len();
                compare("waits for a connection", waiting, &|call| {
                    call.stage == Try::WaitingForConnection
                });
            }
        }
    }

    /// Threads, queues and cores.
    fn audit_servers(&self, findings: &mut Findings) {
        let mut frozen = 0;
        for (number, station) in self.stations.iter().enumerate() {
            for (server, machine) in station.servers.iter().enumerate() {
                let place = |what: &str| format!("{what} of station {number}, server {server}");
                let count = |wanted: &dyn Fn(&Job) -> bool| {
                    self.count_jobs(|job| {
                        usize::from(job.station) == number
                            && job.server as usize == server
                            && wanted(job)
                    })
                };
                let residents = machine.residents.len() as usize;
                findings.compare(|| place("jobs"), residents, count(&Job::is_in_server));
                let computing = machine.cpu.threads() as usize;
                let shares =
                    |job: &Job| job.doing == Doing::Computing && machine.cpu.cores().is_some();
                findings.compare(|| place("jobs that share cores"), computing, count(&shares));
                let (held, waiting) = machine.locks.counts();
                findings.compare(|| place("waits for a lock"), waiting, count(&Job::awaits_lock));
                let holds = |job: &Job| job.locked_row().is_some();
                findings.compare(|| place("row locks"), held, count(&holds));
                let untimed = |job: &Job| {
                    let alone = job.doing == Doing::Computing && machine.cpu.cores().is_none();
                    alone && job.timer == Timer::NONE && !machine.is_frozen()
                };
                findings.compare(|| place("jobs without an end"), 0, count(&untimed));
                let alive = machine.is_up() || residents == 0 && machine.parked.is_empty();
                findings.demand(alive, || place("work at a server that is down:"));
                frozen += u32::from(machine.is_frozen());
                for (pool, state) in machine.pools.iter().enumerate() {
                    let here = |job: &Job| usize::from(job.pool) == pool;
                    let busy = count(&|job| here(job) && job.holds_thread);
                    findings.compare(|| place("busy threads"), state.busy as usize, busy);
                    let waiting = count(&|job| here(job) && job.doing == Doing::Queued);
                    findings.compare(|| place("queue"), state.waiting as usize, waiting);
                    let threads = self.plan.stations[number].pools[pool].threads;
                    let idle = state.waiting > 0 && state.busy < threads && !machine.is_frozen();
                    findings.demand(!idle, || place("idle threads beside a queue"));
                    if state.is_preemptive() {
                        self.audit_preemption(findings, number, server as u32, pool);
                    }
                }
            }
        }
        findings.compare(
            || "servers that stand still".to_owned(),
            self.frozen_servers as usize,
            frozen as usize,
        );
    }

    /// Who fetches for whom.
    fn audit_caches(&self, findings: &mut Findings) {
        let (mut flights, mut cached) = (0, 0);
        for (number, station) in self.stations.iter().enumerate() {
            let servers = (0..).zip(&station.servers);
            let caches = servers
                .flat_map(|(server, machine)| (0..).zip(&machine.caches).map(move |c| (server, c)));
            for (server, (cache, state)) in caches {
                flights += state.flights.len();
                cached += state.cache.size();
                let here = |job: &Job| usize::from(job.station) == number && job.server == server;
                let place = |what: &str| format!("{what} of station {number}, server {server}");
                for (key, flight) in &state.flights {
                    let leads =
                        |job: &Job| here(job) && job.led_fetches().any(|led| led == (cache, *key));
                    let led = self.jobs.get(flight.leader).is_some_and(leads);
                    findings.demand(led, || place("a fetch by nobody:"));
                    let waits = |job: &Job| here(job) && job.doing == Doing::Sharing;
                    let mut waiting = flight.waiting.values();
                    let alive = waiting.all(|id| self.jobs.get(*id).is_some_and(waits));
                    findings.demand(alive, || place("somebody who does not wait for a fetch:"));
                }
            }
        }
        let led: usize = self.jobs.iter().map(|(_, job)| job.led_fetches().count()).sum();
        findings.compare(|| "fetches that others may wait for".to_owned(), flights, led);
        findings.compare(|| "cached keys".to_owned(), self.cached as usize, cached as usize);
    }

    /// Who may be interrupted, and that nobody waits who is more urgent.
    fn audit_preemption(
        &self,
        findings: &mut Findings,
        station: usize,
        server: u32,
        number: usize,
    ) {
        let place = |what: &str| format!("{what} of station {station}, server {server}");
        let machine = &self.stations[station].servers[server as usize];
        let pool = &machine.pools[number];
        let mut exposed = 0;
        for id in pool.exposed() {
            let job = self.jobs.get(id);
            let known =
                job.is_some_and(|job| matches!(job.doing, Doing::Computing | Doing::Waiting));
            findings.demand(known, || place("a job to be interrupted that does not work:"));
            exposed += usize::from(job.is_some_and(Job::works));
        }
        let working = self.count_jobs(|job| {
            let here = usize::from(job.station) == station && job.server == server;
            here && usize::from(job.pool) == number && job.works()
        });
        findings.compare(|| place("jobs that may be interrupted"), exposed, working);
        let idle = machine.is_frozen() || !machine.is_up();
        let urgent = pool.preemption(&self.jobs).is_some() && !idle;
        findings.demand(!urgent, || place("a more urgent job waits:"));
    }

    fn audit_balancers(&self, findings: &mut Findings) {
        for (number, balancer) in self.balancers.iter().enumerate() {
            let mut total = 0;
            for (server, in_flight) in balancer.in_flight.iter().enumerate() {
                let there = self.count_jobs(|job| {
                    job.balancer == Some(number as u16) && job.server as usize == server
                });
                total += there;
                let place = || format!("in flight from balancer {number} to server {server}");
                findings.compare(place, *in_flight as usize, there);
            }
            let shown = balancer.health.outlier.as_ref().is_none_or(Outlier::is_told);
            findings.demand(shown, || format!("ejections of balancer {number} that nobody told"));
            let place = || format!("in flight behind balancer {number}");
            findings.compare(place, balancer.total as usize, total);
        }
    }

    /// What is in a spool: records, with the calls of those on their way.
    fn spool_of(&self, station: u16, server: u32) -> impl Iterator<Item = (Option<Id>, Id)> {
        let servers = &self.stations[usize::from(station)].servers;
        servers[server as usize].spool.iter().flat_map(|spool| spool.records())
    }

    /// Copies of records.
    fn audit_records(&self, findings: &mut Findings) {
        let mut copies: Vec<Id> = Vec::new();
        let jobs = self.jobs.iter().filter_map(|(_, job)| job.extras.as_ref()?.record);
        copies.extend(jobs);
        for (number, station) in self.stations.iter().enumerate() {
            for server in 0..station.servers.len() as u32 {
                copies.extend(self.spool_of(number as u16, server).map(|(_, record)| record));
            }
        }
        copies.extend(self.messages.iter().map(|(_, message)| message.record));
        let known = |id: &&Id| self.records.slab.get(**id).is_some();
        let there = copies.iter().filter(known).count();
        findings.compare(|| "copies of records".to_owned(), copies.len(), there);
        for (id, record) in self.records.slab.iter() {
            let there = copies.iter().filter(|copy| **copy == id).count();
            findings.compare(|| format!("copies of {id:?}"), record.copies as usize, there);
        }
    }

    /// Messages, and who deals with them.
    fn audit_queues(&self, findings: &mut Findings) {
        for (number, station) in self.stations.iter().enumerate() {
            let count = |wanted: &dyn Fn(&Message) -> bool| {
                let own = |message: &Message| usize::from(message.queue) == number;
                self.messages.iter().filter(|(_, message)| own(message) && wanted(message)).count()
            };
            if let Some(queue) = &station.queue {
                let place = |what: &str| format!("{what} of queue {number}");
                let mut compare = |what: &str, counted: u32, wanted: &dyn Fn(&Message) -> bool| {
                    findings.compare(|| place(what), counted as usize, count(wanted));
                };
                compare("messages", queue.ready.len(), &|m| m.stage == Stage::Ready);
                compare("messages out", queue.out.len(), &|m| m.stage != Stage::Ready);
                compare("messages at rest", queue.resting, &|m| m.stage == Stage::Resting);
            }
            for (consumer, servers) in station.taken.iter().enumerate() {
                for (server, taken) in servers.iter().enumerate() {
                    let own = |job: &Job| {
                        let taken = job.extras.as_ref().and_then(|extras| extras.taken);
                        usize::from(job.station) == number
                            && taken == Some((consumer as u16, server as u32))
                    };
                    let place = || format!("messages taken by {number}#{server}");
                    findings.compare(place, *taken as usize, self.count_jobs(own));
                }
            }
        }
    }

    /// The copies of databases, and the writes that wait for the end of a swap.
    fn audit_copies(&self, findings: &mut Findings) {
        let mut swapping = 0;
        for (number, station) in self.stations.iter().enumerate() {
            let Some(state) = &station.replication else { continue };
            let place = |what: &str| format!("{what} of station {number}");
            let head = state.log.head();
            for copy in &state.copies {
                findings.demand(copy.is_in_order(head), || place("a copy out of order"));
            }
            let swaps = matches!(state.phase, Phase::Swapping { .. });
            swapping += usize::from(swaps);
            let waits =
                |id: &&Id| self.jobs.get(**id).is_some_and(|job| job.doing == Doing::Travelling);
            let waiting = state.held.iter().filter(waits).count();
            findings.compare(|| place("writes that wait"), state.held.len(), waiting);
            findings.demand(swaps || waiting == 0, || place("writes that wait for no swap"));
        }
        findings.compare(|| "swaps of roles".to_owned(), self.swapping as usize, swapping);
    }

    fn count_calls(&self, wanted: impl Fn(&Call) -> bool) -> usize {
        self.calls.iter().filter(|(_, call)| wanted(call)).count()
    }

    fn count_jobs(&self, wanted: impl Fn(&Job) -> bool) -> usize {
        self.jobs.iter().filter(|(_, job)| wanted(job)).count()
    }
}
