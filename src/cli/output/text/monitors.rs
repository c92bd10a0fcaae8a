//! The tables of monitors: what they tested, and what their alarms came to.

use super::Page;
use super::figures::{add, table};
use crate::cli::output::figure;
use brownout::report::{Alarm, Monitor};

/// The test calls of monitors.
pub fn monitors(page: &Page) -> String {
    let headings = page.lang.pick(
        ["Monitors", "interfaces", "tests", "failed"],
        ["모니터", "점검 API", "테스트 호출", "실패"],
    );
    let mut table = table(page, headings);
    let cells = |monitor: &Monitor| {
        vec![
            figure::some(monitor.interfaces.into()),
            figure::some(monitor.tests),
            figure::some(monitor.tests_failed),
        ]
    };
    let monitors = &page.last().report.monitors;
    for (key, _) in monitors.iter().filter(|(_, monitor)| monitor.interfaces > 0) {
        add(page, &mut table, key, |report| Some((cells(report.monitors.get(key)?), None)));
    }
    table.render(page.style)
}

/// What alarms came to.
pub fn alarms(page: &Page) -> String {
    let headings = page.lang.pick(
        ["Alarms", "occurred", "told", "first told", "delay"],
        ["알람", "발생", "발송", "첫 발송", "감지까지"],
    );
    let mut table = table(page, headings);
    let moment =
        |seconds: Option<f64>| seconds.map_or_else(|| figure::NONE.to_owned(), figure::seconds);
    let cells = |alarm: &Alarm| {
        vec![
            figure::some(alarm.raised),
            figure::some(alarm.sent),
            moment(alarm.first_sent_at_s),
            moment(alarm.detection_delay_s),
        ]
    };
    for key in page.last().report.alarms.by_name.keys() {
        add(page, &mut table, key, |report| Some((cells(report.alarms.by_name.get(key)?), None)));
    }
    table.render(page.style)
}
