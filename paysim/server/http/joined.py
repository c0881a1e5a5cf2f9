"""
Writes of a connection, joined: a reply's head and body, which come one after the other, in one.

Two cost twice the time of the system, and wake the client for a head that it can do nothing with.
"""

from __future__ import annotations

import asyncio
from typing import Any


class Joined:
    """
    A transport that keeps what is written for a moment, so that it is sent with what comes next.

    That moment ends with whatever the loop is doing; so what nothing follows is not kept waiting.

    Args:
        transport: The transport.
        loop: Its loop.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._kept = b""

    def write(self, data: bytes) -> None:
        """
        Keep what is the first, and send what is the second with it.
        """
        if self._kept:
            kept, self._kept = self._kept, b""
            self._transport.writelines((kept, data))
        else:
            self._kept = data
            self._loop.call_soon(self._send)

    def close(self) -> None:
        """
        Close the connection when everything is sent.
        """
        self._send()
        self._transport.close()

    def _send(self) -> None:
        kept, self._kept = self._kept, b""
        if kept and not self._transport.is_closing():
            self._transport.write(kept)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
