"""
Connections for reading, lent to one thread at a time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

from paysim.server.store.records import StoreError
from paysim.server.store.schema import more


class Readers:
    """
    As many connections as there were ever threads that read at once.

    Args:
        directory: The data directory.
        place: What errors begin with.
    """

    def __init__(self, directory: Path, place: str) -> None:
        self._directory = directory
        self._place = place
        self._free: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._is_closed = False

    @contextmanager
    def lent(self) -> Iterator[sqlite3.Connection]:
        """
        Lend a connection.

        Raises:
            StoreError: What is read with it cannot be, or the store is closed.
        """
        if self._is_closed:
            raise StoreError(f"{self._place}  is closed")
        try:
            try:
                db = self._free.get_nowait()
            except Empty:
                db = more(self._directory, reads=True)
            try:
                yield db
            finally:
                self._give_back(db)
        except (sqlite3.Error, ValueError) as error:
            raise StoreError(f"{self._place}  cannot be read: {error}") from error

    def close(self) -> None:
        """
        Close those that are not lent, and the others when they are given back.
        """
        self._is_closed = True
        while True:
            try:
                self._free.get_nowait().close()
            except Empty:
                return

    def _give_back(self, db: sqlite3.Connection) -> None:
        self._free.put(db)
        if self._is_closed:
            self.close()
