//! The state at any point of the event log, as far as it takes to tell what somebody saw there.
//!
//! A walk follows the log event by event; wherever it stops, every agent's money and every
//! transaction's standing are those of that point, and one agent's queues stand in their order.

use std::collections::BTreeMap;

use crate::decision::{NO_BUDGET, ticks_to_deadline};
use crate::event::{Event, Kind};
use crate::ids::{AgentId, Tick, TransactionId};
use crate::queue::Place;
use crate::results::rebuild::{AgentTick, Flow, Standing, book};
use crate::rules::largest_ordered_set::{Accounts, Search};
use crate::system::System;
use crate::transaction::{Status, Transactions};

/// One agent's money at a point of the log, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Money {
    /// Negative while credit is used.
    pub balance: i128,
    /// Intraday credit.
    pub credit_limit: i128,
    /// Liquidity left in the pool.
    pub pool: i128,
    /// Loan outstanding.
    pub loan: i128,
    /// Credits received and not booked yet.
    pub deferred: i128,
    /// Settled in its favour since the day opened.
    pub day_inflow: i128,
    /// Settled at its expense since the day opened.
    pub day_outflow: i128,
}

impl Money {
    /// What may be spent now; negative below the floor.
    pub fn available(&self) -> i128 {
        self.balance + self.credit_limit
    }
}

/// A transaction in one of its sender's queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The transaction.
    pub id: TransactionId,
    /// 0 to 10.
    pub priority: u8,
    /// Whether its deadline has passed.
    pub overdue: bool,
    /// Ticks to its deadline; without one, to the last tick of its day of arrival.
    pub ticks_to_deadline: i64,
    /// Ticks since it arrived.
    pub age_ticks: Tick,
}

/// What stands before a transaction in its sender's queue, and in which queue it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standpoint {
    /// Whether that is the central queue; else it is the internal one.
    pub is_central: bool,
    /// Its sender's transactions before it.
    pub before: Flow,
    /// All of its sender's transactions in that queue.
    pub all: Flow,
}

/// The state where a walk through the log has come to.
pub struct Moment<'a> {
    system: &'a System,
    standing: Standing,
    agents: Vec<AgentTick>,
    /// Settled in each agent's favour since the day opened.
    inflows: Vec<i128>,
    /// Settled at each agent's expense since the day opened.
    outflows: Vec<i128>,
    tick: Tick,
    out_since: Vec<Option<Tick>>,
    /// Since when the system is halted, if it is.
    pub halted_since: Option<Tick>,
    watched: AgentId,
    /// Whether only transactions of the agent watched are followed.
    is_alone: bool,
    /// The release budget of the agent watched.
    pub budget: Option<i64>,
    /// The internal queue of the agent watched, by the number of joining.
    internal: BTreeMap<u64, TransactionId>,
    /// The central queue of the agent watched.
    central: BTreeMap<Place, TransactionId>,
    /// Number of joining the internal queue, of the transactions of the agent watched.
    joined: BTreeMap<TransactionId, u64>,
    joins: u64,
    release_numbers: Vec<u32>,
    releases: u32,
}

impl<'a> Moment<'a> {
    /// Before the first event; the queues of one agent will be known in their order.
    pub fn new(system: &'a System, watched: AgentId) -> Self {
        let agents = system.names().len();
        Self {
            system,
            standing: Standing::new(system),
            agents: vec![AgentTick::default(); agents],
            inflows: vec![0; agents],
            outflows: vec![0; agents],
            tick: 0,
            out_since: vec![None; agents],
            halted_since: None,
            watched,
            is_alone: false,
            budget: None,
            internal: BTreeMap::new(),
            central: BTreeMap::new(),
            joined: BTreeMap::new(),
            joins: 0,
            release_numbers: vec![0; system.state().transactions.len() as usize],
            releases: 0,
        }
    }

    /// The same, where no other agent's transactions are asked for.
    pub fn of_one(system: &'a System, watched: AgentId) -> Self {
        Self {
            is_alone: true,
            ..Self::new(system, watched)
        }
    }

    /// An agent's money.
    pub fn money(&self, agent: AgentId) -> Money {
        let own = &self.agents[agent.ix()];
        Money {
            balance: own.balance,
            credit_limit: i128::from(own.credit_limit),
            pool: own.pool,
            loan: own.loan,
            deferred: own.deferred,
            day_inflow: self.inflows[agent.ix()],
            day_outflow: self.outflows[agent.ix()],
        }
    }

    /// Since when an agent is out, if it is.
    pub fn out_since(&self, agent: AgentId) -> Option<Tick> {
        self.out_since[agent.ix()]
    }

    /// Where a transaction stands; nowhere before it came to exist.
    pub fn status(&self, id: TransactionId) -> Option<Status> {
        self.standing.status(id)
    }

    /// A transaction's priority.
    pub fn priority(&self, id: TransactionId) -> u8 {
        self.standing.priority(id)
    }

    /// Stands in a tick: on the first one of a day its counters restart.
    pub fn enter(&mut self, tick: Tick) {
        let ticks_per_day = self.system.ticks_per_day();
        let is_next_day = tick / ticks_per_day != self.tick / ticks_per_day;
        self.tick = tick;
        if is_next_day {
            self.inflows.fill(0);
            self.outflows.fill(0);
        }
    }

    /// Follows one event; the change of its transaction's delay quantity.
    pub fn follow(&mut self, event: &Event) -> i128 {
        self.enter(event.tick);
        let id = TransactionId(event.transaction);
        let agent = AgentId(event.agent);
        // A standing is left before the event and taken after it, so that a place is known by what
        // it was joined with.
        let is_watched = agent == self.watched && event.transaction != crate::ids::NONE;
        if is_watched {
            self.leave(id);
        }
        if event.kind == Kind::Released {
            self.release_numbers[id.ix()] = self.releases;
            self.releases += 1;
        }
        let moved = if is_watched || !self.is_alone {
            self.standing.follow(event, self.system)
        } else {
            None
        };
        if is_watched {
            self.stand(id, event.kind);
        }
        self.follow_money(event);
        match event.kind {
            Kind::OutageBegan => {
                self.out_since[agent.ix()].get_or_insert(event.tick);
            }
            Kind::OutageEnded => self.out_since[agent.ix()] = None,
            Kind::Halted => {
                self.halted_since.get_or_insert(event.tick);
            }
            Kind::Resumed => self.halted_since = None,
            Kind::ReleaseBudgetSet if agent == self.watched => {
                self.budget = (event.value != NO_BUDGET).then_some(event.value);
            }
            _ => {}
        }
        moved.map_or(0, |moved| moved.delay)
    }

    fn follow_money(&mut self, event: &Event) {
        book(&mut self.agents, event, self.system);
        if event.kind == Kind::Settled {
            let row = &self.system.state().transactions[TransactionId(event.transaction)];
            self.outflows[row.sender.ix()] += i128::from(row.amount);
            self.inflows[row.receiver.ix()] += i128::from(row.amount);
        }
    }

    fn place(&self, id: TransactionId) -> Place {
        let classes = self.system.state().rules.priority_classes;
        Place {
            class: classes.class(self.standing.priority(id)),
            release_number: u64::from(self.release_numbers[id.ix()]),
        }
    }

    /// Takes a transaction of the agent watched out of its queue.
    fn leave(&mut self, id: TransactionId) {
        match self.standing.status(id) {
            Some(Status::Held) => {
                if let Some(number) = self.joined.get(&id) {
                    self.internal.remove(number);
                }
            }
            Some(Status::Queued) => {
                self.central.remove(&self.place(id));
            }
            _ => {}
        }
    }

    /// Puts a transaction of the agent watched into the queue where it stands now.
    fn stand(&mut self, id: TransactionId, kind: Kind) {
        match self.standing.status(id) {
            // A part is released where it comes to exist, and stands in no queue before.
            Some(Status::Held) if kind != Kind::PartCreated => {
                if matches!(kind, Kind::Arrived | Kind::Withdrawn) {
                    self.joined.insert(id, self.joins);
                    self.joins += 1;
                }
                if let Some(&number) = self.joined.get(&id) {
                    self.internal.insert(number, id);
                }
            }
            Some(Status::Queued) => {
                let place = self.place(id);
                self.central.insert(place, id);
            }
            _ => {}
        }
    }

    fn waiting(&self, id: TransactionId) -> Waiting {
        let row = &self.system.state().transactions[id];
        Waiting {
            id,
            priority: self.standing.priority(id),
            overdue: self.standing.is_overdue(id),
            ticks_to_deadline: ticks_to_deadline(
                row.deadline_tick,
                row.arrival_tick,
                self.tick,
                self.system.ticks_per_day(),
            ),
            age_ticks: self.tick - row.arrival_tick,
        }
    }

    /// What the agent watched holds, in order of arrival, what it has withdrawn last.
    pub fn internal(&self) -> Vec<Waiting> {
        self.internal.values().map(|&id| self.waiting(id)).collect()
    }

    /// What the agent watched has in the central queue, in order.
    pub fn central(&self) -> Vec<Waiting> {
        self.central.values().map(|&id| self.waiting(id)).collect()
    }

    /// Where a transaction of the agent watched stands in its queue, if it is in one.
    pub fn standpoint(&self, id: TransactionId) -> Option<Standpoint> {
        let is_central = match self.standing.status(id)? {
            Status::Held => false,
            Status::Queued => true,
            _ => return None,
        };
        let queue: Box<dyn Iterator<Item = &TransactionId>> = if is_central {
            Box::new(self.central.values())
        } else {
            Box::new(self.internal.values())
        };
        let (mut before, mut all, mut is_before) = (Flow::default(), Flow::default(), true);
        for &other in queue {
            is_before &= other != id;
            let amount = self.system.state().transactions[other].amount;
            all.count(amount);
            if is_before {
                before.count(amount);
            }
        }
        // A part that has just come to exist is in none.
        (!is_before).then_some(Standpoint {
            is_central,
            before,
            all,
        })
    }

    /// The whole central queue: each sender with its transactions in order, in scenario order.
    pub fn central_queues(&self) -> Vec<(AgentId, Vec<TransactionId>)> {
        let transactions = &self.system.state().transactions;
        let mut by_sender: BTreeMap<AgentId, Vec<TransactionId>> = BTreeMap::new();
        for (id, row) in transactions.iter() {
            if self.standing.status(id) == Some(Status::Queued) {
                by_sender.entry(row.sender).or_default().push(id);
            }
        }
        for ids in by_sender.values_mut() {
            ids.sort_unstable_by_key(|&id| self.place(id));
        }
        by_sender.into_iter().collect()
    }

    /// The largest ordered set of the whole central queue, senders in scenario order.
    pub fn largest_ordered_set(&self) -> Vec<TransactionId> {
        let mut search = Search::new(self.agents.len());
        for (sender, ids) in self.central_queues() {
            search.add(sender, ids.into_iter());
        }
        search.solve(self);
        search.posting().transactions
    }
}

impl Accounts for Moment<'_> {
    fn available(&self, agent: AgentId) -> i128 {
        self.money(agent).available()
    }

    fn transactions(&self) -> &Transactions {
        &self.system.state().transactions
    }

    fn defers_credits(&self) -> bool {
        self.system.state().rules.deferred_crediting
    }
}
