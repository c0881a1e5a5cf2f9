//! The event log as a table: one row an event, one column a key, null where a key does not apply.

use crate::decision::NO_BUDGET;
use crate::event::Kind;
use crate::ids::{AgentId, NONE, TransactionId};
use crate::results::table::{Column, Table, Texts};
use crate::system::System;
use crate::transaction::{Origin, known};

/// All events.
pub fn events(system: &System) -> Table {
    let state = system.state();
    let rows = state.journal.len();
    let integers = || Vec::with_capacity(rows);
    let (mut ticks, mut amounts, mut credit_limits, mut pools) =
        (integers(), integers(), integers(), integers());
    let (mut deadlines, mut priorities, mut postings, mut counts) =
        (integers(), integers(), integers(), integers());
    let (mut kinds, mut agents, mut transactions, mut parents) = (
        Texts::default(),
        Texts::default(),
        Texts::default(),
        Texts::default(),
    );
    let (mut senders, mut receivers, mut causes) =
        (Texts::default(), Texts::default(), Texts::default());
    let (mut divisible, mut costs) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    for event in state.journal.iter() {
        ticks.push(Some(i64::from(event.tick)));
        kinds.push(event.kind.word());
        let opening =
            (event.kind == Kind::AccountOpened).then(|| system.opening(AgentId(event.agent)));
        credit_limits.push(opening.map(|opening| opening.credit_limit));
        pools.push(opening.map(|opening| opening.liquidity_pool));
        let carries_terms = matches!(event.kind, Kind::Arrived | Kind::PartCreated);
        let row = (event.transaction != NONE)
            .then(|| &state.transactions[TransactionId(event.transaction)]);
        let terms = row.filter(|_| carries_terms);
        let parties = row.filter(|_| carries_terms || event.kind == Kind::Settled);
        let own = event.agent != NONE && parties.is_none();
        push_name(&mut agents, system, own.then_some(event.agent));
        match row {
            Some(_) => transactions.push_with(|out| {
                state
                    .transactions
                    .write_id(TransactionId(event.transaction), system.names(), out);
            }),
            None => transactions.push_null(),
        }
        match terms.map(|row| row.origin) {
            Some(Origin::Part { parent, .. }) => {
                parents.push_with(|out| state.transactions.write_id(parent, system.names(), out));
            }
            _ => parents.push_null(),
        }
        push_name(&mut senders, system, parties.map(|row| row.sender.0));
        push_name(&mut receivers, system, parties.map(|row| row.receiver.0));
        amounts.push(match event.kind {
            Kind::AccountOpened
            | Kind::LoanRepaid
            | Kind::LoanGranted
            | Kind::LiquidityAllocated
            | Kind::LiquidityReturned
            | Kind::AllocationKept
            | Kind::CreditDeferred
            | Kind::Credited
            | Kind::EndOfDayBorrowing => Some(event.value),
            Kind::Arrived | Kind::PartCreated | Kind::Settled => row.map(|row| row.amount),
            Kind::ReleaseBudgetSet => (event.value != NO_BUDGET).then_some(event.value),
            _ => None,
        });
        deadlines.push(
            terms
                .and_then(|row| known(row.deadline_tick))
                .map(i64::from),
        );
        priorities.push(match event.kind {
            Kind::Reprioritised => Some(event.value),
            _ => terms.map(|row| i64::from(row.priority_at_arrival)),
        });
        divisible.push(terms.map(|row| row.divisible));
        counts.push(
            matches!(event.kind, Kind::Split | Kind::RingLimitReached).then_some(event.value),
        );
        match event.cause.word() {
            Some(word) => causes.push(word),
            None => causes.push_null(),
        }
        postings.push(state.journal.posting(&event).map(i64::from));
        costs.push(state.journal.cost(&event));
    }
    Table {
        columns: vec![
            ("tick", Column::Integer(ticks)),
            ("event", Column::Text(kinds)),
            ("agent_id", Column::Text(agents)),
            ("transaction_id", Column::Text(transactions)),
            ("parent_id", Column::Text(parents)),
            ("sender_id", Column::Text(senders)),
            ("receiver_id", Column::Text(receivers)),
            ("amount", Column::Integer(amounts)),
            ("credit_limit", Column::Integer(credit_limits)),
            ("liquidity_pool", Column::Integer(pools)),
            ("deadline_tick", Column::Integer(deadlines)),
            ("priority", Column::Integer(priorities)),
            ("divisible", Column::Boolean(divisible)),
            ("count", Column::Integer(counts)),
            ("cause", Column::Text(causes)),
            ("posting", Column::Integer(postings)),
            ("cost", Column::Cost(costs)),
        ],
    }
}

/// Appends an agent's id, or a null.
pub(crate) fn push_name(texts: &mut Texts, system: &System, agent: Option<u32>) {
    match agent {
        Some(agent) => texts.push(&system.names()[agent as usize]),
        None => texts.push_null(),
    }
}
