//! What an agent sees of itself when it decides.

use paysim_kernel::System;
use paysim_kernel::ids::{AgentId, TransactionId};
use paysim_kernel::transaction::known;
use pyo3::prelude::*;

/// One transaction in an agent's own queues.
#[pyclass(frozen, get_all, module = "paysim._kernel")]
pub struct QueuedTransaction {
    /// Number in the kernel.
    index: u32,
    /// Its id.
    id: String,
    /// Who is to be paid.
    receiver_id: String,
    /// Minor units.
    amount: i64,
    /// When it arrived.
    arrival_tick: u32,
    /// Its deadline, if it has one.
    deadline_tick: Option<u32>,
    /// Ticks left to the deadline, or to the end of its day of arrival; negative once passed.
    ticks_to_deadline: i64,
    /// Ticks since it arrived.
    age_ticks: u32,
    /// 0 to 10, higher first.
    priority: u8,
    /// "urgent", "high" or "normal".
    priority_class: &'static str,
    /// Whether its deadline has passed.
    is_overdue: bool,
    /// Whether it may be split.
    divisible: bool,
}

#[pymethods]
impl QueuedTransaction {
    fn __repr__(&self) -> String {
        format!(
            "QueuedTransaction(id={:?}, receiver_id={:?}, amount={})",
            self.id, self.receiver_id, self.amount
        )
    }
}

/// An agent's own account, queues and day, and what the rules publish.
#[pyclass(frozen, get_all, module = "paysim._kernel")]
pub struct View {
    /// Whose view it is.
    agent_id: String,
    /// The tick.
    tick: u32,
    /// The day.
    day: u32,
    /// Ticks after this one until the day closes.
    ticks_left_in_day: u32,
    /// Minor units; negative while credit is used.
    balance: i64,
    /// What may be spent now.
    available_liquidity: i64,
    /// Intraday credit.
    credit_limit: i64,
    /// Available liquidity less the own central queue and what was released in this tick.
    free_liquidity: i128,
    /// Liquidity left in the pool.
    liquidity_pool: i64,
    /// Loan outstanding.
    loan: i64,
    /// Settled in its favour today, in minor units.
    day_inflow: i128,
    /// Settled at its expense today, in minor units.
    day_outflow: i128,
    /// What it holds and has not decided on, in order of arrival.
    internal_queue: Vec<Py<QueuedTransaction>>,
    /// What it has in the central queue and has not decided to withdraw, in order.
    central_queue: Vec<Py<QueuedTransaction>>,
    /// The scenario's cost rates.
    cost_rates: Py<PyAny>,
    /// The scenario's rules.
    rules: Py<PyAny>,
}

#[pymethods]
impl View {
    fn __repr__(&self) -> String {
        format!(
            "View(agent_id={:?}, tick={}, balance={}, internal_queue={}, central_queue={})",
            self.agent_id,
            self.tick,
            self.balance,
            self.internal_queue.len(),
            self.central_queue.len()
        )
    }
}

/// The view of one agent.
pub fn view(
    py: Python<'_>,
    system: &System,
    agent: AgentId,
    cost_rates: &Py<PyAny>,
    rules: &Py<PyAny>,
) -> PyResult<View> {
    let state = system.state();
    let account = &state.ledger[agent];
    let (tick, ticks_per_day) = (system.tick(), system.ticks_per_day());
    let queued = |ids: Vec<TransactionId>| -> PyResult<Vec<_>> {
        ids.into_iter()
            .map(|id| Py::new(py, queued(system, id)))
            .collect()
    };
    Ok(View {
        agent_id: system.names()[agent.ix()].clone(),
        tick,
        day: tick / ticks_per_day,
        ticks_left_in_day: ticks_per_day - 1 - tick % ticks_per_day,
        balance: account.balance,
        available_liquidity: account.available(),
        credit_limit: account.credit_limit,
        free_liquidity: system.free_liquidity(agent),
        liquidity_pool: account.pool,
        loan: account.loan,
        day_inflow: account.day_inflow,
        day_outflow: account.day_outflow,
        internal_queue: queued(system.undecided(agent))?,
        central_queue: queued(system.queued(agent))?,
        cost_rates: cost_rates.clone_ref(py),
        rules: rules.clone_ref(py),
    })
}

fn queued(system: &System, id: TransactionId) -> QueuedTransaction {
    let state = system.state();
    let row = &state.transactions[id];
    QueuedTransaction {
        index: id.0,
        id: state.transactions.id(id, system.names()),
        receiver_id: system.names()[row.receiver.ix()].clone(),
        amount: row.amount,
        arrival_tick: row.arrival_tick,
        deadline_tick: known(row.deadline_tick),
        ticks_to_deadline: system.ticks_to_deadline(row),
        age_ticks: system.tick().saturating_sub(row.arrival_tick),
        priority: row.priority,
        priority_class: state.rules.priority_classes.class(row.priority).word(),
        is_overdue: row.overdue,
        divisible: row.divisible,
    }
}
