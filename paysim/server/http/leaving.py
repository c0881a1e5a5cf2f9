"""
Clients that go while their request is worked on, so that nobody waits for what they have asked.
"""

from __future__ import annotations

import asyncio

from starlette.types import Receive

from paysim.server.http.bodies import Body


class Watch:
    """
    Cancels the task that answers a request when the client goes before the reply begins.

    It begins to look after a while, as most requests are answered by then.

    Args:
        receive: Receives from the client.
        body: The body that the request has, if it has one.
    """

    after_seconds = 1.0
    """When it begins to look."""

    def __init__(self, receive: Receive, body: Body | None) -> None:
        self._receive = receive
        self._body = body
        self._loop = asyncio.get_running_loop()
        self._answering = asyncio.current_task()
        self._looking: asyncio.Task[None] | None = None
        self._timer = self._loop.call_later(self.after_seconds, self._begin)
        self.is_gone = False

    def end(self) -> None:
        """
        Look no more, as the reply has begun or the request is done.
        """
        self._timer.cancel()
        if self._looking is not None:
            self._looking.cancel()

    def _begin(self) -> None:
        if self._body is None or self._body.is_over:
            self._looking = self._loop.create_task(self._look())
        else:
            # What comes is the body's still, and whoever reads it sees the client go.
            self._timer = self._loop.call_later(self.after_seconds, self._begin)

    async def _look(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.is_gone = True
        if self._answering is not None:
            self._answering.cancel()
