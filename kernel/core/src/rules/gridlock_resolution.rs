//! Gridlock resolution: the largest ordered set of the whole central queue settles together.
//!
//! Source: Bech and Soramäki (2001), Bank of Finland Discussion Paper 9/2001.

use crate::error::Result;
use crate::event::Cause;
use crate::rules::largest_ordered_set::Search;
use crate::state::State;

/// One pass; whether anything settled.
pub(crate) fn pass(state: &mut State, set: &mut Search) -> Result<bool> {
    set.clear();
    for sender in state.central.senders() {
        set.add(sender, state.central.of(sender).all().iter());
    }
    set.solve(state);
    let posting = set.posting();
    if posting.transactions.is_empty() {
        return Ok(false);
    }
    state.settle(
        &posting,
        Cause::GridlockResolution,
        crate::rules::crediting(state),
    )
}
