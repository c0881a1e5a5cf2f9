//! The moves that an event log consists of.

use std::iter::Peekable;

use serde::{Deserialize, Serialize};

use crate::decision::NO_BUDGET;
use crate::event::{Cause, Event, Kind};
use crate::ids::{AgentId, NONE, Tick, TransactionId};
use crate::system::System;
use crate::transaction::Origin;

/// One move, from which its events follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Move {
    /// The moves after this one are of a tick so many ticks later.
    Later(Tick),
    /// Step 1: the accounts are opened, all of them.
    OpenAccounts,
    /// Step 1: an agent repays its loan and allocates its liquidity.
    OpenDay(AgentId),
    /// Step 2: the scenario event with this number happens.
    Happen(u32),
    /// Step 3: the transaction of the scenario event with this number arrives.
    ArriveExtra(u32),
    /// Step 3: a row of the given transactions arrives.
    ArriveGiven(u32),
    /// Step 3: the nth (from 1) that an agent draws in this tick arrives.
    ArriveGenerated(AgentId, u32),
    /// Step 4.
    Release(TransactionId),
    /// Step 4: into so many parts, which are released.
    Split(TransactionId, u32),
    /// Step 4.
    Withdraw(TransactionId),
    /// Step 4.
    Reprioritise(TransactionId, u8),
    /// Step 4.
    SetReleaseBudget(AgentId, Option<i64>),
    /// Step 5: a released transaction joins the central queue.
    Queue(TransactionId, Cause),
    /// Steps 5 and 6: a transaction settles alone.
    Settle(TransactionId, Cause),
    /// Step 7: transactions settle together.
    SettleTogether(Vec<TransactionId>, Cause),
    /// Step 7: the bound on rings is reached.
    ReachRingLimit(i64),
    /// Step 8.
    EndDay,
    /// Step 9.
    CreditDeferred,
    /// Step 10.
    BecomeOverdue,
    /// Step 10, at a close.
    ChargeEndOfDay,
    /// Step 11: an agent returns what it has allocated.
    CloseDay(AgentId),
}

impl Move {
    /// Where it stands in the order of a tick: the step, those of settlement as one, with the close
    /// of a day after the penalties.
    pub fn step(&self) -> u8 {
        match self {
            Self::Later(_) | Self::OpenAccounts => 0,
            Self::OpenDay(_) => 1,
            Self::Happen(_) => EVENTS,
            Self::ArriveExtra(_) | Self::ArriveGiven(_) | Self::ArriveGenerated(..) => 3,
            Self::Release(_)
            | Self::Split(..)
            | Self::Withdraw(_)
            | Self::Reprioritise(..)
            | Self::SetReleaseBudget(..) => 4,
            Self::Queue(..)
            | Self::Settle(..)
            | Self::SettleTogether(..)
            | Self::ReachRingLimit(_) => SETTLEMENT,
            Self::EndDay => 8,
            Self::CreditDeferred => 9,
            Self::BecomeOverdue => COSTS,
            Self::ChargeEndOfDay => 11,
            Self::CloseDay(_) => 12,
        }
    }
}

/// Scenario events, of which none is left after their step.
pub(super) const EVENTS: u8 = 2;
/// Steps 5 to 7, after which nobody is in line.
pub(super) const SETTLEMENT: u8 = 7;
/// From here on running costs see changes in the next tick.
pub(super) const COSTS: u8 = 10;

/// The moves of a system's log from a tick on, in order.
pub(super) struct Moves<'a> {
    system: &'a System,
    events: Peekable<Box<dyn Iterator<Item = Event> + 'a>>,
    tick: Tick,
}

impl<'a> Moves<'a> {
    /// The moves of ticks from `from` on, the first of which follows the last event before.
    pub fn since(system: &'a System, from: Tick) -> Self {
        let journal = &system.state().journal;
        let events: Box<dyn Iterator<Item = Event>> = Box::new(journal.since(from));
        Self {
            system,
            events: events.peekable(),
            tick: journal.last_before(from).unwrap_or(0),
        }
    }

    /// Passes over the events that follow from the same move, as `follows` tells.
    fn pass(&mut self, follows: impl Fn(&Event) -> bool) {
        let tick = self.tick;
        let follows = |event: &Event| event.tick == tick && follows(event);
        while self.events.next_if(follows).is_some() {}
    }

    fn of_one_tick(&mut self, first: Event) -> Move {
        let (agent, id) = (AgentId(first.agent), TransactionId(first.transaction));
        match first.kind {
            Kind::AccountOpened => {
                self.pass(|e| e.kind == Kind::AccountOpened);
                Move::OpenAccounts
            }
            Kind::LoanRepaid | Kind::LiquidityAllocated => {
                self.pass(|e| e.kind == Kind::LiquidityAllocated && e.agent == first.agent);
                Move::OpenDay(agent)
            }
            Kind::Arrived => match self.system.state().transactions[id].origin {
                Origin::Given(row) => Move::ArriveGiven(row),
                Origin::Extra(event) => Move::ArriveExtra(event),
                Origin::Generated(number) => Move::ArriveGenerated(agent, number),
                // A part comes to exist by a split and does not arrive.
                Origin::Part { parent, number } => Move::Split(parent, number),
            },
            Kind::LiquidityInjected
            | Kind::LiquidityDrained
            | Kind::CreditLimitChanged
            | Kind::DirectTransfer
            | Kind::DirectTransferRefused
            | Kind::ArrivalRateChanged
            | Kind::CounterpartyWeightChanged
            | Kind::DeadlineOffsetChanged
            | Kind::OutageBegan
            | Kind::OutageEnded
            | Kind::Halted
            | Kind::Resumed => {
                self.pass(|e| e.kind == Kind::CreditDeferred);
                let number = self.system.state().journal.scenario_event(&first);
                Move::Happen(number.unwrap_or(NONE))
            }
            // A part's own release follows from the split.
            Kind::Released | Kind::PartCreated => Move::Release(id),
            Kind::Split => {
                for _ in 0..2 * first.value {
                    self.events.next();
                }
                // Parts were counted in 32 bits when the split was recorded.
                Move::Split(id, first.value as u32)
            }
            Kind::Withdrawn => Move::Withdraw(id),
            Kind::Reprioritised => Move::Reprioritise(id, first.value as u8),
            Kind::ReleaseBudgetSet => {
                let value = (first.value != NO_BUDGET).then_some(first.value);
                Move::SetReleaseBudget(agent, value)
            }
            Kind::Queued => Move::Queue(id, first.cause),
            Kind::Settled => self.settled(first),
            Kind::RingLimitReached => Move::ReachRingLimit(first.value),
            Kind::LoanGranted | Kind::Cancelled => {
                self.pass(|e| matches!(e.kind, Kind::LoanGranted | Kind::Cancelled) || by_day(e));
                Move::EndDay
            }
            // A deferral follows the settlement that it belongs to.
            Kind::Credited | Kind::CreditDeferred => {
                self.pass(|e| e.kind == Kind::Credited);
                Move::CreditDeferred
            }
            Kind::Overdue => {
                self.pass(|e| e.kind == Kind::Overdue);
                Move::BecomeOverdue
            }
            Kind::EndOfDayPenalty | Kind::EndOfDayBorrowing => {
                self.pass(|e| matches!(e.kind, Kind::EndOfDayPenalty | Kind::EndOfDayBorrowing));
                Move::ChargeEndOfDay
            }
            Kind::LiquidityReturned | Kind::AllocationKept => {
                self.pass(|e| e.kind == Kind::AllocationKept && e.agent == first.agent);
                Move::CloseDay(agent)
            }
        }
    }

    fn settled(&mut self, first: Event) -> Move {
        let id = TransactionId(first.transaction);
        match first.cause {
            Cause::EndOfDay => {
                self.pass(by_day);
                Move::EndDay
            }
            cause if cause.is_mechanism() => {
                let mut together = vec![id];
                while let Some(next) = self
                    .events
                    .next_if(|e| e.kind == Kind::Settled && e.link == first.link)
                {
                    together.push(TransactionId(next.transaction));
                }
                self.pass(|e| e.kind == Kind::CreditDeferred);
                Move::SettleTogether(together, cause)
            }
            cause => {
                self.pass(|e| e.kind == Kind::CreditDeferred);
                Move::Settle(id, cause)
            }
        }
    }
}

/// Whether an event is of the posting with which the end-of-day rule settles.
fn by_day(event: &Event) -> bool {
    let settled = event.kind == Kind::Settled && event.cause == Cause::EndOfDay;
    settled || event.kind == Kind::CreditDeferred
}

impl Iterator for Moves<'_> {
    type Item = Move;

    fn next(&mut self) -> Option<Move> {
        let tick = self.events.peek()?.tick;
        if tick > self.tick {
            let later = tick - self.tick;
            self.tick = tick;
            return Some(Move::Later(later));
        }
        let first = self.events.next()?;
        Some(self.of_one_tick(first))
    }
}
