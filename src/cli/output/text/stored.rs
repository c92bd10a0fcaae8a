//! The table of what databases store.

use super::Page;
use super::figures::{add, table};
use crate::cli::output::figure;
use brownout::report::Stored;

/// Rows, and waits for row locks.
pub fn rows(page: &Page) -> String {
    let stations = &page.last().report.stations;
    if stations.values().all(|station| station.stored.is_none()) {
        return String::new();
    }
    let headings = page.lang.pick(
        ["Data", "rows", "dead rows", "purged", "lock waits", "timed out", "mean wait", "p95 wait"],
        ["데이터", "행", "죽은 행", "정리됨", "잠금 대기", "시간 초과", "평균 대기", "p95 대기"],
    );
    let mut table = table(page, headings);
    for key in stations.keys() {
        add(page, &mut table, key, |report| {
            let stored = report.stations.get(key)?.stored.as_ref()?;
            Some((cells(stored), None))
        });
    }
    table.without_empty_columns().render(page.style)
}

fn cells(stored: &Stored) -> Vec<String> {
    let wait = &stored.lock_wait;
    let time = |ms: f64| if wait.count == 0 { figure::NONE.to_owned() } else { figure::ms(ms) };
    vec![
        figure::some(stored.rows),
        figure::some(stored.dead_rows),
        figure::some(stored.purged_rows),
        figure::some(stored.lock_waits),
        figure::some(stored.lock_timeouts),
        time(wait.mean_ms),
        time(wait.p95_ms),
    ]
}
