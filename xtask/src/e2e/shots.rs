//! Pictures of the page in every size, theme and language, to be looked at by a person.

use crate::page::{Page, View};
use std::path::Path;
use std::thread;
use std::time::Duration;
use xtask::Outcome;
use xtask::chromium::Chromium;
use xtask::static_server::StaticServer;

/// So that a run has something to show.
const DEFAULT_DELAY: Duration = Duration::from_secs(3);

/// Takes the pictures: `[--after SECONDS] [FRAGMENT]...`
pub fn take(
    chromium: &Chromium,
    server: &StaticServer,
    folder: &Path,
    words: &[String],
) -> Outcome {
    let mut fragments = words.to_vec();
    let mut delay = DEFAULT_DELAY;
    if let Some(at) = fragments.iter().position(|word| word == "--after") {
        let seconds = fragments.get(at + 1).ok_or("--after needs a number of seconds")?;
        delay = Duration::try_from_secs_f64(seconds.parse()?)?;
        fragments.drain(at..=at + 1);
    }
    if fragments.is_empty() {
        fragments.push(String::new());
    }
    for fragment in &fragments {
        for (size, view) in [("1440", View::DESKTOP), ("390", View::PHONE)] {
            for (theme, dark) in [("light", false), ("dark", true)] {
                for (language, tag) in [("en", "en-US"), ("ko", "ko-KR")] {
                    let page = Page::new(chromium, server)?;
                    page.view(View { dark, language: tag, ..view })?;
                    // A picture of the whole page would be cut where the bar was.
                    page.hide_scrollbars(true)?;
                    page.open(fragment)?;
                    thread::sleep(delay);
                    let name = format!("{}-{size}-{theme}-{language}", plain(fragment));
                    page.screenshot(&folder.join(format!("{name}.png")))?;
                    page.screenshot_of_all(&folder.join(format!("{name}-all.png")))?;
                    let complaints = page.complaints()?;
                    println!("{name} {}", complaints.join("\n  "));
                }
            }
        }
    }
    println!("the pictures are in {}", folder.display());
    Ok(())
}

fn plain(fragment: &str) -> String {
    let letters = fragment.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
    let name: String = letters.collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "start".to_owned() } else { name.to_owned() }
}
