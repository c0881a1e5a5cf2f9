"""
The store: every simulation, durable, in one SQLite file in the data directory.

A simulation is how it began and an append-only list of steps. Writes are handed to one thread,
which commits what has gathered; a write's future is done when it is on the disk.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from paysim.regular_file import reason
from paysim.server import store_writes as writes
from paysim.server.store_records import Key, Mark, Reply, Row, Step, StoreError
from paysim.server.store_schema import FILE, connect, make_directory, reader
from paysim.server.store_writer import Deliver, Operation, Writer
from paysim.state_file import place

try:
    import fcntl
except ImportError:  # A system without such locks.
    fcntl = None  # type: ignore[assignment]

__all__ = ["Key", "Mark", "Reply", "Row", "Step", "Store", "StoreError"]

LOCK: Final = "server.lock"
"""The file that a server holds locked, in the data directory."""

_ROWS: Final = """
SELECT s.id, s.name, s.seed, coalesce(p.tick, l.tick), coalesce(p.events, l.events),
    coalesce(p.number, 0), s.num_ticks, s.ticks_per_day, s.agents, s.outside, s.created,
    s.parent_id, s.parent_tick, r.record
FROM simulations AS s
JOIN logs AS l ON l.number = s.log
LEFT JOIN steps AS p ON p.log = s.log
    AND p.number = (SELECT max(number) FROM steps WHERE log = s.log)
LEFT JOIN runs AS r ON r.simulation = s.number
ORDER BY s.number
"""


class Store:
    """
    An open data directory, which no other server has open.
    """

    @classmethod
    def open(cls, directory: Path) -> Store:
        """
        Open a data directory, and make it if it is missing.

        Raises:
            StoreError: It cannot be opened, another server has it open, or its format is newer.
        """
        return cls(directory)

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._place = place(directory / FILE)
        self._readers: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._is_closed = False
        self._lock = _locked(directory)
        try:
            self._connection = connect(directory)
            self._writer = Writer(self._connection, self._place)
        except BaseException:
            os.close(self._lock)
            raise
        try:
            self._writer.put(writes.interrupt).result()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """
        Wait for what is under way, and let another server have the directory.
        """
        if self._is_closed:
            return
        self._is_closed = True
        self._writer.close()
        with suppress(Empty):
            while True:
                self._readers.get_nowait().close()
        self._connection.close()
        os.close(self._lock)

    def deliver_by(self, deliver: Deliver | None) -> None:
        """
        Choose where futures become done: all of one transaction in one call.

        Args:
            deliver: Runs a function where it is wanted, such as `loop.call_soon_threadsafe`; `None`
                has the store's own thread do it.
        """
        self._writer.deliver = deliver

    def create(
        self, row: Row, begun: bytes, first: Step | None = None, reply: Reply | None = None
    ) -> Future[None]:
        """
        Add a simulation.

        Args:
            row: What lists show of it; its tick and events count only if there is no first step.
            begun: How it begins.
            first: Its first step.
            reply: What the request is answered.
        """
        return self._put(lambda db: writes.create(db, row, begun, first), reply)

    def append(
        self,
        id: str,
        step: Step | None,
        run: dict[str, Any] | None = None,
        reply: Reply | None = None,
        *,
        after: int | None = None,
    ) -> Future[int]:
        """
        Add a step to a simulation; the future tells how many there are.

        Args:
            id: The simulation.
            step: What was added, if anything was.
            run: The record of its run, if it has changed.
            reply: What the request is answered.
            after: How many steps there must be before; `None` takes any number.
        """
        return self._put(lambda db: writes.append(db, id, step, run, after), reply)

    def delete(self, id: str, reply: Reply | None = None) -> Future[None]:
        """
        Remove a simulation and all that belongs to it.
        """
        return self._put(lambda db: writes.delete(db, id), reply)

    def add_mark(self, mark: Mark, reply: Reply | None = None) -> Future[None]:
        """
        Add a checkpoint.
        """
        return self._put(lambda db: writes.add_mark(db, mark), reply)

    def delete_mark(self, id: str, mark_id: str, reply: Reply | None = None) -> Future[None]:
        """
        Remove a checkpoint of a simulation.
        """
        return self._put(lambda db: writes.delete_mark(db, id, mark_id), reply)

    def restore(self, id: str, step: int, reply: Reply | None = None) -> Future[None]:
        """
        Go back to a step: later steps and their checkpoints are removed.
        """
        return self._put(lambda db: writes.restore(db, id, step), reply)

    def branch(
        self, row: Row, source_id: str, step: int, reply: Reply | None = None
    ) -> Future[None]:
        """
        Add a simulation that begins as another one, and has its steps up to one of them.
        """
        return self._put(lambda db: writes.branch(db, row, source_id, step), reply)

    def rows(self) -> list[Row]:
        """
        Return all simulations, in the order in which they were created.
        """
        with self._reading() as db:
            return [_row(*values) for values in db.execute(_ROWS)]

    def load(self, id: str, step: int | None = None) -> tuple[bytes, list[Step]]:
        """
        Return how a simulation began, and its steps.

        Args:
            id: The simulation.
            step: The number of the last step that is wanted; `None` takes all.

        Raises:
            StoreError: There is no such simulation or step, or what is there is damaged.
        """
        with self._reading() as db:
            db.execute("BEGIN")
            try:
                return _load(db, id, step)
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                raise _damaged(id, str(error)) from error
            finally:
                db.execute("ROLLBACK")

    def marks(self, id: str) -> list[Mark]:
        """
        Return the checkpoints of a simulation, in the order in which they were made.
        """
        with self._reading() as db:
            found = db.execute(
                "SELECT m.id, s.id, m.name, m.step, m.tick, m.created FROM marks AS m "
                "JOIN simulations AS s ON s.number = m.simulation WHERE s.id = ? ORDER BY m.number",
                (id,),
            )
            return [Mark(*values) for values in found]

    def reply(self, scope: str, key: str) -> Reply | None:
        """
        Return what a request with this key was answered, if that is kept.
        """
        with self._reading() as db:
            found = db.execute(
                "SELECT request, status, headers, body FROM replies WHERE scope = ? AND key = ?",
                (scope, key),
            ).fetchone()
        if found is None:
            return None
        request, status, headers, body = found
        return Reply(scope, key, request, status, json.loads(headers), body)

    def keys(self) -> list[Key]:
        """
        Return all keys, by name.
        """
        with self._reading() as db:
            found = db.execute("SELECT name, digest, scope, created FROM keys ORDER BY name")
            return [Key(*values) for values in found]

    def keys_version(self) -> int:
        """
        Return a number that grows whenever a key is added or removed, by whatever process.
        """
        with self._reading() as db:
            (number,) = db.execute("SELECT number FROM key_changes").fetchone()
        return int(number)

    def _put(self, operation: Operation, reply: Reply | None) -> Future[Any]:
        if reply is None:
            return self._writer.put(operation)

        def with_reply(db: sqlite3.Connection) -> Any:
            result = operation(db)
            writes.add_reply(db, reply)
            return result

        return self._writer.put(with_reply)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """
        Lend a connection for reading.
        """
        if self._is_closed:
            raise StoreError(f"{self._place}  is closed")
        try:
            try:
                db = self._readers.get_nowait()
            except Empty:
                db = reader(self._directory)
            yield db
        except sqlite3.Error as error:
            raise StoreError(f"{self._place}  cannot be read: {error}") from error
        finally:
            if self._is_closed:
                db.close()
            else:
                self._readers.put(db)


def _locked(directory: Path) -> int:
    """
    Return the descriptor of a directory's lock, which the system takes back from a dead process.
    """
    path = directory / LOCK
    try:
        make_directory(directory)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except (OSError, ValueError) as error:
        raise StoreError(f"{place(path)}  cannot be opened: {reason(error)}") from error
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise StoreError(
                f"{place(directory)}  is in use by another server: end that one, or give this one "
                "another data directory"
            ) from None
        raise StoreError(f"{place(path)}  cannot be locked: {reason(error)}") from error
    return descriptor


def _row(*values: Any) -> Row:
    id, name, seed, tick, events, steps, num_ticks, ticks_per_day, *rest = values
    agents, outside, created, parent_id, parent_tick, run = rest
    return Row(
        *(id, name, int(seed), tick, events, steps, num_ticks, ticks_per_day),
        *(tuple(json.loads(agents)), tuple(json.loads(outside)), created, parent_id, parent_tick),
        run=None if run is None else json.loads(run),
    )


def _load(db: sqlite3.Connection, id: str, last: int | None) -> tuple[bytes, list[Step]]:
    _, log = writes.numbers(db, id)
    found = db.execute(
        "SELECT sha256, begun FROM logs AS l JOIN origins AS o ON o.number = l.origin "
        "WHERE l.number = ?",
        (log,),
    ).fetchone()
    if found is None or hashlib.sha256(found[1]).digest() != found[0]:
        raise _damaged(id, "the checksum of how it began differs")
    most = 2**62 if last is None else last
    steps: list[Step] = []
    rows = db.execute(
        "SELECT number, crc32, tick, events, added, piece FROM steps "
        "WHERE log = ? AND number <= ? ORDER BY number",
        (log, most),
    )
    for number, crc, *values in rows:
        step = Step(*values)
        if number != len(steps) + 1:
            raise _damaged(id, f"step {len(steps) + 1} is missing")
        if writes.step_crc(log, number, step) != crc:
            raise _damaged(id, f"the checksum of step {number} differs")
        steps.append(step)
    if last is not None and len(steps) != last:
        raise StoreError(f"simulation {id} must have step {last}, and has {len(steps)} steps")
    return found[1], steps


def _damaged(id: str, what: str) -> StoreError:
    return StoreError(f"simulation {id} cannot be read, as the store is damaged: {what}")
