//! The caches of services.

use super::Page;
use super::sheet::{Column, Sheet, column};
use crate::cli::output::figure;
use brownout::report::{CacheReport, words};

const COLUMNS: [Column<CacheReport>; 8] = [
    column("hit ratio", "적중률", |c| figure::known(c.hit_ratio, figure::percent)),
    column("hits", "적중", |c| figure::some(c.hits)),
    column("misses", "미스", |c| figure::some(c.misses)),
    column("fetches", "원본 조회", |c| figure::some(c.fetches)),
    column("stale", "만료 응답", |c| figure::some(c.stale)),
    column("evicted", "축출", |c| figure::some(c.evictions)),
    column("entries", "항목", |c| figure::some(c.entries)),
    column("size", "크기", |c| match c.bytes {
        0 => figure::NONE.to_owned(),
        bytes => words::bytes(bytes),
    }),
];

/// The caches of services; empty where there are none.
pub fn caches(page: &Page) -> String {
    let mut sheet = Sheet::new(page, "Caches", "캐시", &COLUMNS);
    for (key, station) in &page.last().report.stations {
        for cache in station.caches.keys() {
            let name = format!("{key}.{cache}");
            sheet.add(&name, |report| report.stations.get(key)?.caches.get(cache));
        }
    }
    sheet.finish().without_empty_columns().render(page.style)
}
