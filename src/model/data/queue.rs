//! Message queues: messages that wait in a broker, and the servers that deal with them.
//!
//! A message is delivered as a job of the consumer's program. Its reply acknowledges it, or brings it
//! back; so does the end of the visibility timeout, while the job goes on without anybody waiting for it.
//! What a broker that crashes had delivered it delivers again, if it still has it.

use super::message::{Message, QueueState, Stage};
use crate::engine::{Duration, Timer};
use crate::model::job::{Caller, Job};
use crate::model::list::Links;
use crate::model::slab::Id;
use crate::model::station::Station;
use crate::model::{Event, Observer, World};
use crate::observation::Observation;
use crate::plan::{ConsumerPlan, QueuePlan};

fn queue_of(stations: &mut [Station], queue: u16) -> &mut QueueState {
    stations[usize::from(queue)].queue.as_deref_mut().expect("messages are in queues")
}

impl<O: Observer> World<O> {
    fn queue_plan(&self, queue: u16) -> &QueuePlan {
        let plan = self.plan.stations[usize::from(queue)].queue.as_ref();
        plan.expect("messages are in queues")
    }

    fn queue(&mut self, queue: u16) -> &mut QueueState {
        queue_of(&mut self.stations, queue)
    }

    fn tell_depth(&mut self, queue: u16) {
        let node = self.plan.stations[usize::from(queue)].node;
        let state = self.queue(queue);
        let (depth, oldest) = (state.depth(), state.ages.values().next().copied());
        let told = std::mem::replace(&mut state.told_oldest, oldest);
        self.tell(Observation::QueueDepth { node, depth });
        if told != oldest {
            self.tell(Observation::QueueOldest { node, since: oldest });
        }
    }

    // --- messages come ---

    /// A job at the broker leaves a message with its record in the queue. False: there is no room.
    pub(in crate::model) fn publish(&mut self, id: Id) -> bool {
        let queue = self.jobs[id].station;
        let node = self.plan.stations[usize::from(queue)].node;
        let limit = self.queue_plan(queue).depth_limit;
        let now = self.now;
        let state = self.queue(queue);
        let full = limit.is_some_and(|limit| state.depth() >= limit);
        let was_full = std::mem::replace(&mut state.full, full);
        if full {
            if !was_full {
                self.tell(Observation::MessagesRefused { node });
            }
            return false;
        }
        self.bring_record(id);
        let record = self.record_of(id).expect("the job has a record now");
        self.copy_record(record);
        let message = Message {
            record,
            queue,
            stage: Stage::Ready,
            job: Id::NONE,
            number: self.queue(queue).next_number(),
            published: now,
            deliveries: 0,
            timer: Timer::NONE,
            links: Links::default(),
        };
        let message = self.messages.insert(message);
        self.line_up(queue, message);
        self.tell(Observation::MessagePublished { node });
        self.tell_depth(queue);
        self.wake_queue(queue);
        true
    }

    /// A message waits for somebody from now on.
    fn line_up(&mut self, queue: u16, id: Id) {
        let message = &mut self.messages[id];
        message.stage = Stage::Ready;
        let state = queue_of(&mut self.stations, queue);
        state.ages.insert(message.number, message.published);
        state.ready.push(&mut self.messages, id);
    }

    /// A message is no longer among those that are delivered or rest.
    fn take_back(&mut self, message: Id) -> u16 {
        let Message { queue, stage, timer, .. } = self.messages[message];
        self.calendar.cancel(timer);
        let state = queue_of(&mut self.stations, queue);
        state.out.remove(&mut self.messages, message);
        state.resting -= u32::from(stage == Stage::Resting);
        let message = &mut self.messages[message];
        (message.timer, message.job) = (Timer::NONE, Id::NONE);
        queue
    }

    // --- messages go ---

    /// A queue looks for somebody who takes messages, after what happens now.
    pub(in crate::model) fn wake_queue(&mut self, queue: u16) {
        let state = self.queue(queue);
        if !state.awake && !state.ready.is_empty() {
            state.awake = true;
            self.soon.push(Event::QueueWakes { queue });
        }
    }

    /// All queues do: a server may have come back.
    pub(in crate::model) fn wake_queues(&mut self) {
        for station in 0..self.stations.len() as u16 {
            if self.stations[usize::from(station)].queue.is_some() {
                self.wake_queue(station);
            }
        }
    }

    pub(in crate::model) fn on_queue_wakes(&mut self, queue: u16) {
        self.queue(queue).awake = false;
        let broker = &self.stations[usize::from(queue)].servers[0];
        if !broker.is_up() || broker.is_frozen() || broker.unreachable {
            return;
        }
        loop {
            let message = self.queue(queue).ready.first();
            if message.is_none() {
                return;
            }
            let Some((station, consumer, server)) = self.taker(queue) else { return };
            self.deliver(message, (station, consumer), server);
        }
    }

    /// Who takes the next message: the servers of all consumers in turn, those that have room.
    fn taker(&mut self, queue: u16) -> Option<(u16, u16, u32)> {
        let consumers = &self.queue_plan(queue).consumers;
        let servers = |station: u16| self.plan.stations[usize::from(station)].servers;
        let total: u32 = consumers.iter().map(|(station, _)| servers(*station)).sum();
        let start = self.stations[usize::from(queue)].queue.as_ref()?.turn;
        let place = |number: u32| {
            let mut number = number % total;
            for &(station, consumer) in consumers {
                if number < servers(station) {
                    return Some((station, consumer, number));
                }
                number -= servers(station);
            }
            None
        };
        let mut offsets = 0..total;
        let found = offsets.find_map(|offset| {
            let (station, consumer, server) = place(start + offset)?;
            self.has_room_for_message(station, consumer, server)
                .then_some((offset, (station, consumer, server)))
        });
        let (offset, taker) = found?;
        self.queue(queue).turn = (start + offset + 1) % total;
        Some(taker)
    }

    fn has_room_for_message(&self, station: u16, consumer: u16, server: u32) -> bool {
        let state = &self.stations[usize::from(station)];
        let machine = &state.servers[server as usize];
        let prefetch =
            self.plan.stations[usize::from(station)].consumers[usize::from(consumer)].prefetch;
        let taken = state.taken[usize::from(consumer)].get(server as usize).copied();
        let takes_work = machine.is_up() && !machine.unreachable && machine.leaving.is_none();
        takes_work && taken.unwrap_or(0) < prefetch
    }

    /// A message goes to a server.
    fn deliver(&mut self, message: Id, (station, number): (u16, u16), server: u32) {
        let now = self.now;
        let Message { record, queue, number: published, deliveries, .. } = self.messages[message];
        let visibility = self.queue_plan(queue).visibility_timeout;
        let state = queue_of(&mut self.stations, queue);
        state.ages.remove(&published);
        state.ready.remove(&mut self.messages, message);
        state.out.push(&mut self.messages, message);
        let taken = &mut self.stations[usize::from(station)].taken[usize::from(number)];
        if taken.len() <= server as usize {
            taken.resize(server as usize + 1, 0);
        }
        taken[server as usize] += 1;

        let plan = &self.plan.stations[usize::from(station)].consumers[usize::from(number)];
        let ConsumerPlan { endpoint, latency, site, .. } = *plan;
        let about = self.records.slab[record];
        let luck = about.wish.derive(site, u64::from(deliveries));
        let mut job = Job::new(Caller::Message(message), station, endpoint, luck, about.key);
        (job.wish, job.priority) = (about.wish, about.priority);
        (job.server, job.latency) = (server, latency);
        let extras = job.extras.get_or_insert_default();
        (extras.record, extras.taken) = (Some(record), Some((number, server)));
        self.copy_record(record);
        let job = self.jobs.insert(job);
        let timer = visibility.map_or(Timer::NONE, |timeout| {
            self.schedule(now + timeout, Event::MessageDue { message })
        });
        let sent = &mut self.messages[message];
        (sent.stage, sent.job, sent.timer) = (Stage::Delivered, job, timer);
        sent.deliveries += 1;
        let node = self.plan.stations[usize::from(queue)].node;
        self.tell(Observation::MessageDelivered { node, again: deliveries > 0 });
        self.tell_depth(queue);
        self.after(latency, Event::MessageArrives { job });
    }

    pub(in crate::model) fn on_message_arrives(&mut self, job: Id) {
        if let Some(server) = self.jobs.get(job).map(|job| job.server) {
            self.admit(job, server);
        }
    }

    /// A job that dealt with a message has left its server: there is room for another.
    pub(in crate::model) fn give_room(&mut self, job: Id) {
        let job = &self.jobs[job];
        let Some((number, server)) = job.extras.as_ref().and_then(|extras| extras.taken) else {
            return;
        };
        let station = &mut self.stations[usize::from(job.station)];
        station.taken[usize::from(number)][server as usize] -= 1;
        let consumers = &self.plan.stations[usize::from(job.station)].consumers;
        self.wake_queue(consumers[usize::from(number)].queue);
    }

    // --- what becomes of them ---

    /// The answer of who dealt with a message reaches the broker. False: the broker stands still, and
    /// will see it later.
    pub(in crate::model) fn settle_message(&mut self, message: Id, job: Id, done: bool) -> bool {
        let Some(Message { queue, record, .. }) = self.messages.get(message).cloned() else {
            return true;
        };
        let Job { station, server, .. } = self.jobs[job];
        let broker = &mut self.stations[usize::from(queue)].servers[0];
        if broker.is_frozen() {
            broker.parked.push(Event::Replied { job });
            return false;
        }
        let cut = broker.unreachable || self.is_unreachable(station, server);
        if done && !cut {
            self.take_back(message);
            self.messages.remove(message);
            self.drop_record(record);
        } else {
            let pause = self.queue_plan(queue).redelivery_delay;
            self.bring_back(message, pause);
        }
        true
    }

    /// A message that was delivered for nothing is delivered again after a while, or set aside.
    fn bring_back(&mut self, message: Id, pause: Duration) {
        let Message { record, number, published, deliveries, .. } = self.messages[message];
        let queue = self.take_back(message);
        let node = self.plan.stations[usize::from(queue)].node;
        let most = self.queue_plan(queue).max_deliveries;
        if most.is_some_and(|most| deliveries >= most) {
            self.messages.remove(message);
            self.records.slab[record].set_aside = true;
            self.drop_record(record);
            return self.tell(Observation::MessageSetAside { node });
        }
        if pause == Duration::ZERO {
            self.line_up(queue, message);
            self.wake_queue(queue);
        } else {
            let timer = self.schedule(self.now + pause, Event::MessageDue { message });
            let state = queue_of(&mut self.stations, queue);
            state.out.push(&mut self.messages, message);
            state.resting += 1;
            state.ages.insert(number, published);
            let message = &mut self.messages[message];
            (message.stage, message.timer) = (Stage::Resting, timer);
        }
        self.tell_depth(queue);
    }

    /// A message has rested, or nobody has dealt with it in time.
    pub(in crate::model) fn on_message_due(&mut self, message: Id) {
        let Some(Message { queue, stage, job, .. }) = self.messages.get(message).cloned() else {
            return;
        };
        let broker = &mut self.stations[usize::from(queue)].servers[0];
        if broker.is_frozen() {
            return broker.parked.push(Event::MessageDue { message });
        }
        match stage {
            Stage::Ready => {}
            Stage::Resting => {
                self.take_back(message);
                self.line_up(queue, message);
                self.wake_queue(queue);
            }
            Stage::Delivered => {
                if let Some(job) = self.jobs.get_mut(job) {
                    job.caller = Caller::Nobody;
                }
                self.bring_back(message, Duration::ZERO);
            }
        }
    }

    /// A broker has crashed: who deals with its messages does so for nobody, and what it does not keep
    /// on a disk is gone.
    pub(in crate::model) fn crash_queue(&mut self, queue: u16) {
        let Some(plan) = &self.plan.stations[usize::from(queue)].queue else { return };
        let durable = plan.durable;
        loop {
            let message = self.queue(queue).out.first();
            let Some(Message { job, .. }) = self.messages.get(message) else { break };
            if let Some(job) = self.jobs.get_mut(*job) {
                job.caller = Caller::Nobody;
            }
            self.take_back(message);
            self.line_up(queue, message);
        }
        if !durable {
            self.lose_messages(queue);
        }
        self.tell_depth(queue);
    }

    /// What a broker keeps in its memory only is gone.
    fn lose_messages(&mut self, queue: u16) {
        loop {
            let message = self.queue(queue).ready.first();
            let Some(Message { record, number, .. }) = self.messages.get(message) else { return };
            let (record, number) = (*record, *number);
            let state = queue_of(&mut self.stations, queue);
            state.ages.remove(&number);
            state.ready.remove(&mut self.messages, message);
            self.messages.remove(message);
            self.drop_record(record);
        }
    }
}
