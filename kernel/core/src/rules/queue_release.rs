//! Queue release: agents whose liquidity rose retry their central queue, in the order of the line.
//!
//! The first in line tries its central queue once, in order of class, then release; each
//! settlement puts its receiver at the end of the line; so on until the line is empty. Under
//! `fifo_bypass` a transaction that does not fit lets later ones pass; under `strict_fifo` nothing
//! passes it. Source: CPSS (1997); FIFO with bypass as in RITS (RBA RDP 2012-05, appendix A).

use crate::error::Result;
use crate::event::Cause;
use crate::ids::{AgentId, TransactionId};
use crate::state::State;

/// The order in which one sender's queued transactions are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueDiscipline {
    /// What does not fit lets later ones pass.
    FifoBypass,
    /// What does not fit stops everything of its sender behind it.
    StrictFifo,
}

/// Step 6: works off the line.
pub(crate) fn run(state: &mut State) -> Result<()> {
    while let Some(agent) = state.line.pop() {
        for id in releasable(state, agent) {
            state.settle_one(id, Cause::QueueRelease)?;
        }
    }
    Ok(())
}

/// What of an agent's central queue settles with its available liquidity, in order.
///
/// Its own settlements only lower its liquidity and bring nothing into its queue, so the whole
/// list follows from one look.
fn releasable(state: &mut State, agent: AgentId) -> Vec<TransactionId> {
    let mut available = state.ledger[agent].available();
    let queue = state.central.of(agent);
    let mut fitting = Vec::new();
    if available < queue.smallest() {
        return fitting;
    }
    let strict = state.rules.queue_discipline == QueueDiscipline::StrictFifo;
    let mut smallest = i64::MAX;
    for id in queue.all().iter() {
        let amount = state.transactions[id].amount;
        if amount <= available {
            available -= amount;
            fitting.push(id);
        } else if strict {
            return fitting;
        } else {
            smallest = smallest.min(amount);
        }
    }
    state.central.note_smallest(agent, smallest);
    fitting
}
