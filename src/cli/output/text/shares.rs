//! How the requests of a station were spread over its servers.

use super::Page;
use crate::cli::output::figure;
use crate::cli::output::table::Table;

/// Most spells of shares that are listed.
const MOST_SPELLS: usize = 8;

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
