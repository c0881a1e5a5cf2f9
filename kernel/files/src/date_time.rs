//! Dates and times of the day as text.

use crate::problem::Refusal;

/// Nanoseconds.
pub const SECOND: i64 = 1_000_000_000;
/// Nanoseconds.
pub const DAY: i64 = 86_400 * SECOND;

/// The order in which a date names its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DateOrder {
    /// 2026-11-22
    #[default]
    Ymd,
    /// 22.11.2026
    Dmy,
    /// 11/22/2026
    Mdy,
}

impl DateOrder {
    fn refusal(self) -> Refusal {
        match self {
            Self::Ymd => Refusal::new("must be a date like 2026-11-22 or 20261122")
                .hint("dates: dmy or mdy (--dates) reads another order"),
            Self::Dmy => Refusal::new("must be a date like 22.11.2026 or 22112026"),
            Self::Mdy => Refusal::new("must be a date like 11/22/2026 or 11222026"),
        }
    }
}

/// A day: in the calendar, or by a number that the data give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Date {
    /// Days since 1970-01-01.
    Calendar(i32),
    /// The number of a day, as in simulated data.
    Numbered(i32),
}

/// A time of the day in nanoseconds, and the minutes of its zone's offset, if it names one.
pub type Time = (i64, Option<i16>);

/// A date in the calendar or a number of up to five digits.
///
/// # Errors
/// It is neither.
pub fn date(cell: &[u8], order: DateOrder) -> Result<Date, Refusal> {
    if (1..=5).contains(&cell.len()) && cell.iter().all(u8::is_ascii_digit) {
        return Ok(Date::Numbered(number(cell)));
    }
    // A table of dates may have been written as one of moments, all at midnight.
    let date = match split(cell) {
        Some((date, rest)) if matches!(time(rest), Ok((0, None))) => date,
        Some(_) => return Err(order.refusal()),
        None => cell,
    };
    calendar(date, order)
        .map(Date::Calendar)
        .ok_or_else(|| order.refusal())
}

/// A moment: a date and a time, or a time alone.
///
/// # Errors
/// It is neither.
pub fn moment(cell: &[u8], order: DateOrder) -> Result<(Option<Date>, Time), Refusal> {
    if order == DateOrder::Ymd
        && let Some((day, clock)) = usual_moment(cell)
    {
        return Ok((Some(Date::Calendar(day)), (clock, None)));
    }
    let (day, clock) = match split(cell) {
        Some((day, clock)) => (day, clock),
        None if cell.len() > 8 && cell.iter().all(u8::is_ascii_digit) => cell.split_at(8),
        None => {
            return time(cell)
                .map(|time| (None, time))
                .map_err(|_| order_and_time(order));
        }
    };
    let day = calendar(day, order).ok_or_else(|| order_and_time(order))?;
    let clock = time(clock).map_err(|_| order_and_time(order))?;
    Ok((Some(Date::Calendar(day)), clock))
}

/// A moment in the form that most programs write, which is read at a glance.
fn usual_moment(cell: &[u8]) -> Option<(i32, i64)> {
    let (date, [b' ' | b'T', h1, h2, b':', m1, m2, b':', s1, s2]) = cell.split_at_checked(10)?
    else {
        return None;
    };
    let [y1, y2, y3, y4, b'-', n1, n2, b'-', d1, d2] = *date else {
        return None;
    };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    let day = days(year, two(n1, n2)?, two(d1, d2)?)?;
    let (hour, minute, second) = (two(*h1, *h2)?, two(*m1, *m2)?, two(*s1, *s2)?);
    let seconds = i64::from((hour * 60 + minute) * 60 + second);
    (hour < 24 && minute < 60 && second < 60).then_some((day, seconds * SECOND))
}

fn order_and_time(order: DateOrder) -> Refusal {
    let example = match order {
        DateOrder::Ymd => "2026-11-22",
        DateOrder::Dmy => "22.11.2026",
        DateOrder::Mdy => "11/22/2026",
    };
    let expected = format!("must be a date and a time like {example} 08:30:00, or a time");
    Refusal::new(expected).hint(order.refusal().hint)
}

/// A time of the day, with seconds, fractions and a zone's offset if it has them.
///
/// # Errors
/// It is none.
pub fn time(cell: &[u8]) -> Result<Time, Refusal> {
    clock_time(cell)
        .ok_or_else(|| Refusal::new("must be a time of the day like 08:30, 08:30:00 or 083000"))
}

fn clock_time(cell: &[u8]) -> Option<Time> {
    let end = cell.iter().position(|byte| b"Zz+-".contains(byte));
    let (clock, zone) = cell.split_at(end.unwrap_or(cell.len()));
    let clock = clock.trim_ascii_end();
    let offset = if zone.is_empty() {
        None
    } else {
        Some(zone_offset(zone)?)
    };
    let point = clock.iter().position(|&byte| byte == b'.' || byte == b',');
    let (clock, fraction) = clock.split_at(point.unwrap_or(clock.len()));
    let nanos = if fraction.is_empty() {
        0
    } else {
        nanos(&fraction[1..])?
    };
    let (hour, minute, second) = match *clock {
        [h1, h2, b':', m1, m2] => (two(h1, h2)?, two(m1, m2)?, None),
        [h, b':', m1, m2] => (two(b'0', h)?, two(m1, m2)?, None),
        [h1, h2, b':', m1, m2, b':', s1, s2] => (two(h1, h2)?, two(m1, m2)?, Some(two(s1, s2)?)),
        [h, b':', m1, m2, b':', s1, s2] => (two(b'0', h)?, two(m1, m2)?, Some(two(s1, s2)?)),
        [h1, h2, m1, m2] => (two(h1, h2)?, two(m1, m2)?, None),
        [h, m1, m2] => (two(b'0', h)?, two(m1, m2)?, None),
        [h1, h2, m1, m2, s1, s2] => (two(h1, h2)?, two(m1, m2)?, Some(two(s1, s2)?)),
        [h, m1, m2, s1, s2] => (two(b'0', h)?, two(m1, m2)?, Some(two(s1, s2)?)),
        _ => return None,
    };
    let seconds = second.unwrap_or(0);
    let fits = hour < 24 && minute < 60 && seconds < 60 && (second.is_some() || point.is_none());
    fits.then_some((
        (i64::from(hour * 60 + minute) * 60 + i64::from(seconds)) * SECOND + nanos,
        offset,
    ))
}

fn zone_offset(zone: &[u8]) -> Option<i16> {
    if zone.eq_ignore_ascii_case(b"z") {
        return Some(0);
    }
    let (hours, minutes) = match *zone.get(1..)? {
        [h1, h2] => (two(h1, h2)?, 0),
        [h1, h2, m1, m2] | [h1, h2, b':', m1, m2] => (two(h1, h2)?, two(m1, m2)?),
        _ => return None,
    };
    let offset = i16::try_from(hours * 60 + minutes).ok()?;
    let is_offset = minutes < 60 && hours < 24 && zone[0] != b'Z' && zone[0] != b'z';
    is_offset.then_some(if zone[0] == b'-' { -offset } else { offset })
}

fn nanos(digits: &[u8]) -> Option<i64> {
    let fits = (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    let missing = 9_u32.checked_sub(digits.len() as u32)?;
    fits.then(|| i64::from(number(digits)) * 10_i64.pow(missing))
}

/// The date and the time of a moment that has something between them.
fn split(cell: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = cell
        .iter()
        .position(|&byte| byte == b' ' || byte == b'T' || byte == b't')?;
    Some((&cell[..at], cell[at + 1..].trim_ascii_start()))
}

fn calendar(cell: &[u8], order: DateOrder) -> Option<i32> {
    let separator = cell.iter().position(|byte| b"-./".contains(byte));
    let parts: [&[u8]; 3] = match separator {
        None if cell.len() == 8 => match order {
            DateOrder::Ymd => [&cell[..4], &cell[4..6], &cell[6..]],
            DateOrder::Dmy | DateOrder::Mdy => [&cell[..2], &cell[2..4], &cell[4..]],
        },
        None => return None,
        Some(at) => {
            let mark = cell[at];
            let rest = &cell[at + 1..];
            let second = rest.iter().position(|&byte| byte == mark)?;
            [&cell[..at], &rest[..second], &rest[second + 1..]]
        }
    };
    let [year, month, day] = match order {
        DateOrder::Ymd => parts,
        DateOrder::Dmy => [parts[2], parts[1], parts[0]],
        DateOrder::Mdy => [parts[2], parts[0], parts[1]],
    };
    let is_short = |part: &[u8]| (1..=2).contains(&part.len());
    let all_digits = parts.iter().all(|part| part.iter().all(u8::is_ascii_digit));
    if year.len() != 4 || !is_short(month) || !is_short(day) || !all_digits {
        return None;
    }
    days(number(year), number(month), number(day))
}

/// Days since 1970-01-01 of a date of the Gregorian calendar, if there is one.
fn days(year: i32, month: i32, day: i32) -> Option<i32> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i32::from(is_leap),
        _ => return None,
    };
    if year < 1 || !(1..=length).contains(&day) {
        return None;
    }
    // Years are counted from March, so that a leap day is the last of its year.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// A date of the calendar as `2026-11-22`.
pub fn iso(days: i32) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    format!("{:04}-{month:02}-{day:02}", year + era * 400 + next)
}

fn two(first: u8, second: u8) -> Option<i32> {
    (first.is_ascii_digit() && second.is_ascii_digit())
        .then(|| i32::from(first - b'0') * 10 + i32::from(second - b'0'))
}

/// The value of up to nine digits.
fn number(digits: &[u8]) -> i32 {
    digits
        .iter()
        .fold(0, |value, byte| value * 10 + i32::from(byte - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600 * SECOND;

    fn at(text: &str, order: DateOrder) -> Option<(Option<Date>, Time)> {
        moment(text.as_bytes(), order).ok()
    }

    /// Every date of four centuries is told and read back as itself.
    #[test]
    fn dates_round_trip() {
        for day in -200_000..200_000 {
            let text = iso(day);
            assert_eq!(
                date(text.as_bytes(), DateOrder::Ymd),
                Ok(Date::Calendar(day)),
                "{text}"
            );
        }
        assert_eq!(iso(0), "1970-01-01");
    }

    /// The same day is read in each order and with each separator.
    #[test]
    fn orders() {
        let day = Ok(Date::Calendar(20_779));
        for (text, order) in [
            ("2026-11-22", DateOrder::Ymd),
            ("2026/11/22", DateOrder::Ymd),
            ("20261122", DateOrder::Ymd),
            ("2026-11-22 00:00:00", DateOrder::Ymd),
            ("22.11.2026", DateOrder::Dmy),
            ("22-11-2026", DateOrder::Dmy),
            ("22112026", DateOrder::Dmy),
            ("11/22/2026", DateOrder::Mdy),
        ] {
            assert_eq!(date(text.as_bytes(), order), day, "{text}");
        }
        assert_eq!(date(b"7", DateOrder::Ymd), Ok(Date::Numbered(7)));
        for text in [
            "2026-02-29",
            "2026-13-01",
            "26-11-22",
            "22.11.2026",
            "2026-11.22",
            "x",
            "",
        ] {
            assert!(date(text.as_bytes(), DateOrder::Ymd).is_err(), "{text}");
        }
        assert!(date(b"2024-02-29", DateOrder::Ymd).is_ok());
        assert!(date(b"2026-11-22 08:00", DateOrder::Ymd).is_err());
    }

    /// A time is read with or without colons, seconds, fractions and offset.
    #[test]
    fn times() {
        for (text, expected) in [
            ("08:30", (8 * HOUR + HOUR / 2, None)),
            ("8:30", (8 * HOUR + HOUR / 2, None)),
            ("0830", (8 * HOUR + HOUR / 2, None)),
            ("83000", (8 * HOUR + HOUR / 2, None)),
            ("08:30:00.000000001", (8 * HOUR + HOUR / 2 + 1, None)),
            ("00:00:00,5Z", (SECOND / 2, Some(0))),
            ("08:00+02:00", (8 * HOUR, Some(120))),
            ("080000-0330", (8 * HOUR, Some(-210))),
            ("08:00:00 +01", (8 * HOUR, Some(60))),
        ] {
            assert_eq!(time(text.as_bytes()), Ok(expected), "{text}");
        }
        for text in [
            "24:00",
            "08:60",
            "08:30:60",
            "8",
            "08:3",
            "08:30.5",
            "08:30:00.",
            "x",
            "",
            "08:00Z1",
            "08:00+1",
            "08:00:00.1234567890",
        ] {
            assert!(time(text.as_bytes()).is_err(), "{text}");
        }
    }

    /// A moment is a date and a time in any of the usual forms, or a time alone.
    #[test]
    fn moments() {
        let whole = Some((Some(Date::Calendar(20_779)), (8 * HOUR, None)));
        for text in [
            "2026-11-22 08:00",
            "2026-11-22T08:00:00",
            "20261122080000",
            "20261122 0800",
        ] {
            assert_eq!(at(text, DateOrder::Ymd), whole, "{text}");
        }
        assert_eq!(at("22.11.2026 8:00", DateOrder::Dmy), whole);
        assert_eq!(at("08:00", DateOrder::Ymd), Some((None, (8 * HOUR, None))));
        for text in ["2026-11-22", "2026-11-22 ", "20261122", "2026-11-22 8"] {
            assert_eq!(at(text, DateOrder::Ymd), None, "{text}");
        }
    }

    /// The form that is read at a glance is read as any other.
    #[test]
    fn usual_moments() {
        let usual = b"2026-11-22 08:59:30";
        for at in 0..usual.len() {
            for letter in *b"012369:T -x" {
                let mut text = usual.to_vec();
                text[at] = letter;
                let shown = text.escape_ascii().to_string();
                if at > 10 && letter == b'-' {
                    continue;
                }
                let other = [&text[..], b".0"].concat();
                let read = moment(&text, DateOrder::Ymd);
                assert_eq!(read, moment(&other, DateOrder::Ymd), "{shown}");
                let glance = usual_moment(&text)
                    .map(|(day, clock)| (Some(Date::Calendar(day)), (clock, None)));
                assert!(glance.is_none() || glance == read.ok(), "{shown}");
            }
        }
        assert!(usual_moment(usual).is_some() && usual_moment(b"2026-11-22").is_none());
    }
}
