//! Transactions as a table: one row each, parts and what they are parts of included.

use crate::error::Result;
use crate::event::{Cause, Kind};
use crate::ids::{AgentId, NONE, Tick, TransactionId};
use crate::results::event_table::push_name;
use crate::results::parallel::each;
use crate::results::rebuild::Standing;
use crate::results::table::{Coded, Column, Table, Texts};
use crate::system::System;
use crate::transaction::{Origin, Status, Transaction, known};

/// What the log says of one transaction beyond the transaction itself.
#[derive(Debug, Clone, Copy)]
struct History {
    release_tick: Tick,
    cause: Cause,
    posting: u32,
    delay: i128,
    delay_integral: i128,
    delay_since: Tick,
    /// Split friction, deadline penalty, end-of-day penalties.
    one_off: [i128; 3],
}

fn histories(system: &System) -> Vec<History> {
    let state = system.state();
    let unknown = History {
        release_tick: NONE,
        cause: Cause::None,
        posting: NONE,
        delay: 0,
        delay_integral: 0,
        delay_since: 0,
        one_off: [0; 3],
    };
    let mut all = vec![unknown; state.transactions.len() as usize];
    let mut standing = Standing::new(system);
    for event in state.journal.iter() {
        let moved = standing.follow(&event, system);
        let Some(history) = all.get_mut(event.transaction as usize) else {
            continue;
        };
        if let Some(moved) = moved {
            // A move counts for the running costs of its own tick, unless it follows them.
            let from = event.tick + Tick::from(event.kind.follows_accrual());
            history.delay_integral += history.delay * i128::from(from - history.delay_since);
            history.delay += moved.delay;
            history.delay_since = from;
        }
        let cost = state.journal.cost(&event).unwrap_or_default();
        match event.kind {
            Kind::Released => history.release_tick = event.tick,
            Kind::Settled => (history.cause, history.posting) = (event.cause, event.link),
            Kind::Cancelled => history.cause = event.cause,
            Kind::Split => history.one_off[0] += cost,
            Kind::Overdue => history.one_off[1] += cost,
            Kind::EndOfDayPenalty => history.one_off[2] += cost,
            _ => {}
        }
    }
    for history in &mut all {
        let end = system.accrued_until().max(history.delay_since);
        history.delay_integral += history.delay * i128::from(end - history.delay_since);
    }
    all
}

/// All transactions that have come to exist.
///
/// # Errors
/// [`crate::Error::Overflow`] if a cost does not fit.
pub fn transactions(system: &System) -> Result<Table> {
    let transactions = &system.state().transactions;
    let rate = system.state().costs.rates().delay_cost_per_tick_per_cent;
    let histories = histories(system);
    let delay_costs: Result<Vec<i128>> = histories
        .iter()
        .map(|history| rate.cost_of_quantity(history.delay_integral))
        .collect();
    let rows = Rows {
        system,
        histories: &histories,
    };
    let of_status =
        |status| move |row: &Transaction| (row.status == status).then_some(row.end_tick);
    let (settled, cancelled) = (of_status(Status::Settled), of_status(Status::Cancelled));
    let columns: Vec<(&'static str, Job<'_>)> = vec![
        ("transaction_id", rows.ids(|id, _| Some(id))),
        (
            "parent_id",
            rows.ids(|_, row| match row.origin {
                Origin::Part { parent, .. } => Some(parent),
                _ => None,
            }),
        ),
        ("sender_id", rows.agents(|row| row.sender)),
        ("receiver_id", rows.agents(|row| row.receiver)),
        ("amount", rows.integers(|row, _| Some(row.amount))),
        (
            "remaining_amount",
            Box::new(|| Column::Integer(transactions.remaining_amounts().into())),
        ),
        (
            "arrival_tick",
            rows.integers(|row, _| Some(row.arrival_tick.into())),
        ),
        (
            "deadline_tick",
            rows.integers(|row, _| known(row.deadline_tick).map(i64::from)),
        ),
        (
            "priority",
            rows.integers(|row, _| Some(row.priority.into())),
        ),
        ("divisible", rows.booleans(|row| row.divisible)),
        (
            "status",
            rows.words(|row, _| (row.status as usize, Some(row.status.word()))),
        ),
        (
            "release_tick",
            rows.integers(|_, history| known(history.release_tick).map(i64::from)),
        ),
        (
            "settled_tick",
            rows.integers(move |row, _| settled(row).map(i64::from)),
        ),
        (
            "cancelled_tick",
            rows.integers(move |row, _| cancelled(row).map(i64::from)),
        ),
        (
            "cause",
            rows.words(|_, history| (history.cause as usize, history.cause.word())),
        ),
        (
            "posting",
            rows.integers(|_, history| known(history.posting).map(i64::from)),
        ),
        ("is_overdue", rows.booleans(|row| row.overdue)),
    ];
    let mut columns = each(columns, |(name, job)| (name, job()));
    columns.push(("delay_cost", Column::Cost(delay_costs?.into())));
    let names = [
        "split_friction_cost",
        "deadline_penalty_cost",
        "end_of_day_penalty_cost",
    ];
    columns.extend(names.into_iter().enumerate().map(|(at, name)| {
        let costs: Vec<i128> = histories
            .iter()
            .map(|history| history.one_off[at])
            .collect();
        (name, Column::Cost(costs.into()))
    }));
    Ok(Table::new(columns))
}

/// Makes one column.
type Job<'a> = Box<dyn FnOnce() -> Column + Send + 'a>;

/// Transactions with their histories, and how columns are made of them: by a value each.
#[derive(Clone, Copy)]
struct Rows<'a> {
    system: &'a System,
    histories: &'a [History],
}

impl<'a> Rows<'a> {
    fn iter(self) -> impl Iterator<Item = (TransactionId, &'a Transaction, &'a History)> {
        let rows = self.system.state().transactions.iter().zip(self.histories);
        rows.map(|((id, row), history)| (id, row, history))
    }

    fn integers(
        self,
        value: impl Fn(&Transaction, &History) -> Option<i64> + Send + 'a,
    ) -> Job<'a> {
        Box::new(move || {
            Column::Integer(
                self.iter()
                    .map(|(_, row, history)| value(row, history))
                    .collect(),
            )
        })
    }

    fn booleans(self, value: impl Fn(&Transaction) -> bool + Send + 'a) -> Job<'a> {
        Box::new(move || {
            let values: Vec<bool> = self.iter().map(|(_, row, _)| value(row)).collect();
            Column::Boolean(values.into())
        })
    }

    /// Words, each with a number.
    fn words(
        self,
        word: impl Fn(&Transaction, &History) -> (usize, Option<&'static str>) + Send + 'a,
    ) -> Job<'a> {
        Box::new(move || {
            let mut column = Coded::default();
            for (_, row, history) in self.iter() {
                match word(row, history) {
                    (code, Some(word)) => column.push(code, |out| out.push_str(word)),
                    (_, None) => column.push_null(),
                }
            }
            column.into()
        })
    }

    fn agents(self, agent: impl Fn(&Transaction) -> AgentId + Send + 'a) -> Job<'a> {
        Box::new(move || {
            let mut column = Coded::default();
            for (_, row, _) in self.iter() {
                push_name(&mut column, self.system, Some(agent(row).0));
            }
            column.into()
        })
    }

    /// Transactions' ids.
    fn ids(
        self,
        id: impl Fn(TransactionId, &Transaction) -> Option<TransactionId> + Send + 'a,
    ) -> Job<'a> {
        Box::new(move || {
            let (transactions, names) = (&self.system.state().transactions, self.system.names());
            let mut column = Texts::default();
            for (own, row, _) in self.iter() {
                match id(own, row) {
                    Some(id) => column.push_with(|out| transactions.write_id(id, names, out)),
                    None => column.push_null(),
                }
            }
            Column::Text(column)
        })
    }
}
