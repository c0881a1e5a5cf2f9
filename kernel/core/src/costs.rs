//! What liquidity and delay cost, exactly.
//!
//! A running cost is a rate times a quantity held over ticks, so an agent's meter integrates the
//! quantity (minor units times ticks) and touches it only when it changes; the rate is applied
//! when somebody looks. Idle ticks cost nothing to account for, and order and grouping of ticks
//! cannot change a figure.

use crate::error::{Error, Result};
use crate::ids::{AgentId, Tick};
use crate::queue::Class;
use crate::rate::Rate;
use crate::transaction::Status;

/// Components of cost, in the order of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Component {
    /// Negative balance, over time.
    Overdraft,
    /// Unsettled transactions, over time.
    Delay,
    /// Allocated liquidity, over time.
    Liquidity,
    /// Splits.
    SplitFriction,
    /// Missed deadlines.
    DeadlinePenalty,
    /// Transactions unsettled at a close, or cancelled by it.
    EndOfDayPenalty,
    /// Loans outstanding at a close.
    EndOfDayBorrowing,
}

/// Number of components.
pub const COMPONENTS: usize = 7;
/// Number of components that run with time; they come first.
pub const RUNNING: usize = 3;

impl Component {
    /// All of them, in order.
    pub const ALL: [Self; COMPONENTS] = [
        Self::Overdraft,
        Self::Delay,
        Self::Liquidity,
        Self::SplitFriction,
        Self::DeadlinePenalty,
        Self::EndOfDayPenalty,
        Self::EndOfDayBorrowing,
    ];

    /// The word of reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Overdraft => "overdraft",
            Self::Delay => "delay",
            Self::Liquidity => "liquidity",
            Self::SplitFriction => "split_friction",
            Self::DeadlinePenalty => "deadline_penalty",
            Self::EndOfDayPenalty => "end_of_day_penalty",
            Self::EndOfDayBorrowing => "end_of_day_borrowing",
        }
    }
}

/// The deadline penalty: a sum, or a share of the amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadlinePenalty {
    /// This many minor units.
    Fixed(Rate),
    /// This many basis points of the amount.
    Bps(Rate),
}

/// All cost rates of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostRates {
    /// Basis points of the negative balance, per tick.
    pub overdraft_bps_per_tick: Rate,
    /// Minor units per minor unit unsettled, per tick.
    pub delay_cost_per_tick_per_cent: Rate,
    /// Multiplier of delay by class (urgent, high, normal), then by being overdue; units of 1e-4.
    pub delay_multipliers: [[i64; 2]; 3],
    /// Whether delay runs in the internal queue.
    pub delay_in_internal_queue: bool,
    /// Whether delay runs in the central queue.
    pub delay_in_central_queue: bool,
    /// Basis points of allocated liquidity, per tick.
    pub liquidity_bps_per_tick: Rate,
    /// Minor units per part beyond the first.
    pub split_friction_cost: Rate,
    /// Once, when a transaction becomes overdue.
    pub deadline_penalty: DeadlinePenalty,
    /// Minor units per transaction unsettled at a close.
    pub eod_penalty_per_transaction: Rate,
    /// Basis points of loans outstanding, at each close.
    pub eod_borrowing_bps: Rate,
}

impl CostRates {
    /// What a transaction adds to its sender's delay quantity where it stands: minor units times
    /// multiplier, in units of 1e-4.
    #[inline]
    pub fn delay_weight(&self, amount: i64, status: Status, class: Class, overdue: bool) -> i128 {
        let counts = match status {
            Status::Held => self.delay_in_internal_queue,
            Status::Queued | Status::Released => self.delay_in_central_queue,
            Status::Settled | Status::Cancelled | Status::Split => false,
        };
        if !counts || self.delay_cost_per_tick_per_cent.is_zero() {
            return 0;
        }
        let multiplier = self.delay_multipliers[class as usize][usize::from(overdue)];
        i128::from(amount) * i128::from(multiplier)
    }

    fn running_rate(&self, running: usize) -> Rate {
        [
            self.overdraft_bps_per_tick,
            self.delay_cost_per_tick_per_cent,
            self.liquidity_bps_per_tick,
        ][running]
    }
}

/// A quantity and its integral over ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Meter {
    level: i128,
    integral: i128,
    /// First tick that is not in the integral.
    since: Tick,
}

impl Meter {
    /// Changes the level from tick `from` on.
    #[inline]
    fn add(&mut self, from: Tick, change: i128) -> Option<()> {
        if self.since != from {
            self.integral = self.through(from)?;
            self.since = from;
        }
        self.level = self.level.checked_add(change)?;
        Some(())
    }

    /// The integral over all ticks before `end`.
    #[inline]
    fn through(&self, end: Tick) -> Option<i128> {
        self.level
            .checked_mul(i128::from(end - self.since))?
            .checked_add(self.integral)
    }
}

/// Meters and charges of one agent, or of the system.
#[derive(Debug, Clone, Default)]
struct Account {
    meters: [Meter; RUNNING],
    charges: [i128; COMPONENTS - RUNNING],
}

/// The cost accounts of all agents and of the system.
#[derive(Debug, Clone)]
pub struct Costs {
    rates: CostRates,
    agents: Vec<Account>,
    system: Account,
}

impl Costs {
    pub(crate) fn new(rates: CostRates, agents: usize) -> Self {
        Self {
            rates,
            agents: vec![Account::default(); agents],
            system: Account::default(),
        }
    }

    /// The rates in force.
    pub fn rates(&self) -> &CostRates {
        &self.rates
    }

    /// Changes a running component's quantity from tick `from` on.
    #[inline]
    pub(crate) fn change(
        &mut self,
        agent: AgentId,
        component: Component,
        from: Tick,
        change: i128,
    ) -> Result<()> {
        let running = component as usize;
        if change == 0 || self.rates.running_rate(running).is_zero() {
            return Ok(());
        }
        let own = &mut self.agents[agent.ix()].meters[running];
        own.add(from, change)
            .and_then(|()| self.system.meters[running].add(from, change))
            .ok_or_else(|| Error::overflow(format!("the {} cost", component.word())))
    }

    /// Charges a one-off cost, in cost units.
    pub(crate) fn charge(
        &mut self,
        agent: AgentId,
        component: Component,
        cost: i128,
    ) -> Result<()> {
        let at = component as usize - RUNNING;
        for account in [&mut self.agents[agent.ix()], &mut self.system] {
            account.charges[at] = account.charges[at]
                .checked_add(cost)
                .ok_or_else(|| Error::overflow(format!("the {} cost", component.word())))?;
        }
        Ok(())
    }

    /// An agent's costs by component through all ticks before `end`, in cost units.
    ///
    /// # Errors
    /// [`Error::Overflow`] if one does not fit.
    pub fn of(&self, agent: AgentId, end: Tick) -> Result<[i128; COMPONENTS]> {
        self.by_component(&self.agents[agent.ix()], end)
    }

    /// The system's costs by component through all ticks before `end`, in cost units.
    ///
    /// # Errors
    /// [`Error::Overflow`] if one does not fit.
    pub fn of_system(&self, end: Tick) -> Result<[i128; COMPONENTS]> {
        self.by_component(&self.system, end)
    }

    #[inline]
    fn by_component(&self, account: &Account, end: Tick) -> Result<[i128; COMPONENTS]> {
        let mut costs = [0; COMPONENTS];
        for (running, meter) in account.meters.iter().enumerate() {
            let rate = self.rates.running_rate(running);
            if !rate.is_zero() {
                let integral = meter
                    .through(end)
                    .ok_or_else(|| Error::overflow("a cost"))?;
                costs[running] = rate.cost_of_quantity(integral)?;
            }
        }
        costs[RUNNING..].copy_from_slice(&account.charges);
        Ok(costs)
    }
}

/// The sum of costs by component, in cost units.
///
/// # Errors
/// [`Error::Overflow`] if it does not fit.
pub fn sum(costs: &[i128; COMPONENTS]) -> Result<i128> {
    costs
        .iter()
        .try_fold(0_i128, |sum, cost| sum.checked_add(*cost))
        .ok_or_else(|| Error::overflow("a sum of costs"))
}
