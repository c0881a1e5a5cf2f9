"""
Runs to draw, and what a chart holds.
"""

from __future__ import annotations

import functools
import json
from random import Random
from types import SimpleNamespace

import polars as pl
from record import ROOT

import paysim
from paysim.plotting import CHARTS
from paysim.testing import payment, tiny_scenario

MANY = 200
"""Agents of a large run."""

NASTY = [
    "</script><script>alert(1)</script>",
    'O\'Brien & "Söhne" <b>',
    "A" * 60,
    "A" * 59 + "B",
    "x.y[0]\\n",
]
"""Ids that are allowed and that a page or an expression may trip over."""


@functools.cache
def busy_day(days=1, agents=10):
    """
    Return the results of the busy day, over more days or with another number of banks.
    """
    scenario = paysim.load_scenario(ROOT / "scenarios" / "busy_day.yaml").to_dict()
    banks = scenario["agent_configs"]
    if agents != 10:
        banks = [banks[i % 10] | {"id": f"BANK_{i:03d}"} for i in range(agents)]
        banks = [bank | {"arrival_config": _arrivals(bank, i)} for i, bank in enumerate(banks)]
    ticks = 600 if agents == 10 else 60
    changed = {"agent_configs": banks, "num_days": days, "ticks_per_day": ticks}
    return paysim.run(paysim.Scenario.from_dict(scenario | changed))


def _arrivals(bank, number):
    # Some banks are large and most are small, as in any system.
    return bank["arrival_config"] | {"rate_per_tick": 2 / (1 + number)}


def nasty():
    """
    Return the results of a run of agents with ids from `NASTY`.
    """
    banks = [{"id": id, "opening_balance": 10_000} for id in NASTY]
    payments = [
        payment(sender, receiver, 100 + 7 * i, tick=i)
        for i, (sender, receiver) in enumerate(zip(NASTY, NASTY[1:] + NASTY[:1], strict=True))
    ]
    rates = {"delay_cost_per_tick_per_cent": 1, "deadline_penalty": 5}
    late = payment(NASTY[0], NASTY[1], 10**6, tick=2, deadline_tick=3)
    return paysim.run(
        tiny_scenario(agent_configs=banks, transactions=[*payments, late], cost_rates=rates)
    )


def made_up(agents=MANY, ticks=10_000, days=5):
    """
    Return tables that look like those of a run, larger than a test could wait for.
    """
    random = Random(7)
    ids = [f"BANK_OF_THE_DISTRICT_OF_{i:06d}" for i in range(agents)]
    per_day = ticks // days
    tick = pl.int_range(ticks, eager=True)
    moving = pl.col("tick") * 7_919 % 10_007 * 10**9 + pl.col("agent") * 10**11
    states = (
        pl.DataFrame({"tick": tick})
        .join(pl.DataFrame({"agent_id": ids, "agent": range(agents)}), how="cross")
        .with_columns(
            day=pl.col("tick") // per_day,
            balance=moving,
            available_liquidity=moving + 5 * 10**12,
            paid_value=pl.col("agent") + 1,
        )
    )
    amounts = {
        f"{name}_{kind}": [random.randrange(10**12) for _ in range(ticks)]
        for name in ("internal_queue", "central_queue", "entry", "queue_release", "cycles")
        for kind in ("volume", "value")
    }
    settled = [
        sum(group)
        for group in zip(
            *(amounts[f"{n}_value"] for n in ("entry", "queue_release", "cycles")), strict=True
        )
    ]
    columns = {
        "tick": tick,
        "day": tick // per_day,
        "arrived_value": settled,
        "settled_value": settled,
    }
    columns |= {name: amounts[name] for name in sorted(amounts, key=lambda n: "_queue_" in n)}
    table = pl.DataFrame(columns)
    pairs = [
        (day, sender, receiver, random.randrange(1, 10**15))
        for day in range(days)
        for sender in ids
        for receiver in ids
        if sender != receiver
    ]
    positions = [(day, id, *random.sample(range(10**14), 3)) for day in range(days) for id in ids]
    components = ["overdraft", "delay", "liquidity", "split_friction", "deadline_penalty"]
    costs = [
        (day, id, component, random.randrange(10**9))
        for day in range(days)
        for id in ids
        for component in components
    ]
    delays = [(day, id, random.randrange(per_day), 1 + day) for day in range(days) for id in ids]
    return SimpleNamespace(
        scenario=SimpleNamespace(
            ticks_per_day=per_day, agent_configs=[SimpleNamespace(id=id) for id in ids]
        ),
        agents=states,
        ticks=_Table(table),
        days=range(days),
        bilateral=_frame(pairs, ["day", "sender_id", "receiver_id", "settled_value"]),
        positions=_frame(
            positions, ["day", "agent_id", "paid_value", "due_value", "used"]
        ).with_columns(
            expected_value=pl.col("due_value") // 2,
            lowest_net_position=-pl.col("used"),
            immediate_lowest_net_position=-2 * pl.col("used"),
        ),
        costs=_frame(costs, ["day", "agent_id", "component", "cost"]).with_columns(
            pl.col("cost").cast(pl.Decimal(38, 19))
        ),
        delays=_frame(delays, ["day", "agent_id", "delay", "volume"]).with_columns(
            value=pl.col("volume") * 10**9
        ),
    )


class _Table:
    """
    A data frame that tells its column names as a table of the kernel does.
    """

    def __init__(self, frame):
        self.column_names = frame.columns
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema=None):
        return self._frame.__arrow_c_stream__(requested_schema)


def _frame(rows, names):
    return pl.DataFrame(rows, schema=names, orient="row")


def unbegun():
    """
    Return the results of a simulation before its first tick.
    """
    return paysim.Simulation(tiny_scenario()).results()


def without_transactions():
    """
    Return the results of a run in which nothing arrives.
    """
    return paysim.run(tiny_scenario())


def stuck():
    """
    Return the results of a run in which nothing settles.
    """
    return paysim.run(tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 5_000)]))


def kind(name):
    """
    Return a kind of chart by its name.
    """
    return next(each for each in CHARTS if each.name == name)


def tables(chart):
    """
    Return the tables in a chart, each as a list of dicts, the longest first.
    """
    found = list(chart.to_dict().get("datasets", {}).values())
    return sorted(found, key=len, reverse=True)


def rows(chart, *columns):
    """
    Return the rows of the longest table of a chart that has certain columns.
    """
    return next(table for table in tables(chart) if set(columns) <= set(table[0]))


def texts(chart):
    """
    Return the whole specification of a chart as text.
    """
    return json.dumps(chart.to_dict(), ensure_ascii=False)


def unit_of(chart):
    """
    Return how many minor units one of the units is that a chart names on its axes or in its notes.
    """
    names = ("thousand", "million", "billion", "trillion", "quadrillion", "quintillion")
    found = [i for i, name in enumerate(names, 1) if f"{name}s of minor units" in texts(chart)]
    assert len(found) <= 1
    return 1_000 ** found[0] if found else 1
