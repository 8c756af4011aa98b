//! Time stamps of zip archives.

use std::fmt;

use serde::{Serialize, Serializer};

/// A time stamp of the zip format (APPNOTE 4.4.6): without a time zone, in steps of two seconds, 1980 to
/// 2107.
///
/// ```
/// use muslrepair::wheel::DosTime;
/// assert_eq!(DosTime::from_unix(1_700_000_001).to_string(), "2023-11-14 22:13:20");
/// assert_eq!(DosTime::from_unix(0), DosTime::EPOCH);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DosTime {
    date: u16,
    time: u16,
}

impl DosTime {
    /// The earliest: 1980-01-01 00:00:00.
    pub const EPOCH: Self = Self { date: 0x21, time: 0 };
    /// The latest: 2107-12-31 23:59:58.
    pub const LAST: Self = Self { date: 0xff9f, time: 0xbf7d };

    /// The UTC time of a Unix timestamp, such as `SOURCE_DATE_EPOCH`, rounded down to two seconds and limited
    /// to the range of the format.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Self {
        /// 1980-01-01 and 2108-01-01, 00:00:00 UTC.
        const RANGE: std::ops::Range<i64> = 315_532_800..4_354_819_200;
        if seconds < RANGE.start {
            return Self::EPOCH;
        }
        if seconds >= RANGE.end {
            return Self::LAST;
        }
        let (year, month, day) = civil(seconds.div_euclid(86_400));
        let second = seconds.rem_euclid(86_400);
        let date = ((year - 1980) << 9) | (month << 5) | day;
        let time = ((second / 3600) << 11) | ((second / 60 % 60) << 5) | (second % 60 / 2);
        match (u16::try_from(date), u16::try_from(time)) {
            (Ok(date), Ok(time)) => Self { date, time },
            _ => Self::EPOCH,
        }
    }

    pub(super) fn from_zip(time: zip::DateTime) -> Self {
        Self { date: time.datepart(), time: time.timepart() }
    }

    pub(super) fn to_zip(self) -> zip::DateTime {
        zip::DateTime::try_from_msdos(self.date, self.time).unwrap_or(zip::DateTime::DEFAULT)
    }
}

/// Year, month and day for a number of days since 1970-01-01, in the Gregorian calendar.
///
/// Years are counted from March, so that a leap day is the last day of one; 400 years have 146,097 days.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468; // from 0000-03-01
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

impl fmt::Display for DosTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = (self.date, self.time);
        let (year, month, day) = (1980 + (date >> 9), (date >> 5) & 15, date & 31);
        let (hour, minute, second) = (time >> 11, (time >> 5) & 63, (time & 31) * 2);
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

impl Serialize for DosTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::DosTime;

    #[test]
    fn appnote_times_match_the_calendar() {
        for (seconds, text) in [
            (i64::MIN, "1980-01-01 00:00:00"),
            (315_532_799, "1980-01-01 00:00:00"),
            (315_532_803, "1980-01-01 00:00:02"),
            (951_782_399, "2000-02-28 23:59:58"),
            (951_782_400, "2000-02-29 00:00:00"),
            (951_868_800, "2000-03-01 00:00:00"),
            (1_735_689_599, "2024-12-31 23:59:58"),
            (4_107_542_400, "2100-03-01 00:00:00"),
            (4_354_819_199, "2107-12-31 23:59:58"),
            (i64::MAX, "2107-12-31 23:59:58"),
        ] {
            let time = DosTime::from_unix(seconds);
            assert_eq!(time.to_string(), text, "{seconds}");
            assert_eq!(DosTime::from_zip(time.to_zip()), time);
        }
        assert_eq!(DosTime::from_unix(i64::MAX), DosTime::LAST);
    }
}
