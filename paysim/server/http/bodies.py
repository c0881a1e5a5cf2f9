"""
The body of a request on its way in: how long it may be, and how long it may take.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.types import Message, Receive, Send

from paysim.server.http.crowds import Bodies
from paysim.server.problems import Problem
from paysim.server.settings import Settings


class Body:
    """
    Stands between the server and what reads a body, and counts.

    Whoever is told no while sending a body has to be listened to until its end: a connection that
    is closed on what was not read takes the reply with it. So a reply that comes before the end of
    the body is finished only after that.

    Args:
        receive: Receives from the client.
        send: Sends to the client.
        settings: The limits.
        is_asking: Whether the client waits to be told that it may send the body.
        bodies: Those of all requests.

    Attributes:
        problem: What is wrong with the body, once that is known.
    """

    def __init__(
        self, receive: Receive, send: Send, settings: Settings, is_asking: bool, bodies: Bodies
    ) -> None:
        self._receive = receive
        self._send = send
        self._settings = settings
        self._is_asking = is_asking
        self._length = 0
        self._bodies = bodies
        self._held = 0
        self._deadline = asyncio.get_running_loop().time() + settings.max_body_seconds
        self._is_over = False
        self.problem: Problem | None = None

    @property
    def is_over(self) -> bool:
        """
        Whether all of it has come, or the client has gone.
        """
        return self._is_over

    def check(self, headers: dict[bytes, bytes]) -> None:
        """
        Refuse a body for what its headers say.

        Raises:
            Problem: 413 if it is too long, 415 if it is compressed, 503 if there is no room.
        """
        encoding = headers.get(b"content-encoding", b"identity").strip().lower()
        transfer = headers.get(b"transfer-encoding", b"chunked").strip().lower()
        if encoding not in (b"identity", b"") or transfer != b"chunked":
            raise Problem(
                415,
                "unsupported-encoding",
                "The body is compressed",
                "send the body as it is, without Content-Encoding, whole or in chunks",
                headers={"Accept-Encoding": "identity"},
            )
        length = headers.get(b"content-length", b"0")
        if not length.isdigit():
            raise Problem(400, "bad-header", "A header is not valid", "Content-Length is no number")
        if len(length) > 18 or int(length) > self._settings.max_body_bytes:
            raise self._too_long()
        self._bodies.check(int(length), self._settings.max_body_bytes)

    async def receive(self) -> Message:
        """
        Receive what comes next.

        Raises:
            Problem: 413 if the body has become too long, 408 if it has taken too long, 503 if there
                is no room for it.
        """
        if self._is_over:
            return await self._receive()
        self._is_asking = False
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            self.problem = self._too_slow()
            raise self.problem from None
        self._note(message)
        if self._length > self._settings.max_body_bytes:
            self.problem = self._too_long()
            raise self.problem
        more = len(message.get("body", b""))
        try:
            self._bodies.check(more, self._settings.max_body_bytes)
        except Problem as problem:
            self.problem = problem
            raise
        self._bodies.held += more
        self._held += more
        return message

    def release(self) -> None:
        """
        Note that nobody has the body any more.
        """
        self._bodies.held -= self._held
        self._held = 0

    async def send(self, message: Message) -> None:
        """
        Send what comes next, its end only when there is nothing left to receive.
        """
        if message["type"] == "http.response.start":
            if self.problem is not None and message["status"] != self.problem.status:
                # What reads the body may take this problem for one of its own.
                raise self.problem
            if not self._is_over and (self._is_asking or self._is_late()):
                message["headers"] = [*message["headers"], (b"connection", b"close")]
        elif not (self._is_over or message.get("more_body", False)):
            await self._send({**message, "more_body": True})
            if not self._is_asking:
                await self._read_the_rest()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    async def _read_the_rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._deadline):
                while not self._is_over:
                    self._note(await self._receive())

    def _note(self, message: Message) -> None:
        self._length += len(message.get("body", b""))
        self._is_over = message["type"] != "http.request" or not message.get("more_body", False)

    def _is_late(self) -> bool:
        return asyncio.get_running_loop().time() >= self._deadline

    def _too_long(self) -> Problem:
        most = self._settings.max_body_bytes
        detail = f"a body may have at most {most:,} bytes (PAYSIM_MAX_BODY_BYTES)"
        return Problem(413, "body-too-long", "The body is too long", detail)

    def _too_slow(self) -> Problem:
        most = self._settings.max_body_seconds
        detail = f"a body must arrive within {most:g} seconds (PAYSIM_MAX_BODY_SECONDS)"
        return Problem(408, "body-too-slow", "The body has not arrived in time", detail)
