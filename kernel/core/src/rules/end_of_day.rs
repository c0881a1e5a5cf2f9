//! End-of-day rules: what happens to transactions that are unsettled at the end of a day.
//!
//! `carry_over` leaves them; `cancel` ends them; `settle_on_credit` lends each agent its shortfall
//! (unsettled outgoing less unsettled incoming, less available liquidity), all loans first, and
//! settles everything in one posting. Under deferred crediting nobody may count on receipts: the
//! shortfall ignores them and every receipt is deferred. Source: end-of-day procedures in
//! CPSS (1997); the shortfall is the lower bound of liquidity of Leinonen and Soramäki (1999).

use crate::amount::bounded;
use crate::error::Result;
use crate::event::{Cause, Kind};
use crate::ids::{AgentId, NONE};
use crate::ledger::{Crediting, Posting};
use crate::spec::EndOfDay;
use crate::state::State;

/// Step 8, on the last tick of a day.
pub(crate) fn run(state: &mut State) -> Result<()> {
    match state.rules.end_of_day {
        EndOfDay::CarryOver => Ok(()),
        EndOfDay::Cancel => {
            for id in all_unsettled(state).transactions {
                state.cancel(id)?;
            }
            Ok(())
        }
        EndOfDay::SettleOnCredit => settle_on_credit(state),
    }
}

fn settle_on_credit(state: &mut State) -> Result<()> {
    let posting = all_unsettled(state);
    let defer = state.rules.deferred_crediting;
    let mut needs = vec![0_i128; state.ledger.len()];
    for &id in &posting.transactions {
        let row = &state.transactions[id];
        needs[row.sender.ix()] += i128::from(row.amount);
        if !defer {
            needs[row.receiver.ix()] -= i128::from(row.amount);
        }
    }
    for agent in state.ledger.agents() {
        let shortfall = needs[agent.ix()] - i128::from(state.ledger[agent].available());
        if shortfall > 0 {
            lend(state, agent, bounded(shortfall, agent)?)?;
        }
    }
    if !posting.transactions.is_empty() {
        let crediting = if defer {
            Crediting::DeferGross
        } else {
            Crediting::Immediate
        };
        let booked = state.settle(&posting, Cause::EndOfDay, crediting)?;
        debug_assert!(booked, "every shortfall was lent");
    }
    Ok(())
}

fn lend(state: &mut State, agent: AgentId, amount: i64) -> Result<()> {
    let before = state.ledger[agent].balance;
    state.ledger.lend(agent, amount)?;
    state.meter_overdraft(agent, before)?;
    state.record(Kind::LoanGranted, Cause::None, agent, NONE, amount);
    Ok(())
}

fn all_unsettled(state: &State) -> Posting {
    let transactions = state
        .ledger
        .agents()
        .flat_map(|agent| state.unsettled_of(agent))
        .collect();
    Posting { transactions }
}
