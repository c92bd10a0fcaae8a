//! Two lanes from the same luck: what a switch changes, and what it must not.

use crate::page::Page;
use crate::user::{digests, flip, play_to, run_to_the_end, verdict, wait_for_moment};
use xtask::Outcome;

/// The verdicts, from the best to the worst.
const VERDICTS: [&str; 5] = ["healthy", "contained", "recovered", "down", "metastable"];

/// Incidents whose verdict is better with their switches. Others are about data or alarms: users get
/// their answers either way.
const CONTAINED: [&str; 6] = [
    "slow-dependency",
    "eight-minus-one",
    "full-disk",
    "retry-storm",
    "shared-database",
    "async-calls",
];

/// A visitor sees an incident that is under way, without doing anything.
pub fn the_page_opens_on_a_running_incident(page: &Page) -> Outcome {
    page.open("")?;
    assert_eq!(page.value("window.brownout.state.preset")?, "slow-dependency");
    let before = page.value("window.brownout.state.now_s")?.as_f64().unwrap_or(f64::NAN);
    wait_for_moment(page, before + 1.0)?;
    page.wait_until("window.brownout.state.lanes.every(lane => lane.finished > 10)")?;
    // The curves, without the axes: painted pixels in every chart that is in sight.
    page.wait_until(
        "[...document.querySelectorAll('.chart-stage')].slice(0, 2).every(stage => {
           const canvas = stage.querySelector('canvas:last-child');
           const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
           let painted = 0;
           for (let at = 3; at < data.length; at += 4) painted += data[at] > 0;
           return painted > 200;
         })",
    )?;
    page.wait_for("document.querySelectorAll('#switches [role=switch]').length", 3)
}

/// The dashed lane is the run as it was, to the last event; the solid one differs; in both the same
/// users come at the same moments.
pub fn a_switch_changes_the_solid_lane_only(page: &Page) -> Outcome {
    page.open("")?;
    run_to_the_end(page)?;
    let [as_it_was, untouched] = digests(page)?;
    assert_eq!(as_it_was, untouched, "nothing was switched");
    page.open("?again")?;
    play_to(page, 50.0)?;
    flip(page, "timeout")?;
    let at = page.value("window.brownout.state.actions[0].at_s")?.as_f64().unwrap_or(f64::NAN);
    assert!((50.0..80.0).contains(&at), "flipped at {at} s");
    run_to_the_end(page)?;
    let [dashed, solid] = digests(page)?;
    assert_eq!(dashed, as_it_was);
    assert_ne!(solid, as_it_was);
    let differ = |measure: &str| {
        page.value(&format!(
            "(({{ describe, lanes: [before, after] }}) => {{
               const column = describe.series.findIndex(({{ key }}) => key === 'users/{measure}');
               let count = 0;
               for (let window = 0; window < describe.windows; window += 1)
                 count += before.value(column, window) !== after.value(column, window);
               return column < 0 ? 'no such series' : count;
             }})(window.brownout.state)"
        ))
    };
    assert_eq!(differ("offered")?, 0, "the same users at the same moments");
    assert!(differ("ok")?.as_u64() > Some(20), "the switch changes what becomes of them");
    // Drawn a few times a second.
    page.wait_until(
        "((before, after) => before.textContent !== after.textContent)(
           ...document.querySelectorAll('.figures'))",
    )
}

/// Each story runs to its end, and is told; where users suffer, all switches together help them.
pub fn every_preset_fails_as_it_was_and_not_with_its_switches(page: &Page) -> Outcome {
    let rank = |word: &str| VERDICTS.iter().position(|known| *known == word);
    page.open("")?;
    let offered =
        page.value("[...document.querySelectorAll('#preset option')].map(o => o.value)")?;
    let offered = offered.as_array().ok_or("the list of presets")?.clone();
    for preset in offered.iter().filter_map(|preset| preset.as_str()) {
        page.open(&format!("?{preset}#p={preset}"))?;
        let keys = page.value("window.brownout.state.describe.toggles.map(({ key }) => key)")?;
        let keys = keys.as_array().ok_or("the list of switches")?.clone();
        let keys: Vec<&str> = keys.iter().filter_map(|key| key.as_str()).collect();
        page.open(&format!("?{preset}-on#p={preset}&on={}", keys.join(",")))?;
        run_to_the_end(page)?;
        let [before, after] = [verdict(page, 0)?, verdict(page, 1)?];
        println!("  {preset}: {before} as it was, {after} with all switches");
        assert!(rank(&after) <= rank(&before), "{preset}: {before}, with all switches {after}");
        if CONTAINED.contains(&preset) {
            assert!(rank(&before) >= rank("recovered"), "{preset} as it was: {before}");
            assert!(rank(&after) < rank("down"), "{preset} with all switches: {after}");
            assert!(rank(&after) < rank(&before), "{preset}: {before}, with all switches {after}");
        }
        // Drawn a few times a second.
        page.wait_until("document.querySelector('[data-lane=\"1\"] .verdict-word').textContent")?;
        page.wait_until("document.querySelector('.story-text .tour')")?;
        page.expect_no_complaints()?;
    }
    let known: Vec<&str> = offered.iter().filter_map(|preset| preset.as_str()).collect();
    assert!(CONTAINED.iter().all(|preset| known.contains(preset)), "{known:?}");
    Ok(())
}

/// After the end, all switches together mean: once more, with all of them from the start.
pub fn switches_after_the_end_start_the_run_again(page: &Page) -> Outcome {
    page.open("")?;
    run_to_the_end(page)?;
    page.click(".switch-bulk button:first-child")?;
    page.wait_until("window.brownout.state.actions.length === 3")?;
    let early = "window.brownout.state.actions.every(({ at_s, on }) => on && at_s < 0.01)";
    assert_eq!(page.value(early)?, true);
    page.wait_until("window.brownout.state.ended")?;
    page.wait_for("window.brownout.state.reports[1]?.verdict.state", "contained")
}
