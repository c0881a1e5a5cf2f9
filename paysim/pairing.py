"""
The transactions of two runs, paired: which orders both have, and when each settled.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import compress
from typing import TYPE_CHECKING, Any, Final

import attrs

from paysim._kernel import Table

if TYPE_CHECKING:
    from paysim.results import Results

OUTCOMES: Final = ("earlier", "later", "same_tick", "only_a", "only_b", "neither")
"""What may have become of a pair in B, compared with A, in the order in which it is told."""

_FACTS = ("transaction_id", "sender_id", "receiver_id", "amount", "arrival_tick")
_SETTLED = "settled_tick"

Row = tuple[str, str, str, int, int]
Facts = tuple[list[Any], list[Any], list[Any], list[Any], list[Any]]
"""Columns with the types of a row."""

Ticks = list[int | None]


@attrs.frozen
class Pairs:
    """
    The transactions of two runs, paired.

    Attributes:
        facts: The facts of the pairs in columns, as in `_FACTS`.
        settled: When each settled, in A and in B.
        only: Facts and settled ticks of the others, of A and of B.
        ends: The ticks of the runs, at which what is unsettled counts as settling.
    """

    facts: Facts
    settled: tuple[Ticks, Ticks]
    only: tuple[tuple[list[Row], Ticks], tuple[list[Row], Ticks]]
    ends: tuple[int, int]

    def __len__(self) -> int:
        return len(self.facts[0])

    @classmethod
    def of(cls, a: Results, b: Results) -> Pairs:
        """
        Pair the transactions of two runs.
        """
        (facts_a, settled_a), (facts_b, settled_b) = _arrived(a), _arrived(b)
        ends = (a.num_ticks, b.num_ticks)
        if facts_a == facts_b:
            return cls(facts_a, (settled_a, settled_b), (([], []), ([], [])), ends)
        places = {row: place for place, row in enumerate(zip(*facts_b, strict=True))}
        facts: Facts = ([], [], [], [], [])
        settled: tuple[Ticks, Ticks] = ([], [])
        only_a: tuple[list[Row], Ticks] = ([], [])
        only_b: tuple[list[Row], Ticks] = ([], [])
        for row, tick in zip(zip(*facts_a, strict=True), settled_a, strict=True):
            place = places.pop(row, None)
            if place is None:
                only_a[0].append(row)
                only_a[1].append(tick)
            else:
                for column, value in zip(facts, row, strict=True):
                    column.append(value)
                settled[0].append(tick)
                settled[1].append(settled_b[place])
        for row, place in places.items():
            only_b[0].append(row)
            only_b[1].append(settled_b[place])
        return cls(facts, settled, (only_a, only_b), ends)

    def table(self) -> Table:
        """
        Return one row per transaction, as `Comparison.transactions` does.
        """
        (only_a, when_a), (only_b, when_b) = self.only
        facts: list[Sequence[Any]] = [
            [*column, *(row[n] for row in only_a), *(row[n] for row in only_b)]
            for n, column in enumerate(self.facts)
        ]
        ticks_a = [*self.settled[0], *when_a, *[None] * len(only_b)]
        ticks_b = [*self.settled[1], *[None] * len(only_a), *when_b]
        outcomes = [outcome_of(one, other) for one, other in zip(*self.settled, strict=True)]
        outcomes += ["not_in_b"] * len(only_a) + ["not_in_a"] * len(only_b)
        changes = [
            None if one is None or other is None else other - one
            for one, other in zip(ticks_a, ticks_b, strict=True)
        ]
        return Table.from_columns(
            [
                ("transaction_id", "text", facts[0]),
                ("sender_id", "text", facts[1]),
                ("receiver_id", "text", facts[2]),
                ("amount", "integer", facts[3]),
                ("arrival_tick", "integer", facts[4]),
                ("settled_tick_a", "integer", ticks_a),
                ("settled_tick_b", "integer", ticks_b),
                ("change", "integer", changes),
                ("outcome", "text", outcomes),
            ]
        )

    def most_changed(self, limit: int) -> list[dict[str, Any]]:
        """
        Return the pairs that changed most, as `Comparison.most_changed` does.
        """
        end_a, end_b = self.ends
        changes = [
            amount * ((end_b if other is None else other) - (end_a if one is None else one))
            for amount, one, other in zip(self.facts[3], *self.settled, strict=True)
        ]
        places = heapq.nlargest(limit, range(len(changes)), key=lambda n: (abs(changes[n]), -n))
        found = []
        for place in places:
            if not changes[place]:
                break
            one, other = self.settled[0][place], self.settled[1][place]
            found.append(
                {name: column[place] for name, column in zip(_FACTS, self.facts, strict=True)}
                | {
                    "settled_tick_a": one,
                    "settled_tick_b": other,
                    "change": None if one is None or other is None else other - one,
                    "outcome": outcome_of(one, other),
                    "waiting_change": changes[place],
                }
            )
        return found


def _arrived(results: Results) -> tuple[Facts, Ticks]:
    """
    Return the facts of what arrived in columns, parts left out, and when each settled.
    """
    table = results.transactions
    columns = [table.column(name) for name in (*_FACTS, _SETTLED)]
    parents = table.column("parent_id")
    if parents.count(None) != len(parents):
        whole = [parent is None for parent in parents]
        columns = [list(compress(column, whole)) for column in columns]
    ids, senders, receivers, amounts, arrivals, settled = columns
    return (ids, senders, receivers, amounts, arrivals), settled


def outcome_of(one: int | None, other: int | None) -> str:
    """
    Return which of `OUTCOMES` a pair has that settled in these ticks of A and of B.
    """
    if one is None:
        return "neither" if other is None else "only_b"
    if other is None:
        return "only_a"
    return "same_tick" if one == other else "earlier" if other < one else "later"
