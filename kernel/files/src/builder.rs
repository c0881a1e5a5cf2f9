//! From rows of cells to columns: every row is looked at, and all that is wrong is told.

use std::collections::HashSet;

use paysim_kernel::ids::NONE;
use paysim_kernel::transaction::GivenIds;

use crate::amount::{AmountForm, flag, whole};
use crate::clock::{Days, Hours, Outside, Placed};
use crate::date_time::{Date, DateOrder, Time, date, iso, moment, time};
use crate::field::Field;
use crate::given::{Given, PRIORITY, repeated_ids, row_id};
use crate::names::{Dictionary, Printable, check_name};
use crate::problem::{COUNTED_MAX, Found, Problem, Problems, Refusal};
use crate::{CELL_MAX, DEADLINE_MAX, ROWS_MAX, TICKS_MAX};

/// Stands for the day of a row that has none because something is wrong with it.
const NO_DAY: Placed = Placed::Before(i32::MIN);

/// How cells are to be read.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// How amounts are written.
    pub amounts: AmountForm,
    /// How dates are written.
    pub dates: DateOrder,
    /// The hours of a day, for arrivals that are moments.
    pub hours: Option<Hours>,
    /// What becomes of arrivals outside the hours.
    pub outside: Outside,
    /// The agents that there are; any name is one without them.
    pub agents: Option<HashSet<String>>,
    /// The first tick after the run, for arrivals that are ticks.
    pub end_tick: Option<u32>,
    /// Days of the run, for arrivals that are moments.
    pub num_days: Option<u32>,
}

/// The cells of one row; an empty one is absent.
pub trait Cells {
    /// The cell of a field that has a column.
    fn cell(&self, field: Field) -> &[u8];
}

/// What came of reading.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The transactions, if nothing is wrong.
    pub given: Option<Given>,
    /// All that is wrong.
    pub problems: Problems,
    /// The business days of arrivals that are moments, as dates or numbers.
    pub days: Vec<String>,
    /// Rows left out for being outside the hours.
    pub dropped: usize,
    /// Rows that arrive later for being outside the hours.
    pub moved: usize,
}

/// Gathers rows.
pub struct Builder<'a> {
    settings: &'a Settings,
    printable: Printable<'a>,
    has: [bool; Field::COUNT],
    names: Dictionary,
    is_agent: Vec<bool>,
    rows: Given,
    arrivals: Vec<Placed>,
    deadlines: Vec<Option<Placed>>,
    /// What the first moment has: the kind of its date and its zone's offset.
    form: Option<(u32, DateKind, Option<i16>)>,
    problems: Problems,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DateKind {
    Calendar,
    Numbered,
    Undated,
}

impl<'a> Builder<'a> {
    /// For rows that have columns for these fields.
    pub fn new(settings: &'a Settings, fields: &[Field], printable: Printable<'a>) -> Self {
        let mut has = [false; Field::COUNT];
        for field in fields {
            has[field.ix()] = true;
        }
        let mut rows = Given::default();
        let has_deadline = has[Field::DeadlineTick.ix()] || has[Field::DeadlineTime.ix()];
        rows.deadline_ticks = has_deadline.then(Vec::new);
        rows.priorities = has[Field::Priority.ix()].then(Vec::new);
        rows.divisible = has[Field::Divisible.ix()].then(Vec::new);
        Self {
            settings,
            printable,
            has,
            names: Dictionary::default(),
            is_agent: Vec::new(),
            rows,
            arrivals: Vec::new(),
            deadlines: Vec::new(),
            form: None,
            problems: Problems::default(),
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.amounts.len()
    }

    /// True without any.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether further rows need not be read.
    pub fn is_full(&self) -> bool {
        self.problems.is_full() || self.len() > ROWS_MAX
    }

    /// Takes the next row.
    #[inline]
    pub fn push(&mut self, cells: &impl Cells) {
        if self.has[Field::Id.ix()] {
            self.push_id(cells.cell(Field::Id));
        }
        let sender = self.party(cells, Field::SenderId);
        let receiver = self.party(cells, Field::ReceiverId);
        if sender == receiver && sender != NONE {
            let refusal = Refusal::new("must not be the sender");
            self.refuse(Field::ReceiverId, cells.cell(Field::ReceiverId), refusal);
        }
        let amount = self.required(cells, Field::Amount, |own, cell| {
            own.settings.amounts.read(cell)
        });
        let amount = amount.unwrap_or(0);
        if self.has[Field::ArrivalTick.ix()] {
            self.push_arrival_tick(cells);
        } else {
            self.push_moments(cells);
        }
        if self.has[Field::DeadlineTick.ix()] {
            let tick = self.optional(cells, Field::DeadlineTick, |cell| whole(cell, DEADLINE_MAX));
            if let Some(column) = &mut self.rows.deadline_ticks {
                column.push(tick.unwrap_or(NONE));
            }
        }
        if self.has[Field::Priority.ix()] {
            let priority = self.optional(cells, Field::Priority, |cell| whole(cell, 10));
            if let Some(column) = &mut self.rows.priorities {
                column.push(priority.map_or(PRIORITY, |priority| priority as u8));
            }
        }
        if self.has[Field::Divisible.ix()] {
            let divisible = self.optional(cells, Field::Divisible, flag);
            if let Some(column) = &mut self.rows.divisible {
                column.push(divisible.unwrap_or(true));
            }
        }
        self.rows.senders.push(sender);
        self.rows.receivers.push(receiver);
        self.rows.amounts.push(amount);
    }

    /// Refuses the next row as a whole.
    pub fn refuse_row(&mut self, expected: String, found: String) {
        let row = self.len() as u32;
        self.problems.add(Problem {
            row,
            field: None,
            expected,
            found: Found::Words(found),
            hint: "",
        });
        // Its place is kept, so that the rows after it keep their numbers.
        if self.has[Field::Id.ix()] {
            self.rows.ids.push("");
        }
        self.arrivals.push(NO_DAY);
        self.deadlines.push(None);
        self.rows.senders.push(NONE);
        self.rows.receivers.push(NONE);
        self.rows.amounts.push(0);
    }

    /// The columns, or all that is wrong.
    pub fn finish(mut self) -> Reading {
        if self.len() > ROWS_MAX {
            self.rows.amounts.truncate(ROWS_MAX);
            self.refuse_row(
                format!("must hold at most {ROWS_MAX} transactions"),
                "more".into(),
            );
        }
        self.check_ids();
        let mut reading = Reading {
            given: None,
            problems: Problems::default(),
            days: Vec::new(),
            dropped: 0,
            moved: 0,
        };
        if let Some(hours) = self.settings.hours
            && !self.has[Field::ArrivalTick.ix()]
        {
            self.place_in_days(&hours, &mut reading);
        }
        reading.problems = self.problems;
        if reading.problems.is_empty() {
            self.rows.names = self.names.into_names();
            reading.given = Some(self.rows.canonical());
        }
        reading
    }

    fn refuse(&mut self, field: Field, cell: &[u8], refusal: Refusal) {
        self.problems.add(Problem {
            row: self.len() as u32,
            field: Some(field),
            expected: refusal.expected,
            found: found(cell),
            hint: refusal.hint,
        });
    }

    /// What is read of a cell that may be empty.
    #[inline]
    fn optional<T>(
        &mut self,
        cells: &impl Cells,
        field: Field,
        read: impl Fn(&[u8]) -> Result<T, Refusal>,
    ) -> Option<T> {
        let cell = cells.cell(field).trim_ascii();
        if cell.is_empty() {
            return None;
        }
        match read(cell) {
            Ok(value) => Some(value),
            Err(refusal) => {
                self.refuse(field, cell, refusal);
                None
            }
        }
    }

    /// What is read of a cell that may not be empty.
    #[inline]
    fn required<T>(
        &mut self,
        cells: &impl Cells,
        field: Field,
        read: impl Fn(&Self, &[u8]) -> Result<T, Refusal>,
    ) -> Option<T> {
        let cell = cells.cell(field).trim_ascii();
        let value = if cell.is_empty() {
            Err(Refusal::new("is missing"))
        } else {
            read(self, cell)
        };
        match value {
            Ok(value) => Some(value),
            Err(refusal) => {
                self.refuse(field, cell, refusal);
                None
            }
        }
    }

    fn push_id(&mut self, cell: &[u8]) {
        if cell.is_empty() {
            let row = self.len();
            self.rows.ids.push(&row_id(row));
            return;
        }
        match self.name(cell) {
            Ok(id) => self.rows.ids.push(id),
            Err(refusal) => {
                self.refuse(Field::Id, cell, refusal);
                self.rows.ids.push("");
            }
        }
    }

    fn name<'c>(&self, cell: &'c [u8]) -> Result<&'c str, Refusal> {
        if cell.len() > CELL_MAX {
            return Err(Refusal::new("must be 1 to 128 characters"));
        }
        let name = std::str::from_utf8(cell).map_err(|_| {
            Refusal::new("must be UTF-8").hint("save the file with the encoding UTF-8")
        })?;
        check_name(name, self.printable)?;
        Ok(name)
    }

    #[inline]
    fn party(&mut self, cells: &impl Cells, field: Field) -> u32 {
        let cell = cells.cell(field);
        let number = match self.names.find(cell) {
            Some(number) => number,
            None => {
                let name = if cell.is_empty() {
                    Err(Refusal::new("is missing"))
                } else {
                    self.name(cell)
                };
                match name {
                    Ok(name) => {
                        let agents = &self.settings.agents;
                        self.is_agent
                            .push(agents.as_ref().is_none_or(|all| all.contains(name)));
                        self.names.enter(name)
                    }
                    Err(refusal) => {
                        self.refuse(field, cell, refusal);
                        return NONE;
                    }
                }
            }
        };
        if !self.is_agent[number as usize] {
            self.refuse(field, cell, Refusal::new("must be the id of an agent"));
        }
        number
    }

    fn push_arrival_tick(&mut self, cells: &impl Cells) {
        let end = self.settings.end_tick.unwrap_or(TICKS_MAX);
        let tick = self.required(cells, Field::ArrivalTick, |own, cell| {
            let tick = whole(cell, TICKS_MAX - 1)?;
            match own.settings.end_tick {
                Some(_) if tick >= end => Err(Refusal::new(format!(
                    "must be before the end of the run, tick {end}"
                ))),
                _ => Ok(tick),
            }
        });
        self.rows.arrival_ticks.push(tick.unwrap_or(0));
    }

    /// The arrival of a row as a moment, and its deadline.
    fn push_moments(&mut self, cells: &impl Cells) {
        let Some(hours) = self.settings.hours else {
            return;
        };
        let arrival = self.arrival(cells);
        let placed = arrival.map_or(NO_DAY, |(day, time)| self.place(&hours, day, time));
        if self.settings.outside == Outside::Refuse
            && placed != NO_DAY
            && matches!(placed, Placed::Before(_))
        {
            let cell = cells.cell(Field::ArrivalTime);
            self.refuse(Field::ArrivalTime, cell, outside(&hours));
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
        let order = self.settings.dates;
        if self.has[Field::ArrivalDate.ix()] {
            let day = self.required(cells, Field::ArrivalDate, |_, cell| date(cell, order));
            let clock = self.required(cells, Field::ArrivalTime, |_, cell| time(cell));
            let (day, clock) = (day?, clock?);
            return self.in_form(cells, Field::ArrivalTime, Some(day), clock);
        }
        let (day, clock) =
            self.required(cells, Field::ArrivalTime, |_, cell| moment(cell, order))?;
        self.in_form(cells, Field::ArrivalTime, day, clock)
    }

    /// The deadline as a date and a time; one without a date has that of the arrival.
    fn deadline(
        &mut self,
        cells: &impl Cells,
        hours: &Hours,
        arrival: (i32, i64),
    ) -> Option<(i32, i64)> {
        let order = self.settings.dates;
        let (day, clock) = if self.has[Field::DeadlineDate.ix()] {
            let day = self.optional(cells, Field::DeadlineDate, |cell| date(cell, order));
            let clock = self.optional(cells, Field::DeadlineTime, time);
            if cells.cell(Field::DeadlineDate).trim_ascii().is_empty() {
                if clock.is_some() {
                    self.refuse(Field::DeadlineDate, b"", Refusal::new("is missing"));
                }
                return None;
            }
            if cells.cell(Field::DeadlineTime).trim_ascii().is_empty() {
                self.refuse(Field::DeadlineTime, b"", Refusal::new("is missing"));
            }
            (Some(day?), clock?)
        } else {
            self.optional(cells, Field::DeadlineTime, |cell| moment(cell, order))?
        };
        if day.is_some() {
            return self.in_form(cells, Field::DeadlineTime, day, clock);
        }
        let is_next = hours.open + hours.length > crate::date_time::DAY && clock.0 < arrival.1;
        Some((arrival.0 + i32::from(is_next), clock.0))
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
        let refusal = if kind != first_kind {
            Refusal::new(match first_kind {
                DateKind::Calendar => "must have a date, as the rows before it have",
                DateKind::Numbered => "must have the number of a day, as the rows before it have",
                DateKind::Undated => "must have no date, as the rows before it have none",
            })
        } else if offset != first_offset {
            let as_first = format!("as row {} has", first + 1);
            Refusal::new(match first_offset {
                None => format!("must have no offset of a time zone, {as_first} none"),
                Some(0) => format!("must have the offset Z or +00:00, {as_first}"),
                Some(minutes) => {
                    let sign = if minutes < 0 { '-' } else { '+' };
                    let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
                    format!("must have the offset {sign}{hours:02}:{rest:02}, {as_first}")
                }
            })
            .hint("times are read as they are written, so all must be of one zone")
        } else {
            return Some((day, clock));
        };
        self.refuse(field, cells.cell(field).trim_ascii(), refusal);
        None
    }

    fn check_ids(&mut self) {
        for (row, first) in repeated_ids(&self.rows.ids, COUNTED_MAX) {
            let id = self.rows.ids.get(row).unwrap_or_default();
            if !id.is_empty() {
                self.problems.add(Problem {
                    row: row as u32,
                    field: Some(Field::Id),
                    expected: format!("must be unique, and is the id of row {}", first + 1),
                    found: Found::Cell(id.to_owned()),
                    hint: "",
                });
            }
        }
    }

    /// Numbers the business days, and turns moments into ticks.
    fn place_in_days(&mut self, hours: &Hours, reading: &mut Reading) {
        let ticks = hours.ticks();
        let inside = self.arrivals.iter().filter_map(|placed| match placed {
            Placed::Inside(date, _) => Some(*date),
            Placed::Before(_) => None,
        });
        // Most rows follow one of their own day.
        let mut dates: Vec<i32> = inside.collect();
        dates.dedup();
        let mut days = Days::new(dates);
        let mut kept = Vec::with_capacity(self.arrivals.len());
        let mut following: Option<i32> = None;
        for (row, &placed) in self.arrivals.iter().enumerate() {
            let (number, tick) = match placed {
                _ if placed == NO_DAY => (0, 0),
                Placed::Inside(date, tick) => (days.number(date).unwrap_or(0), tick),
                Placed::Before(_) if self.settings.outside == Outside::Drop => continue,
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
            kept.push(row as u32);
            let at = number as u64 * u64::from(ticks) + u64::from(tick);
            let most_days = self.settings.num_days.unwrap_or(TICKS_MAX);
            let expected = if number as u64 >= u64::from(most_days) {
                format!("must be within the days of the run, {most_days}")
            } else if at >= u64::from(TICKS_MAX) {
                format!("must be before tick {TICKS_MAX}")
            } else {
                self.rows.arrival_ticks.push(at as u32);
                continue;
            };
            self.problems.add(Problem {
                row: row as u32,
                field: Some(Field::ArrivalTime),
                expected,
                found: Found::Words(format!("day {}, of {number} before it", number + 1)),
                hint: "",
            });
        }
        if let Some(date) = following {
            days.add(date);
        }
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
        reading.dropped = self.arrivals.len() - kept.len();
        if reading.dropped > 0 && self.problems.is_empty() {
            self.keep(&kept);
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

fn outside(hours: &Hours) -> Refusal {
    let clock = |nanos: i64| {
        let seconds = nanos / crate::date_time::SECOND % 86_400;
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

fn found(cell: &[u8]) -> Found {
    match std::str::from_utf8(cell) {
        Ok("") => Found::Nothing,
        Ok(text) => Found::Cell(text.chars().take(CELL_MAX).collect()),
        Err(error) => Found::Words(format!("byte 0x{:02x}", cell[error.valid_up_to()])),
    }
}
