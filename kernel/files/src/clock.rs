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

/// The business days of a run: those that occur, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Days {
    dates: Vec<i32>,
}

impl Days {
    /// Of the dates of all moments inside the hours.
    pub fn new(mut dates: Vec<i32>) -> Self {
        dates.sort_unstable();
        dates.dedup();
        Self { dates }
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

    /// Adds a day after the last.
    pub fn add(&mut self, date: i32) {
        self.dates.push(date);
    }

    /// The last tick of the run that is not after a moment, counted on beyond the last day by the
    /// calendar; the first tick for a moment before all days.
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
        let over = i64::from(date) - i64::from(self.dates[at]);
        if over == 0 {
            at as u64 * ticks + tick
        } else if later < self.dates.len() {
            later as u64 * ticks - 1
        } else {
            (at as u64 + over.unsigned_abs()) * ticks + tick
        }
    }
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
        let days = Days::new(vec![14, 10, 11, 10]);
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
}
