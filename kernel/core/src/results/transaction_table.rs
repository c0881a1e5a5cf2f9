//! Transactions as a table: one row each, parts and what they are parts of included.

use std::thread::scope;

use crate::error::Result;
use crate::event::{Cause, Kind};
use crate::ids::{AgentId, NONE, Tick, TransactionId};
use crate::results::parallel::{each, joined};
use crate::results::rebuild::Standing;
use crate::results::table::{Coded, Column, Table, Texts, Words};
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
    let rows = Rows(system);
    let end = |row: &Transaction, status| {
        let tick = (row.status == status).then_some(row.end_tick);
        tick.map(i64::from)
    };
    let own: Vec<Job<'_>> = vec![
        rows.ids("transaction_id", |id, _| Some(id)),
        rows.ids("parent_id", |_, row| match row.origin {
            Origin::Part { parent, .. } => Some(parent),
            _ => None,
        }),
        rows.agents("sender_id", |row| row.sender),
        rows.agents("receiver_id", |row| row.receiver),
        rows.integers("amount", |row| Some(row.amount)),
        Box::new(|| {
            let remaining = transactions.remaining_amounts();
            ("remaining_amount", Column::Integer(remaining.into()))
        }),
        rows.integers("arrival_tick", |row| Some(row.arrival_tick.into())),
        rows.integers("deadline_tick", |row| {
            known(row.deadline_tick).map(i64::from)
        }),
        rows.integers("priority", |row| Some(row.priority.into())),
        rows.booleans("divisible", |row| row.divisible),
        Box::new(|| {
            let statuses = transactions.iter().map(|(_, row)| row.status);
            let statuses = statuses.map(|status| Some((status as usize, status.word())));
            ("status", words(statuses))
        }),
        rows.integers("settled_tick", move |row| end(row, Status::Settled)),
        rows.integers("cancelled_tick", move |row| end(row, Status::Cancelled)),
        rows.booleans("is_overdue", |row| row.overdue),
    ];
    // The log is followed in one thread, meanwhile the others read the transactions.
    let (mut columns, histories) = scope(|scope| {
        let following = scope.spawn(|| histories(system));
        let columns = each(own, |job| job());
        (columns, joined(following))
    });
    let costs = |name, cost: fn(&History) -> i128| -> Job<'_> {
        let histories = &histories;
        Box::new(move || {
            let costs: Vec<i128> = histories.iter().map(cost).collect();
            (name, Column::Cost(costs.into()))
        })
    };
    let histories = &histories;
    let of_log: Vec<Job<'_>> = vec![
        Box::new(|| {
            let ticks = histories.iter().map(|history| known(history.release_tick));
            let ticks = ticks.map(|tick| tick.map(i64::from)).collect();
            ("release_tick", Column::Integer(ticks))
        }),
        Box::new(|| {
            let causes = histories.iter().map(|history| history.cause);
            let causes = causes.map(|cause| cause.word().map(|word| (cause as usize, word)));
            ("cause", words(causes))
        }),
        Box::new(|| {
            let postings = histories.iter().map(|history| known(history.posting));
            let postings = postings.map(|posting| posting.map(i64::from)).collect();
            ("posting", Column::Integer(postings))
        }),
        costs("split_friction_cost", |history| history.one_off[0]),
        costs("deadline_penalty_cost", |history| history.one_off[1]),
        costs("end_of_day_penalty_cost", |history| history.one_off[2]),
    ];
    columns.extend(each(of_log, |job| job()));
    let delay_costs: Result<Vec<i128>> = histories
        .iter()
        .map(|history| rate.cost_of_quantity(history.delay_integral))
        .collect();
    columns.push(("delay_cost", Column::Cost(delay_costs?.into())));
    columns.sort_by_key(|(name, _)| NAMES.iter().position(|own| own == name));
    Ok(Table::new(columns))
}

/// Names of the columns, in order.
const NAMES: [&str; 21] = [
    "transaction_id",
    "parent_id",
    "sender_id",
    "receiver_id",
    "amount",
    "remaining_amount",
    "arrival_tick",
    "deadline_tick",
    "priority",
    "divisible",
    "status",
    "release_tick",
    "settled_tick",
    "cancelled_tick",
    "cause",
    "posting",
    "is_overdue",
    "delay_cost",
    "split_friction_cost",
    "deadline_penalty_cost",
    "end_of_day_penalty_cost",
];

/// Makes one column.
type Job<'a> = Box<dyn FnOnce() -> (&'static str, Column) + Send + 'a>;

/// Words, each with a number.
fn words(words: impl Iterator<Item = Option<(usize, &'static str)>>) -> Column {
    let mut column = Words::default();
    words.for_each(|word| column.push(word));
    Column::Words(column)
}

/// The transactions, and how columns are made of them: by a value each.
#[derive(Clone, Copy)]
struct Rows<'a>(&'a System);

impl<'a> Rows<'a> {
    fn iter(self) -> impl ExactSizeIterator<Item = (TransactionId, &'a Transaction)> {
        self.0.state().transactions.iter()
    }

    fn integers(
        self,
        name: &'static str,
        value: impl Fn(&Transaction) -> Option<i64> + Send + 'a,
    ) -> Job<'a> {
        Box::new(move || {
            let values = self.iter().map(|(_, row)| value(row)).collect();
            (name, Column::Integer(values))
        })
    }

    fn booleans(
        self,
        name: &'static str,
        value: impl Fn(&Transaction) -> bool + Send + 'a,
    ) -> Job<'a> {
        Box::new(move || {
            let values: Vec<bool> = self.iter().map(|(_, row)| value(row)).collect();
            (name, Column::Boolean(values.into()))
        })
    }

    fn agents(
        self,
        name: &'static str,
        agent: impl Fn(&Transaction) -> AgentId + Send + 'a,
    ) -> Job<'a> {
        Box::new(move || {
            let names = self.0.names();
            let mut ids = Coded::nulls(self.iter().len(), names.len());
            for (id, row) in self.iter() {
                let agent = agent(row).ix();
                ids.set(id.ix(), agent, |out| out.push_str(&names[agent]));
            }
            (name, ids.into())
        })
    }

    /// Transactions' ids.
    fn ids(
        self,
        name: &'static str,
        id: impl Fn(TransactionId, &Transaction) -> Option<TransactionId> + Send + 'a,
    ) -> Job<'a> {
        Box::new(move || {
            let (transactions, names) = (&self.0.state().transactions, self.0.names());
            let mut ids = Texts::nulls(self.iter().len());
            for (own, row) in self.iter() {
                if let Some(id) = id(own, row) {
                    ids.set_with(own.ix(), |out| transactions.write_id(id, names, out));
                }
            }
            (name, Column::Text(ids))
        })
    }
}
