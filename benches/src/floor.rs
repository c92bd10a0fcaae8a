//! The floor: W1 and W2 as a programmer would write them who needs nothing but their means.
//!
//! No graph, no metrics, no faults, no policies; the fastest parts that were measured for this work: a
//! hierarchical timing wheel with exact cancelling (the engine's own), xoshiro256++ for random bits and
//! a ziggurat for exponential times. What the simulator takes beyond this is the price of what it can do.

use crate::random::{Random, Ziggurat};
use brownout::engine::{Calendar, Rank, Time, Timer};
use std::collections::VecDeque;

/// What came out, to check that it is the same workload.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Requests that ended.
    pub requests: u64,
    /// Those that were answered.
    pub ok: u64,
    /// Mean of their response times.
    pub mean_ms: f64,
    /// 99th percentile of their response times, to a millisecond.
    pub p99_ms: f64,
    /// Share of attempts that timed out.
    pub timeouts: f64,
}

impl Outcome {
    /// Whether it is what every other implementation of the workload has found.
    pub fn check(&self, workload: &str) -> Result<(), String> {
        let near = |value: f64, expected: f64, by: f64| (value - expected).abs() <= by;
        let answered = self.ok as f64 >= 0.999 * self.requests as f64;
        let as_known = match workload {
            // 1 / (µ − λ) = 10 ms; a million requests of a busy queue are few.
            "w1" => near(self.mean_ms, 10.0, 0.5),
            "w2" => {
                let tail = near(self.p99_ms, 189.0, 3.0) && near(self.timeouts, 0.0105, 0.0006);
                near(self.mean_ms, 46.1, 0.3) && tail
            }
            // No queue to speak of, or nobody gives up: 20 ms + 25 ms and little more.
            _ => near(self.mean_ms, 45.5, 1.0),
        };
        if answered && as_known { Ok(()) } else { Err(format!("{workload} came out as {self:?}")) }
    }
}

/// M/M/1 at 90 % load with a mean service time of a millisecond.
pub fn w1(customers: u64) -> Outcome {
    let (mut random, times) = (Random::new(), Ziggurat::new());
    let mut calendar: Calendar<bool> = Calendar::new();
    let mut queue: VecDeque<Time> = VecDeque::new();
    let (mut arrived, mut served, mut sum) = (0, 0, 0);
    calendar.schedule(Time(0), Rank::Arrival, true);
    while let Some((now, arrival)) = calendar.pop_until(Time::NEVER) {
        if arrival {
            arrived += 1;
            queue.push_back(now);
            if queue.len() == 1 {
                let end = Time(now.0 + times.nanos(&mut random, 1e6));
                calendar.schedule(end, Rank::Completion, false);
            }
            if arrived < customers {
                let next = Time(now.0 + times.nanos(&mut random, 1e9 / 900.0));
                calendar.schedule(next, Rank::Arrival, true);
            }
        } else {
            let came = queue.pop_front().expect("somebody is served");
            served += 1;
            sum += now.0 - came.0;
            if !queue.is_empty() {
                let end = Time(now.0 + times.nanos(&mut random, 1e6));
                calendar.schedule(end, Rank::Completion, false);
            }
        }
    }
    Outcome {
        requests: arrived,
        ok: served,
        mean_ms: sum as f64 / served as f64 / 1e6,
        ..Outcome::default()
    }
}

const THREADS: u32 = 16;
const QUEUE: usize = 100;
const MAX_TRIES: u32 = 4;
const NOBODY: u32 = u32::MAX;

#[derive(Clone, Copy)]
enum Event {
    Arrival,
    /// The server has computed; now the database.
    Computed {
        attempt: u32,
    },
    Queried {
        attempt: u32,
    },
    Timeout {
        request: u32,
    },
    Retry {
        request: u32,
    },
}

#[derive(Clone, Copy, Default)]
struct Request {
    came: u64,
    tries: u32,
    attempt: u32,
    timeout: Timer,
}

#[derive(Clone, Copy)]
struct Attempt {
    request: u32,
    server: u32,
}

#[derive(Default)]
struct Server {
    busy: u32,
    queue: VecDeque<u32>,
}

/// The service chain.
struct Chain {
    random: Random,
    times: Ziggurat,
    calendar: Calendar<Event>,
    now: u64,
    servers: Vec<Server>,
    next_server: usize,
    database: Server,
    slots: u32,
    rate_nanos: f64,
    timeout: u64,
    requests: Vec<Request>,
    free_requests: Vec<u32>,
    attempts: Vec<Attempt>,
    free_attempts: Vec<u32>,
    left: u64,
    done: u64,
    ok: u64,
    sum: u64,
    sent: u64,
    timeouts: u64,
    /// Responses by millisecond.
    histogram: Vec<u32>,
}

/// W2: that many requests, at `scale` times the load and the size, with that timeout.
pub fn w2(requests: u64, scale: usize, timeout_nanos: u64) -> Outcome {
    let mut servers = Vec::new();
    servers.resize_with(8 * scale, Server::default);
    let mut chain = Chain {
        random: Random::new(),
        times: Ziggurat::new(),
        calendar: Calendar::new(),
        now: 0,
        servers,
        next_server: 0,
        database: Server::default(),
        slots: 32 * scale as u32,
        rate_nanos: 1e6 / scale as f64,
        timeout: timeout_nanos,
        requests: Vec::new(),
        free_requests: Vec::new(),
        attempts: Vec::new(),
        free_attempts: Vec::new(),
        left: requests,
        done: 0,
        ok: 0,
        sum: 0,
        sent: 0,
        timeouts: 0,
        histogram: vec![0; 4_000],
    };
    chain.calendar.schedule(Time(0), Rank::Arrival, Event::Arrival);
    while let Some((now, event)) = chain.calendar.pop_until(Time::NEVER) {
        chain.now = now.0;
        chain.handle(event);
    }
    chain.outcome()
}

impl Chain {
    fn handle(&mut self, event: Event) {
        match event {
            Event::Arrival => self.arrive(),
            Event::Computed { attempt } => self.query(attempt),
            Event::Queried { attempt } => self.finish(attempt),
            Event::Timeout { request } => self.time_out(request),
            Event::Retry { request } => self.send(request),
        }
    }

    fn after(&mut self, wait: u64, rank: Rank, event: Event) -> Timer {
        self.calendar.schedule(Time(self.now + wait), rank, event)
    }

    fn arrive(&mut self) {
        self.left -= 1;
        if self.left > 0 {
            let gap = self.times.nanos(&mut self.random, self.rate_nanos);
            self.after(gap, Rank::Arrival, Event::Arrival);
        }
        let request = Request { came: self.now, ..Request::default() };
        let index = self.free_requests.pop().unwrap_or_else(|| {
            self.requests.push(request);
            self.requests.len() as u32 - 1
        });
        self.requests[index as usize] = request;
        self.send(index);
    }

    fn send(&mut self, request: u32) {
        self.sent += 1;
        let server = self.next_server;
        self.next_server = if server + 1 < self.servers.len() { server + 1 } else { 0 };
        let attempt = Attempt { request, server: server as u32 };
        let index = self.free_attempts.pop().unwrap_or_else(|| {
            self.attempts.push(attempt);
            self.attempts.len() as u32 - 1
        });
        self.attempts[index as usize] = attempt;
        let timeout = self.after(self.timeout, Rank::Timer, Event::Timeout { request });
        let state = &mut self.requests[request as usize];
        state.tries += 1;
        state.attempt = index;
        state.timeout = timeout;
        let server = &mut self.servers[server];
        if server.busy < THREADS {
            server.busy += 1;
            self.compute(index);
        } else if server.queue.len() < QUEUE {
            server.queue.push_back(index);
        } else {
            self.free_attempts.push(index);
            self.fail(request);
        }
    }

    fn compute(&mut self, attempt: u32) {
        let time = self.times.nanos(&mut self.random, 20e6);
        self.after(time, Rank::Completion, Event::Computed { attempt });
    }

    fn query(&mut self, attempt: u32) {
        if self.database.busy < self.slots {
            self.database.busy += 1;
            self.work_on(attempt);
        } else {
            self.database.queue.push_back(attempt);
        }
    }

    fn work_on(&mut self, attempt: u32) {
        let time = self.times.nanos(&mut self.random, 25e6);
        self.after(time, Rank::Completion, Event::Queried { attempt });
    }

    fn finish(&mut self, attempt: u32) {
        match self.database.queue.pop_front() {
            Some(next) => self.work_on(next),
            None => self.database.busy -= 1,
        }
        let Attempt { request, server } = self.attempts[attempt as usize];
        self.free_attempts.push(attempt);
        match self.servers[server as usize].queue.pop_front() {
            Some(next) => self.compute(next),
            None => self.servers[server as usize].busy -= 1,
        }
        if request != NOBODY {
            self.calendar.cancel(self.requests[request as usize].timeout);
            self.end(request, true);
        }
    }

    fn time_out(&mut self, request: u32) {
        self.timeouts += 1;
        // The attempt goes on as ghost work.
        self.attempts[self.requests[request as usize].attempt as usize].request = NOBODY;
        self.try_again(request);
    }

    fn fail(&mut self, request: u32) {
        self.calendar.cancel(self.requests[request as usize].timeout);
        self.try_again(request);
    }

    fn try_again(&mut self, request: u32) {
        let tries = self.requests[request as usize].tries;
        if tries >= MAX_TRIES {
            return self.end(request, false);
        }
        let full = 50e6 * f64::from(1u32 << (tries - 1));
        let wait = (full / 2.0 * (1.0 + self.random.unit())) as u64;
        self.after(wait, Rank::Timer, Event::Retry { request });
    }

    fn end(&mut self, request: u32, ok: bool) {
        let response = self.now - self.requests[request as usize].came;
        self.free_requests.push(request);
        self.done += 1;
        if ok {
            self.ok += 1;
            self.sum += response;
            let cell = (response / 1_000_000) as usize;
            self.histogram[cell.min(3_999)] += 1;
        }
    }

    fn outcome(&self) -> Outcome {
        let mut above = self.ok / 100;
        let p99 = self.histogram.iter().enumerate().rev().find(|(_, count)| {
            let found = u64::from(**count) > above;
            above = above.saturating_sub(u64::from(**count));
            found
        });
        Outcome {
            requests: self.done,
            ok: self.ok,
            mean_ms: self.sum as f64 / self.ok as f64 / 1e6,
            p99_ms: p99.map_or(0.0, |(cell, _)| cell as f64 + 0.5),
            timeouts: self.timeouts as f64 / self.sent as f64,
        }
    }
}
