//! Moves made again, each checked before it is made.

use crate::amount::AMOUNT_MAX;
use crate::decision::{PARTS_MAX, split};
use crate::error::{Error, Result};
use crate::event::{Cause, Kind};
use crate::ids::{AgentId, NONE, Tick, TransactionId};
use crate::ledger::Posting;
use crate::penalties;
use crate::queue::Line;
use crate::rules::{crediting, end_of_day, liquidity_pool};
use crate::scenario_events::Change;
use crate::system::System;
use crate::transaction::{Status, Transaction};

use super::damaged;
use super::moves::{COSTS, EVENTS, Move, SETTLEMENT};

/// A new system on its way to where a saved one stood.
pub(super) struct Replay<'a> {
    system: &'a mut System,
    /// The tick that the saved system would have opened next.
    end: Tick,
    /// Released in the tick at hand, and neither settled nor queued yet.
    released: usize,
    /// The step of the tick at hand that the last move was of.
    step: u8,
    /// The process that the last drawn arrival of the tick at hand came from, and its position.
    drawn: Option<(usize, u32)>,
}

impl<'a> Replay<'a> {
    pub fn new(system: &'a mut System, end: Tick) -> Self {
        Self {
            system,
            end,
            released: 0,
            step: 0,
            drawn: None,
        }
    }

    /// Makes the next moves.
    pub fn make_all(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let (step, rest): (Move, _) =
                postcard::take_from_bytes(bytes).map_err(|_| damaged("a move is not whole"))?;
            bytes = rest;
            if let Move::Later(ticks) = step {
                self.go_on(ticks)?;
                continue;
            }
            if self.system.state.tick >= self.end {
                return Err(damaged("a move is of a tick that was not opened"));
            }
            let events = self.system.state.journal.len();
            if (events == 0) != (step == Move::OpenAccounts) {
                return Err(damaged("its accounts are not opened first"));
            }
            self.system.state.journal.check_room()?;
            self.stand_at(step.step())?;
            self.make(step)?;
            if self.system.state.journal.len() == events {
                return Err(damaged("a move leaves no event"));
            }
        }
        Ok(())
    }

    /// Goes to a later tick.
    fn go_on(&mut self, ticks: Tick) -> Result<()> {
        let tick = self.system.state.tick.checked_add(ticks);
        let tick = tick.filter(|&tick| ticks > 0 && tick < self.end);
        let tick = tick.ok_or_else(|| damaged("its ticks are not in order"))?;
        self.leave_tick()?;
        if ticks > 1 {
            // The ticks between have retried whoever was in line, in vain.
            self.work_off_line();
        }
        self.enter(tick)
    }

    /// Stands in a tick, on the day that it is of.
    fn enter(&mut self, tick: Tick) -> Result<()> {
        self.check_nothing_due_before(tick)?;
        let ticks_per_day = self.system.ticks_per_day;
        let state = &mut self.system.state;
        if tick / ticks_per_day > state.tick / ticks_per_day {
            for agent in state.ledger.agents() {
                state.ledger.close_day(agent);
                state.ledger.open_day(agent);
            }
        }
        (state.tick, state.accrues_from) = (tick, tick);
        (self.step, self.drawn) = (0, None);
        Ok(())
    }

    /// What the scenario states for the ticks before has happened in them.
    fn check_nothing_due_before(&self, tick: Tick) -> Result<()> {
        let system = &*self.system;
        let given = system.agenda.get(system.next_given);
        let given = given.map(|&row| system.given.arrival_ticks[row as usize]);
        if given.is_some_and(|due| due < tick) || system.schedule.next() < tick {
            return Err(damaged("it leaves out what its scenario states"));
        }
        Ok(())
    }

    fn leave_tick(&mut self) -> Result<()> {
        self.stand_at(u8::MAX)?;
        if self.released > 0 {
            return Err(damaged("a released transaction was not tried"));
        }
        let system = &mut *self.system;
        require(system.next_extra == system.extras.len())?;
        system.extras.clear();
        system.next_extra = 0;
        self.system.released.clear();
        self.system.leave_tick();
        Ok(())
    }

    /// Stands at a step of the tick at hand.
    fn stand_at(&mut self, step: u8) -> Result<()> {
        if step < self.step {
            return Err(damaged("its moves are not in the order of a tick"));
        }
        if step > EVENTS && self.step <= EVENTS {
            if self.next_event().is_some() {
                return Err(damaged("a scenario event is left out"));
            }
            self.system.extras.sort_by_key(|(sender, _)| *sender);
        }
        if step > SETTLEMENT && self.step <= SETTLEMENT {
            self.work_off_line();
        }
        if step >= COSTS {
            self.system.state.accrues_from = self.system.state.tick + 1;
        }
        self.step = step;
        Ok(())
    }

    /// Stands where steps 5 to 7 have retried whoever was in line; a halt keeps the line.
    fn work_off_line(&mut self) {
        if !self.system.state.halted {
            self.system.state.line = Line::new(self.system.names.len());
        }
    }

    /// Stands before the tick at the end.
    pub fn finish(mut self) -> Result<()> {
        let last = match self.end.checked_sub(1) {
            Some(last) => last,
            None => return Ok(()),
        };
        if self.system.state.journal.is_empty() {
            return Err(damaged("its accounts are not opened"));
        }
        self.leave_tick()?;
        if last > self.system.state.tick {
            self.work_off_line();
            self.enter(last)?;
        }
        self.check_nothing_due_before(self.end)?;
        let end = self.end;
        let system = self.system;
        if end.is_multiple_of(system.ticks_per_day) {
            for agent in system.state.ledger.agents() {
                system.state.ledger.close_day(agent);
            }
        }
        (system.state.tick, system.state.accrues_from) = (end, end);
        Ok(())
    }

    fn make(&mut self, step: Move) -> Result<()> {
        match step {
            Move::Later(_) => Ok(()),
            Move::OpenAccounts => {
                require(self.system.state.tick == 0)?;
                self.system.open_accounts();
                Ok(())
            }
            Move::OpenDay(agent) => {
                self.check_agent(agent)?;
                let fraction = self.system.fractions[agent.ix()];
                liquidity_pool::open(&mut self.system.state, agent, fraction)
            }
            Move::Happen(event) => {
                require(self.next_event() == Some(event))?;
                self.system.happen(event)
            }
            Move::ArriveExtra(event) => {
                let due = self.system.extras.get(self.system.next_extra);
                require(due.is_some_and(|(_, due)| *due == event))?;
                self.system.next_extra += 1;
                self.system.arrive_extra(event)
            }
            Move::ArriveGiven(row) => {
                let (agenda, next) = (&self.system.agenda, self.system.next_given);
                require(agenda.get(next) == Some(&row))?;
                let arrival_tick = self.system.given.arrival_ticks[row as usize];
                require(arrival_tick == self.system.state.tick)?;
                self.system.next_given += 1;
                self.system.arrive_given(row)
            }
            Move::ArriveGenerated(agent, number) => {
                let processes = &self.system.processes;
                let at = processes.binary_search_by_key(&agent, |(sender, _)| *sender);
                let at = at.map_err(|_| damaged("an agent draws no transactions"))?;
                let position = number.checked_sub(1);
                let position = position.ok_or_else(|| damaged("positions count from 1"))?;
                require(match self.drawn {
                    Some((last, before)) if last == at => position == before + 1,
                    last => position == 0 && last.is_none_or(|(last, _)| last < at),
                })?;
                self.drawn = Some((at, position));
                self.system.arrive_generated(at, position)
            }
            Move::Release(id) => {
                require(self.status(id)? == Status::Held)?;
                let number = self.system.release_numbers;
                self.system.state.take_released(id, number)?;
                self.system.release_numbers += 1;
                self.released += 1;
                Ok(())
            }
            Move::Split(id, parts) => {
                let row = self.row(id)?;
                require(row.status == Status::Held && row.divisible)?;
                require((2..=PARTS_MAX).contains(&parts) && i64::from(parts) <= row.amount)?;
                self.released += parts as usize;
                let System {
                    state,
                    released,
                    release_numbers,
                    ..
                } = &mut *self.system;
                split(state, id, parts, released, release_numbers)
            }
            Move::Withdraw(id) => {
                require(self.status(id)? == Status::Queued)?;
                self.system.state.withdraw(id)
            }
            Move::Reprioritise(id, priority) => {
                require(self.row(id)?.is_unsettled() && priority <= 10)?;
                self.system.state.reprioritise(id, priority)
            }
            Move::SetReleaseBudget(agent, value) => {
                self.check_agent(agent)?;
                require(value.is_none_or(|value| (0..=AMOUNT_MAX).contains(&value)))?;
                let desk = &mut self.system.desks[agent.ix()];
                desk.set_budget(&mut self.system.state, agent, value);
                Ok(())
            }
            Move::Queue(id, cause) => {
                require(self.status(id)? == Status::Released)?;
                require(matches!(
                    cause,
                    Cause::Liquidity | Cause::Order | Cause::Halt
                ))?;
                require((cause == Cause::Halt) == self.system.state.halted)?;
                self.released -= 1;
                let state = &mut self.system.state;
                state.enqueue(id, cause)?;
                if cause == Cause::Halt {
                    state.retry(state.transactions[id].sender);
                }
                Ok(())
            }
            Move::Settle(id, cause) => self.settle(id, cause),
            Move::SettleTogether(ids, cause) => self.settle_together(ids, cause),
            Move::ReachRingLimit(rings) => {
                let (kind, nobody) = (Kind::RingLimitReached, AgentId(NONE));
                self.system
                    .state
                    .record(kind, Cause::None, nobody, NONE, rings);
                Ok(())
            }
            Move::EndDay => {
                require(self.is_last_of_day())?;
                end_of_day::run(&mut self.system.state)
            }
            Move::CreditDeferred => self.system.credit_deferred(),
            Move::BecomeOverdue => penalties::overdue(&mut self.system.state),
            Move::ChargeEndOfDay => {
                require(self.is_last_of_day())?;
                penalties::end_of_day(&mut self.system.state)
            }
            Move::CloseDay(agent) => {
                self.check_agent(agent)?;
                require(self.is_last_of_day())?;
                liquidity_pool::close(&mut self.system.state, agent)
            }
        }
    }

    fn settle(&mut self, id: TransactionId, cause: Cause) -> Result<()> {
        let status = self.status(id)?;
        require(!self.system.state.halted)?;
        match cause {
            Cause::Entry => {
                require(status == Status::Released)?;
                self.released -= 1;
            }
            Cause::QueueRelease => require(status == Status::Queued)?,
            _ => return Err(damaged("a transaction cannot settle alone so")),
        }
        require(self.system.state.settle_one(id, cause)?)
    }

    fn settle_together(&mut self, ids: Vec<TransactionId>, cause: Cause) -> Result<()> {
        require(cause.is_mechanism() && !self.system.state.halted)?;
        for &id in &ids {
            require(self.status(id)? == Status::Queued)?;
        }
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        require(sorted.windows(2).all(|pair| pair[0] != pair[1]))?;
        let posting = Posting { transactions: ids };
        let crediting = crediting(&self.system.state);
        require(self.system.state.settle(&posting, cause, crediting)?)
    }

    fn is_last_of_day(&self) -> bool {
        (self.system.state.tick + 1).is_multiple_of(self.system.ticks_per_day)
    }

    /// Takes the next scenario event of the tick at hand; those that let transactions arrive are
    /// kept for step 3.
    fn next_event(&mut self) -> Option<u32> {
        let system = &mut *self.system;
        while let Some(number) = system.schedule.take(system.state.tick) {
            match &system.schedule.events()[number as usize].change {
                Change::Arrive(extra) => system.extras.push((extra.sender, number)),
                _ => return Some(number),
            }
        }
        None
    }

    fn row(&self, id: TransactionId) -> Result<&Transaction> {
        let transactions = &self.system.state.transactions;
        require(id.0 < transactions.len())?;
        Ok(&transactions[id])
    }

    fn status(&self, id: TransactionId) -> Result<Status> {
        Ok(self.row(id)?.status)
    }

    fn check_agent(&self, agent: AgentId) -> Result<()> {
        require(agent.ix() < self.system.names.len())
    }
}

/// Refuses a move that no system could have made.
fn require(is_possible: bool) -> Result<()> {
    if is_possible {
        Ok(())
    } else {
        Err(Error::Saved(
            "the saved state is damaged: a move cannot be made where it stands".to_owned(),
        ))
    }
}
