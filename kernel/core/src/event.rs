//! What can happen, as recorded.

use serde::{Deserialize, Serialize};

use crate::ids::Tick;

/// Kinds of event; the words are those of the event log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// An account exists from now on.
    AccountOpened,
    /// A loan was repaid, in part or whole.
    LoanRepaid,
    /// Pool to balance.
    LiquidityAllocated,
    /// A transaction came to exist.
    Arrived,
    /// An agent submitted a transaction.
    Released,
    /// An agent took a transaction back from the central queue.
    Withdrawn,
    /// An agent changed a transaction's priority.
    Reprioritised,
    /// An agent bounded what it releases per tick.
    ReleaseBudgetSet,
    /// An agent divided a transaction.
    Split,
    /// A part came to exist.
    PartCreated,
    /// A released transaction joined the central queue.
    Queued,
    /// Debit and credit with finality.
    Settled,
    /// Part of the posting just booked is not in the balance yet.
    CreditDeferred,
    /// Deferred credits reached the balance.
    Credited,
    /// The search for rings ended at its bound.
    RingLimitReached,
    /// The central bank lent.
    LoanGranted,
    /// The end-of-day rule ended a transaction.
    Cancelled,
    /// A deadline passed.
    Overdue,
    /// A transaction was unsettled at the close, or cancelled by it.
    EndOfDayPenalty,
    /// A loan was outstanding at the close.
    EndOfDayBorrowing,
    /// Balance to pool.
    LiquidityReturned,
    /// What could not return to the pool stays with the agent, and is owed no more.
    AllocationKept,
    /// The central bank paid into an account.
    LiquidityInjected,
    /// The central bank took from an account.
    LiquidityDrained,
    /// An agent has another credit limit.
    CreditLimitChanged,
    /// Money moved between agents without a transaction.
    DirectTransfer,
    /// It did not, for want of liquidity.
    DirectTransferRefused,
    /// Rates of arrival are another multiple of the configured ones.
    ArrivalRateChanged,
    /// A receiver has another weight.
    CounterpartyWeightChanged,
    /// Deadlines are drawn in another way.
    DeadlineOffsetChanged,
    /// An agent decides nothing from here on.
    OutageBegan,
    /// An agent decides again.
    OutageEnded,
    /// Steps 5 to 7 are skipped from here on.
    Halted,
    /// They are not any more.
    Resumed,
}

impl Kind {
    /// The word of the event log.
    pub fn word(self) -> &'static str {
        match self {
            Self::AccountOpened => "account_opened",
            Self::LoanRepaid => "loan_repaid",
            Self::LiquidityAllocated => "liquidity_allocated",
            Self::Arrived => "arrived",
            Self::Released => "released",
            Self::Withdrawn => "withdrawn",
            Self::Reprioritised => "reprioritised",
            Self::ReleaseBudgetSet => "release_budget_set",
            Self::Split => "split",
            Self::PartCreated => "part_created",
            Self::Queued => "queued",
            Self::Settled => "settled",
            Self::CreditDeferred => "credit_deferred",
            Self::Credited => "credited",
            Self::RingLimitReached => "ring_limit_reached",
            Self::LoanGranted => "loan_granted",
            Self::Cancelled => "cancelled",
            Self::Overdue => "overdue",
            Self::EndOfDayPenalty => "end_of_day_penalty",
            Self::EndOfDayBorrowing => "end_of_day_borrowing",
            Self::LiquidityReturned => "liquidity_returned",
            Self::AllocationKept => "allocation_kept",
            Self::LiquidityInjected => "liquidity_injected",
            Self::LiquidityDrained => "liquidity_drained",
            Self::CreditLimitChanged => "credit_limit_changed",
            Self::DirectTransfer => "direct_transfer",
            Self::DirectTransferRefused => "direct_transfer_refused",
            Self::ArrivalRateChanged => "arrival_rate_changed",
            Self::CounterpartyWeightChanged => "counterparty_weight_changed",
            Self::DeadlineOffsetChanged => "deadline_offset_changed",
            Self::OutageBegan => "outage_began",
            Self::OutageEnded => "outage_ended",
            Self::Halted => "halted",
            Self::Resumed => "resumed",
        }
    }

    /// Whether it states a value, a cost or a scenario event that does not follow from its
    /// transaction.
    pub fn has_detail(self) -> bool {
        !matches!(
            self,
            Self::Arrived
                | Self::Released
                | Self::Withdrawn
                | Self::PartCreated
                | Self::Queued
                | Self::Settled
                | Self::Cancelled
        )
    }

    /// Whether it states a cost.
    pub fn has_cost(self) -> bool {
        Kinds::COSTS.contains(self)
    }

    /// Whether it follows the accrual of the tick's running costs.
    pub fn follows_accrual(self) -> bool {
        matches!(
            self,
            Self::Overdue
                | Self::EndOfDayPenalty
                | Self::EndOfDayBorrowing
                | Self::LiquidityReturned
                | Self::AllocationKept
        )
    }
}

/// A set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kinds(u64);

impl Kinds {
    /// Every kind.
    pub const ALL: Self = Self(u64::MAX);

    /// Those that state a cost.
    pub const COSTS: Self = Self::of(&[
        Kind::Split,
        Kind::Overdue,
        Kind::EndOfDayPenalty,
        Kind::EndOfDayBorrowing,
    ]);

    /// These kinds.
    pub const fn of(kinds: &[Kind]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < kinds.len() {
            bits |= 1 << kinds[at] as u64;
            at += 1;
        }
        Self(bits)
    }

    /// These and those.
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// These and not those.
    pub const fn but(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether a kind is one of these.
    #[inline]
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 >> kind as u64 & 1 == 1
    }

    /// Whether one of those is one of these.
    pub const fn meets(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }
}

/// Why something settled, was queued or was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Cause {
    /// Does not apply.
    None,
    /// Settled alone when it was released.
    Entry,
    /// Settled alone from the central queue.
    QueueRelease,
    /// Settled by bilateral offsetting.
    BilateralOffsetting,
    /// Settled in a ring.
    Cycles,
    /// Settled by gridlock resolution.
    GridlockResolution,
    /// Settled or cancelled by the end-of-day rule.
    EndOfDay,
    /// Queued for want of liquidity.
    Liquidity,
    /// Queued behind an earlier transaction of its sender.
    Order,
    /// Queued because nothing settles during a halt.
    Halt,
}

impl Cause {
    /// The causes of settlement, in order.
    pub const SETTLEMENTS: [Self; 6] = [
        Self::Entry,
        Self::QueueRelease,
        Self::BilateralOffsetting,
        Self::Cycles,
        Self::GridlockResolution,
        Self::EndOfDay,
    ];

    /// The word of the event log; none where it does not apply.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Entry => Some("entry"),
            Self::QueueRelease => Some("queue_release"),
            Self::BilateralOffsetting => Some("bilateral_offsetting"),
            Self::Cycles => Some("cycles"),
            Self::GridlockResolution => Some("gridlock_resolution"),
            Self::EndOfDay => Some("end_of_day"),
            Self::Liquidity => Some("liquidity"),
            Self::Order => Some("order"),
            Self::Halt => Some("halt"),
        }
    }

    /// Whether a liquidity-saving mechanism settled it.
    pub fn is_mechanism(self) -> bool {
        matches!(
            self,
            Self::BilateralOffsetting | Self::Cycles | Self::GridlockResolution
        )
    }
}

/// One recorded fact; which fields say something depends on the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub tick: Tick,
    /// What.
    pub kind: Kind,
    /// Why.
    pub cause: Cause,
    /// Whose doing or money, or [`crate::ids::NONE`].
    pub agent: u32,
    /// Which transaction, or [`crate::ids::NONE`].
    pub transaction: u32,
    /// The posting's number of a settlement; for kinds with a detail, where the journal keeps it.
    pub link: u32,
    /// An amount, a count or a priority, for kinds with a detail.
    pub value: i64,
}
