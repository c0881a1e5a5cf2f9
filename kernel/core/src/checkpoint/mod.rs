//! Saving a system between two ticks, and restoring it.
//!
//! What is saved is the event log, boiled down to the moves that cannot be told from others: the
//! log is the truth, and everything else a system holds follows from it and the specification.
//! Restoring makes the same moves again, by the same functions that a run makes them with; it asks
//! no policy and searches no queue. So whatever the bytes say, in a restored system money is conserved,
//! nothing has settled below a floor, and the log tells how it came about; or there is none.

#[cfg(test)]
mod forged;
mod moves;
mod replay;

use serde::{Deserialize, Serialize};

use crate::behaviour::policies::Policy;
use crate::behaviour::stream::siphash_2_4;
use crate::costs;
use crate::decision::Decision;
use crate::error::{Error, Result};
use crate::event::Kind;
use crate::ids::{AgentId, NONE, Tick, TransactionId};
use crate::rate::half_even;
use crate::spec::Spec;
use crate::state::{Counts, State};
use crate::system::{Outcome, System};

use moves::Moves;
use replay::Replay;

/// What stands before the moves.
#[derive(Serialize, Deserialize)]
struct Head {
    /// The next tick to open.
    tick: Tick,
    /// How many events the log has, and what they and the tick hash to.
    events: u64,
    log: u64,
    /// The outcome of the last tick: arrivals, settlements, those by a mechanism, and its cost.
    outcome: (u64, u64, u64, i128),
    /// Decisions that wait for the next tick, by agent.
    pending: Vec<(u32, Vec<Decision>)>,
}

/// The refusal of bytes that no system was saved as.
fn damaged(what: impl std::fmt::Display) -> Error {
    Error::Saved(format!("the saved state is damaged: {what}"))
}

impl System {
    /// Everything that decides the future beyond the specification, in bytes.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] if a tick is open; what a part of a tick has failed with.
    pub fn save(&self) -> Result<Vec<u8>> {
        self.check_sound()?;
        if self.is_open {
            return Err(Error::OutOfOrder(
                "a tick is open: only between two ticks can a state be saved",
            ));
        }
        let Outcome {
            counts, total_cost, ..
        } = self.outcome;
        let pending = self.state.ledger.agents().filter_map(|agent| {
            let pending = &self.desks[agent.ix()].pending;
            (!pending.is_empty()).then(|| (agent.0, pending.clone()))
        });
        let head = Head {
            tick: self.state.tick,
            events: self.state.journal.len() as u64,
            log: hash(&self.state),
            outcome: (
                counts.arrivals,
                counts.settlements,
                counts.lsm_releases,
                total_cost,
            ),
            pending: pending.collect(),
        };
        let mut bytes = Vec::new();
        write(&head, &mut bytes)?;
        for step in Moves::new(self) {
            write(&step, &mut bytes)?;
        }
        Ok(bytes)
    }

    /// The system of a specification as it was saved; its next steps are those of the saved one.
    ///
    /// The policies are those of `spec`, which may differ from the saved system's.
    ///
    /// # Errors
    /// [`Error::Spec`] if the specification describes no system; [`Error::Saved`] if the bytes are
    /// not what a system of this specification was saved as.
    pub fn restore(spec: Spec, bytes: &[u8]) -> Result<Self> {
        let mut system = Self::new(spec)?;
        let (head, rest): (Head, _) =
            postcard::take_from_bytes(bytes).map_err(|_| damaged("it does not begin as one"))?;
        if head.tick == NONE {
            return Err(damaged("its ticks do not end"));
        }
        Replay::new(&mut system, head.tick)
            .run(rest)
            .map_err(|error| match error {
                Error::Saved(_) => error,
                other => damaged(other),
            })?;
        let events = system.state.journal.len() as u64;
        if (events, hash(&system.state)) != (head.events, head.log) {
            return Err(damaged("its event log is not the one it states"));
        }
        for (number, decisions) in head.pending {
            let agent = AgentId(number);
            if agent.ix() >= system.names.len() {
                return Err(damaged("a decision is of no agent"));
            }
            for decision in decisions {
                let exists = decision
                    .transaction()
                    .is_none_or(|id| id.0 < system.state.transactions.len());
                if !exists {
                    return Err(damaged("a decision is on no transaction"));
                }
                system.decide(agent, decision).map_err(damaged)?;
            }
        }
        let (arrivals, settlements, lsm_releases, total_cost) = head.outcome;
        system.outcome = Outcome {
            tick: head.tick.saturating_sub(1),
            counts: Counts {
                arrivals,
                settlements,
                lsm_releases,
            },
            total_cost,
        };
        let total = costs::sum(&system.state.costs.of_system(head.tick)?)?;
        system.rounded_total = half_even(total);
        Ok(system)
    }

    /// A copy that goes its own way.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] if a tick is open; what a part of a tick has failed with.
    pub fn branch(&self) -> Result<Self> {
        self.check_sound()?;
        if self.is_open {
            return Err(Error::OutOfOrder(
                "a tick is open: only between two ticks can a state be copied",
            ));
        }
        Ok(self.clone())
    }

    /// Leaves an agent without a compiled policy: from now on others decide for it.
    pub fn take_policy(&mut self, agent: AgentId) {
        self.desks[agent.ix()].policy = Policy::Scripted;
    }
}

fn write(value: &impl Serialize, bytes: &mut Vec<u8>) -> Result<()> {
    let mut buffer = std::mem::take(bytes);
    buffer = postcard::to_extend(value, buffer).map_err(|error| Error::Saved(error.to_string()))?;
    *bytes = buffer;
    Ok(())
}

/// The hash of a log before a tick: two that differ in any event differ in it, in the terms of any
/// transaction, or in a cost.
fn hash(state: &State) -> u64 {
    const PIECE: usize = 1 << 16;
    let mut hash = u64::from(state.tick);
    let mut piece = Vec::with_capacity(PIECE + 64);
    for event in state.journal.iter() {
        piece.extend_from_slice(&event.tick.to_le_bytes());
        piece.extend_from_slice(&[event.kind as u8, event.cause as u8]);
        piece.extend_from_slice(&event.agent.to_le_bytes());
        piece.extend_from_slice(&event.transaction.to_le_bytes());
        piece.extend_from_slice(&event.link.to_le_bytes());
        if event.kind.has_detail() {
            piece.extend_from_slice(&event.value.to_le_bytes());
            let cost = state.journal.cost(&event).unwrap_or_default();
            piece.extend_from_slice(&cost.to_le_bytes());
        }
        if event.kind == Kind::Arrived {
            let row = &state.transactions[TransactionId(event.transaction)];
            piece.extend_from_slice(&row.amount.to_le_bytes());
            piece.extend_from_slice(&row.receiver.0.to_le_bytes());
            piece.extend_from_slice(&row.deadline_tick.to_le_bytes());
            piece.extend_from_slice(&[row.priority_at_arrival, u8::from(row.divisible)]);
        }
        if piece.len() >= PIECE {
            hash = siphash_2_4(hash, 0, &piece);
            piece.clear();
        }
    }
    siphash_2_4(hash, 0, &piece)
}
