"""
Decisions as a client writes them: what each needs, checked before any of them is made.

    {"decision": "release", "transaction_id": "BANK_A@7.1", "priority": 9}
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final

import attrs

from paysim.behaviour import PARTS_MAX
from paysim.errors import Problems, TooManyProblems, shown
from paysim.fields import AMOUNT_MAX, IN_QUOTES, Kind, Steps, Whole, did_you_mean, one_of
from paysim.records import Checked, Optional, Record

DECISIONS_MAX: Final = 1_000
"""The most decisions that can be made together."""

ID_MAX: Final = 1_000
"""Characters of a transaction's id; one that is a part of a part is longer than its name."""


@attrs.frozen(eq=False)
class Id(Kind):
    """
    The id of a transaction, whoever has given it.
    """

    help: str = ""

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        if type(value) is not str:
            hint = IN_QUOTES if type(value) in (int, float, bool) else ""
            problems.add(steps, "must be text", shown(value), hint)
        elif not 1 <= len(value) <= ID_MAX:
            found = f"{len(value)} characters" if value else "empty text"
            problems.add(steps, f"must be 1 to {ID_MAX} characters", found)


Transaction = Annotated[str, Id("A transaction in the agent's own queues.")]


@attrs.frozen
class Release(Checked):
    """
    Submit a transaction of the internal queue to the system.
    """

    name: ClassVar[str] = "release"
    transaction_id: Transaction
    priority: Annotated[
        int | None, Optional(Whole(0, 10, "A priority to give it first; absent is none."))
    ] = None


@attrs.frozen
class Hold(Checked):
    """
    Keep a transaction of the internal queue where it is: the same as deciding nothing about it.
    """

    name: ClassVar[str] = "hold"
    transaction_id: Transaction


@attrs.frozen
class Split(Checked):
    """
    Split a transaction of the internal queue and release all its parts.
    """

    name: ClassVar[str] = "split"
    transaction_id: Transaction
    parts: Annotated[int, Whole(2, PARTS_MAX, "Parts, of which each is at least 1.")]


@attrs.frozen
class Reprioritise(Checked):
    """
    Give a transaction of either queue another priority.
    """

    name: ClassVar[str] = "reprioritise"
    transaction_id: Transaction
    priority: Annotated[int, Whole(0, 10, "Priority, higher first.")]


@attrs.frozen
class Withdraw(Checked):
    """
    Take a transaction from the central queue back to the end of the internal queue.
    """

    name: ClassVar[str] = "withdraw"
    transaction_id: Transaction


@attrs.frozen
class SetReleaseBudget(Checked):
    """
    Bound the value released per tick, until changed.
    """

    name: ClassVar[str] = "set_release_budget"
    amount: Annotated[
        int | None, Optional(Whole(0, AMOUNT_MAX, "In minor units; null takes the bound away."))
    ]


Decision = Release | Hold | Split | Reprioritise | Withdraw | SetReleaseBudget

KINDS: Final[dict[str, type[Decision]]] = {
    kind.name: kind for kind in (Release, Hold, Split, Reprioritise, Withdraw, SetReleaseBudget)
}
"""The kinds of decision, by the word that a client writes."""


def read_decisions(raw: Sequence[Any], problems: Problems) -> list[Decision]:
    """
    Return the decisions that plain dicts describe, if nothing is wrong with any of them.

    Args:
        raw: The dicts.
        problems: Where everything that is wrong is noted.
    """
    if not isinstance(raw, list | tuple):
        problems.add(("decisions",), "must be a list of decisions", shown(raw))
        return []
    if not 1 <= len(raw) <= DECISIONS_MAX:
        problems.add(("decisions",), f"must hold 1 to {DECISIONS_MAX} decisions", str(len(raw)))
        return []
    try:
        return [_read(each, ("decisions", i), problems) for i, each in enumerate(raw)]
    except TooManyProblems:
        return []


def _read(raw: Any, steps: Steps, problems: Problems) -> Any:
    if not isinstance(raw, dict):
        text = f"must be a mapping with a decision: {one_of(KINDS)}"
        problems.add(steps, text, shown(raw))
        return None
    if "decision" not in raw:
        problems.add((*steps, "decision"), f"is missing, must be {one_of(KINDS)}")
        return None
    word = raw["decision"]
    kind = KINDS.get(word) if type(word) is str else None
    if kind is None:
        hint = functools.partial(did_you_mean, word, KINDS)
        problems.add((*steps, "decision"), f"must be {one_of(KINDS)}", shown(word), hint)
        return None
    return Record(kind).read_keys(raw, steps, problems, aside=("decision",))
