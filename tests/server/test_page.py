"""
What the live page is made of: its files, the scenarios that it offers, charts, frames.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest
import vl_convert
from record import ROOT

from paysim.loading import load_scenario, loads_scenario
from paysim.plotting import CHARTS
from paysim.plotting.scripts import VERSION
from paysim.server.page import assets, charts
from paysim.server.page.frames import Place

API = "/api/simulations"


@pytest.fixture
def made(client, scenario):
    """
    Return the path of a simulation that has run 20 ticks.
    """
    id = client.post(API, json=scenario).json()["simulation_id"]
    client.post(f"{API}/{id}/tick?count=20")
    return f"{API}/{id}"


def frames(client, path, count, seen=""):
    """
    Return the first frames of a stream, each with its id.
    """
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": seen} if seen else {})
    found = []
    with client.stream("GET", f"{path}/live", headers=headers) as reply:
        assert reply.status_code == 200
        id = ""
        for line in reply.iter_lines():
            if line.startswith("id: "):
                id = line[4:]
            elif line.startswith("data: "):
                found.append((id, json.loads(line[6:])))
            if len(found) == count:
                break
    return found


def test_page_and_files(client):
    """
    The page names its files, each is there for good, and its policy allows no code from text.
    """
    reply = client.get("/")
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/html")
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "[[" not in reply.text
    named = re.findall(r'(?:src|href)="(/page/[^"]+)"', reply.text)
    assert len(named) == 4
    for path in named:
        found = client.get(path)
        assert found.status_code == 200
        assert "immutable" in found.headers["cache-control"]
    folder = named[0].rsplit("/", 1)[0]
    assert client.get(f"{folder}/none.js").status_code == 404
    assert client.get(f"{folder}/..%2Fpage.py").status_code == 404
    assert client.get("/page/0000000000000000/main.js").status_code == 404
    assert client.get("/page/vega.js").status_code == 404


def test_modules_are_there():
    """
    Every module that a module of the page imports is one of its files, and none is superfluous.
    """
    found = assets.assets().files
    modules = {name: text.decode() for name, text in found.items() if name.endswith(".js")}
    imported = {
        name
        for text in modules.values()
        for name in re.findall(r'^import .* from "\./(.+)";$', text, re.MULTILINE)
    }
    assert imported | {"main.js"} == set(modules)
    for name, text in modules.items():
        assert "innerHTML" not in text, name
        assert len(text.splitlines()) <= 250, name


def test_shipped_scenarios(client):
    """
    Every shipped scenario can be posted as it is told, and is the scenario of its file.
    """
    told = client.get("/api/scenarios").json()["scenarios"]
    paths = sorted((ROOT / "scenarios").glob("*.yaml"))
    assert [each["name"] for each in told] == [path.stem for path in paths]
    for each, path in zip(told, paths, strict=True):
        assert each["title"].endswith("?")
        assert loads_scenario(each["text"]).to_dict() == load_scenario(path).to_dict()
        assert client.post(
            API, content=each["text"], headers={"Content-Type": "application/yaml"}
        ).is_success


def test_shipped_scenarios_are_in_the_package():
    """
    The scenarios are reached through the package, where an installed one has them too.
    """
    inside = files("paysim") / "shipped"
    for path in (ROOT / "scenarios").iterdir():
        assert (inside / path.name).read_bytes() == path.read_bytes()


def test_charts(client, made):
    """
    Every chart is listed, and is the one of the plotting layer.
    """
    told = client.get(f"{made}/charts").json()
    assert told["missing"] == ""
    assert [each["name"] for each in told["charts"]] == [kind.name for kind in CHARTS]
    for kind in CHARTS:
        spec = client.get(f"{made}/charts/{kind.name}").json()
        assert spec["title"]["text"] == kind.title
        assert spec["datasets"]
    refused = client.get(f"{made}/charts/pie")
    assert refused.status_code == 404
    assert "'pie'" in refused.json()["detail"]
    assert client.get(f"{API}/sim_0123456789abcdef/charts").status_code == 404


@pytest.mark.parametrize("name", charts.LIVE)
@pytest.mark.parametrize("agents", [2, 10, 40])
def test_live_charts(client, scenario, name, agents):
    """
    A chart without data is one of Vega-Lite whatever the number of agents, and names its rows.
    """
    first = scenario["agent_configs"][0]
    scenario["agent_configs"] = [first | {"id": f"BANK {i}"} for i in range(agents)]
    id = client.post(API, json=scenario).json()["simulation_id"]
    spec = client.get(f"{API}/{id}/charts/{name}?data=rows").json()
    assert '"name": "rows"' in json.dumps(spec)
    assert "datasets" not in spec
    assert len(spec["usermeta"]["labels"]) == agents
    assert {each["name"] for each in spec["params"]} == {"first", "end", "marks", "low", "high"}
    vega = vl_convert.vegalite_to_vega(spec, vl_version=VERSION)
    assert {"first", "end"} <= {each["name"] for each in vega["signals"]} or "flows" in name


@pytest.mark.parametrize("name", ["throughput", "pie"])
def test_only_some_are_live(client, made, name):
    """
    A chart that cannot be drawn while a run goes on is told with those that can.
    """
    reply = client.get(f"{made}/charts/{name}?data=rows")
    assert reply.status_code == 404
    assert "balances" in reply.json()["detail"]


def test_without_the_libraries(client, made, monkeypatch):
    """
    Where the libraries that draw are missing, it is said how to get them, and nothing is refused
    beside charts.
    """
    monkeypatch.setattr(charts, "find_spec", lambda name: None)
    told = client.get(f"{made}/charts").json()
    assert 'pip install "paysim[plots]"' in told["missing"]
    charts.script_name.cache_clear()
    try:
        assert charts.script_name() == ""
        assert client.get("/page/").status_code == 404
    finally:
        charts.script_name.cache_clear()


def test_frames_add_up(client, made):
    """
    Frames that go on one after the other have together what a single one from tick 0 has.
    """
    ((seen, first),) = frames(client, made, 1)
    assert (first["since"], first["tick"], len(first["balances"])) == (0, 20, 10)
    client.post(f"{made}/tick?count=30")
    ((_, later),) = frames(client, made, 1, seen)
    assert (later["since"], later["tick"]) == (20, 50)
    ((_, whole),) = frames(client, made, 1)
    totals = client.get(f"{made}/results").json()["totals"]
    for cause, figure in whole["settled_by"].items():
        parts = [frame["settled_by"][cause]["value"] for frame in (first, later)]
        assert sum(parts) == figure["value"] == totals["settled_by"][cause]["value"]
    pairs = {}
    for frame in (first, later):
        for sender, receiver, volume, value in frame["flows"]:
            of = pairs.setdefault((sender, receiver), [0, 0])
            of[0] += volume
            of[1] += value
    assert sorted((*pair, *of) for pair, of in pairs.items()) == sorted(map(tuple, whole["flows"]))
    assert whole["total_cost"] == totals["total_cost"]


def test_frames_begin_anew_after_a_restore(client, made):
    """
    Whoever has seen a simulation before it was set back is told everything anew, wherever it has
    gone since.
    """
    checkpoint = client.post(f"{made}/checkpoints", json={}).json()["checkpoint_id"]
    client.post(f"{made}/tick?count=30")
    ((seen, _),) = frames(client, made, 1)
    client.post(f"{made}/checkpoints/{checkpoint}/restore")
    ((_, frame),) = frames(client, made, 1, seen)
    assert (frame["since"], frame["tick"]) == (0, 20)
    client.post(f"{made}/tick?count=40")
    ((again, frame),) = frames(client, made, 1, seen)
    assert (frame["since"], frame["tick"]) == (0, 60)
    client.post(f"{made}/tick")
    ((_, frame),) = frames(client, made, 1, again)
    assert (frame["since"], frame["tick"]) == (60, 61)


def test_frames_of_many_agents_have_no_flows(client, scenario):
    """
    Of more agents than 200 the flows, of which there may be as many as their square, are left out.
    """
    first = scenario["agent_configs"][0]
    scenario["agent_configs"] = [first | {"id": f"BANK {i}"} for i in range(201)]
    id = client.post(API, json=scenario).json()["simulation_id"]
    ((_, frame),) = frames(client, f"{API}/{id}", 1)
    assert frame["flows"] is None
    assert len(frame["balances"]) == 201


@pytest.mark.parametrize("seen", ["x", "1", "1.2.3", "-1.0", "1" * 30])
def test_frames_from_nowhere(client, made, seen):
    """
    An id that no frame has is refused.
    """
    reply = client.get(f"{made}/live", headers={"Last-Event-ID": seen})
    assert reply.status_code == 400


def test_places():
    """
    One comes from a place to any later one, and to none before it or after it was set back.
    """
    seen = Place.of("20.3")
    assert seen == Place(20, 3)
    assert seen.leads_to(Place(20, 3))
    assert seen.leads_to(Place(25, 3))
    assert not seen.leads_to(Place(19, 3))
    assert not seen.leads_to(Place(25, 4))
    assert not seen.leads_to(Place(25, 2))
    assert Place.of("") == Place.of("nonsense") == Place()
