//! Links: old ones work for ever, new ones come back as they went, broken ones say so.
#![cfg(not(target_arch = "wasm32"))]

#[path = "checker/good.rs"]
mod good;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use brownout::engine::Time;
use brownout::link::{decode, encode};
use brownout::preset::{self, PRESETS};
use brownout::run::{Action, Change, Run};
use expect_test::expect;
use miniz_oxide::deflate::compress_to_vec_zlib;
use proptest::prelude::*;
use serde_json::{Value, json};

/// A packed link that was made once. It must be readable for ever, whatever writes links then.
const OLD_PACKED: &str = include_str!("links/packed-v1.txt");

fn toggle(nanos: u64, id: &str, on: bool) -> Action {
    Action { at: Time(nanos), change: Change::Toggle { id: id.to_owned(), on } }
}

fn set(nanos: u64, path: &str, value: Value) -> Action {
    Action { at: Time(nanos), change: Change::Set { path: path.to_owned(), value } }
}

fn preset_run(actions: Vec<Action>) -> Run {
    let preset = preset::find("slow-dependency").expect("a preset");
    Run::new(preset.document(), 7, actions).expect("the run is fine")
}

#[track_caller]
fn message(link: &str) -> String {
    let error = decode(link).expect_err("not a good link");
    assert!(!error.ko.is_empty() && error.ko != error.en, "{error:?}");
    error.en
}

#[test]
fn old_readable_links_work() {
    let run = decode(
        "p=slow-dependency&seed=42&on=split-pools,breaker@120&off=breaker@150.000000001\
         &set.nodes.api.pools.web.threads=50&set.nodes.api.calls.social.timeout_ms@30=null",
    );
    let done: Vec<String> =
        run.expect("an old link").actions.iter().map(ToString::to_string).collect();
    let wanted = [
        "split-pools@0",
        "nodes.api.pools.web.threads=50@0",
        "nodes.api.calls.social.timeout_ms=null@30",
        "breaker@120",
        "-breaker@150.000000001",
    ];
    assert_eq!(done, wanted);
}

#[test]
fn old_packed_links_work() {
    let wanted = Run::new(good::document(), 11, vec![toggle(12_500_000_000, "more", true)]);
    assert_eq!(decode(OLD_PACKED).ok(), wanted.ok());
}

#[test]
fn a_preset_with_few_edits_is_readable() {
    let run = preset_run(vec![
        toggle(0, "timeout", true),
        toggle(120_000_000_000, "breaker", true),
        toggle(120_000_000_000, "timeout", false),
        set(
            30_500_000_000,
            "faults.live-1",
            json!({"at_s": 31, "target": "db",
            "effect": {"kind": "crash"}}),
        ),
    ]);
    let link = encode(&run).expect("short enough");
    expect![[r#"p=slow-dependency&seed=7&on=timeout&set.faults.live-1@30.5=%7B%22at_s%22:31%2C%22target%22:%22db%22%2C%22effect%22:%7B%22kind%22:%22crash%22%7D%7D&on=breaker@120&off=timeout@120"#]]
        .assert_eq(&link);
    for form in [format!("#{link}"), format!("https://host/a/b?c#{link}"), format!(" {link}\n")] {
        assert_eq!(decode(&form), Ok(run.clone()), "{form}");
    }
}

#[test]
fn everything_else_is_packed() {
    let threads = |n: u64| set(n, "nodes.api.pools.web.threads", json!(n % 90 + 1));
    let many = preset_run((0..100).map(threads).collect());
    let own = Run::new(good::document(), 11, vec![toggle(12_500_000_000, "more", true)]);
    for run in [many, own.expect("the run is fine")] {
        let link = encode(&run).expect("short enough");
        assert!(link.starts_with("v1."), "{link}");
        assert_eq!(decode(&link), Ok(run));
    }
}

#[test]
fn every_preset_has_a_short_link() {
    for preset in PRESETS {
        let run = Run::of_preset(preset);
        let link = encode(&run).expect("short enough");
        assert!(link.len() < 60, "{link}");
        assert_eq!(decode(&link), Ok(run));
    }
}

#[test]
fn broken_links_say_what_is_wrong() {
    for (link, wanted) in [
        ("", "This link is empty."),
        ("#", "This link is empty."),
        ("hello", "This link says \"hello\", which means nothing here or stands there twice."),
        ("seed=1", "This is no link of Brownout: it names no preset."),
        ("p=slow&p=slow", "This link says \"p\", which means nothing here or stands there twice."),
        (
            "p=slow-dependenzy",
            "What this link describes is not valid: preset: \"slow-dependenzy\" \
          is unknown; did you mean \"slow-dependency\"?",
        ),
        (
            "p=slow-dependency&on=breakr",
            "What this link describes is not valid: actions.0.toggle: \
          \"breakr\" is unknown; did you mean \"breaker\"?",
        ),
        (
            "p=slow-dependency&on=breaker@x",
            "The moment \"x\" in this link is not a number of \
          seconds from 0 to 31536000.",
        ),
        (
            "p=slow-dependency&set.nodes.api.servers=0",
            "What this link describes is not valid: \
          actions.0: at 0 s: nodes.api.servers: 0 is out of range: from 1 to 1000.",
        ),
        (
            "p=slow-dependency&set.nodes.api.servers=%7B",
            "What this link describes is not valid: \
          set.nodes.api.servers: line 1, column 1: EOF while parsing an object.",
        ),
        ("p=%zz", "This link is damaged: it has a broken % sign."),
        ("p=%ff", "This link is damaged: it has a broken % sign."),
        ("v2.abc", "This link has version 2, which this program does not know yet."),
        ("v1.!!!", "This link is damaged or was cut off. Copy the whole link again."),
    ] {
        assert_eq!(message(link), wanted, "{link}");
    }
}

#[test]
fn a_packed_link_cut_anywhere_is_refused() {
    let link = OLD_PACKED.trim();
    for length in 0..link.len() {
        assert!(decode(&link[..length]).is_err(), "cut to {length} characters");
    }
    for position in 3..link.len() {
        let mut changed = link.as_bytes().to_vec();
        changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).expect("still ASCII");
        // The last character holds unused bits; nothing else may change without notice.
        let same = decode(&changed).ok() == decode(link).ok();
        assert!(decode(&changed).is_err() || same, "changed at {position}");
    }
}

#[test]
fn a_run_that_no_link_can_hold_is_not_made_into_one() {
    let mut document = good::document();
    // Text that no compression makes small.
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from_u32(0xAC00 + (state >> 40) as u32 % 11_172).expect("a Korean syllable")
    };
    let paragraph =
        |noise: &mut dyn FnMut() -> char| -> String { (0..2_000).map(|_| noise()).collect() };
    let story: Vec<Value> = (0..20).map(|_| json!({"en": paragraph(&mut noise)})).collect();
    document["story"] = Value::from(story);
    let run = Run::new(document, 1, Vec::new()).expect("the run is fine");
    assert!(encode(&run).expect_err("too large").en.contains("too large for a link"));
}

fn packed(json: &[u8]) -> String {
    format!("v1.{}", URL_SAFE_NO_PAD.encode(compress_to_vec_zlib(json, 6)))
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let ids = prop::sample::select(vec!["breaker", "timeout", "split-pools"]);
    let toggles =
        (0..180_000_000_000_u64, ids, any::<bool>()).prop_map(|(at, id, on)| toggle(at, id, on));
    let settings =
        (0..180_000_000_000_u64, 1..5_000_u32, any::<bool>()).prop_map(|(at, n, pool)| {
            let place = if pool {
                "nodes.api.pools.web.threads"
            } else {
                "nodes.db.queries.profile.cost.mean_ms"
            };
            let value = if pool { json!(n) } else { json!(f64::from(n) / 7.0) };
            set(at, place, value)
        });
    prop::collection::vec(prop_oneof![toggles, settings], 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn runs_come_back_as_they_went(seed in 0..=9_007_199_254_740_991_u64, actions in actions()) {
        let preset = preset::find("slow-dependency").expect("a preset");
        let run = Run::new(preset.document(), seed, actions).expect("the run is fine");
        prop_assert_eq!(decode(&encode(&run).expect("short enough")), Ok(run.clone()));
        let packed = packed(run.to_sparse_json().to_string().as_bytes());
        prop_assert_eq!(decode(&packed), Ok(run));
    }

    #[test]
    fn nonsense_never_panics(text in ".{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let packed_noise = format!("v1.{}", URL_SAFE_NO_PAD.encode(&bytes));
        let packed_text = packed(&bytes);
        let pairs = format!("p=slow-dependency&{text}");
        for link in [&text, &packed_noise, &packed_text, &pairs] {
            if let Err(error) = decode(link) {
                prop_assert!(!error.en.is_empty());
            }
        }
    }
}

/// Objects are equal in any order, but nodes are numbered by it.
#[test]
fn a_preset_in_another_order_is_no_preset() {
    let mut document = preset::find("slow-dependency").expect("a preset").document();
    let nodes = document["nodes"].as_object_mut().expect("nodes");
    let (name, node) =
        nodes.iter().next().map(|(name, node)| (name.clone(), node.clone())).expect("a node");
    nodes.shift_remove(&name);
    nodes.insert(name, node);
    let run = Run::new(document, 7, Vec::new()).expect("the order is the author's");
    assert_eq!(run.preset(), None);
    let back = decode(&encode(&run).expect("short enough")).expect("it leads back");
    assert_eq!(back.to_json().to_string(), run.to_json().to_string());
}
