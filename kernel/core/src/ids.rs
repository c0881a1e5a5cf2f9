//! Dense numbers for agents and transactions; names live at the rim.

use serde::{Deserialize, Serialize};

/// A tick since the opening of day 0.
pub type Tick = u32;

/// Stands for "no tick", "no transaction" or "no agent" in columns of `u32`.
pub const NONE: u32 = u32::MAX;

/// An agent, by its place in scenario order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AgentId(pub u32);

/// A transaction, by the order in which it came to exist (parts count).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TransactionId(pub u32);

impl AgentId {
    /// The agent's index in columns of agents.
    #[inline]
    pub fn ix(self) -> usize {
        self.0 as usize
    }
}

impl TransactionId {
    /// The transaction's index in columns of transactions.
    #[inline]
    pub fn ix(self) -> usize {
        self.0 as usize
    }
}
