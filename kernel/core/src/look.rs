//! Looking at a system from outside; nothing here changes it.

use crate::costs;
use crate::decision::ticks_to_deadline;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::ids::{AgentId, Tick, TransactionId};
use crate::scenario_events::Change;
use crate::state::State;
use crate::system::{Opening, Outcome, Peak, System};
use crate::transaction::Transaction;

impl System {
    /// The tick that is open, else the next to open.
    pub fn tick(&self) -> Tick {
        self.state.tick
    }

    /// Whether a tick is open.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// The outcome of the last closed tick.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Ids of the agents, in scenario order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The state, to look at.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Ticks in a day.
    pub fn ticks_per_day(&self) -> u32 {
        self.ticks_per_day
    }

    /// Opening balance, credit limit and pool of an agent, in minor units.
    pub fn opening(&self, agent: AgentId) -> Opening {
        self.opening[agent.ix()]
    }

    /// What the scenario event did that an event of the log is the happening of.
    pub fn change(&self, event: &Event) -> Option<&Change> {
        let number = self.state.journal.scenario_event(event)?;
        let scenario_event = self.schedule.events().get(number as usize)?;
        Some(&scenario_event.change)
    }

    /// The tick since which an agent is out, if it is.
    pub fn out_since(&self, agent: AgentId) -> Option<Tick> {
        self.state.outages.since(agent)
    }

    /// The largest central queue so far, at ends of ticks.
    pub fn peak(&self) -> Peak {
        self.peak
    }

    /// An agent's cost so far, in cost units.
    ///
    /// # Errors
    /// [`Error::Overflow`] if it does not fit.
    pub fn cost_of(&self, agent: AgentId) -> Result<i128> {
        costs::sum(&self.state.costs.of(agent, self.accrued_until())?)
    }

    /// Ticks from now to a transaction's deadline; without one, to the last tick of its day of
    /// arrival.
    pub fn ticks_to_deadline(&self, row: &Transaction) -> i64 {
        ticks_to_deadline(
            row.deadline_tick,
            row.arrival_tick,
            self.state.tick,
            self.ticks_per_day,
        )
    }

    /// Puts names in place of numbers in an error's text.
    pub fn describe(&self, error: &Error) -> String {
        match error {
            Error::Balance { agent } => {
                format!(
                    "the balance of agent {} does not fit in 64-bit minor units",
                    self.names[agent.ix()]
                )
            }
            other => other.to_string(),
        }
    }

    /// What an agent holds and has not decided on, in order of arrival; what it decided to
    /// withdraw comes last.
    pub fn undecided(&self, agent: AgentId) -> Vec<TransactionId> {
        self.desks[agent.ix()].undecided(&self.state, agent)
    }

    /// An agent's central queue in order, less what it decided to withdraw.
    pub fn queued(&self, agent: AgentId) -> Vec<TransactionId> {
        self.state
            .central
            .of(agent)
            .all()
            .iter()
            .filter(|id| !self.state.transactions[*id].withdraws)
            .collect()
    }

    /// What an agent may still commit: available liquidity less its own central queue and what it
    /// released in this tick, in minor units.
    pub fn free_liquidity(&self, agent: AgentId) -> i128 {
        self.desks[agent.ix()].free_liquidity(&self.state, agent)
    }

    /// First tick whose running costs are not accrued yet.
    pub fn accrued_until(&self) -> Tick {
        self.state.accrues_from
    }
}
