//! What the tables of days and of stays have in common: they tell of closed ticks, day by day.

use crate::error::{Error, Result};
use crate::event::Event;
use crate::ids::Tick;
use crate::results::table::Column;
use crate::system::System;

/// The events of the ticks that are closed, in order; those of an open one are left out.
pub fn closed_events(system: &System) -> impl Iterator<Item = Event> + '_ {
    let end = system.tick();
    let events = system.state().journal.iter();
    events.take_while(move |event| event.tick < end)
}

/// The day of a tick.
#[inline]
pub fn day(system: &System, tick: Tick) -> Tick {
    tick / system.ticks_per_day()
}

/// How many days have a closed tick; the last of them may not be over.
pub fn days(system: &System) -> Tick {
    system.tick().div_ceil(system.ticks_per_day())
}

/// Integer columns by name, filled row by row.
pub struct Figures {
    columns: Vec<(&'static str, Vec<Option<i64>>)>,
}

impl Figures {
    /// Empty columns of these names.
    pub fn new(names: &[&'static str]) -> Self {
        let columns = names.iter().map(|name| (*name, Vec::new()));
        Self {
            columns: columns.collect(),
        }
    }

    /// Appends a row, a value for each column.
    ///
    /// # Errors
    /// [`Error::Overflow`] if one does not fit.
    pub fn push(&mut self, row: impl IntoIterator<Item = Option<i128>>) -> Result<()> {
        for ((name, column), value) in self.columns.iter_mut().zip(row) {
            let narrow = value.map(i64::try_from).transpose();
            column.push(narrow.map_err(|_| Error::overflow(format!("{name} of a table")))?);
        }
        Ok(())
    }

    /// The columns with their names.
    pub fn into_columns(self) -> impl Iterator<Item = (&'static str, Column)> {
        let columns = self.columns.into_iter();
        columns.map(|(name, values)| (name, Column::Integer(values.into())))
    }
}
