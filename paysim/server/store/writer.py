"""
The one thread that writes to the store: what has gathered is committed in one transaction.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Final

from paysim.server.store.records import StoreError
from paysim.server.store.wal import PAGE_BYTES, Wal

BATCH_MAX: Final = 256
"""Writes in one transaction."""

BATCH_BYTES_MAX: Final = 2**22
"""Bytes after which no further write joins a transaction."""

Operation = Callable[[sqlite3.Connection], Any]
"""A write: it may be called again if the transaction that it was part of failed."""

Deliver = Callable[[Callable[[], None]], object]
"""Runs a function, soon, where it wants to."""


class _Write:
    __slots__ = ("future", "later", "operation", "outcome", "size")

    def __init__(self, operation: Operation, size: int, later: Iterator[tuple[Operation, int]]):
        self.operation = operation
        self.size = size
        self.later = later
        self.future: Future[Any] = Future()
        self.outcome: Any = None

    def goes_on(self) -> bool:
        """
        Take the next of several operations, if there is one and the last one succeeded.
        """
        if isinstance(self.outcome, _Failure):
            return False
        self.operation, self.size = next(self.later, (_nothing, -1))
        return self.size >= 0


class _Failure:
    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Writer:
    """
    Writes to one connection, from a thread of its own.

    Args:
        connection: What nothing else uses.
        wal: Brings what was written from SQLite's log into the file.
        tidy: Does a little of what can wait, and tells whether there is more of it.
        place: What errors begin with.

    Attributes:
        deliver: Where futures become done; `None` is the thread itself.
        gather: Runs what hands over to the thread all writes that have come by then; `None` hands
            over each at once.
        is_untidy: Whether `tidy` has something to do; set from operations.
    """

    def __init__(
        self, connection: sqlite3.Connection, wal: Wal, tidy: Operation, place: str
    ) -> None:
        self.deliver: Deliver | None = None
        self.gather: Deliver | None = None
        self.is_untidy = True
        self._connection = connection
        self._wal = wal
        self._tidy = tidy
        self._place = place
        self._queue: SimpleQueue[_Write | None] = SimpleQueue()
        self._waiting: list[_Write] = []
        self._is_closed = False
        self._is_ending = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="paysim-store", daemon=True)
        self._thread.start()

    def put(self, operation: Operation, size: int = 0) -> Future[Any]:
        """
        Hand over a write of about so many bytes; the future is done when it is on the disk.
        """
        return self._put(_Write(operation, size, iter(())))

    def put_each(self, operations: Iterator[tuple[Operation, int]]) -> Future[Any]:
        """
        Hand over several writes, each with its bytes and in a transaction of its own.

        Others come between them. The future has the result of the last one.
        """
        return self._put(_Write(*next(operations), operations))

    def close(self) -> None:
        """
        Wait for what was handed over, and end the thread.
        """
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                self._hand_over_all()
                self._queue.put(None)
        self._thread.join()

    def _put(self, write: _Write) -> Future[Any]:
        with self._lock:
            if self._is_closed:
                write.future.set_exception(StoreError(f"{self._place}  is closed"))
                return write.future
            self._waiting.append(write)
        gather = self.gather
        if gather is None:
            self._hand_over()
        else:
            gather(self._hand_over)
        return write.future

    def _hand_over(self) -> None:
        with self._lock:
            self._hand_over_all()

    def _hand_over_all(self) -> None:
        for write in self._waiting:
            self._queue.put(write)
        self._waiting.clear()

    def _run(self) -> None:
        while True:
            batch = self._gathered()
            if not batch and self._is_ending:
                return
            batch = [write for write in batch if _is_wanted(write)]
            if batch:
                self._write(batch)
                self._resolve([write for write in batch if not self._goes_on(write)])
            if self.is_untidy and not self._is_ending:
                self._do_tidy()
            self._wal.keep_short(self._connection)

    def _gathered(self) -> list[_Write]:
        """
        Wait for a write, unless something else is to be done, and return it with those behind it.
        """
        batch: list[_Write] = []
        size = 0
        with suppress(Empty):
            while len(batch) < BATCH_MAX and size < BATCH_BYTES_MAX:
                may_wait = not batch and not self.is_untidy and not self._is_ending
                write = self._queue.get(may_wait)
                if write is None:
                    self._is_ending = True
                else:
                    batch.append(write)
                    size += write.size
        return batch

    def _goes_on(self, write: _Write) -> bool:
        if write.goes_on():
            self._queue.put(write)
            return True
        return False

    def _write(self, batch: list[_Write]) -> None:
        try:
            self._commit(batch)
        except Exception as error:
            self._roll_back()
            if len(batch) == 1:
                batch[0].outcome = _Failure(self._told(error))
                return
            # One that fails must not take the others with it. That is seldom, and a savepoint for
            # each would cost as much as what it does; by halves it is found soon.
            half = len(batch) // 2
            self._write(batch[:half])
            self._write(batch[half:])

    def _commit(self, batch: list[_Write]) -> None:
        connection = self._connection
        before = connection.total_changes
        connection.execute("BEGIN IMMEDIATE")
        for write in batch:
            write.outcome = write.operation(connection)
        connection.execute("COMMIT")
        size = sum(write.size for write in batch)
        self._wal.pages += connection.total_changes - before + size // PAGE_BYTES + 2

    def _do_tidy(self) -> None:
        write = _Write(self._tidy, 0, iter(()))
        self._write([write])
        # What could not be removed now is removed after the next start.
        self.is_untidy = write.outcome is True

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


def _is_wanted(write: _Write) -> bool:
    """
    Whether nobody has cancelled a write before it began.
    """
    return write.future.running() or write.future.set_running_or_notify_cancel()


def _nothing(_: sqlite3.Connection) -> None:
    """
    Write nothing.
    """
