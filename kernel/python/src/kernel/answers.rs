//! What the Python class tells of the system; nothing here changes it.

use std::path::PathBuf;

use paysim_kernel::ids::Tick;
use paysim_kernel::results::gridlocks::gridlocks;
use paysim_kernel::results::table::Table as Columns;
use paysim_kernel::results::{
    bilateral_table, delay_table, event_lines, event_table, position_table, queue_table,
    tick_tables, transaction_table, write_file,
};
use paysim_kernel::{Error, System};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::{Kernel, TICK};
use crate::errors::{Whole, plain};
use crate::figures::{self, Settled};
use crate::history;
use crate::table::Table;
use crate::view::{View, view};

#[pymethods]
impl Kernel {
    /// What an agent sees.
    fn view(&self, py: Python<'_>, agent: Whole) -> PyResult<View> {
        self.told(self.system.check_sound())?;
        view(
            py,
            &self.system,
            self.agent(agent)?,
            &self.cost_rates,
            &self.rules,
        )
    }

    /// Agents, transactions if they are wanted, and the central queue, as plain dicts.
    #[pyo3(signature = (transactions=true))]
    fn state<'py>(&self, py: Python<'py>, transactions: bool) -> PyResult<Bound<'py, PyDict>> {
        figures::state(py, &self.system, transactions)
    }

    /// How many transactions have arrived, parts included.
    #[getter]
    fn num_transactions(&self) -> u32 {
        self.system.state().transactions.len()
    }

    /// What an agent's costs so far come to, by component and in all.
    fn costs_of<'py>(
        &self,
        py: Python<'py>,
        agent: Whole,
    ) -> PyResult<(Bound<'py, PyDict>, String)> {
        self.told(self.system.check_sound())?;
        figures::costs_of(py, &self.system, self.agent(agent)?)
    }

    /// Balances, queues and costs, as they are now.
    fn standing<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.told(self.system.check_sound())?;
        figures::standing(py, &self.system)
    }

    /// What has settled since a tick: by cause, and by sender and receiver, each with its volume
    /// and its value.
    fn flows<'py>(&self, py: Python<'py>, since_tick: Whole) -> PyResult<Settled<'py>> {
        self.told(self.system.check_sound())?;
        figures::flows(py, &self.system, since_tick.narrow("since_tick", TICK)?)
    }

    /// Totals of the run so far.
    fn summary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        figures::totals(py, &self.system)
    }

    /// What a day came to, and how the system stands after it, when its last closed tick is the
    /// kernel's.
    fn day_figures<'py>(&self, py: Python<'py>, day: Whole) -> PyResult<Bound<'py, PyDict>> {
        figures::of_day(py, &self.system, day.narrow("day", TICK)?)
    }

    /// The event log as a table.
    fn events(&self, py: Python<'_>) -> PyResult<Table> {
        self.table(py, |system| Ok(event_table::events(system)))
    }

    /// Every transaction that has come to exist.
    fn transactions(&self, py: Python<'_>) -> PyResult<Table> {
        self.table(py, transaction_table::transactions)
    }

    /// Every agent at the end of every closed tick, or of those from one to before another.
    #[pyo3(signature = (first_tick=Whole(0), end_tick=None))]
    fn agents(
        &self,
        py: Python<'_>,
        first_tick: Whole,
        end_tick: Option<Whole>,
    ) -> PyResult<Table> {
        let first = first_tick.narrow("first_tick", TICK)?;
        let end = end_tick
            .map(|end| end.narrow("end_tick", TICK))
            .transpose()?;
        let ticks = first..end.unwrap_or(Tick::MAX);
        self.table(py, |system| tick_tables::agents(system, ticks.clone()))
    }

    /// The system at the end of every closed tick.
    fn ticks(&self, py: Python<'_>) -> PyResult<Table> {
        self.table(py, tick_tables::ticks)
    }

    /// The system over every day.
    fn days(&self, py: Python<'_>) -> PyResult<Table> {
        self.table(py, tick_tables::days)
    }

    /// Every cost that is not zero.
    fn costs(&self, py: Python<'_>) -> PyResult<Table> {
        self.table(py, tick_tables::costs)
    }

    /// Every stay in a queue.
    fn queues(&self, py: Python<'_>) -> PyResult<Table> {
        self.table(py, queue_table::queues)
    }

    /// Every ordered pair of agents over every day with anything to count.
    fn bilateral(&self, py: Python<'_>) -> PyResult<Table> {
        self.table(py, bilateral_table::bilateral)
    }

    /// Every agent's liquidity, net positions and obligations over every day.
    fn positions(&self, py: Python<'_>) -> PyResult<Table> {
        self.table(py, position_table::positions)
    }

    /// How long what settled had to wait, by day of arrival, sender and delay.
    fn delays(&self, py: Python<'_>) -> PyResult<Table> {
        self.table(py, delay_table::delays)
    }

    /// The life of a transaction; its nearest ids if there is no such.
    fn trace<'py>(&self, py: Python<'py>, transaction_id: &str) -> PyResult<Bound<'py, PyAny>> {
        self.told(self.system.check_sound())?;
        history::trace(py, &self.system, transaction_id)
    }

    /// What an agent saw and decided in a closed tick, and what became of its transactions.
    fn explain<'py>(
        &self,
        py: Python<'py>,
        agent: Whole,
        tick: Whole,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.told(self.system.check_sound())?;
        let agent = self.agent(agent)?;
        let tick = tick.narrow("tick", TICK)?;
        history::explain(py, &self.system, agent, tick)
    }

    /// Writes the event log as JSON lines, whole or not at all; the number of events.
    fn write_events(&self, py: Python<'_>, path: PathBuf) -> PyResult<usize> {
        self.told(self.system.check_sound())?;
        py.detach(|| write_file(&path, |out| event_lines::write(&self.system, out)))
            .map_err(plain)?;
        Ok(self.system.state().journal.len())
    }

    /// Whether each tick ended in a gridlock.
    fn gridlocks(&self, py: Python<'_>) -> PyResult<Vec<bool>> {
        self.told(self.system.check_sound())?;
        Ok(py.detach(|| gridlocks(&self.system)))
    }

    /// How many events there are.
    #[getter]
    fn num_events(&self) -> usize {
        self.system.state().journal.len()
    }

    /// The JSON lines of the events after so many, `most` at most and until `bytes_max` bytes are
    /// reached, and how many events stand before the one after.
    fn event_lines<'py>(
        &self,
        py: Python<'py>,
        first: Whole,
        most: Whole,
        bytes_max: Whole,
    ) -> PyResult<(Bound<'py, PyBytes>, usize)> {
        self.told(self.system.check_sound())?;
        let first = first.narrow("first", "at least 0")?;
        let most = most.narrow("most", "at least 0")?;
        let bytes_max = bytes_max.narrow("bytes_max", "at least 0")?;
        let (lines, next) = py.detach(|| event_lines::lines(&self.system, first, most, bytes_max));
        Ok((PyBytes::new(py, lines.as_bytes()), next))
    }

    /// The event log as JSON lines.
    fn events_jsonl<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.told(self.system.check_sound())?;
        let mut lines = Vec::new();
        py.detach(|| event_lines::write(&self.system, &mut lines))?;
        Ok(PyBytes::new(py, &lines))
    }
}

impl Kernel {
    fn table(
        &self,
        py: Python<'_>,
        derive: impl Fn(&System) -> Result<Columns, Error> + Sync,
    ) -> PyResult<Table> {
        self.told(self.system.check_sound())?;
        let derived = py.detach(|| derive(&self.system));
        Ok(Table::new(self.told(derived)?))
    }
}
