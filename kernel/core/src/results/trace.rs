//! The life of one transaction, event by event, with the accounts of both parties around each.

use crate::error::Result;
use crate::event::{Event, Kind};
use crate::ids::{Tick, TransactionId};
use crate::results::bookings::{Bookings, Settled, deferred};
use crate::results::moment::{Moment, Money, Standpoint};
use crate::system::System;
use crate::transaction::Origin;

/// Money before and after an event; of a posting, before and after the whole of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    /// Before.
    pub before: Money,
    /// After.
    pub after: Money,
}

/// One event in the life of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What happened, to it, to a part of it, or to what it is a part of.
    pub event: Event,
    /// Its sender's money.
    pub sender: Around,
    /// Its receiver's money.
    pub receiver: Around,
    /// Of what the receiver gets, the credit that is deferred to the end of the tick.
    pub deferred: i64,
    /// Where the transaction of the event stands afterwards, if it is in a queue.
    pub standpoint: Option<Standpoint>,
    /// One-off cost of the event, in cost units.
    pub cost: i128,
    /// What the transaction and its parts have cost so far, in cost units.
    pub cost_so_far: i128,
}

/// Costs of a transaction and its parts, in cost units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Costs {
    /// Of waiting.
    pub delay: i128,
    /// Of splits.
    pub split_friction: i128,
    /// Of missed deadlines.
    pub deadline_penalty: i128,
    /// Of being unsettled at closes.
    pub end_of_day_penalty: i128,
}

impl Costs {
    /// All of them.
    pub fn total(&self) -> i128 {
        self.delay + self.split_friction + self.deadline_penalty + self.end_of_day_penalty
    }
}

/// The life of one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The transaction.
    pub id: TransactionId,
    /// Its parts, and theirs, in the order in which they came to exist.
    pub parts: Vec<TransactionId>,
    /// In the order of the log.
    pub steps: Vec<Step>,
    /// The postings in which it or its parts settled.
    pub postings: Vec<Settled>,
    /// Up to the last closed tick.
    pub costs: Costs,
}

/// Whose event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Other,
    /// Of what the transaction is a part of.
    Whole,
    /// Of the transaction or a part of it.
    Own,
}

/// What it has cost so far.
struct Meter {
    costs: Costs,
    weight: i128,
    integral: i128,
    since: Tick,
}

impl Meter {
    /// Delay runs on to a tick, which is not counted, and weighs differently from then on.
    fn run(&mut self, system: &System, until: Tick, change: i128) -> Result<()> {
        let until = until.max(self.since);
        self.integral += self.weight * i128::from(until - self.since);
        (self.weight, self.since) = (self.weight + change, until);
        let rate = system.state().costs.rates().delay_cost_per_tick_per_cent;
        self.costs.delay = rate.cost_of_quantity(self.integral)?;
        Ok(())
    }

    fn charge(&mut self, kind: Kind, cost: i128) {
        match kind {
            Kind::Split => self.costs.split_friction += cost,
            Kind::Overdue => self.costs.deadline_penalty += cost,
            Kind::EndOfDayPenalty => self.costs.end_of_day_penalty += cost,
            _ => {}
        }
    }
}

/// Tells the life of a transaction.
///
/// # Errors
/// [`crate::Error::Overflow`] if a cost does not fit.
pub fn trace(system: &System, id: TransactionId) -> Result<Trace> {
    let state = system.state();
    let (sender, receiver) = (
        state.transactions[id].sender,
        state.transactions[id].receiver,
    );
    let (roles, parts) = family(system, id);
    let role = |event: &Event| match roles.get(event.transaction as usize) {
        Some(&role) => role,
        None => Role::Other,
    };
    let mut moment = Moment::of_one(system, sender);
    let mut meter = Meter {
        costs: Costs::default(),
        weight: 0,
        integral: 0,
        since: 0,
    };
    let (mut steps, mut postings) = (Vec::new(), Vec::new());
    // The tick in which credit of it was deferred.
    let mut credited_in = None;
    // Nothing concerns it after the tick in which it ended.
    let end = state.transactions[id].end_tick;
    let events = state.journal.iter().take_while(|e| e.tick <= end);
    let mut bookings = Bookings::new(events);
    while let Some(booking) = bookings.advance() {
        let before = (moment.money(sender), moment.money(receiver));
        let of_credit = |e: &Event| {
            e.kind == Kind::Credited && e.agent == receiver.0 && credited_in == Some(e.tick)
        };
        let is_told = |e: &Event| role(e) != Role::Other || of_credit(e);
        let is_any = booking.iter().any(is_told);
        for event in booking {
            let delay = moment.follow(event);
            if role(event) == Role::Own {
                // A move counts for the running costs of its own tick, unless it follows them.
                let from = event.tick + Tick::from(event.kind.follows_accrual());
                meter.run(system, from, delay)?;
            }
        }
        if !is_any {
            continue;
        }
        let later = deferred(booking, receiver.0);
        for event in booking.iter().filter(|e| is_told(e)) {
            let cost = state.journal.cost(event).unwrap_or_default();
            if role(event) == Role::Own {
                meter.charge(event.kind, cost);
            }
            let subject = TransactionId(event.transaction);
            steps.push(Step {
                event: *event,
                sender: Around {
                    before: before.0,
                    after: moment.money(sender),
                },
                receiver: Around {
                    before: before.1,
                    after: moment.money(receiver),
                },
                deferred: if event.kind == Kind::Settled {
                    later
                } else {
                    0
                },
                standpoint: (role(event) != Role::Other)
                    .then(|| moment.standpoint(subject))
                    .flatten(),
                cost,
                cost_so_far: meter.costs.total(),
            });
        }
        if let Some(posting) = Settled::of(booking) {
            credited_in = (later > 0).then_some(posting.event.tick);
            postings.push(posting);
        }
    }
    meter.run(system, system.accrued_until(), 0)?;
    Ok(Trace {
        id,
        parts,
        steps,
        postings,
        costs: meter.costs,
    })
}

/// Who belongs to a transaction: what it is a part of, and its parts.
fn family(system: &System, id: TransactionId) -> (Vec<Role>, Vec<TransactionId>) {
    let transactions = &system.state().transactions;
    let mut roles = vec![Role::Other; transactions.len() as usize];
    let mut at = id;
    while let Origin::Part { parent, .. } = transactions[at].origin {
        roles[parent.ix()] = Role::Whole;
        at = parent;
    }
    roles[id.ix()] = Role::Own;
    let mut parts = Vec::new();
    // A part comes to exist after what it is a part of.
    for (part, row) in transactions.iter().skip(id.ix() + 1) {
        if let Origin::Part { parent, .. } = row.origin
            && roles[parent.ix()] == Role::Own
        {
            roles[part.ix()] = Role::Own;
            parts.push(part);
        }
    }
    (roles, parts)
}

/// The number of the transaction with an id; none if no such has come to exist.
pub fn find(system: &System, id: &str) -> Option<TransactionId> {
    let transactions = &system.state().transactions;
    let mut written = String::new();
    transactions
        .iter()
        .map(|(number, _)| number)
        .find(|&number| {
            written.clear();
            transactions.write_id(number, system.names(), &mut written);
            written == id
        })
}

/// Ids that are looked for when somebody means another one, in characters.
const LENGTH_MAX: usize = 100;

/// Ids nearest to one that there is not, by edits of single characters, at most `most` of them and
/// none that differs by more than a third; of equally near ones the earlier.
pub fn nearest(system: &System, id: &str, most: usize) -> Vec<String> {
    let wanted: Vec<char> = id.chars().take(LENGTH_MAX + 1).collect();
    if wanted.len() > LENGTH_MAX {
        return Vec::new();
    }
    let transactions = &system.state().transactions;
    let mut found: Vec<(usize, TransactionId)> = Vec::new();
    let (mut written, mut letters) = (String::new(), Vec::new());
    let (mut above, mut row) = (Vec::new(), Vec::new());
    let mut bound = wanted.len().div_ceil(3);
    for (number, _) in transactions.iter() {
        written.clear();
        transactions.write_id(number, system.names(), &mut written);
        letters.clear();
        letters.extend(written.chars());
        if letters.len().abs_diff(wanted.len()) > bound {
            continue;
        }
        if let Some(edits) = edits(&wanted, &letters, bound, &mut above, &mut row) {
            let at = found.partition_point(|(other, _)| *other <= edits);
            found.insert(at, (edits, number));
            found.truncate(most);
            if found.len() == most {
                // A later one has to be nearer.
                bound = found
                    .last()
                    .map_or(bound, |(worst, _)| *worst)
                    .saturating_sub(1);
            }
        }
    }
    let ids = found.into_iter();
    ids.map(|(_, number)| transactions.id(number, system.names()))
        .collect()
}

/// How many insertions, deletions and replacements lead from one text to another; none if more
/// than `bound`.
fn edits(
    from: &[char],
    to: &[char],
    bound: usize,
    above: &mut Vec<usize>,
    row: &mut Vec<usize>,
) -> Option<usize> {
    above.clear();
    above.extend(0..=to.len());
    for (nth, letter) in from.iter().enumerate() {
        row.clear();
        row.push(nth + 1);
        for (at, other) in to.iter().enumerate() {
            let replaced = above[at] + usize::from(letter != other);
            row.push(replaced.min(above[at + 1] + 1).min(row[at] + 1));
        }
        if row.iter().all(|&edits| edits > bound) {
            return None;
        }
        std::mem::swap(above, row);
    }
    above.last().copied().filter(|&edits| edits <= bound)
}
