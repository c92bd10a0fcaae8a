//! Pauses of servers that have nothing to do: vacations, in the words of queueing theory.

use crate::engine::random::stream;
use crate::engine::{Draws, Duration, Timer};
use crate::model::{Event, Observer, World};
use rand::Rng;

/// A pause takes some time, however little is drawn, so that no moment lasts for ever.
const SHORTEST_PAUSE: Duration = Duration(1);

impl<O: Observer> World<O> {
    /// A server that is up and has nothing to do begins a pause, unless it is in one.
    pub(in crate::model) fn pause_if_idle(&mut self, station: u16, server: u32) {
        let plan = &self.plan.stations[usize::from(station)];
        let Some(length) = &plan.pause_when_idle else { return };
        let machine = &mut self.stations[usize::from(station)].servers[server as usize];
        if machine.pause.on || !machine.is_up() || !machine.residents.is_empty() {
            return;
        }
        let key = &self.plan.wiring.node(plan.node).key;
        let stream = machine.pause.stream.get_or_insert_with(|| {
            Box::new(stream(self.plan.seed, key, &format!("pauses of {server}")))
        });
        let mut draws = Draws::seeded(stream.next_u64());
        let takes = Duration::from_nanos(length.sample(&mut draws)).max(SHORTEST_PAUSE);
        let timer = self.schedule(self.now + takes, Event::PauseOver { station, server });
        self.change_pace(station, server, |machine| {
            machine.pause.on = true;
            machine.pause.timer = timer;
        });
    }

    /// A pause is over: the server does what has come in, or begins another.
    pub(in crate::model) fn on_pause_over(&mut self, station: u16, server: u32) {
        self.end_pause(station, server);
        self.pause_if_idle(station, server);
    }

    /// A server is no longer in a pause, if it was in one.
    pub(super) fn end_pause(&mut self, station: u16, server: u32) {
        let pause = &mut self.server(station, server).pause;
        if pause.on {
            let timer = std::mem::replace(&mut pause.timer, Timer::NONE);
            self.calendar.cancel(timer);
            self.change_pace(station, server, |machine| machine.pause.on = false);
        }
    }
}
