//! Balances, queues and costs of every tick, rebuilt from the event log and the cost rates alone.
//!
//! Nothing here looks at the system's live accounts, queues or meters: that the tables agree with
//! them is what shows that the log is complete.

use crate::costs::{COMPONENTS, Component, CostRates};
use crate::error::Result;
use crate::event::{Cause, Event, Kind};
use crate::ids::{AgentId, Tick, TransactionId};
use crate::queue::PriorityClasses;
use crate::scenario_events::Change;
use crate::system::System;
use crate::transaction::{Origin, Status};

/// A count of transactions and their value in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flow {
    /// Transactions.
    pub volume: i64,
    /// Minor units.
    pub value: i128,
}

impl Flow {
    /// Counts one transaction.
    pub fn count(&mut self, amount: i64) {
        self.volume += 1;
        self.value += i128::from(amount);
    }

    /// Takes one transaction out of the count.
    pub fn remove(&mut self, amount: i64) {
        self.volume -= 1;
        self.value -= i128::from(amount);
    }
}

impl std::ops::Add for Flow {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            volume: self.volume + other.volume,
            value: self.value + other.value,
        }
    }
}

impl std::iter::Sum for Flow {
    fn sum<I: Iterator<Item = Self>>(flows: I) -> Self {
        flows.fold(Self::default(), |sum, flow| sum + flow)
    }
}

/// Where each transaction stands according to the log, and what it adds to delay.
pub struct Standing {
    status: Vec<Option<Status>>,
    priority: Vec<u8>,
    overdue: Vec<bool>,
    classes: PriorityClasses,
}

/// What an event did to a transaction's standing.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    /// The transaction.
    pub id: TransactionId,
    /// Where it stood; nowhere before it came to exist.
    pub from: Option<Status>,
    /// Where it stands.
    pub to: Status,
    /// Change of its sender's delay quantity.
    pub delay: i128,
}

impl Standing {
    /// Before the first event.
    pub fn new(system: &System) -> Self {
        let volume = system.state().transactions.len() as usize;
        Self {
            status: vec![None; volume],
            priority: vec![0; volume],
            overdue: vec![false; volume],
            classes: system.state().rules.priority_classes,
        }
    }

    /// Where a transaction stands; nowhere before it came to exist.
    pub fn status(&self, id: TransactionId) -> Option<Status> {
        self.status[id.ix()]
    }

    /// A transaction's priority.
    pub fn priority(&self, id: TransactionId) -> u8 {
        self.priority[id.ix()]
    }

    /// Whether a transaction's deadline has passed while it was unsettled.
    pub fn is_overdue(&self, id: TransactionId) -> bool {
        self.overdue[id.ix()]
    }

    fn weight(&self, id: TransactionId, amount: i64, rates: &CostRates) -> i128 {
        let class = self.classes.class(self.priority[id.ix()]);
        self.status[id.ix()].map_or(0, |status| {
            rates.delay_weight(amount, status, class, self.overdue[id.ix()])
        })
    }

    /// Follows one event; nothing if it concerns no transaction's standing.
    pub fn follow(&mut self, event: &Event, system: &System) -> Option<Move> {
        let to = match event.kind {
            Kind::Arrived => Some(Status::Held),
            Kind::PartCreated => Some(Status::Held),
            Kind::Released => Some(Status::Released),
            Kind::Queued => Some(Status::Queued),
            Kind::Withdrawn => Some(Status::Held),
            Kind::Split => Some(Status::Split),
            Kind::Settled => Some(Status::Settled),
            Kind::Cancelled => Some(Status::Cancelled),
            Kind::Reprioritised | Kind::Overdue => None,
            _ => return None,
        };
        let id = TransactionId(event.transaction);
        let row = &system.state().transactions[id];
        let rates = system.state().costs.rates();
        let before = self.weight(id, row.amount, rates);
        let from = self.status[id.ix()];
        if matches!(event.kind, Kind::Arrived | Kind::PartCreated) {
            self.priority[id.ix()] = row.priority_at_arrival;
            if let Origin::Part { parent, .. } = row.origin {
                self.overdue[id.ix()] = self.overdue[parent.ix()];
            }
        }
        match event.kind {
            Kind::Reprioritised => {
                self.priority[id.ix()] = u8::try_from(event.value).unwrap_or(u8::MAX)
            }
            Kind::Overdue => self.overdue[id.ix()] = true,
            _ => {}
        }
        let to = to.or(from)?;
        self.status[id.ix()] = Some(to);
        Some(Move {
            id,
            from,
            to,
            delay: self.weight(id, row.amount, rates) - before,
        })
    }
}

/// One agent at the end of a tick, and what the tick brought it.
#[derive(Debug, Clone, Default)]
pub struct AgentTick {
    /// Minor units.
    pub balance: i128,
    /// Minor units.
    pub credit_limit: i64,
    /// Liquidity allocated from the pool.
    pub allocated: i128,
    /// Liquidity left in the pool.
    pub pool: i128,
    /// Loan outstanding.
    pub loan: i128,
    /// Credits received and not booked yet.
    pub deferred: i128,
    /// Held by the agent.
    pub internal: Flow,
    /// Released and unsettled.
    pub central: Flow,
    /// Arrived in this tick; parts do not count.
    pub arrived: Flow,
    /// Settled at its expense in this tick.
    pub paid: Flow,
    /// Settled in its favour in this tick.
    pub received: Flow,
    /// Costs of this tick, by component, in cost units.
    pub costs: [i128; COMPONENTS],
    delay: i128,
}

/// Moves money as an event says.
pub fn book(agents: &mut [AgentTick], event: &Event, system: &System) {
    let value = i128::from(event.value);
    if event.kind == Kind::Settled {
        let row = &system.state().transactions[TransactionId(event.transaction)];
        agents[row.sender.ix()].balance -= i128::from(row.amount);
        agents[row.receiver.ix()].balance += i128::from(row.amount);
    } else if event.kind == Kind::DirectTransfer
        && let Some(Change::Transfer(_, receiver, _)) = system.change(event)
    {
        agents[receiver.ix()].balance += value;
    }
    let Some(agent) = agents.get_mut(event.agent as usize) else {
        return;
    };
    match event.kind {
        Kind::AccountOpened => {
            let opening = system.opening(AgentId(event.agent));
            agent.balance = value;
            agent.credit_limit = opening.credit_limit;
            agent.pool = i128::from(opening.liquidity_pool);
        }
        Kind::LoanRepaid => {
            (agent.balance, agent.loan) = (agent.balance - value, agent.loan - value);
        }
        Kind::LoanGranted => {
            (agent.balance, agent.loan) = (agent.balance + value, agent.loan + value);
        }
        Kind::LiquidityAllocated => {
            agent.balance += value;
            agent.pool -= value;
            agent.allocated += value;
        }
        Kind::LiquidityReturned => {
            agent.balance -= value;
            agent.pool += value;
            agent.allocated -= value;
        }
        Kind::AllocationKept => agent.allocated -= value,
        Kind::CreditDeferred => {
            (agent.balance, agent.deferred) = (agent.balance - value, agent.deferred + value);
        }
        Kind::Credited => {
            (agent.balance, agent.deferred) = (agent.balance + value, agent.deferred - value);
        }
        Kind::LiquidityInjected => agent.balance += value,
        Kind::LiquidityDrained | Kind::DirectTransfer => agent.balance -= value,
        Kind::CreditLimitChanged => agent.credit_limit = event.value,
        _ => {}
    }
}

/// A one-off cost of a tick.
#[derive(Debug, Clone, Copy)]
pub struct Charge {
    /// Whose.
    pub agent: AgentId,
    /// Which component.
    pub component: Component,
    /// For which transaction.
    pub transaction: Option<TransactionId>,
    /// Cost units.
    pub cost: i128,
}

/// Walks through the ticks of a log.
pub struct Rebuild<'a> {
    system: &'a System,
    events: std::iter::Peekable<Box<dyn Iterator<Item = Event> + 'a>>,
    standing: Standing,
    next_tick: Tick,
    /// Every agent at the end of the tick reached.
    pub agents: Vec<AgentTick>,
    /// One-off costs of the tick reached.
    pub charges: Vec<Charge>,
    /// Settlements of the tick reached, by the causes of [`Cause::SETTLEMENTS`].
    pub settled: [Flow; 6],
    /// Releases of the tick reached.
    pub released: Flow,
}

impl<'a> Rebuild<'a> {
    /// Before tick 0.
    pub fn new(system: &'a System) -> Self {
        let events: Box<dyn Iterator<Item = Event>> = Box::new(system.state().journal.iter());
        Self {
            system,
            events: events.peekable(),
            standing: Standing::new(system),
            next_tick: 0,
            agents: vec![AgentTick::default(); system.names().len()],
            charges: Vec::new(),
            settled: [Flow::default(); 6],
            released: Flow::default(),
        }
    }

    /// Goes to the end of the next closed tick; `None` after the last.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`] if a cost does not fit.
    pub fn advance(&mut self) -> Result<Option<Tick>> {
        let tick = self.next_tick;
        if tick >= self.system.tick() {
            return Ok(None);
        }
        self.next_tick += 1;
        self.charges.clear();
        self.settled = [Flow::default(); 6];
        self.released = Flow::default();
        for agent in &mut self.agents {
            (agent.arrived, agent.paid, agent.received) = Default::default();
            agent.costs = [0; COMPONENTS];
        }
        while let Some(event) = self
            .events
            .next_if(|e| e.tick == tick && !e.kind.follows_accrual())
        {
            self.apply(&event);
        }
        self.accrue()?;
        while let Some(event) = self.events.next_if(|e| e.tick == tick) {
            self.apply(&event);
        }
        Ok(Some(tick))
    }

    /// Running costs of the tick on the state reached.
    fn accrue(&mut self) -> Result<()> {
        let rates = self.system.state().costs.rates();
        for agent in &mut self.agents {
            let quantities = [
                (rates.overdraft_bps_per_tick, -agent.balance.min(0)),
                (rates.delay_cost_per_tick_per_cent, agent.delay),
                (rates.liquidity_bps_per_tick, agent.allocated),
            ];
            for (running, (rate, quantity)) in quantities.into_iter().enumerate() {
                agent.costs[running] = rate.cost_of_quantity(quantity)?;
            }
        }
        Ok(())
    }

    fn apply(&mut self, event: &Event) {
        if let Some(moved) = self.standing.follow(event, self.system) {
            self.requeue(moved);
        }
        book(&mut self.agents, event, self.system);
        if event.kind == Kind::Settled {
            self.settle(event);
        }
        self.charge(event);
    }

    fn settle(&mut self, event: &Event) {
        let row = &self.system.state().transactions[TransactionId(event.transaction)];
        self.agents[row.sender.ix()].paid.count(row.amount);
        self.agents[row.receiver.ix()].received.count(row.amount);
        if let Some(at) = Cause::SETTLEMENTS
            .iter()
            .position(|&cause| cause == event.cause)
        {
            self.settled[at].count(row.amount);
        }
    }

    fn requeue(&mut self, moved: Move) {
        let row = &self.system.state().transactions[moved.id];
        let agent = &mut self.agents[row.sender.ix()];
        agent.delay += moved.delay;
        match moved.from {
            Some(Status::Held) => agent.internal.remove(row.amount),
            Some(Status::Queued) => agent.central.remove(row.amount),
            None if !matches!(row.origin, Origin::Part { .. }) => agent.arrived.count(row.amount),
            _ => {}
        }
        match moved.to {
            Status::Held => agent.internal.count(row.amount),
            Status::Queued => agent.central.count(row.amount),
            Status::Released => self.released.count(row.amount),
            Status::Settled | Status::Cancelled | Status::Split => {}
        }
    }

    fn charge(&mut self, event: &Event) {
        let component = match event.kind {
            Kind::Split => Component::SplitFriction,
            Kind::Overdue => Component::DeadlinePenalty,
            Kind::EndOfDayPenalty => Component::EndOfDayPenalty,
            Kind::EndOfDayBorrowing => Component::EndOfDayBorrowing,
            _ => return,
        };
        let cost = self.system.state().journal.cost(event).unwrap_or_default();
        self.agents[event.agent as usize].costs[component as usize] += cost;
        if cost != 0 {
            let transaction =
                (event.kind != Kind::EndOfDayBorrowing).then_some(TransactionId(event.transaction));
            self.charges.push(Charge {
                agent: AgentId(event.agent),
                component,
                transaction,
                cost,
            });
        }
    }
}
