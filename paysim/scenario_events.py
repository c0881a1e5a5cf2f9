"""
Scenario events: what befalls a run from outside, in ticks that the scenario names.

An event happens at `tick`; with `every_ticks` again after so many ticks, up to `until_tick`.
What each does is said in `docs/scenario_events.md`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import attrs

from paysim.behaviour import ARRIVALS_MAX, OFFSET_MAX, WEIGHT_MAX, Amount, as_span
from paysim.errors import shown
from paysim.fields import (
    AMOUNT_MAX,
    DEADLINE_MAX,
    TICKS_MAX,
    Flag,
    Name,
    Real,
    Span,
    Whole,
    as_real,
)
from paysim.records import Checked, Note, Optional, is_known, synonym

EVENTS_MAX: Final = 1_000_000
"""The most events of a scenario; each may repeat."""

AgentName = Annotated[str, Name("The agent that it befalls.")]
AgentOrAll = Annotated[
    str | None, Optional(Name("The agent that it befalls; absent is all with an arrival_config."))
]


@attrs.frozen(kw_only=True)
class Timed(Checked):
    """
    When an event happens.
    """

    tick: Annotated[int, Whole(0, TICKS_MAX - 1, "Tick in which it happens first.")]
    every_ticks: Annotated[
        int | None,
        Optional(Whole(1, TICKS_MAX - 1, "Ticks after which it happens again; absent is once.")),
    ] = None
    until_tick: Annotated[
        int | None,
        Optional(Whole(0, TICKS_MAX - 1, "Last tick in which it may; absent is no end.")),
    ] = None

    def check_together(self, note: Note) -> None:
        if not is_known(self.until_tick) or self.until_tick is None:
            return
        if is_known(self.every_ticks) and self.every_ticks is None:
            text = "must be absent from an event without every_ticks, which happens once"
            note(("until_tick",), text, shown(self.until_tick), "", True)
        elif is_known(self.tick) and self.until_tick < self.tick:
            note(("until_tick",), f"must be at least tick, {self.tick}", shown(self.until_tick))

    def ticks(self, end: int) -> range:
        """
        Return the ticks before `end` in which it happens.
        """
        if self.every_ticks is None:
            return range(self.tick, min(self.tick + 1, end))
        last = end - 1 if self.until_tick is None else min(self.until_tick, end - 1)
        return range(self.tick, last + 1, self.every_ticks)


@attrs.frozen(kw_only=True)
class LiquidityInjection(Timed):
    """
    The central bank pays into an agent's account.
    """

    name: ClassVar[str] = "liquidity_injection"
    agent_id: AgentName
    amount: Amount


@attrs.frozen(kw_only=True)
class LiquidityDrain(Timed):
    """
    The central bank takes from an agent's account what is available of an amount.
    """

    name: ClassVar[str] = "liquidity_drain"
    agent_id: AgentName
    amount: Amount


@attrs.frozen(kw_only=True)
class CreditLimitChange(Timed):
    """
    An agent's credit limit is another from then on, even if that leaves the agent below its floor.
    """

    name: ClassVar[str] = "credit_limit_change"
    agent_id: AgentName
    amount: Annotated[int, Whole(0, AMOUNT_MAX, "The new credit limit, in minor units.")] = (
        attrs.field(metadata=synonym("credit_limit"))
    )


@attrs.frozen(kw_only=True)
class DirectTransfer(Timed):
    """
    Money moves from one agent to another without a transaction, whole or not at all.
    """

    name: ClassVar[str] = "direct_transfer"
    sender_id: Annotated[str, Name("The agent that pays.")]
    receiver_id: Annotated[str, Name("The agent that is paid.")]
    amount: Amount

    def check_together(self, note: Note) -> None:
        Timed.check_together(self, note)
        if is_known(self.sender_id, self.receiver_id) and self.sender_id == self.receiver_id:
            note(("receiver_id",), "must not be the sender", shown(self.receiver_id))


@attrs.frozen(kw_only=True)
class ExtraTransaction(Timed):
    """
    A transaction arrives.
    """

    name: ClassVar[str] = "extra_transaction"
    sender_id: Annotated[str, Name("The agent that pays.")]
    receiver_id: Annotated[str, Name("The agent that is paid.")]
    amount: Amount
    id: Annotated[
        str | None,
        Optional(Name("Unique name, with @TICK if it repeats; absent is event-N, N from 1.")),
    ] = None
    deadline_tick: Annotated[
        int | None, Optional(Whole(0, DEADLINE_MAX, "Tick in which it becomes overdue."))
    ] = None
    deadline_offset: Annotated[
        int | None, Optional(Whole(0, OFFSET_MAX, "Ticks from its arrival to its deadline."))
    ] = None
    priority: Annotated[int, Whole(0, 10, "Priority, higher first.")] = 5
    divisible: Annotated[bool, Flag("Whether it may be split.")] = True

    def check_together(self, note: Note) -> None:
        Timed.check_together(self, note)
        if is_known(self.sender_id, self.receiver_id) and self.sender_id == self.receiver_id:
            note(("receiver_id",), "must not be the sender", shown(self.receiver_id))
        if not is_known(self.deadline_tick) or self.deadline_tick is None:
            return
        if is_known(self.deadline_offset) and self.deadline_offset is not None:
            text = "deadline_tick and deadline_offset cannot both be given"
            note(("deadline_offset",), text, "", "", True)
        elif is_known(self.every_ticks) and self.every_ticks is not None:
            text = "must be absent from an event that repeats"
            note(("deadline_tick",), text, shown(self.deadline_tick), "use deadline_offset")


@attrs.frozen(kw_only=True)
class ArrivalRateChange(Timed):
    """
    Transactions arrive at a multiple of the configured rate, until the next such change.
    """

    name: ClassVar[str] = "arrival_rate_change"
    agent_id: AgentOrAll = None
    multiplier: Annotated[
        float, Real(0, ARRIVALS_MAX, "What the configured rate is multiplied by.")
    ] = attrs.field(converter=as_real)


@attrs.frozen(kw_only=True)
class CounterpartyWeightChange(Timed):
    """
    A receiver of an agent's arrivals has another weight from then on.
    """

    name: ClassVar[str] = "counterparty_weight_change"
    agent_id: AgentName
    counterparty_id: Annotated[str, Name("The receiver.")]
    weight: Annotated[float, Real(0, WEIGHT_MAX, "Its weight among the receivers.")] = attrs.field(
        converter=as_real
    )

    def check_together(self, note: Note) -> None:
        Timed.check_together(self, note)
        if is_known(self.agent_id, self.counterparty_id) and self.agent_id == self.counterparty_id:
            note(("counterparty_id",), "must not be the agent itself", shown(self.counterparty_id))


@attrs.frozen(kw_only=True)
class DeadlineOffsetChange(Timed):
    """
    Arrivals from then on have other deadlines, or none.
    """

    name: ClassVar[str] = "deadline_offset_change"
    agent_id: AgentOrAll = None
    deadline_offset: Annotated[
        int | tuple[int, int] | None,
        Optional(
            Span(OFFSET_MAX, "Ticks from arrival to deadline, or [lowest, highest]; null is never.")
        ),
    ] = attrs.field(converter=as_span)


@attrs.frozen(kw_only=True)
class Outage(Timed):
    """
    An agent decides nothing from then on; its central queue still settles.
    """

    name: ClassVar[str] = "outage"
    agent_id: AgentName


@attrs.frozen(kw_only=True)
class OutageEnd(Timed):
    """
    An agent decides again.
    """

    name: ClassVar[str] = "outage_end"
    agent_id: AgentName


@attrs.frozen(kw_only=True)
class Halt(Timed):
    """
    Nothing settles from then on but by the end-of-day rule: steps 5 to 7 of a tick are skipped.
    """

    name: ClassVar[str] = "halt"


@attrs.frozen(kw_only=True)
class Resume(Timed):
    """
    A halt is over.
    """

    name: ClassVar[str] = "resume"


ScenarioEvent = (
    LiquidityInjection
    | LiquidityDrain
    | CreditLimitChange
    | DirectTransfer
    | ExtraTransaction
    | ArrivalRateChange
    | CounterpartyWeightChange
    | DeadlineOffsetChange
    | Outage
    | OutageEnd
    | Halt
    | Resume
)


def named(event: ScenarioEvent, number: int) -> ScenarioEvent:
    """
    Return an event with the id that it has by its number, from 1, if it needs one and has none.
    """
    if isinstance(event, ExtraTransaction) and event.id is None:
        return attrs.evolve(event, id=f"event-{number}")
    return event
