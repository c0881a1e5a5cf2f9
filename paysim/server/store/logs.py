"""
Logs: what a simulation has been through, as the steps of a log after those of its parent.

A log begins after a step of another log, its parent, or with an origin alone. A branch is a new log
that begins after a step of the source, so nothing is copied; steps never change. What no simulation
needs any more is removed later.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from typing import Any, Final

import attrs

from paysim.server.store.records import Step

CUT_MAX: Final = 100
"""Steps that are removed at once; more are left for later."""

_CHAIN: Final = """
WITH RECURSIVE chain (log, most) AS (
    SELECT :log, :most
    UNION ALL
    SELECT l.parent, min(chain.most, l.base) FROM chain
    JOIN logs AS l ON l.number = chain.log WHERE l.parent IS NOT NULL
)
SELECT s.log, s.number, s.crc32, s.tick, s.events, s.added, s.piece FROM chain
JOIN steps AS s ON s.log = chain.log AND s.number <= chain.most ORDER BY s.number
"""


@attrs.frozen
class End:
    """
    The last step of a log, or its beginning.
    """

    number: int
    tick: int
    events: int


class Damage(Exception):
    """
    What is stored is not what was.
    """


def add_part(db: sqlite3.Connection, origin: int | None, number: int, content: bytes) -> int:
    """
    Add a part of how a simulation began, and return the number of its origin.

    Args:
        db: The connection.
        origin: The origin, or `None` for a new one.
        number: The number of the part, from 0.
        content: What it holds.
    """
    if origin is None:
        origin = db.execute("INSERT INTO origins DEFAULT VALUES").lastrowid
        assert origin is not None
    values = (origin, number, _part_digest(number, content), content)
    db.execute("INSERT INTO origin_parts VALUES (?, ?, ?, ?)", values)
    return origin


def add_log(db: sqlite3.Connection, origin: int, parts: int, end: End) -> int:
    """
    Add a log that begins with an origin of so many parts, and return its number.
    """
    values = (origin, parts, None, end.number, end.tick, end.events)
    return _add_log(db, *values)


def add_log_after(db: sqlite3.Connection, log: int, step: int) -> int:
    """
    Add a log that goes on after a step of another one, and return its number.

    The step may be one of those before the other log's own.
    """
    while True:
        origin, parts, parent, base, tick, events = db.execute(
            "SELECT origin, parts, parent, base, tick, events FROM logs WHERE number = ?", (log,)
        ).fetchone()
        if step > base:
            at = "SELECT number, tick, events FROM steps WHERE log = ? AND number = ?"
            return _add_log(db, origin, parts, log, *db.execute(at, (log, step)).fetchone())
        if step == base:
            return _add_log(db, origin, parts, parent, base, tick, events)
        log = parent


def cut(db: sqlite3.Connection, log: int, step: int) -> bool:
    """
    Remove the steps of a log after one, if they are few, its own, and nobody else needs them.
    """
    (base,) = db.execute("SELECT base FROM logs WHERE number = ?", (log,)).fetchone()
    (needed,) = db.execute("SELECT max(base) FROM logs WHERE parent = ?", (log,)).fetchone()
    if step < base or log_end(db, log).number - step > CUT_MAX or (needed or 0) > step:
        return False
    db.execute("DELETE FROM steps WHERE log = ? AND number > ?", (log, step))
    return True


def log_end(db: sqlite3.Connection, log: int) -> End:
    """
    Return where a log ends.
    """
    found = db.execute(
        "SELECT number, tick, events FROM steps WHERE log = ? ORDER BY number DESC LIMIT 1", (log,)
    ).fetchone()
    if found is None:
        found = db.execute(
            "SELECT base, tick, events FROM logs WHERE number = ?", (log,)
        ).fetchone()
    return End(*found)


def add_step(db: sqlite3.Connection, log: int, number: int, step: Step) -> None:
    """
    Add the next step to a log.
    """
    crc = _step_crc(log, number, step)
    db.execute(
        "INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?)",
        (log, number, step.tick, step.events, step.added, step.piece, crc),
    )


@attrs.frozen
class Read:
    """
    What was read of a log and is still to be checked, for which no transaction need be open.
    """

    parts: list[tuple[int, bytes, bytes]]
    parts_count: int
    steps: list[Any]
    steps_count: int

    def checked(self) -> tuple[bytes, list[Step]]:
        """
        Return how the log begins, and its steps.

        Raises:
            Damage: Something of it is not as it was written.
        """
        steps: list[Step] = []
        for log, number, crc, *values in self.steps:
            step = Step(*values)
            if number != len(steps) + 1:
                break
            if _step_crc(log, number, step) != crc:
                raise Damage(f"the checksum of step {number} differs")
            steps.append(step)
        if len(steps) != self.steps_count:
            raise Damage(f"step {len(steps) + 1} is missing")
        for place, (number, digest, content) in enumerate(self.parts):
            if number != place or _part_digest(number, content) != digest:
                raise Damage("the checksum of how it began differs")
        if len(self.parts) != self.parts_count:
            raise Damage("a part of how it began is missing")
        return b"".join(content for _, _, content in self.parts), steps


def read_log(db: sqlite3.Connection, log: int, last: int | None) -> Read:
    """
    Read how a log begins, and all steps that lead to one of its steps, or to its end.
    """
    origin, count = db.execute("SELECT origin, parts FROM logs WHERE number = ?", (log,)).fetchone()
    parts = db.execute(
        "SELECT number, sha256, content FROM origin_parts WHERE origin = ? ORDER BY number",
        (origin,),
    ).fetchall()
    most = log_end(db, log).number if last is None else last
    steps = db.execute(_CHAIN, {"log": log, "most": most}).fetchall()
    return Read(parts, count, steps, most)


def _add_log(db: sqlite3.Connection, *values: int | None) -> int:
    number = db.execute(
        "INSERT INTO logs (origin, parts, parent, base, tick, events) VALUES (?, ?, ?, ?, ?, ?)",
        values,
    ).lastrowid
    assert number is not None
    return number


def _part_digest(number: int, content: bytes) -> bytes:
    digest = hashlib.sha256(b"%d " % number)
    digest.update(content)
    return digest.digest()


def _step_crc(log: int, number: int, step: Step) -> int:
    head = b"%d %d %d %d %d " % (log, number, step.tick, step.events, len(step.added))
    return zlib.crc32(step.piece, zlib.crc32(step.added, zlib.crc32(head)))
