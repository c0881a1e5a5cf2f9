//! The state and the totals of a system as plain dicts.

use paysim_kernel::System;
use paysim_kernel::costs::{Component, sum};
use paysim_kernel::event::Cause;
use paysim_kernel::ids::{AgentId, Tick};
use paysim_kernel::rate::cost_text;
use paysim_kernel::results::rebuild::Flow;
use paysim_kernel::results::{day_figures, flows, summary};
use paysim_kernel::transaction::{Origin, Status, known};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::errors::told;

/// Agents, transactions and the central queue, as plain dicts.
pub fn state<'py>(
    py: Python<'py>,
    system: &System,
    has_transactions: bool,
) -> PyResult<Bound<'py, PyDict>> {
    told(system, system.check_sound())?;
    let state = system.state();
    let agents = PyDict::new(py);
    for agent in state.ledger.agents() {
        agents.set_item(&system.names()[agent.ix()], agent_state(py, system, agent)?)?;
    }
    let dict = PyDict::new(py);
    dict.set_item("agents", agents)?;
    if has_transactions {
        dict.set_item("transactions", transactions(py, system)?)?;
    }
    dict.set_item("queue_size", state.central.volume())?;
    dict.set_item("queue_value", state.central.value())?;
    Ok(dict)
}

fn transactions<'py>(py: Python<'py>, system: &System) -> PyResult<Bound<'py, PyDict>> {
    let state = system.state();
    let transactions = PyDict::new(py);
    let (remaining, splits) = (
        state.transactions.remaining_amounts(),
        state.transactions.splits(),
    );
    for (id, row) in state.transactions.iter() {
        let key = state.transactions.id(id, system.names());
        let entry = PyDict::new(py);
        entry.set_item("id", &key)?;
        entry.set_item("sender_id", &system.names()[row.sender.ix()])?;
        entry.set_item("receiver_id", &system.names()[row.receiver.ix()])?;
        entry.set_item("amount", row.amount)?;
        entry.set_item("remaining_amount", remaining[id.ix()])?;
        entry.set_item("arrival_tick", row.arrival_tick)?;
        entry.set_item("deadline_tick", known(row.deadline_tick))?;
        entry.set_item("priority", row.priority)?;
        entry.set_item("is_fully_settled", row.status == Status::Settled)?;
        entry.set_item("is_split", splits[id.ix()])?;
        if let Origin::Part { parent, .. } = row.origin {
            entry.set_item("parent_id", state.transactions.id(parent, system.names()))?;
        }
        transactions.set_item(key, entry)?;
    }
    Ok(transactions)
}

/// Totals of the run so far.
pub fn totals<'py>(py: Python<'py>, system: &System) -> PyResult<Bound<'py, PyDict>> {
    told(system, system.check_sound())?;
    let totals = told(system, summary::totals(system))?;
    let dict = PyDict::new(py);
    dict.set_item("ticks", system.tick())?;
    dict.set_item("events", system.state().journal.len())?;
    dict.set_item("arrivals", flow(py, totals.arrivals)?)?;
    dict.set_item("settlements", flow(py, totals.settlements)?)?;
    let by_cause = PyDict::new(py);
    for (cause, settled) in Cause::SETTLEMENTS.iter().zip(totals.settled_by) {
        by_cause.set_item(cause.word(), flow(py, settled)?)?;
    }
    dict.set_item("settled_by", by_cause)?;
    dict.set_item("unsettled", flow(py, totals.unsettled)?)?;
    dict.set_item("cancelled", flow(py, totals.cancelled)?)?;
    let peak = system.peak();
    let queue = PyDict::new(py);
    queue.set_item("volume", peak.volume)?;
    queue.set_item("volume_tick", peak.volume_tick)?;
    queue.set_item("value", peak.value)?;
    queue.set_item("value_tick", peak.value_tick)?;
    dict.set_item("peak_queue", queue)?;
    dict.set_item("cost", costs(py, &totals.costs)?)?;
    dict.set_item("total_cost", cost_text(totals.total_cost))?;
    let agents = PyList::empty(py);
    for (agent, own) in system.state().ledger.agents().zip(&totals.agents) {
        let entry = PyDict::new(py);
        entry.set_item("id", &system.names()[agent.ix()])?;
        entry.set_item("balance", system.state().ledger[agent].balance)?;
        entry.set_item("sent", flow(py, own.sent)?)?;
        entry.set_item("settled", flow(py, own.settled)?)?;
        entry.set_item("delayed", flow(py, own.delayed)?)?;
        entry.set_item("unsettled", flow(py, own.unsettled)?)?;
        entry.set_item("cost", costs(py, &own.costs)?)?;
        entry.set_item("total_cost", cost_text(own.total_cost))?;
        agents.append(entry)?;
    }
    dict.set_item("agents", agents)?;
    Ok(dict)
}

/// What an agent's costs so far come to, by component and in all.
pub fn costs_of<'py>(
    py: Python<'py>,
    system: &System,
    agent: AgentId,
) -> PyResult<(Bound<'py, PyDict>, String)> {
    let own = told(
        system,
        system.state().costs.of(agent, system.accrued_until()),
    )?;
    let total = told(system, sum(&own))?;
    Ok((costs(py, &own)?, cost_text(total)))
}

/// Balances, queues and costs, as they are now; nothing here looks at the event log.
pub fn standing<'py>(py: Python<'py>, system: &System) -> PyResult<Bound<'py, PyDict>> {
    let state = system.state();
    let agents = || state.ledger.agents();
    let mut held = Flow::default();
    for id in agents().flat_map(|agent| state.internal.iter(agent, &state.transactions)) {
        held.count(state.transactions[id].amount);
    }
    let queued = PyDict::new(py);
    queued.set_item("volume", state.central.volume())?;
    queued.set_item("value", state.central.value())?;
    let so_far = told(system, state.costs.of_system(system.accrued_until()))?;
    let balances: Vec<_> = agents().map(|agent| state.ledger[agent].balance).collect();
    let dict = PyDict::new(py);
    dict.set_item("balances", balances)?;
    dict.set_item("internal_queue", flow(py, held)?)?;
    dict.set_item("central_queue", queued)?;
    dict.set_item("cost", costs(py, &so_far)?)?;
    dict.set_item("total_cost", cost_text(told(system, sum(&so_far))?))?;
    Ok(dict)
}

/// Settlements by cause, and those between each two agents: their numbers, volume and value.
pub type Settled<'py> = (Bound<'py, PyDict>, Vec<(u32, u32, i64, i128)>);

/// What has settled since a tick.
pub fn flows<'py>(py: Python<'py>, system: &System, since: Tick) -> PyResult<Settled<'py>> {
    let settled = py.detach(|| flows::flows(system, since));
    let by_cause = PyDict::new(py);
    for (cause, own) in Cause::SETTLEMENTS.iter().zip(settled.settled_by) {
        by_cause.set_item(cause.word(), flow(py, own)?)?;
    }
    let pairs = settled.pairs.into_iter();
    let pairs = pairs.map(|((from, to), own)| (from.0, to.0, own.volume, own.value));
    Ok((by_cause, pairs.collect()))
}

/// What a day came to, and how the system stands after it, when its last closed tick is the
/// kernel's.
pub fn of_day<'py>(py: Python<'py>, system: &System, day: Tick) -> PyResult<Bound<'py, PyDict>> {
    told(system, system.check_sound())?;
    let figures = py.detach(|| day_figures::day_figures(system, day));
    let figures = told(system, figures)?;
    let dict = PyDict::new(py);
    dict.set_item("arrived", flow(py, figures.arrived)?)?;
    dict.set_item("settled", flow(py, figures.settled())?)?;
    for (cause, settled) in Cause::SETTLEMENTS.iter().zip(figures.settled_by) {
        dict.set_item(cause.word(), flow(py, settled)?)?;
    }
    dict.set_item("internal_queue", flow(py, figures.internal_queue)?)?;
    dict.set_item("central_queue", flow(py, figures.central_queue)?)?;
    dict.set_item("standing", flow(py, figures.standing)?)?;
    dict.set_item("gridlock_ticks", figures.gridlock.count)?;
    dict.set_item("gridlock_first_tick", figures.gridlock.first)?;
    dict.set_item("ring_limit_ticks", figures.ring_limit.count)?;
    dict.set_item("ring_limit_first_tick", figures.ring_limit.first)?;
    dict.set_item("rings", figures.rings)?;
    dict.set_item("cost_so_far", cost_text(figures.cost_so_far))?;
    Ok(dict)
}

fn agent_state<'py>(
    py: Python<'py>,
    system: &System,
    agent: AgentId,
) -> PyResult<Bound<'py, PyDict>> {
    let account = &system.state().ledger[agent];
    let cost = told(system, system.cost_of(agent))?;
    let entry = PyDict::new(py);
    entry.set_item("id", &system.names()[agent.ix()])?;
    entry.set_item("balance", account.balance)?;
    entry.set_item("credit_limit", account.credit_limit)?;
    entry.set_item("available_liquidity", account.available())?;
    entry.set_item("is_using_credit", account.balance < 0)?;
    entry.set_item("credit_used", account.balance.min(0).unsigned_abs())?;
    entry.set_item("liquidity_pressure", account.liquidity_pressure())?;
    entry.set_item("outgoing_queue_size", system.state().internal.volume(agent))?;
    entry.set_item("cost", cost_text(cost))?;
    Ok(entry)
}

fn flow(py: Python<'_>, flow: Flow) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("volume", flow.volume)?;
    dict.set_item("value", flow.value)?;
    Ok(dict)
}

fn costs<'py>(py: Python<'py>, costs: &[i128]) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (component, cost) in Component::ALL.iter().zip(costs) {
        dict.set_item(component.word(), cost_text(*cost))?;
    }
    Ok(dict)
}
