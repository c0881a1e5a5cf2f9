"""
The store: every simulation, durable, in one SQLite file in the data directory.

A simulation is how it began and an append-only list of steps. Writes are handed to one thread,
which commits what has gathered; a write's future is done when it is on the disk.
"""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from paysim.server.store import key_rows, reads, writes
from paysim.server.store.creation import Creation
from paysim.server.store.files import locked
from paysim.server.store.readers import Readers
from paysim.server.store.records import Cut, Key, Mark, Reply, Row, Step, StoreError, with_cut
from paysim.server.store.removal import remove_unneeded
from paysim.server.store.schema import FILE, connect, more
from paysim.server.store.wal import Wal
from paysim.server.store.writer import Deliver, Operation, Writer
from paysim.state_file import place

__all__ = ["Cut", "Key", "Mark", "Reply", "Row", "Step", "Store", "StoreError", "with_cut"]


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
        self._readers = Readers(directory, self._place)
        self._being_made: set[int] = set()
        self._is_closed = False
        self._lock = locked(directory)
        try:
            self._connection = connect(directory, checkpoints=False)
            self._wal = Wal(more(directory))
            tidy = self._tidied
            self._writer = Writer(self._connection, self._wal, tidy, self._place)
        except BaseException:  # whatever it is, the directory is free for another server
            os.close(self._lock)
            raise
        try:
            self._writer.put(writes.interrupt).result()
        except BaseException:  # likewise
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
        self._wal.close()
        self._readers.close()
        self._connection.close()
        os.close(self._lock)

    def deliver_by(self, deliver: Deliver | None, gather: Deliver | None = None) -> None:
        """
        Choose where futures become done, and when writes are handed over to the store's thread.

        Args:
            deliver: Runs a function where it is wanted, such as `loop.call_soon_threadsafe`; it is
                called once for all of a transaction. `None` has the store's own thread do it.
            gather: Runs a function when all is written that is to be written together; `None` does
                not wait for more.
        """
        self._writer.deliver, self._writer.gather = deliver, gather

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
        creation = Creation(row, begun, first, reply, self._being_made)
        future = self._writer.put_each(creation.operations())
        future.add_done_callback(partial(self._made, creation))
        return future

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
        size = 0 if step is None else len(step.piece)
        return self._put(lambda db: writes.append(db, id, step, run, after), reply, size)

    def delete(self, id: str, reply: Reply | None = None) -> Future[None]:
        """
        Remove a simulation and all that belongs to it.
        """
        return self._put(lambda db: writes.delete(db, id), reply, leaves=True)

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
        return self._put(lambda db: writes.restore(db, id, step), reply, leaves=True)

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
        with self._readers.lent() as db:
            return reads.rows(db)

    def load(self, id: str, step: int | None = None) -> tuple[bytes, list[Step]]:
        """
        Return how a simulation began, and its steps.

        Args:
            id: The simulation.
            step: The number of the last step that is wanted; `None` takes all.

        Raises:
            StoreError: There is no such simulation or step, or what is there is damaged.
        """
        with self._readers.lent() as db:
            return reads.load(db, id, step)

    def marks(self, id: str) -> list[Mark]:
        """
        Return the checkpoints of a simulation, in the order in which they were made.
        """
        with self._readers.lent() as db:
            return reads.marks(db, id)

    def reply(self, scope: str, key: str) -> Reply | None:
        """
        Return what a request with this key was answered, if that is kept.
        """
        with self._readers.lent() as db:
            return reads.reply(db, scope, key)

    def keys(self) -> list[Key]:
        """
        Return all keys, by name.
        """
        with self._readers.lent() as db:
            return key_rows.keys(db)

    def keys_version(self) -> int:
        """
        Return a number that grows whenever a key is added or removed, by whatever process.
        """
        with self._readers.lent() as db:
            return key_rows.keys_version(db)

    def _put(
        self, operation: Operation, reply: Reply | None, size: int = 0, leaves: bool = False
    ) -> Future[Any]:
        """
        Hand over a write, with the reply in the same transaction.

        Args:
            operation: The write.
            reply: The reply, if it is to be kept.
            size: About how many bytes are written.
            leaves: Whether it leaves something that is to be removed later.
        """

        def whole(db: sqlite3.Connection) -> Any:
            result = operation(db)
            if reply is not None:
                writes.add_reply(db, reply)
            if leaves:
                self._writer.is_untidy = True
            return result

        return self._writer.put(whole, size)

    def _made(self, creation: Creation, future: Future[None]) -> None:
        creation.end()
        if future.cancelled() or future.exception() is not None:
            self._writer.is_untidy = True

    def _tidied(self, db: sqlite3.Connection) -> bool:
        return remove_unneeded(db, self._being_made)
