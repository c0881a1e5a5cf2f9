//! Strict FIFO: a sender has one order, class then release, and nothing settles alone while
//! anything of that sender stands before it, other classes included.
//!
//! Source: "FIFO" in CPSS (1997), Real-time gross settlement systems.

use crate::ids::{AgentId, TransactionId};
use crate::state::State;

/// Whether something of the sender is queued before a released transaction.
pub(crate) fn stands_behind(state: &State, id: TransactionId) -> bool {
    let queue = state.central.of(state.transactions[id].sender).all();
    let place = state.central.place(id, &state.transactions);
    queue.first().is_some_and(|(first, _)| first < place)
}

/// What of an agent's central queue settles with its available liquidity, in order.
pub(crate) fn releasable(state: &State, agent: AgentId) -> Vec<TransactionId> {
    let mut available = state.ledger[agent].available();
    let queue = state.central.of(agent).all().iter();
    let fits = |id: &TransactionId| {
        let amount = state.transactions[*id].amount;
        let fits = amount <= available;
        available -= if fits { amount } else { 0 };
        fits
    };
    queue.take_while(fits).collect()
}
