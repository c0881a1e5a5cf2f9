//! What the event log tells of one transaction, or of one agent in one tick, as plain dicts.

mod shapes;

use paysim_kernel::event::{Event, Kind};
use paysim_kernel::ids::{AgentId, Tick, TransactionId};
use paysim_kernel::rate::cost_text;
use paysim_kernel::results::bookings::Settled;
use paysim_kernel::results::explain::{self, Counterparty, Fate, Movement, Obstacle, Picture};
use paysim_kernel::results::moment::{Money, Standpoint, Waiting};
use paysim_kernel::results::trace;
use paysim_kernel::transaction::{Origin, known};
use paysim_kernel::{NO_BUDGET, System};
use pyo3::prelude::*;

use crate::errors::plain;
use crate::history::shapes::{
    Account, Around, Change, Costs, Decided, Explained, Life, Member, Outcome, Owed, Place,
    Posting, Queued, Step,
};

/// Ids that are offered in place of one that there is not.
const NEAREST_MAX: usize = 3;

/// The life of a transaction as a dict; a list of the nearest ids if there is none of this id.
pub fn trace<'py>(py: Python<'py>, system: &System, id: &str) -> PyResult<Bound<'py, PyAny>> {
    let names = Names(system);
    let Some(number) = py.detach(|| trace::find(system, id)) else {
        let nearest = py.detach(|| trace::nearest(system, id, NEAREST_MAX));
        return nearest.into_pyobject(py);
    };
    let told = py.detach(|| trace::trace(system, number)).map_err(plain)?;
    let row = &system.state().transactions[number];
    let costs = told.costs;
    let life = Life {
        transaction_id: names.transaction(number),
        parent_id: names.parent(number),
        part_ids: told.parts.iter().map(|&id| names.transaction(id)).collect(),
        sender_id: names.agent(row.sender),
        receiver_id: names.agent(row.receiver),
        amount: row.amount,
        arrival_tick: row.arrival_tick,
        deadline_tick: known(row.deadline_tick),
        priority: row.priority,
        divisible: row.divisible,
        status: row.status.word(),
        end_tick: known(row.end_tick),
        steps: told.steps.iter().map(|step| names.step(step)).collect(),
        postings: told.postings.iter().map(|p| names.posting(p)).collect(),
        total_cost: cost_text(costs.total()),
        cost: Costs {
            delay: cost_text(costs.delay),
            split_friction: cost_text(costs.split_friction),
            deadline_penalty: cost_text(costs.deadline_penalty),
            end_of_day_penalty: cost_text(costs.end_of_day_penalty),
        },
    };
    Ok(life.into_pyobject(py)?.into_any())
}

/// One agent in one closed tick as a dict.
pub fn explain<'py>(
    py: Python<'py>,
    system: &System,
    agent: AgentId,
    tick: Tick,
) -> PyResult<Bound<'py, PyAny>> {
    let names = Names(system);
    let told = py
        .detach(|| explain::explain(system, agent, tick))
        .map_err(plain)?;
    let ticks_per_day = system.ticks_per_day();
    let explained = Explained {
        agent_id: names.agent(agent),
        tick,
        day: tick / ticks_per_day,
        ticks_left_in_day: ticks_per_day - 1 - tick % ticks_per_day,
        out_since_tick: told.out_since,
        halted_since_tick: told.halted_since,
        saw: names.account(&told.saw),
        decisions: told.decisions.iter().map(|e| names.decided(e)).collect(),
        held: told.held.iter().map(|w| names.queued(w)).collect(),
        transactions: told.fates.iter().map(|fate| names.outcome(fate)).collect(),
        postings: told.postings.iter().map(|p| names.posting(p)).collect(),
        after_settlement: names.account(&told.settled),
        counterparties: told.counterparties.iter().map(|c| names.owed(c)).collect(),
        central_queue: told.queue.into(),
        largest_ordered_set: told.set.into(),
        rings_at_limit: told.rings,
        movements: told.movements.iter().map(|m| names.change(m)).collect(),
        at_end: names.account(&told.after),
    };
    Ok(explained.into_pyobject(py)?.into_any())
}

/// Ids in the place of numbers.
struct Names<'a>(&'a System);

impl Names<'_> {
    fn agent(&self, agent: AgentId) -> String {
        self.0.names()[agent.ix()].clone()
    }

    fn transaction(&self, id: TransactionId) -> String {
        self.0.state().transactions.id(id, self.0.names())
    }

    fn transaction_of(&self, event: &Event) -> Option<String> {
        let is_known = event.transaction < self.0.state().transactions.len();
        is_known.then(|| self.transaction(TransactionId(event.transaction)))
    }

    fn amount_of(&self, event: &Event) -> Option<i64> {
        let is_known = event.transaction < self.0.state().transactions.len();
        is_known.then(|| self.0.state().transactions[TransactionId(event.transaction)].amount)
    }

    fn parent(&self, id: TransactionId) -> Option<String> {
        match self.0.state().transactions[id].origin {
            Origin::Part { parent, .. } => Some(self.transaction(parent)),
            _ => None,
        }
    }

    fn member(&self, id: TransactionId) -> Member {
        let row = &self.0.state().transactions[id];
        Member {
            transaction_id: self.transaction(id),
            sender_id: self.agent(row.sender),
            receiver_id: self.agent(row.receiver),
            amount: row.amount,
        }
    }

    fn members(&self, ids: &[TransactionId]) -> Vec<Member> {
        ids.iter().map(|&id| self.member(id)).collect()
    }

    fn posting(&self, posting: &Settled) -> Posting {
        let amount = |id: &TransactionId| i128::from(self.0.state().transactions[*id].amount);
        Posting {
            posting: posting.event.link,
            tick: posting.event.tick,
            cause: posting.event.cause.word(),
            volume: posting.transactions.len(),
            value: posting.transactions.iter().map(amount).sum(),
            transactions: self.members(&posting.transactions),
        }
    }

    fn step(&self, step: &trace::Step) -> Step {
        let event = &step.event;
        let journal = &self.0.state().journal;
        Step {
            tick: event.tick,
            event: event.kind.word(),
            transaction_id: self.transaction_of(event),
            cause: event.cause.word(),
            posting: journal.posting(event),
            amount: match event.kind {
                Kind::Credited => Some(event.value),
                _ => self.amount_of(event),
            },
            priority: (event.kind == Kind::Reprioritised).then_some(event.value),
            parts: (event.kind == Kind::Split).then_some(event.value),
            credit_deferred: step.deferred,
            place: step.standpoint.map(place),
            sender: around(step.sender.before, step.sender.after),
            receiver: around(step.receiver.before, step.receiver.after),
            cost: cost_text(step.cost),
            cost_so_far: cost_text(step.cost_so_far),
        }
    }

    fn queued(&self, waiting: &Waiting) -> Queued {
        let state = self.0.state();
        let row = &state.transactions[waiting.id];
        Queued {
            transaction_id: self.transaction(waiting.id),
            receiver_id: self.agent(row.receiver),
            amount: row.amount,
            arrival_tick: row.arrival_tick,
            deadline_tick: known(row.deadline_tick),
            ticks_to_deadline: waiting.ticks_to_deadline,
            age_ticks: waiting.age_ticks,
            priority: waiting.priority,
            priority_class: state.rules.priority_classes.class(waiting.priority).word(),
            is_overdue: waiting.overdue,
            divisible: row.divisible,
        }
    }

    fn account(&self, picture: &Picture) -> Account {
        let money = picture.money;
        let queued: i128 = picture
            .central
            .iter()
            .map(|w| i128::from(self.0.state().transactions[w.id].amount))
            .sum();
        Account {
            balance: money.balance,
            credit_limit: money.credit_limit,
            available_liquidity: money.available(),
            free_liquidity: money.available() - queued,
            liquidity_pool: money.pool,
            loan: money.loan,
            credits_deferred: money.deferred,
            day_inflow: money.day_inflow,
            day_outflow: money.day_outflow,
            release_budget: picture.budget,
            internal_queue: picture.internal.iter().map(|w| self.queued(w)).collect(),
            central_queue: picture.central.iter().map(|w| self.queued(w)).collect(),
        }
    }

    fn decided(&self, event: &Event) -> Decided {
        let cost = self.0.state().journal.cost(event);
        let is_budget = event.kind == Kind::ReleaseBudgetSet;
        Decided {
            event: event.kind.word(),
            transaction_id: self.transaction_of(event),
            amount: if is_budget {
                (event.value != NO_BUDGET).then_some(event.value)
            } else {
                self.amount_of(event)
            },
            priority: (event.kind == Kind::Reprioritised).then_some(event.value),
            parts: (event.kind == Kind::Split).then_some(event.value),
            cost: cost.map(cost_text),
        }
    }

    fn outcome(&self, fate: &Fate) -> Outcome {
        let state = self.0.state();
        let row = &state.transactions[fate.id];
        let ended_by = fate.ended_by.as_ref();
        Outcome {
            transaction_id: self.transaction(fate.id),
            parent_id: self.parent(fate.id),
            receiver_id: self.agent(row.receiver),
            amount: row.amount,
            priority: fate.priority,
            deadline_tick: known(row.deadline_tick),
            is_released: fate.is_released,
            status: fate.status.word(),
            cause: ended_by.and_then(|e| e.cause.word()),
            posting: ended_by.and_then(|e| state.journal.posting(e)),
            obstacle: fate.obstacle.map(|obstacle| match obstacle {
                Obstacle::Halted(_) => "halt",
                Obstacle::Behind(_) => "order",
                Obstacle::Short(_) => "liquidity",
            }),
            short_by: match fate.obstacle {
                Some(Obstacle::Short(by)) => Some(by),
                _ => None,
            },
            behind_id: match fate.obstacle {
                Some(Obstacle::Behind(first)) => Some(self.transaction(first)),
                _ => None,
            },
            is_in_largest_ordered_set: fate.is_in_set,
        }
    }

    fn owed(&self, counterparty: &Counterparty) -> Owed {
        Owed {
            agent_id: self.agent(counterparty.agent),
            owed_volume: counterparty.owed.volume,
            owed_value: counterparty.owed.value,
            owing_volume: counterparty.owing.volume,
            owing_value: counterparty.owing.value,
        }
    }

    fn change(&self, movement: &Movement) -> Change {
        let Movement { before, after, .. } = movement;
        Change {
            event: movement.event.kind.word(),
            cause: movement.event.cause.word(),
            posting: self.0.state().journal.posting(&movement.event),
            counterparty_id: movement.counterparty.map(|agent| self.agent(agent)),
            paid: self.members(&movement.paid),
            received: self.members(&movement.received),
            credit_deferred: (after.deferred - before.deferred).max(0),
            balance_before: before.balance,
            balance_after: after.balance,
            available_liquidity_before: before.available(),
            available_liquidity_after: after.available(),
        }
    }
}

fn place(standpoint: Standpoint) -> Place {
    Place {
        queue: if standpoint.is_central {
            "central"
        } else {
            "internal"
        },
        before_volume: standpoint.before.volume,
        before_value: standpoint.before.value,
        volume: standpoint.all.volume,
        value: standpoint.all.value,
    }
}

fn around(before: Money, after: Money) -> Around {
    Around {
        balance_before: before.balance,
        balance_after: after.balance,
        available_liquidity_before: before.available(),
        available_liquidity_after: after.available(),
    }
}
