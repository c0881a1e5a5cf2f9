"""
Bounds of a connection: what never becomes a request does not stay.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from contextlib import contextmanager

import attrs
import pytest
import uvicorn
from raw import Raw, request

from paysim.server.http.joined import Joined
from paysim.server.http.protocol import BoundedProtocol


@attrs.define
class Listening:
    """
    What stands for a server: where it listens, and how many connections it has.
    """

    port: int
    connections: set


async def early(scope, receive, send):
    """
    Answer without reading the body.
    """
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    )
    await send({"type": "http.response.body", "body": b"ok"})


@contextmanager
def listening(app=early, **bounds):
    """
    Serve an app, one that answers at once, with bounds of one's own.
    """
    protocol = type("Bounded", (BoundedProtocol,), {"check_seconds": 0.02} | bounds)
    config = uvicorn.Config(
        app, http=protocol, ws="none", lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    bound = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=asyncio.run, args=(server.serve([bound]),))
    thread.start()
    try:
        yield Listening(bound.getsockname()[1], server.server_state.connections)
    finally:
        server.should_exit = True
        thread.join(30)


@pytest.mark.parametrize("sent", [b"", b"GET", b"GET / HTTP/1.1\r\nHost: localhost\r\n"])
def test_slow_head(sent):
    """
    A head that does not arrive in time is told so, even one that has not begun.
    """
    with listening(head_seconds_max=0.1) as served, Raw(served) as raw:
        raw.send(sent)
        status, headers, body = raw.reply()
        assert status == 408
        assert headers["content-type"] == "application/problem+json"
        assert json.loads(body)["status"] == 408
        assert raw.is_closed()


def test_slow_second_head():
    """
    The time of a head begins with its first byte, so a connection may wait between requests.
    """
    with listening(head_seconds_max=0.2) as served, Raw(served) as raw:
        for _ in range(3):
            raw.send(request("/"))
            assert raw.reply()[0] == 200
        raw.send(b"GET / HTTP/1.1\r\nHo")
        assert raw.reply()[0] == 408


def test_body_that_nobody_waits_for():
    """
    A body that was answered early and does not end takes its connection with it.
    """
    with listening(body_seconds_max=0.1) as served, Raw(served) as raw:
        raw.send(request("/", "Content-Length: 1000", method="POST", body=b"x"))
        assert raw.reply()[0] == 200
        raw.send(b"x")
        assert raw.is_closed()


def test_too_many():
    """
    Beyond the number of connections the next is told so, and those there are go on.
    """
    with listening(connections_max=3) as served:
        kept = [Raw(served) for _ in range(3)]
        for raw in kept:
            raw.send(request("/"))
            assert raw.reply()[0] == 200
        with Raw(served) as raw:
            status, _, body = raw.reply()
            assert status == 503
            assert json.loads(body)["title"] == "Service Unavailable"
            assert raw.is_closed()
        kept[0].send(request("/"))
        assert kept[0].reply()[0] == 200
        for raw in kept:
            raw.socket.close()


def test_long_head():
    """
    The length of a head counts, and not that of several heads and bodies together.
    """
    with listening(head_bytes_max=1_000) as served, Raw(served) as raw:
        raw.send(request("/", "Long: " + "x" * 700) * 20)
        assert [raw.reply()[0] for _ in range(20)] == [200] * 20
        raw.send(request("/", "Content-Length: 5000", method="POST", body=b"x" * 5_000))
        assert raw.reply()[0] == 200
        raw.send(b"GET / HTTP/1.1\r\nLong: " + b"x" * 1_100)
        assert raw.reply()[0] == 431
        assert raw.is_closed()


def test_long_end_of_a_body():
    """
    The last piece of a body may be longer than a head: it is none.
    """
    begun = threading.Event()

    async def whole(scope, receive, send):
        begun.set()
        while (await receive()).get("more_body", False):
            pass
        await early(scope, receive, send)

    with listening(whole, head_bytes_max=1_000) as served:
        address = "127.0.0.1", served.port
        with socket.create_connection(address, timeout=30) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3000\r\n\r\n")
            assert begun.wait(30)
            connection.sendall(b"x" * 3_000)
            assert connection.recv(4_096).startswith(b"HTTP/1.1 200")


def test_requests_that_wait():
    """
    Of requests that do not wait for replies few are taken at a time, and all are answered.
    """
    waiting = []
    connections = None

    async def counted(scope, receive, send):
        waiting.append(sum(len(connection.pipeline) for connection in connections))
        await early(scope, receive, send)

    count = 20_000
    with listening(counted, piece_bytes=1_000) as served, Raw(served) as raw:
        connections = served.connections
        sent = threading.Thread(target=raw.send, args=(request("/") * count,))
        sent.start()
        assert [raw.reply()[0] for _ in range(count)] == [200] * count
        sent.join(30)
    assert 0 < max(waiting) <= 1_000 // len(request("/")) + 1


async def told(scope, receive, send):
    """
    Answer with what is asked: names of headers, and the body.
    """
    body, is_more = b"", True
    while is_more:
        message = await receive()
        body += message.get("body", b"")
        is_more = message.get("more_body", False)
    names = b" ".join(name for name, _ in scope["headers"])
    content = b"%b %b" % (names, body)
    length = (b"content-length", b"%d" % len(content))
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": content})


@pytest.mark.parametrize("piece", [7, 8_192])
def test_other_protocols(piece):
    """
    Where another protocol is offered the request is taken whole, with its body, and so is the next.
    """
    for protocol in ("h2c", "websocket", "TLS/1.0"):
        with listening(told, piece_bytes=piece) as served, Raw(served) as raw:
            offered = ["Connection: Upgrade, Keep-Alive", f"Upgrade: {protocol}"]
            whole = request("/", *offered, "Content-Length: 3", method="POST", body=b"abc")
            parts = b"2\r\nde\r\n1\r\nf\r\n0\r\n\r\n"
            chunked = "Transfer-Encoding: chunked"
            raw.send(whole + request("/", *offered, chunked, method="POST", body=parts))
            assert raw.reply()[2] == b"host connection content-length abc"
            assert raw.reply()[2] == b"host connection transfer-encoding def"
            raw.send(request("/", *offered) + request("/"))
            assert raw.reply()[2] == b"host connection "
            assert raw.reply()[2] == b"host "


def test_no_tunnel():
    """
    What follows CONNECT is no request.
    """
    with listening() as served, Raw(served) as raw:
        raw.send(request("/", method="CONNECT") + request("/"))
        assert raw.reply()[0] == 200
        assert raw.is_closed()


def test_headers_after_the_body():
    """
    A header that comes after the body is none of the request's, and there is no end of them.
    """
    chunked = "Transfer-Encoding: chunked"
    with listening(told, head_bytes_max=10_000) as served:
        with Raw(served) as raw:
            body = b"1\r\nx\r\n0\r\nAuthorization: Bearer a\r\n\r\n"
            raw.send(request("/", chunked, method="POST", body=body) + request("/"))
            assert raw.reply()[2] == b"host transfer-encoding x"
            assert raw.reply()[2] == b"host "
        for piece in (b"x" * 8_192, b"A: b\r\n" * 1_000):
            with Raw(served) as raw:
                raw.send(request("/", chunked, method="POST", body=b"0\r\nLong: "))
                sent = 0
                while raw.send(piece) and sent < 20_000_000:
                    sent += len(piece)
                assert sent < 20_000_000


class Recording:
    """
    A transport that keeps what each call of it has sent.
    """

    def __init__(self):
        self.sent = []
        self.is_closed = False

    def write(self, data):
        assert not self.is_closed
        self.sent.append(data)

    def writelines(self, parts):
        self.write(b"".join(parts))

    def is_closing(self):
        return self.is_closed

    def close(self):
        self.is_closed = True


def test_joined():
    """
    What is written in one go is sent by twos, in order, and what is last by itself soon after.
    """

    async def written(count):
        recording = Recording()
        joined = Joined(recording, asyncio.get_running_loop())
        for number in range(count):
            joined.write(b"%d" % number)
        at_once = [*recording.sent]
        await asyncio.sleep(0)
        return at_once, recording.sent

    assert asyncio.run(written(2)) == ([b"01"], [b"01"])
    assert asyncio.run(written(5)) == ([b"01", b"23"], [b"01", b"23", b"4"])


def test_joined_and_closed():
    """
    What was written before a connection is closed is sent, and nothing once it is gone.
    """

    async def closed():
        kept, gone = Recording(), Recording()
        joined = Joined(kept, asyncio.get_running_loop())
        joined.write(b"last")
        joined.close()
        Joined(gone, asyncio.get_running_loop()).write(b"too late")
        gone.close()
        await asyncio.sleep(0)
        return kept, gone

    kept, gone = asyncio.run(closed())
    assert (kept.sent, kept.is_closed) == ([b"last"], True)
    assert gone.sent == []


def test_reply_in_one_piece():
    """
    The head and the body of a reply arrive together.
    """
    with listening() as served, Raw(served) as raw:
        for _ in range(20):
            raw.send(request("/"))
            assert raw.socket.recv(65_536).endswith(b"\r\n\r\nok")
