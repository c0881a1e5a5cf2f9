//! Figures of one day for whoever watches a run: cheap, as only that day's events are looked at.

use crate::costs;
use crate::error::Result;
use crate::event::{Cause, Kind};
use crate::ids::{Tick, TransactionId};
use crate::results::rebuild::Flow;
use crate::rules::gridlock_resolution;
use crate::rules::largest_ordered_set::Search;
use crate::system::System;

/// In how many ticks of a day something happened, and in which first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ticks {
    /// How many.
    pub count: u32,
    /// The first of them.
    pub first: Option<Tick>,
    latest: Option<Tick>,
}

impl Ticks {
    fn see(&mut self, tick: Tick) {
        if self.latest != Some(tick) {
            self.latest = Some(tick);
            self.first = self.first.or(self.latest);
            self.count += 1;
        }
    }
}

/// What a day came to, and how the system stands after it.
#[derive(Debug, Clone, Default)]
pub struct DayFigures {
    /// Arrived in the day; parts do not count.
    pub arrived: Flow,
    /// Settled in the day by the causes of [`Cause::SETTLEMENTS`].
    pub settled_by: [Flow; 6],
    /// Ticks in which a mechanism settled together what could not settle alone.
    pub gridlock: Ticks,
    /// Ticks in which the bound on rings was reached.
    pub ring_limit: Ticks,
    /// That bound, if it was reached.
    pub rings: i64,
    /// In the internal queues now.
    pub internal_queue: Flow,
    /// In the central queue now.
    pub central_queue: Flow,
    /// Of those in the central queue: could settle together now.
    pub standing: Flow,
    /// Costs of the whole run so far, in cost units.
    pub cost_so_far: i128,
}

impl DayFigures {
    /// Settled in the day by any means.
    pub fn settled(&self) -> Flow {
        self.settled_by.iter().copied().sum()
    }
}

/// The figures of a day, when its last closed tick is the system's.
///
/// # Errors
/// [`crate::Error::Overflow`] if a cost does not fit.
pub fn day_figures(system: &System, day: Tick) -> Result<DayFigures> {
    let state = system.state();
    let mut figures = DayFigures::default();
    for event in state.journal.since(day * system.ticks_per_day()) {
        let amount = || state.transactions[TransactionId(event.transaction)].amount;
        match event.kind {
            Kind::Arrived => figures.arrived.count(amount()),
            Kind::Settled => {
                let at = Cause::SETTLEMENTS.iter().position(|&c| c == event.cause);
                if let Some(at) = at {
                    figures.settled_by[at].count(amount());
                }
                if matches!(
                    event.cause,
                    Cause::BilateralOffsetting | Cause::Cycles | Cause::GridlockResolution
                ) {
                    figures.gridlock.see(event.tick);
                }
            }
            Kind::RingLimitReached => {
                figures.ring_limit.see(event.tick);
                figures.rings = event.value;
            }
            _ => {}
        }
    }
    for agent in state.ledger.agents() {
        for id in state.internal.iter(agent, &state.transactions) {
            figures.internal_queue.count(state.transactions[id].amount);
        }
    }
    figures.central_queue = Flow {
        volume: state.central.volume() as i64,
        value: state.central.value(),
    };
    let mut set = Search::new(system.names().len());
    for id in gridlock_resolution::found(state, &mut set).transactions {
        figures.standing.count(state.transactions[id].amount);
    }
    figures.cost_so_far = costs::sum(&state.costs.of_system(system.accrued_until())?)?;
    Ok(figures)
}
