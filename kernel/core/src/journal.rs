//! The event log, in columns of fixed-size chunks, so that it grows without ever being copied.

use crate::error::{Error, Result};
use crate::event::{Cause, Event, Kind, Kinds};
use crate::ids::{NONE, Tick};

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
    /// Every kind that occurs.
    present: Kinds,
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
            present: Kinds::default(),
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
        self.present = self.present.and(Kinds::of(&[event.kind]));
    }

    /// The events from one of them on, without what their details state.
    #[inline]
    fn since(&self, from: usize) -> impl Iterator<Item = Event> + '_ {
        let whens = self.ticks[from..].iter();
        let whats = self.kinds[from..].iter().zip(&self.causes[from..]);
        let whose = self.agents[from..].iter().zip(&self.transactions[from..]);
        let links = &self.links[from..];
        whens.zip(whats).zip(whose).zip(links).map(
            |(((&tick, (&kind, &cause)), (&agent, &transaction)), &link)| Event {
                tick,
                kind,
                cause,
                agent,
                transaction,
                link,
                value: 0,
            },
        )
    }
}

/// What an event states beyond agent and transaction.
#[derive(Debug, Clone, Copy)]
struct Detail {
    value: i64,
    /// Number of the scenario event, or [`NONE`].
    scenario_event: u32,
    /// Cost units.
    cost: i128,
}

/// The event log.
///
/// Most events say all by their kind, agent, transaction and posting, and take 18 bytes; the others
/// link to a detail.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    chunks: Vec<Chunk>,
    details: Vec<Detail>,
    postings: u32,
    /// How many events there may be.
    most: Option<usize>,
}

impl Journal {
    /// Lets there be so many events, about: [`Self::check_room`] refuses when there are.
    pub(crate) fn limit(&mut self, most: Option<usize>) {
        self.most = most;
    }

    /// Makes sure that there is room for an event.
    ///
    /// # Errors
    /// [`Error::Full`].
    #[inline]
    pub(crate) fn check_room(&self) -> Result<()> {
        match self.most {
            Some(most) if self.len() >= most => Err(Error::Full { most }),
            _ => Ok(()),
        }
    }

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
        self.since(0)
    }

    /// Every event of a tick and later ones, in order; those before cost nothing.
    pub fn since(&self, tick: Tick) -> impl Iterator<Item = Event> + '_ {
        self.after(self.before(tick))
    }

    /// How many events are of ticks before one.
    pub fn before(&self, tick: Tick) -> usize {
        let is_before = |chunk: &Chunk| chunk.ticks.last().is_none_or(|&last| last < tick);
        let first = self.chunks.partition_point(is_before);
        let into = self.chunks.get(first).map_or(0, |chunk| {
            chunk.ticks.partition_point(|&earlier| earlier < tick)
        });
        // All chunks but the last are full.
        (first * CHUNK + into).min(self.len())
    }

    /// Every event after so many, in order; those before cost nothing.
    pub fn after(&self, events: usize) -> impl Iterator<Item = Event> + '_ {
        let first = (events / CHUNK).min(self.chunks.len());
        let mut start = events - first * CHUNK;
        let chunks = self.chunks[first..].iter();
        chunks
            .flat_map(move |chunk| {
                let start = std::mem::take(&mut start);
                chunk.since(start.min(chunk.ticks.len()))
            })
            .map(|event| self.told(event))
    }

    /// The tick of the last event that is of a tick before one.
    pub fn last_before(&self, tick: Tick) -> Option<Tick> {
        let last = self.before(tick).checked_sub(1)?;
        let chunk = self.chunks.get(last / CHUNK)?;
        chunk.ticks.get(last % CHUNK).copied()
    }

    /// How many blocks of consecutive events there are.
    pub fn blocks(&self) -> usize {
        self.chunks.len()
    }

    /// The events of a block in order.
    pub fn block(&self, block: usize) -> impl Iterator<Item = Event> + '_ {
        let events = self.chunks[block].since(0);
        events.map(|event| self.told(event))
    }

    /// Shows every event of these kinds, in order, with its row in the log.
    #[inline]
    pub fn visit(&self, kinds: Kinds, mut look: impl FnMut(usize, &Event)) {
        for (number, chunk) in self.chunks.iter().enumerate() {
            if !chunk.present.meets(kinds) {
                continue;
            }
            for (at, event) in chunk.since(0).enumerate() {
                if kinds.contains(event.kind) {
                    look(number * CHUNK + at, &self.told(event));
                }
            }
        }
    }

    #[inline]
    fn told(&self, event: Event) -> Event {
        let value = self.detail(&event).map_or(0, |detail| detail.value);
        Event { value, ..event }
    }

    #[inline]
    fn detail(&self, event: &Event) -> Option<Detail> {
        let has_detail = event.kind.has_detail();
        has_detail
            .then(|| self.details.get(event.link as usize).copied())
            .flatten()
    }

    /// The cost of an event that has one, in cost units.
    pub fn cost(&self, event: &Event) -> Option<i128> {
        let has_cost = event.kind.has_cost();
        has_cost
            .then(|| self.detail(event).map(|detail| detail.cost))
            .flatten()
    }

    /// The number, from 0, of the scenario event that this is the happening of.
    pub fn scenario_event(&self, event: &Event) -> Option<u32> {
        let detail = self.detail(event)?;
        (detail.scenario_event != NONE).then_some(detail.scenario_event)
    }

    /// The posting's number, from 1, of a settlement.
    pub fn posting(&self, event: &Event) -> Option<u32> {
        (event.kind == Kind::Settled).then_some(event.link)
    }

    /// Appends an event; `cost` (cost units) counts for kinds that have one.
    #[inline]
    pub(crate) fn push(&mut self, event: Event, cost: i128) {
        self.push_detailed(event, cost, NONE);
    }

    /// Appends the happening of a scenario event.
    pub(crate) fn push_scheduled(&mut self, event: Event, scenario_event: u32) {
        self.push_detailed(event, 0, scenario_event);
    }

    #[inline]
    fn push_detailed(&mut self, mut event: Event, cost: i128, scenario_event: u32) {
        if event.kind.has_detail() {
            // Details of 32 bytes end with the memory long before their numbers end.
            event.link = self.details.len() as u32;
            self.details.push(Detail {
                value: event.value,
                scenario_event,
                cost,
            });
        }
        match self.chunks.last_mut() {
            Some(chunk) if chunk.ticks.len() < CHUNK => chunk.push(event),
            _ => {
                let mut chunk = Chunk::new();
                chunk.push(event);
                self.chunks.push(chunk);
            }
        }
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
