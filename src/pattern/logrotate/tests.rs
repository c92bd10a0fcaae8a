//! The rules of logrotate one by one. What was recorded from it is in `tests/conformance.rs`.

use super::*;

const ROOMY: u64 = u64::MAX / 2;

fn day(days: f64) -> Time {
    Time::from_seconds(days * 86_400.0)
}

/// Whether a log of `bytes` that was seen at noon of the first day is rotated at `at`.
fn rotates(params: &Params, bytes: u64, at: f64) -> bool {
    let mut log = LogFiles::new(params);
    log.last_rotation = Some(day(0.5));
    log.write(bytes);
    log.run(day(at), ROOMY).outcome == Outcome::Rotated
}

fn criterion(criterion: Criterion) -> Params {
    Params { criterion, rotate: 4, ..Params::default() }
}

#[test]
fn defaults_survive_json_and_unknown_fields_are_refused() {
    crate::pattern::testing::check_params::<Params>();
}

#[test]
fn size_is_reached_at_the_limit_and_maxsize_exceeded_above_it() {
    let size = Params { size_bytes: 100, ..Params::default() };
    assert!(rotates(&size, 100, 0.6) && !rotates(&size, 99, 0.6));
    let maxsize = Params { maxsize_bytes: Some(100), ..criterion(Criterion::Daily) };
    assert!(!rotates(&maxsize, 100, 0.6) && rotates(&maxsize, 101, 0.6));
    let default = Params::default();
    assert!(rotates(&default, 1_048_576, 0.6) && !rotates(&default, 1_048_575, 0.6));
}

#[test]
fn dates_are_compared_not_elapsed_time() {
    let daily = criterion(Criterion::Daily);
    assert!(!rotates(&daily, 1, 0.99) && rotates(&daily, 1, 1.0));
    let hourly = criterion(Criterion::Hourly);
    assert!(!rotates(&hourly, 1, 0.54) && rotates(&hourly, 1, 0.542));
    let weekly = criterion(Criterion::Weekly);
    assert!(!rotates(&weekly, 1, 5.99) && rotates(&weekly, 1, 6.0) && rotates(&weekly, 1, 7.0));
    let monthly = criterion(Criterion::Monthly);
    assert!(!rotates(&monthly, 1, 30.9) && rotates(&monthly, 1, 31.0));
    let yearly = criterion(Criterion::Yearly);
    assert!(!rotates(&yearly, 1, 364.9) && rotates(&yearly, 1, 365.0));
}

#[test]
fn the_clock_at_the_start_moves_midnight() {
    let evening = Params { time_of_day_s: 23.0 * 3_600.0, ..criterion(Criterion::Daily) };
    let mut log = LogFiles::new(&evening);
    let run = |log: &mut LogFiles, seconds| log.run(Time::from_seconds(seconds), ROOMY).outcome;
    assert_eq!(run(&mut log, 0.0), Outcome::NotDue);
    assert_eq!(run(&mut log, 3_599.0), Outcome::NotDue);
    assert_eq!(run(&mut log, 3_600.0), Outcome::Rotated);
}

#[test]
fn the_timer_fires_at_whole_intervals_after_midnight() {
    let evening = Params { time_of_day_s: 82_800.0, ..Params::default() };
    let next =
        |params: &Params, seconds: f64| params.next_run(Time::from_seconds(seconds)).seconds();
    assert_eq!(next(&evening, 0.0), 3_600.0, "at midnight, an hour later");
    assert_eq!(next(&evening, 3_599.0), 3_600.0);
    assert_eq!(next(&evening, 3_600.0), 90_000.0, "not twice at one moment");
    let often = Params { timer_interval_s: 600.0, ..evening };
    assert_eq!(next(&often, 1_500.0), 1_800.0);
}

#[test]
fn a_log_seen_for_the_first_time_is_only_noted() {
    let mut log = LogFiles::new(&criterion(Criterion::Daily));
    log.write(10);
    assert_eq!(log.run(day(3.0), ROOMY).outcome, Outcome::NotDue);
    assert_eq!(log.run(day(4.0), ROOMY).outcome, Outcome::Rotated);
}

#[test]
fn minsize_vetoes_dates_only_and_notifempty_everything() {
    let daily = Params { minsize_bytes: Some(100), ..criterion(Criterion::Daily) };
    assert!(!rotates(&daily, 50, 2.0) && rotates(&daily, 100, 2.0));
    let size = Params { size_bytes: 100, minsize_bytes: Some(1_000), ..Params::default() };
    assert!(rotates(&size, 120, 0.6));
    let empty = Params { notifempty: true, ..criterion(Criterion::Daily) };
    assert!(!rotates(&empty, 0, 2.0) && rotates(&criterion(Criterion::Daily), 0, 2.0));
}

#[test]
fn the_newest_files_are_kept_and_none_under_rotate_zero() {
    let mut log = LogFiles::new(&Params { size_bytes: 1, rotate: 2, ..Params::default() });
    let mut removed = Vec::new();
    for bytes in [10, 20, 30] {
        log.write(bytes);
        assert_eq!(log.current_bytes(), bytes);
        removed.push(log.run(day(1.0), ROOMY).removed_files);
    }
    assert_eq!((removed, log.current_bytes()), (vec![0, 0, 1], 0));
    assert_eq!(log.rotated().map(|file| file.bytes).collect::<Vec<_>>(), [30, 20]);
    log.retune(&Params { size_bytes: 0, rotate: 0, ..Params::default() });
    let summary = Summary { outcome: Outcome::Rotated, freed_bytes: 50, removed_files: 3 };
    assert_eq!((log.run(day(1.0), ROOMY), log.used_bytes()), (summary, 0));
}

#[test]
fn compression_shrinks_at_once_or_one_rotation_later() {
    let now = Params { size_bytes: 1, rotate: 2, compress: true, ..Params::default() };
    let later = Params { delaycompress: true, ..now.clone() };
    let used = |params| {
        let mut log = LogFiles::new(params);
        log.write(100);
        log.run(day(1.0), ROOMY);
        let once = log.used_bytes();
        log.write(100);
        log.run(day(2.0), ROOMY);
        (once, log.used_bytes())
    };
    assert_eq!((used(&now), used(&later)), ((10, 20), (100, 110)));
    let mut full = LogFiles::new(&now);
    full.write(100);
    assert_eq!((full.run(day(1.0), 9).freed_bytes, full.used_bytes()), (0, 100));
}

#[test]
fn what_compression_frees_is_room_for_the_copy_and_no_file_shrinks_twice() {
    let copying = Params {
        size_bytes: 1,
        rotate: 2,
        compress: true,
        delaycompress: true,
        copytruncate: true,
        ..Params::default()
    };
    // The log of 100 bytes before it shrinks to 10, so 50 bytes free become 140.
    let second = |bytes, runs: u32| {
        let mut log = LogFiles::new(&copying);
        log.write(100);
        log.run(day(1.0), ROOMY);
        log.write(bytes);
        let outcomes = (0..runs).map(|_| log.run(day(2.0), 50).outcome).collect::<Vec<_>>();
        (outcomes, log.used_bytes())
    };
    assert_eq!(second(140, 1), (vec![Outcome::Rotated], 150));
    assert_eq!(second(141, 1), (vec![Outcome::NoRoom], 151));
    assert_eq!(second(141, 2), (vec![Outcome::NoRoom; 2], 151));
}

#[test]
fn copytruncate_needs_room_for_a_second_copy() {
    let copying = Params { copytruncate: true, ..criterion(Criterion::Daily) };
    let mut log = LogFiles::new(&copying);
    log.run(day(0.5), ROOMY);
    log.write(100);
    assert_eq!(log.run(day(1.0), 99).outcome, Outcome::NoRoom);
    assert_eq!(log.run(day(1.5), 100).outcome, Outcome::NotDue, "the day is spent");
    assert_eq!(log.run(day(2.0), 100).outcome, Outcome::Rotated);
    let mut unkept = LogFiles::new(&Params { rotate: 0, ..copying });
    unkept.run(day(0.5), ROOMY);
    unkept.write(100);
    assert_eq!(unkept.run(day(1.0), 0).freed_bytes, 100);
}
