//! What each agent has in a day, how far its payments take it, and what it owes.
//!
//! Net positions are cumulative here: what settled in an agent's favour less what settled at its
//! expense since the opening of the day. They are looked at after each posting, as what settles
//! together nets, and after each deferred credit, which counts when it reaches the balance. The
//! lowest one is the liquidity that the agent used (BCBS 248, tool A1). The lowest it would reach if
//! each payment settled alone as it arrives is the upper bound of liquidity, and what is due less
//! what is expected the lower one (Leinonen and Soramäki 1999).

use crate::error::Result;
use crate::event::{Event, Kind};
use crate::ids::{AgentId, NONE, Tick, TransactionId};
use crate::results::closed::{Figures, closed_events, day, days};
use crate::results::event_columns::push_name;
use crate::results::rebuild::{AgentTick, Flow, book};
use crate::results::table::{Coded, Table};
use crate::system::System;
use crate::transaction::{Origin, known};

/// One row per day and agent.
///
/// # Errors
/// [`crate::Error::Overflow`] if a sum does not fit.
pub fn positions(system: &System) -> Result<Table> {
    let mut walk = Walk::new(system);
    let (mut head, mut names) = (Figures::new(&["day"]), Coded::default());
    let mut body = Figures::new(&BODY);
    let mut events = closed_events(system).peekable();
    for today in 0..days(system) {
        walk.begin(today);
        while let Some(event) = events.next_if(|event| day(system, event.tick) == today) {
            walk.follow(&event);
        }
        walk.close();
        for (ix, agent) in walk.agents.iter().enumerate() {
            head.push([Some(i128::from(today))])?;
            push_name(&mut names, system, Some(ix as u32));
            body.push(agent.row())?;
        }
    }
    let mut missed = Figures::new(&["missed_volume", "missed_value"]);
    for flow in walk.missed {
        missed.push([Some(i128::from(flow.volume)), Some(flow.value)])?;
    }
    let mut columns: Vec<_> = head.into_columns().collect();
    columns.push(("agent_id", names.into()));
    columns.extend(body.into_columns().chain(missed.into_columns()));
    Ok(Table::new(columns))
}

const BODY: [&str; 17] = [
    "opening_balance",
    "opening_credit_limit",
    "liquidity_allocated",
    "opening_liquidity_pool",
    "paid_volume",
    "paid_value",
    "received_volume",
    "received_value",
    "lowest_net_position",
    "lowest_tick",
    "highest_net_position",
    "highest_tick",
    "due_value",
    "expected_value",
    "immediate_lowest_net_position",
    "timed_volume",
    "timed_value",
];

/// Receipts less payments since the opening of a day.
#[derive(Debug, Clone, Copy)]
struct Net {
    now: i128,
    /// Received, and not counted yet.
    deferred: i128,
    lowest: i128,
    lowest_tick: Tick,
    highest: i128,
    highest_tick: Tick,
}

impl Net {
    const OPEN: Self = Self {
        now: 0,
        deferred: 0,
        lowest: 0,
        lowest_tick: NONE,
        highest: 0,
        highest_tick: NONE,
    };

    fn note(&mut self, tick: Tick) {
        if self.now < self.lowest {
            (self.lowest, self.lowest_tick) = (self.now, tick);
        }
        if self.now > self.highest {
            (self.highest, self.highest_tick) = (self.now, tick);
        }
    }

    fn credit(&mut self, tick: Tick) {
        self.now += std::mem::take(&mut self.deferred);
        self.note(tick);
    }
}

/// One agent in the day at hand.
#[derive(Debug, Clone)]
struct Agent {
    /// Balance, credit limit, allocated and pool after step 1 of the day's first tick.
    opening: [i128; 4],
    paid: Flow,
    received: Flow,
    net: Net,
    due: i128,
    expected: i128,
    /// If each payment due settled at once, alone.
    immediate: Net,
    timed: Flow,
}

impl Agent {
    fn new(account: &AgentTick) -> Self {
        Self {
            opening: [
                account.balance,
                i128::from(account.credit_limit),
                account.allocated,
                account.pool,
            ],
            paid: Flow::default(),
            received: Flow::default(),
            net: Net::OPEN,
            due: 0,
            expected: 0,
            immediate: Net::OPEN,
            timed: Flow::default(),
        }
    }

    fn row(&self) -> [Option<i128>; 17] {
        let tick = |tick| known(tick).map(i128::from);
        let [balance, credit_limit, allocated, pool] = self.opening.map(Some);
        [
            balance,
            credit_limit,
            allocated,
            pool,
            Some(i128::from(self.paid.volume)),
            Some(self.paid.value),
            Some(i128::from(self.received.volume)),
            Some(self.received.value),
            Some(self.net.lowest),
            tick(self.net.lowest_tick),
            Some(self.net.highest),
            tick(self.net.highest_tick),
            Some(self.due),
            Some(self.expected),
            Some(self.immediate.lowest),
            Some(i128::from(self.timed.volume)),
            Some(self.timed.value),
        ]
    }
}

/// The posting whose events are being read.
#[derive(Debug, Default)]
struct Posting {
    /// From 1; 0 for none.
    number: u32,
    tick: Tick,
    agents: Vec<AgentId>,
}

/// Transactions that arrived, with what of each is neither settled nor cancelled.
///
/// Parts count for what was split.
struct Unsettled {
    /// What each transaction is a part of, itself if it is none.
    whole_of: Vec<TransactionId>,
    /// Of those that are no parts.
    remaining: Vec<i64>,
    /// Those of earlier days that remained at the last opening, and those of today, as they came.
    open: Vec<TransactionId>,
}

impl Unsettled {
    fn new(volume: usize) -> Self {
        Self {
            whole_of: vec![TransactionId(NONE); volume],
            remaining: vec![0; volume],
            open: Vec::new(),
        }
    }

    fn arrive(&mut self, id: TransactionId, amount: i64) {
        self.whole_of[id.ix()] = id;
        self.remaining[id.ix()] = amount;
        self.open.push(id);
    }

    fn part(&mut self, id: TransactionId, parent: TransactionId) {
        self.whole_of[id.ix()] = self.whole_of[parent.ix()];
    }

    fn end(&mut self, id: TransactionId, amount: i64) {
        self.remaining[self.whole_of[id.ix()].ix()] -= amount;
    }
}

/// Follows the log through a day after the other.
struct Walk<'a> {
    system: &'a System,
    accounts: Vec<AgentTick>,
    agents: Vec<Agent>,
    /// Whether step 1 of the day's first tick is over.
    is_open: bool,
    posting: Posting,
    unsettled: Unsettled,
    /// Tick of the payments that settle at once, and who received them if credits are deferred.
    immediate_tick: Tick,
    immediate_receivers: Vec<AgentId>,
    /// By day of arrival and agent.
    missed: Vec<Flow>,
    is_missed: Vec<bool>,
}

impl<'a> Walk<'a> {
    fn new(system: &'a System) -> Self {
        let agents = system.names().len();
        let volume = system.state().transactions.len() as usize;
        Self {
            system,
            accounts: vec![AgentTick::default(); agents],
            agents: Vec::new(),
            is_open: false,
            posting: Posting::default(),
            unsettled: Unsettled::new(volume),
            immediate_tick: 0,
            immediate_receivers: Vec::new(),
            missed: Vec::new(),
            is_missed: vec![false; volume],
        }
    }

    /// Turns to the next day.
    fn begin(&mut self, day: Tick) {
        self.is_open = false;
        self.immediate_tick = day * self.system.ticks_per_day();
        self.missed
            .resize(self.missed.len() + self.accounts.len(), Flow::default());
    }

    fn follow(&mut self, event: &Event) {
        let opens = matches!(
            event.kind,
            Kind::AccountOpened | Kind::LoanRepaid | Kind::LiquidityAllocated
        );
        if !opens {
            self.open();
        }
        self.post(event);
        book(&mut self.accounts, event, self.system);
        let id = TransactionId(event.transaction);
        match event.kind {
            Kind::Arrived => self.arrive(id),
            Kind::PartCreated => {
                if let Origin::Part { parent, .. } = self.system.state().transactions[id].origin {
                    self.unsettled.part(id, parent);
                }
            }
            Kind::Settled | Kind::Cancelled => {
                let amount = self.system.state().transactions[id].amount;
                self.unsettled.end(id, amount);
            }
            Kind::Overdue => self.miss(id),
            _ => {}
        }
    }

    /// Step 1 is over: what is there now is the opening, and what was left is due first.
    fn open(&mut self) {
        if self.is_open {
            return;
        }
        self.is_open = true;
        self.agents.clear();
        self.agents.extend(self.accounts.iter().map(Agent::new));
        let remaining = &self.unsettled.remaining;
        self.unsettled.open.retain(|id| remaining[id.ix()] > 0);
        for at in 0..self.unsettled.open.len() {
            let id = self.unsettled.open[at];
            self.fall_due(id, self.unsettled.remaining[id.ix()]);
        }
    }

    /// Ends the day: its last posting is over.
    fn close(&mut self) {
        self.open();
        self.note_posting();
        self.immediate_receivers.clear();
    }

    fn arrive(&mut self, id: TransactionId) {
        let row = &self.system.state().transactions[id];
        if row.arrival_tick != self.immediate_tick {
            self.immediate_tick = row.arrival_tick;
            for agent in std::mem::take(&mut self.immediate_receivers) {
                self.agents[agent.ix()].immediate.credit(row.arrival_tick);
            }
        }
        self.unsettled.arrive(id, row.amount);
        self.fall_due(id, row.amount);
        if known(row.deadline_tick).is_some() {
            self.agents[row.sender.ix()].timed.count(row.amount);
        }
    }

    /// Counts a payment as due, and lets it settle at once where nobody lacks liquidity.
    fn fall_due(&mut self, id: TransactionId, amount: i64) {
        let row = &self.system.state().transactions[id];
        let value = i128::from(amount);
        let sender = &mut self.agents[row.sender.ix()];
        sender.due += value;
        sender.immediate.now -= value;
        sender.immediate.note(row.arrival_tick);
        let receiver = &mut self.agents[row.receiver.ix()];
        receiver.expected += value;
        if self.system.state().rules.deferred_crediting {
            receiver.immediate.deferred += value;
            self.immediate_receivers.push(row.receiver);
        } else {
            receiver.immediate.now += value;
        }
    }

    /// Becoming overdue counts for the day of arrival; of the parts of one transaction each value,
    /// and together one transaction.
    fn miss(&mut self, id: TransactionId) {
        let row = &self.system.state().transactions[id];
        let day = day(self.system, row.arrival_tick) as usize;
        let flow = &mut self.missed[day * self.accounts.len() + row.sender.ix()];
        flow.value += i128::from(row.amount);
        let is_missed = &mut self.is_missed[self.unsettled.whole_of[id.ix()].ix()];
        flow.volume += i64::from(!std::mem::replace(is_missed, true));
    }

    /// Follows net positions.
    fn post(&mut self, event: &Event) {
        let goes_on = match event.kind {
            Kind::Settled => event.link == self.posting.number,
            Kind::CreditDeferred => true,
            _ => false,
        };
        if !goes_on {
            self.note_posting();
        }
        match event.kind {
            Kind::Settled => {
                (self.posting.number, self.posting.tick) = (event.link, event.tick);
                let row = &self.system.state().transactions[TransactionId(event.transaction)];
                let sender = &mut self.agents[row.sender.ix()];
                sender.paid.count(row.amount);
                sender.net.now -= i128::from(row.amount);
                let receiver = &mut self.agents[row.receiver.ix()];
                receiver.received.count(row.amount);
                receiver.net.now += i128::from(row.amount);
                self.posting.agents.extend([row.sender, row.receiver]);
            }
            // Without a posting it is the credit of a direct transfer.
            Kind::CreditDeferred if self.posting.number > 0 => {
                let net = &mut self.agents[event.agent as usize].net;
                net.now -= i128::from(event.value);
                net.deferred += i128::from(event.value);
            }
            Kind::Credited => self.agents[event.agent as usize].net.credit(event.tick),
            _ => {}
        }
    }

    /// Looks at the net positions that the posting just read has led to.
    fn note_posting(&mut self) {
        let Posting { tick, .. } = self.posting;
        for agent in self.posting.agents.drain(..) {
            self.agents[agent.ix()].net.note(tick);
        }
        self.posting.number = 0;
    }
}
