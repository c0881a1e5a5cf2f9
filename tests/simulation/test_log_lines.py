"""
The log lines of operation: what they tell, that both lanes tell the same, and the page about them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from decimal import Decimal

import pytest
import structlog
from record import ROOT

import paysim
from paysim.testing import payment, tiny_scenario

BUSY_DAY = paysim.load_scenario(ROOT / "scenarios" / "busy_day.yaml")
RING = [
    payment("BANK_A", "BANK_B", 600, tick=1),
    payment("BANK_B", "BANK_C", 500, tick=1),
    payment("BANK_C", "BANK_A", 400, tick=1),
]
BANKS = [{"id": id, "opening_balance": 300} for id in ("BANK_A", "BANK_B", "BANK_C")]
NO_MECHANISM = {"bilateral_offsetting": False, "cycles": False, "gridlock_resolution": False}
OWN_KEYS = {"event", "level"}


def ring(lsm=NO_MECHANISM, **keys):
    """
    Return a scenario of three banks that can pay only with what the others owe them.
    """
    return tiny_scenario(agent_configs=BANKS, transactions=RING, lsm_config=lsm, **keys)


@pytest.fixture
def lines():
    """
    Return the list in which log lines appear.
    """
    seen = []

    def keep(_, level, line):
        seen.append({"level": level} | line)
        raise structlog.DropEvent

    structlog.configure(processors=[keep])
    yield seen
    structlog.reset_defaults()


def named(lines, name):
    return [line for line in lines if line["event"] == name]


@pytest.mark.parametrize("days", [1, 3])
def test_days(lines, days):
    """
    The line of a day has the figures that its row in the table of days has.
    """
    raw = BUSY_DAY.to_dict() | {"num_days": days}
    results = paysim.run(paysim.Scenario.from_dict(raw))
    told = named(lines, "day closed")
    assert len(told) == days
    for line, row in zip(told, results.days.to_dicts(), strict=True):
        shared = line.keys() & row.keys()
        assert len(shared) == 9
        assert {key: line[key] for key in shared} == {key: row[key] for key in shared}
        for kind in ("volume", "value"):
            queues = row[f"internal_queue_{kind}"] + row[f"central_queue_{kind}"]
            assert line[f"unsettled_{kind}"] == queues


def test_gridlock_resolved(lines):
    """
    What mechanisms settled in a day is told with the ticks in which they did.
    """
    results = paysim.run(BUSY_DAY)
    (line,) = named(lines, "gridlock resolved")
    rows = results.ticks.to_dicts()
    found = ("bilateral_offsetting", "cycles", "gridlock_resolution")
    ticks = [row["tick"] for row in rows if any(row[f"{name}_volume"] for name in found)]
    assert (line["ticks"], line["first_tick"]) == (len(ticks), ticks[0])
    assert line["ticks"] > 1
    for name in found:
        for key in (f"{name}_volume", f"{name}_value"):
            assert line[key] == sum(row[key] for row in rows)


def test_gridlock_found(lines):
    """
    A day that closes on transactions that could settle together says so, and only such a day.
    """
    paysim.run(ring())
    (line,) = named(lines, "gridlock found")
    assert line["level"] == "warning"
    assert (line["gridlock_volume"], line["gridlock_value"]) == (3, 1_500)
    lines.clear()
    paysim.run(ring({"gridlock_resolution": True}))
    assert named(lines, "gridlock found") == []
    assert len(named(lines, "gridlock resolved")) == 1


def test_deadlock_is_no_gridlock(lines):
    """
    What could not settle even together is no gridlock.
    """
    paysim.run(tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 10**6)]))
    assert named(lines, "gridlock found") == []
    assert named(lines, "day closed")[0]["central_queue_volume"] == 1


def test_ring_limit(lines):
    """
    A bound on rings that was reached is a warning with the bound and the ticks.
    """
    both = RING + [payment(t["receiver_id"], t["sender_id"], 10_000, tick=1) for t in RING]
    lsm = NO_MECHANISM | {"cycles": True, "max_rings_per_tick": 1}
    scenario = tiny_scenario(agent_configs=BANKS, transactions=both, lsm_config=lsm)
    results = paysim.run(scenario)
    reached = [row for row in results.events.to_dicts() if row["event"] == "ring_limit_reached"]
    (line,) = named(lines, "ring limit reached")
    assert line["level"] == "warning"
    assert (line["ticks"], line["first_tick"]) == (len(reached), reached[0]["tick"])
    assert line["rings"] == 1


@pytest.mark.parametrize("scenario", [BUSY_DAY, ring(num_days=3)], ids=["busy_day", "ring"])
def test_lanes(lines, scenario):
    """
    Both lanes, and a run tick by tick, write the same lines.
    """
    told = []
    for lane in ("process", "compiled", None):
        lines.clear()
        simulation = paysim.Simulation(scenario, lane=lane)
        if lane is None:
            for _ in range(scenario.ticks_per_day * scenario.num_days):
                simulation.tick()
        else:
            simulation.run()
        differs = {"lane", "seconds"}
        told.append([{k: v for k, v in line.items() if k not in differs} for line in lines])
    assert told[0] == told[1] == told[2]
    assert len(told[0]) > 2


def test_resumed(lines, tmp_path):
    """
    A run that is resumed in the middle of a day tells the same of its days as one in one go.
    """
    scenario = paysim.Scenario.from_dict(BUSY_DAY.to_dict() | {"num_days": 3})
    paysim.run(scenario)
    whole = named(lines, "day closed") + named(lines, "gridlock resolved")
    simulation = paysim.Simulation(scenario)
    simulation.run(until=900)
    simulation.checkpoint(tmp_path / "run.state")
    lines.clear()
    paysim.Simulation.restore(tmp_path / "run.state").run()
    rest = named(lines, "day closed") + named(lines, "gridlock resolved")
    assert rest == [line for line in whole if line["day"] > 0]
    assert len(rest) == 4


def test_further_days(lines):
    """
    Days after the last have their lines, and the end of the run is told once.
    """
    simulation = paysim.Simulation(ring())
    ticks = simulation.scenario.ticks_per_day
    for _ in range(3 * ticks):
        simulation.tick()
    assert len(named(lines, "day closed")) == 3
    assert len(named(lines, "run finished")) == 1


def test_finished(lines):
    """
    The line of the end tells the totals of the run.
    """
    results = paysim.run(BUSY_DAY)
    totals = results.totals()
    (line,) = named(lines, "run finished")
    assert line["events"] == len(results.events)
    assert (line["settled_volume"], line["settled_value"]) == tuple(totals["settlements"].values())
    assert Decimal(line["cost"]) == Decimal(totals["total_cost"])


@pytest.mark.parametrize("lane", ["process", None])
@pytest.mark.parametrize("error", [ZeroDivisionError("by nought"), KeyboardInterrupt()], ids=type)
def test_broken_off(lines, lane, error):
    """
    A run that an error or Ctrl-C stops says so once, with the tick, and the error is what it was.
    """

    class Failing:
        def decide(self, view):
            if view.tick == 13:
                raise error

    simulation = paysim.Simulation(ring(num_days=2), lane=lane, behaviour={"BANK_B": Failing()})
    with pytest.raises(type(error)):
        simulation.run()
    with pytest.raises(paysim.PaysimError, match="stopped with an error"):
        simulation.run()
    place = {"tick": 13, "day": 1}
    if isinstance(error, Exception):
        told = {"error": "ZeroDivisionError", "message": "by nought"}
        assert lines[-1] == {"level": "error", "event": "run failed"} | place | told
    else:
        assert lines[-1] == {"level": "warning", "event": "run interrupted"} | place
    assert len(named(lines, "run failed") + named(lines, "run interrupted")) == 1


def test_a_log_that_fails(lines):
    """
    An error of the log does not take the place of the error that it is to tell.
    """

    def fail(_, level, line):
        if level == "error":
            raise OSError("full")
        raise structlog.DropEvent

    class Failing:
        def decide(self, view):
            raise ZeroDivisionError

    structlog.configure(processors=[fail])
    with pytest.raises(ZeroDivisionError):
        paysim.Simulation(ring(), behaviour={"BANK_B": Failing()}).run()


def command_lines(tmp_path, *arguments):
    """
    Return the lines that the command line leaves, in a process of its own.
    """
    log = tmp_path / "run.log"
    command = [sys.executable, "-m", "paysim", "run", *arguments, "-q", "--log-file", str(log)]
    subprocess.run(command, capture_output=True)
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_refused_scenario(tmp_path):
    """
    A scenario that is refused leaves one line of an error in the log file.
    """
    bad = tmp_path / "bad.yaml"
    bad.write_text("ticks_per_day: 0\n")
    (line,) = command_lines(tmp_path, str(bad))
    assert (line["event"], line["level"], line["error"]) == ("run failed", "error", "ScenarioError")
    assert "ticks_per_day" in line["message"]


def test_page(lines, tmp_path):
    """
    The page of log lines describes every line, its level and its keys in order, and no other.
    """
    page = (ROOT / "docs" / "reference" / "log_lines.md").read_text()
    rows = re.findall(r"^\| `([^`]+)` \| (\w+) \|([^|]*)\|", page, re.MULTILINE)
    described = {name: (level, re.findall(r"`(\w+)`", keys)) for name, level, keys in rows}

    test_gridlock_resolved(lines)
    test_gridlock_found(lines)
    seen = list(lines)
    for test in (test_gridlock_resolved, test_ring_limit):
        lines.clear()
        test(lines)
        seen += lines
    for error in (ZeroDivisionError("by nought"), KeyboardInterrupt()):
        lines.clear()
        test_broken_off(lines, None, error)
        seen += lines
    lines.clear()
    test_resumed(lines, tmp_path)
    seen += lines
    paysim.run(ring())
    seen += lines
    told = {}
    for line in seen:
        keys = [key for key in line if key not in OWN_KEYS]
        assert told.setdefault(line["event"], (line["level"], keys)) == (line["level"], keys)
    assert told == described
