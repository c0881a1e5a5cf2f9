"""
Ids of extra transactions: no two transactions of a run, given or extra, have one id.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from paysim._kernel import GivenTransactions
from paysim.errors import shown
from paysim.records import Note, is_known
from paysim.scenario_events import ExtraTransaction

_REPEATED = re.compile(r"(.+)@(0|[1-9][0-9]*)", re.ASCII | re.DOTALL)


class EventIds:
    """
    The ids of extra transactions, beside those of the given ones.
    """

    def __init__(self, transactions: Any, end: int) -> None:
        is_columns = isinstance(transactions, GivenTransactions)
        self._given = transactions if is_columns else _RowIds(transactions)
        self._end = end
        self._own: dict[str, int] = {}
        self._repeated: dict[str, range] = {}
        # Of ids that read ID@TICK: ticks and numbers by ID.
        self._like_repeated: dict[str, list[tuple[int, int]]] = defaultdict(list)

    def check(self, number: int, event: ExtraTransaction, note: Note) -> None:
        """
        Check the id of one more event against those that there are.
        """
        id = _id(number, event)
        text = self._clash(id, event)
        if text:
            note(("scenario_events", number, "id"), f"must be unique, and {text}", shown(id))

    def keep(self, number: int, event: ExtraTransaction) -> None:
        """
        Count the id of an event among those that there are.
        """
        id = _id(number, event)
        if id in self._own:
            return
        self._own[id] = number
        if event.every_ticks is not None:
            self._repeated[id] = event.ticks(self._end)
        elif match := _REPEATED.fullmatch(id):
            self._like_repeated[match[1]].append((int(match[2]), number))

    def _clash(self, id: str, event: ExtraTransaction) -> str:
        if id in self._own:
            return f"is the id of scenario_events[{self._own[id]}]"
        if event.every_ticks is None:
            row = self._given.row_of(id)
            if row is not None:
                return f"is the id of transactions[{row}]"
            match = _REPEATED.fullmatch(id)
            if match and int(match[2]) in self._repeated.get(match[1], ()):
                return f"is the id of scenario_events[{self._own[match[1]]}] in tick {match[2]}"
            return ""
        ticks = event.ticks(self._end)
        for key, repetitions in (
            ("transactions", self._given.repetitions(id)),
            ("scenario_events", self._like_repeated.get(id, ())),
        ):
            for tick, owner in repetitions:
                if tick in ticks:
                    return f"{key}[{owner}] has the id {shown(f'{id}@{tick}')} of tick {tick}"
        return ""


class _RowIds:
    """
    Rows of given transactions by their ids, as `GivenTransactions` has them.
    """

    def __init__(self, transactions: Any) -> None:
        self._rows: dict[str, int] = {}
        self._repetitions: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for row, transaction in enumerate(transactions if is_known(transactions) else ()):
            id = transaction.id
            if not is_known(id):
                continue
            id = f"row-{row + 1}" if id is None else id
            self._rows.setdefault(id, row)
            if match := _REPEATED.fullmatch(id):
                self._repetitions[match[1]].append((int(match[2]), row))

    def row_of(self, id: str) -> int | None:
        return self._rows.get(id)

    def repetitions(self, id: str) -> list[tuple[int, int]]:
        return self._repetitions.get(id, [])


def _id(number: int, event: ExtraTransaction) -> str:
    return f"event-{number + 1}" if event.id is None else event.id
