//! What changes the plan of a run on the way, and the names under which the report tells of it.

use crate::engine::Time;
use crate::model::{Observer, World};
use crate::observation::Observation;
use crate::plan::Plan;
use crate::report::Label;
use crate::run::{Change, Run, SwitchState};
use crate::scenario::{Node, Scenario, Text};

/// A change of the plan on the way.
#[derive(Clone, Debug)]
pub enum Planned {
    /// An intervention of the scenario, by key.
    Intervention(String),
    /// Somebody's action.
    Action(Change),
}

/// Everything that changes the plan of a run, in the order of time; at one moment the scenario's own
/// interventions come first.
pub fn planned(run: &Run) -> Vec<(Time, Planned)> {
    let own = run.scenario.interventions.iter().map(|(key, intervention)| {
        (Time::from_seconds(intervention.at_s), Planned::Intervention(key.clone()))
    });
    let actions =
        run.actions.iter().map(|action| (action.at, Planned::Action(action.change.clone())));
    let mut planned: Vec<(Time, Planned)> = own.chain(actions).collect();
    planned.sort_by_key(|(at, _)| *at);
    planned
}

/// A change comes into force.
pub fn enter(state: &mut SwitchState, change: &Planned) {
    match change {
        Planned::Intervention(key) => state.intervene(key),
        Planned::Action(change) => state.apply(change),
    }
}

/// Those who watch are told of a change.
pub fn tell<O: Observer>(world: &mut World<O>, change: &Planned) {
    let observation = match change {
        Planned::Intervention(key) => Observation::Intervened { label: world.label(key) },
        Planned::Action(Change::Toggle { id, on }) => {
            Observation::Switched { toggle: world.label(id), on: *on }
        }
        Planned::Action(Change::Set { path, .. }) => {
            Observation::Intervened { label: world.label(path) }
        }
    };
    world.tell(observation);
}

/// The names of a fault, a switch or an intervention.
pub fn label(key: &str, scenario: &Scenario, plan: &Plan) -> Label {
    let toggle = scenario.toggles.get(key).map(|toggle| &toggle.name);
    let intervention = scenario.interventions.get(key).map(|intervention| &intervention.name);
    let fault = plan.faults.iter().find(|fault| fault.key == key);
    let fault = fault.and_then(|fault| fault.name.as_ref());
    let text = toggle.or(intervention).or(fault).or_else(|| alarm_name(key, scenario));
    Label {
        key: key.to_owned(),
        en: text.map_or_else(|| key.to_owned(), |text| text.en.clone()),
        ko: text.and_then(|text| text.ko.clone()),
    }
}

/// The name of an alarm, by `monitor.alarm`.
fn alarm_name<'s>(key: &str, scenario: &'s Scenario) -> Option<&'s Text> {
    let (monitor, alarm) = key.split_once('.')?;
    match scenario.nodes.get(monitor)? {
        Node::Monitor(monitor) => monitor.alarms.get(alarm)?.name.as_ref(),
        _ => None,
    }
}
