//! Settlement rules, one file each, named as in the field.
//!
//! A rule looks at the [`State`](crate::state::State) and settles through it; it never changes a
//! balance, a queue or a cost itself.

pub mod bilateral_offsetting;
pub mod cycles;
pub mod end_of_day;
pub mod entry;
pub mod fifo_bypass;
pub mod gridlock_resolution;
pub mod largest_ordered_set;
pub mod liquidity_pool;
pub mod queue_release;
pub mod strict_fifo;

pub use crate::spec::{EndOfDay, QueueDiscipline, Rules};

use crate::error::Result;
use crate::ids::{AgentId, TransactionId};
use crate::ledger::Crediting;
use crate::state::State;

impl QueueDiscipline {
    /// Whether a released transaction may not be tried because of what is queued before it.
    pub(crate) fn stands_behind(self, state: &State, id: TransactionId) -> bool {
        match self {
            Self::FifoBypass => false,
            Self::StrictFifo => strict_fifo::stands_behind(state, id),
        }
    }

    /// What of an agent's central queue settles with its available liquidity, in order.
    pub(crate) fn releasable(self, state: &State, agent: AgentId) -> Vec<TransactionId> {
        match self {
            Self::FifoBypass => fifo_bypass::releasable(state, agent),
            Self::StrictFifo => strict_fifo::releasable(state, agent),
        }
    }
}

/// What the liquidity-saving mechanisms keep between passes, so as not to look twice in vain.
#[derive(Debug, Clone)]
pub struct Mechanisms {
    set: largest_ordered_set::Search,
    pairs: bilateral_offsetting::Memory,
    rings: cycles::Memory,
    /// Latest change that a whole round saw and settled nothing after.
    vain_since: u64,
}

impl Mechanisms {
    pub(crate) fn new(agents: usize) -> Self {
        Self {
            set: largest_ordered_set::Search::new(agents),
            pairs: bilateral_offsetting::Memory::default(),
            rings: cycles::Memory::default(),
            vain_since: 0,
        }
    }

    /// Step 7: rounds of every enabled mechanism, each followed by queue release, until a round
    /// settles nothing.
    pub(crate) fn run(&mut self, state: &mut State) -> Result<()> {
        self.rings.open_tick();
        while state.central.volume() > 1 {
            // Whoever changed has retried alone by now, so that a change is a change for a mechanism.
            debug_assert!(state.line.is_empty());
            let seen = state.changes.latest();
            if seen == self.vain_since {
                return Ok(());
            }
            let before = state.counts.settlements;
            if state.rules.bilateral_offsetting
                && bilateral_offsetting::pass(state, &mut self.pairs, &mut self.set)?
            {
                queue_release::run(state)?;
            }
            if state.rules.cycles && cycles::pass(state, &mut self.rings, &mut self.set)? {
                queue_release::run(state)?;
            }
            if state.rules.gridlock_resolution && gridlock_resolution::pass(state, &mut self.set)? {
                queue_release::run(state)?;
            }
            if state.counts.settlements == before {
                if !self.rings.bound_reached() {
                    self.vain_since = seen;
                }
                return Ok(());
            }
        }
        Ok(())
    }
}

/// How the credits of a mechanism's posting count: net positions at once, and under deferred
/// crediting only net receipts later.
pub(crate) fn crediting(state: &State) -> Crediting {
    if state.rules.deferred_crediting {
        Crediting::DeferNet
    } else {
        Crediting::Immediate
    }
}
