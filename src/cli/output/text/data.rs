//! The table of records: which were lost, stored twice, kept for later.

use super::Page;
use super::figures::{add, table};
use crate::cli::output::figure;
use brownout::report::{Data, Report};

/// What became of records.
pub fn records(page: &Page) -> String {
    let headings = page.lang.pick(
        [
            "Records",
            "undertaken",
            "lost",
            "stored",
            "duplicated",
            "deduplicated",
            "spooled",
            "replayed",
            "not replayed",
            "most in spool",
            "left in spool",
            "published",
            "redelivered",
            "dead letters",
            "deepest",
            "left in queue",
        ],
        [
            "레코드",
            "기록 대상",
            "유실",
            "저장",
            "중복 저장",
            "중복 제거",
            "스풀 기록",
            "재전송",
            "재전송 실패",
            "스풀 최대",
            "스풀 잔량",
            "발행",
            "재전달",
            "데드 레터",
            "최대 깊이",
            "큐 잔량",
        ],
    );
    let mut table = table(page, headings);
    let stations = &page.last().report.stations;
    let with_data = || stations.iter().filter(|(_, station)| station.data.is_some());
    if with_data().next().is_none() {
        return String::new();
    }
    for (key, _) in with_data() {
        let data = |report: &Report| report.stations.get(key)?.data.clone();
        add(page, &mut table, key, |report| Some((cells(&data(report)?), None)));
    }
    table.without_empty_columns().render(page.style)
}

fn cells(data: &Data) -> Vec<String> {
    let records = data.records.clone().unwrap_or_default();
    let store = data.store.clone().unwrap_or_default();
    let spool = data.spool.clone().unwrap_or_default();
    let queue = data.queue.clone().unwrap_or_default();
    let counts = [
        records.born,
        records.lost,
        store.stored,
        store.duplicated,
        store.deduplicated,
        spool.spooled,
        spool.replayed,
        spool.failed_replays,
        u64::from(spool.highest),
        u64::from(spool.at_end),
        queue.published,
        queue.redelivered,
        queue.dead_letters,
        u64::from(queue.deepest),
        u64::from(queue.at_end),
    ];
    counts.into_iter().map(figure::some).collect()
}
