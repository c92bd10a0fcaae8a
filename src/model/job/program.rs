//! The program of a job: step after step, until one takes time or the last is done.

use super::{Doing, Job};
use crate::engine::{Duration, Timer};
use crate::model::call::{Call, LetGo, Origin};
use crate::model::slab::Id;
use crate::model::{Observer, World};
use crate::observation::{Cause, Observation, Outcome};
use crate::plan::{Carries, StationPlan, StepAction};
use crate::scenario::{AfterLast, CallMode};

/// How much work the present step of a job is.
#[inline]
pub(in crate::model) fn work_drawn(
    station: &StationPlan,
    job: &Job,
    work: Duration,
) -> Observation {
    Observation::WorkDrawn { node: station.node, luck: job.luck.0, step: job.step, work }
}

impl<O: Observer> World<O> {
    /// The present step of a job is over.
    #[inline(always)]
    pub(in crate::model) fn next_step(&mut self, id: Id) {
        self.jobs[id].step += 1;
        self.run_steps(id);
    }

    /// Runs a job until a step takes time, or until its end.
    #[inline(always)]
    pub(in crate::model) fn run_steps(&mut self, id: Id) {
        while let Some(outcome) = self.run_to_end(id) {
            if outcome.is_success() || !self.falls_back_on_cache(id, outcome) {
                return self.finish(id, outcome);
            }
        }
    }

    /// Runs a job until a step takes time; its outcome, if it comes to its end.
    #[inline(always)]
    fn run_to_end(&mut self, id: Id) -> Option<Outcome> {
        let outcome = loop {
            let job = &self.jobs[id];
            let station = &self.plan.stations[usize::from(job.station)];
            let endpoint = &station.endpoints[usize::from(job.endpoint)];
            let step = endpoint.steps.get(usize::from(job.step));
            // A reply at the very deadline is in time; one more step would not be.
            if job.deadline < self.now || job.deadline == self.now && step.is_some() {
                break Outcome::Rejected(Cause::Expired);
            }
            let Some(step) = step else {
                if job.extras.is_some() && self.waits_for_copies(id) {
                    return None;
                }
                let job = &self.jobs[id];
                break if job.degraded { Outcome::Degraded } else { Outcome::Ok };
            };
            let mut draws = job.luck.draws(step.site, 0);
            match &step.action {
                StepAction::Cpu(time) => {
                    let work = Duration::from_nanos(time.sample(&mut draws));
                    let drawn = work_drawn(station, job, work);
                    self.tell(drawn);
                    self.compute_on(id, work);
                    return None;
                }
                StepAction::Wait(time) => {
                    let work = Duration::from_nanos(time.sample(&mut draws));
                    let drawn = work_drawn(station, job, work);
                    self.tell(drawn);
                    self.wait_on(id, work);
                    return None;
                }
                StepAction::Query(_) => {
                    self.begin_query(id);
                    return None;
                }
                StepAction::Batch => {
                    self.begin_batch(id);
                    return None;
                }
                StepAction::Call { ratio, .. } if *ratio < 1.0 && !draws.chance(*ratio) => {}
                StepAction::Call { record, .. } => {
                    if *record != Carries::Any {
                        self.bring_record(id);
                    }
                    if !self.start_calls(id) {
                        return None;
                    }
                    if let Some(outcome) = self.trouble_of_calls(id) {
                        break outcome;
                    }
                }
                StepAction::Login(_) => match self.start_login(id) {
                    Some(Ok(())) => {}
                    Some(Err(outcome)) => break outcome,
                    None => return None,
                },
                StepAction::Replay { .. } => {
                    self.replay(id);
                    return None;
                }
                StepAction::Read(row) => {
                    let row = *row;
                    self.read_row(id, row);
                }
                StepAction::Commit(row) => {
                    let row = *row;
                    if !self.commit_row(id, row) {
                        break Outcome::Failed;
                    }
                }
                StepAction::Log(bytes) => {
                    let bytes = *bytes;
                    if !self.write_log(id, bytes) {
                        break Outcome::Failed;
                    }
                }
                StepAction::Look { cache, over } => {
                    let (cache, over) = (*cache, *over);
                    if !self.look_in_cache(id, cache, over) {
                        return None;
                    }
                    continue;
                }
                StepAction::Keep { .. } => self.keep_in_cache(id),
                StepAction::Publish => {
                    if !self.publish(id) {
                        break Outcome::Rejected(Cause::QueueFull);
                    }
                }
                StepAction::Store { store, unique } => {
                    let (store, unique) = (*store, *unique);
                    self.store_record(id, store, unique);
                }
                StepAction::Fail(ratio) => {
                    if draws.chance(*ratio) {
                        break Outcome::Failed;
                    }
                }
            }
            self.jobs[id].step += 1;
        };
        Some(outcome)
    }

    /// The present step of a job has failed, after it took some time.
    pub(in crate::model) fn fail(&mut self, id: Id, outcome: Outcome) {
        if self.falls_back_on_cache(id, outcome) {
            self.run_steps(id);
        } else {
            self.break_off(id, outcome);
        }
    }

    #[inline(always)]
    pub(in crate::model) fn compute_on(&mut self, id: Id, work: Duration) {
        self.start_computing(id, work);
        self.expose(id);
    }

    pub(in crate::model) fn wait_on(&mut self, id: Id, work: Duration) {
        let now = self.now;
        let job = &mut self.jobs[id];
        job.doing = Doing::Waiting;
        job.left = (work, now);
        self.plan_wait(id);
        self.expose(id);
    }

    /// A job has a thread again: after its calls, or after it was interrupted in a step.
    pub(super) fn resume(&mut self, id: Id) {
        let job = &self.jobs[id];
        let station = &self.plan.stations[usize::from(job.station)];
        let step = station.endpoints[usize::from(job.endpoint)].steps.get(usize::from(job.step));
        let left = job.left.0;
        match step.map(|step| &step.action) {
            Some(StepAction::Call { .. } | StepAction::Login(_)) => self.resume_after_calls(id),
            Some(StepAction::Look { .. }) => self.resume_after_fetch(id),
            // There is work left, so the answer would be too late.
            _ if job.deadline <= self.now => self.break_off(id, Outcome::Rejected(Cause::Expired)),
            Some(StepAction::Cpu(_) | StepAction::Query(_) | StepAction::Batch) => {
                self.compute_on(id, left);
            }
            // Behind the last step a write waits for the copies.
            Some(StepAction::Wait(_) | StepAction::Replay { .. }) | None => self.wait_on(id, left),
            Some(
                StepAction::Read(_)
                | StepAction::Commit(_)
                | StepAction::Log(_)
                | StepAction::Keep { .. }
                | StepAction::Publish
                | StepAction::Store { .. }
                | StepAction::Fail(_),
            ) => {
                unreachable!("a step that takes no time is never interrupted")
            }
        }
    }

    /// Notes the present version of a row.
    fn read_row(&mut self, id: Id, row: u16) {
        let job = &mut self.jobs[id];
        let version = self.stations[usize::from(job.station)].rows[usize::from(row)];
        let noted = &mut job.extras.get_or_insert_default().rows;
        noted.retain(|(other, _)| *other != row);
        noted.push((row, version));
    }

    /// Writes a row. False: somebody else has written it since it was read.
    fn commit_row(&mut self, id: Id, row: u16) -> bool {
        let job = &mut self.jobs[id];
        let version = &mut self.stations[usize::from(job.station)].rows[usize::from(row)];
        let noted =
            job.extras.as_mut().and_then(|extras| extras.rows.iter_mut().find(|(r, _)| *r == row));
        let (_, noted) = noted.expect("the checker wants every row read before it is written");
        if noted != version {
            return false;
        }
        *version += 1;
        *noted = *version;
        true
    }

    /// The next recorded answer of the present step.
    fn replay(&mut self, id: Id) {
        let job = &self.jobs[id];
        let station = &self.plan.stations[usize::from(job.station)];
        let step = &station.endpoints[usize::from(job.endpoint)].steps[usize::from(job.step)];
        let StepAction::Replay { answers, after_last, replay } = &step.action else {
            unreachable!("only replay steps are replayed")
        };
        let given = &mut self.stations[usize::from(job.station)].replayed[usize::from(*replay)];
        let number = std::mem::replace(given, *given + 1);
        let count = answers.len() as u64;
        let (wait, ok) = match after_last {
            _ if number < count => answers[number as usize],
            AfterLast::Repeat => answers[(number % count) as usize],
            AfterLast::Last => answers[answers.len() - 1],
            AfterLast::Ok => (Duration::ZERO, true),
        };
        let drawn = work_drawn(station, job, wait);
        self.jobs[id].wait_fails = !ok;
        self.tell(drawn);
        self.wait_on(id, wait);
    }

    #[inline]
    pub(in crate::model) fn on_wait_done(&mut self, id: Id) {
        // One that was to be interrupted at its end may have been cancelled since.
        let doing = self.jobs.get(id).map(|job| job.doing);
        if !matches!(doing, Some(Doing::Computing | Doing::Waiting)) {
            return;
        }
        self.shield(id);
        let job = &mut self.jobs[id];
        job.timer = Timer::NONE;
        if std::mem::take(&mut job.wait_fails) {
            return self.fail(id, Outcome::Failed);
        }
        self.next_step(id);
    }

    /// Starts the calls of the present step. An asynchronous step gives the thread back first.
    /// True: all have ended at once, and the job goes on.
    pub(in crate::model) fn start_calls(&mut self, id: Id) -> bool {
        let job = &mut self.jobs[id];
        job.doing = Doing::Calling;
        job.starts_calls = true;
        job.trouble = None;
        let (server, luck, key) = (job.server, job.luck, job.key);
        let (priority, newcomer) = (job.priority, job.newcomer);
        let (deadline, wish) = (job.deadline, job.wish);
        let station = &self.plan.stations[usize::from(job.station)];
        let step = &station.endpoints[usize::from(job.endpoint)].steps[usize::from(job.step)];
        let calls = step.action.calls(wish);
        let (edges, needs) = calls.expect("only steps with calls start calls");
        self.jobs[id].lacking = needs;
        let mut asynchronous = true;
        for (branch, edge) in edges.iter().enumerate() {
            let luck = luck.derive(step.site, branch as u64);
            let mut call = Call::new(Origin::Job(id), *edge, server, luck, key);
            call.priority = priority;
            call.newcomer = newcomer;
            call.deadline = deadline;
            call.wish = wish;
            let call = self.calls.insert(call);
            self.jobs[id].calls.push(&mut self.calls, call);
            let plan = &self.plan.edges[usize::from(edge.0)];
            asynchronous &= plan.mode == CallMode::Async && plan.enabled;
        }
        if asynchronous {
            self.free_thread(id);
        }
        let mut next = self.jobs[id].calls.first();
        while !next.is_none() {
            let call = next;
            next = self.jobs[id].calls.after(&self.calls, call);
            self.begin_call(call);
        }
        self.jobs[id].starts_calls = false;
        self.is_back_from_calls(id)
    }

    /// One of a job's calls ended.
    #[inline]
    pub(in crate::model) fn on_call_ended(&mut self, id: Id, outcome: Outcome) {
        let job = &mut self.jobs[id];
        job.degraded |= outcome == Outcome::Degraded;
        if outcome.is_success() {
            job.lacking = job.lacking.map(|lacking| lacking.saturating_sub(1));
        } else {
            job.trouble = job.trouble.or(Some(outcome));
        }
        // A call may end at once; then the loop that runs the steps goes on, lest a long program
        // that is refused everything recurse.
        if !job.starts_calls && self.is_back_from_calls(id) {
            self.resume_after_calls(id);
        }
    }

    /// Whether a job waits for no call any more and has a thread; if it has none, it waits for one.
    #[inline(always)]
    pub(super) fn is_back_from_calls(&mut self, id: Id) -> bool {
        let job = &mut self.jobs[id];
        if let Some(lacking) = job.lacking {
            if lacking == 0 {
                // What failed along the way does not matter any more.
                job.trouble = None;
            }
            if lacking == 0 || job.calls.len() < lacking {
                // The answers of the others came first, or their failures.
                self.abandon_calls(id, LetGo::Outrun);
            }
        }
        let job = &self.jobs[id];
        if !job.calls.is_empty() {
            return false;
        }
        let goes_on = job.holds_thread || self.take_thread(id);
        if !goes_on {
            self.enqueue_reply(id);
        }
        goes_on
    }

    #[inline]
    pub(super) fn resume_after_calls(&mut self, id: Id) {
        match self.trouble_of_calls(id) {
            None => self.next_step(id),
            Some(outcome) => self.fail(id, outcome),
        }
    }

    /// How the calls of the present step end their job, if they do.
    #[inline(always)]
    pub(in crate::model) fn trouble_of_calls(&mut self, id: Id) -> Option<Outcome> {
        let job = &mut self.jobs[id];
        let trouble = job.trouble.take();
        if job.asks_provider() {
            return self.end_login(id, trouble);
        }
        let trouble = trouble?;
        let station = &self.plan.stations[usize::from(job.station)];
        let step = &station.endpoints[usize::from(job.endpoint)].steps[usize::from(job.step)];
        let StepAction::Call { edges, optional, record, .. } = &step.action else {
            unreachable!("only call steps have calls")
        };
        let (edge, optional, spooled) = (edges[0], *optional, *record == Carries::Spooled);
        match trouble {
            _ if optional || spooled && self.spool_record(id, edge) => {
                self.jobs[id].degraded = true;
                None
            }
            Outcome::Rejected(cause) => Some(Outcome::Rejected(cause)),
            // To its own caller, a callee whose callee was too slow has failed.
            _ => Some(Outcome::Failed),
        }
    }
}
