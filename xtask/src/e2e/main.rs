//! Tests of the page in a real browser, and pictures of it.
//!
//! A test is a function that takes a [`Page`] and one line in [`TESTS`]. Each gets a browser of its
//! own with an empty profile, and fails also when the browser complained (an error on the console,
//! a violation of the content security policy, a request to another host) — see `page.rs`.

mod driver;
mod page;
mod shots;
mod smoke;
mod webdriver;

use driver::Driver;
use page::Page;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use xtask::Outcome;
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
    let driver = Driver::start(&chromium)?;
    if words.first().is_some_and(|word| word == "--shots") {
        shots::take(&driver, &server, &project.target.join("shots"), &words[1..])?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(run_tests(&driver, &server, &project.target.join("e2e"), words))
}

/// Runs the tests whose name contains one of the words; all of them if there is none.
fn run_tests(
    driver: &Driver,
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
        let result = run_test(driver, server, *test, &pictures.join(file_name(&name)));
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

fn run_test(
    driver: &Driver,
    server: &StaticServer,
    test: fn(&Page) -> Outcome,
    picture: &Path,
) -> Outcome {
    let page = Page::new(driver, server)?;
    let result = catch_unwind(AssertUnwindSafe(|| test(&page)))
        .unwrap_or_else(|_| Err("the test panicked (see above)".into()))
        .and_then(|()| page.expect_no_complaints());
    result.map_err(|error| {
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
