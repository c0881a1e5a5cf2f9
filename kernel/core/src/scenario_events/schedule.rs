//! When scenario events are due.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::ScenarioEvent;
use crate::ids::{NONE, Tick};

/// The scenario's events, and which are due next.
#[derive(Debug, Clone)]
pub struct Schedule {
    events: Vec<ScenarioEvent>,
    /// The next tick of each event that has one, with the event's number.
    ahead: BinaryHeap<Reverse<(Tick, u32)>>,
    /// The first of those ticks, or [`NONE`].
    next: Tick,
}

impl Schedule {
    /// The schedule of a system whose next tick to open is `from`.
    pub fn new(events: Vec<ScenarioEvent>, from: Tick) -> Self {
        let next = |(number, event): (usize, &ScenarioEvent)| {
            Some(Reverse((event.next_from(from)?, number as u32)))
        };
        let mut schedule = Self {
            ahead: events.iter().enumerate().filter_map(next).collect(),
            events,
            next: NONE,
        };
        schedule.look_ahead();
        schedule
    }

    /// All events, by number.
    pub fn events(&self) -> &[ScenarioEvent] {
        &self.events
    }

    /// The next tick with an event, [`NONE`] if there is none.
    #[inline]
    pub fn next(&self) -> Tick {
        self.next
    }

    /// Adds an event; its number.
    pub(crate) fn add(&mut self, event: ScenarioEvent) -> u32 {
        let number = self.events.len() as u32;
        self.ahead.push(Reverse((event.tick, number)));
        self.events.push(event);
        self.look_ahead();
        number
    }

    /// Takes out the first event of a tick that has not happened in it yet.
    pub(crate) fn take(&mut self, tick: Tick) -> Option<u32> {
        let Reverse((due, number)) = *self.ahead.peek()?;
        if due != tick {
            return None;
        }
        self.ahead.pop();
        if let Some(next) = self.events[number as usize].next_from(tick + 1) {
            self.ahead.push(Reverse((next, number)));
        }
        self.look_ahead();
        Some(number)
    }

    fn look_ahead(&mut self) {
        self.next = self.ahead.peek().map_or(NONE, |Reverse((tick, _))| *tick);
    }
}
