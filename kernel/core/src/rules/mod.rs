//! Settlement rules, one file each, named as in the field.
//!
//! A rule looks at the [`State`](crate::state::State) and settles through it; it never changes a
//! balance, a queue or a cost itself.

pub mod bilateral_offsetting;
pub mod cycles;
pub mod end_of_day;
pub mod entry;
pub mod gridlock_resolution;
pub mod largest_ordered_set;
pub mod liquidity_pool;
pub mod queue_release;

pub use end_of_day::EndOfDay;
pub use queue_release::QueueDiscipline;

use crate::error::Result;
use crate::ledger::Crediting;
use crate::queue::PriorityClasses;
use crate::state::State;

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
