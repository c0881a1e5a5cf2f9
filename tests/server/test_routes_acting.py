"""
What comes from outside is checked by the caller's own words, and happens whole or not at all.
"""

from __future__ import annotations

import pytest
from asking import make, moment, refusal, ticks

from paysim.server.openapi.examples import TWO_BANKS
from paysim.server.routes import acting

TRANSACTION = {"sender_id": "BANK_A", "receiver_id": "BANK_B", "amount": 250}


@pytest.fixture
def path(client):
    return make(client, TWO_BANKS | {"num_days": 3}, outside="BANK_A")


def post(client, path, kind, body):
    return client.post(f"{path}/{kind}", json=body)


def queues(client, path):
    agent = client.get(f"{path}/agents/BANK_A").json()["agent"]
    return [[queued["id"] for queued in agent[f"{name}_queue"]] for name in ("internal", "central")]


def test_transaction(client, path):
    """
    A transaction arrives in the next tick, or in the one that is asked for.
    """
    ticks(client, path, 2)
    response = post(client, path, "transactions", TRANSACTION)
    assert response.status_code == 201
    made = response.json()
    assert made["arrival_tick"] == 2
    later = TRANSACTION | {"arrival_tick": 5, "id": "rent", "deadline_tick": 9, "priority": 8}
    assert post(client, path, "transactions", later).json() == {
        "transaction_id": "rent",
        "arrival_tick": 5,
    }
    ticks(client, path, 4)
    found = client.get(f"{path}/state").json()["state"]["transactions"]
    assert found[made["transaction_id"]]["arrival_tick"] == 2
    assert (found["rent"]["amount"], found["rent"]["deadline_tick"]) == (250, 9)


@pytest.mark.parametrize(
    ("changes", "path_of_it", "expected"),
    [
        ({"amount": None}, "amount", "must be int"),
        ({"amount": "250"}, "amount", "must be int"),
        ({"amount": 0}, "amount", "must be at least 1"),
        ({"receiver_id": "BANK_A"}, "receiver_id", "must not be the sender"),
        ({"receiver_id": "BANC_B"}, "receiver_id", None),
        ({"arrival_tick": 1}, "arrival_tick", "must be at least 2, the next tick"),
        ({"arrival_tick": 10**9}, "arrival_tick", None),
        ({"arival_tick": 5}, "arival_tick", "unknown key"),
        ({"deadline_tick": 5, "deadline_offset": 2}, "deadline_offset", None),
        ({"every_ticks": 2}, "every_ticks", "unknown key"),
        ({"type": "halt"}, "type", "unknown key"),
    ],
)
def test_bad_transaction(client, path, changes, path_of_it, expected):
    """
    What is wrong is told by the key that the caller wrote, with its place.
    """
    ticks(client, path, 2)
    response = post(client, path, "transactions", TRANSACTION | changes)
    errors = refusal(response, 400, "invalid-request")
    assert errors[path_of_it]["place"].startswith("body.json:1:")
    assert expected in (None, errors[path_of_it]["expected"])
    assert client.get(f"{path}/scenario").json()["scenario_events"] == [
        {**TWO_BANKS["scenario_events"][0]}
    ]


def test_decisions(client, path):
    """
    An agent without a policy decides over HTTP, and what it decides counts for the next tick.
    """
    post(client, path, "transactions", TRANSACTION | {"id": "rent"})
    post(client, path, "transactions", TRANSACTION | {"id": "wages"})
    ticks(client, path)
    held = queues(client, path)[0]
    assert {"rent", "wages"} <= set(held)
    decisions = [
        {"decision": "reprioritise", "transaction_id": "wages", "priority": 9},
        {"decision": "split", "transaction_id": "rent", "parts": 2},
        {"decision": "hold", "transaction_id": "wages"},
    ]
    body = {"agent_id": "BANK_A", "decisions": decisions}
    response = post(client, path, "decisions", body)
    assert response.json() == {"status": "accepted", "applies_at_tick": 1}
    assert response.status_code == 200
    ticks(client, path)
    state = client.get(f"{path}/state").json()["state"]["transactions"]
    assert state["rent"]["is_split"]
    assert {"rent/1", "rent/2"} <= set(state)
    assert state["wages"]["priority"] == 9
    assert not state["wages"]["is_fully_settled"]


def test_all_or_none(client, path):
    """
    Where one decision cannot be made, those before it are not made either.
    """
    post(client, path, "transactions", TRANSACTION | {"id": "rent"})
    ticks(client, path)
    before = queues(client, path)
    decisions = [
        {"decision": "release", "transaction_id": "rent"},
        {"decision": "release", "transaction_id": "nothing"},
    ]
    body = {"agent_id": "BANK_A", "decisions": decisions}
    response = post(client, path, "decisions", body)
    errors = refusal(response, 409, "conflict")
    assert list(errors) == ["decisions[1]"]
    assert errors["decisions[1]"]["line"] == 1
    assert errors["decisions[1]"]["expected"].startswith("agent BANK_A, tick 1: ")
    assert "decisions[1]" in response.json()["detail"]
    assert queues(client, path) == before
    ticks(client, path)
    assert "rent" in queues(client, path)[0]


def test_pending_decisions(client, path, monkeypatch):
    """
    Decisions that are pending have a bound, which reloading does not widen and a tick makes room
    for.
    """
    monkeypatch.setattr(acting, "PENDING_MAX", 2_000)
    post(client, path, "transactions", TRANSACTION | {"id": "rent"})
    ticks(client, path)
    decisions = [
        {"decision": "reprioritise", "transaction_id": "rent", "priority": at % 10}
        for at in range(100)
    ]
    body = {"agent_id": "BANK_A", "decisions": decisions}
    taken = 0
    while (response := post(client, path, "decisions", body)).status_code == 200 and taken < 50:
        taken += 1
        # One that cannot be made lets the simulation be loaded again.
        nothing = {"decision": "release", "transaction_id": "nothing"}
        post(client, path, "decisions", body | {"decisions": [nothing]})
    assert 3 < taken < 20
    refusal(response, 409, "too-many-decisions")
    assert "tick 1 takes more than 2,000 bytes" in response.json()["detail"]
    ticks(client, path)
    assert post(client, path, "decisions", body).status_code == 200


RELEASE = {"decision": "release", "transaction_id": "rent"}


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, ["agent_id", "decisions"]),
        ({"agent_id": "BANK_A"}, ["decisions"]),
        ({"agent_id": "BANK_C", "decisions": [RELEASE]}, ["agent_id"]),
        ({"agent_id": 5, "decisions": [RELEASE]}, ["agent_id"]),
        ({"agent_id": "BANK_A", "decisions": []}, ["decisions"]),
        ({"agent_id": "BANK_A", "decisions": {}}, ["decisions"]),
        ({"agent_id": "BANK_A", "decisions": [RELEASE] * 1_001}, ["decisions"]),
        ({"agent_id": "BANK_A", "decisions": [5]}, ["decisions[0]"]),
        ({"agent_id": "BANK_A", "decisions": [RELEASE, {}]}, ["decisions[1].decision"]),
        (
            {"agent_id": "BANK_A", "decisions": [RELEASE | {"priority": 11, "parts": 2}]},
            ["decisions[0].parts", "decisions[0].priority"],
        ),
        ({"agent_id": "BANK_A", "decision": [RELEASE]}, ["decision", "decisions"]),
    ],
)
def test_bad_decisions(client, path, body, paths):
    """
    Everything that is wrong with decisions is told at once.
    """
    errors = refusal(post(client, path, "decisions", body), 400, "invalid-request")
    assert sorted(errors) == paths


def test_scenario_event(client, path):
    """
    A scenario event happens in the next tick, or in the one that it names.
    """
    ticks(client, path, 3)
    for body, tick in (
        ({"type": "outage", "agent_id": "BANK_B"}, 3),
        ({"type": "HALT", "tick": 4, "every_ticks": 10}, 4),
    ):
        response = post(client, path, "scenario_events", body)
        assert response.status_code == 201
        assert response.json() == {"type": body["type"].lower(), "tick": tick}
    ticks(client, path, 2)
    assert client.get(f"{path}/agents/BANK_B").json()["agent"]["is_out"]
    events = client.get(f"{path}/events").json()["events"]
    assert [event["tick"] for event in events if event["event"] == "halt_started"] in ([4], [])


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, ["type"]),
        ({"type": "outrage"}, ["type"]),
        ({"type": "outage"}, ["agent_id"]),
        ({"type": "outage", "agent_id": "BANK_C"}, ["agent_id"]),
        ({"type": "outage", "agent_id": "BANK_A", "tick": 0}, ["tick"]),
        ({"type": "halt", "tick": 99}, ["tick"]),
        ({"type": "halt", "until_tick": 9}, ["until_tick"]),
        ({"type": "halt", "agent_id": "BANK_A"}, ["agent_id"]),
    ],
)
def test_bad_scenario_event(client, path, body, paths):
    """
    What is wrong with an event is told by its keys alone.
    """
    ticks(client, path)
    errors = refusal(post(client, path, "scenario_events", body), 400, "invalid-request")
    assert sorted(errors) == paths
    assert moment(client, path)[0] == 1
