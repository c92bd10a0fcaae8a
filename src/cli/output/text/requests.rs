//! What became of requests, and why they were rejected.

use super::Page;
use super::sheet::{Column, Sheet, column};
use crate::cli::output::figure;
use brownout::report::Requests;
use std::collections::BTreeMap;

const COLUMNS: [Column<Requests>; 10] = [
    column("offered", "요청 수", |r| figure::some(r.offered)),
    column("ok", "정상", |r| figure::some(r.ok)),
    column("degraded", "축소 응답", |r| figure::some(r.degraded)),
    column("failed", "실패", |r| figure::some(r.failed)),
    column("rejected", "거절", |r| figure::some(r.rejected.values().sum())),
    column("timed out", "시간 초과", |r| figure::some(r.timed_out)),
    column("goodput", "처리율", |r| figure::percent(r.goodput_ratio)),
    column("p50", "p50", |r| figure::time(&r.response, r.response.p50_ms)),
    column("p95", "p95", |r| figure::time(&r.response, r.response.p95_ms)),
    column("p99", "p99", |r| figure::time(&r.response, r.response.p99_ms)),
];

/// What became of the requests of each class of users.
pub fn requests(page: &Page) -> String {
    let mut sheet = Sheet::new(page, "Requests", "요청", &COLUMNS);
    let classes = &page.last().report.classes;
    for class in classes.keys() {
        let note = |requests: &Requests| causes(page, &requests.rejected);
        sheet.add_noted(class, |report| report.classes.get(class), note);
    }
    if classes.len() > 1 {
        sheet.add(page.lang.pick("all", "전체"), |report| Some(&report.totals));
    }
    sheet.finish().render(page.style)
}

/// Rejections by cause.
pub fn causes(page: &Page, rejected: &BTreeMap<&'static str, u64>) -> Option<String> {
    if rejected.is_empty() {
        return None;
    }
    let causes = rejected
        .iter()
        .map(|(cause, count)| format!("{} {}", cause_name(page, cause), figure::count(*count)));
    let causes = causes.collect::<Vec<_>>().join(", ");
    Some(format!("{} {causes}", page.lang.pick("rejected:", "거절:")))
}

fn cause_name<'a>(page: &Page, cause: &'a str) -> &'a str {
    let (en, ko) = match cause {
        "queue_full" => ("queue full", "대기열 가득 참"),
        "bulkhead" => ("bulkhead", "벌크헤드"),
        "connection_pool" => ("no free connection", "커넥션 부족"),
        "circuit_breaker" => ("circuit breaker", "서킷 브레이커"),
        "rate_limiter" => ("rate limiter", "속도 제한"),
        "concurrency_limit" => ("concurrency limit", "동시 실행 한도"),
        "shed" => ("shed by the balancer", "밸런서가 차단"),
        "expired" => ("past its deadline", "기한 지남"),
        other => (other, other),
    };
    page.lang.pick(en, ko)
}
