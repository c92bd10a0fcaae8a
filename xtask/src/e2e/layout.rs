//! The page fits, on a desk and on a telephone, light and dark, in both languages.

use crate::page::{Page, View};
use crate::user::{choose, choose_preset, flip, slow_down};
use xtask::Outcome;

/// What sticks out to the right, apart from what may be scrolled by itself.
const TOO_WIDE: &str = "
    const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth
      ? [`the page: ${document.documentElement.scrollWidth}`] : [];
    for (const one of document.querySelectorAll('header, main *, footer *'))
      if (one.checkVisibility() && !one.closest('.topology-stage svg, .table-scroll, .visually-hidden')
          && one.getBoundingClientRect().right > innerWidth + 1)
        wide.push(one.outerHTML.slice(0, 90));
    return wide;";

/// Whether an element lies wholly in the first screenful, above the transport.
const IN_SIGHT: &str = "
    const floor = document.querySelector('#transport').getBoundingClientRect().top;
    const { top, bottom } = element.getBoundingClientRect();
    return scrollY === 0 && top >= 0 && bottom <= floor + 0.5;";

/// Nothing has to be scrolled sideways, whatever the incident, the theme and the language.
pub fn nothing_sticks_out(page: &Page) -> Outcome {
    for view in [View::DESKTOP, View::PHONE] {
        for (dark, tag) in [(false, "en-US"), (true, "ko-KR")] {
            page.view(View { dark, language: tag, ..view })?;
            let language = &tag[..2];
            page.open(&format!("?lang={language}&{}", view.width))?;
            let theme = if dark { "dark" } else { "light" };
            assert_eq!(page.value("document.documentElement.dataset.theme")?, theme);
            for (preset, subject) in [
                ("slow-dependency", "node:users"),
                ("shared-database", "node:users-a"),
                ("full-disk", "node:users"),
            ] {
                choose_preset(page, preset)?;
                choose(page, "#subject", subject)?;
                page.settle()?;
                let wide = page.script(TOO_WIDE)?;
                assert_eq!(wide, serde_json::json!([]), "{preset} {} {language}", view.width);
            }
        }
    }
    Ok(())
}

/// Verdict, first switch and transport are there without scrolling, and a finger can hit them.
pub fn a_telephone_shows_the_essentials_first(page: &Page) -> Outcome {
    for tag in ["en-US", "ko-KR"] {
        page.view(View { language: tag, ..View::PHONE })?;
        page.open(&format!("?lang={}", &tag[..2]))?;
        slow_down(page)?;
        page.settle()?;
        let in_sight = |selector: &str| {
            page.script(&format!("const element = document.querySelector('{selector}');{IN_SIGHT}"))
        };
        for selector in ["#verdict", "#switches li:nth-child(1) .switch-line"] {
            assert_eq!(in_sight(selector)?, true, "{tag}: {selector} is not in sight");
        }
        let transport = page.value(
            "(box => box.top > 0 && box.bottom <= innerHeight + 0.5)(
               document.querySelector('#transport').getBoundingClientRect())",
        )?;
        assert_eq!(transport, true, "{tag}: the transport is not in sight");
        let small = page.value(
            "[...document.querySelectorAll('.switch, .transport-buttons button, #share')].filter(
               one => one.getBoundingClientRect().height < 36).length",
        )?;
        assert_eq!(small, 0, "too small for a finger");
    }
    flip(page, "timeout")
}

/// On a desk, all switches of the first incident and the first chart are there without scrolling.
pub fn a_desktop_shows_switches_and_a_chart_first(page: &Page) -> Outcome {
    page.open("")?;
    page.settle()?;
    let selectors =
        ["#verdict", "#topology", "#switches li:nth-child(3)", ".chart:first-child .chart-stage"];
    for selector in selectors {
        let script = format!("const element = document.querySelector('{selector}');{IN_SIGHT}");
        assert_eq!(page.script(&script)?, true, "{selector} is not in sight");
    }
    Ok(())
}
