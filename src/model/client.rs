//! Client populations: users who send requests, wait, and press refresh.

use super::arrivals::Stream;
use super::call::{Call, Origin, Request};
use super::slab::Id;
use super::{Event, Observer, World};
use crate::engine::random::stream;
use crate::engine::{Duration, Luck, Site, Timer};
use crate::observation::{Observation, Outcome};
use crate::plan::{ArrivalsPlan, Plan, PopulationPlan, Source};
use crate::wiring::ClassIndex;
use rand::Rng;

/// A population's state.
#[derive(Clone, Debug)]
pub struct Population {
    /// What a spike multiplies the rate with.
    pub factor: f64,
    /// Requests sent, refreshes not counted.
    requests: u64,
    users: Users,
}

#[derive(Clone, Debug)]
enum Users {
    /// They come by themselves.
    Stream(Box<Stream>),
    /// They are always the same: how many requests each has sent, and whether he is here.
    Closed { luck: Luck, sent: Vec<u64>, here: Vec<bool> },
}

impl Population {
    /// A population before its first request.
    pub fn new(population: &PopulationPlan, plan: &Plan) -> Population {
        let key = &plan.wiring.node(population.node).key;
        let mut luck = stream(plan.seed, key, "luck");
        let users = match &population.arrivals.source {
            Source::Stream(source) => {
                Users::Stream(Box::new(Stream::new(plan.seed, key, luck, &source.spacing)))
            }
            Source::Closed { .. } => {
                Users::Closed { luck: Luck(luck.next_u64()), sent: Vec::new(), here: Vec::new() }
            }
        };
        Population { factor: 1.0, requests: 0, users }
    }

    /// How fast the clock of the arrivals goes. At the limit it stands still, so that nobody has to
    /// catch up when the limit is raised.
    fn pace(&self, plan: &ArrivalsPlan) -> f64 {
        if self.requests < plan.max_requests { self.factor } else { 0.0 }
    }
}

impl<O: Observer> World<O> {
    /// The first user is on the way, or users begin to think.
    pub(super) fn start_population(&mut self, population: u16) {
        self.plan_change_of_rate(population);
        self.resume_population(population);
    }

    /// Plans the next arrival, or lets users begin to think who are not here yet.
    fn resume_population(&mut self, population: u16) {
        let plan = &self.plan.populations[usize::from(population)];
        match &plan.arrivals.source {
            Source::Stream(_) => self.plan_arrival(population),
            Source::Closed { users, .. } => {
                let users = *users;
                self.seat_users(population, users);
            }
        }
    }

    #[inline]
    fn plan_arrival(&mut self, population: u16) {
        let end = self.plan.end;
        let state = &mut self.populations[usize::from(population)];
        let plan = &self.plan.populations[usize::from(population)].arrivals;
        let pace = state.pace(plan);
        let (Users::Stream(stream), Source::Stream(source)) = (&mut state.users, &plan.source)
        else {
            return;
        };
        self.calendar.cancel(stream.timer);
        let event = Event::Arrival { population };
        let next = stream.arrivals.next(self.now, source.curve(stream.state), pace, end);
        stream.timer = next.map_or(Timer::NONE, |at| {
            self.calendar.schedule(at.max(self.now), event.rank(), event)
        });
    }

    #[inline]
    pub(super) fn on_arrival(&mut self, population: u16) {
        let state = &mut self.populations[usize::from(population)];
        let plan = &self.plan.populations[usize::from(population)].arrivals;
        let (Users::Stream(stream), Source::Stream(source)) = (&mut state.users, &plan.source)
        else {
            return;
        };
        let room = plan.max_requests.saturating_sub(state.requests);
        let count = stream.next_batch(source.batch).min(room);
        let class = source.class_at(stream.arrivals.position());
        state.requests += count;
        if count == room {
            // The clock stands still from now on.
            stream.arrivals.rebase(self.now, source.curve(stream.state), state.factor);
        }
        stream.arrivals.step(&source.spacing);
        self.plan_arrival(population);
        for _ in 0..count {
            let users = &mut self.populations[usize::from(population)].users;
            let Users::Stream(stream) = users else { return };
            let luck = stream.next_luck();
            self.send_request(population, 0, luck, luck.0, class);
        }
    }

    fn plan_change_of_rate(&mut self, population: u16) {
        let state = &mut self.populations[usize::from(population)];
        let source = &self.plan.populations[usize::from(population)].arrivals.source;
        if let (Users::Stream(stream), Source::Stream(source)) = (&mut state.users, source)
            && let Some(stay) = stream.next_stay(source)
        {
            self.schedule(self.now + stay, Event::RateChanges { population });
        }
    }

    /// A modulated process goes on to its next state.
    pub(super) fn on_rate_changes(&mut self, population: u16) {
        let state = &mut self.populations[usize::from(population)];
        let plan = &self.plan.populations[usize::from(population)].arrivals;
        let pace = state.pace(plan);
        if let (Users::Stream(stream), Source::Stream(source)) = (&mut state.users, &plan.source) {
            stream.arrivals.rebase(self.now, source.curve(stream.state), pace);
            stream.state += 1;
        }
        self.plan_change_of_rate(population);
        self.plan_arrival(population);
    }

    /// A user sends a request, at once.
    #[inline(always)]
    fn send_request(
        &mut self,
        population: u16,
        user: u32,
        luck: Luck,
        key: u64,
        class: Option<u16>,
    ) {
        let plan = &self.plan.populations[usize::from(population)];
        let class = class.unwrap_or_else(|| plan.class_of(key));
        let call = self.new_request(population, user, luck, key, class);
        self.begin_call(call);
    }

    #[inline(always)]
    fn new_request(&mut self, population: u16, user: u32, luck: Luck, key: u64, class: u16) -> Id {
        let plan = &self.plan.populations[usize::from(population)];
        let request = Request {
            population,
            class: ClassIndex(plan.first_class + class),
            user,
            intended: self.now,
            refreshes: 0,
        };
        let class = &plan.classes[usize::from(class)];
        let mut call = Call::new(Origin::Request(request), class.edge, 0, luck, key);
        call.priority = class.priority;
        call.newcomer = class.newcomers;
        self.calls.insert(call)
    }

    /// A request ended: the user is content, presses refresh, or gives up.
    #[inline]
    pub(super) fn end_request(
        &mut self,
        request: Request,
        luck: Luck,
        key: u64,
        wish: Luck,
        outcome: Outcome,
    ) {
        let response = self.now - request.intended;
        self.tell(Observation::RequestEnded { class: request.class, outcome, response });
        let plan = &self.plan.populations[usize::from(request.population)];
        if let Some(refresh) = &plan.refresh
            && !outcome.is_success()
            && request.refreshes < refresh.max_refreshes
            && !plan.has_read_notice(key)
        {
            let mut draws = luck.draws(plan.site.then("refresh"), 0);
            if draws.chance(refresh.probability) {
                let wait = Duration::from_nanos(refresh.delay.sample(&mut draws));
                let luck = luck.derive(plan.site.then("refresh"), 0);
                let nth = request.refreshes + 1;
                let again = self.plan_refresh(request, luck, key, nth, wait);
                self.calls[again].wish = wish;
                return;
            }
        }
        self.think(request.population, request.user);
    }

    fn plan_refresh(
        &mut self,
        from: Request,
        luck: Luck,
        key: u64,
        nth: u32,
        wait: Duration,
    ) -> Id {
        let plan = &self.plan.populations[usize::from(from.population)];
        let class = match &plan.arrivals.source {
            Source::Stream(source) if source.names_classes() => from.class.0 - plan.first_class,
            _ => plan.class_of(key),
        };
        let call = self.new_request(from.population, from.user, luck, key, class);
        let at = self.now + wait;
        if let Origin::Request(request) = &mut self.calls[call].origin {
            request.intended = at;
            request.refreshes = nth;
        }
        self.schedule(at, Event::CallBegins { call });
        call
    }

    /// A user of a closed population thinks before the next request.
    fn think(&mut self, population: u16, user: u32) {
        let plan = &self.plan.populations[usize::from(population)];
        let state = &mut self.populations[usize::from(population)];
        let Source::Closed { users, think } = &plan.arrivals.source else { return };
        let pace = state.pace(&plan.arrivals);
        let Users::Closed { luck, sent, here } = &mut state.users else { return };
        if user >= *users || pace <= 0.0 {
            here[user as usize] = false;
            return;
        }
        let ordinal = sent[user as usize];
        let luck = luck.derive(Site(u64::from(user)), ordinal);
        let pause = think.sample(&mut luck.draws(plan.site.then("think"), 0));
        let at = self.now + Duration::from_nanos(pause / pace);
        self.schedule(at, Event::ThinkingDone { population, user });
    }

    pub(super) fn on_thinking_done(&mut self, population: u16, user: u32) {
        let state = &mut self.populations[usize::from(population)];
        let plan = &self.plan.populations[usize::from(population)].arrivals;
        let Source::Closed { users, .. } = &plan.source else { return };
        let pace = state.pace(plan);
        let Users::Closed { luck, sent, here } = &mut state.users else { return };
        if user >= *users || pace <= 0.0 {
            here[user as usize] = false;
            return;
        }
        let key = luck.derive(Site(u64::from(user)), u64::MAX).0;
        let luck = luck.derive(Site(u64::from(user)), sent[user as usize]);
        sent[user as usize] += 1;
        state.requests += 1;
        self.send_request(population, user, luck, key, None);
    }

    /// Users who are not here yet sit down and begin to think.
    fn seat_users(&mut self, population: u16, users: u32) {
        for user in 0..users {
            let state = &mut self.populations[usize::from(population)];
            let Users::Closed { sent, here, .. } = &mut state.users else { return };
            if sent.len() <= user as usize {
                sent.push(0);
                here.push(false);
            }
            if !std::mem::replace(&mut here[user as usize], true) {
                self.think(population, user);
            }
        }
    }

    /// The load changes at the present moment, by a spike or by a new plan; `before` is the plan
    /// that was in force until now.
    pub(super) fn change_load(&mut self, population: u16, before: &ArrivalsPlan, factor: f64) {
        let state = &mut self.populations[usize::from(population)];
        let pace = state.pace(before);
        let now = &self.plan.populations[usize::from(population)].arrivals.source;
        if let (Users::Stream(stream), Source::Stream(before), Source::Stream(now)) =
            (&mut state.users, &before.source, now)
        {
            stream.arrivals.rebase(self.now, before.curve(stream.state), pace);
            if now.spacing != before.spacing {
                stream.arrivals.follow(&now.spacing);
            }
        }
        state.factor = factor;
        self.resume_population(population);
    }
}
