"""
How a new simulation is written: how it begins in parts, so that nobody waits long for a large one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import partial
from typing import Final

import attrs

from paysim.server.store.logs import add_part
from paysim.server.store.records import Reply, Row, Step
from paysim.server.store.writer import Operation
from paysim.server.store.writes import add_reply, create

PART_BYTES: Final = 2**20
"""Bytes of a part, each of which is written in a transaction of its own."""


@attrs.define
class Creation:
    """
    A simulation that is being made; it is there when its last part is.

    Attributes:
        row: What lists show of it.
        begun: How it begins.
        first: Its first step.
        reply: What the request is answered.
        being_made: Origins of such simulations, which must not be removed meanwhile.
    """

    row: Row
    begun: bytes
    first: Step | None
    reply: Reply | None
    being_made: set[int]
    _origin: int | None = attrs.field(default=None, init=False)

    def operations(self) -> Iterator[tuple[Operation, int]]:
        """
        Return what is to be written, in order, each with about how many bytes it writes.
        """
        last = max(len(self.begun) - 1, 0) // PART_BYTES
        first_bytes = 0 if self.first is None else len(self.first.piece)
        for number in range(last):
            yield partial(self._write_part, number), PART_BYTES
        yield partial(self._write_last, last), PART_BYTES + first_bytes

    def end(self) -> None:
        """
        Note that it has been made, or will not be.
        """
        if self._origin is not None:
            self.being_made.discard(self._origin)

    def _write_part(self, number: int, db: sqlite3.Connection) -> None:
        content = self.begun[number * PART_BYTES : (number + 1) * PART_BYTES]
        self._origin = add_part(db, self._origin if number else None, number, content)
        self.being_made.add(self._origin)

    def _write_last(self, number: int, db: sqlite3.Connection) -> None:
        self._write_part(number, db)
        assert self._origin is not None
        create(db, self.row, self._origin, number + 1, self.first)
        if self.reply is not None:
            add_reply(db, self.reply)
