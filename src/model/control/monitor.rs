//! Monitors: which servers have sent the list of their interfaces, and test calls to each.
//!
//! A test call is a call like any other, with its policies, and real work for the server that it asks. A
//! server sends its list when it starts; where nobody can reach it then, the list comes with the first
//! round after the repair. A server that has crashed stays on the list: that is how it is missed.

use crate::engine::{Luck, Timer};
use crate::model::call::{Call, Origin};
use crate::model::server::Running;
use crate::model::{Event, Observer, World};
use crate::observation::{Observation, Outcome};
use crate::pattern::alarm::AlarmFilter;
use crate::plan::{Role, Signal};
use crate::wiring::EdgeIndex;

/// A monitor's state.
#[derive(Clone, Debug, Default)]
pub struct Monitor {
    /// By test call and server; where a balancer chooses the server, there is one entry for all.
    pub(in crate::model) interfaces: Vec<Vec<Interface>>,
    /// Fires at the next round.
    round: Timer,
    /// What of its alarms is told.
    pub(super) filter: AlarmFilter,
    /// Interfaces on the list, as observers were told last.
    shown: u32,
}

/// What a monitor knows of an interface of a server.
#[derive(Clone, Copy, Debug, Default)]
pub struct Interface {
    /// It is on the list.
    listed: bool,
    /// A test call is under way.
    pub(in crate::model) under_test: bool,
}

impl<O: Observer> World<O> {
    /// Brings a monitor under its plan: at the start, and whenever it changes.
    pub(in crate::model) fn follow_monitor(&mut self, number: u16, anew: bool) {
        let plan = &self.plan.monitors[usize::from(number)];
        let (running, edges, every) = (plan.running, plan.edges.clone(), plan.check_every);
        let state = &mut self.monitors[usize::from(number)];
        state.interfaces.resize_with(edges.len(), Vec::new);
        let works = state.round != Timer::NONE;
        if works && (anew || !running) {
            self.calendar.cancel(std::mem::take(&mut state.round));
        }
        if running && (anew || !works) && !edges.is_empty() {
            let event = Event::MonitorRound { monitor: number };
            let timer = self.schedule(self.now + every, event);
            self.monitors[usize::from(number)].round = timer;
        }
        if running && !works {
            for edge in edges {
                self.receive_lists(number, edge);
            }
        }
    }

    /// Servers of a station have sent their lists: those of the callee of a test call that can be heard.
    fn receive_lists(&mut self, number: u16, edge: u16) {
        let station = self.plan.edges[usize::from(edge)].station;
        for server in 0..self.stations[usize::from(station)].servers.len() as u32 {
            let machine = &self.stations[usize::from(station)].servers[server as usize];
            if machine.is_up() && !machine.unreachable {
                self.receive_list(number, edge, server);
            }
        }
    }

    /// A server has started and sends the list of its interfaces to every monitor.
    pub(in crate::model) fn send_list(&mut self, station: u16, server: u32) {
        if self.is_unreachable(station, server) {
            return;
        }
        for number in 0..self.monitors.len() as u16 {
            let plan = &self.plan.monitors[usize::from(number)];
            for edge in plan.edges.clone().filter(|_| plan.running).collect::<Vec<u16>>() {
                if self.plan.edges[usize::from(edge)].station == station {
                    self.receive_list(number, edge, server);
                }
            }
        }
    }

    /// A monitor records an interface of a server and tests it.
    fn receive_list(&mut self, number: u16, edge: u16, server: u32) {
        let by_balancer = self.plan.edges[usize::from(edge)].balancer.is_some();
        let slot = if by_balancer { 0 } else { server };
        let interface = self.interface(number, edge, slot);
        let known = std::mem::replace(&mut interface.listed, true);
        if !known {
            self.show_list(number);
        }
        if !(by_balancer && known) {
            self.test(number, edge, slot);
        }
    }

    fn interface(&mut self, number: u16, edge: u16, slot: u32) -> &mut Interface {
        let first = self.plan.monitors[usize::from(number)].edges.start;
        let state = &mut self.monitors[usize::from(number)];
        let interfaces = &mut state.interfaces[usize::from(edge - first)];
        if interfaces.len() <= slot as usize {
            interfaces.resize(slot as usize + 1, Interface::default());
        }
        &mut interfaces[slot as usize]
    }

    fn show_list(&mut self, number: u16) {
        let monitor = self.plan.monitors[usize::from(number)].node;
        let state = &mut self.monitors[usize::from(number)];
        let listed = state.interfaces.iter().flatten().filter(|known| known.listed).count() as u32;
        if std::mem::replace(&mut state.shown, listed) != listed {
            self.tell(Observation::InterfacesListed { monitor, interfaces: listed });
        }
    }

    pub(in crate::model) fn on_monitor_round(&mut self, number: u16) {
        let plan = &self.plan.monitors[usize::from(number)];
        let (edges, every) = (plan.edges.clone(), plan.check_every);
        let timer = self.schedule(self.now + every, Event::MonitorRound { monitor: number });
        self.monitors[usize::from(number)].round = timer;
        for edge in edges {
            self.test_all(number, edge);
        }
    }

    /// Tests an interface on every server that is on the list.
    fn test_all(&mut self, number: u16, edge: u16) {
        let plan = &self.plan.edges[usize::from(edge)];
        let (station, by_balancer) = (plan.station, plan.balancer.is_some());
        let servers = self.stations[usize::from(station)].servers.len() as u32;
        for server in 0..servers {
            let machine = &self.stations[usize::from(station)].servers[server as usize];
            let (removed, heard) =
                (machine.running == Running::Removed, machine.is_up() && !machine.unreachable);
            let interface = self.interface(number, edge, if by_balancer { 0 } else { server });
            match (interface.listed, removed) {
                (true, true) if !by_balancer => {
                    interface.listed = false;
                    self.show_list(number);
                }
                (false, _) if heard => self.receive_list(number, edge, server),
                (true, _) if !by_balancer || server == 0 => self.test(number, edge, server),
                _ => {}
            }
        }
    }

    /// Starts a test call, unless the last one is still under way.
    fn test(&mut self, number: u16, edge: u16, slot: u32) {
        let interface = self.interface(number, edge, slot);
        if std::mem::replace(&mut interface.under_test, true) {
            return;
        }
        let site = self.plan.monitors[usize::from(number)].site;
        let site = site.index(u64::from(edge)).index(u64::from(slot));
        let luck = Luck(self.plan.seed).derive(site, self.now.0);
        let call = Call::new(Origin::Test { server: slot }, EdgeIndex(edge), 0, luck, luck.0);
        let call = self.calls.insert(call);
        self.begin_call(call);
    }

    /// A test call has ended.
    pub(in crate::model) fn on_tested(&mut self, edge: EdgeIndex, server: u32, outcome: Outcome) {
        let owner = self.plan.edges[usize::from(edge.0)].owner;
        let Role::Monitor(number) = self.plan.roles[usize::from(owner.0)] else {
            unreachable!("only monitors make test calls")
        };
        self.interface(number, edge.0, server).under_test = false;
        let passed = outcome.is_success();
        self.tell(Observation::InterfaceTested { edge, server, passed });
        if !passed {
            for alarm in self.plan.monitors[usize::from(number)].alarms.clone() {
                if self.plan.alarms[usize::from(alarm)].signal == Signal::Test(edge) {
                    self.raise(alarm, server);
                }
            }
        }
    }
}
