"""
Logs: what a simulation has been through, as the steps of a log after those of its parent.

A log begins after a step of another log, its parent, or with an origin alone. A branch is a new log
that begins after a step of the source, so nothing is copied; steps never change. What no simulation
needs any more is removed in slices, so that nobody waits for it.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Collection
from typing import Final

import attrs

from paysim.server.store_records import Step

SLICE: Final = 100
"""Rows that are removed at once."""

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

_UNNEEDED: Final = """
SELECT l.number FROM logs AS l
WHERE NOT EXISTS (SELECT * FROM simulations WHERE log = l.number)
    AND coalesce((SELECT max(number) FROM steps WHERE log = l.number), l.base)
        > coalesce((SELECT max(base) FROM logs WHERE parent = l.number), -1)
LIMIT 1
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
    if step < base or log_end(db, log).number - step > SLICE or (needed or 0) > step:
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


def read_log(db: sqlite3.Connection, log: int, last: int | None) -> tuple[bytes, list[Step]]:
    """
    Return how a log begins, and all steps that lead to one of its steps, or to its end.

    Raises:
        Damage: Something of it is not as it was written.
    """
    steps: list[Step] = []
    most = log_end(db, log).number if last is None else last
    for owner, number, crc, *values in db.execute(_CHAIN, {"log": log, "most": most}):
        step = Step(*values)
        if number != len(steps) + 1:
            break
        if _step_crc(owner, number, step) != crc:
            raise Damage(f"the checksum of step {number} differs")
        steps.append(step)
    if len(steps) != most:
        raise Damage(f"step {len(steps) + 1} is missing")
    return _begun(db, log), steps


def remove_unneeded(db: sqlite3.Connection, being_made: Collection[int]) -> bool:
    """
    Remove a slice of what no simulation needs, and return whether there may be more.

    Args:
        db: The connection.
        being_made: Origins that a simulation is about to begin with.
    """
    return _remove_log(db) or _remove_origin(db, being_made) or _remove_replies(db)


def _remove_log(db: sqlite3.Connection) -> bool:
    found = db.execute(_UNNEEDED).fetchone()
    if found is None:
        return False
    (log,) = found
    (needed,) = db.execute("SELECT max(base) FROM logs WHERE parent = ?", (log,)).fetchone()
    removed = db.execute(
        "DELETE FROM steps WHERE log = ?1 AND number IN (SELECT number FROM steps "
        f"WHERE log = ?1 AND number > ?2 ORDER BY number DESC LIMIT {SLICE})",
        (log, -1 if needed is None else needed),
    )
    if needed is None and removed.rowcount < SLICE:
        db.execute("DELETE FROM logs WHERE number = ?", (log,))
    return True


def _remove_origin(db: sqlite3.Connection, being_made: Collection[int]) -> bool:
    for (origin,) in db.execute(
        "SELECT number FROM origins AS o WHERE NOT EXISTS "
        "(SELECT * FROM logs WHERE origin = o.number)"
    ).fetchall():
        if origin not in being_made:
            part = "(SELECT max(number) FROM origin_parts WHERE origin = ?1)"
            removed = db.execute(
                f"DELETE FROM origin_parts WHERE origin = ?1 AND number = {part}", (origin,)
            )
            if not removed.rowcount:
                db.execute("DELETE FROM origins WHERE number = ?", (origin,))
            return True
    return False


def _remove_replies(db: sqlite3.Connection) -> bool:
    found = db.execute("SELECT scope FROM gone LIMIT 1").fetchone()
    if found is None:
        return False
    removed = db.execute(
        "DELETE FROM replies WHERE scope = ?1 AND number IN "
        f"(SELECT number FROM replies WHERE scope = ?1 LIMIT {SLICE})",
        found,
    )
    if removed.rowcount < SLICE:
        db.execute("DELETE FROM gone WHERE scope = ?", found)
    return True


def _begun(db: sqlite3.Connection, log: int) -> bytes:
    origin, count = db.execute("SELECT origin, parts FROM logs WHERE number = ?", (log,)).fetchone()
    parts: list[bytes] = []
    for number, digest, content in db.execute(
        "SELECT number, sha256, content FROM origin_parts WHERE origin = ? ORDER BY number",
        (origin,),
    ):
        if number != len(parts) or _part_digest(number, content) != digest:
            raise Damage("the checksum of how it began differs")
        parts.append(content)
    if len(parts) != count:
        raise Damage("a part of how it began is missing")
    return b"".join(parts)


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
