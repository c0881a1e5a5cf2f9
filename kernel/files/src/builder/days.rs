//! From moments to days and ticks, once all rows are known.

use paysim_kernel::ids::NONE;
use paysim_kernel::transaction::GivenIds;

use crate::builder::{Builder, DateKind, NO_DAY, Reading};
use crate::clock::{Days, Hours, Outside, Placed};
use crate::date_time::iso;
use crate::field::Field;
use crate::given::row_id;
use crate::problem::{Found, Problem};
use crate::{DEADLINE_MAX, TICKS_MAX};

impl Builder<'_> {
    /// Numbers the business days, and turns moments into ticks.
    pub(super) fn place_in_days(&mut self, hours: &Hours, reading: &mut Reading) {
        let ticks = hours.ticks();
        let mut dates = Vec::new();
        for placed in &self.arrivals {
            // Most rows follow one of their own day.
            if let Placed::Inside(date, _) = placed
                && dates.last() != Some(date)
            {
                dates.push(*date);
            }
        }
        let are_calendar = matches!(self.form, Some((_, DateKind::Calendar, _)));
        let mut days = Days::new(dates, are_calendar);
        let drops = self.settings.outside == Outside::Drop;
        let mut kept = Vec::new();
        self.rows.arrival_ticks.reserve_exact(self.arrivals.len());
        let mut following: Option<i32> = None;
        for (row, &placed) in self.arrivals.iter().enumerate() {
            let (number, tick) = match placed {
                _ if placed == NO_DAY => (0, 0),
                Placed::Inside(date, tick) => (days.number(date).unwrap_or(0), tick),
                Placed::Before(_) if drops => continue,
                // It has been refused as it is.
                Placed::Before(_) if self.settings.outside == Outside::Refuse => (0, 0),
                Placed::Before(date) => {
                    reading.moved += 1;
                    let number = days.number_from(date);
                    if number == days.dates().len() {
                        // All that follow the last day arrive together, on one more.
                        following = Some(following.map_or(date, |own| own.min(date)));
                    }
                    (number, 0)
                }
            };
            if drops {
                kept.push(row as u32);
            }
            let at = number as u64 * u64::from(ticks) + u64::from(tick);
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            self.rows.arrival_ticks.push(at);
        }
        if let Some(date) = following {
            days.add(date);
        }
        self.check_ends(&days, &kept, ticks);
        if self.has[Field::DeadlineTime.ix()] {
            let tick = |placed: Option<Placed>| match placed {
                Some(placed) => days
                    .last_tick_until(placed, ticks)
                    .min(u64::from(DEADLINE_MAX)) as u32,
                None => NONE,
            };
            self.rows.deadline_ticks = Some(self.deadlines.iter().map(|&d| tick(d)).collect());
        }
        reading.days = days
            .dates()
            .iter()
            .map(|&date| self.day_text(date))
            .collect();
        if drops {
            reading.dropped = self.arrivals.len() - kept.len();
        }
        if reading.dropped > 0 && self.problems.is_empty() {
            self.keep(&kept);
        }
    }

    /// Refuses what arrives after the days of the run, or after all ticks that there may be.
    fn check_ends(&mut self, days: &Days, kept: &[u32], ticks: u32) {
        let most_days = self.settings.num_days.unwrap_or(TICKS_MAX);
        for at in 0..self.rows.arrival_ticks.len() {
            let tick = self.rows.arrival_ticks[at];
            // Without rows left out, all are kept and none is listed.
            let row = kept.get(at).copied().unwrap_or(at as u32);
            let number = tick / ticks;
            let expected = if number >= most_days {
                format!("must be on one of the first {most_days} business days, as num_days says")
            } else if tick >= TICKS_MAX {
                format!("must be before tick {TICKS_MAX}")
            } else {
                continue;
            };
            let (field, found) = match self.arrivals[row as usize] {
                Placed::Inside(date, _) if self.has[Field::ArrivalDate.ix()] => {
                    (Field::ArrivalDate, self.day_text(date))
                }
                Placed::Inside(date, _) => (Field::ArrivalTime, self.day_text(date)),
                Placed::Before(_) => {
                    let cell = self.moved_cells.get(&row).map_or("", String::as_str);
                    let all = days.dates();
                    let day = all.get(number as usize).or(all.last());
                    let day = day.map_or_else(String::new, |&date| self.day_text(date));
                    (Field::ArrivalTime, format!("'{cell}', moved to {day}"))
                }
            };
            self.problems.add(Problem {
                row,
                field: Some(field),
                expected,
                found: Found::Words(found),
                hint: "",
                other: None,
            });
        }
    }

    fn day_text(&self, date: i32) -> String {
        match self.form {
            Some((_, DateKind::Calendar, _)) => iso(date),
            _ => date.to_string(),
        }
    }

    /// Leaves only these rows, which keep the ids that they have by their numbers.
    fn keep(&mut self, rows: &[u32]) {
        fn pick<T: Copy>(column: &mut Vec<T>, rows: &[u32]) {
            *column = rows.iter().map(|&row| column[row as usize]).collect();
        }
        let all = &mut self.rows;
        let mut ids = GivenIds::default();
        for &row in rows {
            match all.ids.get(row as usize) {
                Some(id) => ids.push(id),
                None => ids.push(&row_id(row as usize)),
            }
        }
        all.ids = ids;
        pick(&mut all.senders, rows);
        pick(&mut all.receivers, rows);
        pick(&mut all.amounts, rows);
        if let Some(column) = &mut all.deadline_ticks {
            pick(column, rows);
        }
        if let Some(column) = &mut all.priorities {
            pick(column, rows);
        }
        if let Some(column) = &mut all.divisible {
            pick(column, rows);
        }
    }
}
