//! Saving a system between two ticks, and restoring it.
//!
//! What is saved is the event log, boiled down to the moves that cannot be told from others: the
//! log is the truth, and everything else a system holds follows from it and the specification.
//! Restoring makes the same moves again, by the same functions that a run makes them with; it asks
//! no policy and searches no queue. So whatever the bytes say, in a restored system money is conserved,
//! nothing has settled below a floor, and the log tells how it came about; or there is none.
//!
//! A run may also be saved piece by piece, each with the moves of the ticks since the one before; the
//! pieces together are what the whole is, and each is sealed against damage.

#[cfg(test)]
mod forged;
mod moves;
mod replay;

use std::ops::Range;

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

/// What stands before the moves of the ticks from one on.
#[derive(Serialize, Deserialize)]
struct Head {
    /// The next tick to open.
    tick: Tick,
    /// How many events these ticks have, and what they and the next tick hash to.
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
        self.told_since(0, Vec::new())
    }

    /// What has happened in the ticks from `from` on, in bytes: the state without what pieces
    /// before this one hold. Its cost is that of these ticks.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] if a tick is open, or `from` is yet to come; what a part of a tick has
    /// failed with.
    pub fn piece(&self, from: Tick) -> Result<Vec<u8>> {
        if from > self.state.tick {
            return Err(Error::OutOfOrder(
                "a piece cannot begin after the next tick to open",
            ));
        }
        let mut bytes = Vec::new();
        write(&from, &mut bytes)?;
        let mut bytes = self.told_since(from, bytes)?;
        bytes.extend_from_slice(&siphash_2_4(0, 0, &bytes).to_le_bytes());
        Ok(bytes)
    }

    /// Appends the head and the moves of the ticks from `from` on to `bytes`.
    fn told_since(&self, from: Tick, mut bytes: Vec<u8>) -> Result<Vec<u8>> {
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
        let journal = &self.state.journal;
        let rows = journal.before(from)..journal.len();
        let head = Head {
            tick: self.state.tick,
            events: rows.len() as u64,
            log: hash(&self.state, rows, self.state.tick),
            outcome: (
                counts.arrivals,
                counts.settlements,
                counts.lsm_releases,
                total_cost,
            ),
            pending: pending.collect(),
        };
        write(&head, &mut bytes)?;
        for step in Moves::since(self, from) {
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
        Self::new(spec)?.after(&[taken(bytes)?])
    }

    /// The system of a specification that these pieces were taken of, one after the other from its
    /// beginning; without any, one that has not begun.
    ///
    /// The specification has every scenario event that was added meanwhile.
    ///
    /// # Errors
    /// As [`Self::restore`].
    pub fn rejoin(spec: Spec, pieces: &[impl AsRef<[u8]>]) -> Result<Self> {
        let (mut next, mut parts) = (0, Vec::with_capacity(pieces.len()));
        for piece in pieces {
            let sealed = piece.as_ref().split_last_chunk();
            let (bytes, seal) = sealed.ok_or_else(|| damaged("a piece is not whole"))?;
            if siphash_2_4(0, 0, bytes).to_le_bytes() != *seal {
                return Err(damaged("a piece is not as it was written"));
            }
            let (from, rest): (Tick, _) = taken(bytes)?;
            let (head, moves): (Head, _) = taken(rest)?;
            if from != next || head.tick < from {
                return Err(damaged("its pieces do not follow one another"));
            }
            next = head.tick;
            parts.push((head, moves));
        }
        Self::new(spec)?.after(&parts)
    }

    /// This system, which has not begun, after these moves.
    fn after(mut self, parts: &[(Head, &[u8])]) -> Result<Self> {
        let Some((last, _)) = parts.last() else {
            return Ok(self);
        };
        if last.tick == NONE {
            return Err(damaged("its ticks do not end"));
        }
        self.make(last.tick, parts).map_err(|error| match error {
            Error::Saved(_) | Error::Full { .. } => error,
            other => damaged(other),
        })?;
        self.check_log(parts)?;
        for (number, decisions) in &last.pending {
            let agent = AgentId(*number);
            if agent.ix() >= self.names.len() {
                return Err(damaged("a decision is of no agent"));
            }
            for &decision in decisions {
                let exists = decision
                    .transaction()
                    .is_none_or(|id| id.0 < self.state.transactions.len());
                if !exists {
                    return Err(damaged("a decision is on no transaction"));
                }
                self.decide(agent, decision).map_err(damaged)?;
            }
        }
        let (arrivals, settlements, lsm_releases, total_cost) = last.outcome;
        self.outcome = Outcome {
            tick: last.tick.saturating_sub(1),
            counts: Counts {
                arrivals,
                settlements,
                lsm_releases,
            },
            total_cost,
        };
        let total = costs::sum(&self.state.costs.of_system(last.tick)?)?;
        self.rounded_total = half_even(total);
        Ok(self)
    }

    fn make(&mut self, end: Tick, parts: &[(Head, &[u8])]) -> Result<()> {
        let mut replay = Replay::new(self, end);
        for (_, moves) in parts {
            replay.make_all(moves)?;
        }
        replay.finish()
    }

    /// Makes sure that each part of the log is the one that its head states.
    fn check_log(&self, parts: &[(Head, &[u8])]) -> Result<()> {
        let mut first = 0;
        for (head, _) in parts {
            let end = self.state.journal.before(head.tick);
            let events = end.checked_sub(first).map(|events| events as u64);
            if events != Some(head.events) || hash(&self.state, first..end, head.tick) != head.log {
                return Err(damaged("its event log is not the one it states"));
            }
            first = end;
        }
        Ok(())
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

/// What stands at the beginning of bytes, and the rest of them.
fn taken<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<(T, &'a [u8])> {
    postcard::take_from_bytes(bytes).map_err(|_| damaged("it does not begin as one"))
}

/// The hash of these rows of a log before a tick: two that differ in any event differ in it, in the
/// terms of any transaction, or in a cost.
fn hash(state: &State, rows: Range<usize>, tick: Tick) -> u64 {
    const PIECE: usize = 1 << 16;
    let mut hash = u64::from(tick);
    let mut piece = Vec::with_capacity(PIECE.min(rows.len() * 32) + 64);
    for event in state.journal.after(rows.start).take(rows.len()) {
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
