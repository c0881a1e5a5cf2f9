"""
`Results.trace` and `Results.explain`: what they tell is what was, whatever happens in a run.
"""

from __future__ import annotations

import json
import re
from fractions import Fraction

import pytest
from hypothesis import given
from oracle import Oracle, largest_ordered_set, value
from rebuild import Books
from record import ROOT
from saved_runs import Moody, meddle, seen
from strategies import generated_scenarios, scenarios

import paysim
from paysim.cli import main
from paysim.errors import PaysimError, ScenarioError
from paysim.policies import release, reprioritise, set_release_budget, split, withdraw
from paysim.scenario import Scenario
from paysim.simulation import Simulation
from paysim.testing import Scripted, payment, tiny_scenario

PUBLIC = {"agent_id", "tick", "cost_rates", "rules", "day", "ticks_left_in_day"}
MONEY = ("balance", "credit_limit", "available_liquidity", "liquidity_pool", "loan")
AFTER_SETTLEMENT = {"loan_granted", "cancelled", "credited"}


class Witness(Moody):
    """
    A moody policy that keeps what it was shown.
    """

    def __init__(self, shown):
        super().__init__()
        self.shown = shown

    def decide(self, view):
        self.shown[view.agent_id, view.tick] = seen(view)
        yield from super().decide(view)


def as_explained(view):
    """
    Return a view's fields in the words of an explanation.
    """
    view = {key: value for key, value in view.items() if key not in PUBLIC}
    for queue in ("internal_queue", "central_queue"):
        view[queue] = [
            {("transaction_id" if k == "id" else k): v for k, v in row.items() if k != "index"}
            for row in view[queue]
        ]
    return view


def log_of(results):
    return [json.loads(line) for line in results._kernel.events_jsonl().splitlines()]


def meddled(config):
    """
    Return the results of a run in which some agents decide in Python and others are meddled with.
    """
    scenario = Scenario.from_dict(config)
    ids = [agent.id for agent in scenario.agent_configs]
    sim = Simulation(scenario, behaviour={id: Moody() for id in ids[::2]})
    for tick in range(scenario.ticks_per_day * scenario.num_days):
        meddle(sim, tick)
        sim.tick()
    return sim.results()


@given(generated_scenarios())
def test_explain_shows_what_the_view_showed(config):
    """
    What an explanation says that an agent saw is, field by field, the view that its policy was
    given in that tick; an agent whose policy was not asked is told to have been out.
    """
    scenario, shown = Scenario.from_dict(config), {}
    ids = [agent.id for agent in scenario.agent_configs]
    sim = Simulation(scenario, behaviour={id: Witness(shown) for id in ids})
    sim.run()
    results = sim.results()
    for tick in range(sim._kernel.tick):
        for id in ids:
            told = results.explain(id, tick)
            if (id, tick) not in shown:
                assert told["out_since_tick"] is not None
                continue
            assert told["out_since_tick"] is None
            view = shown[id, tick]
            saw = {key: told["saw"][key] for key in as_explained(view)}
            assert saw == as_explained(view)
            for key in ("day", "ticks_left_in_day"):
                assert told[key] == view[key]


def folded(config, results):
    """
    Return each event of the log with all balances and available liquidities before and after it; of
    a posting, before and after the whole of it and of the credits that it defers.
    """
    books, lines, told = Books(config), log_of(results), []

    def now():
        return {id: (books.balances[id], books.available(id)) for id in books.balances}

    at = 0
    while at < len(lines):
        end = at + 1
        if lines[at]["event"] == "settled":
            while end < len(lines) and lines[end].get("posting") == lines[at]["posting"]:
                end += 1
        while end < len(lines) and lines[end]["event"] == "credit_deferred":
            end += 1
        before = now()
        for line in lines[at:end]:
            books.ticks = line["tick"]
            books.read(line)
        told += [(line, before, now()) for line in lines[at:end]]
        at = end
    return told


@given(generated_scenarios())
def test_trace_tells_the_log_and_the_balances_around_it(config):
    """
    A trace is the log's events of a transaction, its parts and what it is a part of, in order, with
    the balances that follow from the log alone; what it cost is what the tables say.
    """
    results = meddled(config)
    events, rows = folded(config, results), results.transactions.to_dicts()
    parents = {row["transaction_id"]: row["parent_id"] for row in rows}

    def whole_of(id):
        return [] if parents[id] is None else [parents[id], *whole_of(parents[id])]

    for row in rows:
        id = row["transaction_id"]
        trace = results.trace(id)
        own = [id, *(other for other in parents if id in whole_of(other))]
        assert trace["part_ids"] == own[1:]
        family = {*own, *whole_of(id)}
        expected = [entry for entry in events if entry[0].get("transaction_id") in family]
        steps = [step for step in trace["steps"] if step["event"] != "credited"]
        assert len(steps) == len(expected)
        for step, (event, before, after) in zip(steps, expected, strict=True):
            for key in ("tick", "event", "transaction_id"):
                assert step[key] == event[key]
            for party in ("sender", "receiver"):
                agent = row[f"{party}_id"]
                assert tuple(step[party].values()) == (
                    *(before[agent][0], after[agent][0]),
                    *(before[agent][1], after[agent][1]),
                )
        components = ("delay", "split_friction", "deadline_penalty", "end_of_day_penalty")
        costs = [
            {key: Fraction(other[f"{key}_cost"]) for key in components}
            for other in rows
            if other["transaction_id"] in own
        ]
        told = {key: Fraction(cost) for key, cost in trace["cost"].items()}
        assert told == {key: sum(cost[key] for cost in costs) for key in components}
        assert Fraction(trace["total_cost"]) == sum(told.values())
        so_far = [Fraction(step["cost_so_far"]) for step in steps]
        assert so_far == sorted(so_far)
        assert not so_far or so_far[-1] <= sum(told.values())
        if row["status"] in ("settled", "cancelled"):
            assert so_far[-1] == sum(told.values())
        for posting in trace["postings"]:
            members = [e[0] for e in events if e[0].get("posting") == posting["posting"]]
            ids = [member["transaction_id"] for member in members]
            assert [member["transaction_id"] for member in posting["transactions"]] == ids
            assert posting["value"] == sum(member["amount"] for member in members)


@given(generated_scenarios())
def test_explain_accounts_for_every_change_of_a_balance(config):
    """
    The movements of a tick lead from the balance before it to the balance after it without a gap,
    and an agent's settlements and decisions of the tick are all told.
    """
    results = meddled(config)
    lines, agents = log_of(results), results.agents.to_dicts()
    ends = {(row["agent_id"], row["tick"]): row for row in agents}
    for (id, tick), end in ends.items():
        told = results.explain(id, tick)
        before = ends[id, tick - 1]["balance"] if tick else 0
        for movement in told["movements"]:
            assert movement["balance_before"] == before
            before = movement["balance_after"]
        assert before == told["at_end"]["balance"] == end["balance"]
        assert told["at_end"]["available_liquidity"] == end["available_liquidity"]
        own = [line for line in lines if line["tick"] == tick]
        settled = {
            line["transaction_id"]: (line["cause"], line["posting"])
            for line in own
            if line["event"] == "settled" and line["sender_id"] == id
        }
        outcomes = {t["transaction_id"]: t for t in told["transactions"]}
        assert settled == {
            key: (t["cause"], t["posting"]) for key, t in outcomes.items() if t["posting"]
        }
        paid = [m["transaction_id"] for move in told["movements"] for m in move["paid"]]
        assert sorted(paid) == sorted(settled)
        kinds = ("released", "withdrawn", "reprioritised", "split", "release_budget_set")
        decided = [line["event"] for line in own if line.get("agent_id") == id]
        assert [d["event"] for d in told["decisions"]] == [k for k in decided if k in kinds]
        released = {t for t, outcome in outcomes.items() if outcome["is_released"]}
        assert released == {
            d["transaction_id"] for d in told["decisions"] if d["event"] == "released"
        }


class Snapping(Oracle):
    """
    An oracle that notes how things stand after settlement, step 7.
    """

    def enter(self):
        super().enter()
        self.snap()

    def save_liquidity(self):
        super().save_liquidity()
        self.snap()

    def snap(self):
        queued = [t for agent in self.agents for t in self.find("queued", agent)]
        chosen = largest_ordered_set(queued, self.deferring)
        self.stood = {
            "halted": self.halted,
            "set": (len(chosen), value(chosen)),
            "all": (len(queued), value(queued)),
            "agents": {a.id: self.standing(a, queued, chosen) for a in self.agents},
        }

    def standing(self, agent, queued, chosen):
        own = [t for t in queued if t.sender is agent]
        available, rows = agent.balance - agent.floor, []
        for t in own:
            if self.halted:
                why = ("halt", None, None)
            elif self.strict and t is not own[0]:
                why = ("order", None, own[0].id)
            else:
                why = ("liquidity", t.amount - available, None)
            rows.append((t.id, t in chosen, *why))
        pairs = []
        for other in self.agents:
            owed = [t.amount for t in queued if t.sender is other and t.receiver is agent]
            owing = [t.amount for t in own if t.receiver is other]
            if owed or owing:
                pairs.append((other.id, len(owed), sum(owed), len(owing), sum(owing)))
        return {"available": available, "rows": rows, "pairs": pairs}


@given(scenarios())
def test_reasons_are_those_of_the_oracle(config):
    """
    Why each transaction was in the central queue when settlement had ended, what others owed its
    sender there, and whether the largest ordered set held it, are as an implementation that shares
    nothing with the kernel has them; with gridlock resolution on, that set is empty without a halt.
    """
    scenario = Scenario.from_dict(config)
    results = paysim.run(scenario)
    oracle = Snapping(config)
    for tick in range(scenario.ticks_per_day * scenario.num_days):
        oracle.open_tick()
        for agent in oracle.agents:
            oracle.ask(agent)
        oracle.close_tick()
        stood = oracle.stood
        for id, expected in stood["agents"].items():
            told = results.explain(id, tick)
            queue = told["after_settlement"]["central_queue"]
            outcomes = {t["transaction_id"]: t for t in told["transactions"]}
            rows = []
            for t in queue:
                outcome = outcomes[t["transaction_id"]]
                keys = ("is_in_largest_ordered_set", "obstacle", "short_by", "behind_id")
                rows.append((t["transaction_id"], *(outcome[key] for key in keys)))
                assert outcome["obstacle"] != "liquidity" or outcome["short_by"] > 0
            assert rows == expected["rows"]
            others = set(outcomes) - {row[0] for row in rows}
            assert all(outcomes[other]["obstacle"] is None for other in others)
            assert told["after_settlement"]["available_liquidity"] == expected["available"]
            assert [tuple(other.values()) for other in told["counterparties"]] == expected["pairs"]
            assert tuple(told["central_queue"].values()) == stood["all"]
            assert tuple(told["largest_ordered_set"].values()) == stood["set"]
            assert (told["halted_since_tick"] is not None) == stood["halted"]
            if told["rules"]["gridlock_resolution"] and not stood["halted"]:
                assert stood["set"] == (0, 0)


# --- by hand --------------------------------------------------------------------------------------


def explained(agent_id, tick, behaviour=None, **changes):
    """
    Return the explanation of a tick in a small run.
    """
    simulation = Simulation(tiny_scenario(**changes), behaviour=behaviour)
    simulation.run()
    return simulation.results().explain(agent_id, tick)


def outcome(told, id):
    return next(t for t in told["transactions"] if t["transaction_id"] == id)


def test_short_of_liquidity():
    """
    A transaction that is too large says by how much, and that not even all that is queued to its
    sender would do.
    """
    told = explained("BANK_A", 3, transactions=[payment("BANK_A", "BANK_B", 1_250)])
    assert outcome(told, "row-1")["short_by"] == 250
    text = str(told)
    assert "not settled: 250 more than was available" in text
    assert "even if all that is queued to it were paid, its first would lack 250" in text
    assert "deadlock: of the whole central queue (1 transaction, 1,250 in value) no set" in text


def test_behind_another():
    """
    Under strict order a transaction that would fit names the one that stands first.
    """
    told = explained(
        "BANK_A",
        0,
        rules={"queue_discipline": "strict_fifo"},
        transactions=[
            payment("BANK_A", "BANK_B", 1_250, id="large"),
            payment("BANK_A", "BANK_B", 1, id="small"),
        ],
    )
    small = outcome(told, "small")
    assert (small["obstacle"], small["behind_id"]) == ("order", "large")
    assert "not settled: large stood before it (strict_fifo)" in str(told)


def test_halted():
    """
    During a halt the reason is the halt, also for what would fit, and the mechanisms are not told.
    """
    told = explained(
        "BANK_A",
        5,
        transactions=[payment("BANK_A", "BANK_B", 10, tick=4)],
        scenario_events=[{"type": "halt", "tick": 3}],
    )
    assert outcome(told, "row-1")["obstacle"] == "halt"
    text = str(told)
    assert "not settled: the system was halted since tick 3" in text
    assert "bilateral_offsetting" not in text


def test_out():
    """
    An agent in an outage decides nothing, and is said to have been out and since when.
    """
    told = explained(
        "BANK_A",
        5,
        transactions=[payment("BANK_A", "BANK_B", 10, tick=4)],
        scenario_events=[{"type": "outage", "agent_id": "BANK_A", "tick": 2}],
    )
    assert told["out_since_tick"] == 2
    assert [t["transaction_id"] for t in told["held"]] == ["row-1"]
    assert "it was out since tick 2 and was not asked" in str(told)


THREE = [{"id": f"BANK_{letter}", "opening_balance": 0} for letter in "ABC"]
RING = [
    payment("BANK_A", "BANK_B", 100),
    payment("BANK_B", "BANK_C", 100),
    payment("BANK_C", "BANK_A", 100),
]


def test_gridlock():
    """
    What could settle together while no mechanism that finds it is on is a gridlock, and the text
    says what would resolve it; with that mechanism on it is settled, with others.
    """
    off = {"bilateral_offsetting": False, "cycles": False}
    told = explained("BANK_B", 0, agent_configs=THREE, lsm_config=off, transactions=RING)
    assert outcome(told, "row-2")["is_in_largest_ordered_set"]
    assert told["largest_ordered_set"] == {"volume": 3, "value": 300}
    text = str(told)
    assert "gridlock: 1 of its 1 queued, 100 in value, could settle together with others" in text
    assert "one pass of gridlock_resolution would settle them here; it is off" in text
    on = off | {"gridlock_resolution": True}
    told = explained("BANK_B", 0, agent_configs=THREE, lsm_config=on, transactions=RING)
    assert outcome(told, "row-2")["cause"] == "gridlock_resolution"
    assert "settled by gridlock_resolution in posting 1, with 2 others" in str(told)
    assert "posting 1, gridlock_resolution: received row-1, 100 from BANK_A" in str(told)


def test_ring_limit():
    """
    A search for rings that stopped at its limit is told.
    """
    rows = [*RING, *(row | {"amount": 7} for row in RING), payment("BANK_C", "BANK_B", 900)]
    rows += [payment("BANK_B", "BANK_A", 900), payment("BANK_A", "BANK_C", 1_900)]
    told = explained(
        "BANK_A",
        0,
        agent_configs=THREE,
        lsm_config={"bilateral_offsetting": False, "max_rings_per_tick": 1},
        transactions=rows,
    )
    assert told["rings_at_limit"] == 1
    assert "cycles stopped at its limit, max_rings_per_tick, after 1 ring" in str(told)


def test_deferred_credit():
    """
    Credit that comes too late for the tick is told with the shortage, and a trace tells when it
    reached the receiver.
    """
    changes = {
        "rules": {"deferred_crediting": True},
        "transactions": [
            payment("BANK_B", "BANK_A", 400, id="first"),
            payment("BANK_A", "BANK_B", 1_300, id="second"),
        ],
    }
    told = explained("BANK_A", 0, **changes)
    assert outcome(told, "second")["short_by"] == 300
    assert "400 of credit was deferred: it can be spent from the next tick on" in str(told)
    trace = paysim.run(tiny_scenario(**changes)).trace("first")
    last = trace["steps"][-1]
    assert (last["event"], last["amount"]) == ("credited", 400)
    assert (last["receiver"]["balance_before"], last["receiver"]["balance_after"]) == (1_000, 1_400)
    assert "; 400 of credit is deferred" in str(trace)
    assert "BANK_A is credited what was deferred, 400 in all" in str(trace)


def test_decisions():
    """
    Every kind of decision is told, and a budget from the next tick on as in force.
    """
    script = {
        1: [release("row-1"), set_release_budget(5_000)],
        2: [withdraw("row-1"), reprioritise("row-2", 9), set_release_budget(None)],
        3: [split("row-2", 3), set_release_budget(7)],
    }
    rows = [payment("BANK_A", "BANK_B", 1_250), payment("BANK_A", "BANK_B", 900)]
    simulation = Simulation(
        tiny_scenario(transactions=rows, cost_rates={"split_friction_cost": 2}),
        behaviour={"BANK_A": Scripted(script)},
    )
    simulation.run()
    results = simulation.results()
    texts = [" ".join(str(results.explain("BANK_A", tick)).split()) for tick in range(5)]
    assert "What it decided (behaviour in Python)" in texts[1]
    assert "released row-1 1,250 set its release budget: 5,000 per tick" in texts[1]
    assert "release budget 5,000 per tick" in texts[2]
    assert "withdrawn row-1 1,250 back to its internal queue" in texts[2]
    assert "reprioritised row-2 900 to priority 9" in texts[2]
    assert "set its release budget: no bound from here on" in texts[2]
    assert "split row-2 900 into 3 parts, all released set its release budget" in texts[3]
    assert "row-2/1 to BANK_B 300 settled by entry in posting 1, alone" in texts[3]
    assert "release budget 7 per tick" in texts[4]
    trace = results.trace("row-2")
    assert trace["part_ids"] == ["row-2/1", "row-2/2", "row-2/3"]
    assert "split into 3 parts, at a cost of 4.00" in str(trace)
    assert "a part of row-2" in str(results.trace("row-2/2"))
    assert results.trace("row-2/2")["steps"][0]["transaction_id"] == "row-2"


def test_place_in_the_queue():
    """
    Where a transaction waits, a trace tells how many of its sender stand before it.
    """
    rows = [payment("BANK_A", "BANK_B", 1_000 + n, priority=5 + n % 2) for n in range(1, 5)]
    results = paysim.run(tiny_scenario(transactions=rows))
    steps = results.trace("row-3")["steps"]
    places = {step["event"]: step["place"] for step in steps if step["place"] is not None}
    assert places == {
        "arrived": {
            **{"queue": "internal", "before_volume": 2, "before_value": 2_003},
            **{"volume": 3, "value": 3_006},
        },
        "queued": {
            **{"queue": "central", "before_volume": 1, "before_value": 1_001},
            **{"volume": 2, "value": 2_004},
        },
    }
    assert "behind 1 (1,001) in the central queue" in str(results.trace("row-3"))


# --- text, the command line, errors ---------------------------------------------------------------


def test_text_of_the_shipped_scenarios():
    """
    Whatever happens in the shipped scenarios can be told: each line short of trailing spaces, and
    none that names Python's own values.
    """
    for name in ("two_banks", "ubin_gridlock", "cut_credit", "outage", "replay", "busy_day"):
        results = paysim.run(paysim.load_scenario(ROOT / "scenarios" / f"{name}.yaml"))
        ids = results.transactions.column("transaction_id")
        ticks = len(results.ticks)
        texts = [str(results.trace(id)) for id in ids[:: max(1, len(ids) // 20)]]
        for n, config in enumerate(results.scenario.agent_configs):
            texts += [str(results.explain(config.id, (tick + n) % ticks)) for tick in (0, 37, 260)]
        for text in texts:
            assert not [line for line in text.splitlines() if line != line.rstrip()]
            assert not re.search(r"\b(None|True|False|nan)\b", text)


def test_many_are_shortened():
    """
    A text stays short where a transaction has many parts, and says how much it leaves out; JSON
    leaves nothing out.
    """
    rows = [payment("BANK_A", "BANK_B", 900), *[payment("BANK_A", "BANK_B", 2)] * 70]
    simulation = Simulation(
        tiny_scenario(transactions=rows),
        behaviour={"BANK_A": Scripted({0: [split("row-1", 300)]})},
    )
    simulation.run()
    results = simulation.results()
    trace = results.trace("row-1")
    assert len(trace["steps"]) == 2 + 3 * 300
    assert "... 822 events left out here" in str(trace)
    assert len(str(trace).splitlines()) < 100
    told = results.explain("BANK_A", 0)
    assert len(told["transactions"]) == 300
    assert "and 280 more, 840 in value" in str(told)
    assert "internal queue: 71 transactions, 1,040" in str(told)
    (held,) = [line for line in str(told).splitlines() if line.startswith("  held ")]
    assert held == "  held 70 transactions, 140: row-2, row-3, row-4, row-5, row-6 and 65 more"


def test_ids_are_shown_as_they_are():
    """
    Ids with quotes, markup, braces and wide letters come through; a long one is shortened in texts
    only, and what a terminal would obey is escaped where an error repeats it.
    """
    odd, wide = """'"</script>{0}%s""", "銀行 B"
    agents = [{"id": odd, "opening_balance": 9}, {"id": wide, "opening_balance": 9}]
    rows = [payment(odd, wide, 20, id="{}"), payment(wide, odd, 3, id="x" * 90)]
    results = paysim.run(tiny_scenario(agent_configs=agents, transactions=rows))
    assert str(results.trace("{}")).startswith(f"{{}}: {odd} pays 20 to {wide}\n")
    assert str(results.trace("x" * 90)).startswith("x" * 39 + "…: ")
    assert results.trace("x" * 90)["transaction_id"] == "x" * 90
    assert f"{wide} in tick 0" in str(results.explain(wide, 0))
    with pytest.raises(ScenarioError) as caught:
        results.trace("\x1b[2J\u202e")
    assert str(caught.value).isprintable()


def test_unknown_transaction():
    """
    An id that there is not is refused with the nearest ones, nearest first; nothing is offered for
    one that resembles none.
    """
    rows = [payment("BANK_A", "BANK_B", 1, id=id) for id in ("wages-12", "wages-21", "rent", "w")]
    results = paysim.run(tiny_scenario(transactions=rows))
    for given_id, hint in (
        ("wages-22", "; did you mean 'wages-12' or 'wages-21'?"),
        ("rnt", "; did you mean 'rent'?"),
        ("invoice", "; the table transactions has the ids of those that have"),
        ("", "; the table transactions has the ids of those that have"),
        ("x" * 10_000, "; the table transactions has the ids of those that have"),
    ):
        with pytest.raises(ScenarioError) as caught:
            results.trace(given_id)
        assert str(caught.value).endswith(f" has arrived{hint}")
        assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("BANK_C", 0), "no agent 'BANK_C' in the run; did you mean BANK_B?"),
        (("NORTH", 0), "no agent 'NORTH' in the run; its agents are BANK_A, BANK_B"),
        ((7, 0), "agent_id must be text (got 7)"),
        (("BANK_A", 10), "tick must be in 0 to 9, the last tick that is over (got 10)"),
        (("BANK_A", -1), "tick must be in 0 to 9, the last tick that is over (got -1)"),
        (("BANK_A", 2**70), "tick must be in 0 to 9, the last tick that is over"),
        (("BANK_A", True), "tick must be int (got True)"),
        (("BANK_A", 1.0), "tick must be int (got 1.0)"),
    ],
)
def test_bad_arguments(arguments, error):
    """
    An agent that there is not, a tick that is not over and values of another kind are refused.
    """
    with pytest.raises(ScenarioError) as caught:
        paysim.run(tiny_scenario()).explain(*arguments)
    assert str(caught.value).startswith(error)


def test_before_and_after_the_run():
    """
    Before the first tick no tick can be explained and nothing traced; results that the simulation
    has left behind are refused.
    """
    simulation = Simulation(tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 1)]))
    results = simulation.results()
    with pytest.raises(ScenarioError, match=r"no tick is over \(got 0\)"):
        results.explain("BANK_A", 0)
    with pytest.raises(ScenarioError, match="no transaction 'row-1' has arrived"):
        results.trace("row-1")
    with pytest.raises(ScenarioError, match=r"transaction_id must be text \(got None\)"):
        results.trace(None)
    simulation.tick()
    with pytest.raises(PaysimError, match="the simulation has gone on"):
        results.trace("row-1")


def keys_of(value):
    """
    Return all keys of dicts within dicts and lists.
    """
    if isinstance(value, dict):
        return set(value) | {key for inner in value.values() for key in keys_of(inner)}
    return {key for inner in value for key in keys_of(inner)} if isinstance(value, list) else set()


def test_guide_names_every_key():
    """
    The guide names every key that a trace and an explanation have, those of rules and parameters of
    policies aside, which are those of a scenario.
    """
    page = (ROOT / "docs" / "guides" / "explain.md").read_text()
    rows = [payment("BANK_A", "BANK_B", 600), payment("BANK_A", "BANK_B", 600)]
    rows += [payment("BANK_B", "BANK_A", 5)]
    results = paysim.run(tiny_scenario(transactions=rows))
    told = {k: v for k, v in results.explain("BANK_A", 0).items() if k not in ("rules", "policy")}
    later = {k: v for k, v in results.explain("BANK_A", 1).items() if k not in ("rules", "policy")}
    keys = keys_of([dict(results.trace("row-1")), told, later])
    assert len(keys) > 80
    assert [key for key in keys | {"rules", "policy"} if f"`{key}`" not in page] == []


def test_commands(tmp_path, capsys):
    """
    The commands print what the methods tell, as text or as JSON; bad input ends with code 2.
    """
    results = paysim.run(paysim.load_scenario(ROOT / "scenarios" / "two_banks.yaml"))
    run = str(tmp_path / "run")
    results.write(run)

    def printed(*arguments, status=0):
        assert main(list(arguments)) == status
        captured = capsys.readouterr()
        return captured.err if status else captured.out

    assert printed("trace", run, "rent") == f"{results.trace('rent')}\n"
    assert json.loads(printed("trace", run, "rent", "--json")) == results.trace("rent")
    explain = ("explain", run, "--agent", "ALPHA", "--tick", "20")
    assert printed(*explain) == f"{results.explain('ALPHA', 20)}\n"
    assert json.loads(printed(*explain, "--json")) == results.explain("ALPHA", 20)
    assert "did you mean 'rent'?" in printed("trace", run, "rents", status=2)
    assert "no agent 'GAMMA'" in printed(*explain[:3], "GAMMA", *explain[4:], status=2)
    assert "tick must be in 0 to 59" in printed(*explain[:5], "60", status=2)
    assert printed("trace", str(tmp_path / "none"), "rent", status=2).startswith("error: ")
    assert "Missing option '--tick'" in printed(*explain[:4], status=2)
