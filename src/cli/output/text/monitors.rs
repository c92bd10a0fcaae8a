//! The tables of monitors: what they tested, and what their alarms came to.

use super::Page;
use super::sheet::{Column, Sheet, column};
use crate::cli::output::figure;
use brownout::report::{Alarm, Monitor};

const COLUMNS: [Column<Monitor>; 3] = [
    column("interfaces", "점검 API", |m| figure::some(m.interfaces.into())),
    column("tests", "테스트 호출", |m| figure::some(m.tests)),
    column("failed", "실패", |m| figure::some(m.tests_failed)),
];

const ALARM_COLUMNS: [Column<Alarm>; 4] = [
    column("occurred", "발생", |a| figure::some(a.raised)),
    column("told", "발송", |a| figure::some(a.sent)),
    column("first told", "첫 발송", |a| figure::known(a.first_sent_at_s, figure::seconds)),
    column("delay", "감지까지", |a| figure::known(a.detection_delay_s, figure::seconds)),
];

/// The test calls of monitors.
pub fn monitors(page: &Page) -> String {
    let mut sheet = Sheet::new(page, "Monitors", "모니터", &COLUMNS);
    let monitors = &page.last().report.monitors;
    for (key, _) in monitors.iter().filter(|(_, monitor)| monitor.interfaces > 0) {
        sheet.add(key, |report| report.monitors.get(key));
    }
    sheet.finish().render(page.style)
}

/// What alarms came to.
pub fn alarms(page: &Page) -> String {
    let mut sheet = Sheet::new(page, "Alarms", "알람", &ALARM_COLUMNS);
    for key in page.last().report.alarms.by_name.keys() {
        sheet.add(key, |report| report.alarms.by_name.get(key));
    }
    sheet.finish().render(page.style)
}
