//! Everything that settlement rules look at, and the few moves they may make.
//!
//! A rule settles with [`State::settle_one`] or [`State::settle`] and touches nothing else: these
//! keep ledger, queues, costs, the line and the event log in step.

use crate::costs::{Component, Costs};
use crate::error::Result;
use crate::event::{Cause, Event, Kind};
use crate::ids::{AgentId, NONE, Tick, TransactionId};
use crate::journal::Journal;
use crate::ledger::{Crediting, Ledger, Posting};
use crate::outages::Outages;
use crate::penalties::Deadlines;
use crate::queue::{CentralQueue, InternalQueues, Line};
use crate::spec::Rules;
use crate::transaction::{Status, Transaction, Transactions};

/// Counts of the tick at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Transactions that arrived; parts do not count.
    pub arrivals: u64,
    /// Settlements by any means; parts count, what they are parts of does not.
    pub settlements: u64,
    /// Settlements by a liquidity-saving mechanism.
    pub lsm_releases: u64,
}

/// The state of the system within a tick.
#[derive(Debug, Clone)]
pub struct State {
    /// The tick that is open, else the next to open.
    pub tick: Tick,
    /// First tick whose running costs see a change made now: this tick until they accrue.
    pub accrues_from: Tick,
    /// Rules in force.
    pub rules: Rules,
    /// Accounts.
    pub ledger: Ledger,
    /// Transactions.
    pub transactions: Transactions,
    /// Queue 1 of every agent.
    pub internal: InternalQueues,
    /// Queue 2.
    pub central: CentralQueue,
    /// Agents to be retried.
    pub line: Line,
    /// Cost accounts.
    pub costs: Costs,
    /// The event log.
    pub journal: Journal,
    /// This tick's counts.
    pub counts: Counts,
    /// When each agent's chances last rose: its liquidity, or its central queue changed.
    pub changes: Changes,
    /// What the end-of-day rule has cancelled in this tick.
    pub cancelled: Vec<TransactionId>,
    /// Deadlines of unsettled transactions.
    pub(crate) deadlines: Deadlines,
    /// Which agents are out.
    pub outages: Outages,
    /// Whether steps 5 to 7 are skipped.
    pub halted: bool,
}

/// A logical clock of changes by which a mechanism knows what it need not look at again.
///
/// Less liquidity, or nothing new, cannot let settle what could not settle before; so what was
/// looked at in vain stays vain until one of its agents changes.
#[derive(Debug, Clone)]
pub struct Changes {
    now: u64,
    agents: Vec<u64>,
}

impl Changes {
    fn new(agents: usize) -> Self {
        Self {
            now: 1,
            agents: vec![1; agents],
        }
    }

    /// The latest change of any agent.
    pub fn latest(&self) -> u64 {
        self.now
    }

    /// Whether an agent changed after `moment`.
    #[inline]
    pub fn since(&self, agent: AgentId, moment: u64) -> bool {
        self.agents[agent.ix()] > moment
    }

    #[inline]
    fn note(&mut self, agent: AgentId) {
        self.now += 1;
        self.agents[agent.ix()] = self.now;
    }
}

impl State {
    pub(crate) fn new(
        rules: Rules,
        ledger: Ledger,
        transactions: Transactions,
        costs: Costs,
    ) -> Self {
        let agents = ledger.len();
        Self {
            tick: 0,
            accrues_from: 0,
            internal: InternalQueues::new(agents),
            central: CentralQueue::new(agents, rules.priority_classes),
            line: Line::new(agents),
            changes: Changes::new(agents),
            rules,
            ledger,
            transactions,
            costs,
            journal: Journal::default(),
            counts: Counts::default(),
            cancelled: Vec::new(),
            deadlines: Deadlines::default(),
            outages: Outages::new(agents),
            halted: false,
        }
    }

    /// Appends an event of this tick without a posting or a cost.
    #[inline]
    pub(crate) fn record(
        &mut self,
        kind: Kind,
        cause: Cause,
        agent: AgentId,
        transaction: u32,
        value: i64,
    ) {
        let tick = self.tick;
        let event = Event {
            tick,
            kind,
            cause,
            agent: agent.0,
            transaction,
            link: NONE,
            value,
        };
        self.journal.push(event, 0);
    }

    /// Charges a one-off cost (cost units) and records its event.
    pub(crate) fn charge(
        &mut self,
        kind: Kind,
        component: Component,
        agent: AgentId,
        transaction: u32,
        value: i64,
        cost: i128,
    ) -> Result<()> {
        self.journal.check_room()?;
        self.costs.charge(agent, component, cost)?;
        let event = Event {
            tick: self.tick,
            kind,
            cause: Cause::None,
            agent: agent.0,
            transaction,
            link: NONE,
            value,
        };
        self.journal.push(event, cost);
        Ok(())
    }

    /// Lets a transaction come to exist in its sender's internal queue.
    #[inline]
    pub(crate) fn arrive(&mut self, transaction: Transaction) -> Result<()> {
        self.journal.check_room()?;
        let sender = transaction.sender;
        if self.transactions.len() == NONE - 1 {
            return Err(crate::Error::overflow("the number of transactions"));
        }
        let id = self.transactions.push(transaction);
        self.internal.push(id, &mut self.transactions);
        self.add_delay(id, 1)?;
        self.counts.arrivals += 1;
        self.record(Kind::Arrived, Cause::None, sender, id.0, 0);
        Ok(())
    }

    /// Takes a transaction out of its sender's internal queue, as released.
    #[inline]
    pub(crate) fn take_released(&mut self, id: TransactionId, release_number: u64) -> Result<()> {
        self.journal.check_room()?;
        self.internal.remove(id, &mut self.transactions);
        self.move_to(id, Status::Released)?;
        self.transactions[id].release_number = release_number;
        let sender = self.transactions[id].sender;
        self.record(Kind::Released, Cause::None, sender, id.0, 0);
        Ok(())
    }

    /// Puts a released transaction into the central queue.
    pub(crate) fn enqueue(&mut self, id: TransactionId, cause: Cause) -> Result<()> {
        self.journal.check_room()?;
        self.move_to(id, Status::Queued)?;
        self.central.insert(id, &self.transactions);
        let sender = self.transactions[id].sender;
        self.changes.note(sender);
        self.record(Kind::Queued, cause, sender, id.0, 0);
        Ok(())
    }

    /// Takes a transaction back from the central queue to the end of the internal one.
    pub(crate) fn withdraw(&mut self, id: TransactionId) -> Result<()> {
        self.central.remove(id, &self.transactions);
        self.move_to(id, Status::Held)?;
        self.internal.push(id, &mut self.transactions);
        let sender = self.transactions[id].sender;
        self.record(Kind::Withdrawn, Cause::None, sender, id.0, 0);
        self.retry(sender);
        Ok(())
    }

    /// Changes a transaction's priority; its release number stays.
    pub(crate) fn reprioritise(&mut self, id: TransactionId, priority: u8) -> Result<()> {
        let queued = self.transactions[id].status == Status::Queued;
        self.add_delay(id, -1)?;
        if queued {
            self.central.remove(id, &self.transactions);
        }
        self.transactions[id].priority = priority;
        self.add_delay(id, 1)?;
        let sender = self.transactions[id].sender;
        self.record(
            Kind::Reprioritised,
            Cause::None,
            sender,
            id.0,
            i64::from(priority),
        );
        if queued {
            self.central.insert(id, &self.transactions);
            self.retry(sender);
        }
        Ok(())
    }

    /// Puts an agent in line because its liquidity rose or its queue changed.
    #[inline]
    pub(crate) fn retry(&mut self, agent: AgentId) {
        self.changes.note(agent);
        self.line.join(agent);
    }

    /// The same where the line is worked off before anything is queued, which makes a place in it
    /// worth nothing to an agent that has nothing queued.
    #[inline]
    fn retry_queued(&mut self, agent: AgentId) {
        self.changes.note(agent);
        if !self.central.of(agent).all().is_empty() {
            self.line.join(agent);
        }
    }

    /// Settles one transaction alone; `false`, and nothing changed, if it does not fit.
    #[inline]
    pub(crate) fn settle_one(&mut self, id: TransactionId, cause: Cause) -> Result<bool> {
        let (sender, receiver, amount) = {
            let row = &self.transactions[id];
            (row.sender, row.receiver, row.amount)
        };
        let defer = self.rules.deferred_crediting;
        let before = (self.ledger[sender].balance, self.ledger[receiver].balance);
        if !self.ledger.book_one(sender, receiver, amount, defer)? {
            return Ok(false);
        }
        self.meter_overdraft(sender, before.0)?;
        self.meter_overdraft(receiver, before.1)?;
        let posting = self.journal.next_posting()?;
        self.finish(id, cause, posting)?;
        if defer {
            self.record(Kind::CreditDeferred, Cause::None, receiver, NONE, amount);
        } else {
            self.retry_queued(receiver);
        }
        Ok(true)
    }

    /// Settles a posting; `false`, and nothing changed, if it would break a floor.
    pub(crate) fn settle(
        &mut self,
        posting: &Posting,
        cause: Cause,
        crediting: Crediting,
    ) -> Result<bool> {
        let Some(nets) = self.ledger.book(posting, &self.transactions, crediting)? else {
            return Ok(false);
        };
        for net in &nets {
            self.meter_overdraft(net.agent, self.ledger[net.agent].balance - net.booked)?;
        }
        let number = self.journal.next_posting()?;
        for &id in &posting.transactions {
            self.finish(id, cause, number)?;
        }
        for net in &nets {
            if net.deferred > 0 {
                self.record(
                    Kind::CreditDeferred,
                    Cause::None,
                    net.agent,
                    NONE,
                    net.deferred,
                );
            }
        }
        for net in &nets {
            self.retry(net.agent);
        }
        Ok(true)
    }

    /// Marks a booked transaction as settled and takes it out of its queue.
    #[inline]
    fn finish(&mut self, id: TransactionId, cause: Cause, posting: u32) -> Result<()> {
        self.journal.check_room()?;
        self.add_delay(id, -1)?;
        self.leave_queue(id);
        let tick = self.tick;
        let row = &mut self.transactions[id];
        (row.status, row.end_tick) = (Status::Settled, tick);
        let sender = row.sender;
        self.transactions.settle_whole_of(id, tick);
        self.counts.settlements += 1;
        self.counts.lsm_releases += u64::from(cause.is_mechanism());
        let event = Event {
            tick,
            kind: Kind::Settled,
            cause,
            agent: sender.0,
            transaction: id.0,
            link: posting,
            value: 0,
        };
        self.journal.push(event, 0);
        Ok(())
    }

    /// Ends an unsettled transaction by the end-of-day rule.
    pub(crate) fn cancel(&mut self, id: TransactionId) -> Result<()> {
        self.journal.check_room()?;
        self.add_delay(id, -1)?;
        self.leave_queue(id);
        let tick = self.tick;
        let row = &mut self.transactions[id];
        (row.status, row.end_tick) = (Status::Cancelled, tick);
        let sender = row.sender;
        self.cancelled.push(id);
        self.record(Kind::Cancelled, Cause::EndOfDay, sender, id.0, 0);
        Ok(())
    }

    #[inline]
    fn leave_queue(&mut self, id: TransactionId) {
        match self.transactions[id].status {
            Status::Held => self.internal.remove(id, &mut self.transactions),
            Status::Queued => self.central.remove(id, &self.transactions),
            Status::Released | Status::Settled | Status::Cancelled | Status::Split => {}
        }
    }

    /// Replaces a held transaction by `parts` released ones; the remainder goes to the last.
    pub(crate) fn split(
        &mut self,
        id: TransactionId,
        parts: u32,
        cost: i128,
    ) -> Result<Vec<TransactionId>> {
        let sender = self.transactions[id].sender;
        self.internal.remove(id, &mut self.transactions);
        self.move_to(id, Status::Split)?;
        self.transactions.divide(id, parts);
        self.charge(
            Kind::Split,
            Component::SplitFriction,
            sender,
            id.0,
            i64::from(parts),
            cost,
        )?;
        let whole = self.transactions[id].clone();
        let share = whole.amount / i64::from(parts);
        let mut created = Vec::with_capacity(parts as usize);
        for number in 1..=parts {
            let amount = if number == parts {
                whole.amount - share * i64::from(parts - 1)
            } else {
                share
            };
            let part = Transaction {
                amount,
                origin: crate::transaction::Origin::Part { parent: id, number },
                status: Status::Released,
                priority_at_arrival: whole.priority,
                decided: false,
                splits: false,
                ..whole.clone()
            };
            if self.transactions.len() == NONE - 1 {
                return Err(crate::Error::overflow("the number of transactions"));
            }
            let part = self.transactions.push(part);
            self.add_delay(part, 1)?;
            created.push(part);
        }
        Ok(created)
    }

    /// Every unsettled transaction of an agent: its central queue in order, then its internal one.
    pub(crate) fn unsettled_of(&self, agent: AgentId) -> impl Iterator<Item = TransactionId> + '_ {
        self.central
            .of(agent)
            .all()
            .iter()
            .chain(self.internal.iter(agent, &self.transactions))
    }

    /// Marks a transaction as overdue, which weighs in its delay cost from now on.
    pub(crate) fn mark_overdue(&mut self, id: TransactionId) -> Result<()> {
        self.add_delay(id, -1)?;
        self.transactions[id].overdue = true;
        self.add_delay(id, 1)
    }

    /// Follows a balance's change with the overdraft meter.
    #[inline]
    pub(crate) fn meter_overdraft(&mut self, agent: AgentId, before: i64) -> Result<()> {
        let after = self.ledger[agent].balance;
        if before >= 0 && after >= 0 {
            return Ok(());
        }
        let change = i128::from(after.min(0).abs_diff(0)) - i128::from(before.min(0).abs_diff(0));
        self.costs
            .change(agent, Component::Overdraft, self.accrues_from, change)
    }

    /// Follows an allocation's change with the liquidity meter.
    pub(crate) fn meter_liquidity(&mut self, agent: AgentId, change: i64) -> Result<()> {
        self.costs.change(
            agent,
            Component::Liquidity,
            self.accrues_from,
            i128::from(change),
        )
    }

    #[inline]
    fn delay_weight(&self, id: TransactionId) -> i128 {
        let row = &self.transactions[id];
        let class = self.central.classes().class(row.priority);
        self.costs
            .rates()
            .delay_weight(row.amount, row.status, class, row.overdue)
    }

    #[inline]
    fn add_delay(&mut self, id: TransactionId, sign: i128) -> Result<()> {
        let weight = sign * self.delay_weight(id);
        let sender = self.transactions[id].sender;
        self.costs
            .change(sender, Component::Delay, self.accrues_from, weight)
    }

    #[inline]
    fn move_to(&mut self, id: TransactionId, status: Status) -> Result<()> {
        let before = self.delay_weight(id);
        self.transactions[id].status = status;
        let change = self.delay_weight(id) - before;
        let sender = self.transactions[id].sender;
        self.costs
            .change(sender, Component::Delay, self.accrues_from, change)
    }
}
