"""
Every operation of the description, tried with keys of every scope against a simulation that is
there.
"""

from __future__ import annotations

import pytest
from asking import SIMULATIONS, make, refusal
from starlette.testclient import TestClient

from paysim.server.app import create_app
from paysim.server.openapi.examples import TWO_BANKS
from paysim.server.store.keys import add_key


@pytest.fixture
def tokens(settings):
    return {scope: add_key(settings.data_dir, scope, scope) for scope in ("read", "run", "admin")}


@pytest.fixture
def client(settings, tokens):
    with TestClient(create_app(settings)) as client:
        client.headers["Authorization"] = f"Bearer {tokens['admin']}"
        yield client


def everything(client):
    """
    Return all simulations with their checkpoints and runs.
    """
    found = client.get(SIMULATIONS).json()["simulations"]
    paths = [f"{SIMULATIONS}/{one['simulation_id']}" for one in found]
    marks = [client.get(f"{path}/checkpoints").json() for path in paths]
    return found, marks, [client.get(path).json() for path in paths]


def operations(client, path, mark):
    """
    Yield method and path of every operation under /api.
    """
    known = {
        "{simulation_id}": path.rpartition("/")[2],
        "{checkpoint_id}": mark,
        "{agent_id}": "BANK_A",
        "{name}": "balances",
    }
    for place, item in client.get("/openapi.json").json()["paths"].items():
        for name, value in known.items():
            place = place.replace(name, value)
        assert "{" not in place
        if place.startswith("/api"):
            yield from ((m.upper(), place) for m in item if m in ("get", "post", "delete", "put"))


def test_every_operation(client, tokens):
    """
    Nothing is done without a key, a key that reads changes nothing, and one that runs removes
    neither a simulation nor a checkpoint, whichever operation it tries.
    """
    path = make(client)
    mark = client.post(f"{path}/checkpoints").json()["checkpoint_id"]
    before = everything(client)
    tried = [one for one in operations(client, path, mark) if one[0] != "GET"]
    assert len(tried) > 10
    for method, place in tried:
        body = TWO_BANKS if place == SIMULATIONS else None
        refusal(
            client.request(method, place, json=body, headers={"Authorization": ""}),
            401,
            "key-needed",
        )
        reads = {"Authorization": f"Bearer {tokens['read']}"}
        refusal(client.request(method, place, json=body, headers=reads), 403, "scope-too-small")
    assert everything(client) == before
    runs = {"Authorization": f"Bearer {tokens['run']}"}
    removed = (path, f"{path}/checkpoints/{mark}")
    for method, place in tried:
        response = client.request(method, place, json=None, headers=runs)
        if method == "DELETE" and place in removed:
            refusal(response, 403, "scope-too-small")
        else:
            assert response.status_code not in (401, 403), (method, place)
    assert client.get(path).status_code == 200
    assert client.get(removed[1]).status_code == 200


@pytest.mark.parametrize(
    "trick",
    [
        "{path}/",
        "/{path}",
        "{path}//",
        "{path}/.",
        "{path}%2F",
        "{path}%00",
        "{path};x",
        "{path}%20",
        "{path}/../{id}",
        "{encoded}",
        "{path}?_method=GET",
        "{upper}",
    ],
)
def test_spellings_of_a_path(client, tokens, trick):
    """
    However the path of a simulation is spelt, a key that runs does not remove it.
    """
    path = make(client)
    id = path.rpartition("/")[2]
    encoded = path.replace("sim_", "%73im%5F")
    url = trick.format(path=path, id=id, encoded=encoded, upper=path.upper())
    headers = {"Authorization": f"Bearer {tokens['run']}", "X-HTTP-Method-Override": "DELETE"}
    for method in ("DELETE", "GET", "POST"):
        response = client.request(method, f"http://testserver{url}", headers=headers)
        assert response.status_code in (200, 400, 403, 404, 405), (method, response.status_code)
        if method == "DELETE":
            assert response.status_code != 200
    assert client.get(path).status_code == 200
