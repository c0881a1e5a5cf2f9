//! Bilateral offsetting: what two agents owe each other settles together.
//!
//! For each pair with transactions both ways, the largest ordered set of those; booked if both
//! directions are in it. Pairs go by the smaller of the two directions' values, largest first,
//! then scenario order; the list is made once a pass, the candidates are those standing when the
//! pair's turn comes. Source: Leinonen and Soramäki (1999); T2's offsetting of queued payments.

use std::cmp::Reverse;

use crate::error::Result;
use crate::event::Cause;
use crate::ids::AgentId;
use crate::ordered::Ordered;
use crate::rules::largest_ordered_set::Search;
use crate::state::State;

/// What is kept between passes.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// Latest change that a whole pass has seen.
    seen: u64,
    pairs: Vec<(Reverse<i128>, AgentId, AgentId)>,
}

/// One pass over all pairs; whether anything settled.
pub(crate) fn pass(state: &mut State, memory: &mut Memory, set: &mut Search) -> Result<bool> {
    let start = state.changes.latest();
    list_pairs(state, &mut memory.pairs);
    let mut settled = false;
    for &(_, first, second) in &memory.pairs {
        let changed = [first, second]
            .iter()
            .any(|&a| state.changes.since(a, memory.seen));
        if changed && offset(state, set, first, second)? {
            settled = true;
        }
    }
    memory.seen = start;
    Ok(settled)
}

fn list_pairs(state: &State, pairs: &mut Vec<(Reverse<i128>, AgentId, AgentId)>) {
    pairs.clear();
    for first in state.central.senders() {
        for (&second, there) in state
            .central
            .of(first)
            .edges()
            .range(AgentId(first.0 + 1)..)
        {
            if let Some(back) = state.central.of(second).edges().get(&first) {
                pairs.push((Reverse(there.value().min(back.value())), first, second));
            }
        }
    }
    pairs.sort_unstable();
}

fn offset(state: &mut State, set: &mut Search, first: AgentId, second: AgentId) -> Result<bool> {
    let (queue, other) = (state.central.of(first), state.central.of(second));
    let (Some(there), Some(back)) = (queue.edges().get(&second), other.edges().get(&first)) else {
        return Ok(false);
    };
    // Each must be able to pay its first if it receives all of the other direction.
    let can_pay = |agent: AgentId, own: &Ordered, other: &Ordered| {
        let liquidity = i128::from(state.ledger[agent].available()) + other.value();
        own.first()
            .is_some_and(|(_, id)| i128::from(state.transactions[id].amount) <= liquidity)
    };
    if !can_pay(first, there, back) || !can_pay(second, back, there) {
        return Ok(false);
    }
    set.clear();
    set.add(first, there.iter());
    set.add(second, back.iter());
    set.solve(state);
    if set.volume_of(0) == 0 || set.volume_of(1) == 0 {
        return Ok(false);
    }
    state.settle(
        &set.posting(),
        Cause::BilateralOffsetting,
        crate::rules::crediting(state),
    )
}
