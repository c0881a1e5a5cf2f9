"""
The behaviour of an agent as a scenario states it: its policy, and how its transactions arise.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Final, TypeVar, get_args

import attrs

from paysim.errors import shown
from paysim.fields import (
    AMOUNT_MAX,
    TICKS_MAX,
    Flag,
    Real,
    Span,
    Weights,
    Whole,
    as_real,
    as_reals,
    as_weights,
)
from paysim.records import Checked, Either, Listed, Note, OneOf, Optional, Record, is_known

PROFILE_MAX: Final = 100_000
"""The most parts of the day that a profile may tell apart."""

DRAWN_MAX: Final = 1_000_000
"""The most values of a list to draw from."""

ARRIVALS_MAX: Final = 100_000
"""The most arrivals per tick that a rate may ask for, its multiplier included."""

WEIGHT_MAX: Final = 10**9
PARTS_MAX: Final = 10_000
OFFSET_MAX: Final = TICKS_MAX - 1

Amount = Annotated[int, Whole(1, AMOUNT_MAX, "An amount in minor units.")]
Weight = Real(0, WEIGHT_MAX)

_T = TypeVar("_T")


def as_tuple(values: Iterable[_T]) -> tuple[_T, ...]:
    """
    Return a list as a tuple; leave anything else for the check to name.
    """
    return tuple(values) if isinstance(values, list) else values  # type: ignore[return-value]


def _as_weight_tuple(values: Iterable[float] | None) -> tuple[float, ...] | None:
    return None if values is None else as_reals(values)


def as_span(value: int | Iterable[int] | None) -> int | tuple[int, int] | None:
    """
    Return a pair given as a list as a tuple; leave anything else as it is.
    """
    return tuple(value) if isinstance(value, list) else value  # type: ignore[return-value]


@attrs.frozen
class Fifo(Checked):
    """
    Releases everything.
    """

    name: ClassVar[str] = "fifo"


Urgency = Annotated[
    int, Whole(0, TICKS_MAX, "A transaction with this many ticks to its deadline is urgent.")
]


@attrs.frozen
class Deadline(Checked):
    """
    Releases a transaction when its deadline is near or past, and holds it until then.
    """

    name: ClassVar[str] = "deadline"
    urgency_threshold: Urgency = 10


@attrs.frozen
class LiquidityAware(Checked):
    """
    Releases what leaves a buffer of free liquidity; urgent transactions may use the buffer.
    """

    name: ClassVar[str] = "liquidity_aware"
    target_buffer: Annotated[int, Whole(0, AMOUNT_MAX, "Free liquidity to keep.")] = 100_000
    urgency_threshold: Urgency = 10


@attrs.frozen
class LiquiditySplitting(Checked):
    """
    Splits a transaction that free liquidity does not cover into the fewest parts that it does.
    """

    name: ClassVar[str] = "liquidity_splitting"
    max_splits: Annotated[int, Whole(2, PARTS_MAX, "The most parts of a split.")] = 5
    min_split_amount: Annotated[int, Whole(1, AMOUNT_MAX, "The least amount of a part.")] = 10_000


@attrs.frozen
class MockSplitting(Checked):
    """
    Splits every transaction, for tests.
    """

    name: ClassVar[str] = "mock_splitting"
    num_splits: Annotated[int, Whole(2, PARTS_MAX, "Parts of each split.")] = 2


Policy = Fifo | Deadline | LiquidityAware | LiquiditySplitting | MockSplitting


def _weights_fit(record: Any, note: Note) -> None:
    if not is_known(record.values, record.weights) or record.weights is None:
        return
    if len(record.weights) != len(record.values):
        text = f"must have as many weights as there are values, {len(record.values)}"
        note(("weights",), text, str(len(record.weights)))
    elif not any(record.weights):
        note(("weights",), "must hold a weight of more than 0", shown(record.weights))


@attrs.frozen
class Fixed(Checked):
    """
    Always the same amount.
    """

    name: ClassVar[str] = "fixed"
    value: Amount


@attrs.frozen
class Uniform(Checked):
    """
    Every amount from `min` to `max`, both included, is equally likely.
    """

    name: ClassVar[str] = "uniform"
    min: Amount
    max: Amount

    def check_together(self, note: Note) -> None:
        if is_known(self.min, self.max) and self.min > self.max:
            note(("max",), f"must be at least min, {self.min}", shown(self.max))


Mean = Annotated[float, Real(0, AMOUNT_MAX, "Mean of the amount, in minor units.", open=True)]
StdDev = Annotated[float, Real(0, AMOUNT_MAX, "Standard deviation of the amount itself.")]


@attrs.frozen
class Normal(Checked):
    """
    Normally distributed amounts, rounded half-even, at least 1.
    """

    name: ClassVar[str] = "normal"
    mean: Mean = attrs.field(converter=as_real)
    std_dev: StdDev = attrs.field(converter=as_real)


@attrs.frozen
class LogNormal(Checked):
    """
    Log-normally distributed amounts, given by mean and standard deviation of the amount itself.
    """

    name: ClassVar[str] = "lognormal"
    mean: Mean = attrs.field(converter=as_real)
    std_dev: StdDev = attrs.field(converter=as_real)


@attrs.frozen
class Exponential(Checked):
    """
    Exponentially distributed amounts, rounded half-even, at least 1.
    """

    name: ClassVar[str] = "exponential"
    mean: Mean = attrs.field(converter=as_real)


@attrs.frozen
class Empirical(Checked):
    """
    Amounts from a list, equally likely or by weight.
    """

    name: ClassVar[str] = "empirical"
    values: Annotated[
        tuple[int, ...],
        Listed(Whole(1, AMOUNT_MAX), "Amounts to draw from.", 1, DRAWN_MAX, "amounts"),
    ] = attrs.field(converter=as_tuple)
    weights: Annotated[
        tuple[float, ...] | None,
        Optional(Listed(Weight, "Weight of each; absent is equal.", 1, DRAWN_MAX, "weights")),
    ] = attrs.field(default=None, converter=_as_weight_tuple)

    def check_together(self, note: Note) -> None:
        _weights_fit(self, note)


AmountDistribution = Fixed | Uniform | Normal | LogNormal | Exponential | Empirical


@attrs.frozen
class WeightedPriorities(Checked):
    """
    Priorities to draw from by weight.
    """

    values: Annotated[
        tuple[int, ...],
        Listed(Whole(0, 10), "Priorities to draw from.", 1, DRAWN_MAX, "priorities"),
    ] = attrs.field(converter=as_tuple)
    weights: Annotated[
        tuple[float, ...], Listed(Weight, "Weight of each priority.", 1, DRAWN_MAX, "weights")
    ] = attrs.field(converter=as_reals)

    def check_together(self, note: Note) -> None:
        _weights_fit(self, note)


@attrs.frozen
class ArrivalConfig(Checked):
    """
    How transactions of an agent arise: Poisson arrivals with amounts, receivers and deadlines.
    """

    rate_per_tick: Annotated[
        float, Real(0, ARRIVALS_MAX, "Mean number of transactions that arrive in a tick.")
    ] = attrs.field(converter=as_real)
    amount_distribution: Annotated[
        AmountDistribution,
        OneOf(get_args(AmountDistribution), "How amounts are distributed."),
    ]
    intraday_profile: Annotated[
        tuple[float, ...],
        Listed(
            Real(0, ARRIVALS_MAX),
            "Multipliers of the rate over equal parts of the day.",
            1,
            PROFILE_MAX,
            noun="multipliers",
        ),
    ] = attrs.field(default=(1.0,), converter=as_reals)
    counterparty_weights: Annotated[
        dict[str, float] | None,
        Optional(
            Weights(
                Weight, "Receivers by weight; one not listed is excluded, absent is equal weights."
            )
        ),
    ] = attrs.field(default=None, converter=as_weights, hash=False)
    deadline_offset: Annotated[
        int | tuple[int, int] | None,
        Optional(Span(OFFSET_MAX, "Ticks from arrival to deadline, or [lowest, highest].")),
    ] = attrs.field(default=None, converter=as_span)
    priority: Annotated[
        int | WeightedPriorities,
        Either(Whole(0, 10, "Priority, higher first."), Record(WeightedPriorities)),
    ] = 5
    divisible: Annotated[bool, Flag("Whether a transaction may be split.")] = True

    def check_together(self, note: Note) -> None:
        if not is_known(self.rate_per_tick, self.intraday_profile):
            return
        peak = self.rate_per_tick * max(self.intraday_profile)
        if peak > ARRIVALS_MAX:
            text = f"rate_per_tick times its largest multiplier must be at most {ARRIVALS_MAX}"
            note(("intraday_profile",), text, shown(peak))
