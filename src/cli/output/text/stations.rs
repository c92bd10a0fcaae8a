//! The work of services and databases, and what their servers went through.

use super::Page;
use super::requests::causes;
use super::sheet::{Column, Sheet, column};
use crate::cli::output::figure;
use brownout::report::{Copies, MemoryReport, PoolReport, Station, words};

const COLUMNS: [Column<Station>; 9] = [
    column("offered", "요청 수", |s| figure::some(s.offered)),
    column("ok", "정상", |s| figure::some(s.ok)),
    column("failed", "실패", |s| figure::some(s.failed)),
    column("rejected", "거절", |s| figure::some(s.rejected.values().sum())),
    column("wasted", "버려진 작업", |s| match s.wasted {
        0 => figure::NONE.to_owned(),
        wasted => format!("{} ({})", figure::count(wasted), figure::percent(s.wasted_ratio)),
    }),
    column("CPU", "CPU", |s| figure::known(s.cpu_utilisation, figure::percent)),
    column("in system", "평균 체류", |s| figure::mean(s.mean_in_system)),
    column("server-hours", "서버 시간", |s| format!("{:.2}", s.server_hours)),
    column("p95", "p95", |s| figure::time(&s.response, s.response.p95_ms)),
];

/// The work of services and databases.
pub fn stations(page: &Page) -> String {
    let mut sheet = Sheet::new(page, "Services", "서비스", &COLUMNS);
    for key in page.last().report.stations.keys() {
        sheet.add_noted(key, |report| report.stations.get(key), |station| note(page, station));
    }
    sheet.finish().without_empty_columns().render(page.style)
}

/// What figures alone do not say of a station.
fn note(page: &Page, station: &Station) -> Option<String> {
    let full = station.disk_full_at_s.map(|at| {
        let words = page.lang.pick("disk full at", "디스크가 가득 찬 시각:");
        format!("{words} {}", figure::seconds(at))
    });
    let notes = [
        causes(page, &station.rejected),
        station.memory.as_ref().and_then(|memory| memory_note(page, memory)),
        full,
        station.copies.as_ref().and_then(|copies| copies_note(page, copies)),
        automation(page, station),
    ];
    joined(notes, "; ")
}

/// Those notes that there are.
fn joined(notes: impl IntoIterator<Item = Option<String>>, between: &str) -> Option<String> {
    let notes: Vec<String> = notes.into_iter().flatten().collect();
    (!notes.is_empty()).then(|| notes.join(between))
}

/// What became of the memory of a service.
fn memory_note(page: &Page, memory: &MemoryReport) -> Option<String> {
    let mut notes = Vec::new();
    if memory.heap_used_bytes > 0 {
        let used = words::bytes(memory.heap_used_bytes);
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
        of(station.scale_outs, "scaled out:", "스케일 아웃:"),
        of(station.scale_ins, "scaled in:", "스케일 인:"),
        of(station.governor_alarms, "governor alarms:", "거버너 경보:"),
        of(station.rollbacks, "rollbacks:", "롤백:"),
    ];
    joined(parts, "; ")
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
    joined(notes, "; ")
}

const POOL_COLUMNS: [Column<PoolReport>; 7] = [
    column("threads", "스레드", |p| figure::count(p.threads.into())),
    column("in use", "사용률", |p| figure::percent(p.utilisation)),
    column("mean busy", "평균 사용", |p| figure::mean(p.mean_busy)),
    column("mean queue", "평균 대기열", |p| figure::mean(p.mean_queue)),
    column("longest", "최대 대기열", |p| figure::some(p.max_queue.into())),
    column("had to wait", "대기한 비율", |p| match p.mean_busy {
        0.0 => figure::NONE.to_owned(),
        _ => figure::percent(p.waited_ratio),
    }),
    column("p95 wait", "p95 대기", |p| match p.waited_ratio {
        0.0 => figure::NONE.to_owned(),
        _ => figure::ms(p.wait.p95_ms),
    }),
];

/// The threads of services and the sessions of databases.
pub fn pools(page: &Page) -> String {
    let mut sheet = Sheet::new(page, "Pools", "풀", &POOL_COLUMNS);
    for (key, station) in &page.last().report.stations {
        for pool in station.pools.keys() {
            let name = format!("{key}.{pool}");
            sheet.add(&name, |report| report.stations.get(key)?.pools.get(pool));
        }
    }
    sheet.finish().render(page.style)
}
