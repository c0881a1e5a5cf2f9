//! Transactions as a table: one row each, parts and what they are parts of included.

use crate::error::Result;
use crate::event::{Cause, Kind};
use crate::ids::{NONE, Tick, TransactionId};
use crate::results::event_table::push_name;
use crate::results::rebuild::Standing;
use crate::results::table::{Column, Table, Texts};
use crate::system::System;
use crate::transaction::{Origin, Status, known};

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
    let state = system.state();
    let rate = state.costs.rates().delay_cost_per_tick_per_cent;
    let (mut ids, mut parents, mut senders, mut receivers) = (
        Texts::default(),
        Texts::default(),
        Texts::default(),
        Texts::default(),
    );
    let (mut statuses, mut causes) = (Texts::default(), Texts::default());
    let mut integers: [Vec<Option<i64>>; 9] = Default::default();
    let (mut divisible, mut overdue) = (Vec::new(), Vec::new());
    let mut delay_costs = Vec::new();
    let mut one_off: [Vec<Option<i128>>; 3] = Default::default();
    let remaining = state.transactions.remaining_amounts();
    for ((id, row), history) in state.transactions.iter().zip(histories(system)) {
        let write = |id: TransactionId| {
            move |out: &mut String| state.transactions.write_id(id, system.names(), out)
        };
        ids.push_with(write(id));
        match row.origin {
            Origin::Part { parent, .. } => parents.push_with(write(parent)),
            _ => parents.push_null(),
        }
        push_name(&mut senders, system, Some(row.sender.0));
        push_name(&mut receivers, system, Some(row.receiver.0));
        statuses.push(row.status.word());
        match history.cause.word() {
            Some(word) => causes.push(word),
            None => causes.push_null(),
        }
        let settled = (row.status == Status::Settled).then_some(row.end_tick);
        let cancelled = (row.status == Status::Cancelled).then_some(row.end_tick);
        let values = [
            Some(row.amount),
            Some(remaining[id.ix()]),
            Some(i64::from(row.arrival_tick)),
            known(row.deadline_tick).map(i64::from),
            Some(i64::from(row.priority)),
            known(history.release_tick).map(i64::from),
            settled.map(i64::from),
            cancelled.map(i64::from),
            (history.posting != NONE).then_some(i64::from(history.posting)),
        ];
        for (column, value) in integers.iter_mut().zip(values) {
            column.push(value);
        }
        divisible.push(Some(row.divisible));
        overdue.push(Some(row.overdue));
        delay_costs.push(Some(rate.cost_of_quantity(history.delay_integral)?));
        for (column, cost) in one_off.iter_mut().zip(history.one_off) {
            column.push(Some(cost));
        }
    }
    let [
        amount,
        remaining,
        arrival,
        deadline,
        priority,
        release,
        settled,
        cancelled,
        posting,
    ] = integers;
    let mut columns = vec![
        ("transaction_id", Column::Text(ids)),
        ("parent_id", Column::Text(parents)),
        ("sender_id", Column::Text(senders)),
        ("receiver_id", Column::Text(receivers)),
        ("amount", Column::Integer(amount)),
        ("remaining_amount", Column::Integer(remaining)),
        ("arrival_tick", Column::Integer(arrival)),
        ("deadline_tick", Column::Integer(deadline)),
        ("priority", Column::Integer(priority)),
        ("divisible", Column::Boolean(divisible)),
        ("status", Column::Text(statuses)),
        ("release_tick", Column::Integer(release)),
        ("settled_tick", Column::Integer(settled)),
        ("cancelled_tick", Column::Integer(cancelled)),
        ("cause", Column::Text(causes)),
        ("posting", Column::Integer(posting)),
        ("is_overdue", Column::Boolean(overdue)),
        ("delay_cost", Column::Cost(delay_costs)),
    ];
    let names = [
        "split_friction_cost",
        "deadline_penalty_cost",
        "end_of_day_penalty_cost",
    ];
    columns.extend(names.into_iter().zip(one_off.into_iter().map(Column::Cost)));
    Ok(Table::new(columns))
}
