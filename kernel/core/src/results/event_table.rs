//! The event log as a table: one row an event, one column a key, null where a key does not apply.

use crate::behaviour::arrivals::DeadlineOffset;
use crate::decision::NO_BUDGET;
use crate::event::{Event, Kind, Kinds};
use crate::ids::{AgentId, NONE, TransactionId};
use crate::results::parallel::each;
use crate::results::table::{Coded, Column, Table, Values};
use crate::scenario_events::Change;
use crate::system::System;
use crate::transaction::{Origin, Transaction, known};

/// What creates a transaction and states its terms.
const TERMS: Kinds = Kinds::of(&[Kind::Arrived, Kind::PartCreated]);
/// What states the parties of a transaction.
const PARTIES: Kinds = TERMS.and(Kinds::of(&[Kind::Settled]));
/// What states the parties of a transfer.
const TRANSFERS: Kinds = Kinds::of(&[Kind::DirectTransfer, Kind::DirectTransferRefused]);
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
const OPENED: Kinds = Kinds::of(&[Kind::AccountOpened]);
const OFFSETS: Kinds = Kinds::of(&[Kind::DeadlineOffsetChanged]);

/// Makes one column.
type Job<'a> = Box<dyn FnOnce() -> Column + Send + 'a>;

/// All events.
pub fn events(system: &System) -> Table {
    let log = Log(system);
    let columns: Vec<(&'static str, Job<'_>)> = vec![
        ("tick", log.integers(Kinds::ALL, |e| Some(e.tick.into()))),
        (
            "event",
            log.words(Kinds::ALL, |e| (e.kind as usize, Some(e.kind.word()))),
        ),
        (
            "agent_id",
            log.agents(Kinds::ALL.but(PARTIES).but(TRANSFERS), |e| Some(e.agent)),
        ),
        (
            "transaction_id",
            log.transactions(Kinds::ALL, |e| Some(e.transaction)),
        ),
        (
            "parent_id",
            log.transactions(TERMS, move |e| match log.row(e).origin {
                Origin::Part { parent, .. } => Some(parent.0),
                _ => None,
            }),
        ),
        (
            "sender_id",
            log.agents(PARTIES.and(TRANSFERS), move |e| {
                log.parties(e).map(|(s, _)| s.0)
            }),
        ),
        (
            "receiver_id",
            log.agents(PARTIES.and(TRANSFERS), move |e| {
                log.parties(e).map(|(_, r)| r.0)
            }),
        ),
        (
            "amount",
            log.integers(PARTIES.and(AMOUNTS), move |e| match e.kind {
                kind if PARTIES.contains(kind) => Some(log.row(e).amount),
                Kind::ReleaseBudgetSet if e.value == NO_BUDGET => None,
                _ => Some(e.value),
            }),
        ),
        (
            "credit_limit",
            log.integers(
                OPENED.and(Kinds::of(&[Kind::CreditLimitChanged])),
                move |e| match e.kind {
                    Kind::AccountOpened => Some(system.opening(AgentId(e.agent)).credit_limit),
                    _ => Some(e.value),
                },
            ),
        ),
        (
            "liquidity_pool",
            log.integers(OPENED, move |e| {
                Some(system.opening(AgentId(e.agent)).liquidity_pool)
            }),
        ),
        (
            "deadline_tick",
            log.integers(TERMS, move |e| {
                known(log.row(e).deadline_tick).map(i64::from)
            }),
        ),
        (
            "priority",
            log.integers(
                TERMS.and(Kinds::of(&[Kind::Reprioritised])),
                move |e| match e.kind {
                    Kind::Reprioritised => Some(e.value),
                    _ => Some(log.row(e).priority_at_arrival.into()),
                },
            ),
        ),
        (
            "divisible",
            Box::new(move || Column::Boolean(log.values(TERMS, |e| Some(log.row(e).divisible)))),
        ),
        (
            "count",
            log.integers(Kinds::of(&[Kind::Split, Kind::RingLimitReached]), |e| {
                Some(e.value)
            }),
        ),
        (
            "cause",
            log.words(Kinds::ALL, |e| (e.cause as usize, e.cause.word())),
        ),
        (
            "posting",
            log.integers(Kinds::of(&[Kind::Settled]), move |e| {
                system.state().journal.posting(e).map(i64::from)
            }),
        ),
        (
            "cost",
            Box::new(move || {
                Column::Cost(log.values(Kinds::COSTS, |e| system.state().journal.cost(e)))
            }),
        ),
        (
            "counterparty_id",
            log.agents(
                Kinds::of(&[Kind::CounterpartyWeightChanged]),
                move |e| match system.change(e) {
                    Some(Change::SetCounterpartyWeight(_, other, _)) => Some(other.0),
                    _ => None,
                },
            ),
        ),
        (
            "missing",
            log.integers(
                Kinds::of(&[Kind::LiquidityDrained]),
                move |e| match system.change(e) {
                    Some(Change::DrainLiquidity(_, amount)) => Some(amount - e.value),
                    _ => None,
                },
            ),
        ),
        (
            "multiplier",
            log.reals(
                Kinds::of(&[Kind::ArrivalRateChanged]),
                move |e| match system.change(e) {
                    Some(Change::SetArrivalRate(_, factor)) => Some(*factor),
                    _ => None,
                },
            ),
        ),
        (
            "weight",
            log.reals(
                Kinds::of(&[Kind::CounterpartyWeightChanged]),
                move |e| match system.change(e) {
                    Some(Change::SetCounterpartyWeight(_, _, share)) => Some(*share),
                    _ => None,
                },
            ),
        ),
        (
            "deadline_offset_min",
            log.integers(OFFSETS, move |e| log.offset(e).map(|(low, _)| low)),
        ),
        (
            "deadline_offset_max",
            log.integers(OFFSETS, move |e| log.offset(e).map(|(_, high)| high)),
        ),
    ];
    Table::new(each(columns, |(name, job)| (name, job())))
}

/// The event log, and how columns are made of it: from the events of some kinds, by a value each.
#[derive(Clone, Copy)]
struct Log<'a>(&'a System);

impl<'a> Log<'a> {
    fn values<T: Copy + Default>(
        self,
        kinds: Kinds,
        value: impl Fn(&Event) -> Option<T>,
    ) -> Values<T> {
        let journal = &self.0.state().journal;
        let mut values = Values::nulls(journal.len());
        journal.visit(kinds, |row, event| {
            if let Some(value) = value(event) {
                values.set(row, value);
            }
        });
        values
    }

    fn integers(self, kinds: Kinds, value: impl Fn(&Event) -> Option<i64> + Send + 'a) -> Job<'a> {
        Box::new(move || Column::Integer(self.values(kinds, value)))
    }

    fn reals(self, kinds: Kinds, value: impl Fn(&Event) -> Option<f64> + Send + 'a) -> Job<'a> {
        Box::new(move || Column::Real(self.values(kinds, value)))
    }

    /// Words, each with a number.
    fn words(
        self,
        kinds: Kinds,
        word: impl Fn(&Event) -> (usize, Option<&'static str>) + Send + 'a,
    ) -> Job<'a> {
        Box::new(move || {
            let journal = &self.0.state().journal;
            let mut column = Coded::nulls(journal.len(), 0);
            journal.visit(kinds, |row, event| {
                if let (code, Some(word)) = word(event) {
                    column.set(row, code, |out| out.push_str(word));
                }
            });
            column.into()
        })
    }

    /// Agents' ids.
    fn agents(self, kinds: Kinds, agent: impl Fn(&Event) -> Option<u32> + Send + 'a) -> Job<'a> {
        let names = self.0.names();
        let write = |agent: u32, out: &mut String| out.push_str(&names[agent as usize]);
        self.ids(kinds, names.len(), agent, write)
    }

    /// Transactions' ids.
    fn transactions(self, kinds: Kinds, id: impl Fn(&Event) -> Option<u32> + Send + 'a) -> Job<'a> {
        let (transactions, names) = (&self.0.state().transactions, self.0.names());
        let write =
            |id: u32, out: &mut String| transactions.write_id(TransactionId(id), names, out);
        self.ids(kinds, transactions.len() as usize, id, write)
    }

    fn ids(
        self,
        kinds: Kinds,
        codes: usize,
        code: impl Fn(&Event) -> Option<u32> + Send + 'a,
        write: impl Fn(u32, &mut String) + Send + 'a,
    ) -> Job<'a> {
        Box::new(move || {
            let journal = &self.0.state().journal;
            let mut column = Coded::nulls(journal.len(), codes);
            journal.visit(kinds, |row, event| {
                if let Some(code) = code(event).filter(|&code| code != NONE) {
                    column.set(row, code as usize, |out| write(code, out));
                }
            });
            column.into()
        })
    }

    fn row(self, event: &Event) -> &'a Transaction {
        &self.0.state().transactions[TransactionId(event.transaction)]
    }

    fn parties(self, event: &Event) -> Option<(AgentId, AgentId)> {
        if PARTIES.contains(event.kind) {
            let row = self.row(event);
            return Some((row.sender, row.receiver));
        }
        match self.0.change(event) {
            Some(Change::Transfer(sender, receiver, _)) => Some((*sender, *receiver)),
            _ => None,
        }
    }

    /// Least and most ticks of a deadline offset; nothing if there are no deadlines.
    fn offset(self, event: &Event) -> Option<(i64, i64)> {
        match self.0.change(event) {
            Some(Change::SetDeadlineOffset(_, DeadlineOffset::Fixed(ticks))) => {
                Some((i64::from(*ticks), i64::from(*ticks)))
            }
            Some(Change::SetDeadlineOffset(_, DeadlineOffset::Uniform(low, high))) => {
                Some((i64::from(*low), i64::from(*high)))
            }
            _ => None,
        }
    }
}

/// Appends an agent's id, or a null.
pub(crate) fn push_name(texts: &mut Coded, system: &System, agent: Option<u32>) {
    match agent {
        Some(agent) => {
            let agent = agent as usize;
            texts.push(agent, |out| out.push_str(&system.names()[agent]));
        }
        None => texts.push_null(),
    }
}
