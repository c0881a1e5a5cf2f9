//! Internal queues, the central queue, and the line of agents whose liquidity rose.

use std::collections::{BTreeMap, VecDeque};

use crate::ids::{AgentId, NONE, TransactionId};
use crate::ordered::Ordered;
use crate::transaction::Transactions;

/// The three classes of the central queue, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Before all others.
    Urgent,
    /// Before normal ones.
    High,
    /// The rest.
    Normal,
}

impl Class {
    /// The word of scenarios and views.
    pub fn word(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::High => "high",
            Self::Normal => "normal",
        }
    }
}

/// Lowest priority of the two upper classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriorityClasses {
    /// From here on a priority is urgent.
    pub urgent: u8,
    /// From here on a priority is high.
    pub high: u8,
}

impl PriorityClasses {
    /// The class of a priority.
    #[inline]
    pub fn class(self, priority: u8) -> Class {
        if priority >= self.urgent {
            Class::Urgent
        } else if priority >= self.high {
            Class::High
        } else {
            Class::Normal
        }
    }
}

/// A place in the order of class, then release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The class.
    pub class: Class,
    /// The release number.
    pub release_number: u64,
}

/// Every agent's internal queue, in order of arrival, linked through the transactions.
#[derive(Debug, Clone)]
pub struct InternalQueues {
    ends: Vec<(u32, u32)>,
    volumes: Vec<u32>,
    /// One bit an agent: its queue is not empty.
    occupied: Vec<u64>,
}

impl InternalQueues {
    pub(crate) fn new(agents: usize) -> Self {
        Self {
            ends: vec![(NONE, NONE); agents],
            volumes: vec![0; agents],
            occupied: vec![0; agents.div_ceil(64)],
        }
    }

    /// How many transactions an agent holds.
    pub fn volume(&self, agent: AgentId) -> u32 {
        self.volumes[agent.ix()]
    }

    /// The first transaction an agent holds.
    #[inline]
    pub fn first(&self, agent: AgentId) -> Option<TransactionId> {
        some(self.ends[agent.ix()].0)
    }

    /// What an agent holds, in order of arrival.
    pub fn iter<'a>(
        &'a self,
        agent: AgentId,
        transactions: &'a Transactions,
    ) -> impl Iterator<Item = TransactionId> + 'a {
        std::iter::successors(self.first(agent), |&id| some(transactions[id].next))
    }

    /// Which of the agents `64 * word` to `64 * word + 63` hold anything, one bit each.
    #[inline]
    pub fn occupied(&self, word: usize) -> u64 {
        self.occupied[word]
    }

    #[inline]
    pub(crate) fn push(&mut self, id: TransactionId, transactions: &mut Transactions) {
        let agent = transactions[id].sender.ix();
        let (first, last) = self.ends[agent];
        transactions[id].previous = last;
        transactions[id].next = NONE;
        match some(last) {
            Some(last) => transactions[last].next = id.0,
            None => self.occupied[agent / 64] |= 1 << (agent % 64),
        }
        self.ends[agent] = (if first == NONE { id.0 } else { first }, id.0);
        self.volumes[agent] += 1;
    }

    #[inline]
    pub(crate) fn remove(&mut self, id: TransactionId, transactions: &mut Transactions) {
        let row = &transactions[id];
        let (agent, previous, next) = (row.sender.ix(), some(row.previous), some(row.next));
        match previous {
            Some(previous) => transactions[previous].next = raw(next),
            None => self.ends[agent].0 = raw(next),
        }
        match next {
            Some(next) => transactions[next].previous = raw(previous),
            None => self.ends[agent].1 = raw(previous),
        }
        self.volumes[agent] -= 1;
        if self.volumes[agent] == 0 {
            self.occupied[agent / 64] &= !(1 << (agent % 64));
        }
    }
}

fn some(raw: u32) -> Option<TransactionId> {
    (raw != NONE).then_some(TransactionId(raw))
}

fn raw(id: Option<TransactionId>) -> u32 {
    id.map_or(NONE, |id| id.0)
}

/// One sender's part of the central queue.
#[derive(Debug, Clone, Default)]
pub struct SenderQueue {
    all: Ordered,
    edges: BTreeMap<AgentId, Ordered>,
}

impl SenderQueue {
    /// All of the sender's transactions, in order of class, then release.
    pub fn all(&self) -> &Ordered {
        &self.all
    }

    /// What it owes each receiver, in the same order; no empty ones.
    pub fn edges(&self) -> &BTreeMap<AgentId, Ordered> {
        &self.edges
    }
}

/// The central queue: released, not yet settled.
#[derive(Debug, Clone)]
pub struct CentralQueue {
    senders: Vec<SenderQueue>,
    classes: PriorityClasses,
    volume: u64,
    value: i128,
}

impl CentralQueue {
    pub(crate) fn new(agents: usize, classes: PriorityClasses) -> Self {
        Self {
            senders: vec![SenderQueue::default(); agents],
            classes,
            volume: 0,
            value: 0,
        }
    }

    /// How many transactions are queued.
    pub fn volume(&self) -> u64 {
        self.volume
    }

    /// Their value, in minor units.
    pub fn value(&self) -> i128 {
        self.value
    }

    /// The classes in force.
    pub fn classes(&self) -> PriorityClasses {
        self.classes
    }

    /// One sender's part.
    #[inline]
    pub fn of(&self, sender: AgentId) -> &SenderQueue {
        &self.senders[sender.ix()]
    }

    /// Senders with something queued, in scenario order.
    pub fn senders(&self) -> impl Iterator<Item = AgentId> + '_ {
        let occupied = |(_, queue): &(usize, &SenderQueue)| !queue.all.is_empty();
        self.senders
            .iter()
            .enumerate()
            .filter(occupied)
            .map(|(ix, _)| AgentId(ix as u32))
    }

    /// Where a transaction stands or would stand.
    #[inline]
    pub fn place(&self, id: TransactionId, transactions: &Transactions) -> Place {
        let row = &transactions[id];
        Place {
            class: self.classes.class(row.priority),
            release_number: row.release_number,
        }
    }

    pub(crate) fn insert(&mut self, id: TransactionId, transactions: &Transactions) {
        let place = self.place(id, transactions);
        let row = &transactions[id];
        let queue = &mut self.senders[row.sender.ix()];
        for ordered in [&mut queue.all, queue.edges.entry(row.receiver).or_default()] {
            ordered.insert(place, id, row.amount);
        }
        self.volume += 1;
        self.value += i128::from(row.amount);
    }

    pub(crate) fn remove(&mut self, id: TransactionId, transactions: &Transactions) {
        let place = self.place(id, transactions);
        let row = &transactions[id];
        let queue = &mut self.senders[row.sender.ix()];
        queue.all.remove(place, row.amount);
        if let Some(edge) = queue.edges.get_mut(&row.receiver) {
            edge.remove(place, row.amount);
            if edge.is_empty() {
                queue.edges.remove(&row.receiver);
            }
        }
        self.volume -= 1;
        self.value -= i128::from(row.amount);
    }
}

/// Agents whose central queue is to be retried, in the order in which their liquidity rose.
///
/// An agent in line keeps its place; one taken out joins at the end again.
#[derive(Debug, Clone, Default)]
pub struct Line {
    agents: VecDeque<AgentId>,
    waiting: Vec<bool>,
}

impl Line {
    pub(crate) fn new(agents: usize) -> Self {
        Self {
            agents: VecDeque::new(),
            waiting: vec![false; agents],
        }
    }

    #[inline]
    pub(crate) fn join(&mut self, agent: AgentId) {
        if !self.waiting[agent.ix()] {
            self.waiting[agent.ix()] = true;
            self.agents.push_back(agent);
        }
    }

    /// True if nobody waits.
    pub fn is_empty(&self) -> bool {
        self.agents.is_empty()
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<AgentId> {
        let agent = self.agents.pop_front()?;
        self.waiting[agent.ix()] = false;
        Some(agent)
    }
}
