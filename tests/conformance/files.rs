//! logrotate 3.21.

use crate::Facts;
use brownout::engine::Time;
use brownout::pattern::logrotate::{Criterion, LogFiles, Outcome, Params};

const ROOMY: u64 = u64::MAX / 2;

fn day(days: f64) -> Time {
    Time::from_seconds(days * 86_400.0)
}

/// Whether a log of so many bytes rotates at a time in days; it is first seen, empty, at noon of day 0.
fn rotates(params: &Params, bytes: u64, at: f64) -> bool {
    // Under `notifempty` the first run only takes note.
    let mut log = LogFiles::new(&Params { notifempty: true, ..params.clone() });
    log.run(day(0.5), ROOMY);
    log.retune(params);
    log.write(bytes);
    log.run(day(at), ROOMY).outcome == Outcome::Rotated
}

#[test]
fn conformance_logrotate() {
    let mut facts = Facts::of("logrotate 3.21");
    let same_day = 0.6;
    let next_day = 1.1;
    let size = |size_bytes| Params { size_bytes, rotate: 4, ..Params::default() };
    let daily = Params { criterion: Criterion::Daily, rotate: 4, ..Params::default() };
    facts.is("size 100, 100 B", rotates(&size(100), 100, same_day), true);
    facts.is("size 100, 99 B", rotates(&size(100), 99, same_day), false);
    let default = Params { rotate: 4, ..Params::default() };
    facts.is("no criterion, 1 MiB", rotates(&default, 1_048_576, same_day), true);
    facts.is("no criterion, 1 B less", rotates(&default, 1_048_575, same_day), false);
    let maxsize = Params { maxsize_bytes: Some(100), ..daily.clone() };
    facts.is("maxsize 100, same day, 100 B", rotates(&maxsize, 100, same_day), false);
    facts.is("maxsize 100, same day, 101 B", rotates(&maxsize, 101, same_day), true);
    facts.is("daily, same day", rotates(&daily, 10, same_day), false);
    facts.is("daily, yesterday", rotates(&daily, 10, next_day), true);
    let mut unseen = LogFiles::new(&daily);
    unseen.write(10);
    facts.is("daily, first sight", unseen.run(day(3.0), ROOMY).outcome, Outcome::NotDue);
    let minsize = Params { minsize_bytes: Some(100), ..daily.clone() };
    facts.is("daily, minsize 100, 50 B", rotates(&minsize, 50, next_day), false);
    let both = Params { minsize_bytes: Some(1_000), ..size(100) };
    facts.is("size 100, minsize 1000, 120 B", rotates(&both, 120, same_day), true);
    let notifempty = Params { notifempty: true, ..daily.clone() };
    facts.is("notifempty, 0 B", rotates(&notifempty, 0, next_day), false);
    facts.is("ifempty, 0 B", rotates(&daily, 0, next_day), true);
    // The last criterion written wins; what results is one or the other.
    facts.is("daily, then size 1000: 500 B, next day", rotates(&size(1_000), 500, next_day), false);
    facts.is("daily, then size 1000: 1000 B", rotates(&size(1_000), 1_000, same_day), true);
    let last = Params { size_bytes: 1_000, ..daily };
    facts.is("size 1000, then daily: 500 B, next day", rotates(&last, 500, next_day), true);
    let mut gone = LogFiles::new(&Params { rotate: 0, ..size(100) });
    gone.write(100);
    gone.run(day(0.6), ROOMY);
    facts.is("rotate 0: the file is gone", (gone.used_bytes(), gone.rotated().count()), (0, 0));
}
