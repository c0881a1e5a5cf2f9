//! The event log, in columns of fixed-size chunks, so that it grows without ever being copied.

use crate::error::{Error, Result};
use crate::event::{Cause, Event, Kind};

const CHUNK: usize = 1 << 14;

/// Events in columns.
#[derive(Debug, Clone, Default)]
struct Chunk {
    ticks: Vec<u32>,
    kinds: Vec<Kind>,
    causes: Vec<Cause>,
    agents: Vec<u32>,
    transactions: Vec<u32>,
    links: Vec<u32>,
    values: Vec<i64>,
}

impl Chunk {
    fn new() -> Self {
        Self {
            ticks: Vec::with_capacity(CHUNK),
            kinds: Vec::with_capacity(CHUNK),
            causes: Vec::with_capacity(CHUNK),
            agents: Vec::with_capacity(CHUNK),
            transactions: Vec::with_capacity(CHUNK),
            links: Vec::with_capacity(CHUNK),
            values: Vec::with_capacity(CHUNK),
        }
    }

    #[inline]
    fn push(&mut self, event: Event) {
        self.ticks.push(event.tick);
        self.kinds.push(event.kind);
        self.causes.push(event.cause);
        self.agents.push(event.agent);
        self.transactions.push(event.transaction);
        self.links.push(event.link);
        self.values.push(event.value);
    }

    fn get(&self, at: usize) -> Event {
        Event {
            tick: self.ticks[at],
            kind: self.kinds[at],
            cause: self.causes[at],
            agent: self.agents[at],
            transaction: self.transactions[at],
            link: self.links[at],
            value: self.values[at],
        }
    }
}

/// The event log.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    chunks: Vec<Chunk>,
    costs: Vec<i128>,
    postings: u32,
}

impl Journal {
    /// How many events there are.
    pub fn len(&self) -> usize {
        self.chunks
            .last()
            .map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.ticks.len())
    }

    /// True before the first event.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Every event in order.
    pub fn iter(&self) -> impl Iterator<Item = Event> + '_ {
        self.chunks
            .iter()
            .flat_map(|chunk| (0..chunk.ticks.len()).map(|at| chunk.get(at)))
    }

    /// The cost of an event that has one, in cost units.
    pub fn cost(&self, event: &Event) -> Option<i128> {
        match event.kind {
            Kind::Split | Kind::Overdue | Kind::EndOfDayPenalty | Kind::EndOfDayBorrowing => {
                self.costs.get(event.link as usize).copied()
            }
            _ => None,
        }
    }

    /// The posting's number, from 1, of a settlement.
    pub fn posting(&self, event: &Event) -> Option<u32> {
        (event.kind == Kind::Settled).then_some(event.link)
    }

    #[inline]
    pub(crate) fn push(&mut self, event: Event) {
        match self.chunks.last_mut() {
            Some(chunk) if chunk.ticks.len() < CHUNK => chunk.push(event),
            _ => {
                let mut chunk = Chunk::new();
                chunk.push(event);
                self.chunks.push(chunk);
            }
        }
    }

    /// Appends an event with a cost.
    pub(crate) fn push_with_cost(&mut self, event: Event, cost: i128) -> Result<()> {
        let link = u32::try_from(self.costs.len())
            .map_err(|_| Error::overflow("the number of charges"))?;
        self.costs.push(cost);
        self.push(Event { link, ..event });
        Ok(())
    }

    /// The number of a new posting, from 1.
    #[inline]
    pub(crate) fn next_posting(&mut self) -> Result<u32> {
        self.postings = self
            .postings
            .checked_add(1)
            .ok_or_else(|| Error::overflow("the number of postings"))?;
        Ok(self.postings)
    }
}
