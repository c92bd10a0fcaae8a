//! Tests of the page in a real browser, and pictures of it.
//!
//! A test is a function that takes a [`Page`] and one line in [`TESTS`]. Each gets a browser of its
//! own with an empty profile, and fails also when the browser complained (an error on the console,
//! a violation of the content security policy, a request to another host) — see `page.rs`.

mod changing;
mod frames;
mod keyboard;
mod lanes;
mod language;
mod layout;
mod links;
mod page;
mod shots;
mod smoke;
mod user;

use page::Page;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use xtask::Outcome;
use xtask::browser::webdriver::is_breakdown;
use xtask::chromium::Chromium;
use xtask::project::Project;
use xtask::static_server::StaticServer;

/// Below a path, because the finished page must work wherever a host puts it.
const MOUNT: &str = "/some/where/";

type Test = (&'static str, fn(&Page) -> Outcome);

macro_rules! tests {
    ($($test:path),* $(,)?) => { &[$((stringify!($test), $test)),*] };
}

const TESTS: &[Test] = tests![
    smoke::the_page_becomes_ready,
    smoke::nothing_is_fetched_after_loading,
    smoke::language_and_theme_follow_the_browser,
    smoke::errors_and_violations_are_noticed,
    lanes::the_page_opens_on_a_running_incident,
    lanes::a_switch_changes_the_solid_lane_only,
    lanes::every_preset_fails_as_it_was_and_not_with_its_switches,
    lanes::switches_after_the_end_start_the_run_again,
    links::a_link_repeats_the_run_exactly,
    links::a_packed_link_carries_a_scenario,
    links::a_broken_link_gives_a_message,
    links::a_heavy_run_does_not_freeze_the_page,
    keyboard::space_plays_and_pauses,
    keyboard::tab_reaches_every_control,
    keyboard::switches_react_to_keys,
    keyboard::help_and_share_open_and_close,
    keyboard::the_focus_survives_new_events,
    language::korean_is_complete_and_stays,
    language::english_comes_back,
    layout::nothing_sticks_out,
    layout::a_telephone_shows_the_essentials_first,
    layout::a_desktop_shows_switches_and_a_chart_first,
    changing::a_number_is_edited_live,
    changing::the_inspector_follows_switches,
    changing::a_switch_shows_what_it_sets,
    changing::a_part_that_needs_a_name_can_be_added,
    changing::what_a_story_is_about_is_charted,
    changing::a_fault_hits_both_lanes,
    changing::the_past_can_be_looked_at_and_changed,
    changing::a_session_asks_for_nothing,
    frames::frames_come_fast_enough,
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Outcome<ExitCode> {
    let project = Project::find()?;
    let chromium = Chromium::find().ok_or("no browser; cargo xtask test installs one")?;
    let server = StaticServer::start(&project.www(), MOUNT, 0)?;
    if words.first().is_some_and(|word| word == "--shots") {
        shots::take(&chromium, &server, &project.target.join("shots"), &words[1..])?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(run_tests(&chromium, &server, &project.target.join("e2e"), words))
}

/// Runs the tests whose name contains one of the words; all of them if there is none.
fn run_tests(
    chromium: &Chromium,
    server: &StaticServer,
    pictures: &Path,
    words: &[String],
) -> ExitCode {
    let start = Instant::now();
    let (mut passed, mut failed) = (0, 0);
    let chosen = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    for (name, test) in TESTS.iter().filter(|(name, _)| chosen(name)) {
        let name = name.replace(' ', "");
        let begun = Instant::now();
        let result = run_test(chromium, server, *test, &pictures.join(file_name(&name)));
        let seconds = begun.elapsed().as_secs_f64();
        match result {
            Ok(()) => {
                passed += 1;
                println!("test {name} ... ok ({seconds:.1} s)");
            }
            Err(error) => {
                failed += 1;
                println!("test {name} ... FAILED ({seconds:.1} s)\n{error}");
            }
        }
    }
    if passed + failed == 0 {
        println!("no test has a name with any of: {}", words.join(", "));
        return ExitCode::FAILURE;
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; finished in {seconds:.2}s"
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a test, once more if the browser breaks down: that says nothing about the page.
fn run_test(
    chromium: &Chromium,
    server: &StaticServer,
    test: fn(&Page) -> Outcome,
    picture: &Path,
) -> Outcome {
    match run_test_once(chromium, server, test, picture) {
        Err(error) if is_breakdown(&*error) => {
            println!("  the browser broke down, once more: {error}");
            run_test_once(chromium, server, test, picture)
        }
        result => result,
    }
}

fn run_test_once(
    chromium: &Chromium,
    server: &StaticServer,
    test: fn(&Page) -> Outcome,
    picture: &Path,
) -> Outcome {
    let page = Page::new(chromium, server)?;
    let result = catch_unwind(AssertUnwindSafe(|| test(&page)))
        .unwrap_or_else(|_| Err("the test panicked (see above)".into()))
        .and_then(|()| page.expect_no_complaints());
    result.map_err(|error| {
        if is_breakdown(&*error) {
            return error;
        }
        let complaints = page.complaints().unwrap_or_default().join("\n");
        let seen = match page.screenshot(picture) {
            Ok(()) => format!("what it looked like: {}", picture.display()),
            Err(error) => format!("no picture: {error}"),
        };
        format!("{error}\n{complaints}\n{seen}").into()
    })
}

fn file_name(test: &str) -> String {
    format!("{}.png", test.replace("::", "-"))
}
