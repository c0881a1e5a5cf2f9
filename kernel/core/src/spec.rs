//! A scenario as the kernel takes it: agents by number, rates exact, everything checked before.

use crate::behaviour::arrivals::ArrivalSpec;
use crate::behaviour::policies::Policy;
use crate::costs::CostRates;
use crate::ids::{AgentId, Tick};
use crate::rate::Rate;
use crate::rules::Rules;
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
}
