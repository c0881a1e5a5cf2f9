"""
What stands before every route: addresses, hosts, origins, headers of replies.
"""

from __future__ import annotations

import attrs
import pytest
import structlog
from asked import ask, echo, guarded
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from structlog.testing import capture_logs

from paysim.server.app import create_app
from paysim.server.http.origins import is_loopback

SECURITY = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
}


@pytest.mark.parametrize(
    ("address", "is_let_in"),
    [
        ("127.0.0.1", True),
        ("127.255.0.3", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.5", False),
        ("0.0.0.0", False),
        ("203.0.113.9", False),
        ("::ffff:10.0.0.5", False),
        ("fe80::1%eth0", False),
        ("2001:db8::1", False),
        ("testserver", True),
        ("/run/paysim.sock", True),
    ],
)
def test_address(address, is_let_in):
    """
    Without keys what comes in at an address of another machine's network is refused.
    """
    status, _, body, _ = ask(guarded(echo), server=(address, 8000), path="/")
    assert status == (200 if is_let_in else 403)
    assert is_let_in or b"paysim keys add NAME --scope admin" in body


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("app.localhost:8000", 200),
        ("127.0.0.1:8000", 200),
        ("127.0.0.2", 200),
        ("[::1]:8000", 200),
        ("[::ffff:127.0.0.1]", 200),
        ("testserver", 200),
        ("evil.example", 403),
        ("evil.example:8000", 403),
        ("localhost.evil.example", 403),
        ("localhost.", 403),
        ("127.0.0.1.evil.example", 403),
        ("192.168.1.4:8000", 403),
        ("0.0.0.0:8000", 403),
        ("[2001:db8::1]:8000", 403),
        ("", 400),
        ("local host", 400),
        ("localhost:port", 400),
        ("localhost, evil.example", 400),
        ("evil@localhost", 400),
        ("[::1", 400),
        ("localhost/..", 400),
        ("loc\xe4lhost", 400),
    ],
)
def test_host(host, status):
    """
    Without keys the service goes by names of this machine only, whoever they lead to.
    """
    for path in ("/api/simulations", "/", "/health"):
        assert ask(guarded(echo), [("host", host)], path=path)[0] == status


def test_host_twice():
    """
    Two hosts are none.
    """
    headers = [("host", "localhost"), ("host", "localhost")]
    assert ask(guarded(echo), headers)[0] == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("origin", "http://localhost:8000")], 200),
        ([("origin", "HTTP://LOCALHOST:8000"), ("sec-fetch-site", "same-origin")], 200),
        ([("sec-fetch-site", "none")], 200),
        ([("origin", "https://localhost:8000")], 403),
        ([("origin", "http://localhost:8001")], 403),
        ([("origin", "http://localhost")], 403),
        ([("origin", "http://evil.example")], 403),
        ([("origin", "http://localhost:8000.evil.example")], 403),
        ([("origin", "null")], 403),
        ([("origin", "")], 403),
        ([("origin", "http://localhost:8000"), ("origin", "http://evil.example")], 400),
        ([("sec-fetch-site", "cross-site")], 403),
        ([("sec-fetch-site", "same-site")], 403),
        ([("origin", "http://localhost:8000"), ("sec-fetch-site", "cross-site")], 403),
    ],
)
@pytest.mark.parametrize(
    "media",
    ["application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"],
)
def test_origin(headers, status, media):
    """
    A page of another origin is not heard under /api, whatever it sends.
    """
    headers = [*headers, ("content-type", media), ("content-length", "2")]
    given = ask(guarded(echo), headers, (b"{}",))
    assert given[0] == status
    assert not any(name.startswith("access-control") for name in given[1])


def test_origin_elsewhere():
    """
    What is no API may be asked for from anywhere, as a link to the page is.
    """
    headers = [("sec-fetch-site", "cross-site")]
    assert ask(guarded(echo), headers, path="/")[0] == 200
    assert ask(guarded(echo), headers, path="/api")[0] == 403


def test_security_headers(client):
    """
    Every reply keeps browsers from using it in other ways, errors of all kinds included.
    """
    asked = [("GET", "/docs"), ("GET", "/nothing"), ("POST", "/docs"), ("GET", "/api/nothing")]
    for method, path in asked:
        reply = client.request(method, path)
        assert {name: reply.headers.get(name) for name in SECURITY} == SECURITY
        assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
        assert reply.headers.get("cache-control") == ("no-store" if "/api" in path else None)
    reply = client.get("/docs", headers={"Host": "evil.example"})
    assert {name: reply.headers.get(name) for name in SECURITY} == SECURITY


def test_documents():
    """
    A page under /api has an origin of its own, from which it cannot drive the service.
    """

    async def page(scope, receive, send):
        await PlainTextResponse("<p>", media_type="text/html")(scope, receive, send)

    _, headers, _, _ = ask(guarded(page))
    policy = headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in policy
    assert "cross-origin-opener-policy" not in headers
    assert "default-src 'none'" in policy


def test_not_running(settings):
    """
    Before the app has started, and after it has stopped, it says so.
    """
    app = create_app(settings)
    client = TestClient(app)
    assert client.get("/docs").status_code == 503
    with client:
        assert client.get("/docs").status_code == 200
    reply = client.get("/docs")
    assert (reply.status_code, reply.json()["type"]) == (503, "urn:paysim:problem:not-running")


def test_websocket(client):
    """
    There are no web sockets.
    """
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        client.websocket_connect("/api/simulations"),
    ):
        pass
    assert refused.value.code == 1008


def test_mounted():
    """
    A guard sees the path that routes see, under whatever path the app is mounted.
    """
    app = guarded(echo)

    async def mounted(scope, receive, send):
        await app({**scope, "root_path": "/paysim"}, receive, send)

    headers = [("sec-fetch-site", "cross-site")]
    assert ask(mounted, headers, path="/paysim/api/x")[0] == 403
    assert ask(mounted, headers, path="/paysim/docs")[0] == 200


def test_log_line(settings):
    """
    Where it is wanted each request has a line, which tells nothing of its query.
    """
    settings = attrs.evolve(settings)
    with TestClient(create_app(settings, is_logged=True)) as client, capture_logs() as lines:
        structlog.configure()
        client.get("/docs?token=paysim_secret", headers={"Authorization": "Bearer paysim_secret"})
    structlog.reset_defaults()
    (line,) = [line for line in lines if line["event"] == "request"]
    assert line["log_level"] == "debug"
    assert (line["method"], line["path"], line["status"], line["key"]) == (
        "GET",
        "/docs",
        200,
        None,
    )
    assert "secret" not in str(lines)


@pytest.mark.parametrize("address", ["", "localhost", "1", "127.1", "::g"])
def test_no_address(address):
    """
    What is no IP address is neither here nor elsewhere.
    """
    assert is_loopback(address) is None
