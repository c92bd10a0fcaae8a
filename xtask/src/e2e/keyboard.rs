//! Everything works without a mouse.

use crate::page::{Page, key};
use crate::user::{digests, play_to, run_to_the_end, slow_down};
use xtask::Outcome;

/// How often the tabulator key is pressed between two looks.
const MANY_TABS: usize = 60;
/// More than there are controls on the page.
const MOST_TABS: usize = 900;

/// Space plays and pauses wherever it means nothing else.
pub fn space_plays_and_pauses(page: &Page) -> Outcome {
    page.open("")?;
    slow_down(page)?;
    page.press([' '])?;
    page.wait_until("!window.brownout.state.playing")?;
    page.press([' '])?;
    page.wait_until("window.brownout.state.playing")?;
    page.press(['r'])?;
    page.wait_until("window.brownout.state.now_s < 10")?;
    page.press([' ', '+', '+'])?;
    page.wait_until("!window.brownout.state.playing")?;
    page.wait_for("window.brownout.state.speed", 0.5)?;
    // What was under way when it was paused has arrived.
    digests(page)?;
    let before = page.value("window.brownout.state.now_s")?;
    page.press([key::RIGHT])?;
    page.wait_until(&format!("window.brownout.state.now_s > {before}"))
}

/// The tabulator key comes to every control that can be seen.
pub fn tab_reaches_every_control(page: &Page) -> Outcome {
    page.open("")?;
    // At the end nothing new appears any more.
    run_to_the_end(page)?;
    page.settle()?;
    page.script(
        "window.reached = new Set();
         document.addEventListener('focusin', ({ target }) => window.reached.add(target));",
    )?;
    let reached = "window.reached.size";
    let mut before = page.value(reached)?;
    for _ in 0..MOST_TABS / MANY_TABS {
        page.press([key::TAB; MANY_TABS])?;
        let now = page.value(reached)?;
        if now == before {
            break;
        }
        before = now;
    }
    let shift_tab = [key::SHIFT, key::TAB];
    page.script("window.before = document.activeElement")?;
    page.press([key::TAB])?;
    page.wait_until("window.before !== document.activeElement")?;
    page.press_together(&shift_tab)?;
    page.wait_until("window.before === document.activeElement")?;
    let missed = page.value(
        "[...document.querySelectorAll(
            'button, select, input, textarea, summary, a[href], [tabindex=\"0\"]')]
          .filter(one => one.checkVisibility({ visibilityProperty: true })
            && one.getAttribute('tabindex') !== '-1' && !one.disabled
            && !one.closest('dialog') && !window.reached.has(one))
          .map(one => one.outerHTML.slice(0, 100)).join('\\n')",
    )?;
    assert_eq!(missed, "");
    let reached = page.value(reached)?;
    println!("  {reached} controls");
    assert!(reached.as_u64() > Some(30), "{reached}");
    Ok(())
}

/// A switch that has the focus reacts to Space and to Enter; digits flip switches from anywhere.
pub fn switches_react_to_keys(page: &Page) -> Outcome {
    page.open("")?;
    let flipped = |on: bool| {
        page.wait_for(
            "document.querySelector('#switch-timeout').getAttribute('aria-checked')",
            on.to_string(),
        )
    };
    slow_down(page)?;
    page.script("document.querySelector('#switch-timeout').focus()")?;
    page.press([' '])?;
    flipped(true)?;
    assert_eq!(page.value("window.brownout.state.playing")?, true, "Space meant the switch");
    page.press([key::ENTER])?;
    flipped(false)?;
    page.script("document.activeElement.blur()")?;
    page.press(['2'])?;
    flipped(true)
}

/// Dialogs open and close by keys, and the focus comes back.
pub fn help_and_share_open_and_close(page: &Page) -> Outcome {
    page.open("")?;
    for (stroke, dialog) in [('?', "#help-dialog"), ('s', "#share-dialog")] {
        let open = format!("document.querySelector('{dialog}').open");
        page.press([stroke])?;
        page.wait_until(&open)?;
        page.press([key::ESCAPE])?;
        page.wait_until(&format!("!{open}"))?;
    }
    page.script("document.querySelector('#switch-timeout').focus()")?;
    page.press(['?', key::ESCAPE])?;
    page.wait_until("document.activeElement.id === 'switch-timeout'")
}

/// The list of events is drawn again all the time; who reads it does not lose the place.
pub fn the_focus_survives_new_events(page: &Page) -> Outcome {
    page.open("")?;
    // The first thing to happen.
    play_to(page, 30.0)?;
    page.wait_until("document.querySelector('#events button') !== null")?;
    page.script("document.querySelector('#events button').focus()")?;
    let before = page.text("#events button:focus .what")?;
    page.press(['1'])?;
    page.wait_until("document.querySelectorAll('#events button').length > 1")?;
    page.wait_until("document.querySelector('#events button') !== document.activeElement")?;
    assert_eq!(page.text("#events button:focus .what")?, before);
    Ok(())
}
