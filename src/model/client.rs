//! Client populations: users who send requests, wait, and press refresh.

use super::arrivals::ArrivalProcess;
use super::call::{Call, Origin, Request};
use super::slab::Id;
use super::{Event, Observer, World};
use crate::engine::random::stream;
use crate::engine::{Duration, Luck, Site, Timer};
use crate::observation::{Observation, Outcome};
use crate::plan::{ArrivalsPlan, Plan, PopulationPlan};
use crate::wiring::ClassIndex;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// A population's state.
#[derive(Clone, Debug)]
pub struct Population {
    /// What a spike multiplies the rate with.
    pub factor: f64,
    users: Users,
}

#[derive(Clone, Debug)]
enum Users {
    /// They arrive by themselves.
    Open { arrivals: Box<ArrivalProcess>, luck: Box<ChaCha8Rng>, timer: Timer },
    /// They are always the same: how many requests each has sent, and whether he is here.
    Closed { luck: Luck, sent: Vec<u64>, here: Vec<bool> },
}

impl Population {
    /// A population before its first request.
    pub fn new(population: &PopulationPlan, plan: &Plan) -> Population {
        let key = &plan.wiring.node(population.node).key;
        let mut luck = stream(plan.seed, key, "luck");
        let users = match &population.arrivals {
            ArrivalsPlan::Open { process, .. } => Users::Open {
                arrivals: Box::new(ArrivalProcess::new(
                    stream(plan.seed, key, "arrivals"),
                    *process,
                )),
                luck: Box::new(luck),
                timer: Timer::NONE,
            },
            ArrivalsPlan::Closed { .. } => {
                Users::Closed { luck: Luck(luck.next_u64()), sent: Vec::new(), here: Vec::new() }
            }
        };
        Population { factor: 1.0, users }
    }
}

impl<O: Observer> World<O> {
    /// Plans the next arrival, or lets users begin to think.
    pub(super) fn start_population(&mut self, population: u16) {
        let plan = &self.plan.populations[usize::from(population)];
        match &plan.arrivals {
            ArrivalsPlan::Open { .. } => self.plan_arrival(population),
            ArrivalsPlan::Closed { users, .. } => {
                let users = *users;
                self.seat_users(population, users);
            }
        }
    }

    fn plan_arrival(&mut self, population: u16) {
        let end = self.plan.end;
        let state = &mut self.populations[usize::from(population)];
        let plan = &self.plan.populations[usize::from(population)];
        let (Users::Open { arrivals, timer, .. }, ArrivalsPlan::Open { curve, .. }) =
            (&mut state.users, &plan.arrivals)
        else {
            return;
        };
        self.calendar.cancel(*timer);
        let event = Event::Arrival { population };
        let next = arrivals.next(self.now, curve, state.factor, end);
        *timer = next.map_or(Timer::NONE, |at| {
            self.calendar.schedule(at.max(self.now), event.rank(), event)
        });
    }

    pub(super) fn on_arrival(&mut self, population: u16) {
        let state = &mut self.populations[usize::from(population)];
        let plan = &self.plan.populations[usize::from(population)];
        let (Users::Open { arrivals, luck, .. }, ArrivalsPlan::Open { process, .. }) =
            (&mut state.users, &plan.arrivals)
        else {
            return;
        };
        let luck = Luck(luck.next_u64());
        arrivals.step(*process);
        self.plan_arrival(population);
        self.send_request(population, 0, luck, luck.0);
    }

    /// A user sends a request, at once.
    fn send_request(&mut self, population: u16, user: u32, luck: Luck, key: u64) {
        let call = self.new_request(population, user, luck, key, 0);
        self.begin_call(call);
    }

    fn new_request(&mut self, population: u16, user: u32, luck: Luck, key: u64, nth: u32) -> Id {
        let plan = &self.plan.populations[usize::from(population)];
        let class = plan.class_of(key);
        let request = Request {
            population,
            class: ClassIndex(plan.first_class + class as u16),
            user,
            intended: self.now,
            refreshes: nth,
        };
        let class = &plan.classes[class];
        let mut call = Call::new(Origin::Request(request), class.edge, 0, luck, key);
        call.priority = class.priority;
        self.calls.insert(call)
    }

    /// A request ended: the user is content, presses refresh, or gives up.
    pub(super) fn end_request(&mut self, request: Request, luck: Luck, key: u64, outcome: Outcome) {
        let response = self.now - request.intended;
        self.tell(Observation::RequestEnded { class: request.class, outcome, response });
        let plan = &self.plan.populations[usize::from(request.population)];
        if let Some(refresh) = &plan.refresh
            && !outcome.is_success()
            && request.refreshes < refresh.max_refreshes
        {
            let mut draws = luck.draws(plan.site.then("refresh"), 0);
            if draws.chance(refresh.probability) {
                let wait = Duration::from_nanos(refresh.delay.sample(&mut draws));
                let luck = luck.derive(plan.site.then("refresh"), 0);
                let nth = request.refreshes + 1;
                return self.plan_refresh(request, luck, key, nth, wait);
            }
        }
        self.think(request.population, request.user);
    }

    fn plan_refresh(&mut self, from: Request, luck: Luck, key: u64, nth: u32, wait: Duration) {
        let call = self.new_request(from.population, from.user, luck, key, nth);
        let at = self.now + wait;
        if let Origin::Request(request) = &mut self.calls[call].origin {
            request.intended = at;
        }
        self.schedule(at, Event::CallBegins { call });
    }

    /// A user of a closed population thinks before the next request.
    fn think(&mut self, population: u16, user: u32) {
        let plan = &self.plan.populations[usize::from(population)];
        let state = &mut self.populations[usize::from(population)];
        let ArrivalsPlan::Closed { users, think } = &plan.arrivals else { return };
        let Users::Closed { luck, sent, here } = &mut state.users else { return };
        if user >= *users || state.factor <= 0.0 {
            here[user as usize] = false;
            return;
        }
        let ordinal = sent[user as usize];
        let luck = luck.derive(Site(u64::from(user)), ordinal);
        let pause = think.sample(&mut luck.draws(plan.site.then("think"), 0));
        let at = self.now + Duration::from_nanos(pause / state.factor);
        self.schedule(at, Event::ThinkingDone { population, user });
    }

    pub(super) fn on_thinking_done(&mut self, population: u16, user: u32) {
        let state = &mut self.populations[usize::from(population)];
        let ArrivalsPlan::Closed { users, .. } =
            &self.plan.populations[usize::from(population)].arrivals
        else {
            return;
        };
        let Users::Closed { luck, sent, here } = &mut state.users else { return };
        if user >= *users || state.factor <= 0.0 {
            here[user as usize] = false;
            return;
        }
        let key = luck.derive(Site(u64::from(user)), u64::MAX).0;
        let luck = luck.derive(Site(u64::from(user)), sent[user as usize]);
        sent[user as usize] += 1;
        self.send_request(population, user, luck, key);
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
        if let (Users::Open { arrivals, .. }, ArrivalsPlan::Open { curve, .. }) =
            (&mut state.users, before)
        {
            arrivals.rebase(self.now, curve, state.factor);
        }
        state.factor = factor;
        self.start_population(population);
    }
}
