"""
Kills a server at a moment that is counted in replies and bytes and not in seconds.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

from client import Answer, Client


class Fuse:
    """
    Kills a server after so many replies and so many further bytes, sent or received.
    """

    def __init__(self, pid: int, replies: int, size: int) -> None:
        self._pid = pid
        self._replies = replies
        self._size = size
        self._lock = threading.Lock()
        self._is_burnt = False

    def replied(self) -> None:
        with self._lock:
            self._replies -= 1

    def pass_(self, size: int) -> int:
        """
        Return how many of so many bytes may still pass.
        """
        with self._lock:
            return size if self._replies > 0 else min(size, self._size)

    def passed(self, size: int) -> None:
        """
        Count bytes that have passed, and kill the server after the last.
        """
        with self._lock:
            if self._replies > 0 or self._is_burnt:
                return
            self._size -= size
            if self._size <= 0:
                self._is_burnt = True
                os.kill(self._pid, signal.SIGKILL)


class FusedClient(Client):
    """
    A client whose traffic burns a fuse.
    """

    def __init__(self, port: int, fuse: Fuse) -> None:
        super().__init__(port)
        self._fuse = fuse

    def ask(self, *arguments: Any, **named: Any) -> Answer:
        answer = super().ask(*arguments, **named)
        self._fuse.replied()
        return answer

    def _send(self, data: bytes) -> None:
        size = self._fuse.pass_(len(data))
        super()._send(data[:size])
        self._fuse.passed(size)

    def _receive(self, most: int = 65_536) -> bytes:
        data = super()._receive(max(1, self._fuse.pass_(most)))
        self._fuse.passed(len(data))
        return data
