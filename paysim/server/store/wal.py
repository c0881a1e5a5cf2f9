"""
SQLite's log (WAL): brought into the file beside the writes, so that it stays short.

Bringing a thousand pages into the file takes some ten milliseconds, for which no write has to wait:
another thread does it. As long as writes go on, the log grows behind its back; when it is long the
writer brings in the few pages that are left, after which the log begins anew.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import suppress
from typing import Final

from paysim.server.store.schema import BUSY_MS

PAGE_BYTES: Final = 4096

SOON: Final = 1_000
"""Pages after which the other thread is woken."""

LONG: Final = 4_000
"""Pages in the log at which the writer helps it to begin anew."""

TOO_LONG: Final = 16_000
"""Pages in the log at which the writer waits for readers, but not for long."""

WAIT_MS: Final = 100
"""How long the writer waits for readers; longer if that was in vain and the log has grown on."""

ROUNDS: Final = 3
"""Rounds of the other thread, each of which leaves less to do."""


class Wal:
    """
    Keeps the log of one store short.

    Args:
        connection: A connection for the other thread alone.

    Attributes:
        pages: About how many pages were written since the other thread was woken.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.pages = 0
        self._connection = connection
        self._wakes = threading.Semaphore(0)
        self._is_awake = False
        self._is_ending = False
        self._length = 0
        self._is_long = False
        self._next_wait = TOO_LONG
        self._thread = threading.Thread(target=self._run, name="paysim-store-wal", daemon=True)
        self._thread.start()

    def keep_short(self, writer: sqlite3.Connection) -> None:
        """
        Do what there is to do between two transactions of the writer.
        """
        if self._is_awake:
            return
        if self._is_long:
            self._is_long = False
            self._begin_anew(writer)
        if self.pages >= SOON:
            self.pages = 0
            self._is_awake = True
            self._wakes.release()

    def close(self) -> None:
        """
        End the thread and close its connection.
        """
        self._is_ending = True
        self._wakes.release()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while True:
            self._wakes.acquire()
            if self._is_ending:
                return
            with suppress(sqlite3.Error):
                for _ in range(ROUNDS):
                    self._length = _checkpoint(self._connection, "PASSIVE")
                    if self._length < LONG:
                        break
                self._is_long = self._length >= LONG
            self._is_awake = False

    def _begin_anew(self, writer: sqlite3.Connection) -> None:
        with suppress(sqlite3.Error):
            if self._length < self._next_wait:
                _checkpoint(writer, "PASSIVE")
                if self._length < TOO_LONG:
                    self._next_wait = TOO_LONG
                return
            # Readers that follow one another without a pause would let the log grow for ever.
            wait = WAIT_MS * self._length // TOO_LONG
            writer.execute(f"PRAGMA busy_timeout = {wait}")
            try:
                _checkpoint(writer, "RESTART")
            finally:
                writer.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            self._next_wait = self._length + TOO_LONG


def _checkpoint(connection: sqlite3.Connection, mode: str) -> int:
    """
    Bring into the file what can be, and return how many pages the log has.
    """
    _, length, _ = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    return int(length)
