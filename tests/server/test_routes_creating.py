"""
Simulations are made of what is valid, and all that is wrong with anything else is told.
"""

from __future__ import annotations

import attrs
import pytest
import yaml
from asking import SIMULATIONS, make, refusal, ticks
from starlette.testclient import TestClient

from paysim.server.app import create_app
from paysim.server.openapi.examples import RING, TWO_BANKS

YAML = yaml.safe_dump(TWO_BANKS)
ONE_BANK = """ticks_per_day: 10
agent_configs:
  - id: BANK_A
    opening_balanse: 5
  - {id: BANK_A, opening_balance: 1.5}
"""


def post(client, content, media_type, **query):
    headers = {} if media_type is None else {"Content-Type": media_type}
    return client.post(SIMULATIONS, content=content, headers=headers, params=query)


def test_created(client):
    """
    The reply names the simulation and where it is.
    """
    response = client.post(SIMULATIONS, json=TWO_BANKS, params={"name": "zwei Bänke"})
    made = response.json()
    id = made.pop("simulation_id")
    assert response.status_code == 201
    assert response.headers["location"] == f"{SIMULATIONS}/{id}"
    assert made == {
        "status": "created",
        "current_tick": 0,
        "current_day": 0,
        "name": "zwei Bänke",
    }


@pytest.mark.parametrize(
    "media_type",
    [
        "application/yaml",
        "application/x-yaml",
        "text/yaml",
        "text/plain",
        "Application/YAML; charset=UTF-8",
        'text/yaml;charset="utf-8"',
    ],
)
def test_yaml(client, media_type):
    """
    YAML under any of its names makes the simulation that JSON makes.
    """
    response = post(client, YAML, media_type)
    assert response.status_code == 201
    path = response.headers["location"]
    assert client.get(f"{path}/scenario").json() == client.get(f"{make(client)}/scenario").json()


@pytest.mark.parametrize(
    "media_type",
    [None, "", "application/x-www-form-urlencoded", "text/yaml; charset=latin-1", "json", "*/*"],
)
def test_media_type(client, media_type):
    """
    A body of another type is refused, and the reply says what is taken.
    """
    response = post(client, YAML, media_type)
    refusal(response, 415, "unsupported-media-type")
    assert "application/yaml" in response.headers["accept-post"]


def test_errors_have_places(client):
    """
    Everything that is wrong with a scenario is told with its path, line and column.
    """
    errors = refusal(post(client, ONE_BANK, "text/yaml"), 400, "invalid-scenario")
    typo = errors["agent_configs[0].opening_balanse"]
    assert (typo["place"], typo["line"], typo["column"]) == ("scenario.yaml:4:5", 4, 5)
    assert typo["hint"] == "did you mean opening_balance?"
    assert errors["agent_configs[1].opening_balance"]["expected"] == "must be int"
    assert errors["agent_configs[1].opening_balance"]["found"] == "1.5"
    assert errors["agent_configs[1].id"]["line"] == 5
    assert client.get(SIMULATIONS).json() == {"simulations": []}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": 1, "a": 2}', b"\xff"])
def test_no_scenario(client, content):
    """
    What is no scenario at all is refused as such.
    """
    errors = refusal(post(client, content, "application/json"), 400, "invalid-scenario")
    assert all(error["place"].startswith("scenario.json") for error in errors.values())


@pytest.mark.parametrize("media_type", ["application/json", "application/octet-stream"])
def test_another_type_than_it_is(client, media_type):
    """
    Who sends YAML as something else is told how it is sent.
    """
    errors = refusal(post(client, YAML, media_type), 400, "invalid-scenario")
    assert "is sent as application/yaml" in errors[""]["hint"]


@pytest.mark.parametrize("key", ["transactions", "agent_configs"])
def test_no_file_is_read(client, tmp_path, key):
    """
    A scenario that names a file is refused, be the file there or not.
    """
    there = tmp_path / "there.csv"
    there.write_text("id,opening_balance\n")
    told = set()
    for file in (str(there), str(tmp_path / "missing.csv")):
        errors = refusal(client.post(SIMULATIONS, json=RING | {key: file}), 400, "invalid-scenario")
        told.add((errors[key]["expected"], errors[key]["hint"]))
    assert len(told) == 1
    assert "paysim create" in told.pop()[1]


def test_large_scenario(client):
    """
    A scenario of many transactions is read as a small one is, and so are its errors.
    """
    given = [
        {"sender_id": "BANK_A", "receiver_id": "BANK_B", "amount": n + 1, "arrival_tick": n % 10}
        for n in range(5_000)
    ]
    path = make(client, TWO_BANKS | {"transactions": given})
    assert len(client.get(f"{path}/scenario").json()["transactions"]) == 5_000
    given[-1]["amount"] = 0
    response = client.post(SIMULATIONS, json=TWO_BANKS | {"transactions": given})
    assert list(refusal(response, 400, "invalid-scenario")) == ["transactions[4999].amount"]


def test_too_many_agents(settings):
    """
    More agents than the server takes are refused, in a checkpoint too.
    """
    with TestClient(create_app(settings)) as client:
        path = make(client, RING)
        checkpoint = client.post(f"{path}/checkpoints").headers["location"]
        content = client.get(checkpoint).content
    with TestClient(create_app(attrs.evolve(settings, max_agents=2))) as client:
        make(client)
        response = client.post(SIMULATIONS, json=RING)
        error = refusal(response, 400, "invalid-scenario")["agent_configs"]
        assert error["expected"] == "must hold at most 2 agents on this server"
        assert "PAYSIM_MAX_AGENTS" in error["hint"]
        response = post(client, content, "application/octet-stream")
        assert "agent_configs" in refusal(response, 400, "invalid-scenario")


def test_too_many_simulations(settings):
    """
    More simulations than the server takes are refused and told its setting, until one is removed.
    """
    with TestClient(create_app(attrs.evolve(settings, max_simulations=1))) as client:
        path = make(client)
        response = client.post(SIMULATIONS, json=RING)
        refusal(response, 409, "too-many-simulations")
        assert "PAYSIM_MAX_SIMULATIONS" in response.json()["detail"]
        refusal(client.post(f"{path}/branches"), 409, "too-many-simulations")
        client.delete(path)
        make(client)


def test_too_long(settings):
    """
    A body that is longer than the server takes is refused.
    """
    with TestClient(create_app(attrs.evolve(settings, max_body_bytes=1_024))) as client:
        response = post(client, b" " * 1_025, "application/json")
        assert response.status_code == 413


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"seed": -1}, "query.seed"),
        ({"seed": 2**64}, "query.seed"),
        ({"seed": "x"}, "query.seed"),
        ({"name": "a\nb"}, "query.name"),
        ({"name": "x" * 129}, "query.name"),
        ({"outside": "BANK_C"}, "query.outside[0]"),
        ({"outside": ["BANK_A", "BANC_B"]}, "query.outside[1]"),
        ({"sede": 1}, "query.sede"),
    ],
)
def test_bad_parameters(client, query, path):
    """
    A parameter that does not fit is refused by its name.
    """
    response = client.post(SIMULATIONS, json=TWO_BANKS, params=query)
    assert list(refusal(response, 400, "invalid-request")) == [path]


def test_agents_in_one_text(client):
    """
    Who names several outside agents in one parameter is told to repeat it.
    """
    response = client.post(SIMULATIONS, json=TWO_BANKS, params={"outside": "BANK_A,BANK_B"})
    error = refusal(response, 400, "invalid-request")["query.outside[0]"]
    assert "outside=A&outside=B" in error["hint"]


def test_seed(client):
    """
    The seed decides what arrives; without one it is the scenario's.
    """

    def log(**query):
        path = make(client, TWO_BANKS | {"rng_seed": 3}, **query)
        ticks(client, path, 5)
        return client.get(path).json()["seed"], client.get(f"{path}/events").json()["events"]

    assert log()[0] == 3
    assert log(seed=3) == log()
    assert log(seed=2**64 - 1)[1] != log()[1]
