//! What scenario events do to the state: one move each, which changes it and records the event.
//!
//! `event` is always the number of the scenario event, which the log keeps.

use super::Change;
use crate::behaviour::arrivals::{ArrivalProcess, DeadlineOffset};
use crate::error::Result;
use crate::event::{Cause, Event, Kind};
use crate::ids::{AgentId, NONE};
use crate::state::State;
use crate::system::System;

impl System {
    /// Lets a scenario event happen in the tick at hand; an extra transaction arrives in step 3.
    pub(crate) fn happen(&mut self, event: u32) -> Result<()> {
        let state = &mut self.state;
        match &self.schedule.events()[event as usize].change {
            Change::InjectLiquidity(agent, amount) => state.apply_injection(*agent, *amount, event),
            Change::DrainLiquidity(agent, amount) => state.apply_drain(*agent, *amount, event),
            Change::SetCreditLimit(agent, limit) => {
                state.apply_credit_limit(*agent, *limit, event);
                Ok(())
            }
            Change::Transfer(sender, receiver, amount) => {
                state.apply_transfer(*sender, *receiver, *amount, event)
            }
            Change::Arrive(extra) => {
                self.extras.push((extra.sender, event));
                Ok(())
            }
            Change::SetArrivalRate(agent, multiplier) => {
                let (agent, multiplier) = (*agent, *multiplier);
                self.apply_arrival_rate(agent, multiplier, event);
                Ok(())
            }
            Change::SetCounterpartyWeight(agent, counterparty, weight) => {
                let (agent, counterparty, weight) = (*agent, *counterparty, *weight);
                self.apply_counterparty_weight(agent, counterparty, weight, event)
            }
            Change::SetDeadlineOffset(agent, offset) => {
                let (agent, offset) = (*agent, *offset);
                self.apply_deadline_offset(agent, offset, event);
                Ok(())
            }
            Change::BeginOutage(agent) => {
                state.apply_outage(*agent, event);
                Ok(())
            }
            Change::EndOutage(agent) => {
                state.apply_outage_end(*agent, event);
                Ok(())
            }
            Change::Halt => {
                state.apply_halt(true, event);
                Ok(())
            }
            Change::Resume => {
                state.apply_halt(false, event);
                Ok(())
            }
        }
    }

    /// From now on the rates of one agent, or of all, are this multiple of the configured ones.
    pub(crate) fn apply_arrival_rate(
        &mut self,
        agent: Option<AgentId>,
        multiplier: f64,
        event: u32,
    ) {
        for process in self.processes_of(agent) {
            process.set_rate_multiplier(multiplier);
        }
        self.state
            .record_scheduled(Kind::ArrivalRateChanged, agent, 0, event);
    }

    /// From now on a receiver of an agent's arrivals has this weight.
    pub(crate) fn apply_counterparty_weight(
        &mut self,
        agent: AgentId,
        counterparty: AgentId,
        weight: f64,
        event: u32,
    ) -> Result<()> {
        for process in self.processes_of(Some(agent)) {
            process.set_counterparty_weight(counterparty, weight)?;
        }
        self.state
            .record_scheduled(Kind::CounterpartyWeightChanged, Some(agent), 0, event);
        Ok(())
    }

    /// From now on the deadlines of one agent's arrivals, or of all, are drawn so.
    pub(crate) fn apply_deadline_offset(
        &mut self,
        agent: Option<AgentId>,
        offset: DeadlineOffset,
        event: u32,
    ) {
        for process in self.processes_of(agent) {
            process.set_deadline_offset(offset);
        }
        self.state
            .record_scheduled(Kind::DeadlineOffsetChanged, agent, 0, event);
    }

    fn processes_of(
        &mut self,
        agent: Option<AgentId>,
    ) -> impl Iterator<Item = &mut ArrivalProcess> {
        let range = match agent {
            None => 0..self.processes.len(),
            Some(agent) => {
                let at = self.processes.partition_point(|(own, _)| *own < agent);
                let is_there = self.processes.get(at).is_some_and(|(own, _)| *own == agent);
                at..at + usize::from(is_there)
            }
        };
        self.processes[range].iter_mut().map(|(_, process)| process)
    }
}

impl State {
    /// The central bank pays into an agent's account, and the agent joins the line.
    pub(crate) fn apply_injection(
        &mut self,
        agent: AgentId,
        amount: i64,
        event: u32,
    ) -> Result<()> {
        let before = self.ledger[agent].balance;
        self.ledger.inject(agent, amount)?;
        self.meter_overdraft(agent, before)?;
        self.record_scheduled(Kind::LiquidityInjected, Some(agent), amount, event);
        self.retry(agent);
        Ok(())
    }

    /// The central bank takes what is available of an amount; what it took is recorded.
    pub(crate) fn apply_drain(&mut self, agent: AgentId, amount: i64, event: u32) -> Result<()> {
        let before = self.ledger[agent].balance;
        let taken = self.ledger.drain(agent, amount)?;
        self.meter_overdraft(agent, before)?;
        self.record_scheduled(Kind::LiquidityDrained, Some(agent), taken, event);
        Ok(())
    }

    /// An agent gets another credit limit; a raise puts it in line.
    pub(crate) fn apply_credit_limit(&mut self, agent: AgentId, limit: i64, event: u32) {
        let rose = self.ledger.set_credit_limit(agent, limit);
        self.record_scheduled(Kind::CreditLimitChanged, Some(agent), limit, event);
        if rose {
            self.retry(agent);
        }
    }

    /// Money moves between two agents as in a settlement of one, or the refusal is recorded.
    pub(crate) fn apply_transfer(
        &mut self,
        sender: AgentId,
        receiver: AgentId,
        amount: i64,
        event: u32,
    ) -> Result<()> {
        let defer = self.rules.deferred_crediting;
        let before = (self.ledger[sender].balance, self.ledger[receiver].balance);
        if !self.ledger.transfer(sender, receiver, amount, defer)? {
            self.record_scheduled(Kind::DirectTransferRefused, Some(sender), amount, event);
            return Ok(());
        }
        self.meter_overdraft(sender, before.0)?;
        self.meter_overdraft(receiver, before.1)?;
        self.record_scheduled(Kind::DirectTransfer, Some(sender), amount, event);
        if defer {
            self.record(Kind::CreditDeferred, Cause::None, receiver, NONE, amount);
        } else {
            self.retry(receiver);
        }
        Ok(())
    }

    /// An agent decides nothing from this tick on.
    pub(crate) fn apply_outage(&mut self, agent: AgentId, event: u32) {
        self.outages.begin(agent, self.tick);
        self.record_scheduled(Kind::OutageBegan, Some(agent), 0, event);
    }

    /// An agent decides again from this tick on.
    pub(crate) fn apply_outage_end(&mut self, agent: AgentId, event: u32) {
        self.outages.end(agent);
        self.record_scheduled(Kind::OutageEnded, Some(agent), 0, event);
    }

    /// Steps 5 to 7 are skipped from this tick on, or not any more.
    pub(crate) fn apply_halt(&mut self, halted: bool, event: u32) {
        self.halted = halted;
        let kind = if halted { Kind::Halted } else { Kind::Resumed };
        self.record_scheduled(kind, None, 0, event);
    }

    fn record_scheduled(&mut self, kind: Kind, agent: Option<AgentId>, value: i64, event: u32) {
        let happening = Event {
            tick: self.tick,
            kind,
            cause: Cause::None,
            agent: agent.map_or(NONE, |agent| agent.0),
            transaction: NONE,
            link: NONE,
            value,
        };
        self.journal.push_scheduled(happening, event);
    }
}
