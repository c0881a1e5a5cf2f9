//! The event log as a table: one row an event, one column a key, null where a key does not apply.

use crate::behaviour::arrivals::DeadlineOffset;
use crate::decision::NO_BUDGET;
use crate::event::{Event, Kind, Kinds};
use crate::ids::{AgentId, NONE};
use crate::results::event_columns::{Columns, Job, Log};
use crate::results::parallel::each;
use crate::results::table::{Coded, Column, Owners, Table, Values};
use crate::scenario_events::Change;
use crate::system::System;
use crate::transaction::{Origin, known};

/// What creates a transaction and states its terms.
const TERMS: Kinds = Kinds::of(&[Kind::Arrived, Kind::PartCreated]);
/// What states the parties of a transaction.
const PARTIES: Kinds = TERMS.and(SETTLED);
/// What states the parties of a transfer.
const TRANSFERS: Kinds = Kinds::of(&[Kind::DirectTransfer, Kind::DirectTransferRefused]);
/// What states a sender, and so no agent.
const SENDERS: Kinds = PARTIES.and(TRANSFERS);
/// What states an amount of its own.
const AMOUNTS: Kinds = Kinds::of(&[
    Kind::AccountOpened,
    Kind::LoanRepaid,
    Kind::LoanGranted,
    Kind::LiquidityAllocated,
    Kind::LiquidityReturned,
    Kind::AllocationKept,
    Kind::CreditDeferred,
    Kind::Credited,
    Kind::EndOfDayBorrowing,
    Kind::LiquidityInjected,
    Kind::LiquidityDrained,
    Kind::DirectTransfer,
    Kind::DirectTransferRefused,
    Kind::ReleaseBudgetSet,
]);
const CREDIT_LIMITS: Kinds = Kinds::of(&[Kind::AccountOpened, Kind::CreditLimitChanged]);
const COUNTS: Kinds = Kinds::of(&[Kind::Split, Kind::RingLimitReached]);
const DRAINED: Kinds = Kinds::of(&[Kind::LiquidityDrained]);
const PRIORITIES: Kinds = Kinds::of(&[Kind::Reprioritised]);
const RATES: Kinds = Kinds::of(&[Kind::ArrivalRateChanged]);
const SETTLED: Kinds = Kinds::of(&[Kind::Settled]);
const WEIGHTS: Kinds = Kinds::of(&[Kind::CounterpartyWeightChanged]);
const OPENED: Kinds = Kinds::of(&[Kind::AccountOpened]);
const OFFSETS: Kinds = Kinds::of(&[Kind::DeadlineOffsetChanged]);
// Deadlines and postings lie in one buffer.
const _: () = assert!(!TERMS.meets(SETTLED));

/// Names of the columns, in order.
const NAMES: [&str; 23] = [
    "tick",
    "event",
    "agent_id",
    "transaction_id",
    "parent_id",
    "sender_id",
    "receiver_id",
    "amount",
    "credit_limit",
    "liquidity_pool",
    "deadline_tick",
    "priority",
    "divisible",
    "count",
    "cause",
    "posting",
    "cost",
    "counterparty_id",
    "missing",
    "multiplier",
    "weight",
    "deadline_offset_min",
    "deadline_offset_max",
];

/// All events.
pub fn events(system: &System) -> Table {
    let log = Log(system);
    // The largest first, so that no thread waits long for another.
    let jobs: Vec<Job<'_>> = vec![
        Box::new(move || parties(log)),
        log.transactions("transaction_id", Kinds::ALL, |event| {
            Some(event.transaction)
        }),
        Box::new(move || deadlines_and_postings(log)),
        log.integers("amount", PARTIES.and(AMOUNTS), move |event| {
            amount(log, event)
        }),
        log.integers("priority", TERMS.and(PRIORITIES), move |event| {
            Some(match event.kind {
                Kind::Reprioritised => event.value,
                _ => i64::from(log.row(event).priority_at_arrival),
            })
        }),
        log.integers("tick", Kinds::ALL, |event| Some(event.tick.into())),
        log.words("event", Kinds::ALL, |event| {
            Some((event.kind as usize, event.kind.word()))
        }),
        log.words("cause", Kinds::ALL, |event| {
            event.cause.word().map(|word| (event.cause as usize, word))
        }),
        log.column("divisible", TERMS, Column::Boolean, move |event| {
            Some(log.row(event).divisible)
        }),
        log.transactions("parent_id", TERMS, move |event| {
            match log.row(event).origin {
                Origin::Part { parent, .. } => Some(parent.0),
                _ => None,
            }
        }),
        log.integers("credit_limit", CREDIT_LIMITS, move |event| {
            Some(match event.kind {
                Kind::AccountOpened => system.opening(AgentId(event.agent)).credit_limit,
                _ => event.value,
            })
        }),
        log.integers("liquidity_pool", OPENED, move |event| {
            Some(system.opening(AgentId(event.agent)).liquidity_pool)
        }),
        log.integers("count", COUNTS, |event| Some(event.value)),
        log.column("cost", Kinds::COSTS, Column::Cost, move |event| {
            system.state().journal.cost(event)
        }),
        log.agents("counterparty_id", WEIGHTS, move |event| {
            match system.change(event) {
                Some(Change::SetCounterpartyWeight(_, other, _)) => Some(other.0),
                _ => None,
            }
        }),
        log.integers("missing", DRAINED, move |event| {
            match system.change(event) {
                Some(Change::DrainLiquidity(_, amount)) => Some(amount - event.value),
                _ => None,
            }
        }),
        log.column(
            "multiplier",
            RATES,
            Column::Real,
            move |event| match system.change(event) {
                Some(Change::SetArrivalRate(_, factor)) => Some(*factor),
                _ => None,
            },
        ),
        log.column("weight", WEIGHTS, Column::Real, move |event| {
            match system.change(event) {
                Some(Change::SetCounterpartyWeight(_, _, share)) => Some(*share),
                _ => None,
            }
        }),
        log.integers("deadline_offset_min", OFFSETS, move |event| {
            offset(log, event).map(|(low, _)| low)
        }),
        log.integers("deadline_offset_max", OFFSETS, move |event| {
            offset(log, event).map(|(_, high)| high)
        }),
    ];
    let mut columns: Columns = each(jobs, |job| job()).into_iter().flatten().collect();
    columns.sort_by_key(|(name, _)| NAMES.iter().position(|own| own == name));
    Table::new(columns)
}

/// Whose doing an event is, or who pays whom.
///
/// No event has both an agent and a sender, so that these two columns lie in one buffer.
fn parties(log: Log<'_>) -> Columns {
    let (rows, agents) = (log.rows(), log.agents_count());
    let mut own_or_senders = Coded::nulls(rows, agents);
    let mut owners = Owners::none(rows);
    let mut receivers = Coded::nulls(rows, agents);
    log.visit(Kinds::ALL, |row, event| {
        if !SENDERS.contains(event.kind) {
            if event.agent != NONE {
                log.set_name(&mut own_or_senders, row, AgentId(event.agent));
                owners.set(row, 0);
            }
            return;
        }
        let parties = if PARTIES.contains(event.kind) {
            let transaction = log.row(event);
            Some((transaction.sender, transaction.receiver))
        } else {
            match log.0.change(event) {
                Some(Change::Transfer(sender, receiver, _)) => Some((*sender, *receiver)),
                _ => None,
            }
        };
        if let Some((sender, receiver)) = parties {
            log.set_name(&mut own_or_senders, row, sender);
            owners.set(row, 1);
            log.set_name(&mut receivers, row, receiver);
        }
    });
    let [own, senders] = own_or_senders.into_texts().divided(owners);
    vec![
        ("agent_id", Column::Text(own)),
        ("sender_id", Column::Text(senders)),
        ("receiver_id", receivers.into()),
    ]
}

/// Deadlines and the numbers of postings, in one buffer: no event has both.
fn deadlines_and_postings(log: Log<'_>) -> Columns {
    let mut values = Values::nulls(log.rows());
    let mut owners = Owners::none(log.rows());
    log.visit(TERMS.and(SETTLED), |row, event| {
        let (column, value) = match event.kind {
            Kind::Settled => (1, log.0.state().journal.posting(event)),
            _ => (0, known(log.row(event).deadline_tick)),
        };
        if let Some(value) = value {
            values.set(row, i64::from(value));
            owners.set(row, column);
        }
    });
    let [deadlines, postings] = values.divided(owners);
    vec![
        ("deadline_tick", Column::Integer(deadlines)),
        ("posting", Column::Integer(postings)),
    ]
}

/// The amount of an event; nothing where it lifts a budget.
fn amount(log: Log<'_>, event: &Event) -> Option<i64> {
    match event.kind {
        kind if PARTIES.contains(kind) => Some(log.row(event).amount),
        Kind::ReleaseBudgetSet if event.value == NO_BUDGET => None,
        _ => Some(event.value),
    }
}

/// Least and most ticks of a deadline offset; nothing if there are no deadlines.
fn offset(log: Log<'_>, event: &Event) -> Option<(i64, i64)> {
    match log.0.change(event) {
        Some(Change::SetDeadlineOffset(_, DeadlineOffset::Fixed(ticks))) => {
            Some((i64::from(*ticks), i64::from(*ticks)))
        }
        Some(Change::SetDeadlineOffset(_, DeadlineOffset::Uniform(low, high))) => {
            Some((i64::from(*low), i64::from(*high)))
        }
        _ => None,
    }
}
