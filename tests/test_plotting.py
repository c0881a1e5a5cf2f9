"""
Charts of a run: what they draw is what the tables say, in few rows, and nothing where there is
nothing.
"""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import polars as pl
import pytest
from plot_runs import (
    MANY,
    NASTY,
    Table,
    busy_day,
    kind,
    made_up,
    nasty,
    rows,
    stuck,
    tables,
    texts,
    unbegun,
    unit_of,
    without_transactions,
)
from record import ROOT

import paysim
from paysim import PaysimError, ScenarioError, plotting
from paysim.plotting import CHARTS, TRADE_OFF
from paysim.plotting.reading import LABEL_MAX, labelled, sums
from paysim.testing import payment, tiny_scenario

NAMES = [each.name for each in CHARTS]

every_chart = pytest.mark.parametrize("name", NAMES)


def near(value):
    """
    Return what equals a value up to the places that a chart keeps.
    """
    return pytest.approx(float(value), abs=1e-6, rel=1e-12)


def settled(results):
    """
    Return the rows of transactions that settled, a split one as its parts.
    """
    return [
        row
        for row in results.transactions.to_dicts()
        if row["status"] == "settled" and row["posting"] is not None
    ]


# --- what is given --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*plotting.CHARTS, plotting.TRADE_OFF], ids=lambda kind: kind.name)
def test_path_in_place_of_results(kind):
    """
    A chart of the name of a directory is refused, and not drawn from its letters.
    """
    with pytest.raises(ScenarioError, match=r"must be .*[Rr]esults.+\(got 'results'\)"):
        kind.function("results")


def test_notebook():
    """
    With a renderer that the guide names a chart shows itself in a notebook without a network.
    """
    import altair

    guide = (ROOT / "docs" / "guides" / "plots.md").read_text()
    (name,) = re.findall(r'altair\.renderers\.enable\("(\w+)"\)', guide)
    with altair.renderers.enable(name):
        shown = plotting.balances(busy_day())._repr_mimebundle_(None, None)
    data = shown[0] if isinstance(shown, tuple) else shown
    assert [*data] == ["image/svg+xml"]
    assert "href" not in data["image/svg+xml"]


# --- what is drawn --------------------------------------------------------------------------------


def test_balances_of_few():
    """
    Up to six agents are one picture of every balance and floor at the end of every tick.
    """
    results = paysim.run(
        tiny_scenario(
            agent_configs=[
                {"id": "BANK_A", "opening_balance": 1_000, "credit_limit": 70},
                {"id": "BANK_B", "opening_balance": 500},
            ],
            transactions=[payment("BANK_A", "BANK_B", 1_050, tick=3)],
        )
    )
    chart = plotting.balances(results)
    drawn = {(row["tick"], row["agent"]): (row["balance"], row["floor"]) for row in rows(chart)}
    states = results.agents.to_dicts()
    expected = {
        (row["tick"], row["agent_id"]): (
            row["balance"],
            row["balance"] - row["available_liquidity"],
        )
        for row in states
    }
    # The last balance is drawn up to the end of its tick.
    expected |= {(10, row["agent_id"]): expected[9, row["agent_id"]] for row in states}
    assert drawn == expected
    assert drawn[9, "BANK_A"] == (-50, -70)


def test_balances_explain_the_floor():
    """
    Where a floor is drawn the chart says what its dotted line is.
    """
    agents = [
        {"id": "BANK_A", "opening_balance": 1_000, "credit_limit": 70},
        {"id": "BANK_B", "opening_balance": 500, "credit_limit": 70},
    ]
    paid = [payment("BANK_A", "BANK_B", 1_070, tick=3)]
    for transactions, is_drawn in ((paid, True), ([], False)):
        scenario = tiny_scenario(agent_configs=agents, transactions=transactions)
        assert ("the floor" in texts(plotting.balances(paysim.run(scenario)))) == is_drawn


def test_balances_of_many_ticks():
    """
    Of many ticks every point drawn is one of the run, and no extreme of a stretch is lost.
    """
    results = busy_day()
    chart = plotting.balances(results)
    unit = unit_of(chart)
    balances = defaultdict(list)
    for row in results.agents.to_dicts():
        balances[row["agent_id"]].append(row["balance"])
    drawn = defaultdict(dict)
    for row in rows(chart, "balance"):
        drawn[row["agent"]][row["tick"]] = row["balance"]
    assert set(drawn) == set(balances)
    for agent, points in drawn.items():
        assert len(points) < 250
        true = balances[agent]
        assert points == {tick: near(true[min(tick, 599)] / unit) for tick in points}
        for start in range(0, 600, 10):
            within = [value for tick, value in points.items() if start <= tick < start + 10]
            assert (min(within), max(within)) == (
                near(min(true[start : start + 10]) / unit),
                near(max(true[start : start + 10]) / unit),
            )


def test_balances_of_many_agents():
    """
    Of many agents those that paid most are shown, and the others as the range of their balances.
    """
    results = busy_day(2, MANY)
    chart = plotting.balances(results)
    unit = unit_of(chart)
    paid, lows, highs = Counter(), {}, {}
    states = results.agents.to_dicts()
    for row in states:
        paid[row["agent_id"]] += row["paid_value"]
    first = {id for id, _ in paid.most_common(11)}
    for row in states:
        if row["agent_id"] not in first:
            tick, balance = row["tick"], row["balance"]
            lows[tick] = min(lows.get(tick, balance), balance)
            highs[tick] = max(highs.get(tick, balance), balance)
    drawn = rows(chart, "balance")
    assert {row["agent"] for row in drawn} == first | {"189 others, range"}
    band = {row["tick"]: row for row in drawn if row["agent"] == "189 others, range"}
    assert {tick: row["low"] for tick, row in band.items() if tick < 120} == {
        tick: near(low / unit) for tick, low in lows.items()
    }
    assert {tick: row["high"] for tick, row in band.items() if tick < 120} == {
        tick: near(high / unit) for tick, high in highs.items()
    }


def test_balances_of_chosen_agents():
    """
    The agents that are asked for are shown, in the order asked for, and no others.
    """
    chart = plotting.balances(busy_day(), agents=["HALVES_2", "FIFO_1"])
    assert {row["agent"] for row in rows(chart)} == {"HALVES_2", "FIFO_1"}
    assert '"domain": ["HALVES_2", "FIFO_1"]' in texts(chart)


def test_queue_value():
    """
    The queues are drawn as the table of ticks has them.
    """
    results = busy_day()
    chart = plotting.queue_value(results)
    unit = unit_of(chart)
    labels = {"held by agents": "internal", "in the central queue": "central"}
    columns = {label: results.ticks.column(f"{name}_queue_value") for label, name in labels.items()}
    drawn = {(row["queue"], row["tick"]): row["value"] for row in rows(chart)}
    assert drawn == {
        (label, tick): near(values[min(tick, 599)] / unit)
        for label, values in columns.items()
        for tick in range(601)
    }


def test_throughput():
    """
    Throughput is the value settled so far as a share of all that is due, its marks exact.
    """
    results = busy_day()
    chart = plotting.throughput(results)
    arrived = results.ticks.column("arrived_value")
    so_far = list(itertools.accumulate(results.ticks.column("settled_value")))
    drawn = {row["tick"]: row["share"] for row in rows(chart, "curve") if row["curve"] == "settled"}
    assert drawn[300] == near(Fraction(so_far[300], sum(arrived)))
    assert drawn[599] == 1
    for percent in (50, 75):
        tick = next(t for t, value in enumerate(so_far) if value * 100 >= percent * sum(arrived))
        assert f"{percent} % at tick {tick}" in [row["text"] for row in rows(chart, "text")]


def test_throughput_of_days():
    """
    What is unsettled when a day opens is due in it again, and counts as arrived from the start.
    """
    results = paysim.run(
        tiny_scenario(
            num_days=2,
            transactions=[
                payment("BANK_A", "BANK_B", 400, tick=0),
                payment("BANK_A", "BANK_B", 800, tick=3),
                payment("BANK_B", "BANK_A", 200, tick=14),
            ],
        )
    )
    chart = plotting.throughput(results)
    drawn = {(row["day"], row["tick"]): row["share"] for row in rows(chart, "day", "share")}
    assert drawn["day 0", 2] == drawn["day 0", 9] == near(Fraction(400, 1200))
    assert (drawn["day 1", 3], drawn["day 1", 4]) == (0, 1)
    assert "Reached: 50 % at tick 4 of the day, 75 % at tick 4 of the day." in texts(chart)
    assert "50 % is not reached on 1 of 2 days." in texts(chart)


def test_throughput_of_many_days():
    """
    Of many days the lowest, the median and the highest share are drawn.
    """
    payments = [payment("BANK_A", "BANK_B", 1 + day, tick=10 * day + day) for day in range(7)]
    payments += [payment("BANK_A", "BANK_B", 1, tick=10 * day + 9) for day in range(7)]
    chart = plotting.throughput(paysim.run(tiny_scenario(num_days=7, transactions=payments)))
    drawn = {row["tick"]: row for row in rows(chart, "highest")}
    shares = [[Fraction(1 + day, 2 + day) * (tick >= day) for day in range(7)] for tick in range(9)]
    for tick, by_day in enumerate(shares):
        expected = (min(by_day), sorted(by_day)[3], max(by_day))
        row = drawn[tick]
        assert (row["lowest"], row["share"], row["highest"]) == tuple(map(near, expected))


def test_delay_distribution():
    """
    The bars are the shares of settled volume and value by delay, and the notes their means.
    """
    results = busy_day()
    chart = plotting.delay_distribution(results)
    delays = [
        (row["settled_tick"] - row["arrival_tick"], row["amount"]) for row in settled(results)
    ]
    volume, value = len(delays), sum(amount for _, amount in delays)
    width = 50
    expected = Counter()
    for delay, amount in delays:
        last = -(-delay // width) * width
        label = f"{last - width + 1}\N{EN DASH}{last}" if delay else "0"
        expected[label, "volume"] += Fraction(1, volume)
        expected[label, "value"] += Fraction(amount, value)
    drawn = {(row["ticks"], row["of"]): row["share"] for row in rows(chart)}
    assert drawn == {key: near(expected[key]) for key in drawn}
    assert set(expected) <= set(drawn)
    mean = sum(delay for delay, _ in delays) / volume
    weighted = sum(delay * amount for delay, amount in delays) / value
    median = sorted(delay for delay, _ in delays)[volume // 2]
    assert f"mean {mean:.2f} and median {median} by volume, mean {weighted:.2f}" in texts(chart)


@pytest.mark.parametrize("day", [None, 1])
def test_liquidity_used(day):
    """
    Liquidity used and its bounds are those of the table of positions, the mean over the days.
    """
    results = busy_day(2, MANY)
    chart = plotting.liquidity_used(results, day=day)
    unit = unit_of(chart)
    figures, paid = defaultdict(Counter), Counter()
    for row in results.positions.to_dicts():
        if day in (None, row["day"]):
            id = row["agent_id"]
            paid[id] += row["paid_value"]
            figures[id]["lower bound"] += max(0, row["due_value"] - row["expected_value"])
            figures[id]["used"] -= row["lowest_net_position"]
            figures[id]["upper bound"] -= row["immediate_lowest_net_position"]
    days = 2 if day is None else 1
    first = [id for id, _ in paid.most_common(20)]
    drawn = {(row["agent"], row["figure"]): row["value"] for row in rows(chart, "figure")}
    for figure in ("lower bound", "used", "upper bound"):
        for id in first:
            assert drawn.pop((id, figure)) == near(figures[id][figure] / days / unit)
        rest = sum(figures[id][figure] for id in figures if id not in first)
        assert drawn.pop(("180 others, mean", figure)) == near(rest / 180 / days / unit)
    assert drawn == {}


def test_bilateral_flows():
    """
    The cells hold the value that settled, the others the mean over their pairs.
    """
    results = busy_day(2, MANY)
    chart = plotting.bilateral_flows(results)
    unit = unit_of(chart)
    flows, paid = Counter(), Counter()
    for row in settled(results):
        flows[row["sender_id"], row["receiver_id"]] += row["amount"]
        paid[row["sender_id"]] += row["amount"]
    first = [id for id, _ in paid.most_common(20)]
    rest = "180 others, mean"
    cells, pairs = Counter(), {(rest, rest): 180 * 179}
    for (sender, receiver), value in flows.items():
        pair = tuple(id if id in first else rest for id in (sender, receiver))
        cells[pair] += value
        pairs.setdefault(pair, 180 if rest in pair else 1)
    drawn = {(row["sender"], row["receiver"]): row["value"] for row in rows(chart)}
    assert drawn == {pair: near(value / pairs[pair] / unit) for pair, value in cells.items()}


def test_cost_stack():
    """
    The bars are the exact costs by agent and component, the dearest agents first.
    """
    results = busy_day(2, MANY)
    chart = plotting.cost_stack(results)
    unit = unit_of(chart)
    costs, totals = Counter(), Counter()
    for row in results.costs.to_dicts():
        costs[row["agent_id"], row["component"]] += Decimal(row["cost"])
        totals[row["agent_id"]] += Decimal(row["cost"])
    first = [id for id, _ in totals.most_common(20)]
    drawn = rows(chart)
    by_agent = {row["agent"]: row["to"] for row in drawn}
    rest = sum(totals[id] for id in totals if id not in first)
    expected = {id: near(totals[id] / unit) for id in first}
    assert by_agent == expected | {"180 others, mean": near(rest / 180 / unit)}
    borne = {(row["agent"], row["component"]): row["cost"] for row in drawn}
    assert borne[first[0], "deadlines"] == near(costs[first[0], "deadline_penalty"] / unit)
    ends = [row["to"] for row in drawn if row["agent"] == first[0]]
    starts = [row["start"] for row in drawn if row["agent"] == first[0]]
    assert starts == [0, *ends[:-1]]


@pytest.mark.parametrize("days", [1, 3])
def test_settlements_by_means(days):
    """
    The bars add up to what each means settled, in every stretch of ticks.
    """
    results = busy_day(days)
    chart = plotting.settlements_by_means(results)
    unit = unit_of(chart)
    drawn = rows(chart)
    means = {row["means"] for row in drawn}
    assert {"entry", "queue release", "end of day"} <= means
    spans = sorted({(row["start"], row["end"]) for row in drawn})
    width = 6 if days == 1 else 20
    assert {end - start for start, end in spans} == {width}
    for name in means:
        table = results.ticks.column(f"{name.replace(' ', '_')}_value")
        for row in drawn:
            if row["means"] == name:
                assert row["value"] == near(sum(table[row["start"] : row["end"]]) / unit)
                assert row["to"] - row["from"] == pytest.approx(row["value"], abs=1e-5)
        total = sum(row["value"] for row in drawn if row["means"] == name)
        assert total == pytest.approx(sum(table) / unit, abs=1e-4)


def test_trade_off():
    """
    A point is the liquidity used in a run and its delay indicator, by the formula.
    """
    scenario = tiny_scenario(
        transactions=[
            payment("BANK_A", "BANK_B", 900, tick=1),
            payment("BANK_A", "BANK_B", 300, tick=2),
            payment("BANK_B", "BANK_A", 400, tick=6),
            payment("BANK_B", "BANK_A", 5_000, tick=8),
        ]
    )
    chart = plotting.trade_off({"one": paysim.run(scenario), "busy": [busy_day()]})
    unit = unit_of(chart)
    # 300 settle at 6 and 5,000 never, which counts as tick 9, the last.
    waited = 300 * (6 - 2) + 5_000 * (9 - 8)
    most = 900 * 8 + 300 * 7 + 400 * 3 + 5_000 * 1
    used = 900
    drawn = {row["run"]: (row["liquidity"], row["delay"]) for row in rows(chart)}
    assert drawn["one"] == (near(used / unit), near(Fraction(waited, most)))
    arrivals = [
        row
        for row in busy_day().transactions.to_dicts()
        if row["cause"] or row["status"] != "settled"
    ]
    close = [row["settled_tick"] if row["settled_tick"] is not None else 599 for row in arrivals]
    waited = sum(
        row["amount"] * (end - row["arrival_tick"])
        for row, end in zip(arrivals, close, strict=True)
    )
    most = sum(row["amount"] * (599 - row["arrival_tick"]) for row in arrivals)
    assert drawn["busy"][1] == near(Fraction(waited, most))


@pytest.mark.parametrize("days", [1, 3])
def test_indicators(days):
    """
    What is drawn of a run agrees with its indicators.
    """
    results = busy_day(days)
    indicators = results.indicators()
    chart = plotting.trade_off([results])
    (point,) = rows(chart)
    assert point["delay"] == near(indicators["delay_indicator"])
    used = indicators["liquidity_used_daily_mean_value"]
    assert point["liquidity"] == near(used / unit_of(chart))
    notes = texts(plotting.delay_distribution(results))
    for figure, name in (("volume", "delay"), ("value", "delay_value_weighted")):
        mean, median = (indicators[f"{name}_{kind}_ticks"] for kind in ("mean", "median"))
        assert f"mean {mean:.2f} and median {median:g} by {figure}" in notes
    if days == 1:
        marks = [row["text"] for row in rows(plotting.throughput(results), "text")]
        assert sorted(marks) == [
            f"{share} % at tick {indicators[f'throughput_{share}_tick_of_day']}"
            for share in (50, 75)
        ]


def test_trade_off_of_many_runs():
    """
    Many names stand beside their points, few in the legend, and runs in a sequence are numbered.
    """
    few = plotting.trade_off([busy_day(), stuck()])
    assert {row["run"] for row in rows(few)} == {"1", "2"}
    many = plotting.trade_off({f"run {i}": busy_day() for i in range(9)})
    assert len(rows(many)) == 9
    # All stand on one spot, so that no name has room but the first.
    assert [len(table) for table in tables(many)] == [9, 1]


# --- large ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large():
    return made_up()


@every_chart
def test_few_rows(name, large):
    """
    A chart of 200 agents over 10,000 ticks has at most 5,000 rows and 300 kB.
    """
    chart = kind(name).function(large)
    assert sum(map(len, tables(chart))) <= 5_000
    assert len(json.dumps(chart.to_dict())) <= 300_000


def test_large_values():
    """
    Amounts beyond what a float holds are added exactly before they are drawn.
    """
    amount = 4 * 10**18 - 1
    pairs = [(day, "BANK_A", "BANK_B", amount) for day in range(5)]
    names = ["day", "sender_id", "receiver_id", "settled_value"]
    frame = pl.DataFrame(pairs, schema=names, orient="row")
    assert sums(frame, ["settled_value"], ["sender_id"]) == {"BANK_A": (5 * amount,)}
    assert sums(frame, ["settled_value"]) == {(): (5 * amount,)}
    run = SimpleNamespace(scenario=tiny_scenario(), bilateral=frame, days=range(5))
    chart = plotting.bilateral_flows(run)
    assert unit_of(chart) == 10**18
    assert rows(chart) == [{"sender": "BANK_A", "receiver": "BANK_B", "value": 20.0}]


@pytest.mark.parametrize("short", [0, 1])
def test_large_shares(short):
    """
    Half of a large value is reached when half of it has settled, and not one unit before.
    """
    large = 10**18
    results = paysim.run(
        tiny_scenario(
            agent_configs=[
                {"id": "BANK_A", "opening_balance": large},
                {"id": "BANK_B", "opening_balance": 0},
            ],
            transactions=[
                payment("BANK_A", "BANK_B", large - short),
                payment("BANK_A", "BANK_B", large + short, tick=1),
            ],
        )
    )
    chart = plotting.throughput(results)
    assert ("50 % at tick 0" in texts(chart)) is (short == 0)
    assert ("50 % is not reached." in texts(chart)) is (short == 1)


def test_too_large():
    """
    A day with more value than 64 bits hold is refused by throughput, not drawn wrong.
    """
    day = pl.DataFrame(
        {
            "arrived_value": [1, 2**62],
            "internal_queue_value": [2**62, 0],
            "central_queue_value": [2**62, 0],
        }
    )
    run = SimpleNamespace(scenario=tiny_scenario(), days=Table(day), ticks=pl.DataFrame())
    with pytest.raises(PaysimError, match=r"^the value due on day 1 must be at most 9223372036854"):
        plotting.throughput(run)


# --- nothing to draw ------------------------------------------------------------------------------


@every_chart
@pytest.mark.parametrize("run", [unbegun, without_transactions, stuck])
def test_empty(name, run):
    """
    Where there is nothing to draw the chart says so.
    """
    chart = kind(name).function(run())
    shown = name == "balances" and run is not unbegun
    shown |= name in ("queue_value", "liquidity_used") and run is stuck
    assert (chart.to_dict().get("mark", {}).get("type") == "text") is not shown
    if not shown:
        assert "No t" in texts(chart) or "No cost" in texts(chart) or "Nothing" in texts(chart)


def test_empty_runs():
    """
    Delay against liquidity of runs without transactions says that there are none.
    """
    empty = without_transactions()
    assert "No transaction has arrived" in texts(plotting.trade_off([empty]))
    chart = plotting.trade_off([empty, busy_day()])
    assert [row["run"] for row in rows(chart)] == ["2"]
    assert "Left out: 1 " in texts(chart)


# --- ids, labels, looks ---------------------------------------------------------------------------


def test_labels():
    """
    Labels are short, on one line, and no two are alike.
    """
    names = [*NASTY, "A" * 58 + "XB", "a\nb", "a\u2028b", "", "180 others, mean"]
    labels = labelled(names)
    assert len(set(labels.values())) == len(names)
    assert max(map(len, labels.values())) <= LABEL_MAX
    assert all(label.isprintable() for label in labels.values())
    assert labels["a\nb"] == "a\N{REPLACEMENT CHARACTER}b"


@every_chart
def test_nasty_ids(name):
    """
    Any id that a scenario allows can be drawn.
    """
    results = nasty()
    drawn = texts(kind(name).function(results))
    if name in ("balances", "liquidity_used", "bilateral_flows", "cost_stack"):
        for label in labelled(NASTY).values():
            assert json.dumps(label, ensure_ascii=False) in drawn


@every_chart
def test_same_chart(name):
    """
    The same run gives the same chart, to the letter.
    """
    draw = kind(name).function
    assert texts(draw(busy_day(2, MANY))) == texts(draw(busy_day(2, MANY)))


@every_chart
def test_looks(name):
    """
    A chart has its title, its unit or share, the configuration of all, no selections, and is valid.
    """
    chart = kind(name).function(busy_day())
    spec = chart.to_dict(validate=True)
    assert spec["title"]["text"] == kind(name).title
    assert spec["config"] | {"view": {"stroke": None}} == plotting.config()
    assert "params" not in texts(chart)
    assert "minor units" in texts(chart) or name in ("throughput", "delay_distribution")


def test_captions():
    """
    Every chart has a caption of one sentence, and a function of its name.
    """
    for each in (*CHARTS, TRADE_OFF):
        assert each.caption.endswith(".")
        assert ". " not in each.caption
        assert each.function is getattr(plotting, each.name)
        assert each.name in plotting.__all__


def test_guide():
    """
    The guide lists every chart with its caption.
    """
    page = (ROOT / "docs" / "guides" / "plots.md").read_text(encoding="utf-8")
    for each in (*CHARTS, TRADE_OFF):
        assert f"| `{each.name}` | {each.caption} |" in page


def test_time_axis():
    """
    Of several days the borders are marked, and ticks count from them.
    """
    five = texts(plotting.queue_value(busy_day(5)))
    assert "'day ' + datum.value / 600" in five
    assert '"Tick of the day"' in five
    one = texts(plotting.queue_value(busy_day(5), day=3))
    assert '"Tick (day 3)"' in one
    assert '"domain": [1800, 2400]' in one


@pytest.mark.parametrize("ticks", [1, 2, 5])
def test_labels_of_few_ticks(ticks):
    """
    However few ticks there are, each has one label at most.
    """
    import vl_convert

    stuck = payment("BANK_A", "BANK_B", 10**9)
    run = paysim.run(tiny_scenario(ticks_per_day=ticks, transactions=[stuck]))
    svg = vl_convert.vegalite_to_svg(plotting.queue_value(run).to_dict())
    axis = svg.partition('aria-label="X-axis')[2].partition("role-axis-title")[0]
    labels = re.findall(r">(\d+)</text>", axis)
    assert labels == [str(tick) for tick in range(ticks + 1)]


# --- errors ---------------------------------------------------------------------------------------


@every_chart
@pytest.mark.parametrize(("day", "found"), [(1, "1"), (-1, "-1"), (True, "True"), ("0", "'0'")])
def test_wrong_day(name, day, found):
    """
    A day that was not run is refused.
    """
    with pytest.raises(ScenarioError, match=r"^day must be .*\(got .*\)$") as error:
        kind(name).function(busy_day(), day=day)
    assert found in str(error.value)


@pytest.mark.parametrize("agents", [[], ["NOBODY"], "FIFO_1", ["FIFO_1"] * 13])
def test_wrong_agents(agents):
    """
    Agents that there are not, or too many of them, are refused.
    """
    with pytest.raises(ScenarioError, match=r"^agents must"):
        plotting.balances(busy_day(), agents=agents)


@pytest.mark.parametrize("runs", [[], {}, {"a": []}, [3]])
def test_wrong_runs(runs):
    """
    Delay against liquidity needs runs.
    """
    with pytest.raises(ScenarioError, match=r"^runs must"):
        plotting.trade_off(runs)


@pytest.mark.parametrize("library", ["altair", "polars", "vl_convert"])
def test_missing_library(library, monkeypatch):
    """
    A library that is not installed is named, with the extra that brings it.
    """
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(PaysimError, match=r'pip install "paysim\[plots\]"'):
        plotting.balances(busy_day())
    with pytest.raises(PaysimError, match=r"^plots need "):
        CHARTS[0].function(busy_day())


def test_lazy():
    """
    Altair and Polars are imported when something is drawn and not before.
    """
    program = (
        "import sys, paysim.plotting, paysim.cli; paysim.plotting.CHARTS;"
        "print([name for name in ('altair', 'polars', 'vl_convert') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n"
