//! The order of business of a tick, readable in one place.

use super::{Outcome, System};
use crate::costs;
use crate::error::{Error, Result};
use crate::event::{Cause, Kind};
use crate::ids::{AgentId, NONE};
use crate::penalties;
use crate::rate::half_even;
use crate::rules::{end_of_day, entry, liquidity_pool, queue_release};
use crate::state::Counts;

impl System {
    /// Steps 1 to 3.
    pub(super) fn open(&mut self) -> Result<()> {
        if self.state.tick >= NONE - 1 {
            return Err(Error::overflow("the number of ticks"));
        }
        if self.state.tick == 0 {
            self.open_accounts();
        }
        if self.state.tick.is_multiple_of(self.ticks_per_day) {
            for agent in self.state.ledger.agents() {
                liquidity_pool::open(&mut self.state, agent, self.fractions[agent.ix()])?;
            }
        }
        if self.schedule.next() == self.state.tick {
            self.scenario_events()?;
        }
        self.arrivals()?;
        self.is_open = true;
        Ok(())
    }

    /// Steps 4 to 12, once every agent has decided.
    pub(super) fn close(&mut self) -> Result<()> {
        let last_of_day = (self.state.tick + 1).is_multiple_of(self.ticks_per_day);
        self.apply_decisions()?;
        self.settle_tick()?;
        if last_of_day {
            end_of_day::run(&mut self.state)?;
        }
        self.credit_deferred()?;
        self.accrue(last_of_day)?;
        if last_of_day {
            for agent in self.state.ledger.agents() {
                liquidity_pool::close(&mut self.state, agent)?;
            }
        }
        self.finish_tick()
    }

    /// Steps 5 to 7.
    fn settle_tick(&mut self) -> Result<()> {
        if self.state.halted {
            return entry::wait(&mut self.state, &mut self.released);
        }
        queue_release::run(&mut self.state)?;
        entry::run(&mut self.state, &mut self.released)?;
        self.mechanisms.run(&mut self.state)
    }

    pub(crate) fn open_accounts(&mut self) {
        for agent in self.state.ledger.agents() {
            let balance = self.state.ledger[agent].balance;
            self.state
                .record(Kind::AccountOpened, Cause::None, agent, NONE, balance);
        }
    }

    /// Step 2: what is due, in the order of the scenario.
    fn scenario_events(&mut self) -> Result<()> {
        while let Some(event) = self.schedule.take(self.state.tick) {
            self.happen(event)?;
        }
        self.extras.sort_by_key(|(sender, _)| *sender);
        Ok(())
    }

    /// Step 4: what each agent decided, in scenario order.
    fn apply_decisions(&mut self) -> Result<()> {
        for word in 0..self.busy.len() {
            let mut bits = std::mem::take(&mut self.busy[word]);
            while bits != 0 {
                let agent = AgentId(word as u32 * 64 + bits.trailing_zeros());
                bits &= bits - 1;
                let desk = &mut self.desks[agent.ix()];
                desk.asked = false;
                desk.apply(
                    &mut self.state,
                    agent,
                    &mut self.released,
                    &mut self.release_numbers,
                )?;
            }
        }
        Ok(())
    }

    /// Step 9.
    pub(crate) fn credit_deferred(&mut self) -> Result<()> {
        if !self.state.rules.deferred_crediting {
            return Ok(());
        }
        for (agent, amount) in self.state.ledger.credit_deferred()? {
            let before = self.state.ledger[agent].balance - amount;
            self.state.meter_overdraft(agent, before)?;
            self.state
                .record(Kind::Credited, Cause::None, agent, NONE, amount);
            self.state.retry(agent);
        }
        Ok(())
    }

    /// Step 10: running costs see the state up to here; penalties follow.
    fn accrue(&mut self, last_of_day: bool) -> Result<()> {
        self.state.accrues_from = self.state.tick + 1;
        penalties::overdue(&mut self.state)?;
        if last_of_day {
            penalties::end_of_day(&mut self.state)?;
        }
        Ok(())
    }

    /// Step 12.
    fn finish_tick(&mut self) -> Result<()> {
        let state = &mut self.state;
        let total = half_even(costs::sum(&state.costs.of_system(state.tick + 1)?)?);
        self.outcome = Outcome {
            tick: state.tick,
            counts: state.counts,
            total_cost: total - self.rounded_total,
        };
        self.rounded_total = total;
        self.leave_tick();
        self.state.tick += 1;
        self.state.accrues_from = self.state.tick;
        self.is_open = false;
        Ok(())
    }

    /// Notes how large the central queue is and forgets what was of this tick only.
    pub(crate) fn leave_tick(&mut self) {
        let state = &mut self.state;
        if state.central.volume() > self.peak.volume {
            (self.peak.volume, self.peak.volume_tick) = (state.central.volume(), state.tick);
        }
        if state.central.value() > self.peak.value {
            (self.peak.value, self.peak.value_tick) = (state.central.value(), state.tick);
        }
        state.counts = Counts::default();
        state.cancelled.clear();
    }
}
