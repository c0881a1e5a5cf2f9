//! The dicts that tell of one transaction and of one agent in one tick, key by key.

use paysim_kernel::ids::Tick;
use paysim_kernel::results::rebuild::Flow;
use pyo3::prelude::*;

/// One of the transactions that settled together.
#[derive(IntoPyObject)]
pub(super) struct Member {
    pub(super) transaction_id: String,
    pub(super) sender_id: String,
    pub(super) receiver_id: String,
    pub(super) amount: i64,
}

#[derive(IntoPyObject)]
pub(super) struct Posting {
    pub(super) posting: u32,
    pub(super) tick: Tick,
    pub(super) cause: Option<&'static str>,
    pub(super) volume: usize,
    pub(super) value: i128,
    pub(super) transactions: Vec<Member>,
}

#[derive(IntoPyObject)]
pub(super) struct Volume {
    pub(super) volume: i64,
    pub(super) value: i128,
}

impl From<Flow> for Volume {
    fn from(flow: Flow) -> Self {
        Self {
            volume: flow.volume,
            value: flow.value,
        }
    }
}

#[derive(IntoPyObject)]
pub(super) struct Place {
    pub(super) queue: &'static str,
    pub(super) before_volume: i64,
    pub(super) before_value: i128,
    pub(super) volume: i64,
    pub(super) value: i128,
}

#[derive(IntoPyObject)]
pub(super) struct Around {
    pub(super) balance_before: i128,
    pub(super) balance_after: i128,
    pub(super) available_liquidity_before: i128,
    pub(super) available_liquidity_after: i128,
}

#[derive(IntoPyObject)]
pub(super) struct Step {
    pub(super) tick: Tick,
    pub(super) event: &'static str,
    pub(super) transaction_id: Option<String>,
    pub(super) cause: Option<&'static str>,
    pub(super) posting: Option<u32>,
    pub(super) amount: Option<i64>,
    pub(super) priority: Option<i64>,
    pub(super) parts: Option<i64>,
    pub(super) credit_deferred: i64,
    pub(super) place: Option<Place>,
    pub(super) sender: Around,
    pub(super) receiver: Around,
    pub(super) cost: String,
    pub(super) cost_so_far: String,
}

#[derive(IntoPyObject)]
pub(super) struct Costs {
    pub(super) delay: String,
    pub(super) split_friction: String,
    pub(super) deadline_penalty: String,
    pub(super) end_of_day_penalty: String,
}

#[derive(IntoPyObject)]
pub(super) struct Life {
    pub(super) transaction_id: String,
    pub(super) parent_id: Option<String>,
    pub(super) part_ids: Vec<String>,
    pub(super) sender_id: String,
    pub(super) receiver_id: String,
    pub(super) amount: i64,
    pub(super) arrival_tick: Tick,
    pub(super) deadline_tick: Option<Tick>,
    pub(super) priority: u8,
    pub(super) divisible: bool,
    pub(super) status: &'static str,
    pub(super) end_tick: Option<Tick>,
    pub(super) steps: Vec<Step>,
    pub(super) postings: Vec<Posting>,
    pub(super) cost: Costs,
    pub(super) total_cost: String,
}

#[derive(IntoPyObject)]
pub(super) struct Queued {
    pub(super) transaction_id: String,
    pub(super) receiver_id: String,
    pub(super) amount: i64,
    pub(super) arrival_tick: Tick,
    pub(super) deadline_tick: Option<Tick>,
    pub(super) ticks_to_deadline: i64,
    pub(super) age_ticks: Tick,
    pub(super) priority: u8,
    pub(super) priority_class: &'static str,
    pub(super) is_overdue: bool,
    pub(super) divisible: bool,
}

#[derive(IntoPyObject)]
pub(super) struct Account {
    pub(super) balance: i128,
    pub(super) credit_limit: i128,
    pub(super) available_liquidity: i128,
    pub(super) free_liquidity: i128,
    pub(super) liquidity_pool: i128,
    pub(super) loan: i128,
    pub(super) credits_deferred: i128,
    pub(super) day_inflow: i128,
    pub(super) day_outflow: i128,
    pub(super) release_budget: Option<i64>,
    pub(super) internal_queue: Vec<Queued>,
    pub(super) central_queue: Vec<Queued>,
}

#[derive(IntoPyObject)]
pub(super) struct Decided {
    pub(super) event: &'static str,
    pub(super) transaction_id: Option<String>,
    pub(super) amount: Option<i64>,
    pub(super) priority: Option<i64>,
    pub(super) parts: Option<i64>,
    pub(super) cost: Option<String>,
}

#[derive(IntoPyObject)]
pub(super) struct Outcome {
    pub(super) transaction_id: String,
    pub(super) parent_id: Option<String>,
    pub(super) receiver_id: String,
    pub(super) amount: i64,
    pub(super) priority: u8,
    pub(super) deadline_tick: Option<Tick>,
    pub(super) is_released: bool,
    pub(super) status: &'static str,
    pub(super) cause: Option<&'static str>,
    pub(super) posting: Option<u32>,
    pub(super) obstacle: Option<&'static str>,
    pub(super) short_by: Option<i128>,
    pub(super) behind_id: Option<String>,
    pub(super) is_in_largest_ordered_set: bool,
}

#[derive(IntoPyObject)]
pub(super) struct Owed {
    pub(super) agent_id: String,
    pub(super) owed_volume: i64,
    pub(super) owed_value: i128,
    pub(super) owing_volume: i64,
    pub(super) owing_value: i128,
}

#[derive(IntoPyObject)]
pub(super) struct Change {
    pub(super) event: &'static str,
    pub(super) cause: Option<&'static str>,
    pub(super) posting: Option<u32>,
    pub(super) counterparty_id: Option<String>,
    pub(super) paid: Vec<Member>,
    pub(super) received: Vec<Member>,
    pub(super) credit_deferred: i128,
    pub(super) balance_before: i128,
    pub(super) balance_after: i128,
    pub(super) available_liquidity_before: i128,
    pub(super) available_liquidity_after: i128,
}

#[derive(IntoPyObject)]
pub(super) struct Explained {
    pub(super) agent_id: String,
    pub(super) tick: Tick,
    pub(super) day: Tick,
    pub(super) ticks_left_in_day: Tick,
    pub(super) out_since_tick: Option<Tick>,
    pub(super) halted_since_tick: Option<Tick>,
    pub(super) saw: Account,
    pub(super) decisions: Vec<Decided>,
    pub(super) held: Vec<Queued>,
    pub(super) transactions: Vec<Outcome>,
    pub(super) postings: Vec<Posting>,
    pub(super) after_settlement: Account,
    pub(super) counterparties: Vec<Owed>,
    pub(super) central_queue: Volume,
    pub(super) largest_ordered_set: Volume,
    pub(super) rings_at_limit: Option<i64>,
    pub(super) movements: Vec<Change>,
    pub(super) at_end: Account,
}
