//! The tables of the report: what became of requests, work and calls.

use super::Page;
use crate::cli::output::figure;
use crate::cli::output::table::Table;
use brownout::report::{
    CacheReport, Copies, Edge, Logins, MemoryReport, PoolReport, Report, Requests, Station,
};
use std::collections::BTreeMap;

/// Most spells of shares that are listed.
const MOST_SPELLS: usize = 8;

/// What became of the requests of each class of users.
pub fn requests(page: &Page) -> String {
    let headings = page.lang.pick(
        [
            "Requests",
            "offered",
            "ok",
            "degraded",
            "failed",
            "rejected",
            "timed out",
            "goodput",
            "p50",
            "p95",
            "p99",
        ],
        [
            "요청",
            "요청 수",
            "정상",
            "축소 응답",
            "실패",
            "거절",
            "시간 초과",
            "처리율",
            "p50",
            "p95",
            "p99",
        ],
    );
    let mut table = table(page, headings);
    let classes: Vec<&String> = page.last().report.classes.keys().collect();
    let cells = |requests: &Requests| (request_cells(requests), causes(page, &requests.rejected));
    for class in &classes {
        add(page, &mut table, class, |report| report.classes.get(*class).map(cells));
    }
    if classes.len() > 1 {
        let all = page.lang.pick("all", "전체");
        add(page, &mut table, all, |report| Some((request_cells(&report.totals), None)));
    }
    table.render(page.style)
}

fn request_cells(requests: &Requests) -> Vec<String> {
    let response = &requests.response;
    let time = |ms: f64| if response.count == 0 { figure::NONE.to_owned() } else { figure::ms(ms) };
    vec![
        figure::some(requests.offered),
        figure::some(requests.ok),
        figure::some(requests.degraded),
        figure::some(requests.failed),
        figure::some(requests.rejected.values().sum()),
        figure::some(requests.timed_out),
        figure::percent(requests.goodput_ratio),
        time(response.p50_ms),
        time(response.p95_ms),
        time(response.p99_ms),
    ]
}

/// The work of services and databases.
pub fn stations(page: &Page) -> String {
    let headings = page.lang.pick(
        [
            "Services",
            "offered",
            "ok",
            "failed",
            "rejected",
            "wasted",
            "CPU",
            "in system",
            "server-hours",
            "p95",
        ],
        [
            "서비스",
            "요청 수",
            "정상",
            "실패",
            "거절",
            "버려진 작업",
            "CPU",
            "평균 체류",
            "서버 시간",
            "p95",
        ],
    );
    let mut table = table(page, headings);
    for key in page.last().report.stations.keys() {
        add(page, &mut table, key, |report| {
            let station = report.stations.get(key)?;
            let full = station.disk_full_at_s.map(|at| {
                format!(
                    "{} {}",
                    page.lang.pick("disk full at", "디스크가 가득 찬 시각:"),
                    figure::seconds(at)
                )
            });
            let memory = station.memory.as_ref().and_then(|memory| memory_note(page, memory));
            let automation = automation(page, station);
            let copies = station.copies.as_ref().and_then(|copies| copies_note(page, copies));
            let notes = [causes(page, &station.rejected), memory, full, copies, automation];
            let notes = notes.into_iter().flatten();
            let notes = notes.collect::<Vec<_>>().join("; ");
            Some((station_cells(station), (!notes.is_empty()).then_some(notes)))
        });
    }
    table.without_empty_columns().render(page.style)
}

/// What became of the memory of a service.
fn memory_note(page: &Page, memory: &MemoryReport) -> Option<String> {
    let mut notes = Vec::new();
    if memory.heap_used_bytes > 0 {
        let used = brownout::report::words::bytes(memory.heap_used_bytes);
        notes.push(format!("{} {used}", page.lang.pick("heap:", "힙:")));
    }
    if memory.collections > 0 {
        let (count, share) = (figure::count(memory.collections), figure::percent(memory.gc_share));
        notes.push(match page.lang.pick(true, false) {
            true => format!("{count} garbage collections, {share} of the time"),
            false => format!("GC {count}회, 시간의 {share}"),
        });
    }
    if memory.out_of_memory > 0 {
        let count = figure::count(memory.out_of_memory);
        notes.push(format!(
            "{} {count}×",
            page.lang.pick("out of memory:", "메모리 부족으로 종료:")
        ));
    }
    (!notes.is_empty()).then(|| notes.join(", "))
}

/// What automation did to the servers.
fn automation(page: &Page, station: &Station) -> Option<String> {
    let of = |count: u64, en: &str, ko: &str| {
        (count > 0).then(|| format!("{} {}", page.lang.pick(en, ko), figure::count(count)))
    };
    let parts = [
        of(station.scale_actions, "autoscaler actions:", "자동 조정 횟수:"),
        of(station.governor_alarms, "governor alarms:", "거버너 경보:"),
        of(station.rollbacks, "rollbacks:", "롤백:"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// What became of the copies of a database, where that is worth a word.
fn copies_note(page: &Page, copies: &Copies) -> Option<String> {
    let counted = |count: u64, en: &str, ko: &str| {
        let number = figure::count(count);
        (count > 0).then(|| page.lang.pick(format!("{number} {en}"), format!("{ko} {number}건")))
    };
    let stale = counted(copies.stale_reads, "stale reads", "오래된 읽기").map(|words| {
        let share = copies.stale_reads as f64 / copies.reads.max(1) as f64;
        format!("{words} ({})", figure::percent(share))
    });
    let alone = (copies.no_primary_s > 0.0).then(|| {
        let words = page.lang.pick("without a primary for", "프라이머리 없는 시간:");
        format!("{words} {}", figure::seconds(copies.no_primary_s))
    });
    let notes =
        [alone, counted(copies.lost_writes, "committed writes lost", "커밋된 쓰기 유실"), stale];
    let notes = notes.into_iter().flatten().collect::<Vec<_>>().join("; ");
    (!notes.is_empty()).then_some(notes)
}

fn station_cells(station: &Station) -> Vec<String> {
    let response = &station.response;
    vec![
        figure::some(station.offered),
        figure::some(station.ok),
        figure::some(station.failed),
        figure::some(station.rejected.values().sum()),
        match station.wasted {
            0 => figure::NONE.to_owned(),
            wasted => {
                format!("{} ({})", figure::count(wasted), figure::percent(station.wasted_ratio))
            }
        },
        station.cpu_utilisation.map_or(figure::NONE.to_owned(), figure::percent),
        figure::mean(station.mean_in_system),
        format!("{:.2}", station.server_hours),
        if response.count == 0 { figure::NONE.to_owned() } else { figure::ms(response.p95_ms) },
    ]
}

/// How users logged in; empty where nobody does.
pub fn logins(page: &Page) -> String {
    let headings = page.lang.pick(
        [
            "Logins",
            "own token",
            "renewed",
            "without provider",
            "new users",
            "refused",
            "new refused",
            "success",
            "mode switches",
        ],
        [
            "로그인",
            "자체 토큰",
            "갱신",
            "IdP 없이 갱신",
            "신규 가입",
            "거부",
            "신규 거부",
            "성공률",
            "모드 전환",
        ],
    );
    let mut table = table(page, headings);
    let stations = &page.last().report.stations;
    let here: Vec<&String> = stations
        .iter()
        .filter(|(_, station)| station.logins.is_some())
        .map(|(key, _)| key)
        .collect();
    for key in &here {
        add(page, &mut table, key, |report| {
            let logins = report.stations.get(*key)?.logins.as_ref()?;
            Some((login_cells(logins), None))
        });
    }
    if here.is_empty() { String::new() } else { table.render(page.style) }
}

fn login_cells(logins: &Logins) -> Vec<String> {
    vec![
        figure::some(logins.by_token),
        figure::some(logins.renewed),
        figure::some(logins.renewed_alone),
        figure::some(logins.created),
        figure::some(logins.existing_refused),
        figure::some(logins.new_refused),
        figure::percent(logins.success_ratio),
        figure::some(logins.switches),
    ]
}

/// The threads of services and the sessions of databases.
pub fn pools(page: &Page) -> String {
    let headings = page.lang.pick(
        [
            "Pools",
            "threads",
            "in use",
            "mean busy",
            "mean queue",
            "longest",
            "had to wait",
            "p95 wait",
        ],
        [
            "풀",
            "스레드",
            "사용률",
            "평균 사용",
            "평균 대기열",
            "최대 대기열",
            "대기한 비율",
            "p95 대기",
        ],
    );
    let mut table = table(page, headings);
    for (station, of_station) in &page.last().report.stations {
        for pool in of_station.pools.keys() {
            add(page, &mut table, &format!("{station}.{pool}"), |report| {
                Some((pool_cells(report.stations.get(station)?.pools.get(pool)?), None))
            });
        }
    }
    table.render(page.style)
}

fn pool_cells(pool: &PoolReport) -> Vec<String> {
    let unused = pool.mean_busy == 0.0;
    vec![
        figure::count(u64::from(pool.threads)),
        figure::percent(pool.utilisation),
        figure::mean(pool.mean_busy),
        figure::mean(pool.mean_queue),
        figure::some(u64::from(pool.max_queue)),
        if unused { figure::NONE.to_owned() } else { figure::percent(pool.waited_ratio) },
        match pool.waited_ratio {
            0.0 => figure::NONE.to_owned(),
            _ => figure::ms(pool.wait.p95_ms),
        },
    ]
}

/// The caches of services.
pub fn caches(page: &Page) -> String {
    let headings = page.lang.pick(
        ["Caches", "hit ratio", "hits", "misses", "fetches", "stale", "evicted", "entries", "size"],
        ["캐시", "적중률", "적중", "미스", "원본 조회", "만료 응답", "축출", "항목", "크기"],
    );
    let mut table = table(page, headings);
    for (station, of_station) in &page.last().report.stations {
        for cache in of_station.caches.keys() {
            add(page, &mut table, &format!("{station}.{cache}"), |report| {
                Some((cache_cells(report.stations.get(station)?.caches.get(cache)?), None))
            });
        }
    }
    if table.is_empty() {
        return String::new();
    }
    table.without_empty_columns().render(page.style)
}

fn cache_cells(cache: &CacheReport) -> Vec<String> {
    vec![
        cache.hit_ratio.map_or(figure::NONE.to_owned(), figure::percent),
        figure::some(cache.hits),
        figure::some(cache.misses),
        figure::some(cache.fetches),
        figure::some(cache.stale),
        figure::some(cache.evictions),
        figure::some(cache.entries),
        match cache.bytes {
            0 => figure::NONE.to_owned(),
            bytes => brownout::report::words::bytes(bytes),
        },
    ]
}

/// The calls between nodes.
pub fn calls(page: &Page) -> String {
    let headings = page.lang.pick(
        [
            "Calls",
            "attempts",
            "÷ calls",
            "retries",
            "no budget",
            "hedges",
            "not hedged",
            "failed",
            "timed out",
            "refused",
            "rejected",
            "fallbacks",
            "skipped",
            "opened",
            "limit",
            "p95",
        ],
        [
            "호출",
            "시도",
            "÷ 호출",
            "재시도",
            "예산 소진",
            "헤지",
            "헤지 안 함",
            "실패",
            "시간 초과",
            "피호출측 거절",
            "호출측 거절",
            "폴백",
            "건너뜀",
            "열림",
            "동시 한도",
            "p95",
        ],
    );
    let mut table = table(page, headings);
    for key in page.last().report.edges.keys() {
        add(page, &mut table, key, |report| {
            let edge = report.edges.get(key)?;
            Some((call_cells(edge), causes(page, &edge.rejected)))
        });
    }
    table.without_empty_columns().render(page.style)
}

fn call_cells(edge: &Edge) -> Vec<String> {
    let time = &edge.attempt_time;
    vec![
        figure::some(edge.attempts),
        match edge.calls {
            0 => figure::NONE.to_owned(),
            _ => figure::times(edge.amplification),
        },
        figure::some(edge.retries),
        figure::some(edge.retries_denied),
        figure::some(edge.hedges),
        figure::some(edge.hedges_denied),
        figure::some(edge.failed),
        figure::some(edge.timed_out),
        figure::some(edge.refused),
        figure::some(edge.rejected.values().sum()),
        figure::some(edge.fallbacks),
        figure::some(edge.skipped),
        match edge.breaker_opened {
            0 => figure::NONE.to_owned(),
            times => format!("{}×", figure::count(times)),
        },
        match &edge.concurrency_limit {
            None => figure::NONE.to_owned(),
            Some(limit) => figure::mean(limit.mean),
        },
        if time.count == 0 { figure::NONE.to_owned() } else { figure::ms(time.p95_ms) },
    ]
}

/// How the requests of a station were spread, where that changed.
pub fn shares(page: &Page) -> String {
    let mut text = String::new();
    for (number, lane) in page.lanes.iter().enumerate() {
        for (key, station) in &lane.report.stations {
            let changed = station.shares.windows(2).any(|pair| pair[0].servers != pair[1].servers);
            if !changed {
                continue;
            }
            let name = match page.is_pair() {
                true => format!("{key}, {}", page.name(number)),
                false => key.clone(),
            };
            let headings = page.lang.pick(
                ["from", "to", "servers", "share each"],
                ["부터", "까지", "서버", "서버당 몫"],
            );
            let mut table = Table::new(0, headings);
            for spell in station.shares.iter().take(MOST_SPELLS) {
                table.row([
                    figure::seconds(spell.from_s),
                    figure::seconds(spell.to_s),
                    spell.servers.to_string(),
                    figure::percent(spell.share),
                ]);
            }
            let more = station.shares.len().saturating_sub(MOST_SPELLS);
            if more > 0 {
                table.note(match page.lang.pick(true, false) {
                    true => format!("… and {more} spells more"),
                    false => format!("… 외 {more}구간"),
                });
            }
            let title = page.lang.pick("Share of requests per server:", "서버당 요청 몫:");
            text.push_str(&page.style.strong(&format!("{title} {name}")));
            text.push('\n');
            text.push_str(&table.render(page.style));
        }
    }
    text
}

/// A table with a column for the run if there are two.
pub(super) fn table<const N: usize>(page: &Page, headings: [&str; N]) -> Table {
    let table = Table::new(1, headings);
    if page.is_pair() { table.with_second_column("") } else { table }
}

/// Adds a thing: a row per run.
pub(super) fn add(
    page: &Page,
    table: &mut Table,
    name: &str,
    cells: impl Fn(&Report) -> Option<(Vec<String>, Option<String>)>,
) {
    for (number, lane) in page.lanes.iter().enumerate() {
        let Some((cells, note)) = cells(&lane.report) else { continue };
        let mut row = match number {
            0 => vec![name.to_owned()],
            _ => vec![String::new()],
        };
        if page.is_pair() {
            row.push(page.name(number).to_owned());
        }
        row.extend(cells);
        table.row(row);
        if let Some(note) = note {
            table.note(note);
        }
    }
}

/// Rejections by cause.
fn causes(page: &Page, rejected: &BTreeMap<&'static str, u64>) -> Option<String> {
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
