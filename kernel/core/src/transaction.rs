//! Transactions and where each stands.
//!
//! A transaction's life: it *arrives* in its sender's internal queue and is *held* there; its
//! agent *releases* it; if it cannot settle at once it is *queued* centrally, from where it may be
//! withdrawn back to the internal queue. It ends *settled* or *cancelled*. An agent may instead
//! *split* it: the parts are released in its place, and it is settled with the last of them.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::ids::{AgentId, NONE, Tick, TransactionId};

/// Where a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// In its sender's internal queue.
    Held,
    /// Submitted in this tick and not tried yet.
    Released,
    /// In the central queue.
    Queued,
    /// Debited and credited with finality; for a split one, all of its parts are.
    Settled,
    /// Ended by the end-of-day rule.
    Cancelled,
    /// Replaced by its parts.
    Split,
}

impl Status {
    /// The word of result tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Released => "released",
            Self::Queued => "queued",
            Self::Settled => "settled",
            Self::Cancelled => "cancelled",
            Self::Split => "split",
        }
    }
}

/// Where a transaction comes from, which also gives its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A row of the scenario's transactions, from 0.
    Given(u32),
    /// The nth (from 1) that its sender drew in its tick of arrival.
    Generated(u32),
    /// The scenario event with this number, from 0.
    Extra(u32),
    /// The nth part (from 1) of another transaction.
    Part {
        /// The transaction that was split.
        parent: TransactionId,
        /// 1 for the first part.
        number: u32,
    },
}

/// One payment order.
#[derive(Debug, Clone)]
pub struct Transaction {
    /// Minor units, at least 1.
    pub amount: i64,
    /// Place among all releases; decides order within a class.
    pub release_number: u64,
    /// Who pays.
    pub sender: AgentId,
    /// Who is paid.
    pub receiver: AgentId,
    /// Tick of arrival; of the whole for a part.
    pub arrival_tick: Tick,
    /// Deadline, or [`NONE`].
    pub deadline_tick: Tick,
    /// Tick in which it settled or was cancelled, or [`NONE`].
    pub end_tick: Tick,
    /// Neighbours in the internal queue, or [`NONE`].
    pub(crate) previous: u32,
    pub(crate) next: u32,
    /// Where it comes from.
    pub origin: Origin,
    /// Where it stands.
    pub status: Status,
    /// 0 to 10, as it is now.
    pub priority: u8,
    /// 0 to 10, as it came.
    pub priority_at_arrival: u8,
    /// Whether it may be split.
    pub divisible: bool,
    /// Whether its deadline passed while it was unsettled.
    pub overdue: bool,
    /// Whether its release or split waits for step 4.
    pub decided: bool,
    /// Whether that is a split.
    pub splits: bool,
    /// Whether its withdrawal waits for step 4.
    pub withdraws: bool,
}

impl Transaction {
    /// A transaction as it arrives: held, with its arrival and deadline ticks, its priority, and
    /// whether it is divisible.
    pub(crate) fn arriving(
        sender: AgentId,
        receiver: AgentId,
        amount: i64,
        (arrival_tick, deadline_tick): (Tick, Tick),
        origin: Origin,
        (priority, divisible): (u8, bool),
    ) -> Self {
        Self {
            amount,
            release_number: 0,
            sender,
            receiver,
            arrival_tick,
            deadline_tick,
            end_tick: NONE,
            previous: NONE,
            next: NONE,
            origin,
            status: Status::Held,
            priority,
            priority_at_arrival: priority,
            divisible,
            overdue: false,
            decided: false,
            splits: false,
            withdraws: false,
        }
    }

    /// Whether it can still settle by itself.
    #[inline]
    pub fn is_unsettled(&self) -> bool {
        matches!(
            self.status,
            Status::Held | Status::Released | Status::Queued
        )
    }
}

/// Ids of the scenario's transactions, in one text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GivenIds {
    ends: Vec<usize>,
    text: String,
}

impl GivenIds {
    /// Appends the id of the next row.
    pub fn push(&mut self, id: &str) {
        self.text.push_str(id);
        self.ends.push(self.text.len());
    }

    /// How many rows have one; none, or all of them.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True where no row has one, and each is called by its number.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The id of a row, from 0.
    pub fn get(&self, row: usize) -> Option<&str> {
        let end = *self.ends.get(row)?;
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        Some(&self.text[start..end])
    }
}

/// Id of a scenario event's transactions.
#[derive(Debug, Clone)]
struct ExtraId {
    text: String,
    /// Whether the tick of arrival follows it.
    repeats: bool,
}

/// All transactions that have come to exist, by number.
#[derive(Debug, Clone, Default)]
pub struct Transactions {
    rows: Vec<Transaction>,
    given_ids: GivenIds,
    /// By number of the scenario event.
    extra_ids: BTreeMap<u32, ExtraId>,
    /// Parts of each split transaction that are not settled yet.
    open_parts: BTreeMap<TransactionId, u32>,
}

impl std::ops::Index<TransactionId> for Transactions {
    type Output = Transaction;

    #[inline]
    fn index(&self, id: TransactionId) -> &Transaction {
        &self.rows[id.ix()]
    }
}

impl std::ops::IndexMut<TransactionId> for Transactions {
    #[inline]
    fn index_mut(&mut self, id: TransactionId) -> &mut Transaction {
        &mut self.rows[id.ix()]
    }
}

impl Transactions {
    /// No transaction yet; given ones have these ids, and are `row-N` beyond them.
    pub fn new(given_ids: GivenIds) -> Self {
        Self {
            given_ids,
            ..Self::default()
        }
    }

    /// How many exist.
    pub fn len(&self) -> u32 {
        self.rows.len() as u32
    }

    /// True before the first arrival.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Every transaction in order of number.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (TransactionId, &Transaction)> {
        self.rows
            .iter()
            .enumerate()
            .map(|(ix, row)| (TransactionId(ix as u32), row))
    }

    /// Names the transactions of a scenario event; one that repeats adds the tick.
    pub(crate) fn name_extra(&mut self, event: u32, id: &str, repeats: bool) {
        let text = id.to_owned();
        self.extra_ids.insert(event, ExtraId { text, repeats });
    }

    pub(crate) fn push(&mut self, transaction: Transaction) -> TransactionId {
        let id = TransactionId(self.len());
        self.rows.push(transaction);
        id
    }

    /// Notes that `parent` now stands in `parts` parts.
    pub(crate) fn divide(&mut self, parent: TransactionId, parts: u32) {
        self.open_parts.insert(parent, parts);
    }

    /// Notes that a part has settled, and with the last part the whole, and so on upwards.
    pub(crate) fn settle_whole_of(&mut self, part: TransactionId, tick: Tick) {
        let mut part = part;
        while let Origin::Part { parent, .. } = self[part].origin {
            let Some(open) = self.open_parts.get_mut(&parent) else {
                return;
            };
            *open -= 1;
            if *open > 0 {
                return;
            }
            self.open_parts.remove(&parent);
            self[parent].status = Status::Settled;
            self[parent].end_tick = tick;
            part = parent;
        }
    }

    /// Amounts not settled yet; of a split transaction, what its parts have not settled.
    pub fn remaining_amounts(&self) -> Vec<i64> {
        let mut remaining = vec![0; self.rows.len()];
        for (ix, row) in self.rows.iter().enumerate() {
            if row.is_unsettled() || (row.status == Status::Cancelled) {
                remaining[ix] += row.amount;
                let mut origin = row.origin;
                while let Origin::Part { parent, .. } = origin {
                    remaining[parent.ix()] += row.amount;
                    origin = self[parent].origin;
                }
            }
        }
        remaining
    }

    /// Which transactions have been split.
    pub fn splits(&self) -> Vec<bool> {
        let mut split = vec![false; self.rows.len()];
        for row in &self.rows {
            if let Origin::Part { parent, .. } = row.origin {
                split[parent.ix()] = true;
            }
        }
        split
    }

    /// Appends a transaction's id to `out`.
    pub fn write_id(&self, id: TransactionId, agents: &[String], out: &mut String) {
        let row = &self[id];
        // Writing to a String cannot fail.
        let _ = match row.origin {
            Origin::Given(at) => match self.given_ids.get(at as usize) {
                Some(text) => {
                    out.push_str(text);
                    Ok(())
                }
                None => write!(out, "row-{}", at + 1),
            },
            Origin::Generated(number) => {
                out.push_str(&agents[row.sender.ix()]);
                let mut buffer = itoa::Buffer::new();
                out.push('@');
                out.push_str(buffer.format(row.arrival_tick));
                out.push('.');
                out.push_str(buffer.format(number));
                Ok(())
            }
            Origin::Extra(event) => match self.extra_ids.get(&event) {
                Some(id) if id.repeats => write!(out, "{}@{}", id.text, row.arrival_tick),
                Some(id) => write!(out, "{}", id.text),
                None => write!(out, "event-{}", u64::from(event) + 1),
            },
            Origin::Part { parent, number } => {
                self.write_id(parent, agents, out);
                write!(out, "/{number}")
            }
        };
    }

    /// A transaction's id.
    pub fn id(&self, id: TransactionId, agents: &[String]) -> String {
        let mut out = String::new();
        self.write_id(id, agents, &mut out);
        out
    }
}

/// A tick as an option: `None` for [`NONE`].
#[inline]
pub fn known(tick: Tick) -> Option<Tick> {
    (tick != NONE).then_some(tick)
}
