"""
Two simulations are compared as the library compares two runs.
"""

from __future__ import annotations

import json

import pytest
from asking import make, refusal, ticks

from paysim import Orchestrator, compare
from paysim.server.openapi.examples import TWO_BANKS

CUT = {"type": "credit_limit_change", "tick": 3, "agent_id": "BANK_A", "credit_limit": 0}


@pytest.fixture
def pair(client):
    """
    Return the paths of a simulation and of a branch of it in which a credit line is cut.
    """
    path = make(client, name="as it is")
    ticks(client, path, 3)
    branch = client.post(f"{path}/branches", json={"name": "cut"}).headers["location"]
    assert client.post(f"{branch}/scenario_events", json=CUT).status_code == 201
    for each in (path, branch):
        ticks(client, each, 7)
    return path, branch


def id_of(path):
    return path.rpartition("/")[2]


def compared(client, a, b, **query):
    return client.get(f"{a}/comparison", params={"with": id_of(b), **query})


def library(*events):
    orchestrator = Orchestrator({**TWO_BANKS, "scenario_events": list(events)})
    for _ in range(10):
        orchestrator.tick()
    return orchestrator.results()


@pytest.mark.parametrize("limit", [0, 1, 10])
def test_comparison(client, pair, limit):
    """
    It is what the library tells of the same two runs, with the names of the sides.
    """
    before = TWO_BANKS["scenario_events"]
    expected = compare(library(*before), library(*before, CUT)).to_dict(limit)
    assert len(expected["most_changed"]) == min(limit, len(expected["most_changed"]))
    assert expected["settings"]
    told = compared(client, *pair, limit=limit).json()
    sides = [told.pop(side) for side in ("a", "b")]
    assert told == json.loads(json.dumps(expected))
    assert [(side["simulation_id"], side["name"], side["current_tick"]) for side in sides] == [
        (id_of(pair[0]), "as it is", 10),
        (id_of(pair[1]), "cut", 10),
    ]


def test_nothing_changes(client, pair):
    """
    A simulation does not differ from itself, and can go on after it was compared.
    """
    path = pair[0]
    told = compared(client, path, path).json()
    assert (told["settings"], told["most_changed"], told["same_arrivals"]) == ([], [], True)
    assert ticks(client, path)["tick"] == 10


def test_refusals(client, pair):
    """
    Without the id of another simulation there is nothing to compare with.
    """
    path = pair[0]
    for query in ({}, {"with": "sim_1"}, {"limit": 5}):
        response = client.get(f"{path}/comparison", params=query)
        assert list(refusal(response, 400, "invalid-request")) == ["query.with"]
    refusal(compared(client, path, "sim_0000000000000000"), 404, "unknown-simulation")
    refusal(
        compared(client, "/api/simulations/sim_0000000000000000", path), 404, "unknown-simulation"
    )
