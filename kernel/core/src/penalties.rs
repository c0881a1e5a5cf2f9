//! Penalties: what is charged once, after the running costs of a tick (end of step 10).
//!
//! Every transaction that is unsettled at its deadline becomes overdue, once, with its penalty. At
//! a close every transaction that is unsettled, or was cancelled by the end-of-day rule, bears the
//! end-of-day penalty, whatever its deadline, and every loan outstanding its borrowing cost.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::costs::{Component, DeadlinePenalty};
use crate::error::Result;
use crate::event::Kind;
use crate::ids::{NONE, Tick, TransactionId};
use crate::state::State;
use crate::transaction::{Status, Transaction};

/// Deadlines ahead of unsettled transactions.
///
/// What settles in its first tick, as most do, never enters.
#[derive(Debug, Clone, Default)]
pub struct Deadlines {
    ahead: BinaryHeap<Reverse<(Tick, TransactionId)>>,
    /// First transaction that has not been looked at yet.
    next: u32,
}

/// Marks what became overdue in this tick and charges the penalties, in order of number.
pub(crate) fn overdue(state: &mut State) -> Result<()> {
    for id in due(state) {
        state.mark_overdue(id)?;
        let (sender, amount) = (state.transactions[id].sender, state.transactions[id].amount);
        let cost = match state.costs.rates().deadline_penalty {
            DeadlinePenalty::Fixed(penalty) => penalty.price()?,
            DeadlinePenalty::Bps(rate) => rate.cost_of_quantity(i128::from(amount))?,
        };
        state.charge(
            Kind::Overdue,
            Component::DeadlinePenalty,
            sender,
            id.0,
            0,
            cost,
        )?;
    }
    Ok(())
}

/// Charges the penalties and borrowing costs of a close.
pub(crate) fn end_of_day(state: &mut State) -> Result<()> {
    let rates = state.costs.rates();
    let (penalty, borrowing) = (rates.eod_penalty_per_transaction, rates.eod_borrowing_bps);
    if !penalty.is_zero() {
        let cost = penalty.price()?;
        let unsettled = state
            .ledger
            .agents()
            .flat_map(|agent| state.unsettled_of(agent));
        let all: Vec<_> = state.cancelled.iter().copied().chain(unsettled).collect();
        for id in all {
            let sender = state.transactions[id].sender;
            state.charge(
                Kind::EndOfDayPenalty,
                Component::EndOfDayPenalty,
                sender,
                id.0,
                0,
                cost,
            )?;
        }
    }
    if !borrowing.is_zero() {
        for agent in state.ledger.agents() {
            let loan = state.ledger[agent].loan;
            if loan > 0 {
                let cost = borrowing.cost_of_quantity(i128::from(loan))?;
                let component = Component::EndOfDayBorrowing;
                state.charge(Kind::EndOfDayBorrowing, component, agent, NONE, loan, cost)?;
            }
        }
    }
    Ok(())
}

/// What is unsettled at a deadline of this tick or earlier, for the first time, in order of number.
fn due(state: &mut State) -> Vec<TransactionId> {
    let mut deadlines = std::mem::take(&mut state.deadlines);
    let mut due = Vec::new();
    for number in deadlines.next..state.transactions.len() {
        let id = TransactionId(number);
        let row = &state.transactions[id];
        if row.deadline_tick == NONE || row.overdue || !bears_deadline(row, state.tick) {
            continue;
        }
        if row.deadline_tick <= state.tick {
            due.push(id);
        } else if row.is_unsettled() {
            deadlines.ahead.push(Reverse((row.deadline_tick, id)));
        }
    }
    deadlines.next = state.transactions.len();
    while let Some(&Reverse((deadline, id))) = deadlines.ahead.peek() {
        if deadline > state.tick {
            break;
        }
        deadlines.ahead.pop();
        if bears_deadline(&state.transactions[id], state.tick) {
            due.push(id);
        }
    }
    state.deadlines = deadlines;
    due.sort_unstable();
    due
}

/// Unsettled, or ended by the end-of-day rule of this very tick.
fn bears_deadline(row: &Transaction, tick: Tick) -> bool {
    row.is_unsettled() || (row.status == Status::Cancelled && row.end_tick == tick)
}
