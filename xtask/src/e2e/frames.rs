//! What a frame costs while a run plays.

use crate::page::Page;
use crate::user::choose;
use std::thread;
use std::time::Duration;
use xtask::Outcome;

/// As long as the page keeps statistics.
const MEASURED: Duration = Duration::from_secs(10);

/// Ten simulated seconds a second, for ten seconds.
pub fn frames_come_fast_enough(page: &Page) -> Outcome {
    page.open("")?;
    choose(page, "#speed", "10")?;
    thread::sleep(MEASURED);
    let frames = page.value("window.brownout.frames()")?;
    let figure = |name: &str| frames[name].as_f64().unwrap_or(f64::NAN);
    println!(
        "  {} frames: interval p50 {:.1} ms, p95 {:.1} ms; drawing p50 {:.1} ms, p95 {:.1} ms, \
         {:.0} % of the time",
        frames["frames"],
        figure("interval_p50_ms"),
        figure("interval_p95_ms"),
        figure("drawing_p50_ms"),
        figure("drawing_p95_ms"),
        100.0 * figure("drawing_share")
    );
    assert!(figure("interval_p95_ms") < 50.0, "{frames}");
    Ok(())
}
