"""
Simulations are told as they are, until they are removed.
"""

from __future__ import annotations

import json

from asking import SIMULATIONS, make, refusal, ticks

from paysim import Orchestrator, Scenario
from paysim.server.openapi.examples import RING, TWO_BANKS


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
