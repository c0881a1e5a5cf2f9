//! Gridlock resolution: the largest ordered set of the whole central queue settles together.
//!
//! Source: Bech and Soramäki (2001), Bank of Finland Discussion Paper 9/2001.

use crate::error::Result;
use crate::event::Cause;
use crate::ledger::Posting;
use crate::rules::largest_ordered_set::Search;
use crate::state::State;

/// What of the central queue could settle together now.
pub(crate) fn found(state: &State, set: &mut Search) -> Posting {
    set.clear();
    for sender in state.central.senders() {
        set.add(sender, state.central.of(sender).all().iter());
    }
    set.solve(state);
    set.posting()
}

/// One pass; whether anything settled.
pub(crate) fn pass(state: &mut State, set: &mut Search) -> Result<bool> {
    let posting = found(state, set);
    if posting.transactions.is_empty() {
        return Ok(false);
    }
    state.settle(
        &posting,
        Cause::GridlockResolution,
        crate::rules::crediting(state),
    )
}
