//! Memory of servers whose caches or garbage count: what lives, collections, and the end of it.

use crate::engine::{Time, Timer};
use crate::model::server::Server;
use crate::model::slab::Id;
use crate::model::{Event, Observer, World};
use crate::observation::Observation;
use crate::pattern::heap::Collector;
use crate::plan::{HeapPlan, StationPlan};

/// The heap of a server.
#[derive(Clone, Debug, Default)]
pub struct Heap {
    /// Its garbage.
    pub collector: Collector,
    /// A collection stops the world.
    pub collecting: bool,
    /// Fires when the collection is over.
    timer: Timer,
    /// The process gives up after the collection.
    in_vain: bool,
    /// It is about to be looked at.
    looked_at: bool,
}

impl Server {
    /// What lives in it now, if its plan follows that; and whether somebody has to look at its heap.
    /// Whoever is at work goes on until then.
    #[inline]
    pub(in crate::model) fn follow_heap(&mut self, plan: &StationPlan) -> Option<(u64, bool)> {
        let plan = plan.memory.and_then(|memory| memory.heap)?;
        if !self.is_up() {
            return Some((0, false));
        }
        let live = plan.live(self.residents.len(), self.cached_bytes());
        let tight = live > plan.limit || self.heap.collector.is_due(live, plan.limit);
        let looks = tight && !self.heap.looked_at && !self.heap.collecting;
        self.heap.looked_at |= looks;
        Some((live, looks))
    }
}

impl<O: Observer> World<O> {
    /// The heap's part of the plan, and what lives in a server.
    fn live(&self, station: u16, server: u32) -> Option<(HeapPlan, u64)> {
        let plan = &self.plan.stations[usize::from(station)];
        let heap = plan.memory.and_then(|memory| memory.heap)?;
        let machine = &self.stations[usize::from(station)].servers[server as usize];
        Some((heap, heap.live(machine.residents.len(), machine.cached_bytes())))
    }

    /// What lives in a server has changed.
    pub(in crate::model) fn follow_heap(&mut self, station: u16, server: u32) {
        let plan = &self.plan.stations[usize::from(station)];
        let node = plan.node;
        let machine = &mut self.stations[usize::from(station)].servers[server as usize];
        if let Some((bytes, tight)) = machine.follow_heap(plan) {
            self.tell(Observation::HeapUsed { node, server, bytes });
            if tight {
                self.soon.push(Event::HeapTight { station, server });
            }
        }
    }

    /// A request leaves garbage behind.
    #[cold]
    pub(in crate::model) fn leave_garbage(&mut self, station: u16, server: u32) {
        let plan = &self.plan.stations[usize::from(station)];
        let gc = plan.memory.and_then(|memory| memory.heap).and_then(|heap| heap.gc);
        if let Some(gc) = gc {
            self.server(station, server).heap.collector.leave(gc.garbage_per_request());
        }
        self.follow_heap(station, server);
    }

    /// The work of a job was stopped on the way.
    pub(in crate::model) fn follow_heap_of(&mut self, id: Id, started: bool) {
        let job = &self.jobs[id];
        let (station, server) = (job.station, job.server);
        match started {
            _ if !self.plan.stations[usize::from(station)].has_heap() => {}
            true => self.leave_garbage(station, server),
            false => self.follow_heap(station, server),
        }
    }

    /// The heap of a server is full: garbage is collected, if that is what fills it.
    pub(in crate::model) fn on_heap_tight(&mut self, station: u16, server: u32) {
        let now = self.now;
        let machine = self.server(station, server);
        machine.heap.looked_at = false;
        if !machine.is_up() {
            return;
        }
        let Some((plan, live)) = self.live(station, server) else { return };
        if live > plan.limit {
            return self.kill_for_memory(station, server);
        }
        let machine = self.server(station, server);
        let slow = machine.slow_factor;
        let heap = &mut machine.heap;
        let Some(gc) = plan.gc.filter(|_| !heap.collecting) else { return };
        if !heap.collector.is_due(live, plan.limit) {
            return;
        }
        let collection = heap.collector.begin(now, live, plan.limit, &gc, slow);
        heap.in_vain = collection.in_vain;
        let event = Event::CollectionOver { station, server };
        let timer = self.schedule(now + collection.pause, event);
        let node = self.plan.stations[usize::from(station)].node;
        if collection.strains {
            self.tell(Observation::GcOverhead { node, server });
        }
        self.change_pace(station, server, |machine| {
            machine.heap.collecting = true;
            machine.heap.timer = timer;
        });
        self.tell(Observation::CollectionStarted { node, server, pause: collection.pause });
    }

    pub(in crate::model) fn on_collection_over(&mut self, station: u16, server: u32) {
        let in_vain = self.server(station, server).heap.in_vain;
        self.end_collection(station, server);
        if in_vain {
            self.kill_for_memory(station, server);
        }
    }

    /// The world of a server moves on, if it was stopped for a collection.
    pub(in crate::model) fn end_collection(&mut self, station: u16, server: u32) {
        let now = self.now;
        let heap = &mut self.server(station, server).heap;
        if !heap.collecting {
            return;
        }
        heap.collector.end(now);
        let timer = std::mem::replace(&mut heap.timer, Timer::NONE);
        self.calendar.cancel(timer);
        self.change_pace(station, server, |machine| machine.heap.collecting = false);
        let node = self.plan.stations[usize::from(station)].node;
        self.tell(Observation::CollectionEnded { node, server });
        self.follow_heap(station, server);
    }

    /// A process begins, or has ended, with an empty heap.
    pub(in crate::model) fn renew_heap(&mut self, station: u16, server: u32, now: Time) {
        self.end_collection(station, server);
        let heap = &mut self.server(station, server).heap;
        heap.collector = Collector::new(now);
        heap.in_vain = false;
        self.follow_heap(station, server);
    }

    /// Brings the heap of a server under the plan.
    pub(in crate::model) fn retune_heap(&mut self, station: u16, server: u32) {
        let plan = &self.plan.stations[usize::from(station)];
        let heap = plan.memory.and_then(|memory| memory.heap);
        if heap.and_then(|heap| heap.gc).is_none() {
            self.end_collection(station, server);
            let now = self.now;
            self.server(station, server).heap.collector = Collector::new(now);
        }
        if heap.is_none() {
            let node = self.plan.stations[usize::from(station)].node;
            self.tell(Observation::HeapUsed { node, server, bytes: 0 });
        }
        self.follow_heap(station, server);
    }
}
