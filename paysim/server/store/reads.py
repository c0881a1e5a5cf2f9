"""
What is read from the tables.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any, Final

from paysim.server.store import logs
from paysim.server.store.records import Mark, Reply, Row, Step, StoreError
from paysim.server.store.writes import cuts_of, numbers

_ROWS: Final = """
SELECT s.id, s.name, s.seed, coalesce(p.tick, l.tick), coalesce(p.events, l.events),
    coalesce(p.number, l.base), s.num_ticks, s.ticks_per_day, s.agents, s.outside, s.created,
    s.parent_id, s.parent_tick, r.record, s.cuts
FROM simulations AS s
JOIN logs AS l ON l.number = s.log
LEFT JOIN steps AS p ON p.log = s.log
    AND p.number = (SELECT max(number) FROM steps WHERE log = s.log)
LEFT JOIN runs AS r ON r.simulation = s.number
ORDER BY s.number
"""


def rows(db: sqlite3.Connection) -> list[Row]:
    """
    Return all simulations, in the order in which they were created.
    """
    return [_row(*values) for values in db.execute(_ROWS)]


def load(db: sqlite3.Connection, id: str, last: int | None) -> tuple[bytes, list[Step]]:
    """
    Return how a simulation began and its steps up to one, in a transaction of its own.

    Raises:
        StoreError: There is no such simulation or step, or what is there is damaged.
    """
    try:
        db.execute("BEGIN")
        try:
            _, log = numbers(db, id)
            end = logs.log_end(db, log).number
            if last is not None and not 0 <= last <= end:
                raise StoreError(f"simulation {id} must have step {last}, and has {end} steps")
            found = logs.read_log(db, log, last)
        finally:
            db.execute("ROLLBACK")
        return found.checked()
    except (logs.Damage, TypeError, sqlite3.DatabaseError) as error:
        told = f"simulation {id} cannot be read, as the store is damaged: {error}"
        raise StoreError(told) from error


def marks(db: sqlite3.Connection, id: str) -> list[Mark]:
    """
    Return the checkpoints of a simulation, in the order in which they were made.
    """
    found = db.execute(
        "SELECT m.id, s.id, m.name, m.step, m.tick, m.created FROM marks AS m "
        "JOIN simulations AS s ON s.number = m.simulation WHERE s.id = ? ORDER BY m.number",
        (id,),
    )
    return [Mark(*values) for values in found]


def reply(db: sqlite3.Connection, scope: str, key: str) -> Reply | None:
    """
    Return what a request with this key was answered, if that is kept.
    """
    found = db.execute(
        "SELECT request, status, headers, body FROM replies WHERE scope = ? AND key = ?",
        (scope, key),
    ).fetchone()
    if found is None:
        return None
    request, status, headers, body = found
    return Reply(scope, key, request, status, json.loads(headers), body)


def _row(*values: Any) -> Row:
    id, name, seed, tick, events, steps, num_ticks, ticks_per_day, *rest = values
    agents, outside, created, parent_id, parent_tick, run, cuts = rest
    return Row(
        *(id, name, int(seed), tick, events, steps, num_ticks, ticks_per_day),
        *(tuple(json.loads(agents)), tuple(json.loads(outside)), created, parent_id, parent_tick),
        run=None if run is None else json.loads(run),
        cuts=cuts_of(cuts),
    )
