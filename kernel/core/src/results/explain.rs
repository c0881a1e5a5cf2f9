//! What an agent saw in a tick, what it decided, and what became of its transactions and why.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};
use crate::event::{Cause, Event, Kind};
use crate::ids::{AgentId, Tick, TransactionId};
use crate::results::bookings::{Bookings, Settled};
use crate::results::moment::{Moment, Money, Waiting};
use crate::results::rebuild::Flow;
use crate::rules::QueueDiscipline;
use crate::scenario_events::Change;
use crate::system::System;
use crate::transaction::Status;

/// An agent's own account and queues at a point of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its money.
    pub money: Money,
    /// What it holds, in order.
    pub internal: Vec<Waiting>,
    /// What it has in the central queue, in order.
    pub central: Vec<Waiting>,
    /// What it may release per tick, if it has bounded that.
    pub budget: Option<i64>,
}

impl Picture {
    fn of(moment: &Moment, agent: AgentId) -> Self {
        Self {
            money: moment.money(agent),
            internal: moment.internal(),
            central: moment.central(),
            budget: moment.budget,
        }
    }
}

/// Why a transaction was still in the central queue when settlement had ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Nothing was tried since this tick.
    Halted(Tick),
    /// Strict order: this one of its sender stood first and did not settle.
    Behind(TransactionId),
    /// Its amount was more than its sender's available liquidity, by so much.
    Short(i128),
}

/// What became of one transaction in the tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// The transaction.
    pub id: TransactionId,
    /// Whether it was released in the tick.
    pub is_released: bool,
    /// Where it stood at the end of the tick.
    pub status: Status,
    /// Its priority then.
    pub priority: u8,
    /// Its settlement in the tick, or the event that ended it.
    pub ended_by: Option<Event>,
    /// Why it was in the central queue after step 7, if it was.
    pub obstacle: Option<Obstacle>,
    /// Whether the largest ordered set of the whole central queue after step 7 contained it.
    pub is_in_set: bool,
}

/// What the agent and another one had queued to each other after step 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counterparty {
    /// The other.
    pub agent: AgentId,
    /// From the other to the agent.
    pub owed: Flow,
    /// From the agent to the other.
    pub owing: Flow,
}

/// A change of the agent's money, by events that take effect at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// The first of them that concerns the agent.
    pub event: Event,
    /// The other side of a direct transfer.
    pub counterparty: Option<AgentId>,
    /// Its transactions that settled.
    pub paid: Vec<TransactionId>,
    /// Transactions to it that settled.
    pub received: Vec<TransactionId>,
    /// Money before.
    pub before: Money,
    /// Money after.
    pub after: Money,
}

/// One agent in one tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The tick.
    pub tick: Tick,
    /// When it decided, after step 3.
    pub saw: Picture,
    /// Since when it was out, if it was.
    pub out_since: Option<Tick>,
    /// Since when the system was halted, if it was.
    pub halted_since: Option<Tick>,
    /// Its decisions as they were carried out, in order.
    pub decisions: Vec<Event>,
    /// What it held after step 4.
    pub held: Vec<Waiting>,
    /// Its transactions that were released or stood in the central queue, or that the end-of-day
    /// rule ended: in the order of the central queue, then of release, then of their end.
    pub fates: Vec<Fate>,
    /// The postings in which any of them settled.
    pub postings: Vec<Settled>,
    /// After step 7.
    pub settled: Picture,
    /// Counterparties with anything queued in either direction after step 7, in scenario order.
    pub counterparties: Vec<Counterparty>,
    /// The whole central queue after step 7.
    pub queue: Flow,
    /// Its largest ordered set.
    pub set: Flow,
    /// Rings that were looked at if their limit was reached.
    pub rings: Option<i64>,
    /// What changed its money in the tick, in the order of the log.
    pub movements: Vec<Movement>,
    /// At the end of the tick.
    pub after: Picture,
}

/// Explains a closed tick to one agent.
///
/// # Errors
/// [`Error::Spec`] if the tick is not closed.
pub fn explain(system: &System, agent: AgentId, tick: Tick) -> Result<Explanation> {
    if tick >= system.tick() {
        return Err(Error::Spec(format!("tick {tick} is not closed")));
    }
    let mut moment = Moment::new(system, agent);
    let mut events = system.state().journal.iter().peekable();
    while let Some(event) = events.next_if(|e| e.tick < tick) {
        moment.follow(&event);
    }
    moment.enter(tick);
    let of_tick = events.take_while(|e| e.tick == tick);
    Ok(Account::new(system, agent, tick).tell(&mut moment, of_tick))
}

/// What is told of a tick, as it is gathered.
struct Account<'a> {
    system: &'a System,
    agent: AgentId,
    tick: Tick,
    saw: Option<(Picture, Option<Tick>, Option<Tick>)>,
    held: Option<Vec<Waiting>>,
    settled: Option<AfterSettlement>,
    decisions: Vec<Event>,
    /// Transactions of the agent in the order in which they are told, and how each ended.
    told: Vec<TransactionId>,
    ended_by: BTreeMap<TransactionId, Event>,
    postings: Vec<Settled>,
    rings: Option<i64>,
    movements: Vec<Movement>,
}

/// Where things stood after step 7.
struct AfterSettlement {
    picture: Picture,
    counterparties: Vec<Counterparty>,
    queue: Flow,
    set: Flow,
    own_set: BTreeSet<TransactionId>,
}

impl<'a> Account<'a> {
    fn new(system: &'a System, agent: AgentId, tick: Tick) -> Self {
        Self {
            system,
            agent,
            tick,
            saw: None,
            held: None,
            settled: None,
            decisions: Vec::new(),
            told: Vec::new(),
            ended_by: BTreeMap::new(),
            postings: Vec::new(),
            rings: None,
            movements: Vec::new(),
        }
    }

    fn tell(mut self, moment: &mut Moment, of_tick: impl Iterator<Item = Event>) -> Explanation {
        let mut bookings = Bookings::new(of_tick);
        while let Some(booking) = bookings.advance() {
            self.reach(moment, booking.first().map_or(Step::Opening, step_of));
            let before = moment.money(self.agent);
            for event in booking {
                moment.follow(event);
                self.note(event);
            }
            if moment.money(self.agent) != before {
                let after = moment.money(self.agent);
                self.movements.extend(self.movement(booking, before, after));
            }
            let is_own = |e: &Event| e.kind == Kind::Settled && e.agent == self.agent.0;
            if booking.iter().any(is_own) {
                self.postings.extend(Settled::of(booking));
            }
        }
        self.reach(moment, Step::EndOfDay);
        self.finish(moment)
    }

    /// Takes the pictures of the points that lie before a step.
    fn reach(&mut self, moment: &Moment, step: Step) {
        if step > Step::Opening && self.saw.is_none() {
            let picture = Picture::of(moment, self.agent);
            self.told.extend(picture.central.iter().map(|w| w.id));
            self.saw = Some((picture, moment.out_since(self.agent), moment.halted_since));
        }
        if step > Step::Decisions && self.held.is_none() {
            self.held = Some(moment.internal());
        }
        if step > Step::Settlement && self.settled.is_none() {
            self.settled = Some(self.after_settlement(moment));
        }
    }

    /// Notes what an event says of the agent's decisions and transactions.
    fn note(&mut self, event: &Event) {
        if event.kind == Kind::RingLimitReached {
            self.rings = Some(event.value);
        }
        if event.agent != self.agent.0 {
            return;
        }
        let id = TransactionId(event.transaction);
        match event.kind {
            Kind::Withdrawn | Kind::Reprioritised | Kind::ReleaseBudgetSet | Kind::Split => {
                self.decisions.push(*event);
            }
            Kind::Released => {
                // The release of a part follows from its split.
                self.decisions.push(*event);
                self.told.push(id);
            }
            Kind::Settled | Kind::Cancelled => {
                self.ended_by.insert(id, *event);
                self.told.push(id);
            }
            _ => {}
        }
    }

    fn movement(&self, booking: &[Event], before: Money, after: Money) -> Option<Movement> {
        let transactions = &self.system.state().transactions;
        let row = |e: &Event| &transactions[TransactionId(e.transaction)];
        let settled = || booking.iter().filter(|e| e.kind == Kind::Settled);
        let ids = |e: &Event| TransactionId(e.transaction);
        let transfer = |e: &Event| match self.system.change(e) {
            Some(Change::Transfer(sender, receiver, _)) => Some((*sender, *receiver)),
            _ => None,
        };
        let concerns = |e: &&Event| match e.kind {
            Kind::Settled => row(e).sender == self.agent || row(e).receiver == self.agent,
            Kind::DirectTransfer => true,
            _ => e.agent == self.agent.0,
        };
        let event = *booking.iter().find(concerns)?;
        let other = |(sender, receiver): (AgentId, AgentId)| {
            if sender == self.agent {
                receiver
            } else {
                sender
            }
        };
        Some(Movement {
            event,
            counterparty: transfer(&event).map(other),
            paid: settled()
                .filter(|e| row(e).sender == self.agent)
                .map(ids)
                .collect(),
            received: settled()
                .filter(|e| row(e).receiver == self.agent)
                .map(ids)
                .collect(),
            before,
            after,
        })
    }

    fn after_settlement(&self, moment: &Moment) -> AfterSettlement {
        let transactions = &self.system.state().transactions;
        let mut between: BTreeMap<AgentId, (Flow, Flow)> = BTreeMap::new();
        let mut queue = Flow::default();
        for (sender, ids) in moment.central_queues() {
            for row in ids.into_iter().map(|id| &transactions[id]) {
                queue.count(row.amount);
                if row.receiver == self.agent {
                    between.entry(sender).or_default().0.count(row.amount);
                } else if sender == self.agent {
                    between.entry(row.receiver).or_default().1.count(row.amount);
                }
            }
        }
        let (mut set, mut own_set) = (Flow::default(), BTreeSet::new());
        for id in moment.largest_ordered_set() {
            set.count(transactions[id].amount);
            if transactions[id].sender == self.agent {
                own_set.insert(id);
            }
        }
        AfterSettlement {
            picture: Picture::of(moment, self.agent),
            counterparties: between
                .into_iter()
                .map(|(agent, (owed, owing))| Counterparty { agent, owed, owing })
                .collect(),
            queue,
            set,
            own_set,
        }
    }

    fn finish(mut self, moment: &Moment) -> Explanation {
        let mut seen = BTreeSet::new();
        let told = std::mem::take(&mut self.told);
        let told: Vec<_> = told.into_iter().filter(|id| seen.insert(*id)).collect();
        let after = Picture::of(moment, self.agent);
        let (saw, out_since, halted_since) = self.saw.take().unwrap_or((after.clone(), None, None));
        let stood = match self.settled.take() {
            Some(stood) => stood,
            None => self.after_settlement(moment),
        };
        let first = stood.picture.central.first().map(|w| w.id);
        let available = stood.picture.money.available();
        let is_strict = self.system.state().rules.queue_discipline == QueueDiscipline::StrictFifo;
        let queued: BTreeSet<_> = stood.picture.central.iter().map(|w| w.id).collect();
        let obstacle = |id: TransactionId| {
            let amount = i128::from(self.system.state().transactions[id].amount);
            match (halted_since, first) {
                (Some(since), _) => Obstacle::Halted(since),
                (None, Some(first)) if is_strict && first != id => Obstacle::Behind(first),
                _ => Obstacle::Short(amount - available),
            }
        };
        let released: BTreeSet<_> = self
            .decisions
            .iter()
            .filter(|e| e.kind == Kind::Released)
            .map(|e| TransactionId(e.transaction))
            .collect();
        let fates = told
            .into_iter()
            .filter_map(|id| {
                Some(Fate {
                    id,
                    is_released: released.contains(&id),
                    status: moment.status(id)?,
                    priority: moment.priority(id),
                    ended_by: self.ended_by.get(&id).copied(),
                    obstacle: queued.contains(&id).then(|| obstacle(id)),
                    is_in_set: stood.own_set.contains(&id),
                })
            })
            .collect();
        Explanation {
            tick: self.tick,
            saw,
            out_since,
            halted_since,
            decisions: self.decisions,
            held: self.held.unwrap_or_default(),
            fates,
            postings: self.postings,
            settled: stood.picture,
            counterparties: stood.counterparties,
            queue: stood.queue,
            set: stood.set,
            rings: self.rings,
            movements: self.movements,
            after,
        }
    }
}

/// The parts of a tick between which pictures are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// Steps 1 to 3.
    Opening,
    /// Step 4.
    Decisions,
    /// Steps 5 to 7.
    Settlement,
    /// Steps 8 to 12.
    EndOfDay,
}

/// The part of a tick that an event is of; of a posting or a transfer, its first event.
fn step_of(event: &Event) -> Step {
    match event.kind {
        Kind::AccountOpened
        | Kind::LoanRepaid
        | Kind::LiquidityAllocated
        | Kind::LiquidityInjected
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
        | Kind::Resumed
        | Kind::CreditDeferred
        | Kind::Arrived => Step::Opening,
        Kind::Released
        | Kind::Withdrawn
        | Kind::Reprioritised
        | Kind::ReleaseBudgetSet
        | Kind::Split
        | Kind::PartCreated => Step::Decisions,
        Kind::Settled if event.cause == Cause::EndOfDay => Step::EndOfDay,
        Kind::Queued | Kind::Settled | Kind::RingLimitReached => Step::Settlement,
        Kind::LoanGranted
        | Kind::Cancelled
        | Kind::Credited
        | Kind::Overdue
        | Kind::EndOfDayPenalty
        | Kind::EndOfDayBorrowing
        | Kind::LiquidityReturned
        | Kind::AllocationKept => Step::EndOfDay,
    }
}
