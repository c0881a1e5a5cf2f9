//! Step 3 of a tick: what arrives, from scenario events, from lists and from processes.

use super::System;
use crate::error::Result;
use crate::ids::NONE;
use crate::scenario_events::Change;
use crate::transaction::{Origin, Transaction};

impl System {
    /// Step 3: agents in scenario order, each with its extra, its given and its drawn transactions.
    pub(super) fn arrivals(&mut self) -> Result<()> {
        let tick = self.state.tick;
        let given_next = self.agenda.get(self.next_given);
        let is_given = |row: &u32| self.given.arrival_ticks[*row as usize] == tick;
        let is_listed = !self.extras.is_empty() || given_next.is_some_and(is_given);
        for at in 0..self.processes.len() {
            let (sender, _) = self.processes[at];
            if is_listed {
                self.listed_before(sender.0 + 1)?;
            }
            for position in 0..self.processes[at].1.count(tick, self.ticks_per_day) {
                self.arrive_generated(at, position)?;
            }
        }
        if is_listed {
            self.listed_before(NONE)?;
            self.extras.clear();
            self.next_extra = 0;
        }
        Ok(())
    }

    /// Lets the extra and the given transactions of this tick arrive whose sender comes before
    /// `end`.
    fn listed_before(&mut self, end: u32) -> Result<()> {
        while let Some(&(sender, event)) = self.extras.get(self.next_extra)
            && sender.0 < end
        {
            self.next_extra += 1;
            self.given_before(sender.0)?;
            self.arrive_extra(event)?;
        }
        self.given_before(end)
    }

    /// Lets the transaction of a scenario event arrive.
    pub(crate) fn arrive_extra(&mut self, event: u32) -> Result<()> {
        if let Change::Arrive(extra) = &self.schedule.events()[event as usize].change {
            let transaction = extra.arriving(event, self.state.tick)?;
            self.state.arrive(transaction)?;
        }
        Ok(())
    }

    /// Lets the arrival at a position of this tick come from the process at `at`.
    #[inline]
    pub(crate) fn arrive_generated(&mut self, at: usize, position: u32) -> Result<()> {
        let (sender, process) = &self.processes[at];
        let tick = self.state.tick;
        let drawn = process.draw(tick, position)?;
        self.state.arrive(Transaction::arriving(
            *sender,
            drawn.receiver,
            drawn.amount,
            (tick, drawn.deadline),
            Origin::Generated(position + 1),
            (drawn.priority, drawn.divisible),
        ))
    }

    /// Lets the given transactions of this tick arrive whose sender comes before `end`.
    fn given_before(&mut self, end: u32) -> Result<()> {
        let tick = self.state.tick;
        while let Some(&row) = self.agenda.get(self.next_given) {
            let (given, at) = (&self.given, row as usize);
            if given.arrival_ticks[at] != tick || given.senders[at].0 >= end {
                return Ok(());
            }
            self.next_given += 1;
            self.arrive_given(row)?;
        }
        Ok(())
    }

    /// Lets a given transaction arrive.
    #[inline]
    pub(crate) fn arrive_given(&mut self, row: u32) -> Result<()> {
        let (given, at) = (&self.given, row as usize);
        let deadlines = given.deadline_ticks.as_ref();
        self.state.arrive(Transaction::arriving(
            given.senders[at],
            given.receivers[at],
            given.amounts[at],
            (
                given.arrival_ticks[at],
                deadlines.map_or(NONE, |column| column[at]),
            ),
            Origin::Given(row),
            (
                given.priorities.as_ref().map_or(5, |column| column[at]),
                given.divisible.as_ref().is_none_or(|column| column[at]),
            ),
        ))
    }
}
