//! A thread pool of one server: how many threads are busy, who waits, and who is next.
//!
//! Jobs wait in one queue for each rank of priority, in the order in which they came. That is all
//! that most disciplines need; the others keep an `Order` beside the queues.

use super::job::{Doing, Job, QUEUE};
use super::list::List;
use super::slab::{Id, Slab};
use crate::engine::Draws;
use crate::scenario::Discipline;
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};

/// Ranks of priority; see [`crate::scenario::Class::priority`].
const PRIORITIES: usize = 10;

/// Entries of jobs that have left before an `Order` is tidied up, beside those that still wait.
const MAX_STALE: usize = 64;

/// A thread pool of one server.
///
/// Invariants: jobs wait only while every thread is busy or the server stands still; under a
/// preemptive discipline no job waits that is more urgent than one that works and may be interrupted.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Busy threads.
    pub busy: u32,
    /// Jobs that wait.
    pub waiting: u32,
    discipline: Discipline,
    queues: [List<QUEUE>; PRIORITIES],
    order: Option<Box<Order>>,
}

/// What some disciplines know beside the queues.
#[derive(Clone, Debug)]
enum Order {
    /// Jobs that wait, in no order, and how often one has been chosen. A job that has left by itself
    /// is still in here; it is passed over.
    Random { waiting: Vec<Waiting>, choices: u64 },
    /// Jobs that wait, the one with the least work first; the same holds for those that have left.
    Shortest(BinaryHeap<Reverse<Waiting>>),
    /// Jobs that compute or wait in a step; the last one is the first to yield its thread.
    Preemptive(BTreeMap<Yielding, Id>),
}

/// A job that waits for a thread. Order: by its work, then by its number in the order of queueing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Waiting {
    work: u64,
    number: u64,
    job: Id,
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.work, self.number).cmp(&(other.work, other.number))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Waiting {
    fn is_stale(self, jobs: &Slab<Job>) -> bool {
        let waits = |job: &Job| job.doing == Doing::Queued && job.queue_number == self.number;
        !jobs.get(self.job).is_some_and(waits)
    }
}

/// When a job has to yield: the greatest of a pool is the first. Its rank, its number in the order
/// of queueing, and, among jobs that never queued, its id.
type Yielding = (u64, u64, u64);

fn rank_of(job: &Job) -> usize {
    usize::from(job.priority).min(PRIORITIES - 1)
}

impl Pool {
    /// An idle pool.
    pub fn new(discipline: Discipline) -> Pool {
        let mut pool = Pool {
            busy: 0,
            waiting: 0,
            discipline,
            queues: [List::default(); PRIORITIES],
            order: None,
        };
        pool.set_discipline(discipline);
        pool
    }

    /// The discipline in force.
    pub fn discipline(&self) -> Discipline {
        self.discipline
    }

    /// Changes the discipline. An `Order` starts empty: jobs that are in the pool have to be
    /// [noted](Pool::note) or [exposed](Pool::expose).
    pub fn set_discipline(&mut self, discipline: Discipline) {
        self.discipline = discipline;
        let order = match discipline {
            Discipline::Fifo | Discipline::Lifo | Discipline::Priority => None,
            Discipline::Random => Some(Order::Random { waiting: Vec::new(), choices: 0 }),
            Discipline::ShortestFirst => Some(Order::Shortest(BinaryHeap::new())),
            Discipline::PreemptivePriority | Discipline::PreemptiveLifo => {
                Some(Order::Preemptive(BTreeMap::new()))
            }
        };
        self.order = order.map(Box::new);
    }

    /// A thread is free again. Whether somebody waits for it.
    #[inline(always)]
    pub fn give_back(&mut self) -> bool {
        self.busy -= 1;
        self.waiting > 0
    }

    /// A job waits for a thread, behind all others of its rank; `work` is what it will take.
    pub fn push(&mut self, jobs: &mut Slab<Job>, id: Id, work: u64) {
        self.queues[rank_of(&jobs[id])].push(jobs, id);
        self.waiting += 1;
        if self.order.is_some() {
            self.note(jobs, id, work);
        }
    }

    /// A job waits for a thread again, where it would stand had it never got one.
    pub fn put_back(&mut self, jobs: &mut Slab<Job>, id: Id) {
        let number = jobs[id].queue_number;
        let queue = &mut self.queues[rank_of(&jobs[id])];
        // It came early under priorities and late under lifo, so its place is near that end.
        let mut place = Id::NONE;
        if self.discipline == Discipline::PreemptiveLifo {
            let mut before = queue.last();
            while !before.is_none() && jobs[before].queue_number > number {
                place = before;
                before = queue.before(jobs, before);
            }
        } else {
            place = queue.first();
            while !place.is_none() && jobs[place].queue_number < number {
                place = queue.after(jobs, place);
            }
        }
        queue.insert_before(jobs, id, place);
        self.waiting += 1;
    }

    /// A job no longer waits.
    pub fn remove(&mut self, jobs: &mut Slab<Job>, id: Id) {
        let rank = rank_of(&jobs[id]);
        if self.queues[rank].remove(jobs, id) {
            self.waiting -= 1;
        }
    }

    /// Lets the discipline know of a job that waits.
    pub fn note(&mut self, jobs: &Slab<Job>, id: Id, work: u64) {
        let most = 2 * self.waiting as usize + MAX_STALE;
        let entry = Waiting { work, number: jobs[id].queue_number, job: id };
        match self.order.as_deref_mut() {
            Some(Order::Random { waiting, .. }) => {
                waiting.push(entry);
                if waiting.len() > most {
                    waiting.retain(|entry| !entry.is_stale(jobs));
                }
            }
            Some(Order::Shortest(waiting)) => {
                waiting.push(Reverse(entry));
                if waiting.len() > most {
                    waiting.retain(|Reverse(entry)| !entry.is_stale(jobs));
                }
            }
            Some(Order::Preemptive(_)) | None => {}
        }
    }

    /// The job that is next and is about to leave the queue. `lots` are the draws for the choice of
    /// that number, for disciplines that choose at random.
    pub fn next(&mut self, jobs: &Slab<Job>, lots: impl FnOnce(u64) -> Draws) -> Option<Id> {
        if self.waiting == 0 {
            return None;
        }
        match self.order.as_deref_mut() {
            Some(Order::Random { waiting, choices }) => {
                *choices += 1;
                let mut draws = lots(*choices);
                loop {
                    let chosen = draws.below(waiting.len() as u64) as usize;
                    let entry = waiting.swap_remove(chosen);
                    if !entry.is_stale(jobs) {
                        return Some(entry.job);
                    }
                }
            }
            Some(Order::Shortest(waiting)) => loop {
                let Reverse(entry) = waiting.pop().expect("a job waits, so it has been noted");
                if !entry.is_stale(jobs) {
                    return Some(entry.job);
                }
            },
            Some(Order::Preemptive(_)) | None => self.first_in_queues(jobs),
        }
    }

    /// The job that is next by the order of arrival and the ranks alone.
    fn first_in_queues(&self, jobs: &Slab<Job>) -> Option<Id> {
        let mut waiting = self.queues.iter().filter(|queue| !queue.is_empty());
        match self.discipline {
            Discipline::Priority | Discipline::PreemptivePriority => {
                waiting.next().map(List::first)
            }
            Discipline::Lifo | Discipline::PreemptiveLifo => {
                waiting.map(List::last).max_by_key(|id| jobs[*id].queue_number)
            }
            Discipline::Fifo | Discipline::Random | Discipline::ShortestFirst => {
                waiting.map(List::first).min_by_key(|id| jobs[*id].queue_number)
            }
        }
    }

    /// Whether a more urgent job takes the thread of a less urgent one.
    pub fn is_preemptive(&self) -> bool {
        matches!(self.order.as_deref(), Some(Order::Preemptive(_)))
    }

    fn yielding(&self, job: &Job, id: Id) -> Yielding {
        let number = job.queue_number;
        match self.discipline {
            Discipline::PreemptiveLifo => (0, u64::MAX - number, id.word()),
            _ => (rank_of(job) as u64, number, id.word()),
        }
    }

    /// A job computes or waits in a step: from now on it may be interrupted.
    pub fn expose(&mut self, jobs: &Slab<Job>, id: Id) {
        let yielding = self.yielding(&jobs[id], id);
        if let Some(Order::Preemptive(working)) = self.order.as_deref_mut() {
            working.insert(yielding, id);
        }
    }

    /// A job no longer computes or waits in a step.
    pub fn shield(&mut self, jobs: &Slab<Job>, id: Id) {
        let yielding = self.yielding(&jobs[id], id);
        if let Some(Order::Preemptive(working)) = self.order.as_deref_mut() {
            working.remove(&yielding);
        }
    }

    /// A job that waits and the one that has to yield its thread to it.
    pub fn preemption(&self, jobs: &Slab<Job>) -> Option<(Id, Id)> {
        let Some(Order::Preemptive(working)) = self.order.as_deref() else { return None };
        if self.waiting == 0 {
            return None;
        }
        let (_, victim) = working.last_key_value()?;
        let next = self.first_in_queues(jobs)?;
        let (newcomer, holder) = (&jobs[next], &jobs[*victim]);
        let is_urgent = match self.discipline {
            Discipline::PreemptiveLifo => newcomer.queue_number > holder.queue_number,
            _ => rank_of(newcomer) < rank_of(holder),
        };
        is_urgent.then_some((next, *victim))
    }

    /// The jobs that may be interrupted, for the audit.
    pub fn exposed(&self) -> impl Iterator<Item = Id> {
        let working = match self.order.as_deref() {
            Some(Order::Preemptive(working)) => Some(working.values()),
            _ => None,
        };
        working.into_iter().flatten().copied()
    }
}
