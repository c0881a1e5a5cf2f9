//! What a case is given: the scenario and the decisions.

use paysim_kernel::behaviour::policies::Policy;
use paysim_kernel::costs::DeadlinePenalty;
use paysim_kernel::ids::{AgentId, NONE};
use paysim_kernel::rate::parse_multiplier;
use paysim_kernel::rules::{EndOfDay, QueueDiscipline};
use paysim_kernel::spec::Spec;

use crate::support;

use super::words::{Parsed, Words, unknown};

/// A decision as a table states it.
pub enum Choice {
    Release(String, Option<u8>),
    Split(String, u32),
    Withdraw(String),
    Reprioritise(String, u8),
    Budget(Option<i64>),
}

/// A decision of an agent in a tick.
pub struct Move {
    pub line: usize,
    pub tick: u32,
    pub agent: AgentId,
    /// False if it must be refused.
    pub possible: bool,
    pub choice: Choice,
}

/// Everything a case is given.
pub struct Given {
    pub spec: Spec,
    pub names: Vec<String>,
    pub moves: Vec<Move>,
    pub run: Option<u32>,
    pub last_tick: u32,
    /// Delay multipliers of the classes and of being overdue.
    multipliers: [String; 4],
}

impl Default for Given {
    fn default() -> Self {
        let mut spec = support::spec();
        let given = &mut spec.transactions;
        (given.deadline_ticks, given.priorities, given.divisible) =
            (Some(Vec::new()), Some(Vec::new()), Some(Vec::new()));
        Self {
            spec,
            names: Vec::new(),
            moves: Vec::new(),
            run: None,
            last_tick: 0,
            multipliers: ["1", "1", "1", "1"].map(str::to_owned),
        }
    }
}

impl Given {
    /// Takes a line; `false` if its keyword gives nothing.
    pub fn take(&mut self, keyword: &str, line: usize, words: &mut Words) -> Parsed<bool> {
        match keyword {
            "day" => {
                self.spec.ticks_per_day = words.number("ticks per day")?;
                words.need("ticks")?;
            }
            "run" => {
                self.run = Some(words.number("ticks to run")?);
                words.need("ticks")?;
            }
            "agents" => self.agents(words)?,
            "policy" => words.items(|words| self.policy(words))?,
            "rules" => words.items(|words| self.rule(words))?,
            "rates" => words.items(|words| self.cost_rate(words))?,
            "arrive" => self.arrivals(words)?,
            "decide" => {
                let tick = words.tick()?.ok_or("decisions need a tick")?;
                self.last_tick = self.last_tick.max(tick);
                words.items(|words| self.decision(line, tick, words))?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The agent of that name.
    pub fn agent(&self, name: &str) -> Parsed<AgentId> {
        let at = self.spec.agents.iter().position(|agent| agent.id == name);
        at.map(|ix| AgentId(ix as u32))
            .ok_or_else(|| format!("no agent {name:?}"))
    }

    /// The name if it is a transaction's, or a part's of one.
    pub fn transaction(&self, name: &str) -> Parsed<String> {
        let whole = name.split('/').next().unwrap_or(name);
        if self.names.iter().any(|known| known == whole) {
            Ok(name.to_owned())
        } else {
            Err(format!("no transaction {name:?}"))
        }
    }

    fn agents(&mut self, words: &mut Words) -> Parsed<()> {
        while words.more() {
            let id = words.take("an agent")?;
            if self.agent(id).is_ok() {
                return Err(format!("agent {id:?} is there already"));
            }
            let mut agent = support::agent(id, words.number("the opening balance")?);
            loop {
                if words.have("credit") {
                    agent.credit_limit = words.number("the credit limit")?;
                } else if words.have("pool") {
                    agent.liquidity_pool = words.number("the liquidity pool")?;
                } else if words.have("fraction") {
                    agent.liquidity_allocation_fraction = words.rate("the fraction")?;
                } else {
                    break;
                }
            }
            self.spec.agents.push(agent);
        }
        Ok(())
    }

    fn policy(&mut self, words: &mut Words) -> Parsed<()> {
        let agent = self.agent(words.take("an agent")?)?;
        let name = words.take("a policy")?;
        let mut parameter = |name: &str, default: i64| {
            if words.have(name) {
                words.number(name)
            } else {
                Ok(default)
            }
        };
        let small = |value: i64| u32::try_from(value).map_err(|error| error.to_string());
        self.spec.agents[agent.ix()].policy = match name {
            "fifo" => Policy::Fifo,
            "scripted" => Policy::Scripted,
            "deadline" => Policy::Deadline {
                urgency_threshold: parameter("urgency_threshold", 10)?,
            },
            "liquidity_aware" => Policy::LiquidityAware {
                target_buffer: parameter("target_buffer", 100_000)?,
                urgency_threshold: parameter("urgency_threshold", 10)?,
            },
            "liquidity_splitting" => Policy::LiquiditySplitting {
                max_splits: small(parameter("max_splits", 5)?)?,
                min_split_amount: parameter("min_split_amount", 10_000)?,
            },
            "mock_splitting" => Policy::MockSplitting {
                num_splits: small(parameter("num_splits", 2)?)?,
            },
            other => return Err(unknown(other)),
        };
        Ok(())
    }

    fn rule(&mut self, words: &mut Words) -> Parsed<()> {
        let rules = &mut self.spec.rules;
        let name = words.take("a rule")?;
        match name {
            "max_cycle_length" => rules.max_cycle_length = words.number(name)?,
            "max_rings_per_tick" => rules.max_rings_per_tick = words.number(name)?,
            "urgent" => rules.priority_classes.urgent = words.number(name)?,
            "high" => rules.priority_classes.high = words.number(name)?,
            "bilateral_offsetting" => rules.bilateral_offsetting = switch(words)?,
            "cycles" => rules.cycles = switch(words)?,
            "gridlock_resolution" => rules.gridlock_resolution = switch(words)?,
            "deferred_crediting" => rules.deferred_crediting = switch(words)?,
            "queue_discipline" => {
                rules.queue_discipline = match words.take(name)? {
                    "fifo_bypass" => QueueDiscipline::FifoBypass,
                    "strict_fifo" => QueueDiscipline::StrictFifo,
                    other => return Err(unknown(other)),
                }
            }
            "end_of_day" => {
                rules.end_of_day = match words.take(name)? {
                    "carry_over" => EndOfDay::CarryOver,
                    "cancel" => EndOfDay::Cancel,
                    "settle_on_credit" => EndOfDay::SettleOnCredit,
                    other => return Err(unknown(other)),
                }
            }
            other => return Err(unknown(other)),
        }
        Ok(())
    }

    fn cost_rate(&mut self, words: &mut Words) -> Parsed<()> {
        let rates = &mut self.spec.cost_rates;
        let name = words.take("a cost rate")?;
        match name {
            "overdraft_bps_per_tick" => rates.overdraft_bps_per_tick = words.rate(name)?,
            "delay_cost_per_tick_per_cent" => {
                rates.delay_cost_per_tick_per_cent = words.rate(name)?;
            }
            "liquidity_bps_per_tick" => rates.liquidity_bps_per_tick = words.rate(name)?,
            "split_friction_cost" => rates.split_friction_cost = words.rate(name)?,
            "eod_penalty_per_transaction" => {
                rates.eod_penalty_per_transaction = words.rate(name)?
            }
            "eod_borrowing_bps" => rates.eod_borrowing_bps = words.rate(name)?,
            "deadline_penalty" => {
                rates.deadline_penalty = if words.have("bps") {
                    DeadlinePenalty::Bps(words.rate(name)?)
                } else {
                    DeadlinePenalty::Fixed(words.rate(name)?)
                }
            }
            "delay_applies_to" => {
                let (internal, central) = match words.take(name)? {
                    "both" => (true, true),
                    "internal" => (true, false),
                    "central" => (false, true),
                    other => return Err(unknown(other)),
                };
                rates.delay_in_internal_queue = internal;
                rates.delay_in_central_queue = central;
            }
            "overdue_delay_multiplier" => {
                self.multipliers[3] = words.take(name)?.to_owned();
                return self.multiply();
            }
            "priority_delay_multipliers" => {
                for (at, class) in ["urgent", "high", "normal"].into_iter().enumerate() {
                    if words.have(class) {
                        self.multipliers[at] = words.take(class)?.to_owned();
                    }
                }
                return self.multiply();
            }
            other => return Err(unknown(other)),
        }
        Ok(())
    }

    fn multiply(&mut self) -> Parsed<()> {
        let [.., overdue] = &self.multipliers;
        let rows = &mut self.spec.cost_rates.delay_multipliers;
        for (row, class) in rows.iter_mut().zip(&self.multipliers) {
            for (product, late) in row.iter_mut().zip(["1", overdue]) {
                *product = parse_multiplier(class, late).map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }

    fn arrivals(&mut self, words: &mut Words) -> Parsed<()> {
        let tick = words.tick()?.ok_or("arrivals need a tick")?;
        self.last_tick = self.last_tick.max(tick);
        while words.more() {
            let name = words.take("a transaction")?;
            if self.transaction(name).is_ok() {
                return Err(format!("transaction {name:?} is there already"));
            }
            let edge = words.take("sender->receiver")?;
            let (sender, receiver) = edge
                .split_once("->")
                .ok_or_else(|| format!("sender->receiver is due (found {edge:?})"))?;
            let (sender, receiver) = (self.agent(sender)?, self.agent(receiver)?);
            let amount = words.number("the amount")?;
            let (mut priority, mut deadline, mut divisible) = (5, NONE, true);
            loop {
                if words.have("priority") {
                    priority = words.number("the priority")?;
                } else if words.have("deadline") {
                    deadline = words.number("the deadline")?;
                } else if words.have("indivisible") {
                    divisible = false;
                } else {
                    break;
                }
            }
            let given = &mut self.spec.transactions;
            given.ids.push(name);
            given.senders.push(sender);
            given.receivers.push(receiver);
            given.amounts.push(amount);
            given.arrival_ticks.push(tick);
            given.deadline_ticks.get_or_insert_default().push(deadline);
            given.priorities.get_or_insert_default().push(priority);
            given.divisible.get_or_insert_default().push(divisible);
            self.names.push(name.to_owned());
        }
        Ok(())
    }

    fn decision(&mut self, line: usize, tick: u32, words: &mut Words) -> Parsed<()> {
        let agent = self.agent(words.take("an agent")?)?;
        let possible = !words.have("cannot");
        let verb = words.take("a decision")?;
        let stem = if possible {
            verb.strip_suffix('s').ok_or_else(|| unknown(verb))?
        } else {
            verb
        };
        let choice = match stem {
            "release" => {
                let name = self.transaction(words.take("a transaction")?)?;
                let priority = words.have("as").then(|| words.number("the priority"));
                Choice::Release(name, priority.transpose()?)
            }
            "split" => {
                let name = self.transaction(words.take("a transaction")?)?;
                words.need("into")?;
                Choice::Split(name, words.number("the parts")?)
            }
            "withdraw" => Choice::Withdraw(self.transaction(words.take("a transaction")?)?),
            "reprioritise" => {
                let name = self.transaction(words.take("a transaction")?)?;
                words.need("to")?;
                Choice::Reprioritise(name, words.number("the priority")?)
            }
            "budget" => Choice::Budget(if words.have("none") {
                None
            } else {
                Some(words.number("the budget")?)
            }),
            _ => return Err(unknown(verb)),
        };
        self.moves.push(Move {
            line,
            tick,
            agent,
            possible,
            choice,
        });
        Ok(())
    }
}

fn switch(words: &mut Words) -> Parsed<bool> {
    match words.take("on or off")? {
        "on" => Ok(true),
        "off" => Ok(false),
        other => Err(unknown(other)),
    }
}
