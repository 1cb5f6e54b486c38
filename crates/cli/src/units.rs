//! Times, durations and counts in the words that are shown. Pure.

use std::time::Duration;

const SECONDS_PER_DAY: i64 = 86_400;
const DAYS_PER_400_YEARS: i64 = 146_097;

/// Unix seconds as UTC, `2026-11-24 08:20:11`.
pub(crate) fn utc(unix_seconds: i64) -> String {
    let days = unix_seconds.div_euclid(SECONDS_PER_DAY);
    let second = unix_seconds.rem_euclid(SECONDS_PER_DAY);
    let (year, month, day) = date_of(days);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// The Gregorian date of a day counted from 1970-01-01. Years are counted from March, so that the leap day comes last
/// and the months before it have a fixed pattern (153 days in each five months).
fn date_of(days_since_1970: i64) -> (i64, i64, i64) {
    let since_0000_march = days_since_1970 + 719_468;
    let era = since_0000_march.div_euclid(DAYS_PER_400_YEARS);
    let day_of_era = since_0000_march.rem_euclid(DAYS_PER_400_YEARS);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// A duration as people say it: `240ms`, `3.4s`, `34s`, `2m 5s`.
pub(crate) fn duration(duration: Duration) -> String {
    let (seconds, millis) = (duration.as_secs(), duration.subsec_millis());
    match seconds {
        0 => format!("{millis}ms"),
        1..10 => format!("{seconds}.{}s", millis / 100),
        10..60 => format!("{seconds}s"),
        _ => format!("{}m {}s", seconds / 60, seconds % 60),
    }
}

/// `1 database`, `847 databases`.
pub(crate) fn count(number: u64, singular: &str) -> String {
    if number == 1 { format!("1 {singular}") } else { format!("{number} {singular}s") }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{count, duration, utc};

    #[test]
    fn unix_seconds_are_shown_as_utc() {
        assert_eq!(utc(0), "1970-01-01 00:00:00");
        assert_eq!(utc(1_795_508_411), "2026-11-24 08:20:11");
        assert_eq!(utc(951_782_399), "2000-02-28 23:59:59");
        assert_eq!(utc(951_782_400), "2000-02-29 00:00:00");
        assert_eq!(utc(951_868_800), "2000-03-01 00:00:00");
        assert_eq!(utc(4_107_542_400), "2100-03-01 00:00:00");
        assert_eq!(utc(-1), "1969-12-31 23:59:59");
    }

    #[test]
    fn durations_lose_digits_as_they_grow() {
        assert_eq!(duration(Duration::from_millis(240)), "240ms");
        assert_eq!(duration(Duration::from_millis(3_450)), "3.4s");
        assert_eq!(duration(Duration::from_millis(34_900)), "34s");
        assert_eq!(duration(Duration::from_secs(125)), "2m 5s");
    }

    #[test]
    fn one_is_not_plural() {
        assert_eq!(count(1, "database"), "1 database");
        assert_eq!(count(0, "database"), "0 databases");
    }
}
