"""
The app: started and stopped as often as one likes, beside others, and nothing before that.
"""

from __future__ import annotations

import os
import subprocess
import sys

import attrs
import pytest
from starlette.testclient import TestClient

from paysim.errors import ScenarioError
from paysim.server.app import create_app
from paysim.server.settings import Settings
from paysim.server.store.store import StoreError


def create(client, scenario):
    """
    Create a simulation and return its id.
    """
    reply = client.post("/api/simulations", json=scenario)
    assert reply.status_code == 201, reply.text
    return reply.json()["simulation_id"]


def listed(client):
    """
    Return the tick of every simulation, by id.
    """
    told = client.get("/api/simulations").json()["simulations"]
    return {each["simulation_id"]: each["current_tick"] for each in told}


def test_importing(tmp_path):
    """
    Importing the app touches neither the disk nor the settings, however wrong they are.
    """
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PAYSIM_MAX_AGENTS": "many"}
    program = "import paysim.server; assert paysim.server.app.title == 'paysim'"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_again_and_again(settings, scenario):
    """
    An app that is stopped and started again goes on with what it had.
    """
    app = create_app(settings)
    with TestClient(app) as client:
        id = create(client, scenario)
    for tick in range(3):
        with TestClient(app) as client:
            assert listed(client) == {id: tick}
            assert client.post(f"/api/simulations/{id}/tick").status_code == 200


def test_side_by_side(settings, scenario, tmp_path):
    """
    Two apps on two data directories know nothing of each other.
    """
    other = attrs.evolve(settings, data_dir=tmp_path / "other")
    with TestClient(create_app(settings)) as one, TestClient(create_app(other)) as two:
        first, second = create(one, scenario), create(two, scenario)
        one.post(f"/api/simulations/{first}/tick")
        assert (listed(one), listed(two)) == ({first: 1}, {second: 0})
        assert two.get(f"/api/simulations/{first}").status_code == 404


def test_one_directory(settings):
    """
    A data directory that another app uses is refused, and the other goes on.
    """
    with TestClient(create_app(settings)) as client:
        with pytest.raises(StoreError), TestClient(create_app(settings)):
            pass
        assert client.get("/docs").status_code == 200
    with TestClient(create_app(settings)) as client:
        assert client.get("/docs").status_code == 200


def test_settings_of_each_start(tmp_path, monkeypatch, scenario):
    """
    An app without settings of its own reads the environment whenever it starts.
    """
    app = create_app()
    for name, most in (("first", "20"), ("second", "5")):
        monkeypatch.setenv("PAYSIM_DATA_DIR", str(tmp_path / name))
        monkeypatch.setenv("PAYSIM_MAX_AGENTS", most)
        with TestClient(app) as client:
            assert app.state.settings.data_dir == tmp_path / name
            assert listed(client) == {}
            reply = client.post("/api/simulations", json=scenario)
            assert reply.status_code == (201 if name == "first" else 400)
    monkeypatch.setenv("PAYSIM_MAX_AGENTS", "many")
    with pytest.raises(ScenarioError, match="PAYSIM_MAX_AGENTS"), TestClient(app):
        pass


def test_wrong_methods(client):
    """
    A path of several routes tells all methods that it takes.
    """
    for path, methods in (("/api/simulations", "GET, HEAD, POST"), ("/health", "GET, HEAD")):
        reply = client.put(path)
        assert (reply.status_code, reply.headers["allow"]) == (405, methods)


@pytest.mark.parametrize(
    "id",
    [
        "..;",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "..%5c..%5cwindows",
        "%00",
        "sim_0123456789abcdef%00",
        "sim_0123456789abcdef%0a",
        "sim_0123456789ABCDEF",
        "%ff%fe",
        "a" * 5_000,
        "'; drop table simulations; --",
        "~root",
        "file:%2f%2f%2fetc%2fpasswd",
    ],
)
def test_odd_ids(client, scenario, id):
    """
    What is no id of a simulation is not found, in every place where a path takes one.
    """
    own = create(client, scenario)
    base = "/api/simulations"
    asked = [
        ("GET", f"{base}/{id}"),
        ("DELETE", f"{base}/{id}"),
        ("POST", f"{base}/{id}/tick"),
        ("GET", f"{base}/{id}/state"),
        ("GET", f"{base}/{id}/events"),
        ("GET", f"{base}/{id}/results"),
        ("GET", f"{base}/{id}/report"),
        ("GET", f"{base}/{own}/agents/{id}"),
        ("GET", f"{base}/{own}/charts/{id}"),
        ("GET", f"{base}/{own}/checkpoints/{id}"),
        ("DELETE", f"{base}/{own}/checkpoints/{id}"),
        ("POST", f"{base}/{own}/checkpoints/{id}/restore"),
        ("GET", f"/static/{id}"),
        ("GET", f"/static/docs/{id}"),
    ]
    for method, path in asked:
        reply = client.request(method, path)
        assert reply.status_code in (400, 404), (method, path, reply.text)
        assert reply.headers["content-type"] == "application/problem+json"
        assert "root:" not in reply.text
    assert listed(client) == {own: 0}


def test_table_names(client, scenario):
    """
    A table is chosen among those there are, and its name never becomes a path.
    """
    id = create(client, scenario)
    for name in ("../../etc/passwd", "events\0", "/etc/passwd", "", "nothing"):
        reply = client.get(f"/api/simulations/{id}/results", params={"table": name})
        assert reply.status_code == 400
        assert reply.json()["errors"][0]["path"] == "query.table"


def test_title():
    """
    An app made with settings has not looked at them yet.
    """
    app = create_app(Settings(data_dir="/proc/nowhere"))
    with pytest.raises(StoreError, match="nowhere"), TestClient(app):
        pass
