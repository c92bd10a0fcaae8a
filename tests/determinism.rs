//! The same scenario, seed and switch times give the same bits, however the run is cut.
//!
//! The golden digests are checked natively here and in the browser by `wasm_determinism.rs`. They change
//! only in a commit that says why.
#![cfg(not(target_arch = "wasm32"))]

mod golden;

mod native {
    use crate::golden::{Golden, digests, preset_run};
    use brownout::engine::Time;
    use brownout::preset::PRESETS;
    use brownout::run::{Change, Run};
    use brownout::simulation::Simulation;
    use serde_json::json;

    fn finished(mut simulation: Simulation) -> Simulation {
        simulation.run_to_end();
        simulation
    }

    /// Everything that a run shows: digests of all windows, and the report.
    fn shown(simulation: &Simulation) -> (Vec<u64>, String) {
        let report = serde_json::to_string(&simulation.report()).expect("reports are JSON");
        (simulation.window_digests().to_vec(), report)
    }

    /// What is missing for a preset: as it was, and with all switches two fifths into the run.
    fn missing(known: &[Golden]) -> Vec<Golden> {
        let unknown = |id: &str| known.iter().all(|golden| golden.preset != id);
        let golden = |id: &str, switches: Vec<(String, f64)>| {
            let simulation = finished(Simulation::new(preset_run(id, &switches)));
            Golden { preset: id.to_owned(), switches, digest: simulation.digest().to_string() }
        };
        let both = |id: &'static str| {
            let scenario = preset_run(id, &[]).scenario;
            let at = (scenario.duration_s * 0.4).floor();
            let all = scenario.toggles.keys().map(|key| (key.clone(), at)).collect();
            [golden(id, Vec::new()), golden(id, all)]
        };
        PRESETS.iter().filter(|preset| unknown(preset.id)).flat_map(|p| both(p.id)).collect()
    }

    fn line(golden: &Golden) -> String {
        let Golden { preset, switches, digest } = golden;
        let switch = |(id, at): &(String, f64)| format!("{id}@{at}");
        let switches = switches.iter().map(switch).collect::<Vec<_>>().join(",");
        format!("{preset} {} {digest}\n", if switches.is_empty() { "-" } else { &switches })
    }

    #[test]
    fn every_preset_has_golden_digests() {
        let missing = missing(&digests());
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/digests.txt");
        if std::env::var_os("UPDATE").is_some() && !missing.is_empty() {
            let known = std::fs::read_to_string(path).expect("the file is there");
            let added: String = missing.iter().map(line).collect();
            std::fs::write(path, known + &added).expect("the file can be written");
            return;
        }
        let names: Vec<&str> = missing.iter().map(|golden| golden.preset.as_str()).collect();
        assert!(missing.is_empty(), "{names:?}: UPDATE=1 cargo test --test determinism golden");
    }

    #[test]
    fn presets_keep_their_golden_digests() {
        for golden in digests() {
            let simulation = finished(Simulation::new(golden.run()));
            let (id, arguments) = (&golden.preset, golden.arguments());
            let digest = simulation.digest().to_string();
            assert_eq!(digest, golden.digest, "brownout run {id} {arguments}");
        }
    }

    #[test]
    fn a_run_cut_into_a_thousand_pieces_is_the_same_run() {
        for golden in digests() {
            let run = golden.run();
            let whole = finished(Simulation::new(run.clone()));
            let mut pieces = Simulation::new(run);
            let end = pieces.world().plan().end.0;
            for piece in 1..=1_000 {
                // Uneven pieces, some of them ending between two events of one instant.
                let at = Time(end / 1_000 * piece + piece * 7_919 % 1_000);
                pieces.advance(at.min(Time(end)), u64::MAX);
                pieces.advance(at.min(Time(end)), 3);
            }
            pieces.run_to_end();
            assert_eq!(shown(&pieces), shown(&whole), "{}", golden.preset);
        }
    }

    #[test]
    fn what_is_done_at_the_end_comes_too_late_in_the_run_and_in_its_replay() {
        let mut live = finished(Simulation::new(preset_run("retry-storm", &[])));
        let before = live.digest();
        let stop = Change::Set { path: "nodes.db.running".to_owned(), value: json!(false) };
        live.act(stop).expect("a value of the scenario");
        let live = finished(live);
        let replay = finished(Simulation::new(live.run().clone()));
        assert_eq!(live.digest(), before);
        assert_eq!(shown(&live), shown(&replay));
    }

    #[test]
    fn a_checkpoint_goes_on_as_the_original_does() {
        for golden in digests() {
            let run = golden.run();
            let whole = finished(Simulation::new(run.clone()));
            let mut original = Simulation::new(run);
            let middle = Time(original.world().plan().end.0 / 2);
            original.advance(middle, u64::MAX);
            let checkpoint = original.clone();
            assert_eq!(shown(&finished(original)), shown(&whole), "{}", golden.preset);
            assert_eq!(shown(&finished(checkpoint)), shown(&whole), "{}", golden.preset);
        }
    }

    #[test]
    fn a_switch_flipped_by_hand_replays_from_its_link() {
        let mut live = Simulation::new(preset_run("slow-dependency", &[]));
        for (at, toggle, on) in
            [(50.25, "breaker", true), (50.25, "timeout", true), (70.0, "breaker", false)]
        {
            live.advance(Time::from_seconds(at), u64::MAX);
            live.act(Change::Toggle { id: toggle.to_owned(), on }).expect("a switch of the preset");
            // The page lets the lane take note before anything else is done at that moment.
            live.advance(Time::from_seconds(at), u64::MAX);
        }
        let live = finished(live);
        let link = brownout::link::encode(live.run()).expect("a short run");
        assert!(link.contains("on=breaker@50.25"), "{link}");
        let replay = finished(Simulation::new(brownout::link::decode(&link).expect("own link")));
        assert_eq!(shown(&replay), shown(&live));
    }

    /// One request a second, the last ones at the very end, and an intervention at 8 s.
    fn clockwork() -> Run {
        let document = json!({
            "v": 1, "name": {"en": "clockwork"}, "duration_s": 10.0,
            "nodes": {
                "users": {
                    "kind": "clients",
                    "arrivals": {"kind": "open", "rate_rps": 1.0, "process": "constant"},
                    "calls": {"main": {"to": "q"}},
                },
                "q": {
                    "kind": "service", "pools": {"web": {"threads": 1}},
                    "endpoints": {"work": {"steps": [
                        {"do": "wait", "time": {"dist": "constant", "ms": 10.0}},
                    ]}},
                },
            },
            "toggles": {"patient": {
                "name": {"en": "patient"}, "help": {"en": "waits"},
                "patch": {"nodes": {"users": {"calls": {"main": {"timeout_ms": 5_000.0}}}}},
            }},
            "interventions": {"more": {
                "name": {"en": "more"}, "at_s": 8.0,
                "patch": {"nodes": {"users": {"arrivals": {"rate_rps": 2.0}}}},
            }},
        });
        Run::new(document, 1, Vec::new()).expect("a valid scenario")
    }

    #[test]
    fn what_is_done_at_the_start_or_before_an_intervention_replays() {
        let patient = |on| Change::Toggle { id: "patient".to_owned(), on };
        let mut live = Simulation::new(clockwork());
        live.advance(Time::ZERO, u64::MAX);
        live.act(patient(true)).expect("a switch of the scenario");
        live.advance(Time::from_seconds(4.0), u64::MAX);
        live.act(patient(false)).expect("a switch of the scenario");
        let live = finished(live);
        let replay = finished(Simulation::new(live.run().clone()));
        assert_eq!(shown(&replay), shown(&live));
        assert_eq!(live.run().actions.len(), 2);
    }

    #[test]
    fn a_run_is_done_when_its_last_instant_is_over() {
        let whole = finished(Simulation::new(clockwork()));
        let mut pieces = Simulation::new(clockwork());
        while !pieces.is_done() {
            pieces.advance(Time::NEVER, 1);
        }
        assert_eq!(shown(&pieces), shown(&whole));
    }

    #[test]
    fn a_run_out_of_budget_stops_early_and_says_so() {
        let mut run = preset_run("slow-dependency", &[]);
        run.document["max_events"] = 10_000.into();
        let run = brownout::run::Run::new(run.document, 7, Vec::new()).expect("a valid budget");
        let simulation = finished(Simulation::new(run));
        let report = simulation.report();
        assert_eq!(report.events, 10_000);
        assert!(report.stopped_early.expect("it stopped").contains("budget of 10000 events"));
    }

    #[test]
    fn no_invariant_is_broken_by_any_preset() {
        for golden in digests() {
            let simulation = finished(Simulation::new(golden.run()));
            let broken = simulation.metrics().check_invariants();
            assert!(broken.is_empty(), "{}: {broken:?}", golden.preset);
        }
    }
}
