"""
One request to an app behind a guard, without a server.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import PlainTextResponse

from paysim.server.http.guards import Door, Guard
from paysim.server.settings import Settings

LIMIT = 5_000


async def echo(scope, receive, send):
    """
    Answer with the length of the body, read to its end.
    """
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


async def deaf(scope, receive, send):
    """
    Answer without reading the body.
    """
    await PlainTextResponse("no")(scope, receive, send)


def guarded(app, **settings):
    """
    Return an app behind a guard.
    """
    return Guard(app, Door(Settings(data_dir=".", max_body_bytes=LIMIT, **settings)))


def ask(app, headers=(), pieces=(b"",), *, server=("127.0.0.1", 8000), path="/api/x", held=False):
    """
    Send one request to an app and return status, headers, body, and how many pieces it took.

    Args:
        app: The app.
        headers: Headers beside a Host that is right.
        pieces: The body.
        server: Where the request comes in.
        path: The path.
        held: Whether nothing comes after the pieces, and the body is not over.
    """
    headers = [(k.encode(), v.encode("latin-1")) for k, v in headers]
    if not any(name == b"host" for name, _ in headers):
        headers.append((b"host", b"localhost:8000"))
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "scheme": "http",
        "server": server,
        "query_string": b"",
        "headers": headers,
    }
    waiting = list(pieces)
    sent = []

    async def receive():
        if not waiting:
            await asyncio.Event().wait()
        piece = waiting.pop(0)
        return {"type": "http.request", "body": piece, "more_body": held or bool(waiting)}

    async def send(message):
        sent.append(message)

    asyncio.run(asyncio.wait_for(app(scope, receive, send), 20))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    assert sent[-1].get("more_body", False) is False
    given = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], given, body, len(pieces) - len(waiting)
