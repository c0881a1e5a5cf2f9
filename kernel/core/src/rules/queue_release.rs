//! Queue release: agents whose liquidity rose retry their central queue, in the order of the line.
//!
//! The first in line tries its central queue once, in order of class, then release; each
//! settlement puts its receiver at the end of the line; so on until the line is empty. What the
//! queue discipline lets settle follows from one look, since an agent's own settlements only lower
//! its liquidity and bring nothing into its queue. Source: CPSS (1997), Real-time gross settlement
//! systems.

use crate::error::Result;
use crate::event::Cause;
use crate::state::State;

/// Step 6: works off the line.
pub(crate) fn run(state: &mut State) -> Result<()> {
    while let Some(agent) = state.line.pop() {
        let discipline = state.rules.queue_discipline;
        for id in discipline.releasable(state, agent) {
            state.settle_one(id, Cause::QueueRelease)?;
        }
    }
    Ok(())
}
