//! Switches and interventions: their patches apply, and the wiring stays as it is.

use super::{check_edited, check_work, core_of};
use crate::engine::Time;
use crate::problem::{Problem, Problems, join, shown};
use crate::scenario::patch::merge;
use crate::scenario::shape::known;
use crate::scenario::{Call, Endpoint, Node, Scenario, Step, walk};
use indexmap::IndexMap;
use serde_json::Value;
use std::mem::discriminant;

/// The parts of a scenario that a patch may change.
const PATCHABLE: [&str; 2] = ["nodes", "faults"];

/// Why the wiring is what it is.
const FIXED: &str = "the wiring of a run is fixed";

/// Applies every patch alone and then all together, and checks what comes out.
pub(super) fn check(document: &Value, base: &Scenario, problems: &mut Problems) {
    let core = core_of(document);
    let patches = base.toggles.len() + base.interventions.len();
    if let Err(problem) = check_work(&core, patches + 1, "states by switches and interventions") {
        problems.extend([problem.within("toggles")]);
        return;
    }
    let toggles = base.toggles.iter().map(|(key, toggle)| ("toggles", key, &toggle.patch));
    let mut interventions: Vec<_> = base.interventions.iter().collect();
    interventions.sort_by_key(|(_, intervention)| Time::from_seconds(intervention.at_s));
    let interventions =
        interventions.into_iter().map(|(key, change)| ("interventions", key, &change.patch));
    let mut together = core.clone();
    let mut count = 0;
    for (group, key, patch) in toggles.chain(interventions) {
        let path = format!("{group}.{key}.patch");
        if !only_patchable(patch, &path, problems) {
            continue;
        }
        let mut alone = core.clone();
        merge(&mut alone, patch);
        if let Err(found) = check_edited(&alone, base) {
            problems.extend(found.into_iter().map(|problem| problem.within(&path)));
        }
        if problems.is_full() {
            return;
        }
        merge(&mut together, patch);
        count += 1;
    }
    if count > 1
        && problems.is_empty()
        && let Err(found) = check_edited(&together, base)
    {
        problems.extend(found.into_iter().map(|problem| {
            let lead = "with every switch on and after every intervention";
            Problem::new("toggles", format!("{lead}: {problem}"))
        }));
    }
}

fn only_patchable(patch: &Value, path: &str, problems: &mut Problems) -> bool {
    let keys = patch.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    let mut fine = true;
    for key in keys.filter(|key| !PATCHABLE.contains(key)) {
        let known = known(key, PATCHABLE.into_iter(), "a patch may change");
        problems.add(join(path, &shown(key)), format!("cannot be patched{known}"));
        fine = false;
    }
    fine
}

/// Checks that an edited scenario has the nodes, pools, programs, calls and classes of its base.
pub(super) fn same_wiring(base: &Scenario, edited: &Scenario, problems: &mut Problems) {
    let mut comparison = Comparison { problems };
    comparison.names("nodes", &base.nodes, &edited.nodes);
    for (key, before) in &base.nodes {
        if let Some(after) = edited.nodes.get(key) {
            comparison.nodes(&format!("nodes.{key}"), before, after);
        }
    }
}

struct Comparison<'a> {
    problems: &'a mut Problems,
}

impl Comparison<'_> {
    fn nodes(&mut self, path: &str, before: &Node, after: &Node) {
        match (before, after) {
            (Node::Clients(before), Node::Clients(after)) => {
                self.names(&format!("{path}.classes"), &before.classes, &after.classes);
                self.calls(path, &before.calls, &after.calls);
                let same = discriminant(&before.arrivals) == discriminant(&after.arrivals);
                self.demand(same, || format!("{path}.arrivals.kind"));
            }
            (Node::Balancer(before), Node::Balancer(after)) => {
                self.demand(before.to == after.to, || format!("{path}.to"));
            }
            (Node::Service(before), Node::Service(after)) => {
                self.names(&format!("{path}.pools"), &before.pools, &after.pools);
                self.calls(path, &before.calls, &after.calls);
                self.endpoints(path, &before.endpoints, &after.endpoints);
                self.names(&format!("{path}.caches"), &before.caches, &after.caches);
                let consumers = format!("{path}.consumes");
                self.names(&consumers, &before.consumes, &after.consumes);
                for (key, consumer) in &before.consumes {
                    let after = after.consumes.get(key);
                    let same = after.is_none_or(|after| after.queue == consumer.queue);
                    self.demand(same, || format!("{consumers}.{key}.queue"));
                }
            }
            (Node::Database(before), Node::Database(after)) => {
                self.names(&format!("{path}.queries"), &before.queries, &after.queries);
                for (key, query) in &before.queries {
                    let after = after.queries.get(key);
                    let same = after.is_none_or(|after| after.stores == query.stores);
                    self.demand(same, || format!("{path}.queries.{key}.stores"));
                }
                self.names(&format!("{path}.tables"), &before.tables, &after.tables);
            }
            (Node::Queue(_), Node::Queue(_)) => {}
            (Node::Monitor(before), Node::Monitor(after)) => {
                self.calls(path, &before.calls, &after.calls);
                self.names(&format!("{path}.alarms"), &before.alarms, &after.alarms);
                for (key, alarm) in &before.alarms {
                    let Some(now) = after.alarms.get(key) else { continue };
                    self.demand(now.of == alarm.of, || format!("{path}.alarms.{key}.of"));
                    let same = now.metric == alarm.metric;
                    self.demand(same, || format!("{path}.alarms.{key}.metric"));
                }
            }
            _ => self.demand(false, || format!("{path}.kind")),
        }
    }

    fn calls(
        &mut self,
        path: &str,
        before: &IndexMap<String, Call>,
        after: &IndexMap<String, Call>,
    ) {
        let path = format!("{path}.calls");
        self.names(&path, before, after);
        for (key, call) in before {
            let same = after.get(key).is_none_or(|after| after.to == call.to);
            self.demand(same, || format!("{path}.{key}.to"));
        }
    }

    fn endpoints(
        &mut self,
        path: &str,
        before: &IndexMap<String, Endpoint>,
        after: &IndexMap<String, Endpoint>,
    ) {
        let path = format!("{path}.endpoints");
        self.names(&path, before, after);
        for (key, endpoint) in before {
            let Some(after) = after.get(key) else { continue };
            let (old, new) = (walk(&endpoint.steps), walk(&after.steps));
            let kinds = |steps: &[(String, &Step)]| -> Vec<_> {
                steps.iter().map(|(place, step)| (place.clone(), discriminant(*step))).collect()
            };
            let same = kinds(&old) == kinds(&new);
            self.demand(same, || format!("{path}.{key}.steps"));
            for ((place, before), (_, after)) in old.iter().zip(&new).filter(|_| same) {
                let place = format!("{path}.{key}.steps.{place}");
                self.demand(before.row() == after.row(), || format!("{place}.row"));
                let cache = |step: &Step| match step {
                    Step::Cached { cache, .. } => Some(cache.clone()),
                    _ => None,
                };
                self.demand(cache(before) == cache(after), || format!("{place}.cache"));
            }
        }
    }

    /// The same names in the same order.
    fn names<T>(&mut self, path: &str, before: &IndexMap<String, T>, after: &IndexMap<String, T>) {
        for key in before.keys().filter(|key| !after.contains_key(*key)) {
            self.problems.add(join(path, key), format!("cannot be removed: {FIXED}"));
        }
        for key in after.keys().filter(|key| !before.contains_key(*key)) {
            self.problems.add(join(path, key), format!("cannot be added: {FIXED}"));
        }
        // Patches keep the order, so this concerns only what was removed and added again.
        if before.len() == after.len() && !before.keys().eq(after.keys()) {
            self.demand(before.keys().any(|key| !after.contains_key(key)), || path.to_owned());
        }
    }

    fn demand(&mut self, same: bool, path: impl Fn() -> String) {
        if !same {
            self.problems.add(path(), format!("cannot change: {FIXED}"));
        }
    }
}
