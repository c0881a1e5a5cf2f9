//! Totals of a run, for the summary that a person reads.

use crate::costs::{COMPONENTS, sum};
use crate::error::Result;
use crate::event::{Cause, Kind};
use crate::ids::AgentId;
use crate::results::rebuild::Flow;
use crate::system::System;
use crate::transaction::{Origin, Status};

/// One agent's totals.
#[derive(Debug, Clone, Default)]
pub struct AgentTotals {
    /// Arrived as its payments; parts do not count.
    pub sent: Flow,
    /// Of its payments, settled; parts count, what they are parts of does not.
    pub settled: Flow,
    /// Of those settled, in a later tick than they arrived.
    pub delayed: Flow,
    /// Of its payments, neither settled nor cancelled.
    pub unsettled: Flow,
    /// Costs so far by component, in cost units.
    pub costs: [i128; COMPONENTS],
    /// Their sum.
    pub total_cost: i128,
}

/// The system's totals.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    /// Arrived; parts do not count.
    pub arrivals: Flow,
    /// Settled; parts count, what they are parts of does not.
    pub settlements: Flow,
    /// Settled by the causes of [`Cause::SETTLEMENTS`].
    pub settled_by: [Flow; 6],
    /// Neither settled nor cancelled.
    pub unsettled: Flow,
    /// Cancelled by the end-of-day rule.
    pub cancelled: Flow,
    /// Costs so far by component, in cost units.
    pub costs: [i128; COMPONENTS],
    /// Their sum.
    pub total_cost: i128,
    /// Every agent, in scenario order.
    pub agents: Vec<AgentTotals>,
}

/// The totals so far.
///
/// # Errors
/// [`crate::Error::Overflow`] if a cost does not fit.
pub fn totals(system: &System) -> Result<Totals> {
    let state = system.state();
    let mut totals = Totals {
        agents: vec![AgentTotals::default(); system.names().len()],
        ..Totals::default()
    };
    for (_, row) in state.transactions.iter() {
        let agent = &mut totals.agents[row.sender.ix()];
        if !matches!(row.origin, Origin::Part { .. }) {
            totals.arrivals.count(row.amount);
            agent.sent.count(row.amount);
        }
        match row.status {
            Status::Held | Status::Released | Status::Queued => {
                totals.unsettled.count(row.amount);
                agent.unsettled.count(row.amount);
            }
            Status::Cancelled => totals.cancelled.count(row.amount),
            Status::Settled | Status::Split => {}
        }
    }
    for event in state
        .journal
        .iter()
        .filter(|event| event.kind == Kind::Settled)
    {
        let row = &state.transactions[crate::ids::TransactionId(event.transaction)];
        let agent = &mut totals.agents[row.sender.ix()];
        totals.settlements.count(row.amount);
        agent.settled.count(row.amount);
        if row.end_tick > row.arrival_tick {
            agent.delayed.count(row.amount);
        }
        if let Some(at) = Cause::SETTLEMENTS
            .iter()
            .position(|&cause| cause == event.cause)
        {
            totals.settled_by[at].count(row.amount);
        }
    }
    let end = system.accrued_until();
    totals.costs = state.costs.of_system(end)?;
    totals.total_cost = sum(&totals.costs)?;
    for (ix, agent) in totals.agents.iter_mut().enumerate() {
        agent.costs = state.costs.of(AgentId(ix as u32), end)?;
        agent.total_cost = sum(&agent.costs)?;
    }
    Ok(totals)
}
