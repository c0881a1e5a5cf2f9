//! A payment system as its callers see it: built, asked to decide, advanced, and sound or not.

mod arrivals;
mod tick;

use crate::behaviour::arrivals::ArrivalProcess;
use crate::behaviour::stream::StreamKey;
use crate::costs::Costs;
use crate::decision::{Decision, Desk};
use crate::error::{Error, Result};
use crate::ids::{AgentId, Tick, TransactionId};
use crate::ledger::{Account, Ledger};
use crate::rate::Rate;
use crate::rules::Mechanisms;
use crate::scenario_events::{Change, ScenarioEvent, Schedule};
use crate::spec::{AgentSpec, GivenTransactions, Spec};
use crate::state::{Counts, State};
use crate::transaction::Transactions;

/// What a tick came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// The tick.
    pub tick: Tick,
    /// Transactions that arrived, settlements, and those by a liquidity-saving mechanism.
    pub counts: Counts,
    /// Cost of the tick over all agents: the difference of the rounded running totals.
    pub total_cost: i128,
}

/// Largest states of the central queue at the ends of ticks, and the first ticks that had them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Peak {
    /// Transactions.
    pub volume: u64,
    /// First tick at whose end so many stood.
    pub volume_tick: Tick,
    /// Minor units.
    pub value: i128,
    /// First tick at whose end so much stood.
    pub value_tick: Tick,
}

/// What an agent has before tick 0, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Balance.
    pub balance: i64,
    /// Intraday credit.
    pub credit_limit: i64,
    /// Liquidity outside the system.
    pub liquidity_pool: i64,
}

/// A payment system with its agents' compiled behaviour.
#[derive(Debug, Clone)]
pub struct System {
    pub(crate) state: State,
    pub(crate) names: Vec<String>,
    pub(crate) ticks_per_day: u32,
    pub(crate) fractions: Vec<Rate>,
    pub(crate) opening: Vec<Opening>,
    pub(crate) desks: Vec<Desk>,
    /// One bit an agent: it has something pending or was asked in this tick.
    busy: Vec<u64>,
    pub(crate) processes: Vec<(AgentId, ArrivalProcess)>,
    pub(crate) schedule: Schedule,
    /// Scenario events of this tick that let a transaction arrive, with their senders.
    pub(crate) extras: Vec<(AgentId, u32)>,
    pub(crate) next_extra: usize,
    pub(crate) given: GivenTransactions,
    /// Rows of the given transactions by arrival tick, sender and row; those not arrived yet.
    pub(crate) agenda: Vec<u32>,
    pub(crate) next_given: usize,
    mechanisms: Mechanisms,
    pub(crate) released: Vec<TransactionId>,
    pub(crate) release_numbers: u64,
    pub(crate) is_open: bool,
    pub(crate) outcome: Outcome,
    pub(crate) rounded_total: i128,
    pub(crate) peak: Peak,
    is_sound: bool,
    failure: Option<Error>,
}

impl System {
    /// A system at the start of tick 0.
    ///
    /// # Errors
    /// [`Error::Spec`] if the specification describes no system. It is meant to have been checked
    /// before; what is checked here keeps the kernel itself sound.
    pub fn new(spec: Spec) -> Result<Self> {
        spec.check()?;
        let agents = spec.agents.len();
        let accounts = spec.agents.iter().map(account).collect();
        let names: Vec<String> = spec.agents.iter().map(|a| a.id.clone()).collect();
        let processes = spec
            .agents
            .iter()
            .enumerate()
            .filter_map(|(ix, agent)| {
                let sender = AgentId(ix as u32);
                let key = StreamKey::new(spec.seed, &agent.id);
                let arrivals = agent.arrivals.as_ref().filter(|a| a.rate_per_tick > 0.0)?;
                Some((
                    sender,
                    ArrivalProcess::new(arrivals, sender, agents as u32, key),
                ))
            })
            .collect();
        let mut given = spec.transactions;
        let agenda = given.agenda();
        let mut transactions = Transactions::new(std::mem::take(&mut given.ids));
        for (number, event) in spec.events.iter().enumerate() {
            name_extra(&mut transactions, number as u32, event);
        }
        let costs = Costs::new(spec.cost_rates, agents);
        let mut state = State::new(spec.rules, Ledger::new(accounts), transactions, costs);
        state.journal.limit(spec.events_max);
        for agent in state.ledger.agents() {
            state.meter_overdraft(agent, 0)?;
        }
        Ok(Self {
            mechanisms: Mechanisms::new(agents),
            state,
            names,
            ticks_per_day: spec.ticks_per_day,
            fractions: spec
                .agents
                .iter()
                .map(|a| a.liquidity_allocation_fraction)
                .collect(),
            opening: spec.agents.iter().map(opening).collect(),
            desks: spec.agents.iter().map(|a| Desk::new(a.policy)).collect(),
            busy: vec![0; agents.div_ceil(64)],
            processes,
            schedule: Schedule::new(spec.events, 0),
            extras: Vec::new(),
            next_extra: 0,
            given,
            agenda,
            next_given: 0,
            released: Vec::new(),
            release_numbers: 0,
            is_open: false,
            outcome: Outcome::default(),
            rounded_total: 0,
            peak: Peak::default(),
            is_sound: true,
            failure: None,
        })
    }

    /// Adds a scenario event, which comes after those that there are.
    ///
    /// # Errors
    /// [`Error::Spec`] if its tick has opened already, or it describes nothing.
    pub fn add_event(&mut self, event: ScenarioEvent) -> Result<()> {
        self.check_sound()?;
        event.check(self.names.len())?;
        let first = self.state.tick + Tick::from(self.is_open);
        if event.tick < first {
            return Err(Error::Spec(format!(
                "tick must be at least {first}, the next tick to open (got {})",
                event.tick
            )));
        }
        let number = self.schedule.events().len() as u32;
        name_extra(&mut self.state.transactions, number, &event);
        self.schedule.add(event);
        Ok(())
    }

    /// Steps 1 to 3: the day opens, scenario events happen, transactions arrive.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] if the tick is open already; [`Error::Overflow`].
    pub fn open_tick(&mut self) -> Result<()> {
        self.check_sound()?;
        if self.is_open {
            return Err(Error::OutOfOrder("the tick is open already"));
        }
        self.guarded(Self::open)
    }

    /// Step 4 for one agent: its policy decides now, unless the agent is out.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] if no tick is open.
    pub fn ask(&mut self, agent: AgentId) -> Result<()> {
        self.check_sound()?;
        if !self.is_open {
            return Err(Error::OutOfOrder("no tick is open"));
        }
        if self.state.outages.since(agent).is_some() {
            return Ok(());
        }
        let desk = &mut self.desks[agent.ix()];
        desk.ask(&mut self.state, agent, self.ticks_per_day);
        self.busy[agent.ix() / 64] |= 1 << (agent.ix() % 64);
        Ok(())
    }

    /// Step 4 for every agent that was not asked in this tick.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] if no tick is open.
    pub fn ask_all(&mut self) -> Result<()> {
        for word in 0..self.busy.len() {
            let mut bits = self.busy[word] | self.state.internal.occupied(word);
            while bits != 0 {
                self.ask(AgentId(word as u32 * 64 + bits.trailing_zeros()))?;
                bits &= bits - 1;
            }
        }
        if self.is_open {
            Ok(())
        } else {
            Err(Error::OutOfOrder("no tick is open"))
        }
    }

    /// Buffers a decision of an agent for step 4 of the open tick, else of the next.
    ///
    /// # Errors
    /// [`Error::Decision`] if the agent cannot take it now.
    pub fn decide(&mut self, agent: AgentId, decision: Decision) -> Result<()> {
        self.check_sound()?;
        self.desks[agent.ix()].decide(&mut self.state, &self.names, agent, decision)?;
        self.busy[agent.ix() / 64] |= 1 << (agent.ix() % 64);
        Ok(())
    }

    /// Decides to release a held transaction with a new priority: both or neither.
    ///
    /// # Errors
    /// [`Error::Decision`] if the agent cannot do so now.
    pub fn release_as(&mut self, agent: AgentId, id: TransactionId, priority: u8) -> Result<()> {
        self.decide(agent, Decision::Reprioritise(id, priority))?;
        self.decide(agent, Decision::Release(id)).inspect_err(|_| {
            self.desks[agent.ix()].pending.pop();
        })
    }

    /// Applies what was decided, then steps 5 to 12.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] if no tick is open; [`Error::Overflow`].
    pub fn close_tick(&mut self) -> Result<Outcome> {
        self.check_sound()?;
        if !self.is_open {
            return Err(Error::OutOfOrder("no tick is open"));
        }
        self.guarded(Self::close)?;
        Ok(self.outcome)
    }

    /// Whole ticks: open, ask every policy, close. The outcome of the last.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] if a tick is open; [`Error::Overflow`].
    pub fn advance(&mut self, ticks: u32) -> Result<Outcome> {
        for _ in 0..ticks {
            self.open_tick()?;
            self.ask_all()?;
            self.close_tick()?;
        }
        Ok(self.outcome)
    }

    /// Lets the log have so many events, from now on; a tick with which it would have more fails.
    pub fn limit_events(&mut self, most: usize) {
        self.state.journal.limit(Some(most));
    }

    /// Runs a part of a tick. One that fails, or does not come back, leaves the system in the middle
    /// of a tick for good: it then refuses everything.
    fn guarded(&mut self, part: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        self.check_sound()?;
        self.is_sound = false;
        part(self).inspect_err(|error| self.failure = Some(error.clone()))?;
        self.is_sound = true;
        Ok(())
    }

    /// Makes sure that no part of a tick has failed.
    ///
    /// # Errors
    /// What it failed with.
    pub fn check_sound(&self) -> Result<()> {
        match &self.failure {
            _ if self.is_sound => Ok(()),
            Some(failure) => Err(failure.clone()),
            None => Err(Error::OutOfOrder(
                "the kernel was interrupted in the middle of a tick",
            )),
        }
    }
}

fn name_extra(transactions: &mut Transactions, number: u32, event: &ScenarioEvent) {
    if let Change::Arrive(extra) = &event.change {
        transactions.name_extra(number, &extra.id, event.every_ticks.is_some());
    }
}

fn opening(agent: &AgentSpec) -> Opening {
    Opening {
        balance: agent.opening_balance,
        credit_limit: agent.credit_limit,
        liquidity_pool: agent.liquidity_pool,
    }
}

fn account(agent: &AgentSpec) -> Account {
    Account {
        balance: agent.opening_balance,
        floor: -agent.credit_limit,
        credit_limit: agent.credit_limit,
        pool: agent.liquidity_pool,
        balance_at_open: agent.opening_balance,
        ..Account::default()
    }
}
