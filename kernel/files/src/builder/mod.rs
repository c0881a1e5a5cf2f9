//! From rows of cells to columns: every row is looked at, and all that is wrong is told.

mod days;
mod moments;

use std::collections::{HashMap, HashSet};

use paysim_kernel::ids::NONE;

use crate::amount::{AmountForm, flag, whole};
use crate::clock::{Hours, Outside, Placed};
use crate::date_time::DateOrder;
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

    /// Whether the cells of a field come from a type and not from a text: amounts then have a
    /// decimal point, and dates begin with the year, however texts are written.
    #[inline]
    fn is_typed(&self, _field: Field) -> bool {
        false
    }
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
    /// The moments of rows that are moved, as they are written, where they may be told.
    moved_cells: HashMap<u32, String>,
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
            moved_cells: HashMap::new(),
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
            let cell = trimmed(cells.cell(Field::ReceiverId));
            self.refuse(Field::ReceiverId, cell, refusal);
        }
        let mut form = self.settings.amounts;
        form.comma &= !cells.is_typed(Field::Amount);
        let amount = self.required(cells, Field::Amount, |_, cell| form.read(cell));
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
            other: None,
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
            other: None,
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
        let cell = trimmed(cells.cell(field));
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
        let cell = trimmed(cells.cell(field));
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
        let cell = trimmed(cell);
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
        let cell = trimmed(cells.cell(field));
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

    fn check_ids(&mut self) {
        for (row, first) in repeated_ids(&self.rows.ids, COUNTED_MAX) {
            let id = self.rows.ids.get(row).unwrap_or_default();
            if !id.is_empty() {
                self.problems.add(Problem {
                    row: row as u32,
                    field: Some(Field::Id),
                    expected: "must be unique, and is the id of".to_owned(),
                    found: Found::Cell(id.to_owned()),
                    hint: "",
                    other: Some(first as u32),
                });
            }
        }
    }
}

/// A cell without the blanks and tabs around it, which do not count.
#[inline]
fn trimmed(mut cell: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = cell {
        cell = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = cell {
        cell = rest;
    }
    cell
}

fn found(cell: &[u8]) -> Found {
    match std::str::from_utf8(cell) {
        Ok("") => Found::Nothing,
        Ok(text) => Found::Cell(text.chars().take(CELL_MAX).collect()),
        Err(error) => Found::Words(format!("byte 0x{:02x}", cell[error.valid_up_to()])),
    }
}
