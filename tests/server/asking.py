"""
How tests of routes ask: simulations made in a line, and problems looked at from all sides.
"""

from __future__ import annotations

from paysim import Orchestrator
from paysim.server.openapi.examples import TWO_BANKS

SIMULATIONS = "/api/simulations"
PROBLEM = {"type", "title", "status", "detail", "errors", "omitted"}


def make(client, scenario=TWO_BANKS, *, ran=0, **query):
    """
    Make a simulation, run so many ticks of it, and return its path.
    """
    response = client.post(SIMULATIONS, json=scenario, params=query)
    assert response.status_code == 201, response.text
    path = f"{SIMULATIONS}/{response.json()['simulation_id']}"
    if ran:
        ticks(client, path, ran)
    return path


def results_after(count):
    """
    Return what the library has of the same scenario after so many ticks.
    """
    orchestrator = Orchestrator(TWO_BANKS)
    for _ in range(count):
        orchestrator.tick()
    return orchestrator.results()


def refusal(response, status, kind):
    """
    Make sure that a reply is a problem of this kind, and return its errors by path.
    """
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == f"urn:paysim:problem:{kind}", problem
    assert (response.status_code, problem["status"]) == (status, status)
    assert set(problem) == PROBLEM
    assert problem["detail"]
    assert problem["title"]
    return {error["path"]: error for error in problem["errors"]}


def ticks(client, path, count=1):
    """
    Run ticks.
    """
    response = client.post(f"{path}/tick", params={"count": count})
    assert response.status_code == 200, response.text
    return response.json()


def moment(client, path):
    """
    Return the next tick and how many events the log has.
    """
    found = client.get(path).json()
    return found["current_tick"], found["events"]
