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
const PARTIES: Kinds = TERMS.and(SETTLED);
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
const CREDIT_LIMITS: Kinds = Kinds::of(&[Kind::AccountOpened, Kind::CreditLimitChanged]);
const COUNTS: Kinds = Kinds::of(&[Kind::Split, Kind::RingLimitReached]);
const DRAINED: Kinds = Kinds::of(&[Kind::LiquidityDrained]);
const PRIORITIES: Kinds = Kinds::of(&[Kind::Reprioritised]);
const RATES: Kinds = Kinds::of(&[Kind::ArrivalRateChanged]);
const SETTLED: Kinds = Kinds::of(&[Kind::Settled]);
const WEIGHTS: Kinds = Kinds::of(&[Kind::CounterpartyWeightChanged]);
const OPENED: Kinds = Kinds::of(&[Kind::AccountOpened]);
const OFFSETS: Kinds = Kinds::of(&[Kind::DeadlineOffsetChanged]);

/// All events.
pub fn events(system: &System) -> Table {
    let log = Log(system);
    let jobs = vec![
        log.integers("tick", Kinds::ALL, |event| Some(event.tick.into())),
        log.words("event", Kinds::ALL, |event| {
            (event.kind as usize, Some(event.kind.word()))
        }),
        log.agents(
            "agent_id",
            Kinds::ALL.but(PARTIES).but(TRANSFERS),
            |event| Some(event.agent),
        ),
        log.transactions("transaction_id", Kinds::ALL, |event| {
            Some(event.transaction)
        }),
        log.transactions("parent_id", TERMS, move |event| {
            match log.row(event).origin {
                Origin::Part { parent, .. } => Some(parent.0),
                _ => None,
            }
        }),
        Box::new(move || log.money()),
        log.integers("credit_limit", CREDIT_LIMITS, move |event| {
            Some(match event.kind {
                Kind::AccountOpened => system.opening(AgentId(event.agent)).credit_limit,
                _ => event.value,
            })
        }),
        log.integers("liquidity_pool", OPENED, move |event| {
            Some(system.opening(AgentId(event.agent)).liquidity_pool)
        }),
        Box::new(move || log.terms()),
        log.integers("count", COUNTS, |event| Some(event.value)),
        log.words("cause", Kinds::ALL, |event| {
            (event.cause as usize, event.cause.word())
        }),
        log.integers("posting", SETTLED, move |event| {
            system.state().journal.posting(event).map(i64::from)
        }),
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
            log.offset(event).map(|(low, _)| low)
        }),
        log.integers("deadline_offset_max", OFFSETS, move |event| {
            log.offset(event).map(|(_, high)| high)
        }),
    ];
    Table::new(each(jobs, |job| job()).into_iter().flatten())
}

/// Makes columns that stand beside each other.
type Job<'a> = Box<dyn FnOnce() -> Vec<(&'static str, Column)> + Send + 'a>;

/// The event log, and how columns are made of it: from the events of some kinds, by a value each.
#[derive(Clone, Copy)]
struct Log<'a>(&'a System);

impl<'a> Log<'a> {
    /// A column of a kind.
    fn column<T: Copy + Default + 'a>(
        self,
        name: &'static str,
        kinds: Kinds,
        made: fn(Values<T>) -> Column,
        value: impl Fn(&Event) -> Option<T> + Send + 'a,
    ) -> Job<'a> {
        Box::new(move || {
            let mut values = Values::nulls(self.rows());
            self.visit(kinds, |row, event| {
                if let Some(value) = value(event) {
                    values.set(row, value);
                }
            });
            vec![(name, made(values))]
        })
    }

    fn integers(
        self,
        name: &'static str,
        kinds: Kinds,
        value: impl Fn(&Event) -> Option<i64> + Send + 'a,
    ) -> Job<'a> {
        self.column(name, kinds, Column::Integer, value)
    }

    /// Words, each with a number.
    fn words(
        self,
        name: &'static str,
        kinds: Kinds,
        word: impl Fn(&Event) -> (usize, Option<&'static str>) + Send + 'a,
    ) -> Job<'a> {
        Box::new(move || {
            let mut words = Coded::nulls(self.rows(), 0);
            self.visit(kinds, |row, event| {
                if let (code, Some(word)) = word(event) {
                    words.set(row, code, |out| out.push_str(word));
                }
            });
            vec![(name, words.into())]
        })
    }

    /// Agents' ids.
    fn agents(
        self,
        name: &'static str,
        kinds: Kinds,
        agent: impl Fn(&Event) -> Option<u32> + Send + 'a,
    ) -> Job<'a> {
        Box::new(move || {
            let mut ids = Coded::nulls(self.rows(), self.0.names().len());
            self.visit(kinds, |row, event| {
                if let Some(agent) = agent(event).filter(|&agent| agent != NONE) {
                    self.set_name(&mut ids, row, AgentId(agent));
                }
            });
            vec![(name, ids.into())]
        })
    }

    /// Transactions' ids.
    fn transactions(
        self,
        name: &'static str,
        kinds: Kinds,
        id: impl Fn(&Event) -> Option<u32> + Send + 'a,
    ) -> Job<'a> {
        Box::new(move || {
            let transactions = &self.0.state().transactions;
            let mut ids = Coded::nulls(self.rows(), transactions.len() as usize);
            self.visit(kinds, |row, event| {
                if let Some(id) = id(event).filter(|&id| id != NONE) {
                    ids.set(row, id as usize, |out| {
                        transactions.write_id(TransactionId(id), self.0.names(), out);
                    });
                }
            });
            vec![(name, ids.into())]
        })
    }

    /// Who pays whom how much.
    fn money(self) -> Vec<(&'static str, Column)> {
        let (rows, agents) = (self.rows(), self.0.names().len());
        let mut senders = Coded::nulls(rows, agents);
        let mut receivers = Coded::nulls(rows, agents);
        let mut amounts = Values::nulls(rows);
        self.visit(PARTIES.and(AMOUNTS), |row, event| {
            let (parties, amount) = if PARTIES.contains(event.kind) {
                let transaction = self.row(event);
                let parties = (transaction.sender, transaction.receiver);
                (Some(parties), Some(transaction.amount))
            } else {
                let is_limit = event.kind != Kind::ReleaseBudgetSet || event.value != NO_BUDGET;
                let parties = match self.0.change(event) {
                    Some(Change::Transfer(sender, receiver, _)) => Some((*sender, *receiver)),
                    _ => None,
                };
                (parties, is_limit.then_some(event.value))
            };
            if let Some((sender, receiver)) = parties {
                self.set_name(&mut senders, row, sender);
                self.set_name(&mut receivers, row, receiver);
            }
            if let Some(amount) = amount {
                amounts.set(row, amount);
            }
        });
        vec![
            ("sender_id", senders.into()),
            ("receiver_id", receivers.into()),
            ("amount", Column::Integer(amounts)),
        ]
    }

    /// The terms of transactions.
    fn terms(self) -> Vec<(&'static str, Column)> {
        let mut deadlines = Values::nulls(self.rows());
        let mut priorities = Values::nulls(self.rows());
        let mut divisible = Values::nulls(self.rows());
        self.visit(TERMS.and(PRIORITIES), |row, event| {
            if event.kind == Kind::Reprioritised {
                return priorities.set(row, event.value);
            }
            let transaction = self.row(event);
            if let Some(tick) = known(transaction.deadline_tick) {
                deadlines.set(row, i64::from(tick));
            }
            priorities.set(row, i64::from(transaction.priority_at_arrival));
            divisible.set(row, transaction.divisible);
        });
        vec![
            ("deadline_tick", Column::Integer(deadlines)),
            ("priority", Column::Integer(priorities)),
            ("divisible", Column::Boolean(divisible)),
        ]
    }

    fn rows(self) -> usize {
        self.0.state().journal.len()
    }

    fn visit(self, kinds: Kinds, look: impl FnMut(usize, &Event)) {
        self.0.state().journal.visit(kinds, look);
    }

    fn set_name(self, names: &mut Coded, row: usize, agent: AgentId) {
        names.set(row, agent.ix(), |out| {
            out.push_str(&self.0.names()[agent.ix()]);
        });
    }

    fn row(self, event: &Event) -> &'a Transaction {
        &self.0.state().transactions[TransactionId(event.transaction)]
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
