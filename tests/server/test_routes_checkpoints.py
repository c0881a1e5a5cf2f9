"""
Checkpoints keep a moment, and branches go on from it by themselves.
"""

from __future__ import annotations

import pytest
from asking import SIMULATIONS, make, moment, refusal, ticks

from paysim import Orchestrator, Simulation
from paysim.errors import ScenarioError
from paysim.server.openapi.examples import RING, TWO_BANKS


@pytest.fixture
def path(client):
    return make(client, ran=4)


def id_of(path):
    return path.rpartition("/")[2]


def checkpoint(client, path, **body):
    response = client.post(f"{path}/checkpoints", json=body)
    assert response.status_code == 201, response.text
    return response.headers["location"]


def log(client, path):
    return client.get(f"{path}/events", headers={"Accept": "application/x-ndjson"}).content


def upload(client, content, **query):
    headers = {"Content-Type": "application/octet-stream"}
    return client.post(SIMULATIONS, content=content, headers=headers, params=query)


def test_listed(client, path):
    """
    Checkpoints are listed in the order in which they were made, until they are removed.
    """
    first = checkpoint(client, path, name="before")
    ticks(client, path)
    second = client.post(f"{path}/checkpoints").headers["location"]
    listed = client.get(f"{path}/checkpoints").json()["checkpoints"]
    assert all(each.pop("created").endswith("Z") for each in listed)
    assert listed == [
        {"checkpoint_id": id_of(first), "name": "before", "tick": 4},
        {"checkpoint_id": id_of(second), "name": "", "tick": 5},
    ]
    gone = client.delete(first).json()
    assert gone == {"checkpoint_id": id_of(first), "status": "deleted"}
    refusal(client.delete(first), 404, "unknown-checkpoint")
    assert len(client.get(f"{path}/checkpoints").json()["checkpoints"]) == 1


def test_restored(client, path):
    """
    What comes after a restore is what came before it, and later checkpoints are gone.
    """
    mark = checkpoint(client, path)
    expected = ticks(client, path, 6), log(client, path)
    later = checkpoint(client, path)
    response = client.post(f"{mark}/restore")
    assert response.json() == {
        "simulation_id": id_of(path),
        "status": "restored",
        "current_tick": 4,
        "current_day": 0,
    }
    assert moment(client, path)[0] == 4
    refusal(client.post(f"{later}/restore"), 404, "unknown-checkpoint")
    assert (ticks(client, path, 6), log(client, path)) == expected


def test_file(client, path, tmp_path):
    """
    A checkpoint as a file goes on elsewhere: in the library, and in another simulation.
    """
    mark = checkpoint(client, path)
    response = client.get(mark)
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"] == (
        f'attachment; filename="{id_of(mark)}.state"'
    )
    expected = ticks(client, path, 6)
    file = tmp_path / "file.state"
    file.write_bytes(response.content)
    orchestrator = Orchestrator.restore(file)
    assert [orchestrator.tick() for _ in range(6)] == expected["results"]
    made = upload(client, response.content, name="again")
    assert (made.status_code, made.json()["current_tick"]) == (201, 4)
    again = made.headers["location"]
    assert ticks(client, again, 6) == expected
    assert log(client, again) == log(client, path)


def test_file_of_outside_agents(client, tmp_path):
    """
    Agents that decide from outside do so in what is made of the file too.
    """
    path = make(client, outside="BANK_A")
    ticks(client, path, 4)
    content = client.get(checkpoint(client, path)).content
    again = upload(client, content).headers["location"]
    assert client.get(again).json()["outside"] == ["BANK_A"]
    file = tmp_path / "file.state"
    file.write_bytes(content)
    with pytest.raises(ScenarioError):
        Simulation.restore(file)


@pytest.mark.parametrize("query", [{"seed": 1}, {"outside": "BANK_A"}])
def test_parameters_of_a_file(client, path, query):
    """
    A checkpoint has its seed and its outside agents in itself.
    """
    content = client.get(checkpoint(client, path)).content
    errors = refusal(upload(client, content, **query), 400, "invalid-request")
    assert list(errors) == [f"query.{name}" for name in query]


@pytest.mark.parametrize("damage", [b"", b"paysim", b"no checkpoint", "cut", "flipped", "longer"])
def test_damaged_file(client, path, damage):
    """
    What is no checkpoint, or a damaged one, makes no simulation.
    """
    content = client.get(checkpoint(client, path)).content
    at = len(content) // 2
    damaged = {
        "cut": content[:at],
        "flipped": content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :],
        "longer": content + b"x",
    }
    refusal(upload(client, damaged.get(damage, damage)), 400, "invalid-scenario")
    assert len(client.get(SIMULATIONS).json()["simulations"]) == 1


def test_branches(client, path):
    """
    A branch goes on as its source, and by itself.
    """
    response = client.post(f"{path}/branches", json={"name": "what if"})
    assert response.status_code == 201
    branch = response.headers["location"]
    came_from = {"simulation_id": id_of(path), "tick": 4}
    assert response.json() == {
        "simulation_id": id_of(branch),
        "status": "created",
        "current_tick": 4,
        "current_day": 0,
        "name": "what if",
        "branched_from": came_from,
    }
    assert client.get(branch).json()["branched_from"] == came_from
    client.post(f"{branch}/scenario_events", json={"type": "halt"})
    ticks(client, branch, 2)
    assert moment(client, path)[0] == 4
    assert client.get(f"{path}/branches").json() == {
        "branches": [
            {"simulation_id": id_of(branch), "name": "what if", "current_tick": 6, "tick": 4}
        ]
    }
    client.delete(path)
    assert ticks(client, branch, 2)["final_tick"] == 7


def test_branch_of_a_checkpoint(client, path):
    """
    A branch of a checkpoint begins where that is.
    """
    mark = checkpoint(client, path)
    expected = ticks(client, path, 3)
    body = {"checkpoint_id": id_of(mark)}
    branch = client.post(f"{path}/branches", json=body).headers["location"]
    assert ticks(client, branch, 3) == expected


def test_unknown_checkpoint(client, path):
    """
    A checkpoint of another simulation is none of this one.
    """
    other = make(client, RING)
    foreign = f"{path}/checkpoints/{id_of(checkpoint(client, other))}"
    refusal(client.get(foreign), 404, "unknown-checkpoint")
    refusal(client.delete(foreign), 404, "unknown-checkpoint")
    refusal(client.post(f"{foreign}/restore"), 404, "unknown-checkpoint")
    body = {"checkpoint_id": id_of(foreign)}
    refusal(client.post(f"{path}/branches", json=body), 404, "unknown-checkpoint")


@pytest.mark.parametrize("kind", ["checkpoints", "branches"])
@pytest.mark.parametrize("body", [{"name": ""}, {"name": "a\nb"}, {"name": 5}, {"nmae": "x"}])
def test_bad_names(client, path, kind, body):
    """
    A name that is none is refused, and nothing is made.
    """
    response = client.post(f"{path}/{kind}", json=body)
    assert list(refusal(response, 400, "invalid-request")) == list(body)
    assert client.get(f"{path}/{kind}").json() == {kind: []}


def test_every_scenario(client):
    """
    A branch of a branch, at the first tick, has the scenario of the first.
    """
    path = make(client)
    branch = client.post(f"{path}/branches").headers["location"]
    again = client.post(f"{branch}/branches").headers["location"]
    assert client.get(f"{again}/scenario").json() == client.get(f"{path}/scenario").json()
    assert client.get(again).json()["num_ticks"] == TWO_BANKS["ticks_per_day"]
