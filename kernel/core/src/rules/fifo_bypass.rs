//! FIFO with bypass: a sender's queued transactions are tried in order of class, then release; one
//! that does not fit lets later ones pass.
//!
//! Source: "bypass FIFO" in CPSS (1997), Real-time gross settlement systems; RITS (Reserve Bank of
//! Australia, Research Discussion Paper 2012-05, appendix A).

use crate::ids::{AgentId, TransactionId};
use crate::state::State;

/// What of an agent's central queue settles with its available liquidity, in order.
pub(crate) fn releasable(state: &mut State, agent: AgentId) -> Vec<TransactionId> {
    let mut available = state.ledger[agent].available();
    let queue = state.central.of(agent);
    let mut fitting = Vec::new();
    if available < queue.smallest() {
        return fitting;
    }
    let mut smallest = i64::MAX;
    for id in queue.all().iter() {
        let amount = state.transactions[id].amount;
        if amount <= available {
            available -= amount;
            fitting.push(id);
        } else {
            smallest = smallest.min(amount);
        }
    }
    state.central.note_smallest(agent, smallest);
    fitting
}
