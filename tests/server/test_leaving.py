"""
Clients that go: what they only look at ends with them, and what they change happens.
"""

from __future__ import annotations

import asyncio

import pytest

from paysim.server.http.guards import Door, Guard
from paysim.server.http.leaving import Watch
from paysim.server.settings import Settings

SCOPE = {
    "type": "http",
    "scheme": "http",
    "server": ("127.0.0.1", 8000),
    "query_string": b"",
    "headers": [(b"host", b"localhost:8000")],
}
ONE = "/api/simulations/sim_0123456789abcdef"


@pytest.mark.parametrize(
    ("method", "path", "ends"),
    [
        ("GET", f"{ONE}/report", True),
        ("POST", "/api/simulations", True),
        ("POST", f"{ONE}/tick", False),
        ("DELETE", ONE, False),
    ],
)
@pytest.mark.parametrize("has_begun", [False, True])
def test_gone(method, path, ends, has_begun, monkeypatch):
    """
    Who goes before the reply begins is waited for no more, unless he changes a simulation.
    """
    monkeypatch.setattr(Watch, "after_seconds", 0.0)

    async def main():
        gone, asked = asyncio.Event(), []
        go, begun = asyncio.Event(), asyncio.Event()
        outcome = []

        async def app(scope, receive, send):
            if has_begun:
                await send({"type": "http.response.start", "status": 200, "headers": []})
            begun.set()
            try:
                await go.wait()
                outcome.append("done")
            except asyncio.CancelledError:
                outcome.append("cancelled")
                raise

        async def receive():
            asked.append(None)
            if len(asked) > 1:
                await gone.wait()
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            pass

        scope = SCOPE | {"method": method, "path": path}
        door = Door(Settings(data_dir="."))
        task = asyncio.create_task(Guard(app, door)(scope, receive, send))
        await begun.wait()
        for _ in range(20):
            await asyncio.sleep(0)
        gone.set()
        for _ in range(20):
            await asyncio.sleep(0)
        assert task.done() == (ends and not has_begun)
        go.set()
        await task
        assert outcome == ["cancelled" if ends and not has_begun else "done"]

    asyncio.run(main())


def test_stopped(monkeypatch):
    """
    Who is cancelled for another reason than a client that goes is told so.
    """
    monkeypatch.setattr(Watch, "after_seconds", 0.0)

    async def main():
        async def never(*_):
            await asyncio.Event().wait()

        scope = SCOPE | {"method": "GET", "path": ONE}
        guard = Guard(never, Door(Settings(data_dir=".")))
        task = asyncio.create_task(guard(scope, never, never))
        for _ in range(20):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
