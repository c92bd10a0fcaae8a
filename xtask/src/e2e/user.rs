//! What a user does again and again, and what the tests ask again and again.

use crate::page::Page;
use serde_json::Value;
use xtask::Outcome;

/// Chooses an option of a list.
pub fn choose(page: &Page, selector: &str, value: &str) -> Outcome {
    enter(page, selector, value)
}

/// Sets a control to a value, as typing it and leaving the control does, and waits for the page to
/// be drawn with it.
pub fn enter(page: &Page, selector: &str, value: &str) -> Outcome {
    let (selector, value) = (Value::from(selector), Value::from(value));
    // A part of the page that was asked for a moment ago is drawn with the next frame; so is an
    // option of a list.
    page.wait_until(&format!(
        "(control => control !== null && !control.disabled && (control.options === undefined
            || [...control.options].some(option => option.value === {value})))(
           document.querySelector({selector}))"
    ))?;
    page.script(&format!(
        "const control = document.querySelector({selector});
         control.value = {value};
         if (control.value !== {value}) throw new Error('no such value: ' + {value});
         control.dispatchEvent(new Event('input', {{ bubbles: true }}));
         control.dispatchEvent(new Event('change', {{ bubbles: true }}));
         return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())));"
    ))
    .map(drop)
}

/// Opens another preset by the list and waits until it is there.
pub fn choose_preset(page: &Page, preset: &str) -> Outcome {
    choose(page, "#preset", preset)?;
    page.wait_for("window.brownout.state.preset", preset)?;
    page.wait_until_ready()
}

/// Lets the run go on so slowly that a test may take minutes before it ends.
pub fn slow_down(page: &Page) -> Outcome {
    choose(page, "#speed", "0.1")
}

/// Lets the run play quickly to a moment, in seconds, and from there on slowly. The page itself looks
/// at the moment, so that it does not matter how late the test does. It may pass it by a few seconds.
pub fn play_to(page: &Page, seconds: f64) -> Outcome {
    choose(page, "#speed", "10")?;
    page.script(&format!(
        "window.arrived = false;
         const look = () => {{
           if (window.brownout.state.now_s < {seconds}) return requestAnimationFrame(look);
           const speed = document.querySelector('#speed');
           speed.value = '0.1';
           speed.dispatchEvent(new Event('change'));
           window.arrived = true;
         }};
         look();"
    ))?;
    page.wait_until("window.arrived")
}

/// Waits until both lanes have reached a moment, in seconds.
pub fn wait_for_moment(page: &Page, seconds: f64) -> Outcome {
    page.wait_until(&format!("window.brownout.state.now_s >= {seconds}"))
}

/// Lets the run play as fast as it goes, to its end.
pub fn run_to_the_end(page: &Page) -> Outcome {
    choose(page, "#speed", "Infinity")?;
    page.wait_until("window.brownout.state.ended")?;
    page.wait_until("window.brownout.state.reports.every(report => report !== null)")
}

/// Makes the run rest where it is.
pub fn pause(page: &Page) -> Outcome {
    if page.value("window.brownout.state.playing")? == true {
        page.click("#play")?;
    }
    page.wait_until("!window.brownout.state.playing")
}

/// Flips a switch by a click and waits until it is in force.
pub fn flip(page: &Page, toggle: &str) -> Outcome {
    let count = "window.brownout.state.actions.length";
    let before = page.value(count)?;
    page.click(&format!("#switch-{toggle}"))?;
    page.wait_until(&format!("{count} > {before}"))
}

/// Digests over all events so far: as it was, with the switches.
pub fn digests(page: &Page) -> Outcome<[String; 2]> {
    let pair = page.script("return window.brownout.digests()")?;
    match (pair[0].as_str(), pair[1].as_str()) {
        (Some(before), Some(after)) => Ok([before.to_owned(), after.to_owned()]),
        _ => Err(format!("no digests: {pair}").into()),
    }
}

/// The word of the verdict on a lane.
pub fn verdict(page: &Page, lane: usize) -> Outcome<String> {
    let word = page.value(&format!("window.brownout.state.reports[{lane}].verdict.state"))?;
    Ok(word.as_str().unwrap_or_default().to_owned())
}

/// The fragment of a packed link to the current scenario after an edit of it, an assignment in
/// JavaScript. Made here because the page refuses to write links that nobody could open.
pub fn packed_link(page: &Page, edit: &str) -> Outcome<String> {
    let fragment = page.script(&format!(
        "const scenario = structuredClone(window.brownout.state.scenario);
         {edit};
         const text = JSON.stringify({{ scenario, seed: 7, actions: [] }});
         const zlib = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate'));
         return new Response(zlib).arrayBuffer().then(buffer => {{
           const letters = Array.from(new Uint8Array(buffer), byte => String.fromCharCode(byte));
           return 'v1.' + btoa(letters.join('')).replaceAll('+', '-').replaceAll('/', '_')
             .replaceAll('=', '');
         }});"
    ))?;
    fragment.as_str().map(str::to_owned).ok_or_else(|| "no link".into())
}
