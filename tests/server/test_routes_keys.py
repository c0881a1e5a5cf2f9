"""
A request with an Idempotency-Key happens once, however often it is sent.
"""

from __future__ import annotations

import pytest
from asking import SIMULATIONS, make, moment, refusal
from starlette.testclient import TestClient

from paysim.server.app import create_app
from paysim.server.openapi.examples import BUDGET, RING, TRANSACTION, TWO_BANKS

KEY = {"Idempotency-Key": "k-1"}


@pytest.fixture
def path(client):
    return make(client, ran=2)


def posts(client, path):
    """
    Return the path and the body of each thing that can be done to a simulation.
    """
    mark = client.post(f"{path}/checkpoints").headers["location"]
    return [
        ("/tick", None),
        ("/tick?count=3", None),
        ("/transactions", TRANSACTION),
        ("/decisions", BUDGET),
        ("/scenario_events", {"type": "halt"}),
        ("/checkpoints", {"name": "x"}),
        ("/branches", None),
        (f"{mark.removeprefix(path)}/restore", None),
        ("/run", {"until_tick": 9}),
    ]


def state(client, path):
    """
    Return all that a request could change.
    """
    return [
        moment(client, path),
        client.get(f"{path}/scenario").json()["scenario_events"],
        len(client.get(f"{path}/checkpoints").json()["checkpoints"]),
        len(client.get(SIMULATIONS).json()["simulations"]),
    ]


def test_replayed(client, path):
    """
    Every POST gives its first reply again, and nothing happens.
    """
    for number, (end, body) in enumerate(posts(client, path)):
        headers = {"Idempotency-Key": f"key-{number}"}
        first = client.post(path + end, json=body, headers=headers)
        assert first.status_code < 300, first.text
        assert "idempotency-replayed" not in first.headers
        client.delete(f"{path}/run")
        before = state(client, path)
        again = client.post(path + end, json=body, headers=headers)
        assert again.headers["idempotency-replayed"] == "true"
        assert (again.status_code, again.content) == (first.status_code, first.content)
        for name in ("content-type", "location"):
            assert again.headers.get(name) == first.headers.get(name)
        assert state(client, path) == before, end


def test_created_once(client):
    """
    A simulation is made once.
    """
    first = client.post(SIMULATIONS, json=TWO_BANKS, headers=KEY)
    again = client.post(SIMULATIONS, json=TWO_BANKS, headers=KEY)
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert len(client.get(SIMULATIONS).json()["simulations"]) == 1


def test_after_a_restart(settings):
    """
    The first reply is given again by the next server too.
    """
    with TestClient(create_app(settings)) as client:
        path = make(client)
        first = client.post(f"{path}/tick", headers=KEY)
    with TestClient(create_app(settings)) as client:
        again = client.post(f"{path}/tick", headers=KEY)
        assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
        assert moment(client, path)[0] == 1


def test_reused(client, path):
    """
    A key that was used for another request is refused, and nothing happens.
    """
    client.post(f"{path}/tick", headers=KEY)
    for end, body in (("/tick?count=1", None), ("/run", None), ("/transactions", TRANSACTION)):
        response = client.post(path + end, json=body, headers=KEY)
        refusal(response, 422, "idempotency-key-reused")
    client.post(f"{path}/transactions", json=TRANSACTION, headers={"Idempotency-Key": "k-2"})
    other = TRANSACTION | {"amount": 1}
    response = client.post(f"{path}/transactions", json=other, headers={"Idempotency-Key": "k-2"})
    refusal(response, 422, "idempotency-key-reused")
    assert moment(client, path)[0] == 3
    client.post(SIMULATIONS, json=TWO_BANKS, headers=KEY)
    response = client.post(SIMULATIONS, json=RING, headers=KEY)
    refusal(response, 422, "idempotency-key-reused")


def test_of_one_simulation(client, path):
    """
    A key counts for one simulation; another may have the same.
    """
    other = make(client)
    client.post(f"{path}/tick", headers=KEY)
    response = client.post(f"{other}/tick", headers=KEY)
    assert "idempotency-replayed" not in response.headers
    assert moment(client, other)[0] == 1


def test_failures_are_not_kept(client, path):
    """
    A request that failed can be sent again with its key.
    """
    bad = TRANSACTION | {"amount": 0}
    url = f"{path}/transactions"
    assert client.post(url, json=bad, headers=KEY).status_code == 400
    assert client.post(url, json=TRANSACTION, headers=KEY).status_code == 201


@pytest.mark.parametrize("key", ["", "two words", "ü", "x" * 256, "tab\there"])
def test_bad_key(client, path, key):
    """
    What cannot be a key is refused, as it would not make anything safe.
    """
    headers = {"Idempotency-Key": key.encode("latin-1")}
    response = client.post(f"{path}/tick", headers=headers)
    errors = refusal(response, 400, "invalid-request")
    assert list(errors) == ["headers.Idempotency-Key"]
    response = client.post(SIMULATIONS, json=TWO_BANKS, headers=headers)
    refusal(response, 400, "invalid-request")
    assert moment(client, path)[0] == 2


def test_two_keys(client, path):
    """
    Two keys are none.
    """
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    refusal(client.post(f"{path}/tick", headers=headers), 400, "invalid-request")


def test_visible_keys(client, path):
    """
    Any visible characters make a key, up to 255.
    """
    for key in ("!", "~" * 255, '"quoted"'):
        assert client.post(f"{path}/tick", headers={"Idempotency-Key": key}).status_code == 200
