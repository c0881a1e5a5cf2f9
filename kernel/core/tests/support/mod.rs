//! Scenarios in few words.

use paysim_kernel::behaviour::policies::Policy;
use paysim_kernel::costs::{CostRates, DeadlinePenalty};
use paysim_kernel::queue::PriorityClasses;
use paysim_kernel::rate::Rate;
use paysim_kernel::rules::{EndOfDay, QueueDiscipline, Rules};
use paysim_kernel::spec::{AgentSpec, GivenTransactions, Spec};

/// A scenario of 100 ticks a day without agents or transactions, every rule at its default.
pub fn spec() -> Spec {
    let none = Rate::default();
    Spec {
        ticks_per_day: 100,
        seed: 0,
        agents: Vec::new(),
        cost_rates: CostRates {
            overdraft_bps_per_tick: none,
            delay_cost_per_tick_per_cent: none,
            delay_multipliers: [[10_000; 2]; 3],
            delay_in_internal_queue: true,
            delay_in_central_queue: true,
            liquidity_bps_per_tick: none,
            split_friction_cost: none,
            deadline_penalty: DeadlinePenalty::Fixed(none),
            eod_penalty_per_transaction: none,
            eod_borrowing_bps: none,
        },
        rules: Rules {
            queue_discipline: QueueDiscipline::FifoBypass,
            deferred_crediting: false,
            end_of_day: EndOfDay::CarryOver,
            priority_classes: PriorityClasses { urgent: 8, high: 6 },
            bilateral_offsetting: true,
            cycles: true,
            max_cycle_length: 4,
            max_rings_per_tick: 100_000,
            gridlock_resolution: false,
        },
        transactions: GivenTransactions::default(),
        events: Vec::new(),
        events_max: None,
    }
}

/// An agent with a balance and nothing else, which releases everything.
pub fn agent(id: &str, opening_balance: i64) -> AgentSpec {
    AgentSpec {
        id: id.to_owned(),
        opening_balance,
        credit_limit: 0,
        liquidity_pool: 0,
        liquidity_allocation_fraction: Rate::ONE,
        policy: Policy::Fifo,
        arrivals: None,
    }
}
