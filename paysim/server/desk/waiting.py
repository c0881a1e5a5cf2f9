"""
How tasks wait: for news of a simulation, for what a thread or the store does, and for time.

Nothing here polls, and nothing here leaves behind what it has begun: whoever is cancelled while a
thread works for him is told so, and the work still comes to its end.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from paysim.server.problems import problem_of
from paysim.server.store.store import StoreError


class Times:
    """
    The clock of the desk, which tests replace by one of their own.
    """

    def now(self) -> float:
        """
        Return seconds since some moment; they never go back.
        """
        return time.perf_counter()

    def worked(self) -> float:
        """
        Return the seconds that this thread has calculated since some moment.

        Not those for which others had the processor or the interpreter: on a busy machine these
        would make what is short look long, and take it to a thread, where it waits even longer.
        """
        return time.thread_time()

    async def wait(self, future: asyncio.Future[Any], seconds: float | None) -> bool:
        """
        Wait for work that may take so long, and return whether it is done.

        The future is not cancelled, whoever waits.
        """
        await asyncio.wait([future], timeout=seconds)
        return future.done()

    async def pause(self, future: asyncio.Future[Any], seconds: float | None) -> None:
        """
        Let so much time pass, unless the future is done before.
        """
        await asyncio.wait([future], timeout=seconds)


class News:
    """
    A number that grows with every piece of news, and those who wait for it to grow.

    Attributes:
        version: The number.
    """

    def __init__(self) -> None:
        self.version = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def tell(self) -> None:
        """
        Let the number grow, and wake everybody.
        """
        self.version += 1
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self, version: int, seconds: float | None, times: Times) -> int:
        """
        Wait until the number is not `version` any more or the time has passed, and return it.
        """
        if self.version == version:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(future)
            try:
                await times.pause(future, seconds)
            finally:
                self._waiting.discard(future)
        return self.version


async def ended(future: asyncio.Future[Any] | Future[Any]) -> asyncio.CancelledError | None:
    """
    Wait until a future is done, however often this task is cancelled in between.

    Args:
        future: One of this loop, or one that another thread brings to its end.

    Returns:
        The cancellation that is still to be raised, once what follows from the future is done.
    """
    loop = asyncio.get_running_loop()
    cancelled = None
    while not future.done():
        waiting: asyncio.Future[None] = loop.create_future()
        future.add_done_callback(on_loop(loop, partial(_wake, waiting)))
        try:
            await waiting
        except asyncio.CancelledError as error:
            cancelled = error
    return cancelled


def on_loop(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> Callable[[Any], None]:
    """
    Return a callback of futures that calls a function on a loop, whatever thread it is called in.
    """

    def called(_: Any) -> None:
        if asyncio._get_running_loop() is loop:
            function()
        else:
            loop.call_soon_threadsafe(function)

    return called


def later(loop: asyncio.AbstractEventLoop) -> Callable[[Callable[[], None]], None]:
    """
    Return what runs a function when a loop has done all that it can do now; elsewhere at once.
    """

    def run(function: Callable[[], None]) -> None:
        if asyncio._get_running_loop() is loop:
            loop.call_soon(function)
        else:
            function()

    return run


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


@asynccontextmanager
async def acknowledged(begin: Callable[[], Future[Any]]) -> AsyncIterator[None]:
    """
    Have something written, and then do what follows from it, even if cancelled in between.

    Raises:
        Problem: 503, it cannot be written; what follows is not done.
    """
    cancelled = None
    try:
        future = begin()
        cancelled = await ended(future)
        future.result()
    except Exception as error:
        # Whatever it is: a task that was cancelled ends as cancelled.
        if cancelled is not None:
            raise cancelled from error
        if isinstance(error, StoreError):
            raise problem_of(error) from error
        raise
    yield
    if cancelled is not None:
        raise cancelled
