"""
Two runs compared: pairs, outcomes, agents, indicators, settings.
"""

from __future__ import annotations

import csv
import json
from decimal import Decimal

import attrs
import pytest
from hypothesis import given, settings
from record import ROOT
from strategies import generated_scenarios

import paysim
from paysim.cli import main
from paysim.comparison import OUTCOMES, compare
from paysim.errors import ScenarioError
from paysim.indicators.names import unit_of
from paysim.results import Results
from paysim.scenario import Scenario
from paysim.simulation import Simulation
from paysim.testing import Scripted, payment, tiny_scenario

BUSY_DAY = ROOT / "scenarios" / "busy_day.yaml"


def crossed(**changes):
    """
    Return the results of two banks with 100 each, whose payments wait for each other.
    """
    config = {
        "agent_configs": [
            {"id": "BANK_A", "opening_balance": 100},
            {"id": "BANK_B", "opening_balance": 100},
        ],
        "cost_rates": {"delay_cost_per_tick_per_cent": "0.5"},
        "lsm_config": {"bilateral_offsetting": False, "cycles": False},
        "transactions": [
            payment("BANK_A", "BANK_B", 300, id="BIG"),
            payment("BANK_A", "BANK_B", 10, tick=1, id="SMALL"),
            payment("BANK_B", "BANK_A", 250, tick=2, id="BACK"),
        ],
    }
    return paysim.run(tiny_scenario(**config | changes))


A = crossed()
OFFSET = crossed(lsm_config={"bilateral_offsetting": True, "cycles": False})
STRICT = crossed(rules={"queue_discipline": "strict_fifo"})


def test_outcomes():
    """
    A worked example: what settles in B only, later, or in the same tick, by volume and value.
    """
    told = compare(A, OFFSET)
    assert told.same_arrivals
    assert {name: tuple(told.outcomes[name].values()) for name in OUTCOMES} == {
        "earlier": (0, 0),
        "later": (0, 0),
        "same_tick": (1, 10),
        "only_a": (0, 0),
        "only_b": (2, 550),
        "neither": (0, 0),
    }
    told = compare(OFFSET, A)
    assert told.outcomes["only_a"] == {"volume": 2, "value": 550}
    told = compare(OFFSET, STRICT)
    assert told.outcomes["only_a"] == {"volume": 3, "value": 560}
    assert told.delay == dict.fromkeys(("a", "b", "change", "change_by_value")) | {"volume": 0}
    assert compare(STRICT, A).outcomes["neither"] == {"volume": 2, "value": 550}


def test_agents():
    """
    A worked example: waiting, liquidity used and cost of each agent, in both runs.
    """
    first, second = compare(A, OFFSET).agents
    assert first["id"] == "BANK_A"
    # Unsettled to the end of tick 9: 300 over ticks 0 to 9. Offset in tick 2: over 0 and 1.
    assert (first["waiting_a"], first["waiting_b"]) == (300 * 10, 300 * 2)
    assert (second["waiting_a"], second["waiting_b"]) == (250 * 8, 0)
    assert (first["liquidity_used_a"], first["liquidity_used_b"]) == (10, 60)
    assert (Decimal(first["cost_a"]), Decimal(first["cost_b"])) == (1_500, 300)
    assert (first["same_tick"], first["only_b"], second["only_b"]) == (1, 1, 1)


def test_delay():
    """
    Mean delays are over what settled in both runs, plainly and by value.
    """
    rows = [payment("BANK_A", "BANK_B", 100, id="X"), payment("BANK_A", "BANK_B", 300, id="Y")]
    scenario = tiny_scenario(transactions=rows)

    def run(x, y):
        script = {x: [paysim.policies.release("X")], y: [paysim.policies.release("Y")]}
        if x == y:
            script = {x: [paysim.policies.release("X"), paysim.policies.release("Y")]}
        sim = Simulation(scenario, behaviour={"BANK_A": Scripted(script)})
        sim.run()
        return sim.results()

    told = compare(run(1, 2), run(5, 2))
    assert told.delay == {"volume": 2, "a": 1.5, "b": 3.5, "change": 2.0, "change_by_value": 1.0}
    assert told.outcomes["later"] == {"volume": 1, "value": 100}
    found = told.most_changed()
    assert [row["transaction_id"] for row in found] == ["X"]
    assert (found[0]["change"], found[0]["waiting_change"]) == (4, 400)
    found = compare(run(4, 4), run(1, 3)).most_changed()
    assert [(row["transaction_id"], row["waiting_change"]) for row in found] == [
        ("X", -300),
        ("Y", -300),
    ]
    assert told.settings == []


def test_splits():
    """
    A transaction that is split in one of the runs is one pair, which settles with its last part.
    """
    banks = [{"id": "BANK_A", "opening_balance": 60}, {"id": "BANK_B", "opening_balance": 500}]
    rows = [payment("BANK_A", "BANK_B", 100), payment("BANK_B", "BANK_A", 40, tick=6)]
    config = {"agent_configs": banks, "transactions": rows}
    whole = paysim.run(tiny_scenario(**config))
    banks[0] = banks[0] | {"policy": "mock_splitting"}
    split = paysim.run(tiny_scenario(**config))
    told = compare(whole, split)
    assert told.arrivals["paired"] == {"volume": 2, "value": 140}
    assert told.outcomes["same_tick"] == {"volume": 2, "value": 140}
    assert len(told.transactions()) == 2


def test_other_arrivals():
    """
    Orders that only one run has are counted, and those that share an id with another order.
    """
    rows = [payment("BANK_A", "BANK_B", 5, id=id) for id in ("ONE", "TWO", "SIX")]
    other = [*rows[:1], payment("BANK_A", "BANK_B", 6, id="TWO"), payment("BANK_B", "BANK_A", 9)]
    told = compare(
        paysim.run(tiny_scenario(transactions=rows)), paysim.run(tiny_scenario(transactions=other))
    )
    assert not told.same_arrivals
    assert told.arrivals == {
        "a": {"volume": 3, "value": 15},
        "b": {"volume": 3, "value": 20},
        "paired": {"volume": 1, "value": 5},
        "only_a": {"volume": 2, "value": 10},
        "only_b": {"volume": 2, "value": 15},
        "same_id": 1,
    }
    assert told.outcomes["same_tick"] == {"volume": 1, "value": 5}
    rows = told.transactions().to_dicts()
    assert [(row["transaction_id"], row["outcome"]) for row in rows] == [
        ("ONE", "same_tick"),
        ("TWO", "not_in_b"),
        ("SIX", "not_in_b"),
        ("TWO", "not_in_a"),
        ("row-3", "not_in_a"),
    ]
    assert [row["settled_tick_a"] for row in rows] == [0, 0, 0, None, None]
    text = told.summary()
    assert "Arrivals differ" in text
    assert "(1 transaction in A only and in B only have the same id, and are different" in text


def test_other_agents():
    """
    Agents that only one of the runs has are told with what there is of them.
    """
    banks = [{"id": id, "opening_balance": 100} for id in ("BANK_A", "BANK_B", "BANK_C")]
    told = compare(
        paysim.run(tiny_scenario(agent_configs=banks[:2])),
        paysim.run(tiny_scenario(agent_configs=banks[1:])),
    )
    assert [agent["id"] for agent in told.agents] == ["BANK_A", "BANK_B", "BANK_C"]
    assert [agent["cost_a"] for agent in told.agents] == ["0", "0", None]
    assert [agent["liquidity_used_b"] for agent in told.agents] == [None, 0, 0]
    names = {setting["name"] for setting in told.settings}
    assert "agents.BANK_C.opening_balance" in names
    assert "no transaction arrives in both" in told.summary()


def test_settings():
    """
    Settings that differ are told by their names, agents by their ids, seeds as they were run with.
    """
    scenario = paysim.load_scenario(BUSY_DAY)
    other = attrs.evolve(scenario, rules=attrs.evolve(scenario.rules, deferred_crediting=True))
    told = compare(paysim.run(scenario, seed=1), paysim.run(other, seed=2))
    assert told.settings == [
        {"name": "rng_seed", "a": 1, "b": 2},
        {"name": "rules.deferred_crediting", "a": False, "b": True},
    ]


EXACT = "999999998749.7499999999999999999"


def test_indicators(monkeypatch):
    """
    Numbers and exact decimals are compared, curves point by point; what is told of each agent is
    not.
    """
    told = iter(
        [
            {
                "n": 5,
                "share": 0.5,
                "cost": {"all": "1250.5000000000000000001", "no": "1.5"},
                "same": 1,
                "bcbs248": {"A": {}},
            }
            | {"curve": [{"tick_of_day": 4, "share": 0.0}, {"tick_of_day": 9, "share": 1.0}]},
            {
                "n": 7,
                "share": None,
                "cost": {"all": "1000000000000.25", "no": "1.5"},
                "same": 1,
                "bcbs248": {"A": {}},
            }
            | {"curve": [{"tick_of_day": 4, "share": 0.00001}, {"tick_of_day": 9, "share": 1.0}]},
        ]
    )
    monkeypatch.setattr(Results, "indicators", lambda self: next(told), raising=False)
    compared = compare(A, A)
    assert [tuple(row.values()) for row in compared.indicators] == [
        ("n", 5, 7, 2),
        ("share", 0.5, None, None),
        ("cost.all", "1250.5000000000000000001", "1000000000000.25", EXACT),
        ("cost.no", "1.5", "1.5", "0"),
        ("same", 1, 1, 0),
        ("curve.tick_4.share", 0.0, 0.00001, 0.00001),
        ("curve.tick_9.share", 1.0, 1.0, 0.0),
    ]
    section = compared.summary().split("\n\nIndicators\n")[1].splitlines()
    assert section[-1] == "  and 3 that are the same"
    assert [line.split() for line in section[1:-1]] == [
        ["n", "5", "7", "+2"],
        ["share", "0.5000", "-", "share"],
        ["cost.all", "1,250.50", "1,000,000,000,000.25", "+999,999,998,749.75", "minor", "units"],
        ["curve.tick_4.share", "0.0000", "0.0000", "+<0.0001", "share"],
    ]


def test_units_of_indicators():
    """
    Every indicator of a comparison has a unit.
    """
    assert [told["name"] for told in compare(A, A).indicators if not unit_of(told["name"])] == []


def test_nothing_in_common():
    """
    With other seeds nothing is said of waits, and agents go by the change of their costs.
    """
    scenario = paysim.load_scenario(BUSY_DAY)
    text = compare(paysim.run(scenario, seed=1), paysim.run(scenario, seed=2)).summary(limit=3)
    section = text.split("\n\nAgents ")[1].split("\n\n")[0].splitlines()
    assert section[0] == "(those whose cost changes most)"
    assert section[1].split() == ["liquidity", "A", "B", "-", "A", "cost", "A", "B", "-", "A"]
    changes = [abs(float(line.split()[-1].replace(",", ""))) for line in section[2:5]]
    assert changes == sorted(changes, reverse=True)
    assert "wait:" not in text


@settings(max_examples=60)
@given(raw=generated_scenarios())
def test_sums(raw):
    """
    Every arrived transaction of both runs is counted once, in one outcome, for one agent; a run
    compared with itself shows no change.
    """
    a = paysim.run(Scenario.from_dict(raw))
    b = paysim.run(Scenario.from_dict(raw | {"lsm_config": {"gridlock_resolution": True}}))
    for one, other in ((a, b), (b, a), (a, a)):
        told = compare(one, other)
        assert told.same_arrivals
        volume = sum(told.outcomes[name]["volume"] for name in OUTCOMES)
        value = sum(told.outcomes[name]["value"] for name in OUTCOMES)
        assert {"volume": volume, "value": value} == one.totals()["arrivals"]
        assert sum(agent[name] for agent in told.agents for name in OUTCOMES) == volume
        outcomes = told.transactions().column("outcome")
        assert all(outcomes.count(name) == told.outcomes[name]["volume"] for name in OUTCOMES)
        changes = sum(row["waiting_change"] for row in told.most_changed(1_000))
        waiting = sum(agent["waiting_b"] - agent["waiting_a"] for agent in told.agents)
        assert changes == waiting
        assert told.summary()
        json.dumps(told.to_dict())
    assert told.most_changed() == []
    assert told.outcomes["later"]["volume"] == told.outcomes["only_a"]["volume"] == 0
    assert all(row["a"] == row["b"] for row in told.indicators)


@pytest.mark.parametrize("value", [None, "run", 3])
def test_arguments(value):
    """
    What is not results, and a limit that is none, are refused by name.
    """
    with pytest.raises(ScenarioError, match=r"^a must be Results \(got "):
        compare(value, A)
    with pytest.raises(ScenarioError, match=r"^b must be Results \(got "):
        compare(A, value)
    if value != 3:
        with pytest.raises(ScenarioError, match=r"^limit must be at least 0 \(got "):
            compare(A, A).most_changed(value)


# --- the command ----------------------------------------------------------------------------------


@pytest.fixture
def two(tmp_path):
    """
    Return two run directories.
    """
    A.write(tmp_path / "a")
    OFFSET.write(tmp_path / "b", "parquet")
    return str(tmp_path / "a"), str(tmp_path / "b")


def test_command(two, capsys):
    """
    The command prints the comparison of the directories, whatever formats they have.
    """
    assert main(["compare", *two]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out == compare(A, OFFSET).summary(two) + "\n"
    assert main(["compare", *two, "--limit", "1"]) == 0
    assert "BANK_B  " not in capsys.readouterr().out.split("\nAgents")[1].split("\nChanged")[0]


def test_json(two, capsys):
    """
    As JSON the comparison has all of it.
    """
    assert main(["compare", *two, "--json", "--limit", "1"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["a"], told["b"]) == two
    assert told == {"a": two[0], "b": two[1]} | json.loads(
        json.dumps(compare(A, OFFSET).to_dict(1))
    )
    assert len(told["most_changed"]) == 1


def test_parquet(two, tmp_path, capsys):
    """
    A file that ends in .parquet is one, and one that ends in neither is refused.
    """
    path = tmp_path / "all.parquet"
    assert main(["compare", *two, "-o", str(path)]) == 0
    assert path.read_bytes()[:4] == b"PAR1"
    capsys.readouterr()
    assert main(["compare", *two, "-o", str(tmp_path / "all.xls")]) == 2
    assert capsys.readouterr().err.endswith("must end in .csv or .parquet\n")


def test_csv(two, tmp_path, capsys):
    """
    With --out every transaction is written, and a place that is no file is refused.
    """
    path = tmp_path / "new" / "all.csv"
    assert main(["compare", *two, "--out", str(path)]) == 0
    assert capsys.readouterr().err == f"wrote {path}\n"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["outcome"] for row in rows] == ["only_b", "same_tick", "only_b"]
    assert [row["settled_tick_a"] for row in rows] == ["", "1", ""]
    assert main(["compare", *two, "--out", str(tmp_path)]) == 2
    assert main(["compare", two[0], str(tmp_path / "none")]) == 2
    assert "must be a run directory" in capsys.readouterr().err
