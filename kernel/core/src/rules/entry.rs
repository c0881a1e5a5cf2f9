//! Entry: what was released in this tick is tried one by one, by class, then release.
//!
//! A transaction settles alone if its amount is within its sender's available liquidity and the
//! queue discipline lets it be tried; otherwise it joins the central queue. Queue release follows
//! every settlement. During a halt everything joins the central queue, and its sender the line, to
//! be tried when the halt is over. Source: CPSS (1997), Real-time gross settlement systems.

use crate::error::Result;
use crate::event::Cause;
use crate::ids::TransactionId;
use crate::rules::queue_release;
use crate::state::State;

/// Step 5 for the transactions released in this tick; empties `released`.
pub(crate) fn run(state: &mut State, released: &mut Vec<TransactionId>) -> Result<()> {
    released.sort_unstable_by_key(|id| state.central.place(*id, &state.transactions));
    let discipline = state.rules.queue_discipline;
    for id in released.drain(..) {
        if discipline.stands_behind(state, id) {
            state.enqueue(id, Cause::Order)?;
        } else if state.settle_one(id, Cause::Entry)? {
            queue_release::run(state)?;
        } else {
            state.enqueue(id, Cause::Liquidity)?;
        }
    }
    Ok(())
}

/// Step 5 during a halt; empties `released`.
pub(crate) fn wait(state: &mut State, released: &mut Vec<TransactionId>) -> Result<()> {
    released.sort_unstable_by_key(|id| state.central.place(*id, &state.transactions));
    for id in released.drain(..) {
        state.enqueue(id, Cause::Halt)?;
        state.retry(state.transactions[id].sender);
    }
    Ok(())
}
