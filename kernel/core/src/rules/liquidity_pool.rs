//! Liquidity pools and standing loans, at the open and the close of a day.
//!
//! In the morning a standing loan is repaid as far as available liquidity allows; then a fraction
//! of what the pool holds moves to the balance. At the close what was allocated returns as far as
//! a positive balance covers it; the rest stays with the agent and is owed no more, and the pool is
//! smaller tomorrow. Source: initial liquidity as a choice, Castro et al. (2025); Galbiati and
//! Soramäki (2011).

use crate::error::Result;
use crate::event::{Cause, Kind};
use crate::ids::{AgentId, NONE};
use crate::rate::Rate;
use crate::state::State;

/// Step 1 for one agent; `fraction` of its pool is allocated.
pub(crate) fn open(state: &mut State, agent: AgentId, fraction: Rate) -> Result<()> {
    if state.ledger[agent].loan > 0 {
        let before = state.ledger[agent].balance;
        let repaid = state.ledger.repay_loan(agent)?;
        state.meter_overdraft(agent, before)?;
        if repaid > 0 {
            state.record(Kind::LoanRepaid, Cause::None, agent, NONE, repaid);
        }
    }
    let amount = share(state.ledger[agent].pool, fraction);
    if amount > 0 {
        let before = state.ledger[agent].balance;
        state.ledger.allocate(agent, amount)?;
        state.meter_overdraft(agent, before)?;
        state.meter_liquidity(agent, amount)?;
        state.record(Kind::LiquidityAllocated, Cause::None, agent, NONE, amount);
        state.retry(agent);
    }
    state.ledger.open_day(agent);
    Ok(())
}

/// Step 11 for one agent.
pub(crate) fn close(state: &mut State, agent: AgentId) -> Result<()> {
    let allocated = state.ledger[agent].allocated;
    if allocated > 0 {
        let before = state.ledger[agent].balance;
        let returned = state.ledger.return_allocated(agent);
        state.meter_overdraft(agent, before)?;
        state.meter_liquidity(agent, -allocated)?;
        if returned > 0 {
            state.record(Kind::LiquidityReturned, Cause::None, agent, NONE, returned);
        }
        if returned < allocated {
            let kept = allocated - returned;
            state.record(Kind::AllocationKept, Cause::None, agent, NONE, kept);
        }
    }
    state.ledger.close_day(agent);
    Ok(())
}

/// The floor of a fraction (0 to 1) of an amount.
fn share(amount: i64, fraction: Rate) -> i64 {
    // Both factors are bounded: 4e18 x 1e15 fits, and the quotient is at most the amount.
    (i128::from(amount) * fraction.0 / Rate::ONE.0) as i64
}
