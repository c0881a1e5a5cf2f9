"""
Removal of what no simulation needs any more: a slice at a time, so that nobody waits for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Final

SLICE: Final = 100
"""Rows that are removed at once."""

_UNNEEDED: Final = """
SELECT l.number FROM logs AS l
WHERE NOT EXISTS (SELECT * FROM simulations WHERE log = l.number)
    AND coalesce((SELECT max(number) FROM steps WHERE log = l.number), l.base)
        > coalesce((SELECT max(base) FROM logs WHERE parent = l.number), -1)
LIMIT 1
"""


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
