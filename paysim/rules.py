"""
The rules of the system and the rates of its costs, as a scenario states them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal, get_args

import attrs

from paysim.errors import shown
from paysim.exact import as_exact, places, plain, product
from paysim.fields import Choice, Exact, Flag, Whole
from paysim.records import Checked, Either, Note, Record, is_known, synonym

RATE_MAX: Final = 10**9
MULTIPLIER_MAX: Final = 10**6
RINGS_MAX: Final = 10**9

QueueDiscipline = Literal["fifo_bypass", "strict_fifo"]
EndOfDay = Literal["carry_over", "cancel", "settle_on_credit"]
DelayAppliesTo = Literal["both", "internal", "central"]


@attrs.frozen
class PriorityMultipliers(Checked):
    """
    Multipliers of the delay cost by priority class.
    """

    urgent: Annotated[Decimal, Exact(0, MULTIPLIER_MAX, "Of urgent transactions.")] = attrs.field(
        default=Decimal(1), converter=as_exact
    )
    high: Annotated[Decimal, Exact(0, MULTIPLIER_MAX, "Of high ones.")] = attrs.field(
        default=Decimal(1), converter=as_exact
    )
    normal: Annotated[Decimal, Exact(0, MULTIPLIER_MAX, "Of normal ones.")] = attrs.field(
        default=Decimal(1), converter=as_exact
    )


@attrs.frozen
class Bps(Checked):
    """
    A cost in proportion to the amount.
    """

    bps: Annotated[Decimal, Exact(0, RATE_MAX, "Basis points of the amount.")] = attrs.field(
        converter=as_exact
    )


def _as_penalty(value: Decimal | int | float | str | Bps) -> Decimal | Bps:
    return value if isinstance(value, Bps) else as_exact(value)


@attrs.frozen
class CostRates(Checked):
    """
    Rates of all costs, per tick where not said otherwise, in minor units. All are exact.
    """

    overdraft_bps_per_tick: Annotated[
        Decimal, Exact(0, RATE_MAX, "Basis points of what the balance is below zero.")
    ] = attrs.field(default=Decimal(0), converter=as_exact)
    delay_cost_per_tick_per_cent: Annotated[
        Decimal, Exact(0, RATE_MAX, "Per minor unit that waits in a queue.")
    ] = attrs.field(default=Decimal(0), converter=as_exact)
    overdue_delay_multiplier: Annotated[
        Decimal, Exact(0, MULTIPLIER_MAX, "Multiplier of the delay cost once overdue.")
    ] = attrs.field(default=Decimal(1), converter=as_exact)
    priority_delay_multipliers: Annotated[PriorityMultipliers, Record(PriorityMultipliers)] = (
        PriorityMultipliers()
    )
    delay_applies_to: Annotated[
        DelayAppliesTo, Choice(get_args(DelayAppliesTo), "The queues in which delay costs.")
    ] = "both"
    split_friction_cost: Annotated[
        Decimal, Exact(0, RATE_MAX, "Per part beyond the first, at the split.")
    ] = attrs.field(default=Decimal(0), converter=as_exact)
    deadline_penalty: Annotated[
        Decimal | Bps,
        Either(Exact(0, RATE_MAX, "Once, when a transaction becomes overdue."), Record(Bps)),
    ] = attrs.field(default=Decimal(0), converter=_as_penalty)
    eod_penalty_per_transaction: Annotated[
        Decimal, Exact(0, RATE_MAX, "Per transaction unsettled at the close of a day.")
    ] = attrs.field(default=Decimal(0), converter=as_exact)
    eod_borrowing_bps: Annotated[
        Decimal, Exact(0, RATE_MAX, "Basis points of loans outstanding at the close of a day.")
    ] = attrs.field(default=Decimal(0), converter=as_exact)
    liquidity_bps_per_tick: Annotated[
        Decimal, Exact(0, RATE_MAX, "Basis points of what is allocated from the pool.")
    ] = attrs.field(default=Decimal(0), converter=as_exact)

    def check_together(self, note: Note) -> None:
        overdue, by_class = self.overdue_delay_multiplier, self.priority_delay_multipliers
        if not is_known(overdue, by_class):
            return
        is_overdue_fine = places(overdue) <= 4
        if not is_overdue_fine:
            text = "must have at most 4 decimal places"
            note(("overdue_delay_multiplier",), text, plain(overdue))
        for name in ("urgent", "high", "normal"):
            own = getattr(by_class, name)
            if places(own) > 4:
                text = "must have at most 4 decimal places"
                note(("priority_delay_multipliers", name), text, plain(own))
            elif is_overdue_fine and places(product(overdue, own)) > 4:
                text = "times overdue_delay_multiplier must have at most 4 decimal places"
                note(("priority_delay_multipliers", name), text, plain(product(overdue, own)))


@attrs.frozen
class LsmConfig(Checked):
    """
    Which liquidity-saving mechanisms run, and their bounds.
    """

    bilateral_offsetting: Annotated[
        bool, Flag("Settle what two agents owe each other together.")
    ] = attrs.field(default=True, metadata=synonym("bilateral_offset_enabled"))
    cycles: Annotated[bool, Flag("Settle rings of transactions together.")] = attrs.field(
        default=True, metadata=synonym("cycle_detection_enabled")
    )
    max_cycle_length: Annotated[int, Whole(3, 10, "The most agents in a ring.")] = 4
    max_rings_per_tick: Annotated[
        int, Whole(1, RINGS_MAX, "The most rings that are looked at in a tick.")
    ] = 100_000
    gridlock_resolution: Annotated[
        bool, Flag("Settle the largest ordered set of the whole central queue together.")
    ] = attrs.field(default=False, metadata=synonym("gridlock_resolution_enabled"))


@attrs.frozen
class PriorityClasses(Checked):
    """
    The lowest priority of each class; whatever is below high is normal.
    """

    urgent: Annotated[int, Whole(0, 11, "Lowest urgent priority; 11 is none.")] = 8
    high: Annotated[int, Whole(0, 11, "Lowest high priority.")] = 6

    def check_together(self, note: Note) -> None:
        if is_known(self.urgent, self.high) and self.high > self.urgent:
            note(("high",), f"must be at most urgent, {self.urgent}", shown(self.high))


@attrs.frozen
class Rules(Checked):
    """
    The rules of the system.
    """

    queue_discipline: Annotated[
        QueueDiscipline,
        Choice(get_args(QueueDiscipline), "Whether a queued transaction lets later ones pass."),
    ] = "fifo_bypass"
    deferred_crediting: Annotated[
        bool, Flag("Whether what is received can be spent from the next tick only.")
    ] = False
    end_of_day: Annotated[
        EndOfDay, Choice(get_args(EndOfDay), "What becomes of unsettled transactions.")
    ] = "carry_over"
    priority_classes: Annotated[PriorityClasses, Record(PriorityClasses)] = PriorityClasses()
