//! Decisions: what agents do with their transactions in step 4.
//!
//! Decisions of one tick are simultaneous. They are checked when they are made, buffered, and
//! applied by agent in scenario order, then in the order made. Nothing that happens in between can
//! make a checked decision impossible: before step 4 only arrivals change an agent's queues.

use serde::{Deserialize, Serialize};

use crate::amount::AMOUNT_MAX;
use crate::behaviour::policies::{Candidate, Policy, Verdict};
use crate::error::{Error, Result};
use crate::event::{Cause, Kind};
use crate::ids::{AgentId, NONE, TransactionId};
use crate::state::State;
use crate::transaction::{Status, known};

/// Most parts of one split.
pub const PARTS_MAX: u32 = 10_000;

/// A checked decision of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// Submit a held transaction.
    Release(TransactionId),
    /// Submit a held transaction in parts.
    Split(TransactionId, u32),
    /// Take a transaction back from the central queue.
    Withdraw(TransactionId),
    /// Change a transaction's priority.
    Reprioritise(TransactionId, u8),
    /// Release at most this much (minor units) per tick; no bound when absent.
    SetReleaseBudget(Option<i64>),
}

impl Decision {
    /// The transaction that it is on, if it is on one.
    pub fn transaction(self) -> Option<TransactionId> {
        match self {
            Self::Release(id)
            | Self::Split(id, _)
            | Self::Withdraw(id)
            | Self::Reprioritise(id, _) => Some(id),
            Self::SetReleaseBudget(_) => None,
        }
    }

    /// The decision in the imperative.
    fn words(self, state: &State, agents: &[String]) -> String {
        let (verb, id) = match self {
            Self::Release(id) => ("release", id),
            Self::Split(id, _) => ("split", id),
            Self::Withdraw(id) => ("withdraw", id),
            Self::Reprioritise(id, _) => ("reprioritise", id),
            Self::SetReleaseBudget(_) => return "set its release budget".to_owned(),
        };
        format!("{verb} transaction {}", state.transactions.id(id, agents))
    }
}

/// Desk of one agent: its policy, its budget, and what it has decided for the coming step 4.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub policy: Policy,
    pub budget: Option<i64>,
    pub pending: Vec<Decision>,
    /// Whether the policy was asked in this tick.
    pub asked: bool,
}

impl Desk {
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            budget: None,
            pending: Vec::new(),
            asked: false,
        }
    }

    /// Buffers a decision after checking it.
    ///
    /// # Errors
    /// [`Error::Decision`] if the agent cannot take it now.
    pub fn decide(
        &mut self,
        state: &mut State,
        agents: &[String],
        agent: AgentId,
        decision: Decision,
    ) -> Result<()> {
        let refuse = |state: &State, reason: String| Error::Decision {
            agent: agents[agent.ix()].clone(),
            decision: decision.words(state, agents),
            reason,
        };
        if let Some(since) = state.outages.since(agent) {
            return Err(refuse(state, format!("it is out since tick {since}")));
        }
        match decision {
            Decision::Release(id) => {
                self.check_held(state, agent, id)
                    .map_err(|reason| refuse(state, reason))?;
                state.transactions[id].decided = true;
            }
            Decision::Split(id, parts) => {
                let row = &state.transactions[id];
                let reason = if row.sender != agent {
                    Err("it belongs to another agent".to_owned())
                } else if !row.divisible {
                    Err("it is not divisible".to_owned())
                } else if !(2..=PARTS_MAX).contains(&parts) {
                    Err(format!("parts must be 2 to {PARTS_MAX} (got {parts})"))
                } else if i64::from(parts) > row.amount {
                    Err(format!(
                        "a part is at least 1, so parts must be at most {} (got {parts})",
                        row.amount
                    ))
                } else {
                    self.check_held(state, agent, id)
                };
                reason.map_err(|reason| refuse(state, reason))?;
                let row = &mut state.transactions[id];
                (row.decided, row.splits) = (true, true);
            }
            Decision::Withdraw(id) => {
                let row = &state.transactions[id];
                let reason = if row.sender != agent {
                    Err("it belongs to another agent".to_owned())
                } else if row.status != Status::Queued || row.withdraws {
                    Err(format!(
                        "it is not in the central queue (it is {})",
                        self.word(state, id)
                    ))
                } else {
                    Ok(())
                };
                reason.map_err(|reason| refuse(state, reason))?;
                state.transactions[id].withdraws = true;
            }
            Decision::Reprioritise(id, priority) => {
                let row = &state.transactions[id];
                let reason = if row.sender != agent {
                    Err("it belongs to another agent".to_owned())
                } else if priority > 10 {
                    Err(format!("priority must be 0 to 10 (got {priority})"))
                } else if !row.is_unsettled() || row.splits {
                    Err(format!("it is {}", self.word(state, id)))
                } else {
                    Ok(())
                };
                reason.map_err(|reason| refuse(state, reason))?;
            }
            Decision::SetReleaseBudget(value) => {
                if let Some(value) = value.filter(|v| !(0..=AMOUNT_MAX).contains(v)) {
                    let reason = format!("the budget must be 0 to {AMOUNT_MAX} (got {value})");
                    return Err(refuse(state, reason));
                }
            }
        }
        self.pending.push(decision);
        Ok(())
    }

    fn check_held(
        &self,
        state: &State,
        agent: AgentId,
        id: TransactionId,
    ) -> std::result::Result<(), String> {
        let row = &state.transactions[id];
        if row.sender != agent {
            return Err("it belongs to another agent".into());
        }
        let held = row.status == Status::Held || row.withdraws;
        if !held || row.decided {
            return Err(format!(
                "it is not in the internal queue (it is {})",
                self.word(state, id)
            ));
        }
        Ok(())
    }

    fn word(&self, state: &State, id: TransactionId) -> &'static str {
        let row = &state.transactions[id];
        if row.splits {
            "split"
        } else if row.decided {
            "released"
        } else if row.withdraws {
            "held"
        } else {
            row.status.word()
        }
    }

    /// What the agent holds and has not decided on; what it decided to withdraw comes last.
    pub fn undecided(&self, state: &State, agent: AgentId) -> Vec<TransactionId> {
        let withdrawn = self.pending.iter().filter_map(|decision| match decision {
            Decision::Withdraw(id) => Some(*id),
            _ => None,
        });
        let held = state.internal.iter(agent, &state.transactions);
        held.chain(withdrawn)
            .filter(|id| !state.transactions[*id].decided)
            .collect()
    }

    /// Lets the policy decide on what the agent holds, after what was decided already.
    pub fn ask(&mut self, state: &mut State, agent: AgentId, ticks_per_day: u32) {
        if std::mem::replace(&mut self.asked, true) || self.policy == Policy::Scripted {
            return;
        }
        let mut free = self.free_liquidity(state, agent);
        let withdrawn = self.pending.len();
        let mut next = state.internal.first(agent);
        while let Some(id) = next {
            next = known(state.transactions[id].next).map(TransactionId);
            self.judge(state, id, &mut free, ticks_per_day);
        }
        for at in 0..withdrawn {
            if let Decision::Withdraw(id) = self.pending[at] {
                self.judge(state, id, &mut free, ticks_per_day);
            }
        }
    }

    #[inline]
    fn judge(&mut self, state: &mut State, id: TransactionId, free: &mut i128, ticks_per_day: u32) {
        let row = &state.transactions[id];
        if row.decided {
            return;
        }
        let amount = row.amount;
        let candidate = Candidate {
            amount,
            ticks_to_deadline: ticks_to_deadline(
                row.deadline_tick,
                row.arrival_tick,
                state.tick,
                ticks_per_day,
            ),
            overdue: row.overdue,
            divisible: row.divisible,
        };
        let decision = match self.policy.verdict(candidate, *free) {
            Verdict::Hold => return,
            Verdict::Release => Decision::Release(id),
            Verdict::Split(parts) => Decision::Split(id, parts),
        };
        let row = &mut state.transactions[id];
        (row.decided, row.splits) = (true, matches!(decision, Decision::Split(..)));
        *free -= i128::from(amount);
        self.pending.push(decision);
    }

    /// Available liquidity less the agent's own central queue and what it has released in this
    /// tick, counting what is decided and not applied yet.
    pub fn free_liquidity(&self, state: &State, agent: AgentId) -> i128 {
        let mut free =
            i128::from(state.ledger[agent].available()) - state.central.of(agent).all().value();
        for decision in &self.pending {
            match decision {
                Decision::Release(id) | Decision::Split(id, _) => {
                    free -= i128::from(state.transactions[*id].amount);
                }
                Decision::Withdraw(id) => free += i128::from(state.transactions[*id].amount),
                Decision::Reprioritise(..) | Decision::SetReleaseBudget(_) => {}
            }
        }
        free
    }

    /// Applies everything pending; what is released joins `released` in order.
    pub fn apply(
        &mut self,
        state: &mut State,
        agent: AgentId,
        released: &mut Vec<TransactionId>,
        release_numbers: &mut u64,
    ) -> Result<()> {
        let mut used = 0_i128;
        let mut fits = |budget: Option<i64>, amount: i64| {
            let goes = budget.is_none_or(|budget| used + i128::from(amount) <= i128::from(budget));
            used += if goes { i128::from(amount) } else { 0 };
            goes
        };
        for at in 0..self.pending.len() {
            match self.pending[at] {
                Decision::Release(id) => {
                    state.transactions[id].decided = false;
                    if fits(self.budget, state.transactions[id].amount) {
                        state.take_released(id, *release_numbers)?;
                        released.push(id);
                        *release_numbers += 1;
                    }
                }
                Decision::Split(id, parts) => {
                    let row = &mut state.transactions[id];
                    (row.decided, row.splits) = (false, false);
                    if fits(self.budget, state.transactions[id].amount) {
                        split(state, id, parts, released, release_numbers)?;
                    }
                }
                Decision::Withdraw(id) => {
                    state.transactions[id].withdraws = false;
                    state.withdraw(id)?;
                }
                Decision::Reprioritise(id, priority) => state.reprioritise(id, priority)?,
                Decision::SetReleaseBudget(value) => self.set_budget(state, agent, value),
            }
        }
        self.pending.clear();
        Ok(())
    }

    /// Bounds what the agent releases per tick from now on.
    pub fn set_budget(&mut self, state: &mut State, agent: AgentId, value: Option<i64>) {
        self.budget = value;
        let kind = Kind::ReleaseBudgetSet;
        state.record(kind, Cause::None, agent, NONE, value.unwrap_or(NO_BUDGET));
    }
}

/// Splits a held transaction and releases its parts, which join `released` in order.
pub(crate) fn split(
    state: &mut State,
    id: TransactionId,
    parts: u32,
    released: &mut Vec<TransactionId>,
    release_numbers: &mut u64,
) -> Result<()> {
    state.journal.check_room()?;
    let agent = state.transactions[id].sender;
    let friction = state.costs.rates().split_friction_cost.price()?;
    let cost = friction
        .checked_mul(i128::from(parts - 1))
        .ok_or_else(|| Error::overflow("the split_friction cost"))?;
    for part in state.split(id, parts, cost)? {
        state.transactions[part].release_number = *release_numbers;
        state.record(Kind::PartCreated, Cause::None, agent, part.0, 0);
        state.record(Kind::Released, Cause::None, agent, part.0, 0);
        released.push(part);
        *release_numbers += 1;
    }
    Ok(())
}

/// Stands for "no budget" in the event log's column of values.
pub const NO_BUDGET: i64 = i64::MIN;

/// Ticks from `tick` to the deadline; without one, to the last tick of the day of arrival.
#[inline]
pub(crate) fn ticks_to_deadline(deadline: u32, arrival: u32, tick: u32, ticks_per_day: u32) -> i64 {
    let end = match known(deadline) {
        Some(deadline) => i64::from(deadline),
        None => (i64::from(arrival / ticks_per_day) + 1) * i64::from(ticks_per_day) - 1,
    };
    end - i64::from(tick)
}
