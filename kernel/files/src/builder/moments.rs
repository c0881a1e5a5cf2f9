//! Arrivals and deadlines that are moments.

use crate::builder::{Builder, Cells, DateKind, NO_DAY, found, trimmed};
use crate::clock::{Hours, Outside, Placed};
use crate::date_time::{DAY, Date, DateOrder, SECOND, Time, date, moment, time};
use crate::field::Field;
use crate::problem::{COUNTED_MAX, Problem, Refusal};

impl Builder<'_> {
    /// The arrival of a row as a moment, and its deadline.
    pub(super) fn push_moments(&mut self, cells: &impl Cells) {
        let Some(hours) = self.settings.hours else {
            return;
        };
        let arrival = self.arrival(cells);
        let placed = arrival.map_or(NO_DAY, |(day, time)| self.place(&hours, day, time));
        if self.settings.outside == Outside::Refuse
            && placed != NO_DAY
            && matches!(placed, Placed::Before(_))
        {
            let cell = trimmed(cells.cell(Field::ArrivalTime));
            self.refuse(Field::ArrivalTime, cell, outside(&hours));
        }
        if self.settings.outside == Outside::NextOpen
            && self.settings.num_days.is_some()
            && self.moved_cells.len() < COUNTED_MAX
            && placed != NO_DAY
            && matches!(placed, Placed::Before(_))
        {
            // All of it was read as a moment, so it is digits and marks.
            let mut text = String::new();
            for field in [Field::ArrivalDate, Field::ArrivalTime] {
                if self.has[field.ix()] {
                    let cell = String::from_utf8_lossy(trimmed(cells.cell(field)));
                    text.push_str(if text.is_empty() { "" } else { " " });
                    text.push_str(&cell);
                }
            }
            self.moved_cells.insert(self.len() as u32, text);
        }
        self.arrivals.push(placed);
        if self.has[Field::DeadlineTime.ix()] {
            let deadline = arrival.and_then(|arrival| self.deadline(cells, &hours, arrival));
            let placed = deadline.map(|(day, time)| self.place(&hours, day, time));
            self.deadlines.push(placed);
        }
    }

    fn place(&self, hours: &Hours, day: i32, time: i64) -> Placed {
        match hours.place(day, time) {
            // Times without a date are all of one day.
            Placed::Inside(_, tick) if matches!(self.form, Some((_, DateKind::Undated, _))) => {
                Placed::Inside(0, tick)
            }
            placed => placed,
        }
    }

    fn arrival(&mut self, cells: &impl Cells) -> Option<(i32, i64)> {
        if self.has[Field::ArrivalDate.ix()] {
            let day = self.required(cells, Field::ArrivalDate, |own, cell| {
                date(cell, own.order(cells, Field::ArrivalDate))
            });
            let clock = self.required(cells, Field::ArrivalTime, |_, cell| time(cell));
            let (day, clock) = (day?, clock?);
            return self.in_form(cells, Field::ArrivalTime, Some(day), clock);
        }
        let (day, clock) = self.required(cells, Field::ArrivalTime, |own, cell| {
            moment(cell, own.order(cells, Field::ArrivalTime))
        })?;
        self.in_form(cells, Field::ArrivalTime, day, clock)
    }

    /// The deadline as a date and a time; one without a date has that of the arrival.
    fn deadline(
        &mut self,
        cells: &impl Cells,
        hours: &Hours,
        arrival: (i32, i64),
    ) -> Option<(i32, i64)> {
        let (day, clock) = if self.has[Field::DeadlineDate.ix()] {
            let order = self.order(cells, Field::DeadlineDate);
            let day = self.optional(cells, Field::DeadlineDate, |cell| date(cell, order));
            let clock = self.optional(cells, Field::DeadlineTime, time);
            if trimmed(cells.cell(Field::DeadlineDate)).is_empty() {
                if clock.is_some() {
                    self.refuse(Field::DeadlineDate, b"", Refusal::new("is missing"));
                }
                return None;
            }
            if trimmed(cells.cell(Field::DeadlineTime)).is_empty() {
                self.refuse(Field::DeadlineTime, b"", Refusal::new("is missing"));
            }
            (Some(day?), clock?)
        } else {
            let order = self.order(cells, Field::DeadlineTime);
            self.optional(cells, Field::DeadlineTime, |cell| moment(cell, order))?
        };
        if day.is_some() {
            return self.in_form(cells, Field::DeadlineTime, day, clock);
        }
        let is_next = hours.open + hours.length > DAY && clock.0 < arrival.1;
        Some((arrival.0 + i32::from(is_next), clock.0))
    }

    fn order(&self, cells: &impl Cells, field: Field) -> DateOrder {
        if cells.is_typed(field) {
            DateOrder::Ymd
        } else {
            self.settings.dates
        }
    }

    /// A date and a time, if they are written as the first ones are.
    fn in_form(
        &mut self,
        cells: &impl Cells,
        field: Field,
        day: Option<Date>,
        (clock, offset): Time,
    ) -> Option<(i32, i64)> {
        let (kind, day) = match day {
            Some(Date::Calendar(day)) => (DateKind::Calendar, day),
            Some(Date::Numbered(day)) => (DateKind::Numbered, day),
            None => (DateKind::Undated, 0),
        };
        let row = self.len() as u32;
        let (first, first_kind, first_offset) = *self.form.get_or_insert((row, kind, offset));
        if kind != first_kind {
            let expected = match first_kind {
                DateKind::Calendar => "must have a date, like",
                DateKind::Numbered => "must have the number of a day, like",
                DateKind::Undated => "must have no date, like",
            };
            let date = match field {
                Field::ArrivalTime => Field::ArrivalDate,
                _ => Field::DeadlineDate,
            };
            let field = if self.has[date.ix()] { date } else { field };
            self.refuse_unlike(cells, field, expected.to_owned(), "", first);
            return None;
        }
        if offset != first_offset {
            let expected = match first_offset {
                None => "must have no offset of a time zone, like".to_owned(),
                Some(0) => "must have the offset Z or +00:00, like".to_owned(),
                Some(minutes) => {
                    let sign = if minutes < 0 { '-' } else { '+' };
                    let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
                    format!("must have the offset {sign}{hours:02}:{rest:02}, like")
                }
            };
            let hint = "times are read as they are written, so all must be of one zone";
            self.refuse_unlike(cells, field, expected, hint, first);
            return None;
        }
        Some((day, clock))
    }

    /// Refuses a moment for being written in another way than that of the first row that has one.
    fn refuse_unlike(
        &mut self,
        cells: &impl Cells,
        field: Field,
        expected: String,
        hint: &'static str,
        first: u32,
    ) {
        self.problems.add(Problem {
            row: self.len() as u32,
            field: Some(field),
            expected,
            found: found(trimmed(cells.cell(field))),
            hint,
            other: Some(first),
        });
    }
}

fn outside(hours: &Hours) -> Refusal {
    let clock = |nanos: i64| {
        let seconds = nanos / SECOND % 86_400;
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        match second {
            0 => format!("{hour:02}:{minute:02}"),
            _ => format!("{hour:02}:{minute:02}:{second:02}"),
        }
    };
    let (open, close) = (clock(hours.open), clock(hours.open + hours.length));
    Refusal::new(format!(
        "must be within opening hours, from {open} to before {close}"
    ))
    .hint("outside_hours: next-open or drop (--outside-hours) moves or drops such rows")
}
