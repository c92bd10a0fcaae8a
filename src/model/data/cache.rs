//! Caches of servers: who looks for what, who fetches it, and who waits for another's fetch.
//!
//! A `cached` step is a look, the steps inside, and the keeping of what they have fetched. A job
//! notes on its stack of fetches which of them it is in, so that a failure inside finds its way out.

use crate::engine::Draws;
use crate::model::job::{Doing, Job};
use crate::model::server::Server;
use crate::model::slab::Id;
use crate::model::{Event, Observer, World};
use crate::observation::{Cause, Observation, Outcome};
use crate::pattern::cache::{Cache, Sight};
use crate::plan::{CachePlan, StationPlan};
use crate::wiring::CacheIndex;
use std::collections::BTreeMap;

/// A cache of a server.
#[derive(Clone, Debug)]
pub struct ServerCache {
    /// What is in it.
    pub cache: Cache,
    /// Fetches that others may wait for, by key.
    pub flights: BTreeMap<u64, Flight>,
    /// Jobs that have waited for one so far.
    waited: u64,
    /// Choices made so far of what goes.
    choices: u64,
}

impl ServerCache {
    /// An empty one.
    pub fn new(plan: &CachePlan) -> ServerCache {
        let cache = Cache::new(plan.limits.clone());
        ServerCache { cache, flights: BTreeMap::new(), waited: 0, choices: 0 }
    }

    /// Chooses what goes: a draw of its own, numbered within the cache of the server.
    fn choice(plan: &CachePlan, server: u32, choices: &mut u64, count: u64) -> u64 {
        *choices += 1;
        let site = plan.site.index(u64::from(server)).index(*choices);
        Draws::seeded(site.0).below(count)
    }
}

/// A fetch of a key that others may wait for.
#[derive(Clone, Debug)]
pub struct Flight {
    /// The job that fetches.
    pub leader: Id,
    /// The jobs that wait for it, in the order in which they came.
    pub waiting: BTreeMap<u64, Id>,
}

/// A `cached` step that a job is in.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// Which cache, of its station's.
    cache: u16,
    key: u64,
    /// The step behind it.
    over: u16,
    role: Role,
}

/// What a job does about a key that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Fetches it for itself.
    Alone,
    /// Fetches it for all who wait.
    Leads,
    /// Waits for another, with that number.
    Waits(u64),
    /// Has waited for another, whose fetch ended so.
    Served(Outcome),
}

impl Fetch {
    /// Whether others may wait for it.
    fn leads(&self) -> bool {
        self.role == Role::Leads
    }
}

impl<O> World<O> {
    fn cache_index(&self, station: u16, cache: u16) -> CacheIndex {
        CacheIndex(self.plan.stations[usize::from(station)].first_cache + cache)
    }

    /// Looks at a cache of a server, changes it, and keeps count of what all caches hold.
    fn change_cache<T>(
        &mut self,
        (station, server, cache): (u16, u32, u16),
        change: impl FnOnce(&mut ServerCache, &CachePlan) -> T,
    ) -> T {
        let plan = &self.plan.stations[usize::from(station)].caches[usize::from(cache)];
        let servers = &mut self.stations[usize::from(station)].servers;
        let state = &mut servers[server as usize].caches[usize::from(cache)];
        let before = state.cache.size();
        let result = change(state, plan);
        self.cached = self.cached + state.cache.size() - before;
        result
    }
}

impl<O: Observer> World<O> {
    /// A job looks for its key. False: it waits for another job's fetch.
    pub(in crate::model) fn look_in_cache(&mut self, id: Id, cache: u16, over: u16) -> bool {
        let now = self.now;
        let job = &self.jobs[id];
        let (station, server, wish) = (job.station, job.server, job.wish);
        let plan = &self.plan.stations[usize::from(station)].caches[usize::from(cache)];
        if !plan.enabled {
            self.jobs[id].step += 1;
            return true;
        }
        let (key, shares) = (plan.keys.key_of(wish), plan.single_flight);
        let place = (station, server, cache);
        let (sight, expired) = self.change_cache(place, |state, _| {
            let before = state.cache.len();
            (state.cache.look(now, key), state.cache.len() < before)
        });
        if expired {
            self.tell_cache(place, 0);
        }
        let index = self.cache_index(station, cache);
        if sight == Sight::Hit {
            self.jobs[id].step = over;
            self.tell(Observation::CacheHit { cache: index });
            return true;
        }
        let role = if shares { self.join_flight(id, place, key) } else { Role::Alone };
        let shared = matches!(role, Role::Waits(_));
        self.tell(Observation::CacheMissed { cache: index, shared });
        let job = &mut self.jobs[id];
        job.extras.get_or_insert_default().fetches.push(Fetch { cache, key, over, role });
        if shared {
            job.doing = Doing::Sharing;
            self.lend_thread(id, place, key);
        } else {
            job.step += 1;
        }
        !shared
    }

    /// A job that waits keeps its thread, as one that calls does, unless whoever fetches needs one to
    /// go on: else all threads might wait for a reply that no thread is left to take up.
    fn lend_thread(&mut self, id: Id, (station, server, cache): (u16, u32, u16), key: u64) {
        let plan = &self.plan.stations[usize::from(station)].caches[usize::from(cache)];
        let servers = &self.stations[usize::from(station)].servers;
        let state = &servers[server as usize].caches[usize::from(cache)];
        let leader = &self.jobs[state.flights[&key].leader];
        if plan.fetches_async || !leader.holds_thread {
            self.free_thread(id);
        }
    }

    /// Begins a fetch, or waits for the one that is under way. Whoever fetches something for others
    /// never waits, so that nobody waits in a circle.
    fn join_flight(&mut self, id: Id, place: (u16, u32, u16), key: u64) -> Role {
        let extras = self.jobs[id].extras.as_deref();
        let leads = extras.is_some_and(|extras| extras.fetches.iter().any(Fetch::leads));
        self.change_cache(place, |state, _| match state.flights.get_mut(&key) {
            Some(_) if leads => Role::Alone,
            Some(flight) => {
                state.waited += 1;
                flight.waiting.insert(state.waited, id);
                Role::Waits(state.waited)
            }
            None => {
                state.flights.insert(key, Flight { leader: id, waiting: BTreeMap::new() });
                Role::Leads
            }
        })
    }

    /// A job has fetched what was missing.
    pub(in crate::model) fn keep_in_cache(&mut self, id: Id) {
        let now = self.now;
        let job = &mut self.jobs[id];
        let (station, server, next) = (job.station, job.server, job.step + 1);
        let degraded = job.degraded;
        // None if the cache was not in use when the job came to it.
        let fetches = job.extras.as_deref_mut().map(|extras| &mut extras.fetches);
        let Some(fetch) = fetches.and_then(|fetches| fetches.pop_if(|top| top.over == next)) else {
            return;
        };
        let place = (station, server, fetch.cache);
        let evicted = self.change_cache(place, |state, plan| {
            let ServerCache { cache, choices, .. } = state;
            let choose = |count| ServerCache::choice(plan, server, choices, count);
            if plan.enabled { cache.put(now, fetch.key, choose) } else { 0 }
        });
        self.tell_cache(place, evicted);
        if fetch.leads() {
            let outcome = if degraded { Outcome::Degraded } else { Outcome::Ok };
            self.end_flight(place, fetch.key, outcome);
        }
    }

    /// Something failed in a job. True: an old value is good enough, and it goes on behind the
    /// `cached` step that the failure was in.
    pub(in crate::model) fn falls_back_on_cache(&mut self, id: Id, outcome: Outcome) -> bool {
        if self.jobs[id].extras.is_none() || outcome == Outcome::Rejected(Cause::Expired) {
            return false;
        }
        self.serves_stale(id, outcome)
    }

    #[cold]
    fn serves_stale(&mut self, id: Id, outcome: Outcome) -> bool {
        let now = self.now;
        loop {
            let job = &mut self.jobs[id];
            let (station, server) = (job.station, job.server);
            let fetch = job.extras.as_deref_mut().and_then(|extras| extras.fetches.pop());
            let Some(fetch) = fetch else { return false };
            let place = (station, server, fetch.cache);
            if fetch.leads() {
                self.end_flight(place, fetch.key, outcome);
            }
            let sight = self.change_cache(place, |state, plan| {
                let serves = plan.stale_if_error && plan.enabled;
                if serves { state.cache.peek(now, fetch.key) } else { Sight::Miss }
            });
            if sight != Sight::Miss {
                let job = &mut self.jobs[id];
                job.step = fetch.over;
                job.degraded |= sight == Sight::Stale;
                if sight == Sight::Stale {
                    let cache = self.cache_index(station, fetch.cache);
                    self.tell(Observation::StaleAnswer { cache });
                }
                return true;
            }
        }
    }

    /// A fetch that others may wait for has ended.
    fn end_flight(&mut self, place: (u16, u32, u16), key: u64, outcome: Outcome) {
        let flight = self.change_cache(place, |state, _| state.flights.remove(&key));
        let flight = flight.expect("whoever leads has a flight");
        for job in flight.waiting.into_values() {
            self.soon.push(Event::FetchOver { job, outcome: Some(outcome) });
        }
    }

    /// The fetch that a job has waited for is over. Without an outcome whoever fetched was stopped,
    /// and it is this job's turn.
    pub(in crate::model) fn on_fetch_over(&mut self, id: Id, outcome: Option<Outcome>) {
        let Some(job) = self.jobs.get_mut(id).filter(|job| job.doing == Doing::Sharing) else {
            return;
        };
        let server = &mut self.stations[usize::from(job.station)].servers[job.server as usize];
        if server.is_frozen() {
            return server.parked.push(Event::FetchOver { job: id, outcome });
        }
        if let Some(outcome) = outcome {
            job.present_fetch().role = Role::Served(outcome);
        }
        if job.holds_thread || self.take_thread(id) {
            self.resume_after_fetch(id);
        } else {
            self.enqueue_reply(id);
        }
    }

    /// A job that has waited for a fetch has a thread, too.
    pub(in crate::model) fn resume_after_fetch(&mut self, id: Id) {
        let job = &mut self.jobs[id];
        let fetch = job.present_fetch();
        match fetch.role {
            Role::Served(outcome) if outcome.is_success() => {
                let over = fetch.over;
                job.step = over;
                job.degraded |= outcome == Outcome::Degraded;
                job.extras.as_deref_mut().map(|extras| extras.fetches.pop());
                self.run_steps(id);
            }
            Role::Served(outcome) => self.fail(id, outcome),
            Role::Leads => self.next_step(id),
            Role::Alone | Role::Waits(_) => unreachable!("it goes on with a result, or by itself"),
        }
    }

    /// A job ends, or was stopped, in the middle of fetches: those who wait for them learn of it.
    pub(in crate::model) fn settle_fetches(&mut self, id: Id, outcome: Option<Outcome>) {
        let job = &mut self.jobs[id];
        let (station, server) = (job.station, job.server);
        let Some(extras) = job.extras.as_deref_mut() else { return };
        for fetch in std::mem::take(&mut extras.fetches) {
            let place = (station, server, fetch.cache);
            match (fetch.role, outcome) {
                (Role::Alone | Role::Served(_), _) => {}
                (Role::Waits(number), _) => self.change_cache(place, |state, _| {
                    if let Some(flight) = state.flights.get_mut(&fetch.key) {
                        flight.waiting.remove(&number);
                    }
                }),
                // Its deadline is nobody else's.
                (Role::Leads, None | Some(Outcome::Rejected(Cause::Expired))) => {
                    self.pass_flight_on(place, fetch.key);
                }
                (Role::Leads, Some(outcome)) => self.end_flight(place, fetch.key, outcome),
            }
        }
    }

    /// Whoever fetched was stopped: the first of those who wait fetches in its place.
    fn pass_flight_on(&mut self, place: (u16, u32, u16), key: u64) {
        let next = self.change_cache(place, |state, _| {
            let flight = state.flights.get_mut(&key).expect("whoever leads has a flight");
            let next = flight.waiting.pop_first();
            match next {
                Some((_, next)) => flight.leader = next,
                None => drop(state.flights.remove(&key)),
            }
            next
        });
        let Some((_, next)) = next else { return };
        self.jobs[next].present_fetch().role = Role::Leads;
        self.soon.push(Event::FetchOver { job: next, outcome: None });
    }

    /// Brings the caches of a server under the plan.
    pub(in crate::model) fn retune_caches(&mut self, station: u16, server: u32) {
        for cache in 0..self.plan.stations[usize::from(station)].caches.len() as u16 {
            let place = (station, server, cache);
            let now = self.now;
            let evicted = self.change_cache(place, |state, plan| {
                let ServerCache { cache, choices, .. } = state;
                if !plan.enabled {
                    cache.clear();
                }
                cache.expire(now);
                let choose = |count| ServerCache::choice(plan, server, choices, count);
                cache.retune(&plan.limits, choose)
            });
            self.tell_cache(place, evicted);
        }
    }

    /// What is in the memory of a process is gone with it.
    pub(in crate::model) fn forget_caches(&mut self, station: u16, server: u32) {
        for cache in 0..self.plan.stations[usize::from(station)].caches.len() as u16 {
            let place = (station, server, cache);
            self.change_cache(place, |state, _| state.cache.clear());
            self.tell_cache(place, 0);
        }
    }

    /// Tells observers what a cache of a server holds now.
    fn tell_cache(&mut self, (station, server, cache): (u16, u32, u16), evicted: u64) {
        let servers = &self.stations[usize::from(station)].servers;
        let state = &servers[server as usize].caches[usize::from(cache)].cache;
        let (entries, bytes) = (state.len(), state.bytes());
        let cache = self.cache_index(station, cache);
        self.tell(Observation::CacheHolds { cache, server, entries, bytes, evicted });
        self.follow_heap(station, server);
    }
}

impl Server {
    /// Cold caches.
    pub(in crate::model) fn cold_caches(plan: &StationPlan) -> Vec<ServerCache> {
        plan.caches.iter().map(ServerCache::new).collect()
    }
}

impl Job {
    /// The innermost `cached` step that it is in.
    fn present_fetch(&mut self) -> &mut Fetch {
        let fetch = self.extras.as_deref_mut().and_then(|extras| extras.fetches.last_mut());
        fetch.expect("whoever waits for a fetch notes it")
    }

    /// The fetches that it does for others, as cache and key, for the audit.
    pub(in crate::model) fn led_fetches(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        let fetches = self.extras.as_deref().into_iter().flat_map(|extras| &extras.fetches);
        fetches.filter(|fetch| fetch.leads()).map(|fetch| (fetch.cache, fetch.key))
    }
}
