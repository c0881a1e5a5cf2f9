"""
Bounds of a connection that uvicorn leaves open: how long a head may be, how long all may take, and
how many requests may wait for their turn.

uvicorn passes to the app what has a whole head, so what never has one is nobody's to refuse but
the connection's.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from paysim.server.http.joined import Joined
from paysim.server.problems import of_status


class BoundedProtocol(HttpToolsProtocol):
    """
    One connection: uvicorn's own, with bounds.
    """

    connections_max = 1_000
    """Connections that may be open."""

    head_bytes_max = 65_536
    """Length of a request line and headers, and of what stands around the parts of a body."""

    head_seconds_max = 30.0
    """Time for them to arrive, from the first byte, or from the opening of the connection."""

    body_seconds_max = 30.0
    """Time for a body to arrive that is not waited for."""

    piece_bytes = 8_192
    """What is taken at a time: requests in it wait for their turn, and nothing else does."""

    check_seconds = 5.0
    """Time from one look at these times to the next."""

    # uvicorn narrows what asyncio hands over, as every TCP connection comes with a `Transport`.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """
        Take a connection, unless there are too many.
        """
        super().connection_made(transport)
        # It has what uvicorn uses of a transport, and is none.
        self.transport = Joined(transport, self.loop)  # type: ignore[assignment]
        # Heads and whole requests that have arrived; between them is a body.
        self._heads = self._wholes = 0
        self._head_bytes = 0
        # When what is now arriving began to; `None` while nothing is.
        self._since: float | None = self.loop.time()
        self._is_head = True
        self._has_body = self._is_upgrade = self._is_over = False
        # What has arrived and is not taken, as requests before it wait for their turn.
        self._untaken = b""
        self._check: asyncio.TimerHandle | None = None
        if len(self.connections) > self.connections_max:
            self._refuse(503, "Too many connections.")
        else:
            self._check = self.loop.call_later(self.check_seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """
        Forget a connection.
        """
        if self._check is not None:
            self._check.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """
        Take what has arrived, unless it is a head that is too long.
        """
        self._untaken += data
        self._take_all()

    def _take_all(self) -> None:
        """
        Take what there is, until a request waits for its turn.
        """
        while self._untaken and not self.pipeline:
            if self._is_over or self.transport.is_closing():
                self._untaken = b""
                return
            piece, self._untaken = (
                self._untaken[: self.piece_bytes],
                self._untaken[self.piece_bytes :],
            )
            self._take(piece)
        if self.pipeline:
            self.flow.pause_reading()

    def _take(self, piece: bytes) -> None:
        before = self._heads, self._wholes
        self._has_body = False
        if self._since is None:
            self._since = self.loop.time()
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as stop:
            self._go_on(piece[stop.args[0] :])
            return
        except httptools.HttpParserError:
            self._refuse(400, "Invalid HTTP request received.")
            return
        if self._has_body or (self._heads, self._wholes) != before:
            self._head_bytes = 0
        else:
            self._head_bytes += len(piece)
            if self._head_bytes > self.head_bytes_max:
                self._refuse(431, "Request line and headers are too long.")

    def _go_on(self, rest: bytes) -> None:
        """
        Speak HTTP still where another protocol is offered, as everybody may.

        The parser would take such a request for one without a body, and its body for the next
        request. So it is given the request anew without the offer.
        """
        if not self._is_upgrade:
            # What follows CONNECT is no HTTP.
            self._is_over = True
            if self.cycle is not None:
                self.cycle.keep_alive = False
            return
        self._is_upgrade = False
        version = self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)]
        lines += [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        # As uvicorn has it: what comes after the last request of a connection is no error.
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._take(b"\r\n".join([*lines, b"", rest]))

    def on_header(self, name: bytes, value: bytes) -> None:
        """
        Note a header; one that comes after a body is none of the request's.
        """
        if self._is_head:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """
        Take a part of a body.
        """
        self._has_body = True
        super().on_body(body)

    def on_headers_complete(self) -> None:
        """
        Note that a head is whole.
        """
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self._is_upgrade = True
            return
        self._heads += 1
        self._is_head = False
        self._since = self.loop.time()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """
        Note that a request is whole.
        """
        if self._is_upgrade:
            return
        self._wholes += 1
        self._is_head = True
        self._since = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """
        Let the next request have its turn, or take the next.
        """
        super().on_response_complete()
        if self._since is not None:
            self._since = self.loop.time()
        self._take_all()

    def _look(self) -> None:
        """
        Close the connection if what is arriving has been for too long.
        """
        self._check = None
        if self.transport.is_closing():
            return
        # What waits for its turn has time.
        if self._since is not None and not self.pipeline:
            took = self.loop.time() - self._since
            if self._is_head and took > self.head_seconds_max:
                self._refuse(408, "Request line and headers have not arrived in time.")
                return
            # While a request is being answered it is the guard that sees to its body.
            is_answered = self.cycle is None or self.cycle.response_complete
            if not self._is_head and is_answered and took > self.body_seconds_max:
                self.transport.close()
                return
        self._check = self.loop.call_later(self.check_seconds, self._look)

    def _refuse(self, status: int, text: str) -> None:
        """
        Answer with a problem, if nothing else is being answered, and close the connection.
        """
        if self.cycle is None or self.cycle.response_complete:
            problem = of_status(status, text)
            body = problem.body()
            head = (
                f"HTTP/1.1 {status} {problem.title}\r\ncontent-type: application/problem+json\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()


def bounded(body_seconds: float) -> Any:
    """
    Return the class of connections of a server.

    Args:
        body_seconds: Time for a body to arrive.
    """

    class Bounded(BoundedProtocol):
        connections_max = _connections_max()
        body_seconds_max = body_seconds

    return Bounded


def _connections_max() -> int:
    """
    Return for how many connections there are file descriptors, with some left for the store.
    """
    try:
        import resource
    except ImportError:  # A system without such limits.
        return BoundedProtocol.connections_max
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return BoundedProtocol.connections_max
    return max(16, min(BoundedProtocol.connections_max, soft - 128))
