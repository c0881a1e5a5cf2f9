//! The event log in the portions in which money moves: a posting is booked at once.

use std::iter::Peekable;

use crate::event::{Event, Kind};
use crate::ids::TransactionId;

/// Walks through events: those of one posting come together, with the credits that it defers.
pub struct Bookings<I: Iterator<Item = Event>> {
    events: Peekable<I>,
    booking: Vec<Event>,
}

impl<I: Iterator<Item = Event>> Bookings<I> {
    /// Before the first of these events.
    pub fn new(events: I) -> Self {
        Self {
            events: events.peekable(),
            booking: Vec::new(),
        }
    }

    /// The next events that take effect at once; at least one, if there is any.
    pub fn advance(&mut self) -> Option<&[Event]> {
        self.booking.clear();
        let first = self.events.next()?;
        self.booking.push(first);
        if first.kind == Kind::Settled {
            while let Some(event) = self
                .events
                .next_if(|e| e.kind == Kind::Settled && e.link == first.link)
            {
                self.booking.push(event);
            }
        }
        while let Some(event) = self.events.next_if(|e| e.kind == Kind::CreditDeferred) {
            self.booking.push(event);
        }
        Some(&self.booking)
    }
}

/// Transactions that settled together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Of one of its events.
    pub event: Event,
    /// In the order of the log.
    pub transactions: Vec<TransactionId>,
}

impl Settled {
    /// The posting that these events are of, if they are of one.
    pub fn of(booking: &[Event]) -> Option<Self> {
        let event = *booking.first()?;
        let is_settled = |e: &&Event| e.kind == Kind::Settled;
        (event.kind == Kind::Settled).then(|| Self {
            event,
            transactions: booking
                .iter()
                .filter(is_settled)
                .map(|e| TransactionId(e.transaction))
                .collect(),
        })
    }
}

/// The credit of an agent that these events defer, in minor units.
pub fn deferred(booking: &[Event], agent: u32) -> i64 {
    booking
        .iter()
        .filter(|e| e.kind == Kind::CreditDeferred && e.agent == agent)
        .map(|e| e.value)
        .sum()
}
