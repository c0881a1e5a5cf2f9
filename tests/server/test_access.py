"""
Keys: who may do what, from which request on, and what is told of it.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import httpx2
import pytest
import structlog
from served import Served
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from paysim.server.app import create_app
from paysim.server.http.access import allowed, needed
from paysim.server.http.guards import Door, Guard
from paysim.server.settings import Settings
from paysim.server.store.keys import Keys, add_key, remove_key
from paysim.server.store.store import Store

ID = "sim_0123456789abcdef"
CHECKPOINT = "chk_0123456789abcdef"
PUBLIC = ("/", "/health", "/docs", "/redoc", "/openapi.json", "/static/docs/swagger-ui.css")


def bearer(token):
    """
    Return the header that shows a token.
    """
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def tokens(settings):
    """
    Return a token of each scope, made before the service starts.
    """
    return {scope: add_key(settings.data_dir, f"my {scope}", scope) for scope in NEEDED}


NEEDED = {
    "read": [
        ("GET", "/api/simulations"),
        ("HEAD", f"/api/simulations/{ID}"),
        ("GET", f"/api/simulations/{ID}/checkpoints/{CHECKPOINT}"),
        ("GET", "/api/nothing"),
    ],
    "run": [
        ("POST", "/api/simulations"),
        ("POST", f"/api/simulations/{ID}/tick"),
        ("POST", f"/api/simulations/{ID}/checkpoints/{CHECKPOINT}/restore"),
        ("DELETE", f"/api/simulations/{ID}/run"),
        ("PUT", f"/api/simulations/{ID}"),
        ("OPTIONS", "/api/simulations"),
    ],
    "admin": [
        ("DELETE", f"/api/simulations/{ID}"),
        ("DELETE", f"/api/simulations/{ID}/"),
        ("DELETE", f"/api/simulations/{ID}/checkpoints/{CHECKPOINT}"),
    ],
}


def test_scopes():
    """
    Each scope includes those before it, and each kind of request needs the one it should.
    """
    for wanted, requests in NEEDED.items():
        for method, path in requests:
            assert needed(method, path) == wanted
    order = list(NEEDED)
    for i, scope in enumerate(order):
        assert [allowed(scope, wanted) for wanted in order] == [j <= i for j in range(3)]


def test_without_keys(client):
    """
    Where no key was made none is asked for, and one that is shown is not looked at.
    """
    assert client.get("/api/simulations").status_code == 200
    assert client.get("/api/simulations", headers=bearer("nonsense")).status_code == 200


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "no key was given"),
        ({"Authorization": ""}, "does not begin with Bearer"),
        ({"Authorization": "Basic cGF5c2lt"}, "does not begin with Bearer"),
        (bearer(""), "the key is not known"),
        (bearer("paysim_" + "A" * 43), "the key is not known"),
        (bearer("paysim_\u00e4".encode("latin-1").decode("latin-1")), "the key is not known"),
    ],
)
def test_no_key(tokens, client, headers, reason):
    """
    Without a known key everything under /api is 401, with what is missing, and all else is open.
    """
    headers = {name: value.encode("latin-1") for name, value in headers.items()}
    for requests in NEEDED.values():
        for method, path in requests:
            reply = client.request(method, path, headers=headers)
            assert reply.status_code == 401
            assert reply.headers["www-authenticate"].startswith('Bearer realm="paysim"')
            if method != "HEAD":
                assert reason in reply.json()["detail"]
    for path in PUBLIC:
        assert client.get(path, headers=headers).status_code == 200


def test_token_of_another_kind(tokens, client):
    """
    A token in the query, in a cookie or in a body is none.
    """
    token = tokens["admin"]
    reply = client.get(f"/api/simulations?token={token}&access_token={token}&key={token}")
    assert reply.status_code == 401
    assert client.get("/api/simulations", headers={"Cookie": f"token={token}"}).status_code == 401
    twice = [("Authorization", f"Bearer {token}")] * 2
    assert client.get("/api/simulations", headers=twice).status_code == 400


@pytest.mark.parametrize("scope", NEEDED)
def test_too_small(tokens, client, scope):
    """
    A key whose scope is too small is 403, which names what is needed; others pass the door.
    """
    for wanted, requests in NEEDED.items():
        for method, path in requests:
            reply = client.request(method, path, headers=bearer(tokens[scope]))
            if allowed(scope, wanted):
                assert reply.status_code not in (401, 403)
            else:
                assert reply.status_code == 403
                assert f"needs a key of scope {wanted}" in reply.json()["detail"]
                assert f'scope="{wanted}"' in reply.headers["www-authenticate"]


def test_from_the_next_request_on(settings, client):
    """
    What is changed while the service runs counts at once: the first key, and that it is gone.
    """
    for _ in range(3):
        assert client.get("/api/simulations").status_code == 200
        token = add_key(settings.data_dir, "first", "read")
        assert client.get("/api/simulations").status_code == 401
        assert client.get("/api/simulations", headers=bearer(token)).status_code == 200
        remove_key(settings.data_dir, "first")


@pytest.mark.parametrize("media", ["text/event-stream; charset=utf-8", "text/csv"])
def test_stream_of_a_removed_key(tmp_path, media):
    """
    A stream ends with its key, as it may go on for days; what ends by itself is sent whole.
    """
    token = add_key(tmp_path, "one", "read")
    add_key(tmp_path, "two", "read")
    store = Store.open(tmp_path)
    told = []

    async def app(scope, receive, send):
        headers = [(b"content-type", media.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for part in (b"a", b"b", b"c"):
            await send({"type": "http.response.body", "body": part, "more_body": True})
            if part == b"b":
                remove_key(tmp_path, "one")
        await send({"type": "http.response.body", "body": b""})

    async def send(message):
        told.append(message.get("body", b""))

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/simulations/sim_0123456789abcdef/events",
        "scheme": "http",
        "server": ("127.0.0.1", 8000),
        "query_string": b"",
        "headers": [(b"host", b"a"), (b"authorization", b"Bearer " + token.encode())],
    }
    door = Door(Settings(data_dir=tmp_path), Keys(store))
    asyncio.run(Guard(app, door)(scope, None, send))
    store.close()
    assert b"".join(told) == (b"ab" if media.startswith("text/event-stream") else b"abc")


def test_any_host(tokens, client):
    """
    With keys the service goes by any name, and pages of other origins are still not heard.
    """
    headers = bearer(tokens["read"]) | {"Host": "paysim.example"}
    assert client.get("/api/simulations", headers=headers).status_code == 200
    for origin, status in (("http://paysim.example", 200), ("http://evil.example", 403)):
        reply = client.get("/api/simulations", headers=headers | {"Origin": origin})
        assert reply.status_code == status


def test_name_in_the_log(settings, tokens):
    """
    The log tells which key a request came with, by its name and never by its token.
    """
    with TestClient(create_app(settings, is_logged=True)) as client, capture_logs() as lines:
        structlog.configure()
        client.get("/api/simulations", headers=bearer(tokens["read"]))
        client.get("/api/simulations", headers=bearer("paysim_wrong"))
    structlog.reset_defaults()
    told = [(line["key"], line["status"]) for line in lines if line["event"] == "request"]
    assert told == [("my read", 200), (None, 401)]
    assert "paysim_" not in json.dumps(lines)


def test_other_address(tmp_path):
    """
    With a key the service listens on other addresses, and asks everybody for the key.
    """
    place = tmp_path / "data"
    token = add_key(place, "everybody", "read")
    with Served(place, "--host", "0.0.0.0") as served:
        address = f"http://127.0.0.1:{served.port}"
        assert httpx2.get(f"{address}/api/simulations").status_code == 401
        assert httpx2.get(f"{address}/api/simulations", headers=bearer(token)).status_code == 200
        # The last key is gone: the address that it came in at is loopback, and so it is answered.
        remove_key(place, "everybody")
        assert httpx2.get(f"{address}/api/simulations").status_code == 200


def test_made_on_the_command_line(server):
    """
    A key that the command line makes works on a server that runs.
    """
    command = [sys.executable, "-m", "paysim", "keys", "add", "mine", "--scope", "read"]
    done = subprocess.run(
        [*command, "--data-dir", str(server.data_dir)], capture_output=True, text=True, check=True
    )
    token = next(word for word in done.stdout.split() if word.startswith("paysim_"))
    assert httpx2.get(f"{server.address}/api/simulations").status_code == 401
    reply = httpx2.get(f"{server.address}/api/simulations", headers=bearer(token))
    assert reply.status_code == 200
