//! Links repeat a run exactly; broken ones say so and do no harm.

use crate::page::Page;
use crate::user::{
    choose, choose_preset, digests, enter, flip, packed_link, play_to, run_to_the_end, slow_down,
    wait_for_moment,
};
use serde_json::Value;
use std::time::Duration;
use xtask::Outcome;

/// What was switched, edited and broken in the middle of a run comes again at its moments.
pub fn a_link_repeats_the_run_exactly(page: &Page) -> Outcome {
    page.open("#p=slow-dependency&seed=11")?;
    play_to(page, 45.0)?;
    flip(page, "timeout")?;
    play_to(page, 60.0)?;
    flip(page, "breaker")?;
    page.click("#faults button[type=submit]")?;
    page.wait_until("window.brownout.state.actions.length === 3")?;
    play_to(page, 75.0)?;
    flip(page, "timeout")?;
    choose(page, "#subject", "node:api")?;
    enter(page, "#inspector input[type=number]", "3")?;
    page.wait_until("window.brownout.state.actions.length === 5")?;
    page.click("#share")?;
    page.wait_until("document.querySelector('#share-dialog').open")?;
    let link = page.value("document.querySelector('#share-link').value")?;
    let (_, fragment) = link.as_str().and_then(|link| link.split_once('#')).ok_or("no link")?;
    page.click("#share-dialog button")?;
    run_to_the_end(page)?;
    let first = digests(page)?;
    assert_ne!(first[0], first[1]);
    page.open(&format!("?opened-by-a-friend#{fragment}"))?;
    assert_eq!(page.value("window.brownout.state.seed")?, 11);
    assert_eq!(page.value("window.brownout.state.actions.length")?, 5);
    run_to_the_end(page)?;
    assert_eq!(digests(page)?, first, "{fragment}");
    assert_eq!(page.value("window.brownout.link()")?, fragment);
    Ok(())
}

/// A scenario of one's own travels packed.
pub fn a_packed_link_carries_a_scenario(page: &Page) -> Outcome {
    page.open("")?;
    let link = packed_link(page, "scenario.nodes.users.arrivals.rate_rps = 50")?;
    page.open(&format!("?packed#{link}"))?;
    assert_eq!(page.value("document.querySelector('#notice').hidden")?, true);
    assert_eq!(page.value("window.brownout.state.preset")?, Value::Null);
    assert_eq!(page.value("window.brownout.state.effective.nodes.users.arrivals.rate_rps")?, 50.0);
    let written = page.value("window.brownout.link()")?;
    assert!(written.as_str().is_some_and(|link| link.starts_with("v1.")), "{written}");
    Ok(())
}

/// Whatever is wrong with it, a readable message in the language of the page, and the incident that
/// the page always opens on.
pub fn a_broken_link_gives_a_message(page: &Page) -> Outcome {
    page.open("")?;
    let whole = packed_link(page, "scenario.nodes.users.arrivals.rate_rps = 50")?;
    let endless = "scenario.duration_s = 31536000; scenario.nodes.users.arrivals.rate_rps = 1e6";
    let broken = [
        ("cut off", whole[..whole.len() / 2].to_owned(), "damaged", "손상"),
        ("not base64", "v1.%%%!".to_owned(), "damaged", "손상"),
        ("of the future", "v9.AAAA".to_owned(), "version 9", "버전(9)"),
        ("unknown preset", "p=no-such-incident".to_owned(), "no-such-incident", "no-such-incident"),
        ("unknown switch", "p=slow-dependency&on=braeker".to_owned(), "braeker", "braeker"),
        ("junk", "z".repeat(40 * 1024), "too long", "너무 깁니다"),
        ("markup", "<img src=x onerror=alert(1)>".to_owned(), "<img src", "<img src"),
        ("a year at a million per second", packed_link(page, endless)?, "at most", "올바르지"),
    ];
    for (language, heading, column) in
        [("en", "This link cannot be opened.", 0), ("ko", "이 링크는 열 수 없습니다.", 1)]
    {
        for (what, fragment, english, korean) in &broken {
            page.open(&format!("?lang={language}&{}#{fragment}", what.replace(' ', "-")))?;
            page.wait_until("!document.querySelector('#notice').hidden")?;
            let notice = page.text("#notice")?;
            let expected = [english, korean][column];
            assert!(notice.contains(heading), "{what}: {notice}");
            assert!(notice.contains(*expected), "{what}: {notice}");
            assert!(notice.chars().count() < 600, "{what}: {notice}");
            assert_eq!(page.value("document.querySelectorAll('#notice img').length")?, 0);
            assert_eq!(page.value("window.brownout.state.preset")?, "slow-dependency", "{what}");
            page.wait_until("window.brownout.state.now_s > 20 && window.brownout.state.playing")?;
        }
    }
    // A link pasted into the address of an open page is read, too.
    page.open("#p=nonsense")?;
    page.wait_until("document.querySelector('#notice').textContent.includes('nonsense')")?;
    page.click("#notice button")?;
    page.wait_until("document.querySelector('#notice').hidden")
}

/// A run that is allowed but never ends: the page answers while it runs, and another one starts.
pub fn a_heavy_run_does_not_freeze_the_page(page: &Page) -> Outcome {
    page.open("")?;
    let heavy = "scenario.duration_s = 86400; scenario.nodes.users.arrivals.rate_rps = 5000;
        scenario.nodes.api.servers = 60; scenario.nodes.db.cores = 200;
        scenario.nodes.db.connections = 2000; scenario.faults = {}";
    let link = packed_link(page, heavy)?;
    page.open(&format!("?heavy#{link}"))?;
    assert_eq!(page.value("document.querySelector('#notice').hidden")?, true);
    choose(page, "#speed", "Infinity")?;
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(page.value("window.brownout.state.ended")?, false);
    let delays = page.script(
        "const wait = () => new Promise(resolve => {
           const start = performance.now();
           setTimeout(() => resolve(performance.now() - start), 50);
         });
         return (async () => {
           const delays = [];
           while (delays.length < 20) delays.push(await wait());
           return delays;
         })();",
    )?;
    let delays = delays.as_array().into_iter().flatten().filter_map(Value::as_f64);
    let mut delays: Vec<f64> = delays.collect();
    delays.sort_by(f64::total_cmp);
    let (middle, longest) = (delays[delays.len() / 2], delays[delays.len() - 1]);
    println!("  20 waits of 50 ms took {middle:.0} ms in the middle and {longest:.0} ms at most");
    // A page that did the work itself would not answer at all; other programs may hold it up once.
    assert!(middle < 500.0 && longest < 10_000.0, "waits of 50 ms took {delays:?} ms");
    let before = page.value("window.brownout.state.now_s")?.as_f64().unwrap_or(f64::NAN);
    page.click("#play")?;
    page.wait_until("!window.brownout.state.playing")?;
    slow_down(page)?;
    page.click("#restart")?;
    page.wait_until(&format!("window.brownout.state.now_s < {before}"))?;
    choose_preset(page, "retry-storm")?;
    wait_for_moment(page, 30.0)
}
