//! Parameters of a call's policies that only make sense together.

use crate::pattern::concurrency_limit::Params;
use crate::problem::Problems;
use crate::scenario::{Call, Node, Scenario};

/// Checks the policies of every call.
pub(super) fn check(scenario: &Scenario, problems: &mut Problems) {
    for (node_key, node) in &scenario.nodes {
        let calls = match node {
            Node::Clients(clients) => &clients.calls,
            Node::Service(service) => &service.calls,
            Node::Monitor(monitor) => &monitor.calls,
            Node::Balancer(_) | Node::Database(_) | Node::Queue(_) => continue,
        };
        for (key, call) in calls {
            check_limit(call, &format!("nodes.{node_key}.calls.{key}"), problems);
        }
    }
}

/// The bounds of an adaptive limit are in order.
fn check_limit(call: &Call, path: &str, problems: &mut Problems) {
    let path = format!("{path}.concurrency_limit");
    let mut ordered = |field: &str, low: f64, bound: &str, high: f64| {
        if low > high {
            problems.add(format!("{path}.{field}"), format!("{low} is above {bound}, {high}"));
        }
    };
    let window = match &call.concurrency_limit {
        None => return,
        Some(Params::Vegas(params)) => {
            let most = f64::from(params.max_concurrency);
            ordered("initial_limit", f64::from(params.initial_limit), "max_concurrency", most);
            &params.window
        }
        Some(Params::Gradient2(params)) => {
            let most = f64::from(params.max_concurrency);
            ordered("initial_limit", f64::from(params.initial_limit), "max_concurrency", most);
            ordered("min_limit", f64::from(params.min_limit), "max_concurrency", most);
            &params.window
        }
        Some(Params::Aimd(params)) => {
            let most = f64::from(params.max_limit);
            ordered("initial_limit", f64::from(params.initial_limit), "max_limit", most);
            ordered("min_limit", f64::from(params.min_limit), "max_limit", most);
            &params.window
        }
    };
    let (shortest, longest) = (window.min_window_time_ms, window.max_window_time_ms);
    ordered("window.min_window_time_ms", shortest, "max_window_time_ms", longest);
}
