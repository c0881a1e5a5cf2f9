"""
What each write does to the tables, inside a transaction that its caller begins and commits.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from typing import Any, Final

from paysim.errors import shown
from paysim.server.store import logs
from paysim.server.store.records import Cut, Mark, Reply, Row, Step, StoreError, with_cut

REPLIES_MAX: Final = 10_000
"""Replies that are kept in a scope; the oldest go first."""

_END: Final = """
SELECT s.number, s.log, t.number, t.tick, t.events FROM simulations AS s
JOIN steps AS t ON t.log = s.log WHERE s.id = ? ORDER BY t.number DESC LIMIT 1
"""


def create(db: sqlite3.Connection, row: Row, origin: int, parts: int, first: Step | None) -> None:
    """
    Add a simulation that begins with an origin of so many parts.
    """
    end = logs.End(0, row.tick, row.events) if first is None else logs.End(0, 0, 0)
    log = logs.add_log(db, origin, parts, end)
    _add_simulation(db, row, log)
    if first is not None:
        logs.add_step(db, log, 1, first)


def append(
    db: sqlite3.Connection,
    id: str,
    step: Step | None,
    run: dict[str, Any] | None,
    after: int | None,
) -> int:
    """
    Add a step, and the record of a run, and return the number of steps there are.
    """
    simulation, log, end = _end(db, id)
    number = end.number
    if after is not None and after != number:
        raise StoreError(f"simulation {id} must have {after} steps before this one (got {number})")
    if step is not None:
        if step.tick < end.tick or step.events < end.events:
            raise StoreError(
                f"simulation {id} must not go back, from tick {end.tick} and {end.events} events "
                f"(got tick {step.tick} and {step.events} events)"
            )
        number += 1
        logs.add_step(db, log, number, step)
    if run is not None:
        db.execute("INSERT OR REPLACE INTO runs VALUES (?, ?)", (simulation, json.dumps(run)))
    return number


def delete(db: sqlite3.Connection, id: str) -> None:
    """
    Remove a simulation; what only it needed is removed later.
    """
    simulation, _ = numbers(db, id)
    db.execute("DELETE FROM simulations WHERE number = ?", (simulation,))
    db.execute("INSERT OR IGNORE INTO gone VALUES (?)", (id,))


def restore(db: sqlite3.Connection, id: str, step: int) -> None:
    """
    Go back to a step, and remove the marks after it; later steps are removed later if many.
    """
    simulation, log = numbers(db, id)
    _check_step(db, id, log, step)
    if not logs.cut(db, log, step):
        log = logs.add_log_after(db, log, step)
    (text,) = db.execute("SELECT cuts FROM simulations WHERE number = ?", (simulation,)).fetchone()
    cuts = with_cut(cuts_of(text), logs.log_end(db, log).events)
    text = json.dumps([(cut.number, cut.events) for cut in cuts])
    db.execute("UPDATE simulations SET log = ?, cuts = ? WHERE number = ?", (log, text, simulation))
    db.execute("DELETE FROM marks WHERE simulation = ? AND step > ?", (simulation, step))


def branch(db: sqlite3.Connection, row: Row, source_id: str, step: int) -> None:
    """
    Add a simulation that has the first steps of another one.
    """
    _, source = numbers(db, source_id)
    _check_step(db, source_id, source, step)
    _add_simulation(db, row, logs.add_log_after(db, source, step))


def add_mark(db: sqlite3.Connection, mark: Mark) -> None:
    """
    Add a checkpoint.
    """
    simulation, log = numbers(db, mark.simulation_id)
    _check_step(db, mark.simulation_id, log, mark.step)
    values = (simulation, mark.id, mark.name, mark.step, mark.tick, mark.created)
    try:
        db.execute(
            "INSERT INTO marks (simulation, id, name, step, tick, created) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            values,
        )
    except sqlite3.IntegrityError:
        raise StoreError(f"checkpoint {mark.id} must be new, and is there") from None


def delete_mark(db: sqlite3.Connection, id: str, mark_id: str) -> None:
    """
    Remove a checkpoint.
    """
    simulation, _ = numbers(db, id)
    done = db.execute("DELETE FROM marks WHERE simulation = ? AND id = ?", (simulation, mark_id))
    if not done.rowcount:
        raise StoreError(f"simulation {id} must have checkpoint {shown(mark_id)}, and does not")


def add_reply(db: sqlite3.Connection, reply: Reply) -> None:
    """
    Keep a reply, and drop the oldest of its scope if there are too many.
    """
    (last,) = db.execute(
        "SELECT coalesce(max(number), 0) FROM replies WHERE scope = ?", (reply.scope,)
    ).fetchone()
    headers = json.dumps(reply.headers)
    values = (reply.scope, last + 1, reply.key, reply.request, reply.status, headers, reply.body)
    try:
        db.execute("INSERT INTO replies VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    except sqlite3.IntegrityError:
        raise StoreError(f"a reply to key {shown(reply.key)} must be new, and is there") from None
    db.execute(
        "DELETE FROM replies WHERE scope = ? AND number <= ?", (reply.scope, last + 1 - REPLIES_MAX)
    )


def interrupt(db: sqlite3.Connection) -> None:
    """
    Mark runs that were running when the last server ended.
    """
    for simulation, text in db.execute("SELECT simulation, record FROM runs").fetchall():
        # One that is damaged is told when it is read.
        with suppress(ValueError):
            record = json.loads(text)
            if record.get("status") == "running":
                record["status"] = "interrupted"
                values = (json.dumps(record), simulation)
                db.execute("UPDATE runs SET record = ? WHERE simulation = ?", values)


def cuts_of(text: str) -> tuple[Cut, ...]:
    """
    Read the cuts of a simulation as they are kept: a JSON list of pairs.
    """
    return tuple(Cut(number, events) for number, events in json.loads(text))


def numbers(db: sqlite3.Connection, id: str) -> tuple[int, int]:
    """
    Return the numbers of a simulation and of its log.

    Raises:
        StoreError: There is no such simulation.
    """
    found = db.execute("SELECT number, log FROM simulations WHERE id = ?", (id,)).fetchone()
    if found is None:
        raise StoreError(f"simulation {shown(id)} must be in the store, and is not")
    return found[0], found[1]


def _end(db: sqlite3.Connection, id: str) -> tuple[int, int, logs.End]:
    """
    Return the numbers of a simulation and of its log, and where that ends.

    Nearly always that is one statement, for which the interpreter is given up once and not twice.
    """
    found = db.execute(_END, (id,)).fetchone()
    if found is not None:
        simulation, log, *end = found
        return simulation, log, logs.End(*end)
    simulation, log = numbers(db, id)
    return simulation, log, logs.log_end(db, log)


def _check_step(db: sqlite3.Connection, id: str, log: int, step: int) -> None:
    last = logs.log_end(db, log).number
    if not 0 <= step <= last:
        raise StoreError(f"simulation {id} must have step {step}, and has {last} steps")


def _add_simulation(db: sqlite3.Connection, row: Row, log: int) -> None:
    values = (
        *(row.id, log, row.name, str(row.seed), row.num_ticks, row.ticks_per_day),
        *(json.dumps(row.agents), json.dumps(row.outside), row.created),
        *(row.parent_id, row.parent_tick),
    )
    try:
        cursor = db.execute(
            "INSERT INTO simulations (id, log, name, seed, num_ticks, ticks_per_day, agents, "
            "outside, created, parent_id, parent_tick) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )
    except sqlite3.IntegrityError:
        raise StoreError(f"simulation {row.id} must be new, and is there") from None
    # Replies of one that had this id and is gone must not be taken for its own.
    if db.execute("DELETE FROM gone WHERE scope = ?", (row.id,)).rowcount:
        db.execute("DELETE FROM replies WHERE scope = ?", (row.id,))
    if row.run is not None:
        db.execute("INSERT INTO runs VALUES (?, ?)", (cursor.lastrowid, json.dumps(row.run)))
