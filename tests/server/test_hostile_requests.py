"""
Requests that mean no good, by hand, on a real server that must be well after each of them.
"""

from __future__ import annotations

import json
import socket
import threading

import pytest
from raw import Raw, request
from served import Served


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """
    One server for all requests that mean no good, after each of which it must be well.
    """
    limits = {"PAYSIM_MAX_BODY_BYTES": "100000", "PAYSIM_MAX_BODY_SECONDS": "1"}
    place = tmp_path_factory.mktemp("hostile") / "data"
    with Served(place, environment=limits) as served:
        yield served
        assert served.process.poll() is None
        assert not [line for line in served.lines() if line["event"] == "request failed"]


def is_well(served):
    """
    Return whether a server still answers, on a connection of its own.
    """
    with Raw(served) as raw:
        raw.send(request())
        return raw.reply()[0] == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost localhost\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nA b: c\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nA: b\0c\r\n\r\n",
        b"GET /he\0alth HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /he alth HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"G\xffT /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /health\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1x\r\n\r\n",
        b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
        b"Content-Length: 2\r\n\r\n",
        b"POST /health HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Length: 3\r\n\r\n0\r\n\r\n",
        b"POST /health HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        b"POST /health HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT example.com:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_no_http(hostile, sent):
    """
    What is no HTTP gets an error or nothing, and nobody else notices.
    """
    with Raw(hostile) as raw:
        raw.send(sent)
        raw.socket.shutdown(socket.SHUT_WR)
        status, headers, body = raw.reply()
        assert status == 0 or 400 <= status < 500
        if status:
            assert headers["content-type"] == "application/problem+json"
            assert json.loads(body)["status"] == status
    assert is_well(hostile)


def test_endless_head(hostile):
    """
    A head that does not end is cut off before it fills the memory, in one header or in many.
    """
    for piece in (b"x" * 8_192, b"A: b\r\n" * 1_000):
        with Raw(hostile) as raw:
            raw.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nLong: ")
            sent = 0
            while raw.send(piece) and sent < 5_000_000:
                sent += len(piece)
            assert sent < 5_000_000
    with Raw(hostile) as raw:
        raw.send(b"GET /" + b"x" * 70_000)
        status, headers, body = raw.reply()
        assert status == 431
        assert json.loads(body)["status"] == 431
        assert headers["connection"] == "close"
    assert is_well(hostile)


def test_long_head_is_taken(hostile):
    """
    A long head within the bound is taken, and so is one after another on one connection.
    """
    with Raw(hostile) as raw:
        for _ in range(5):
            raw.send(request("/health", "Long: " + "x" * 30_000))
            assert raw.reply()[0] == 200


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Content-Length: 3000000"], b"x" * 3_000_000),
        (
            ["Transfer-Encoding: chunked"],
            b"186a0\r\n" + b"x" * 100_000 + b"\r\n1\r\nx\r\n0\r\n\r\n",
        ),
    ],
)
@pytest.mark.parametrize("close", [[], ["Connection: close"]])
def test_long_body(hostile, headers, body, close):
    """
    Who sends a body that is too long gets to read why, whether the connection stays or not.
    """
    with Raw(hostile) as raw:
        headers = ["Content-Type: application/json", *headers, *close]
        assert raw.send(request("/api/simulations", *headers, method="POST", body=body))
        status, _, told = raw.reply()
        assert status == 413
        assert json.loads(told)["type"] == "urn:paysim:problem:body-too-long"
        if close:
            assert raw.is_closed()
        else:
            raw.send(request())
            assert raw.reply()[0] == 200


def test_body_longer_than_said(hostile):
    """
    What follows a body is another request, and if it is none the connection ends.
    """
    with Raw(hostile) as raw:
        raw.send(request("/health", "Content-Length: 2", method="POST", body=b"{}GARBAGE\r\n\r\n"))
        assert raw.reply()[0] in (0, 400, 405)
        assert raw.is_closed()
    with Raw(hostile) as raw:
        raw.send(request("/health", "Content-Length: 2", method="POST", body=b"{}"))
        assert raw.reply()[0] == 405
        raw.send(b"GARBAGE\r\n\r\n")
        assert raw.reply()[0] == 400
        assert raw.is_closed()
    assert is_well(hostile)


def test_body_shorter_than_said(hostile):
    """
    A body that does not come in time is refused, and the connection is closed.
    """
    with Raw(hostile) as raw:
        headers = ["Content-Type: application/json", "Content-Length: 100"]
        raw.send(request("/api/simulations", *headers, method="POST", body=b"{"))
        status, _, told = raw.reply()
        assert status == 408
        assert json.loads(told)["type"] == "urn:paysim:problem:body-too-slow"
        assert raw.is_closed()


def test_gone_in_the_middle(hostile):
    """
    Who leaves in the middle of a body leaves nothing behind, not even a line in the log.
    """
    headers = ["Content-Type: application/json", "Content-Length: 100"]
    for _ in range(20):
        with Raw(hostile) as raw:
            raw.send(request("/api/simulations", *headers, method="POST", body=b"{"))
    assert is_well(hostile)


def test_asking_first(hostile):
    """
    Who asks before sending a body that is too long is told no and sends nothing.
    """
    with Raw(hostile) as raw:
        headers = ["Content-Length: 3000000", "Expect: 100-continue"]
        raw.send(request("/api/simulations", *headers, method="POST"))
        assert raw.reply()[0] == 413
        assert raw.is_closed()


@pytest.mark.parametrize(
    "media",
    [
        "application/json",
        "application/yaml",
        "application/octet-stream",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        None,
    ],
)
@pytest.mark.parametrize(
    "origin",
    ["Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site"],
)
def test_other_origins(hostile, media, origin):
    """
    A page of another origin creates nothing, whatever it says that it sends.
    """
    body = b"ticks_per_day: 1\nagent_configs: [{id: A}, {id: B}]\n"
    headers = [origin, f"Content-Length: {len(body)}"]
    if media:
        headers.append(f"Content-Type: {media}")
    with Raw(hostile) as raw:
        raw.send(request("/api/simulations", *headers, method="POST", body=body))
        status, headers, _ = raw.reply()
        assert status == 403
        assert not any(name.startswith("access-control") for name in headers)
        raw.send(request())
        assert json.loads(raw.reply()[2])["active_simulations"] == 0


def test_preflight(hostile):
    """
    A browser that asks whether another origin may is told no.
    """
    headers = ["Origin: http://evil.example", "Access-Control-Request-Method: POST"]
    with Raw(hostile) as raw:
        raw.send(request("/api/simulations", *headers, method="OPTIONS"))
        status, headers, _ = raw.reply()
        assert status == 403
        assert not any(name.startswith("access-control") for name in headers)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "10.0.0.1"])
def test_rebinding(hostile, host):
    """
    A name of the outside that leads here is not one that the service goes by.
    """
    with Raw(hostile) as raw:
        for path in ("/", "/health", "/api/simulations", "http://localhost/health"):
            raw.send(request(path, host=host))
            assert raw.reply()[0] == 403


@pytest.mark.parametrize(
    "path",
    [
        "/../../../etc/passwd",
        "/static/../../../../etc/passwd",
        "/static/docs/..%2f..%2f..%2fcore.py",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/api/simulations/..%2f..%2f..%2fetc%2fpasswd/report",
        "/api/simulations/%00/state",
        "/api/simulations/%ff%fe%80/state",
        "/%c0%ae%c0%ae/etc/passwd",
        "*",
        "/api/simulations/sim_0000000000000000/charts/..%2f..%2fpage.py",
    ],
)
def test_paths(hostile, path):
    """
    No path leads to a file.
    """
    with Raw(hostile) as raw:
        raw.send(request(path))
        status, headers, body = raw.reply()
        assert status in (400, 404, 405)
        assert headers["content-type"] == "application/problem+json"
        assert b"root:" not in body
        assert b"import" not in body


def test_many_at_once(hostile):
    """
    Half-open connections keep nobody else from an answer.
    """
    waiting = [Raw(hostile) for _ in range(100)]
    for raw in waiting:
        raw.send(b"POST /api/simulations HTTP/1.1\r\nHost: localhost\r\nContent-Le")
    assert is_well(hostile)
    for raw in waiting:
        raw.socket.close()


def test_requests_in_a_row(hostile):
    """
    Requests that do not wait for replies are answered in their order.
    """
    with Raw(hostile) as raw:
        sent = [request("/health"), request("/nothing"), request("/health")] * 10
        threading.Thread(target=raw.send, args=(b"".join(sent),)).start()
        assert [raw.reply()[0] for _ in sent] == [200, 404, 200] * 10
