"""
A call: one request as its route sees it, with what it brings checked and read.

A request that changes something may carry a key of its own, so that it can be sent again after a
reply was lost. The reply is then kept in the very transaction that keeps the change.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from paysim.server.http.json_bodies import JsonBody, read_body
from paysim.server.http.negotiation import JSON, chosen
from paysim.server.http.parameters import Parameter, read_header, read_query
from paysim.server.problems import Problem, error_of, invalid
from paysim.server.store.store import Reply

if TYPE_CHECKING:
    from paysim.server.desk.desk import Desk
    from paysim.server.desk.turns import Turn
    from paysim.server.settings import Settings

X = TypeVar("X")

SHORT_BODY: Final = 16 * 1024
"""Bytes of a body that are read on the loop: a thread would take longer."""

CHARSETS: Final = ("", "utf-8", "utf8", "us-ascii")
"""How a text may say that it is UTF-8."""


class Replayed(Exception):
    """
    The request has been answered before, and is answered the same again.
    """

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        headers = {**reply.headers, "Idempotency-Replayed": "true"}
        self.response = Response(reply.body, reply.status, headers)


class Call:
    """
    One request.

    Args:
        request: The request.
        query: The parameters that its query may have.
        key: The header that makes it safe to repeat, if it may have one.
        takes_body: Whether it may have a body.

    Attributes:
        request: The request.
        query: The value of each parameter of the query, by name.
    """

    __slots__ = ("_digest", "_key", "_scope", "query", "request")

    def __init__(
        self,
        request: Request,
        query: Sequence[Parameter],
        key: Parameter | None,
        takes_body: bool,
    ) -> None:
        self.request = request
        self.query = read_query(request.scope["query_string"], query)
        self._key: str | None = None
        self._digest = ""
        self._scope = ""
        if key is not None:
            given = request.headers.getlist(key.name)
            if given:
                self._key = read_header(", ".join(given), key)
            if not takes_body:
                _check_empty(request.scope["headers"])

    @property
    def desk(self) -> Desk:
        """
        The simulations.
        """
        desk: Desk = self.request.app.state.desk
        return desk

    @property
    def settings(self) -> Settings:
        """
        What the service keeps to.
        """
        settings: Settings = self.request.app.state.settings
        return settings

    @property
    def id(self) -> str:
        """
        The simulation that is asked, or empty.
        """
        id: str = self.request.path_params.get("simulation_id", "")
        return id

    def form(self, *forms: str) -> str:
        """
        Return which of these media types the reply has.

        Raises:
            Problem: 406, none is acceptable.
        """
        accept = self.request.headers.getlist("accept")
        return chosen(",".join(accept) if accept else None, forms)

    def check_media_type(self, *known: str) -> str:
        """
        Return which of these types, in UTF-8, the body is said to be of.

        Raises:
            Problem: 415, none of them.
        """
        header = self.request.headers.get("content-type", "")
        first, *parameters = (part.strip() for part in header.split(";"))
        given = (parameter.partition("=") for parameter in parameters)
        charsets = [value.strip(' "').lower() for name, _, value in given if _is_charset(name)]
        if first.lower() in known and all(charset in CHARSETS for charset in charsets):
            return first.lower()
        found = header[:100] or "none"
        detail = f"Content-Type must be {' or '.join(known)}, in UTF-8 (got {found})"
        headers = {"Accept-Post": ", ".join(known)}
        title = "The body is of no known type"
        raise Problem(415, "unsupported-media-type", title, detail, headers=headers)

    async def json(self, *, is_required: bool = True) -> JsonBody:
        """
        Return the body, which is JSON; in place of one that is absent an empty mapping.

        Raises:
            Problem: 400, it is not what it has to be; 415, it is something else.
        """
        body = await self.request.body()
        if not body and not is_required:
            return JsonBody({})
        self.check_media_type(JSON)
        if len(body) > SHORT_BODY:
            return await asyncio.to_thread(read_body, body)
        return read_body(body)

    @asynccontextmanager
    async def once(self) -> AsyncIterator[None]:
        """
        Have what is inside happen once only, if the request has a key.

        Raises:
            Problem: 422, the key was used for something else.
            Replayed: It has happened before.
        """
        if self._key is None:
            yield
            return
        self._scope = self.id
        self._digest = await self._digested()
        async with self.desk.once(self._scope, self._key, self._digest) as kept:
            if kept is not None:
                raise Replayed(kept)
            yield

    def turn(self) -> AbstractAsyncContextManager[Turn]:
        """
        Wait for the use of the simulation that is asked; what is done with it happens once only.

        Raises:
            Problem: 404, there is none; 422, the key was used for something else.
            Replayed: It has happened before.
        """
        return self.desk.turn(self.id) if self._key is None else self._turn_once()

    @asynccontextmanager
    async def _turn_once(self) -> AsyncIterator[Turn]:
        async with self.once(), self.desk.turn(self.id) as turn:
            yield turn

    def kept(self, response: Response) -> Reply | None:
        """
        Return a reply as the store keeps it, if the request has a key; inside `once`.
        """
        if self._key is None:
            return None
        headers = dict(response.headers)
        del headers["content-length"]
        body = bytes(response.body)
        return Reply(self._scope, self._key, self._digest, response.status_code, headers, body)

    def keeping(self, make: Callable[[X], Response]) -> Callable[[X], Reply] | None:
        """
        Return what makes the reply to be kept of a result, if the request has a key.

        Args:
            make: Makes the reply.
        """
        if self._key is None:
            return None

        def made(result: X) -> Reply:
            reply = self.kept(make(result))
            assert reply is not None
            return reply

        return made

    async def _digested(self) -> str:
        """
        Return the SHA-256 of all that tells one request from another, who asks included.
        """
        scope = self.request.scope
        parts = (
            scope["method"].encode(),
            scope["path"].encode("utf-8", "surrogatepass"),
            scope["query_string"],
            (scope.get("paysim.key") or "").encode(),
            await self.request.body(),
        )
        digest = hashlib.sha256()
        for part in parts:
            digest.update(b"%d:" % len(part))
            digest.update(part)
        return digest.hexdigest()


def _is_charset(name: str) -> bool:
    return name.strip().lower() == "charset"


def _check_empty(headers: Sequence[tuple[bytes, bytes]]) -> None:
    for name, value in headers:
        if (name == b"content-length" and value != b"0") or name == b"transfer-encoding":
            hint = "what there is to say belongs into the query"
            raise invalid([error_of("body", "must be absent", "", hint)])
