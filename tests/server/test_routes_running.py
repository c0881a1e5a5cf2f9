"""
Time: ticks one by one, many at once, and in the background.
"""

from __future__ import annotations

import attrs
import pytest
from asking import make, moment, refusal, ticks
from starlette.testclient import TestClient

from paysim import Orchestrator
from paysim.server.app import create_app
from paysim.server.openapi.examples import RING, TWO_BANKS


def ended(client, path):
    """
    Wait for the end of a run, by the stream that tells of it, and return its record.
    """
    with client.stream(
        "GET", f"{path}/events", params={"follow": "true"}, headers={"Accept": "text/event-stream"}
    ) as response:
        for line in response.iter_lines():
            if line.startswith('data: {"status":') and '"running"' not in line:
                break
    return client.get(f"{path}/run").json()


def test_ticks(client):
    """
    Ticks do what they do in the library, one by one and together.
    """
    orchestrator = Orchestrator(TWO_BANKS)
    expected = [orchestrator.tick() for _ in range(25)]
    path = make(client)
    assert ticks(client, path) == expected[0]
    assert client.post(f"{path}/tick").json() == expected[1]
    assert ticks(client, path, 23) == {"results": expected[2:], "final_tick": 24}
    assert moment(client, path)[0] == 25
    assert ticks(client, path, 975)["final_tick"] == 999
    for _ in range(975):
        orchestrator.tick()
    assert client.get(f"{path}/state").json()["state"] == orchestrator.get_state()


@pytest.mark.parametrize("count", ["0", "-1", "1.0", "", "x", "10000000000"])
def test_bad_count(client, count):
    """
    A count that is none runs nothing.
    """
    path = make(client)
    response = client.post(f"{path}/tick", params={"count": count})
    assert list(refusal(response, 400, "invalid-request")) == ["query.count"]
    assert moment(client, path)[0] == 0


def test_too_many_ticks(settings):
    """
    More ticks than the server runs in one call are refused, with what to do instead.
    """
    with TestClient(create_app(attrs.evolve(settings, max_ticks=5))) as client:
        path = make(client)
        ticks(client, path, 5)
        response = client.post(f"{path}/tick?count=6")
        error = refusal(response, 400, "invalid-request")["query.count"]
        assert error["expected"] == "must be at most 5"
        assert "PAYSIM_MAX_TICKS" in error["hint"]
        assert moment(client, path)[0] == 5


@pytest.mark.parametrize("body", [{"json": {"count": 5}}, {"content": iter([b"5"])}])
def test_body_of_a_tick(client, body):
    """
    A tick has no body: who sends one means something that would not happen.
    """
    path = make(client)
    errors = refusal(client.post(f"{path}/tick", **body), 400, "invalid-request")
    assert list(errors) == ["body"]
    assert moment(client, path)[0] == 0


def test_run(client):
    """
    A run goes to the end of the last day, and its record tells so.
    """
    path = make(client, RING)
    refusal(client.get(f"{path}/run"), 404, "no-run")
    refusal(client.delete(f"{path}/run"), 404, "no-run")
    response = client.post(f"{path}/run")
    assert response.status_code == 202
    assert response.headers["location"] == f"{path}/run"
    begun = {
        "status": "running",
        "from_tick": 0,
        "until_tick": 8,
        "current_tick": 0,
        "ticks_per_second": None,
        "detail": None,
    }
    assert response.json() == begun
    assert ended(client, path) == begun | {"status": "finished", "current_tick": 8}
    assert client.delete(f"{path}/run").json()["status"] == "finished"
    assert client.get(path).json()["run"]["status"] == "finished"
    refusal(client.post(f"{path}/run"), 409, "nothing-to-run")
    refusal(client.post(f"{path}/run", json={"until_tick": 8}), 409, "nothing-to-run")
    ticks(client, path)
    client.post(f"{path}/run", json={"until_tick": 20})
    assert ended(client, path)["current_tick"] == 20


def test_cancelled_run(client):
    """
    While a run is under way other ticks are refused; after it is cancelled they go on.
    """
    path = make(client)
    checkpoint = client.post(f"{path}/checkpoints").headers["location"]
    slowly = {"until_tick": 1_000_000, "ticks_per_second": 0.5}
    assert client.post(f"{path}/run", json=slowly).json()["ticks_per_second"] == 0.5
    refusal(client.post(f"{path}/tick"), 409, "run-in-progress")
    refusal(client.post(f"{path}/run"), 409, "run-in-progress")
    refusal(client.post(f"{checkpoint}/restore"), 409, "run-in-progress")
    assert client.get(f"{path}/state").status_code == 200
    cancelled = client.delete(f"{path}/run").json()
    assert cancelled["status"] == "cancelled"
    assert cancelled["current_tick"] == moment(client, path)[0]
    assert ticks(client, path)["tick"] == cancelled["current_tick"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"until_tick": 0}, "until_tick"),
        ({"until_tick": 2**31 + 1}, "until_tick"),
        ({"until_tick": "5"}, "until_tick"),
        ({"ticks_per_second": 0}, "ticks_per_second"),
        ({"ticks_per_second": -1}, "ticks_per_second"),
        ({"ticks_per_second": 1e300}, "ticks_per_second"),
        ({"ticks_per_second": True}, "ticks_per_second"),
        ({"until": 5}, "until"),
    ],
)
def test_bad_run(client, body, path):
    """
    A run that cannot be is refused by what is wrong with it.
    """
    made = make(client)
    response = client.post(f"{made}/run", json=body)
    assert list(refusal(response, 400, "invalid-request")) == [path]
    refusal(client.get(f"{made}/run"), 404, "no-run")


def test_null_is_absent(client):
    """
    A key that is null is as if it were absent.
    """
    path = make(client, RING)
    nulls = {"until_tick": None, "ticks_per_second": None}
    assert client.post(f"{path}/run", json=nulls).json()["until_tick"] == 8
