//! The event log as a table: one row an event, one column a key, null where a key does not apply.

use crate::behaviour::arrivals::DeadlineOffset;
use crate::decision::NO_BUDGET;
use crate::event::Kind;
use crate::ids::{AgentId, NONE, TransactionId};
use crate::results::table::{Column, Table, Texts};
use crate::scenario_events::Change;
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
    let mut terms_of_change = Terms::default();
    for event in state.journal.iter() {
        ticks.push(Some(i64::from(event.tick)));
        kinds.push(event.kind.word());
        let opening =
            (event.kind == Kind::AccountOpened).then(|| system.opening(AgentId(event.agent)));
        credit_limits.push(match event.kind {
            Kind::CreditLimitChanged => Some(event.value),
            _ => opening.map(|opening| opening.credit_limit),
        });
        pools.push(opening.map(|opening| opening.liquidity_pool));
        let carries_terms = matches!(event.kind, Kind::Arrived | Kind::PartCreated);
        let row = (event.transaction != NONE)
            .then(|| &state.transactions[TransactionId(event.transaction)]);
        let terms = row.filter(|_| carries_terms);
        let parties = row.filter(|_| carries_terms || event.kind == Kind::Settled);
        let parties = parties.map(|row| (row.sender, row.receiver));
        let change = system.change(&event);
        let parties = match change {
            Some(Change::Transfer(sender, receiver, _)) => Some((*sender, *receiver)),
            _ => parties,
        };
        terms_of_change.push(system, change, event.value);
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
        push_name(&mut senders, system, parties.map(|(sender, _)| sender.0));
        push_name(
            &mut receivers,
            system,
            parties.map(|(_, receiver)| receiver.0),
        );
        amounts.push(match event.kind {
            Kind::AccountOpened
            | Kind::LoanRepaid
            | Kind::LoanGranted
            | Kind::LiquidityAllocated
            | Kind::LiquidityReturned
            | Kind::AllocationKept
            | Kind::CreditDeferred
            | Kind::Credited
            | Kind::EndOfDayBorrowing
            | Kind::LiquidityInjected
            | Kind::LiquidityDrained
            | Kind::DirectTransfer
            | Kind::DirectTransferRefused => Some(event.value),
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
    let mut columns = vec![
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
    ];
    columns.extend(terms_of_change.into_columns());
    Table::new(columns)
}

/// Columns of what only scenario events say.
#[derive(Default)]
struct Terms {
    counterparties: Texts,
    missing: Vec<Option<i64>>,
    multipliers: Vec<Option<f64>>,
    weights: Vec<Option<f64>>,
    offsets_min: Vec<Option<i64>>,
    offsets_max: Vec<Option<i64>>,
}

impl Terms {
    /// Appends a row; `value` is the event's.
    fn push(&mut self, system: &System, change: Option<&Change>, value: i64) {
        let (mut counterparty, mut missing, mut multiplier, mut weight) = (None, None, None, None);
        let mut offset = (None, None);
        match change {
            Some(Change::DrainLiquidity(_, amount)) => missing = Some(amount - value),
            Some(Change::SetArrivalRate(_, factor)) => multiplier = Some(*factor),
            Some(Change::SetCounterpartyWeight(_, other, share)) => {
                (counterparty, weight) = (Some(other.0), Some(*share));
            }
            Some(Change::SetDeadlineOffset(_, ticks)) => {
                offset = match *ticks {
                    DeadlineOffset::Never => (None, None),
                    DeadlineOffset::Fixed(ticks) => (Some(ticks), Some(ticks)),
                    DeadlineOffset::Uniform(low, high) => (Some(low), Some(high)),
                }
            }
            _ => {}
        }
        push_name(&mut self.counterparties, system, counterparty);
        self.missing.push(missing);
        self.multipliers.push(multiplier);
        self.weights.push(weight);
        self.offsets_min.push(offset.0.map(i64::from));
        self.offsets_max.push(offset.1.map(i64::from));
    }

    fn into_columns(self) -> [(&'static str, Column); 6] {
        [
            ("counterparty_id", Column::Text(self.counterparties)),
            ("missing", Column::Integer(self.missing)),
            ("multiplier", Column::Real(self.multipliers)),
            ("weight", Column::Real(self.weights)),
            ("deadline_offset_min", Column::Integer(self.offsets_min)),
            ("deadline_offset_max", Column::Integer(self.offsets_max)),
        ]
    }
}

/// Appends an agent's id, or a null.
pub(crate) fn push_name(texts: &mut Texts, system: &System, agent: Option<u32>) {
    match agent {
        Some(agent) => texts.push(&system.names()[agent as usize]),
        None => texts.push_null(),
    }
}
