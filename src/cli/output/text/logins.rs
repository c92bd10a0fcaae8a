//! How users logged in.

use super::Page;
use super::sheet::{Column, Sheet, column};
use crate::cli::output::figure;
use brownout::report::Logins;

const COLUMNS: [Column<Logins>; 8] = [
    column("own token", "자체 토큰", |l| figure::some(l.by_token)),
    column("renewed", "갱신", |l| figure::some(l.renewed)),
    column("without provider", "IdP 없이 갱신", |l| figure::some(l.renewed_alone)),
    column("new users", "신규 가입", |l| figure::some(l.created)),
    column("refused", "거부", |l| figure::some(l.existing_refused)),
    column("new refused", "신규 거부", |l| figure::some(l.new_refused)),
    column("success", "성공률", |l| figure::percent(l.success_ratio)),
    column("mode switches", "모드 전환", |l| figure::some(l.switches)),
];

/// How users logged in; empty where nobody does.
pub fn logins(page: &Page) -> String {
    let mut sheet = Sheet::new(page, "Logins", "로그인", &COLUMNS);
    let stations = &page.last().report.stations;
    for (key, _) in stations.iter().filter(|(_, station)| station.logins.is_some()) {
        sheet.add(key, |report| report.stations.get(key)?.logins.as_ref());
    }
    sheet.finish().render(page.style)
}
