//! How columns are made of the event log: from the events of some kinds, by a value each.

use crate::event::{Event, Kinds};
use crate::ids::{AgentId, NONE, TransactionId};
use crate::results::table::{Coded, Column, Values, Words};
use crate::system::System;
use crate::transaction::Transaction;

/// Columns by name.
pub(super) type Columns = Vec<(&'static str, Column)>;

/// Makes columns.
pub(super) type Job<'a> = Box<dyn FnOnce() -> Columns + Send + 'a>;

/// The event log, and how columns are made of it: from the events of some kinds, by a value each.
#[derive(Clone, Copy)]
pub(super) struct Log<'a>(pub &'a System);

impl<'a> Log<'a> {
    /// A column of a kind.
    pub fn column<T: Copy + Default + 'a>(
        self,
        name: &'static str,
        kinds: Kinds,
        made: fn(Values<T>) -> Column,
        value: impl Fn(&Event) -> Option<T> + Send + 'a,
    ) -> Job<'a> {
        Box::new(move || {
            let mut values = Values::nulls(self.rows());
            self.visit(kinds, |row, event| {
                if let Some(value) = value(event) {
                    values.set(row, value);
                }
            });
            vec![(name, made(values.trimmed()))]
        })
    }

    pub fn integers(
        self,
        name: &'static str,
        kinds: Kinds,
        value: impl Fn(&Event) -> Option<i64> + Send + 'a,
    ) -> Job<'a> {
        self.column(name, kinds, Column::Integer, value)
    }

    /// Words of a fixed set, each with a number.
    pub fn words(
        self,
        name: &'static str,
        kinds: Kinds,
        word: impl Fn(&Event) -> Option<(usize, &'static str)> + Send + 'a,
    ) -> Job<'a> {
        Box::new(move || {
            let mut words = Words::nulls(self.rows());
            self.visit(kinds, |row, event| {
                if let Some((code, word)) = word(event) {
                    words.set(row, code, word);
                }
            });
            vec![(name, Column::Words(words.trimmed()))]
        })
    }

    /// Agents' ids.
    pub fn agents(
        self,
        name: &'static str,
        kinds: Kinds,
        agent: impl Fn(&Event) -> Option<u32> + Send + 'a,
    ) -> Job<'a> {
        Box::new(move || {
            let mut ids = Coded::nulls(self.rows(), self.agents_count());
            self.visit(kinds, |row, event| {
                if let Some(agent) = agent(event).filter(|&agent| agent != NONE) {
                    self.set_name(&mut ids, row, AgentId(agent));
                }
            });
            vec![(name, ids.into())]
        })
    }

    /// Transactions' ids.
    pub fn transactions(
        self,
        name: &'static str,
        kinds: Kinds,
        id: impl Fn(&Event) -> Option<u32> + Send + 'a,
    ) -> Job<'a> {
        Box::new(move || {
            let transactions = &self.0.state().transactions;
            let mut ids = Coded::nulls(self.rows(), transactions.len() as usize);
            self.visit(kinds, |row, event| {
                if let Some(id) = id(event).filter(|&id| id != NONE) {
                    ids.set(row, id as usize, |out| {
                        transactions.write_id(TransactionId(id), self.0.names(), out);
                    });
                }
            });
            vec![(name, ids.into())]
        })
    }

    pub fn rows(self) -> usize {
        self.0.state().journal.len()
    }

    pub fn agents_count(self) -> usize {
        self.0.names().len()
    }

    #[inline]
    pub fn visit(self, kinds: Kinds, look: impl FnMut(usize, &Event)) {
        self.0.state().journal.visit(kinds, look);
    }

    #[inline]
    pub fn set_name(self, names: &mut Coded, row: usize, agent: AgentId) {
        names.set(row, agent.ix(), |out| {
            out.push_str(&self.0.names()[agent.ix()]);
        });
    }

    #[inline]
    pub fn row(self, event: &Event) -> &'a Transaction {
        &self.0.state().transactions[TransactionId(event.transaction)]
    }
}

/// Appends an agent's id, or a null.
pub(crate) fn push_name(texts: &mut Coded, system: &System, agent: Option<u32>) {
    match agent {
        Some(agent) => {
            let agent = agent as usize;
            texts.push(agent, |out| out.push_str(&system.names()[agent]));
        }
        None => texts.push_null(),
    }
}
