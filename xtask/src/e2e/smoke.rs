//! The page loads, below any path, and is quiet afterwards.

use crate::page::{Page, View};
use std::thread;
use std::time::Duration;
use xtask::Outcome;

/// It says so, and offers its handle for tests.
pub fn the_page_becomes_ready(page: &Page) -> Outcome {
    page.open("")?;
    assert_eq!(page.value("typeof window.brownout")?, "object");
    Ok(())
}

/// Neither the page nor a worker asks for anything once it runs.
pub fn nothing_is_fetched_after_loading(page: &Page) -> Outcome {
    page.open("")?;
    // The worker has its module by now, for the run is open; the last styles may be on their way.
    page.wait_until("document.readyState === 'complete' && window.brownout.state.now_s > 0")?;
    page.settle()?;
    let loaded = page.requests();
    thread::sleep(Duration::from_secs(2));
    assert_eq!(page.requests(), loaded);
    Ok(())
}

/// The harness itself: what a test asks for is what the page sees.
pub fn language_and_theme_follow_the_browser(page: &Page) -> Outcome {
    page.view(View { dark: true, language: "ko-KR", ..View::PHONE })?;
    page.open("")?;
    assert_eq!(page.value("navigator.language")?, "ko-KR");
    assert_eq!(page.value("matchMedia('(prefers-color-scheme: dark)').matches")?, true);
    assert_eq!(page.value("[innerWidth, devicePixelRatio].join()")?, "390,3");
    Ok(())
}

/// The harness itself: it would notice if something were wrong.
pub fn errors_and_violations_are_noticed(page: &Page) -> Outcome {
    page.open("")?;
    page.expect_no_complaints()?;
    page.expect_complaints();
    page.script("console.error('deliberate')")?;
    page.script(
        "const inline = document.createElement('script');
         inline.textContent = 'window.injected = true';
         document.body.append(inline);",
    )?;
    until(|| {
        let complaints = page.complaints()?.join("\n");
        let wanted = ["deliberate", "content security policy: script-src"];
        Ok(wanted.iter().all(|words| complaints.contains(words)))
    })?;
    assert_eq!(page.value("typeof window.injected")?, "undefined");
    // The policy forbids scripts to ask elsewhere, so the test follows a link.
    page.script("location.href = 'http://elsewhere.example/'")?;
    page.wait_until("location.host === 'elsewhere.example'")?;
    until(|| Ok(page.foreign_requests()?.iter().any(|url| url == "http://elsewhere.example/")))
}

/// The browser may tell us a little later than it happens.
fn until(condition: impl Fn() -> Outcome<bool>) -> Outcome {
    for _ in 0..600 {
        if condition()? {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(100));
    }
    Err("it was not noticed within a minute".into())
}
