"""
What holds of every route: it refuses what it does not know, and answers HEAD as it does GET.
"""

from __future__ import annotations

import pytest
from asking import SIMULATIONS, make, moment, refusal

from paysim.server.openapi.examples import TWO_BANKS

EACH = [
    ("GET", ""),
    ("DELETE", ""),
    ("GET", "/scenario"),
    ("GET", "/state"),
    ("GET", "/agents/BANK_A"),
    ("POST", "/tick"),
    ("POST", "/run"),
    ("GET", "/run"),
    ("DELETE", "/run"),
    ("GET", "/events"),
    ("POST", "/transactions"),
    ("POST", "/decisions"),
    ("POST", "/scenario_events"),
    ("GET", "/results"),
    ("GET", "/indicators"),
    ("GET", "/report"),
    ("GET", "/charts"),
    ("GET", "/charts/balances"),
    ("GET", "/live"),
    ("POST", "/checkpoints"),
    ("GET", "/checkpoints"),
    ("GET", "/checkpoints/chk_0123456789abcdef"),
    ("DELETE", "/checkpoints/chk_0123456789abcdef"),
    ("POST", "/checkpoints/chk_0123456789abcdef/restore"),
    ("POST", "/branches"),
    ("GET", "/branches"),
]
"""All that can be asked of a simulation."""


def body_for(path):
    return {"agent_id": "A", "decisions": []} if path == "/decisions" else {}


def takes_body(method, path):
    return method == "POST" and path != "/tick" and not path.endswith("/restore")


@pytest.mark.parametrize("id", ["sim_0123456789abcdef", "SIM", "..%2f..%2fetc", "%00", "%F0%9F"])
@pytest.mark.parametrize(("method", "path"), EACH)
def test_unknown(client, method, path, id):
    """
    Of a simulation that is not there nothing can be asked.
    """
    body = {"json": body_for(path)} if takes_body(method, path) else {}
    headers = {"Accept": "*/*"}
    response = client.request(method, f"{SIMULATIONS}/{id}{path}", headers=headers, **body)
    assert response.status_code == 404, response.text
    kinds = ("unknown-simulation", "not-found")
    refusal(response, 404, next(kind for kind in kinds if kind in response.text))


@pytest.mark.parametrize(("method", "path"), [*EACH, ("GET", None), ("POST", None)])
def test_unknown_parameter(client, method, path):
    """
    A parameter that nobody knows is refused by every route, and nothing happens.
    """
    made = make(client)
    url = SIMULATIONS if path is None else f"{made}{path}"
    body = {"json": TWO_BANKS if path is None else body_for(path)}
    body = body if path is None or takes_body(method, path) else {}
    body = body if method == "POST" else {}
    errors = refusal(client.request(method, f"{url}?cuont=5", **body), 400, "invalid-request")
    assert list(errors) == ["query.cuont"]
    assert moment(client, made)[0] == 0
    assert len(client.get(SIMULATIONS).json()["simulations"]) == 1


@pytest.mark.parametrize(
    ("method", "path"), [each for each in EACH if each[0] == "POST" and takes_body(*each)]
)
def test_bad_bodies(client, method, path):
    """
    A body that is no JSON, no mapping, or of another type is refused by every route that has one.
    """
    url = f"{make(client)}{path}"
    for content in (b"{", b"[]", b"5", b'{"a":1,"a":2}', b'{"unknown_key": 1}', b"\xff", b"null"):
        response = client.post(url, content=content, headers={"Content-Type": "application/json"})
        assert refusal(response, 400, "invalid-request")
    response = client.post(url, content=b"{}", headers={"Content-Type": "text/plain"})
    refusal(response, 415, "unsupported-media-type")
    assert moment(client, url.removesuffix(path))[0] == 0


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nowhere"), ("GET", "/tick/"), ("POST", "/")]
)
def test_no_route(client, method, path):
    """
    Where there is no route the problem says so.
    """
    refusal(client.request(method, f"{make(client)}{path}"), 404, "not-found")


def test_methods(client):
    """
    A method that a path does not take is refused, and Allow tells all that it takes.
    """
    path = make(client)
    for method in ("PUT", "PATCH", "OPTIONS"):
        response = client.request(method, path)
        refusal(response, 405, "method-not-allowed")
        assert response.headers["allow"] == "DELETE, GET, HEAD"
    assert client.get(f"{path}/tick").headers["allow"] == "POST"


@pytest.mark.parametrize(
    "path",
    ["", "/scenario", "/state", "/agents/BANK_A", "/events", "/results", "/indicators", "/report"],
)
def test_head(client, path):
    """
    HEAD has the headers of GET, and nothing else.
    """
    path = make(client) + path
    asked, got = client.head(path), client.get(path)
    assert asked.status_code == 200
    assert asked.content == b""
    assert asked.headers == got.headers


def test_head_of_streams(client):
    """
    HEAD of a stream ends at once, though the stream would go on.
    """
    path = make(client)
    for url in (f"{path}/events", f"{path}/live"):
        response = client.head(url, headers={"Accept": "text/event-stream"})
        assert response.status_code == 200
        assert response.content == b""
