//! The fields of a given transaction that a file may have columns for.

/// A field, by the name that a scenario gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// Unique name; absent is `row-N`.
    Id,
    /// The agent that pays.
    SenderId,
    /// The agent that is paid.
    ReceiverId,
    /// Money.
    Amount,
    /// Arrival as a tick.
    ArrivalTick,
    /// Arrival as a moment, or as the time of `ArrivalDate`.
    ArrivalTime,
    /// The date of `ArrivalTime` where it has a column of its own.
    ArrivalDate,
    /// Deadline as a tick.
    DeadlineTick,
    /// Deadline as a moment, or as a time.
    DeadlineTime,
    /// The date of `DeadlineTime` where it has a column of its own.
    DeadlineDate,
    /// 0 to 10.
    Priority,
    /// Whether it may be split.
    Divisible,
}

impl Field {
    /// How many there are.
    pub const COUNT: usize = 12;

    /// All of them, in the order of their declaration.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Id,
        Self::SenderId,
        Self::ReceiverId,
        Self::Amount,
        Self::ArrivalTick,
        Self::ArrivalTime,
        Self::ArrivalDate,
        Self::DeadlineTick,
        Self::DeadlineTime,
        Self::DeadlineDate,
        Self::Priority,
        Self::Divisible,
    ];

    /// The name in scenarios and headers.
    pub fn word(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::SenderId => "sender_id",
            Self::ReceiverId => "receiver_id",
            Self::Amount => "amount",
            Self::ArrivalTick => "arrival_tick",
            Self::ArrivalTime => "arrival_time",
            Self::ArrivalDate => "arrival_date",
            Self::DeadlineTick => "deadline_tick",
            Self::DeadlineTime => "deadline_time",
            Self::DeadlineDate => "deadline_date",
            Self::Priority => "priority",
            Self::Divisible => "divisible",
        }
    }

    /// The place in arrays over all fields.
    #[inline]
    pub fn ix(self) -> usize {
        self as usize
    }
}
