//! Business hours: from moments to days and ticks.

use crate::date_time::DAY;

/// The hours of a business day, and the ticks that they are cut into.
///
/// A day opens at `open` on its date. It closes at `open + length`, which may be on the next date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// Nanoseconds after midnight.
    pub open: i64,
    /// Nanoseconds, at most 24 hours, a multiple of `tick`.
    pub length: i64,
    /// Nanoseconds.
    pub tick: i64,
}

/// What becomes of an arrival outside the hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outside {
    /// It is an error.
    #[default]
    Refuse,
    /// It arrives when the next business day opens.
    NextOpen,
    /// It is left out.
    Drop,
}

/// Where a moment lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// In a business day, by the date on which it opens, and its tick.
    Inside(i32, u32),
    /// Between two; the date on which the later one opens.
    Before(i32),
}

impl Hours {
    /// Ticks of a day.
    pub fn ticks(&self) -> u32 {
        u32::try_from(self.length / self.tick).unwrap_or(u32::MAX)
    }

    /// Where a time of a date lies.
    pub fn place(&self, date: i32, time: i64) -> Placed {
        let since = time - self.open;
        let tick = |since: i64| u32::try_from(since / self.tick).unwrap_or(u32::MAX);
        if (0..self.length).contains(&since) {
            Placed::Inside(date, tick(since))
        } else if (0..self.length).contains(&(since + DAY)) {
            Placed::Inside(date - 1, tick(since + DAY))
        } else if since < 0 {
            Placed::Before(date)
        } else {
            Placed::Before(date + 1)
        }
    }
}

/// The business days of a run: those that occur, in order, and those that follow the last.
///
/// All dates follow the last, but Saturdays and Sundays only if some occur.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Days {
    dates: Vec<i32>,
    has_weekends: bool,
}

impl Days {
    /// Of the dates of all moments inside the hours: of the calendar, or numbers of days.
    pub fn new(mut dates: Vec<i32>, are_calendar: bool) -> Self {
        dates.sort_unstable();
        dates.dedup();
        let has_weekends = !are_calendar || dates.iter().any(|&date| is_weekend(date));
        Self {
            dates,
            has_weekends,
        }
    }

    /// In order.
    pub fn dates(&self) -> &[i32] {
        &self.dates
    }

    /// The number of a day that occurs.
    #[inline]
    pub fn number(&self, date: i32) -> Option<usize> {
        self.dates.binary_search(&date).ok()
    }

    /// The number of the first day that opens on a date or later; that of one more if there is none.
    pub fn number_from(&self, date: i32) -> usize {
        self.dates.partition_point(|&own| own < date)
    }

    /// Adds a day after the last, on a date or as soon after it as may be.
    pub fn add(&mut self, date: i32) {
        let mut own = date;
        while !self.may_follow(own) {
            own += 1;
        }
        self.dates.push(own);
    }

    /// The last tick of the run that is not after a moment, counted on beyond the last day; the
    /// first tick for a moment before all days.
    pub fn last_tick_until(&self, placed: Placed, ticks: u32) -> u64 {
        let ticks = u64::from(ticks);
        let (date, tick) = match placed {
            Placed::Inside(date, tick) => (date, u64::from(tick)),
            Placed::Before(date) => (date - 1, ticks - 1),
        };
        let later = self.dates.partition_point(|&own| own <= date);
        let Some(at) = later.checked_sub(1) else {
            return 0;
        };
        let last = self.dates[at];
        if date == last {
            at as u64 * ticks + tick
        } else if later < self.dates.len() {
            later as u64 * ticks - 1
        } else {
            let number = at as u64 + self.following(last, date);
            number * ticks
                + if self.may_follow(date) {
                    tick
                } else {
                    ticks - 1
                }
        }
    }

    /// Whether a date after the last day is a business day.
    fn may_follow(&self, date: i32) -> bool {
        self.has_weekends || !is_weekend(date)
    }

    /// How many business days follow the last one up to a date.
    fn following(&self, last: i32, date: i32) -> u64 {
        let until = |date: i32| {
            let date = i64::from(date);
            if self.has_weekends {
                date
            } else {
                (date + 3).div_euclid(7) * 5 + ((date + 3).rem_euclid(7) + 1).min(5)
            }
        };
        (until(date) - until(last)).unsigned_abs()
    }
}

/// Whether a date, counted from Thursday, 1 January 1970, is a Saturday or Sunday.
fn is_weekend(date: i32) -> bool {
    (i64::from(date) + 3).rem_euclid(7) >= 5
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000_000;

    /// A day over midnight holds the early hours of the next date, and no moment is in two days.
    #[test]
    fn over_midnight() {
        let hours = Hours {
            open: 22 * HOUR,
            length: 20 * HOUR,
            tick: HOUR,
        };
        assert_eq!(hours.place(5, 22 * HOUR), Placed::Inside(5, 0));
        assert_eq!(hours.place(6, 0), Placed::Inside(5, 2));
        assert_eq!(hours.place(6, 18 * HOUR - 1), Placed::Inside(5, 19));
        assert_eq!(hours.place(6, 18 * HOUR), Placed::Before(6));
        assert_eq!(hours.place(6, 22 * HOUR - 1), Placed::Before(6));
    }

    /// The close is outside, and what follows it belongs before the next date's opening.
    #[test]
    fn within_a_date() {
        let hours = Hours {
            open: 8 * HOUR,
            length: 10 * HOUR,
            tick: HOUR / 2,
        };
        assert_eq!(hours.ticks(), 20);
        assert_eq!(hours.place(5, 8 * HOUR - 1), Placed::Before(5));
        assert_eq!(hours.place(5, 18 * HOUR - 1), Placed::Inside(5, 19));
        assert_eq!(hours.place(5, 18 * HOUR), Placed::Before(6));
        let round = Hours {
            open: 8 * HOUR,
            length: 24 * HOUR,
            tick: HOUR,
        };
        assert_eq!(round.place(5, 8 * HOUR - 1), Placed::Inside(4, 23));
    }

    /// A deadline is the last tick until its moment, whichever days occur.
    #[test]
    fn deadlines() {
        let days = Days::new(vec![14, 10, 11, 10], false);
        assert_eq!(days.dates(), [10, 11, 14]);
        for (placed, tick) in [
            (Placed::Inside(9, 3), 0),
            (Placed::Before(10), 0),
            (Placed::Inside(10, 3), 3),
            (Placed::Before(11), 9),
            (Placed::Inside(12, 3), 19),
            (Placed::Before(14), 19),
            (Placed::Inside(14, 3), 23),
            (Placed::Before(15), 29),
            (Placed::Inside(16, 3), 43),
            (Placed::Before(17), 49),
        ] {
            assert_eq!(days.last_tick_until(placed, 10), tick, "{placed:?}");
        }
    }

    /// After the last day business goes on from Monday to Friday, unless a weekend occurs.
    #[test]
    fn weekends() {
        // 2 January 1970 was a Friday.
        let days = Days::new(vec![1], true);
        for (placed, tick) in [
            (Placed::Inside(1, 3), 3),
            (Placed::Before(2), 9),
            (Placed::Inside(2, 3), 9),
            (Placed::Inside(3, 3), 9),
            (Placed::Before(4), 9),
            (Placed::Inside(4, 3), 13),
            (Placed::Before(5), 19),
            (Placed::Inside(8, 3), 53),
            (Placed::Inside(9, 3), 59),
            (Placed::Inside(11, 3), 63),
        ] {
            assert_eq!(days.last_tick_until(placed, 10), tick, "{placed:?}");
        }
        for (dates, are_calendar, next) in [
            (vec![1], true, 4),
            (vec![], true, 4),
            (vec![1, 2], true, 3),
            (vec![1], false, 3),
        ] {
            let mut days = Days::new(dates, are_calendar);
            days.add(3);
            assert_eq!(days.dates().last(), Some(&next));
        }
    }
}
