//! Tables with a row per tick, per agent and tick, and per cost, derived from the event log.

use std::ops::Range;

use crate::costs::{COMPONENTS, Component, RUNNING};
use crate::error::Result;
use crate::ids::Tick;
use crate::results::closed::{Figures, day};
use crate::results::event_columns::push_name;
use crate::results::rebuild::{AgentTick, Flow, Rebuild};
use crate::results::table::{Coded, Column, Table, Texts, Values, Words};
use crate::system::System;

fn pair(flow: Flow) -> [i128; 2] {
    [i128::from(flow.volume), flow.value]
}

fn tick_and_day(system: &System, tick: Tick) -> [Option<i128>; 2] {
    [tick, day(system, tick)].map(|number| Some(i128::from(number)))
}

/// One row per agent and closed tick, of those of `ticks`.
///
/// # Errors
/// [`Error::Overflow`] if a cost or a sum does not fit.
pub fn agents(system: &System, ticks: Range<Tick>) -> Result<Table> {
    let mut names = Coded::default();
    let mut head = Figures::new(&["tick", "day"]);
    let mut body = Figures::new(&[
        "balance",
        "credit_limit",
        "available_liquidity",
        "liquidity_allocated",
        "liquidity_pool",
        "loan",
        "credits_deferred",
        "internal_queue_volume",
        "internal_queue_value",
        "central_queue_volume",
        "central_queue_value",
        "arrived_volume",
        "arrived_value",
        "paid_volume",
        "paid_value",
        "received_volume",
        "received_value",
    ]);
    let mut costs: [Values<i128>; COMPONENTS] = Default::default();
    let mut rebuild = Rebuild::new(system);
    while let Some(tick) = rebuild.advance()? {
        if tick < ticks.start {
            continue;
        }
        if tick >= ticks.end {
            break;
        }
        for (ix, agent) in rebuild.agents.iter().enumerate() {
            head.push(tick_and_day(system, tick))?;
            push_name(&mut names, system, Some(ix as u32));
            let credit = i128::from(agent.credit_limit);
            let money = [
                agent.balance,
                credit,
                agent.balance + credit,
                agent.allocated,
                agent.pool,
                agent.loan,
                agent.deferred,
            ];
            let flows = [
                agent.internal,
                agent.central,
                agent.arrived,
                agent.paid,
                agent.received,
            ];
            let row = money.into_iter().chain(flows.into_iter().flat_map(pair));
            body.push(row.map(Some))?;
            for (column, cost) in costs.iter_mut().zip(agent.costs) {
                column.push(cost);
            }
        }
    }
    let mut columns: Vec<_> = head.into_columns().collect();
    columns.push(("agent_id", names.into()));
    columns.extend(body.into_columns());
    columns.extend(
        COST_COLUMNS
            .into_iter()
            .zip(costs.into_iter().map(Column::Cost)),
    );
    Ok(Table::new(columns))
}

/// Names of the cost columns, in the order of [`Component::ALL`].
const COST_COLUMNS: [&str; COMPONENTS] = [
    "overdraft_cost",
    "delay_cost",
    "liquidity_cost",
    "split_friction_cost",
    "deadline_penalty_cost",
    "end_of_day_penalty_cost",
    "end_of_day_borrowing_cost",
];

/// One row per closed tick, for the system.
///
/// # Errors
/// [`Error::Overflow`] if a cost or a sum does not fit.
pub fn ticks(system: &System) -> Result<Table> {
    periods(system, 1)
}

/// One row per day, for the system; the last one goes up to the last closed tick.
///
/// # Errors
/// [`Error::Overflow`] if a cost or a sum does not fit.
pub fn days(system: &System) -> Result<Table> {
    periods(system, system.ticks_per_day())
}

/// Flows over periods of this many ticks, and queues at their ends.
fn periods(system: &System, length: Tick) -> Result<Table> {
    let mut table = Figures::new(&[
        "tick",
        "day",
        "arrived_volume",
        "arrived_value",
        "released_volume",
        "released_value",
        "settled_volume",
        "settled_value",
        "entry_volume",
        "entry_value",
        "queue_release_volume",
        "queue_release_value",
        "bilateral_offsetting_volume",
        "bilateral_offsetting_value",
        "cycles_volume",
        "cycles_value",
        "gridlock_resolution_volume",
        "gridlock_resolution_value",
        "end_of_day_volume",
        "end_of_day_value",
        "internal_queue_volume",
        "internal_queue_value",
        "central_queue_volume",
        "central_queue_value",
    ]);
    let mut costs = Values::default();
    let mut rebuild = Rebuild::new(system);
    let (mut flows, mut cost) = ([Flow::default(); 9], 0);
    while let Some(tick) = rebuild.advance()? {
        let total = |pick: fn(&AgentTick) -> Flow| rebuild.agents.iter().map(pick).sum::<Flow>();
        let of_tick = [total(|a| a.arrived), rebuild.released, total(|a| a.paid)];
        for (flow, more) in flows
            .iter_mut()
            .zip(of_tick.into_iter().chain(rebuild.settled))
        {
            *flow = *flow + more;
        }
        cost += rebuild
            .agents
            .iter()
            .flat_map(|agent| agent.costs)
            .sum::<i128>();
        if (tick + 1).is_multiple_of(length) || tick + 1 == system.tick() {
            let queues = [total(|a| a.internal), total(|a| a.central)];
            let figures = flows.into_iter().chain(queues).flat_map(pair);
            let head = tick_and_day(system, tick);
            table.push(head.into_iter().chain(figures.map(Some)))?;
            costs.push(cost);
            (flows, cost) = ([Flow::default(); 9], 0);
        }
    }
    let mut columns: Vec<_> = table.into_columns().collect();
    columns.push(("cost", Column::Cost(costs)));
    Ok(Table::new(columns))
}

/// One row per cost that is not zero: running ones per agent, component and tick, one-off ones as
/// they were charged, with their transaction.
///
/// # Errors
/// [`Error::Overflow`] if a cost or a sum does not fit.
pub fn costs(system: &System) -> Result<Table> {
    let mut head = Figures::new(&["tick", "day"]);
    let (mut names, mut components) = (Coded::default(), Words::default());
    let mut transactions = Texts::default();
    let mut costs = Values::default();
    let mut rebuild = Rebuild::new(system);
    while let Some(tick) = rebuild.advance()? {
        let running = rebuild.agents.iter().enumerate().flat_map(|(ix, agent)| {
            Component::ALL[..RUNNING]
                .iter()
                .map(move |&c| (ix as u32, c, None, agent.costs[c as usize]))
        });
        let one_off = rebuild
            .charges
            .iter()
            .map(|c| (c.agent.0, c.component, c.transaction, c.cost));
        for (agent, component, transaction, cost) in running.chain(one_off) {
            if cost == 0 {
                continue;
            }
            head.push(tick_and_day(system, tick))?;
            push_name(&mut names, system, Some(agent));
            components.push(Some((component as usize, component.word())));
            match transaction {
                Some(id) => transactions.push_with(|out| {
                    system
                        .state()
                        .transactions
                        .write_id(id, system.names(), out)
                }),
                None => transactions.push_null(),
            }
            costs.push(cost);
        }
    }
    let mut columns: Vec<_> = head.into_columns().collect();
    columns.push(("agent_id", names.into()));
    columns.push(("component", Column::Words(components)));
    columns.push(("transaction_id", Column::Text(transactions)));
    columns.push(("cost", Column::Cost(costs)));
    Ok(Table::new(columns))
}
