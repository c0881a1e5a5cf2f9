//! FIFO with bypass: a sender's queued transactions are tried in order of class, then release; one
//! that does not fit lets later ones pass.
//!
//! Source: "bypass FIFO" in CPSS (1997), Real-time gross settlement systems; RITS (Reserve Bank of
//! Australia, Research Discussion Paper 2012-05, appendix A).

use crate::ids::{AgentId, TransactionId};
use crate::ordered::Cursor;
use crate::state::State;

/// What of an agent's central queue settles with its available liquidity, in order.
pub(crate) fn releasable(state: &State, agent: AgentId) -> Vec<TransactionId> {
    let mut available = state.ledger[agent].available();
    let queue = state.central.of(agent).all();
    let mut fitting = Vec::new();
    let mut from = Cursor::default();
    while let Some((id, onward)) = queue.next_within(from, available) {
        available -= state.transactions[id].amount;
        fitting.push(id);
        from = onward;
    }
    fitting
}
