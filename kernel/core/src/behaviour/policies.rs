//! The five compiled release policies, each a look at one agent's own queue.
//!
//! A policy sees its agent's internal queue in order of arrival and its free liquidity, and gives
//! a verdict on one transaction after the other.

/// A release policy with its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Releases everything.
    Fifo,
    /// Releases what is due within the threshold (ticks) or overdue.
    Deadline {
        /// Ticks to the deadline at which a transaction becomes urgent.
        urgency_threshold: i64,
    },
    /// Keeps a buffer (minor units) free, except for what is urgent or overdue.
    LiquidityAware {
        /// Free liquidity to keep, in minor units.
        target_buffer: i64,
        /// Ticks to the deadline at which a transaction becomes urgent.
        urgency_threshold: i64,
    },
    /// Splits what does not fit into the fewest parts whose first one fits.
    LiquiditySplitting {
        /// Most parts of one split.
        max_splits: u32,
        /// Smallest part, in minor units.
        min_split_amount: i64,
    },
    /// Splits everything; for tests.
    MockSplitting {
        /// Parts of every split.
        num_splits: u32,
    },
    /// Behaviour lives outside the kernel, which never asks.
    Scripted,
}

/// What a policy sees of one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Minor units.
    pub amount: i64,
    /// Deadline less the tick; negative once passed.
    pub ticks_to_deadline: i64,
    /// Whether it is overdue.
    pub overdue: bool,
    /// Whether it may be split.
    pub divisible: bool,
}

/// What a policy does with one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Keep it.
    Hold,
    /// Submit it whole.
    Release,
    /// Submit it in this many parts.
    Split(u32),
}

impl Policy {
    /// The verdict on one transaction, given free liquidity (minor units, may be negative).
    #[inline]
    pub fn verdict(self, candidate: Candidate, free: i128) -> Verdict {
        let Candidate {
            amount,
            ticks_to_deadline,
            overdue,
            divisible,
        } = candidate;
        let release_if = |condition| {
            if condition {
                Verdict::Release
            } else {
                Verdict::Hold
            }
        };
        let fits = i128::from(amount) <= free;
        match self {
            Self::Fifo => Verdict::Release,
            Self::Deadline { urgency_threshold } => {
                release_if(overdue || ticks_to_deadline <= urgency_threshold)
            }
            Self::LiquidityAware {
                target_buffer,
                urgency_threshold,
            } => release_if(
                overdue
                    || free - i128::from(amount) >= i128::from(target_buffer)
                    || (fits && ticks_to_deadline <= urgency_threshold),
            ),
            Self::LiquiditySplitting {
                max_splits,
                min_split_amount,
            } => {
                if overdue || fits {
                    return Verdict::Release;
                }
                // The first part is amount / n, rounded down: at most `free` from this n on.
                let fewest = i128::from(amount) / (free.max(0) + 1) + 1;
                let parts = u32::try_from(fewest.max(2)).unwrap_or(u32::MAX);
                let first = amount / i64::from(parts);
                if divisible && parts <= max_splits && first >= min_split_amount.max(1) {
                    Verdict::Split(parts)
                } else {
                    Verdict::Hold
                }
            }
            Self::MockSplitting { num_splits } => {
                if divisible && amount >= i64::from(num_splits) {
                    Verdict::Split(num_splits)
                } else {
                    Verdict::Release
                }
            }
            Self::Scripted => Verdict::Hold,
        }
    }
}
