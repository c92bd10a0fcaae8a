//! Runs: what is in force when, and which actions are refused.

use super::good::document;
use brownout::engine::Time;
use brownout::report::expect::{Clause, METRICS, Number};
use brownout::run::{Action, Change, Run};
use brownout::scenario::{Node, Scenario};
use brownout::simulation::Simulation;
use serde_json::{Value, json};

fn toggle(at_s: f64, id: &str, on: bool) -> Action {
    Action { at: Time::from_seconds(at_s), change: Change::Toggle { id: id.to_owned(), on } }
}

fn set(at_s: f64, path: &str, value: Value) -> Action {
    Action { at: Time::from_seconds(at_s), change: Change::Set { path: path.to_owned(), value } }
}

fn run(actions: Vec<Action>) -> Run {
    Run::new(document(), 7, actions).expect("the actions are fine")
}

#[track_caller]
fn refused(action: Action, wanted: &str) {
    let problems = Run::new(document(), 7, vec![action.clone()]).expect_err("refused");
    assert_eq!(problems[0].to_string(), wanted);
    let mut going_on = run(Vec::new());
    assert_eq!(going_on.act(action), Err(problems));
    assert_eq!(going_on, run(Vec::new()), "a refused action changes nothing");
}

fn api(scenario: &Scenario) -> (u32, u32) {
    let Node::Service(service) = &scenario.nodes["api"] else { panic!("api is a service") };
    (service.servers, service.pools["web"].threads)
}

#[test]
fn edits_are_folded_in_order() {
    let threads = "nodes.api.pools.web.threads";
    let run = run(vec![
        set(50.0, threads, json!(20)),
        toggle(10.0, "more", true),
        toggle(40.0, "more", false),
    ]);
    let seconds: Vec<f64> = run.change_times().into_iter().map(Time::seconds).collect();
    assert_eq!(seconds, [10.0, 30.0, 40.0, 50.0]);
    let at = |seconds: f64| {
        let state = run.state_at(Time::from_seconds(seconds));
        api(&run.scenario_at(&state).expect("every state was checked"))
    };
    assert_eq!([0.0, 10.0, 30.0, 40.0, 50.0].map(at), [(2, 4), (2, 8), (3, 8), (3, 4), (3, 20)]);
}

#[test]
fn the_order_of_one_moment_is_kept() {
    let run = run(vec![
        toggle(5.0, "more", true),
        toggle(5.0, "more", false),
        set(5.0, "nodes.api.servers", json!(4)),
        set(5.0, "nodes.api.servers", json!(5)),
    ]);
    let state = run.state_at(Time::from_seconds(5.0));
    assert!(state.on.is_empty());
    assert_eq!(state.settings, [("nodes.api.servers".to_owned(), json!(5))]);
}

#[test]
fn settings_of_the_run_itself_hold_from_the_start() {
    let run =
        run(vec![set(0.0, "duration_s", json!(45)), set(44.0, "nodes.api.servers", json!(1))]);
    assert_eq!(run.scenario.duration_s, 45.0);
    assert_eq!(run.document, document());
}

#[test]
fn an_action_can_be_added_while_the_run_goes_on() {
    let mut going_on = run(vec![toggle(10.0, "more", true)]);
    assert_eq!(
        going_on.act(set(
            20.0,
            "faults.live-1",
            json!({"at_s": 20, "target": "db",
        "effect": {"kind": "crash"}})
        )),
        Ok(())
    );
    assert_eq!(going_on.act(toggle(10.0, "calm", true)), Ok(()));
    let order: Vec<String> = going_on.actions.iter().map(Action::to_string).collect();
    assert_eq!(order[..2], ["more@10", "calm@10"]);
    assert_eq!(Run::new(document(), 7, going_on.actions.clone()), Ok(going_on));
}

#[test]
fn actions_that_do_not_fit_are_refused() {
    refused(
        toggle(1.0, "mor", true),
        "actions.0.toggle: \"mor\" is unknown; did you mean \"more\"?",
    );
    refused(
        toggle(61.0, "more", true),
        "actions.0.at_s: 61 s is behind the end of the run at 60 s",
    );
    refused(
        set(1.0, "duration_s", json!(9)),
        "actions.0.path: \"duration_s\" can be set at 0 s only",
    );
    refused(
        set(1.0, "toggles.more", Value::Null),
        "actions.0.path: \"toggles.more\" cannot be set: settings are in \"nodes\", \"faults\", \
         \"duration_s\", \"warmup_s\", \"windows\", \"max_events\"",
    );
    refused(
        set(1.5, "nodes.api.servers", json!(1_001)),
        "actions.0: at 1.5 s: nodes.api.servers: 1001 is out of range: from 1 to 1000",
    );
    refused(
        set(1.0, "nodes.api.pools.web", Value::Null),
        "actions.0: at 1 s: nodes.api.endpoints.page.pool: \"web\" is unknown: there are \"spare\"",
    );
}

#[test]
fn a_run_survives_json() {
    let odd = Time(31_535_999_999_999_999);
    let mut long = document();
    long["duration_s"] = json!(31_536_000);
    long["nodes"]["users"]["arrivals"]["rate_rps"] = json!(0.1);
    let actions = vec![toggle(12.5, "more", true), Action { at: odd, ..toggle(0.0, "calm", true) }];
    let run = Run::new(long, 7, actions).expect("the run is fine");
    for json in [run.to_json(), run.to_sparse_json()] {
        assert_eq!(Run::from_json(&json.to_string()), Ok(run.clone()));
    }
    let problems = Run::from_json(r#"{"preset": "x", "seeds": 1, "actions": [{"at_s": -1}, 3]}"#);
    let problems = problems.expect_err("four things are wrong");
    let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        all,
        [
            "seeds: unknown field; did you mean \"seed\"?",
            "preset: \"x\" is unknown",
            "actions.0.at_s: -1 is not a number of seconds from 0 to 31536000",
            "actions.1: 3 is not an object",
        ]
    );
}

#[test]
fn a_value_in_another_order_is_another_value() {
    let pools = "nodes.api.pools";
    let same = json!({"web": {"threads": 4, "queue_limit": 10}, "spare": {}});
    let other = json!({"spare": {}, "web": {"threads": 4, "queue_limit": 10}});
    assert_eq!(same, other, "objects are equal in any order, but pools are numbered by it");
    let problems = Run::new(document(), 7, vec![set(1.0, pools, same), set(2.0, pools, other)]);
    let problems = problems.expect_err("the wiring is fixed");
    let wanted = "actions.1: at 2 s: nodes.api.pools: cannot change: the wiring of a run is fixed";
    assert_eq!(problems[0].to_string(), wanted);
}

#[test]
fn every_figure_can_be_asked_of_everything_that_the_clauses_take() {
    let mut simulation = Simulation::new(run(Vec::new()));
    simulation.run_to_end();
    let (metrics, report) = (simulation.metrics(), simulation.report());
    let mut asked = 0;
    for metric in METRICS {
        for subject in ["", "users", "users.new", "lb", "api", "api.web", "api.db", "db", "api#1"] {
            for spell in ["", "2s..6s"] {
                let number = match metric.number {
                    Number::Nothing => "",
                    Number::Percentile => "50",
                    Number::Bound(_) => "1",
                };
                let given = [number, subject, spell].into_iter().filter(|part| !part.is_empty());
                let text = given.collect::<Vec<&str>>().join(", ");
                let text = match text.is_empty() {
                    true => format!("{} >= 0", metric.name),
                    false => format!("{}({text}) >= 0", metric.name),
                };
                if let Ok(clause) = Clause::parse(&text, metrics.wiring()) {
                    asked += 1;
                    clause.judge(metrics, &report);
                }
            }
        }
    }
    assert!(asked > 300, "{asked}");
}
