//! The table of records: which were lost, stored twice, kept for later.

use super::Page;
use super::sheet::{Column, Sheet, column};
use crate::cli::output::figure;
use brownout::report::Data;

const COLUMNS: [Column<Data>; 16] = [
    column("undertaken", "기록 대상", |d| count(&d.records, |records| records.born)),
    column("lost", "유실", |d| count(&d.records, |records| records.lost)),
    column("stored", "저장", |d| count(&d.store, |store| store.stored)),
    column("duplicated", "중복 저장", |d| count(&d.store, |store| store.duplicated)),
    column("deduplicated", "중복 제거", |d| count(&d.store, |store| store.deduplicated)),
    column("spooled", "스풀 기록", |d| count(&d.spool, |spool| spool.spooled)),
    column("replayed", "재전송", |d| count(&d.spool, |spool| spool.replayed)),
    column("not replayed", "재전송 실패", |d| count(&d.spool, |spool| spool.failed_replays)),
    column("most in spool", "스풀 최대", |d| count(&d.spool, |spool| spool.highest.into())),
    column("left in spool", "스풀 잔량", |d| count(&d.spool, |spool| spool.at_end.into())),
    column("published", "발행", |d| count(&d.queue, |queue| queue.published)),
    column("redelivered", "재전달", |d| count(&d.queue, |queue| queue.redelivered)),
    column("dead letters", "데드 레터", |d| count(&d.queue, |queue| queue.dead_letters)),
    column("deepest", "최대 깊이", |d| count(&d.queue, |queue| queue.deepest.into())),
    column("left in queue", "큐 잔량", |d| count(&d.queue, |queue| queue.at_end.into())),
    column("oldest message", "가장 오래된 메시지", |d| {
        let oldest = d.queue.as_ref().map(|queue| queue.oldest_s).filter(|age| *age > 0.0);
        figure::known(oldest, figure::seconds)
    }),
];

/// A count of something that may not be there.
fn count<P>(part: &Option<P>, figure: fn(&P) -> u64) -> String {
    figure::some(part.as_ref().map_or(0, figure))
}

/// What became of records; empty where there are none.
pub fn records(page: &Page) -> String {
    let mut sheet = Sheet::new(page, "Records", "레코드", &COLUMNS);
    let stations = &page.last().report.stations;
    for (key, _) in stations.iter().filter(|(_, station)| station.data.is_some()) {
        sheet.add(key, |report| report.stations.get(key)?.data.as_ref());
    }
    sheet.finish().without_empty_columns().render(page.style)
}
