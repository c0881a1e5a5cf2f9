//! The largest ordered set, common core of the liquidity-saving mechanisms.
//!
//! Candidates stand in each sender's order. Start with all of them; while an agent with included
//! outgoing transactions would end below its floor, drop its last included one. What remains
//! settles together. The result does not depend on the order of dropping, and no other set that
//! keeps each sender's order has more transactions or more value. Work is proportional to the
//! candidates. Source: Bech and Soramäki (2001), Bank of Finland Discussion Paper 9/2001.
//!
//! Under deferred crediting net receipts reach nobody in time, which matters only to an agent that
//! is below its floor from the start: it cannot pay at all.

use crate::ids::{AgentId, TransactionId};
use crate::ledger::Posting;
use crate::state::State;
use crate::transaction::Transactions;

/// What a search looks at.
pub(crate) trait Accounts {
    /// What an agent may spend; negative below its floor.
    fn available(&self, agent: AgentId) -> i128;
    /// The transactions that candidates are of.
    fn transactions(&self) -> &Transactions;
    /// Whether credits are deferred.
    fn defers_credits(&self) -> bool;
}

impl Accounts for State {
    #[inline]
    fn available(&self, agent: AgentId) -> i128 {
        i128::from(self.ledger[agent].available())
    }

    #[inline]
    fn transactions(&self) -> &Transactions {
        &self.transactions
    }

    #[inline]
    fn defers_credits(&self) -> bool {
        self.rules.deferred_crediting
    }
}

/// A position that no receipts lift to the floor.
const BARRED: i128 = i128::MIN / 2;

/// Candidates of one sender: a range of the search's items, shortened from its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Group {
    agent: AgentId,
    start: usize,
    end: usize,
}

/// A search for the largest ordered set; reusable, so that a pass allocates nothing.
#[derive(Debug, Clone)]
pub struct Search {
    items: Vec<TransactionId>,
    groups: Vec<Group>,
    /// Position of each agent if all included candidates settle: liquidity left above its floor.
    positions: Vec<i128>,
    /// Each agent's group, or `usize::MAX`.
    group_of: Vec<usize>,
    seen: Vec<bool>,
    touched: Vec<AgentId>,
    short: Vec<usize>,
}

impl Search {
    pub(crate) fn new(agents: usize) -> Self {
        Self {
            items: Vec::new(),
            groups: Vec::new(),
            positions: vec![0; agents],
            group_of: vec![usize::MAX; agents],
            seen: vec![false; agents],
            touched: Vec::new(),
            short: Vec::new(),
        }
    }

    /// Forgets all candidates.
    pub(crate) fn clear(&mut self) {
        self.items.clear();
        self.groups.clear();
    }

    /// Adds one sender's candidates, in its order; senders come in scenario order.
    pub(crate) fn add(&mut self, agent: AgentId, candidates: impl Iterator<Item = TransactionId>) {
        let start = self.items.len();
        self.items.extend(candidates);
        self.groups.push(Group {
            agent,
            start,
            end: self.items.len(),
        });
    }

    /// Shortens every group to its part of the largest ordered set.
    pub(crate) fn solve(&mut self, state: &impl Accounts) {
        for at in 0..self.groups.len() {
            let group = self.groups[at];
            self.touch(group.agent, state);
            self.group_of[group.agent.ix()] = at;
            for item in group.start..group.end {
                let row = &state.transactions()[self.items[item]];
                self.touch(row.receiver, state);
                self.positions[group.agent.ix()] -= i128::from(row.amount);
                self.positions[row.receiver.ix()] += i128::from(row.amount);
            }
        }
        self.short.clear();
        let positions = &self.positions;
        let is_short = |g: &Group| g.end > g.start && positions[g.agent.ix()] < 0;
        self.short
            .extend((0..self.groups.len()).filter(|&at| is_short(&self.groups[at])));
        while let Some(at) = self.short.pop() {
            self.shorten(at, state);
        }
        for agent in self.touched.drain(..) {
            self.group_of[agent.ix()] = usize::MAX;
            self.seen[agent.ix()] = false;
        }
    }

    /// Drops the last included candidates of one sender until it is short no more.
    fn shorten(&mut self, at: usize, state: &impl Accounts) {
        let Group {
            agent,
            start,
            mut end,
        } = self.groups[at];
        while end > start && self.positions[agent.ix()] < 0 {
            end -= 1;
            let row = &state.transactions()[self.items[end]];
            let amount = i128::from(row.amount);
            self.positions[agent.ix()] += amount;
            let before = self.positions[row.receiver.ix()];
            self.positions[row.receiver.ix()] = before - amount;
            if before >= 0
                && before < amount
                && let Some(group) = self.groups.get(self.group_of[row.receiver.ix()])
                && group.end > group.start
            {
                self.short.push(self.group_of[row.receiver.ix()]);
            }
        }
        self.groups[at].end = end;
    }

    fn touch(&mut self, agent: AgentId, state: &impl Accounts) {
        if !self.seen[agent.ix()] {
            self.seen[agent.ix()] = true;
            let available = state.available(agent);
            let is_barred = available < 0 && state.defers_credits();
            self.positions[agent.ix()] = if is_barred { BARRED } else { available };
            self.touched.push(agent);
        }
    }

    /// How many candidates of the nth sender remain.
    pub(crate) fn volume_of(&self, nth: usize) -> usize {
        self.groups[nth].end - self.groups[nth].start
    }

    /// The remaining candidates of the nth sender, in order.
    pub(crate) fn kept(&self, nth: usize) -> &[TransactionId] {
        &self.items[self.groups[nth].start..self.groups[nth].end]
    }

    /// How many senders there are.
    pub(crate) fn senders(&self) -> usize {
        self.groups.len()
    }

    /// What remains, as a posting.
    pub(crate) fn posting(&self) -> Posting {
        let mut transactions = Vec::with_capacity(self.items.len());
        for nth in 0..self.senders() {
            transactions.extend_from_slice(self.kept(nth));
        }
        Posting { transactions }
    }
}
