//! What can go wrong inside the kernel, in one enum.

use thiserror::Error;

use crate::ids::AgentId;

/// Everything the kernel refuses or cannot do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// A quantity left the range in which the kernel counts exactly.
    #[error("{quantity} is larger than the kernel can count exactly")]
    Overflow {
        /// The quantity, in words.
        quantity: String,
    },
    /// A balance left the range that 64-bit minor units can hold safely.
    #[error("the balance of agent number {} does not fit in 64-bit minor units", agent.0)]
    Balance {
        /// Whose balance.
        agent: AgentId,
    },
    /// A decision that its agent cannot take now.
    #[error("{agent} cannot {decision}: {reason}")]
    Decision {
        /// The agent that decided.
        agent: String,
        /// What it tried, in the imperative.
        decision: String,
        /// Why that is impossible.
        reason: String,
    },
    /// The event log would grow beyond what the specification allows.
    #[error("the event log has reached {most} events, the most that it may have")]
    Full {
        /// How many events it may have.
        most: usize,
    },
    /// The kernel was called out of the order that a tick has.
    #[error("{0}")]
    OutOfOrder(&'static str),
    /// A specification that describes no system.
    #[error("{0}")]
    Spec(String),
    /// Bytes that no system was saved as.
    #[error("{0}")]
    Saved(String),
    /// A file could not be written.
    #[error("cannot write {path}: {reason}")]
    Write {
        /// The file.
        path: String,
        /// The operating system's words.
        reason: String,
    },
}

/// The kernel's result.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The overflow of a named quantity.
    pub fn overflow(quantity: impl Into<String>) -> Self {
        Self::Overflow {
            quantity: quantity.into(),
        }
    }
}
