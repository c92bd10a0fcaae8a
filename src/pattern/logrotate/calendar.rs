//! The calendar of a run: it begins on a Monday, 1 January, and every year has 365 days.

use crate::engine::Time;

const SECONDS_PER_HOUR: u64 = 3_600;
const HOURS_PER_DAY: u64 = 24;
const NANOS_PER_SECOND: u64 = 1_000_000_000;
const DAYS_PER_YEAR: u64 = 365;
/// Day of the year on which each month of a common year begins.
const MONTH_STARTS: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/// A date of the simulated calendar.
pub(super) struct Date {
    /// Hours since midnight of the first day.
    pub hour: u64,
    /// Days since the first day.
    pub day: u64,
}

impl Date {
    /// The date at `now` of a run that starts `time_of_day_s` seconds after midnight.
    pub fn new(now: Time, time_of_day_s: f64) -> Date {
        let seconds = now.0 / NANOS_PER_SECOND + time_of_day_s as u64;
        let hour = seconds / SECONDS_PER_HOUR;
        Date { hour, day: hour / HOURS_PER_DAY }
    }

    /// Whether it is a Sunday; the first day is a Monday.
    pub fn is_sunday(&self) -> bool {
        self.day % 7 == 6
    }

    /// Years since the first one.
    pub fn year(&self) -> u64 {
        self.day / DAYS_PER_YEAR
    }

    /// Year and number of the month.
    pub fn month(&self) -> (u64, usize) {
        let day_of_year = self.day % DAYS_PER_YEAR;
        (self.year(), MONTH_STARTS.partition_point(|&start| start <= day_of_year))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_sundays_fall_where_a_common_year_has_them() {
        let date = |days: f64| Date::new(Time::from_seconds(days * 86_400.0), 0.0);
        assert_eq!([30.9, 31.0, 59.0, 364.0].map(|days| date(days).month().1), [1, 2, 3, 12]);
        assert_eq!(date(365.0).month(), (1, 1));
        assert!(date(6.5).is_sunday() && !date(7.0).is_sunday());
    }
}
