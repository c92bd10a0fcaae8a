//! Changing a run by hand: the inspector, the palette of faults, looking back.

use crate::page::Page;
use crate::user::{choose, choose_preset, enter, flip, pause, play_to, run_to_the_end, slow_down};
use xtask::Outcome;

/// Marks the field of the inspector that has this label.
fn mark_field(page: &Page, label: &str) -> Outcome {
    let labels = format!(
        "[...document.querySelectorAll('#inspector label')].find(one => one.textContent === '{label}')"
    );
    page.wait_until(&labels)?;
    page.script(&format!(
        "document.querySelector('[data-tested]')?.removeAttribute('data-tested');
         document.getElementById({labels}.htmlFor).dataset.tested = '';"
    ))
    .map(drop)
}

/// An edit holds at once, in the solid lane only; what is out of bounds is explained and not done.
pub fn a_number_is_edited_live(page: &Page) -> Outcome {
    page.open("")?;
    slow_down(page)?;
    choose(page, "#subject", "node:api")?;
    mark_field(page, "servers")?;
    enter(page, "[data-tested]", "0")?;
    page.wait_until("document.querySelector('[data-tested]').ariaInvalid === 'true'")?;
    let problem = "document.querySelector('[data-tested]').closest('.field')
        .querySelector('.problem').textContent";
    let told = page.value(problem)?;
    assert!(told.as_str().is_some_and(|told| told.contains('1')), "names the bound: {told}");
    assert_eq!(page.value("window.brownout.state.actions.length")?, 0);
    mark_field(page, "cores")?;
    enter(page, "[data-tested]", "16")?;
    page.wait_for("window.brownout.state.actions.length", 1)?;
    page.wait_for("window.brownout.state.effective.nodes.api.cores", 16)?;
    page.wait_until(
        "window.brownout.state.lanes.map(({ newest }) => JSON.parse(newest).stations.api.cores)
         .join() === '8,32'",
    )?;
    let link = page.value("window.brownout.link()")?;
    assert!(link.as_str().is_some_and(|link| link.contains("set.nodes.api.cores")), "{link}");
    Ok(())
}

/// The form follows what a switch changes while it is on the page.
pub fn the_inspector_follows_switches(page: &Page) -> Outcome {
    // The page opens well before.
    page.open("#p=slow-dependency&on=timeout@90")?;
    slow_down(page)?;
    choose(page, "#subject", "edge:api.social")?;
    let shown = "[...document.querySelectorAll('#inspector label')].find(
        one => one.textContent === 'timeout_ms')?.closest('.field').querySelector('input').value";
    page.wait_until(&format!("({shown}) === ''"))?;
    play_to(page, 91.0)?;
    page.wait_until(&format!("({shown}) === '500'"))?;
    flip(page, "timeout")?;
    page.wait_until(&format!("({shown}) === ''"))
}

/// The form of a switch shows what it will set, and changes it while the switch is on.
pub fn a_switch_shows_what_it_sets(page: &Page) -> Outcome {
    page.open("#p=dawn-scale-in")?;
    slow_down(page)?;
    choose(page, "#subject", "toggle:floor")?;
    mark_field(page, "min_replicas")?;
    page.wait_until("document.querySelector('[data-tested]').disabled")?;
    page.wait_for("document.querySelector('[data-tested]').value", "5")?;
    flip(page, "floor")?;
    page.wait_until("!document.querySelector('#inspector .form input').disabled")?;
    mark_field(page, "min_replicas")?;
    enter(page, "[data-tested]", "6")?;
    let dawn = "window.brownout.state.effective.nodes.shop.autoscaler.schedule.dawn";
    page.wait_for(&format!("{dawn}.min_replicas"), 6)
}

/// A part that its defaults are not enough for is filled in first, and then takes effect.
pub fn a_part_that_needs_a_name_can_be_added(page: &Page) -> Outcome {
    page.open("#p=local-spool")?;
    slow_down(page)?;
    choose(page, "#subject", "node:api")?;
    mark_field(page, "identity")?;
    page.click("[data-tested]")?;
    mark_field(page, "set")?;
    assert_eq!(page.value("window.brownout.state.actions.length")?, 0);
    enter(page, "[data-tested]", "players")?;
    page.wait_for("window.brownout.state.effective.nodes.api.identity?.users.set", "players")
}

/// Each component that a story is about has a chart of its own.
pub fn what_a_story_is_about_is_charted(page: &Page) -> Outcome {
    page.open("")?;
    for (preset, charts) in [
        ("reddit-governor", "servers"),
        ("local-spool", "data piles"),
        ("promotion", "data lag"),
        ("login-provider-down", "logins"),
        ("alarm-fatigue", "alarms"),
        ("cache-without-expiry", "bytes shares"),
        ("dead-documents", "rows"),
    ] {
        choose_preset(page, preset)?;
        for chart in charts.split(' ') {
            page.wait_until(&format!(
                "document.querySelector('[data-chart={chart}] .legend li') !== null"
            ))?;
        }
    }
    Ok(())
}

/// What is broken by hand is broken in both lanes, and both say so.
pub fn a_fault_hits_both_lanes(page: &Page) -> Outcome {
    page.open("")?;
    slow_down(page)?;
    choose(page, "#faults select:nth-of-type(1)", "db")?;
    page.script(
        "const kinds = document.querySelectorAll('#faults .fault-form select')[1];
         kinds.value = 'crash';
         kinds.dispatchEvent(new Event('change', { bubbles: true }));",
    )?;
    page.click("#faults button[type=submit]")?;
    page.wait_for("window.brownout.state.actions.length", 1)?;
    page.wait_until(
        "window.brownout.state.lanes.every(({ timeline }) => timeline.some(
           ({ kind, subject }) => kind === 'fault_started' && subject === 'live-1'))",
    )?;
    page.wait_until(
        "window.brownout.state.lanes.every(
           ({ newest }) => JSON.parse(newest).stations.db.up === 0)",
    )?;
    page.wait_until("document.querySelector('.fault-list').textContent.includes('⚡')")?;
    page.click(".fault-list button")?;
    page.wait_until("window.brownout.state.actions.length === 2")?;
    // It takes half a minute to boot.
    choose(page, "#speed", "20")?;
    page.wait_until(
        "window.brownout.state.lanes.every(
        ({ newest }) => JSON.parse(newest).stations.db.up === 1)",
    )
}

/// Looking back shows what was; from there the run can go on differently.
pub fn the_past_can_be_looked_at_and_changed(page: &Page) -> Outcome {
    page.open("")?;
    run_to_the_end(page)?;
    enter(page, "#scrub", "60")?;
    page.wait_for("window.brownout.state.view_s", 60)?;
    page.wait_until("!document.querySelector('#past').hidden")?;
    page.click("#switch-split-pools")?;
    page.wait_until("window.brownout.state.actions.length === 1")?;
    let at = page.value("window.brownout.state.actions[0].at_s")?.as_f64().unwrap_or(f64::NAN);
    assert!((59.9..75.0).contains(&at), "switched at {at} s");
    page.wait_until("window.brownout.state.view_s === null")
}

/// A whole session of clicking needs nothing from anywhere.
pub fn a_session_asks_for_nothing(page: &Page) -> Outcome {
    page.open("")?;
    page.wait_until("document.readyState === 'complete' && window.brownout.state.now_s > 0")?;
    slow_down(page)?;
    page.settle()?;
    let loaded = page.requests();
    assert!(loaded.len() > 20, "{loaded:?}");
    flip(page, "breaker")?;
    page.click("#switches li:nth-child(2) .switch-inspect")?;
    page.click("#faults button[type=submit]")?;
    page.wait_until("window.brownout.state.actions.length === 2")?;
    choose(page, "#subject", "node:api")?;
    mark_field(page, "cores")?;
    enter(page, "[data-tested]", "8")?;
    page.wait_until("window.brownout.state.actions.length === 3")?;
    page.click("#cascade-title")?;
    page.click(".chart:first-child summary")?;
    page.click("#share")?;
    page.click("#share-dialog button")?;
    page.wait_until("!document.querySelector('#share-dialog').open")?;
    page.click("#help")?;
    page.click("#help-dialog button")?;
    page.wait_until("!document.querySelector('#help-dialog').open")?;
    choose(page, "#theme", "dark")?;
    choose(page, "#language", "ko")?;
    enter(page, "#seed", "99")?;
    page.wait_for("window.brownout.state.describe.seed", 99)?;
    pause(page)?;
    page.click("#step")?;
    page.click("#restart")?;
    choose_preset(page, "full-disk")?;
    run_to_the_end(page)?;
    assert_eq!(page.requests(), loaded);
    Ok(())
}
