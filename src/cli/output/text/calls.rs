//! The calls between nodes.

use super::Page;
use super::requests::causes;
use super::sheet::{Column, Sheet, column};
use crate::cli::output::figure;
use brownout::report::Edge;

const COLUMNS: [Column<Edge>; 15] = [
    column("attempts", "시도", |e| figure::some(e.attempts)),
    column("÷ calls", "÷ 호출", |e| match e.calls {
        0 => figure::NONE.to_owned(),
        _ => figure::times(e.amplification),
    }),
    column("retries", "재시도", |e| figure::some(e.retries)),
    column("no budget", "예산 소진", |e| figure::some(e.retries_denied)),
    column("hedges", "헤지", |e| figure::some(e.hedges)),
    column("not hedged", "헤지 안 함", |e| figure::some(e.hedges_denied)),
    column("failed", "실패", |e| figure::some(e.failed)),
    column("timed out", "시간 초과", |e| figure::some(e.timed_out)),
    column("refused", "피호출측 거절", |e| figure::some(e.refused)),
    column("rejected", "호출측 거절", |e| figure::some(e.rejected.values().sum())),
    column("fallbacks", "폴백", |e| figure::some(e.fallbacks)),
    column("skipped", "건너뜀", |e| figure::some(e.skipped)),
    column("opened", "열림", |e| match e.breaker_opened {
        0 => figure::NONE.to_owned(),
        times => format!("{}×", figure::count(times)),
    }),
    column("limit", "동시 한도", |e| {
        figure::known(e.concurrency_limit.as_ref(), |limit| figure::mean(limit.mean))
    }),
    column("p95", "p95", |e| figure::time(&e.attempt_time, e.attempt_time.p95_ms)),
];

/// The calls between nodes.
pub fn calls(page: &Page) -> String {
    let mut sheet = Sheet::new(page, "Calls", "호출", &COLUMNS);
    for key in page.last().report.edges.keys() {
        let note = |edge: &Edge| causes(page, &edge.rejected);
        sheet.add_noted(key, |report| report.edges.get(key), note);
    }
    sheet.finish().without_empty_columns().render(page.style)
}
