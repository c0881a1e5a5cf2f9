"""
Simulations are made of what is valid, and are told as they are.
"""

from __future__ import annotations

import json

import attrs
import pytest
import yaml
from asking import SIMULATIONS, make, moment, refusal, ticks
from starlette.testclient import TestClient

from paysim import Orchestrator, Scenario
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


def test_looking(client):
    """
    A simulation is told alone and in the list, which is in order of creation.
    """
    first, second = make(client, RING, name="ring"), make(client, outside=["BANK_B"])
    ticks(client, first, 5)
    told = client.get(first).json()
    assert told.pop("created").endswith("Z")
    assert told == {
        "simulation_id": first.rpartition("/")[2],
        "current_tick": 5,
        "current_day": 1,
        "name": "ring",
        "num_ticks": 8,
        "ticks_per_day": 4,
        "agents": ["BANK_A", "BANK_B", "BANK_C"],
        "outside": [],
        "events": client.get(f"{first}/events").json()["total"],
        "seed": 0,
        "run": None,
        "branched_from": None,
    }
    listed = client.get(SIMULATIONS).json()["simulations"]
    keys = told.keys() - {"outside", "events", "created"}
    assert listed[0] == {key: told[key] for key in keys} | {"agents": 3}
    assert listed[1]["simulation_id"] == second.rpartition("/")[2]
    assert client.get(second).json()["outside"] == ["BANK_B"]


def test_state(client):
    """
    The state is that of the library, with its transactions or without.
    """
    path = make(client)
    orchestrator = Orchestrator(TWO_BANKS)
    for _ in range(7):
        orchestrator.tick()
    ticks(client, path, 7)
    state = orchestrator.get_state()
    told = client.get(f"{path}/state").json()
    assert told == {
        "simulation_id": path.rpartition("/")[2],
        "current_tick": 7,
        "current_day": 0,
        "state": json.loads(json.dumps(state)),
    }
    without = client.get(f"{path}/state", params={"transactions": "none"}).json()
    del told["state"]["transactions"]
    assert without == told
    response = client.get(f"{path}/state", params={"transactions": "some"})
    assert "query.transactions" in refusal(response, 400, "invalid-request")


def test_scenario(client):
    """
    The scenario comes back with the events that were added, and makes the same simulation.
    """
    path = make(client)
    event = {"type": "outage", "tick": 3, "agent_id": "BANK_A"}
    client.post(f"{path}/scenario_events", json=event)
    scenario = client.get(f"{path}/scenario").json()
    expected = TWO_BANKS | {"scenario_events": [*TWO_BANKS["scenario_events"], event]}
    assert scenario == Scenario.from_dict(expected).to_dict()
    again = make(client, scenario)
    assert ticks(client, again, 8) == ticks(client, path, 8)


def test_account(client):
    """
    An agent's account has its balance and both queues, whatever its name is.
    """
    banks = [{"id": "A/B C", "opening_balance": 5}, {"id": "..", "opening_balance": 5}]
    given = {"sender_id": "A/B C", "receiver_id": "..", "amount": 9, "arrival_tick": 0}
    scenario = {"ticks_per_day": 4, "agent_configs": banks, "transactions": [given]}
    path = make(client, scenario)
    ticks(client, path)
    response = client.get(f"{path}/agents/A%2FB%20C")
    agent = response.json()["agent"]
    assert (agent["agent_id"], agent["balance"], agent["internal_queue"]) == ("A/B C", 5, [])
    assert [queued["amount"] for queued in agent["central_queue"]] == [9]
    assert client.get(f"{path}/agents/%2E%2E").status_code in (200, 404)
    refusal(client.get(f"{path}/agents/A"), 404, "unknown-agent")


def test_deleted(client):
    """
    A simulation that is removed is there no more, for any request.
    """
    path = make(client)
    id = path.rpartition("/")[2]
    assert client.delete(path).json() == {"simulation_id": id, "status": "deleted"}
    refusal(client.delete(path), 404, "unknown-simulation")
    assert client.get("/health").json()["active_simulations"] == 0


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
