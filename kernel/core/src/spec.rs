//! A scenario as the kernel takes it: agents by number, rates exact, everything checked before.

use crate::amount::AMOUNT_MAX;
use crate::behaviour::arrivals::ArrivalSpec;
use crate::behaviour::policies::Policy;
use crate::costs::CostRates;
use crate::error::{Error, Result};
use crate::ids::{AgentId, NONE, Tick};
use crate::queue::PriorityClasses;
use crate::rate::Rate;
use crate::scenario_events::ScenarioEvent;
use crate::transaction::GivenIds;

/// One agent.
#[derive(Debug, Clone)]
pub struct AgentSpec {
    /// Its id.
    pub id: String,
    /// Minor units.
    pub opening_balance: i64,
    /// Minor units.
    pub credit_limit: i64,
    /// Minor units.
    pub liquidity_pool: i64,
    /// Fraction of the pool allocated each morning, 0 to 1.
    pub liquidity_allocation_fraction: Rate,
    /// Its release policy.
    pub policy: Policy,
    /// What it draws.
    pub arrivals: Option<ArrivalSpec>,
}

/// Transactions given by the scenario, in columns of equal length.
#[derive(Debug, Clone, Default)]
pub struct GivenTransactions {
    /// Ids; `row-N` where there are none.
    pub ids: GivenIds,
    /// Who pays.
    pub senders: Vec<AgentId>,
    /// Who is paid.
    pub receivers: Vec<AgentId>,
    /// Minor units.
    pub amounts: Vec<i64>,
    /// When they arrive.
    pub arrival_ticks: Vec<Tick>,
    /// Deadlines, [`crate::ids::NONE`] without one; no column if no transaction has one.
    pub deadline_ticks: Option<Vec<Tick>>,
    /// 0 to 10; 5 throughout without the column.
    pub priorities: Option<Vec<u8>>,
    /// Whether they may be split; all may without the column.
    pub divisible: Option<Vec<bool>>,
}

/// A whole scenario with its seed.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Ticks in a day, at least 1.
    pub ticks_per_day: u32,
    /// Seed of all draws.
    pub seed: u64,
    /// Agents in scenario order, at least two.
    pub agents: Vec<AgentSpec>,
    /// Cost rates.
    pub cost_rates: CostRates,
    /// Settlement rules.
    pub rules: Rules,
    /// Given transactions.
    pub transactions: GivenTransactions,
    /// Scenario events, in the order of the scenario.
    pub events: Vec<ScenarioEvent>,
    /// Events that the log may have; a tick with which it would have more fails.
    pub events_max: Option<usize>,
}

/// The rules of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// How the central queue is worked off.
    pub queue_discipline: QueueDiscipline,
    /// Receipts of a tick can be spent from the next tick on.
    pub deferred_crediting: bool,
    /// What happens to unsettled transactions at the end of a day.
    pub end_of_day: EndOfDay,
    /// Which priorities are urgent and high.
    pub priority_classes: PriorityClasses,
    /// Pairs offset what they owe each other.
    pub bilateral_offsetting: bool,
    /// Rings settle together.
    pub cycles: bool,
    /// Longest ring looked at.
    pub max_cycle_length: u32,
    /// Most rings looked at in a tick.
    pub max_rings_per_tick: u64,
    /// The whole central queue is searched for the largest ordered set.
    pub gridlock_resolution: bool,
}

/// How one sender's transactions in the central queue are tried alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueDiscipline {
    /// What does not fit lets later ones pass.
    FifoBypass,
    /// What does not fit stops everything of its sender behind it.
    StrictFifo,
}

/// The end-of-day rule of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndOfDay {
    /// They wait for the next day.
    CarryOver,
    /// They are cancelled.
    Cancel,
    /// They settle on overnight loans.
    SettleOnCredit,
}

impl GivenTransactions {
    /// Rows by arrival tick, then sender, then row.
    pub(crate) fn agenda(&self) -> Vec<u32> {
        let mut rows: Vec<u32> = (0..self.amounts.len() as u32).collect();
        let key = |row: &u32| {
            let at = *row as usize;
            u64::from(self.arrival_ticks[at]) << 32 | u64::from(self.senders[at].0)
        };
        if !rows.is_sorted_by_key(key) {
            rows.sort_by_key(key);
        }
        rows
    }
}

impl Spec {
    /// What the kernel itself relies on; the full check of a scenario happens before.
    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |text: String| Err(Error::Spec(text));
        if self.ticks_per_day == 0 {
            return wrong("ticks_per_day must be at least 1 (got 0)".into());
        }
        if self.agents.len() < 2 || self.agents.len() >= NONE as usize {
            return wrong(format!(
                "agent_configs must hold at least two agents (got {})",
                self.agents.len()
            ));
        }
        let mut money = 0_i128;
        for agent in &self.agents {
            let parts = [
                agent.opening_balance.unsigned_abs(),
                agent.credit_limit.unsigned_abs(),
                agent.liquidity_pool.unsigned_abs(),
            ];
            money += parts.iter().map(|&part| i128::from(part)).sum::<i128>();
            let fraction = agent.liquidity_allocation_fraction.0;
            if agent.credit_limit < 0
                || agent.liquidity_pool < 0
                || !(0..=Rate::ONE.0).contains(&fraction)
            {
                return wrong(format!(
                    "agent {}: limits and pools must be at least 0, fractions 0 to 1",
                    agent.id
                ));
            }
        }
        if money > i128::from(AMOUNT_MAX) {
            return wrong(format!(
                "opening balances, credit limits and pools must sum to at most {AMOUNT_MAX} (got {money})"
            ));
        }
        let given = &self.transactions;
        let rows = given.amounts.len();
        let lengths = [
            given.senders.len(),
            given.receivers.len(),
            given.arrival_ticks.len(),
        ];
        let optional = [
            given.deadline_ticks.as_ref().map(Vec::len),
            given.priorities.as_ref().map(Vec::len),
            given.divisible.as_ref().map(Vec::len),
        ];
        if lengths
            .iter()
            .chain(optional.iter().flatten())
            .any(|&length| length != rows)
            || rows >= NONE as usize
        {
            return wrong("columns of transactions must have one length".into());
        }
        let agents = self.agents.len();
        for row in 0..rows {
            let (sender, receiver, amount) =
                (given.senders[row], given.receivers[row], given.amounts[row]);
            let known = sender.ix() < agents && receiver.ix() < agents && sender != receiver;
            if !known || !(1..=AMOUNT_MAX).contains(&amount) {
                return wrong(format!(
                    "transaction {}: needs two known agents and an amount of 1 to {AMOUNT_MAX}",
                    row + 1
                ));
            }
        }
        self.events.iter().try_for_each(|event| event.check(agents))
    }
}
