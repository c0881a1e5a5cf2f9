"""
What stands before every route: who may ask, from where, and how much.

Pure ASGI, as it is passed by every request: middleware of other kinds costs more than a tick does.
It also has the last word: whatever goes wrong behind it and is not told by a reply becomes one.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from time import perf_counter
from typing import Any, Final

import attrs
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paysim.server.http.access import check_key
from paysim.server.http.bodies import Body
from paysim.server.http.crowds import Bodies
from paysim.server.http.leaving import Watch
from paysim.server.http.origins import check_address, check_host, check_origin
from paysim.server.log import log
from paysim.server.problems import Problem, problem_of
from paysim.server.settings import Settings
from paysim.server.store.keys import Keys

_SECURITY: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
]
# A document with an origin of its own must not have this one, which browsers may take for an error.
_OPENER: Final = (b"cross-origin-opener-policy", b"same-origin")
_NO_STORE: Final = (b"cache-control", b"no-store")
_NOTHING: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
# A page under /api is a document with figures of a run. It gets an origin of its own, so that
# nothing that its scenario may hold can drive the service.
_DOCUMENT: Final = (
    b"content-security-policy",
    b"sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; "
    b"style-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'none'",
)
_LOOKED_AT: Final = frozenset(
    (
        b"host",
        b"origin",
        b"sec-fetch-site",
        b"authorization",
        b"content-length",
        b"content-encoding",
        b"transfer-encoding",
        b"expect",
    )
)


@attrs.define
class Door:
    """
    What the guard goes by; the app sets it when it starts.

    Attributes:
        settings: The settings, or `None` while the app is not started.
        keys: The keys of the data directory.
        is_logged: Whether each request gets a line in the log.
        bodies: The bodies of all requests.
    """

    settings: Settings | None = None
    keys: Keys | None = None
    is_logged: bool = False
    bodies: Bodies = attrs.field(factory=Bodies)


class Guard:
    """
    The middleware.
    """

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await self._app(scope, receive, send)
            return
        path = _route_path(scope)
        is_api = path.startswith("/api/") or path == "/api"
        status = 0
        is_stream = False

        async def reply(message: Message) -> None:
            nonlocal status, is_stream
            if message["type"] == "http.response.start":
                status = message["status"]
                if watch is not None:
                    watch.end()
                message["headers"] = given = _with_security(message.get("headers", ()), is_api)
                is_stream = key is not None and any(_is_stream(*header) for header in given)
            elif is_stream and not self._is_allowed(scope, path, headers):
                # Its key was removed since. Whoever reads comes back, and is told.
                raise ClientDisconnect
            await send(message)

        start = perf_counter() if self._door.is_logged else 0.0
        key = None
        headers: dict[bytes, bytes] = {}
        body = None
        watch = None
        out = reply
        try:
            headers = _headers(scope)
            settings = self._door.settings
            if settings is None:
                detail = "the service is starting or stopping"
                raise Problem(503, "not-running", "The service does not run", detail)
            if headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers:
                body = Body(receive, reply, settings, b"expect" in headers, self._door.bodies)
                receive, out = body.receive, body.send
            key = scope["paysim.key"] = self._check(scope, path, is_api, headers)
            if body is not None:
                body.check(headers)
            if scope["method"] == "GET" or path == "/api/simulations":
                # Whatever else is asked for happens, whether its client stays or not.
                watch = Watch(receive, body)
            await self._app(scope, receive, out)
        except asyncio.CancelledError:
            if watch is None or not watch.is_gone:
                raise
        except ClientDisconnect:
            # Nobody is there to be told.
            pass
        except Exception as error:  # the last word: whatever it is, the client is told
            problem = body.problem if body is not None and body.problem is not None else error
            if status:
                # The reply has begun and cannot be taken back. It is left unfinished, which
                # the one who reads it can tell from its end.
                problem_of(problem)
            else:
                with suppress(OSError):
                    await problem_of(problem).response()(scope, receive, out)
        finally:
            if watch is not None:
                watch.end()
            if body is not None:
                body.release()
            if self._door.is_logged:
                self._tell(scope, status, key, start)

    def _check(
        self, scope: Scope, path: str, is_api: bool, headers: dict[bytes, bytes]
    ) -> str | None:
        """
        Return the name of the key that a request comes with, if it needs one.
        """
        keys = self._door.keys
        has_keys = keys is not None and keys.exist()
        if not has_keys:
            check_address(scope.get("server"))
        check_host(headers.get(b"host"), is_local=not has_keys)
        if not is_api:
            return None
        check_origin(scope["scheme"], headers)
        if keys is None or not has_keys:
            return None
        return check_key(keys, scope["method"], path, headers.get(b"authorization"))

    def _is_allowed(self, scope: Scope, path: str, headers: dict[bytes, bytes]) -> bool:
        """
        Return whether the key that a request came with is one still.
        """
        keys = self._door.keys
        if keys is None:
            return False
        try:
            check_key(keys, scope["method"], path, headers.get(b"authorization"))
        except Problem:
            return False
        return True

    def _tell(self, scope: Scope, status: int, key: str | None, start: float) -> None:
        client = scope.get("client")
        # Not the query: what stands in it by mistake, such as a key, is not for a log.
        log().debug(
            "request",
            method=scope["method"],
            path=scope["path"],
            status=status or None,
            key=key,
            client=client[0] if client else None,
            seconds=round(perf_counter() - start, 6),
        )


def _is_stream(name: bytes, value: bytes) -> bool:
    return name == b"content-type" and value.startswith(b"text/event-stream")


def _headers(scope: Scope) -> dict[bytes, bytes]:
    """
    Return the headers that are looked at, none of which may stand there twice.
    """
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _LOOKED_AT:
            if name in found:
                detail = f"the header {name.decode('latin-1')} stands there twice"
                raise Problem(400, "bad-header", "A header is not valid", detail)
            found[name] = value
    return found


def _route_path(scope: Scope) -> str:
    """
    Return the path of a request without what the app is mounted under.
    """
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(root) else path


def _with_security(headers: Any, is_api: bool) -> list[tuple[bytes, bytes]]:
    """
    Return the headers of a reply with those that keep a browser from using it in other ways.
    """
    given: list[tuple[bytes, bytes]] = list(headers)
    is_page = has_cache = False
    policy = b""
    for name, value in given:
        if name == b"content-type":
            is_page = value.startswith(b"text/html")
        elif name == b"content-security-policy":
            policy = value
        elif name == b"cache-control":
            has_cache = True
    given += _SECURITY
    if is_api and not has_cache:
        given.append(_NO_STORE)
    if not policy:
        added = _DOCUMENT if is_page else _NOTHING
        policy = added[1]
        given.append(added)
    if b"sandbox" not in policy:
        given.append(_OPENER)
    return given
