//! Scenario events: what befalls a run from outside, in the ticks that its scenario names.
//!
//! They happen in step 2 of a tick, in the order of the scenario. Each effect is one move, which
//! changes the state and records the event; step 2 and whoever repeats a log call the same moves.

mod moves;
mod schedule;

pub use schedule::Schedule;

use crate::amount::AMOUNT_MAX;
use crate::behaviour::arrivals::DeadlineOffset;
use crate::error::{Error, Result};
use crate::ids::{AgentId, NONE, Tick};
use crate::transaction::{Origin, Transaction};

/// One entry of the scenario's events.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioEvent {
    /// When it happens first.
    pub tick: Tick,
    /// Ticks after which it happens again, at least 1; never again when absent.
    pub every_ticks: Option<u32>,
    /// The last tick in which it may happen again; for as long as the run goes when absent.
    pub until_tick: Option<Tick>,
    /// What happens.
    pub change: Change,
}

/// What a scenario event does.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The central bank pays into an agent's account.
    InjectLiquidity(AgentId, i64),
    /// The central bank takes from an agent's available liquidity, as far as it goes.
    DrainLiquidity(AgentId, i64),
    /// An agent's credit limit is another from now on.
    SetCreditLimit(AgentId, i64),
    /// Money moves from the first agent to the second, whole or not at all.
    Transfer(AgentId, AgentId, i64),
    /// A transaction arrives in this tick.
    Arrive(ExtraTransaction),
    /// The configured rate of one agent, or of all, counts so many times.
    SetArrivalRate(Option<AgentId>, f64),
    /// The weight of the second agent among the receivers of the first is another.
    SetCounterpartyWeight(AgentId, AgentId, f64),
    /// Deadlines of one agent's arrivals, or of all, are drawn anew.
    SetDeadlineOffset(Option<AgentId>, DeadlineOffset),
    /// An agent decides nothing from now on.
    BeginOutage(AgentId),
    /// An agent decides again.
    EndOutage(AgentId),
    /// Nothing settles in steps 5 to 7 from now on.
    Halt,
    /// It does again.
    Resume,
}

/// A transaction that arrives by a scenario event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtraTransaction {
    /// Its id, followed by `@` and the tick if the event repeats.
    pub id: String,
    /// Who pays.
    pub sender: AgentId,
    /// Who is paid.
    pub receiver: AgentId,
    /// Minor units.
    pub amount: i64,
    /// Until when.
    pub deadline: ExtraDeadline,
    /// 0 to 10.
    pub priority: u8,
    /// Whether it may be split.
    pub divisible: bool,
}

/// The deadline of an extra transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtraDeadline {
    /// None.
    Never,
    /// This tick.
    At(Tick),
    /// This many ticks after its arrival.
    After(u32),
}

impl ScenarioEvent {
    /// The first tick, from this one on, in which it happens.
    pub fn next_from(&self, tick: Tick) -> Option<Tick> {
        if tick <= self.tick {
            return Some(self.tick);
        }
        let every = self.every_ticks?;
        let steps = (tick - self.tick).div_ceil(every);
        let next = u64::from(self.tick) + u64::from(steps) * u64::from(every);
        let last = self.until_tick.unwrap_or(NONE - 1).min(NONE - 1);
        (next <= u64::from(last)).then_some(next as Tick)
    }

    /// What the kernel itself relies on; the full check of a scenario happens before.
    pub(crate) fn check(&self, agents: usize) -> Result<()> {
        let is_sound = match &self.change {
            Change::InjectLiquidity(agent, amount) | Change::DrainLiquidity(agent, amount) => {
                agent.ix() < agents && is_amount(*amount)
            }
            Change::SetCreditLimit(agent, limit) => {
                agent.ix() < agents && (0..=AMOUNT_MAX).contains(limit)
            }
            Change::Transfer(sender, receiver, amount) => {
                are_parties(*sender, *receiver, agents) && is_amount(*amount)
            }
            Change::Arrive(extra) => {
                are_parties(extra.sender, extra.receiver, agents)
                    && is_amount(extra.amount)
                    && extra.priority <= 10
            }
            Change::SetArrivalRate(agent, multiplier) => {
                agent.is_none_or(|agent| agent.ix() < agents) && is_factor(*multiplier)
            }
            Change::SetCounterpartyWeight(agent, counterparty, weight) => {
                are_parties(*agent, *counterparty, agents) && is_factor(*weight)
            }
            Change::SetDeadlineOffset(agent, offset) => {
                let is_ordered =
                    !matches!(offset, DeadlineOffset::Uniform(low, high) if low > high);
                agent.is_none_or(|agent| agent.ix() < agents) && is_ordered
            }
            Change::BeginOutage(agent) | Change::EndOutage(agent) => agent.ix() < agents,
            Change::Halt | Change::Resume => true,
        };
        if is_sound && self.every_ticks != Some(0) {
            return Ok(());
        }
        Err(Error::Spec(format!(
            "a scenario event of tick {}: needs known agents, amounts of 1 to {AMOUNT_MAX}, and \
             factors and periods in their bounds",
            self.tick
        )))
    }
}

impl ExtraTransaction {
    /// The transaction as it arrives by the event with this number.
    ///
    /// # Errors
    /// [`Error::Overflow`] if its deadline does not fit.
    pub(crate) fn arriving(&self, event: u32, tick: Tick) -> Result<Transaction> {
        let deadline = match self.deadline {
            ExtraDeadline::Never => NONE,
            ExtraDeadline::At(deadline) => deadline,
            ExtraDeadline::After(ticks) => tick
                .checked_add(ticks)
                .filter(|&deadline| deadline != NONE)
                .ok_or_else(|| Error::overflow("a deadline"))?,
        };
        Ok(Transaction::arriving(
            self.sender,
            self.receiver,
            self.amount,
            (tick, deadline),
            Origin::Extra(event),
            (self.priority, self.divisible),
        ))
    }
}

fn is_amount(amount: i64) -> bool {
    (1..=AMOUNT_MAX).contains(&amount)
}

fn is_factor(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}

fn are_parties(one: AgentId, other: AgentId, agents: usize) -> bool {
    one.ix() < agents && other.ix() < agents && one != other
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(tick: Tick, every_ticks: Option<u32>, until_tick: Option<Tick>) -> ScenarioEvent {
        ScenarioEvent {
            tick,
            every_ticks,
            until_tick,
            change: Change::Halt,
        }
    }

    #[test]
    fn an_event_happens_at_its_ticks_and_in_no_other() {
        for (event, ticks) in [
            (event(3, None, None), vec![3]),
            (event(3, Some(4), Some(11)), vec![3, 7, 11]),
            (event(3, Some(4), Some(10)), vec![3, 7]),
            (event(0, Some(5), None), vec![0, 5, 10]),
        ] {
            let happens: Vec<_> = (0..14)
                .filter(|&tick| event.next_from(tick) == Some(tick))
                .collect();
            assert_eq!(ticks, happens, "{event:?}");
        }
    }

    #[test]
    fn an_event_without_an_end_ends_with_the_ticks() {
        assert_eq!(None, event(0, Some(NONE - 1), None).next_from(NONE));
        assert_eq!(
            Some(NONE - 1),
            event(0, Some(NONE - 1), None).next_from(NONE - 2)
        );
    }
}
