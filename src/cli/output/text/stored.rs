//! The table of what databases store.

use super::Page;
use super::sheet::{Column, Sheet, column};
use crate::cli::output::figure;
use brownout::report::Stored;

const COLUMNS: [Column<Stored>; 7] = [
    column("rows", "행", |s| figure::some(s.rows)),
    column("dead rows", "죽은 행", |s| figure::some(s.dead_rows)),
    column("purged", "정리됨", |s| figure::some(s.purged_rows)),
    column("lock waits", "잠금 대기", |s| figure::some(s.lock_waits)),
    column("timed out", "시간 초과", |s| figure::some(s.lock_timeouts)),
    column("mean wait", "평균 대기", |s| figure::time(&s.lock_wait, s.lock_wait.mean_ms)),
    column("p95 wait", "p95 대기", |s| figure::time(&s.lock_wait, s.lock_wait.p95_ms)),
];

/// Rows, and waits for row locks; empty where nothing is known of either.
pub fn rows(page: &Page) -> String {
    let mut sheet = Sheet::new(page, "Data", "데이터", &COLUMNS);
    for key in page.last().report.stations.keys() {
        sheet.add(key, |report| report.stations.get(key)?.stored.as_ref());
    }
    sheet.finish().without_empty_columns().render(page.style)
}
