"""
The one thread that writes to the store: what has gathered is committed in one transaction.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Final

from paysim.server.store_records import StoreError

BATCH_MAX: Final = 256
"""Writes in one transaction."""

Operation = Callable[[sqlite3.Connection], Any]
"""A write: it may be called again if the transaction that it was part of failed."""

Deliver = Callable[[Callable[[], None]], object]
"""Runs a function, soon, where it wants to."""


class _Write:
    __slots__ = ("future", "operation", "outcome")

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.future: Future[Any] = Future()
        self.outcome: Any = None


class _Failure:
    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Writer:
    """
    Writes to one connection, from a thread of its own.

    Args:
        connection: What nothing else uses.
        place: What errors begin with.
    """

    def __init__(self, connection: sqlite3.Connection, place: str) -> None:
        self.deliver: Deliver | None = None
        self._connection = connection
        self._place = place
        self._queue: SimpleQueue[_Write | None] = SimpleQueue()
        self._is_closed = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="paysim-store", daemon=True)
        self._thread.start()

    def put(self, operation: Operation) -> Future[Any]:
        """
        Hand over a write; the future is done when it is on the disk.
        """
        write = _Write(operation)
        with self._lock:
            if not self._is_closed:
                self._queue.put(write)
                return write.future
        write.future.set_exception(StoreError(f"{self._place}  is closed"))
        return write.future

    def close(self) -> None:
        """
        Wait for what was handed over, and end the thread.
        """
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            batch, is_last = self._gathered()
            batch = [write for write in batch if write.future.set_running_or_notify_cancel()]
            if batch:
                self._write(batch)
                self._resolve(batch)
            if is_last:
                return

    def _gathered(self) -> tuple[list[_Write], bool]:
        """
        Wait for a write, and return it with those behind it, and whether no more will come.
        """
        write = self._queue.get()
        batch: list[_Write] = []
        with suppress(Empty):
            while write is not None:
                batch.append(write)
                if len(batch) == BATCH_MAX:
                    return batch, False
                write = self._queue.get_nowait()
            return batch, True
        return batch, False

    def _write(self, batch: list[_Write]) -> None:
        try:
            self._commit(batch)
        except Exception as error:
            self._roll_back()
            if len(batch) == 1:
                batch[0].outcome = _Failure(self._told(error))
                return
            # One that is too large for what is left of the disk must not take the others with it.
            for write in batch:
                self._write([write])

    def _commit(self, batch: list[_Write]) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        if len(batch) == 1:
            batch[0].outcome = batch[0].operation(connection)
        else:
            for write in batch:
                self._attempt(write)
        connection.execute("COMMIT")

    def _attempt(self, write: _Write) -> None:
        """
        Do one write among others, so that it fails alone.
        """
        connection = self._connection
        connection.execute("SAVEPOINT one")
        try:
            write.outcome = write.operation(connection)
        except Exception as error:
            # An error of the disk may have ended the transaction, and all that was in it.
            if not connection.in_transaction:
                raise
            connection.execute("ROLLBACK TO one")
            write.outcome = _Failure(self._told(error))
        connection.execute("RELEASE one")

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _told(self, error: Exception) -> Exception:
        if isinstance(error, sqlite3.Error):
            told = StoreError(f"{self._place}  cannot be written: {error}")
            told.__cause__ = error
            return told
        return error

    def _resolve(self, batch: list[_Write]) -> None:
        def resolve() -> None:
            for write in batch:
                if isinstance(write.outcome, _Failure):
                    write.future.set_exception(write.outcome.error)
                else:
                    write.future.set_result(write.outcome)

        deliver = self.deliver
        if deliver is not None:
            # A loop that is closed takes nothing more.
            with suppress(RuntimeError):
                deliver(resolve)
                return
        resolve()
