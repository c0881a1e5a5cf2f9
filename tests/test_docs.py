"""
The pages show what programs really print, and their links lead somewhere.
"""

from __future__ import annotations

import itertools
import json
import re

import pytest
from record import EXAMPLES, PAGES, ROOT, output, rendered

import paysim
from paysim.cli import cli
from paysim.files.agents import AgentFile
from paysim.files.columns import column_kinds
from paysim.files.transaction_reading import FIELDS, TransactionFile
from paysim.policies import release, reprioritise, set_release_budget, withdraw
from paysim.records import Record, layout
from paysim.results import TABLES
from paysim.testing import Scripted, payment, tiny_scenario

LINK = re.compile(r"\]\(([^)#\s]+)?(#[^)\s]+)?\)")


def named(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: str(path.relative_to(ROOT)))


@named(EXAMPLES)
def test_example(path):
    """
    An example prints what is recorded beside it.
    """
    assert path.with_suffix(".out").read_text() == output(str(path))


@named(PAGES)
def test_recorded_parts(path):
    """
    Programs, outputs and command sessions that a page shows are the real ones.
    """
    page = path.read_text()
    assert page == rendered(page)


@named(PAGES)
def test_links(path):
    """
    Every link within the repository leads to a file, and to a heading of it if it names one.
    """
    for file, anchor in LINK.findall(path.read_text()):
        if file.startswith("http"):
            continue
        target = path.parent / file if file else path
        assert target.exists(), f"{file} does not exist"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
            assert anchor[1:] in [heading.lower().replace(" ", "-") for heading in headings]


TYPES = {
    "integer": "Int64",
    "real": "Float64",
    "boolean": "Boolean",
    "text": "String",
    "word": "Categorical",
    "decimal": "Decimal(precision=38, scale=19)",
}


def test_tables():
    """
    The page of tables describes every column of every table, in order, with the type it has.
    """
    polars = pytest.importorskip("polars")
    page = (ROOT / "docs" / "reference" / "tables.md").read_text()
    results = paysim.run(paysim.load_scenario(ROOT / "scenarios" / "two_banks.yaml"))
    for name in TABLES:
        section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        columns = re.findall(r"^\| `(\w+)` \| (\w+) \|", section, re.MULTILINE)
        schema = polars.DataFrame(getattr(results, name)).schema
        assert [(column, TYPES[kind]) for column, kind in columns] == [
            (column, str(kind)) for column, kind in schema.items()
        ]
    metadata = re.findall(r"^\| `(paysim\.\w+)` \|", page, re.MULTILINE)
    assert set(metadata) == set(results.ticks.metadata)
    assert re.findall(r"^\| \[(\w+)\]\(#\1\) \|", page, re.MULTILINE) == [*TABLES]


SELDOM = {"rate_per_tick": 0, "amount_distribution": {"type": "fixed", "value": 1}}
EVERY_TYPE = [
    {"type": "liquidity_injection", "agent_id": "BANK_A", "amount": 5},
    {"type": "liquidity_drain", "agent_id": "BANK_A", "amount": 5},
    {"type": "credit_limit_change", "agent_id": "BANK_A", "credit_limit": 5},
    {"type": "direct_transfer", "sender_id": "BANK_A", "receiver_id": "BANK_B", "amount": 5},
    {"type": "direct_transfer", "sender_id": "BANK_A", "receiver_id": "BANK_B", "amount": 500},
    {"type": "extra_transaction", "sender_id": "BANK_A", "receiver_id": "BANK_B", "amount": 5},
    {"type": "arrival_rate_change", "multiplier": 0.5},
    {
        "type": "counterparty_weight_change",
        "agent_id": "BANK_A",
        "counterparty_id": "BANK_B",
        "weight": 2,
    },
    {"type": "deadline_offset_change", "deadline_offset": [1, 2]},
    {"type": "outage", "agent_id": "BANK_B"},
    {"type": "outage_end", "agent_id": "BANK_B"},
    {"type": "halt"},
    {"type": "resume"},
]


def every_event():
    """
    Return the lines of runs in which every kind of event occurs.
    """
    for simulation in runs_of_every_event():
        yield from simulation._kernel.events_jsonl().splitlines()


def runs_of_every_event():
    """
    Run simulations in which, together, every kind of event occurs.
    """
    ring = [
        payment(sender, receiver, 10_000)
        for sender, receiver in itertools.permutations(("BANK_A", "BANK_B", "BANK_C"), 2)
    ]
    banks = [
        {"id": "BANK_A", "opening_balance": 0, "liquidity_pool": 700},
        {"id": "BANK_B", "opening_balance": 0, "policy": "mock_splitting"},
        {"id": "BANK_C", "opening_balance": 9_000},
    ]
    rules = {"deferred_crediting": True, "end_of_day": "settle_on_credit"}
    lent = tiny_scenario(
        num_days=2,
        agent_configs=banks,
        rules=rules,
        lsm_config={"bilateral_offsetting": False, "max_rings_per_tick": 1},
        cost_rates={"eod_borrowing_bps": 1},
        transactions=[
            *ring,
            payment("BANK_B", "BANK_A", 10**6, tick=9),
            payment("BANK_C", "BANK_B", 500, tick=9),
        ],
    )
    script = {
        1: [reprioritise("row-1", 7), set_release_budget(50_000), release("row-1")],
        2: [withdraw("row-1"), set_release_budget(None)],
    }
    cancelled = tiny_scenario(
        rules={"end_of_day": "cancel"},
        cost_rates={"eod_penalty_per_transaction": 5},
        transactions=[payment("BANK_A", "BANK_B", 5_000, deadline_tick=4)],
    )
    spent = tiny_scenario(
        agent_configs=[
            {"id": "BANK_A", "opening_balance": 0, "liquidity_pool": 700},
            {"id": "BANK_B", "opening_balance": 0},
        ],
        transactions=[payment("BANK_A", "BANK_B", 600)],
    )
    changed = tiny_scenario(
        agent_configs=[
            {"id": "BANK_A", "opening_balance": 100, "arrival_config": SELDOM},
            {"id": "BANK_B", "opening_balance": 100},
        ],
        scenario_events=[{"tick": 0} | event for event in EVERY_TYPE],
    )
    runs = ((changed, {}), (lent, {}), (cancelled, {"BANK_A": Scripted(script)}), (spent, {}))
    for scenario, behaviour in runs:
        simulation = paysim.Simulation(scenario, behaviour=behaviour)
        simulation.run()
        yield simulation


def test_events():
    """
    The page of events describes every kind of event, with its keys in order, and no other.
    """
    page = (ROOT / "docs" / "events.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|", page, re.MULTILINE)
    described = {event: ["tick", "event", *re.findall(r"`(\w+)`", keys)] for event, keys in rows}
    seen = {}
    for line in every_event():
        event = json.loads(line)
        assert seen.setdefault(event["event"], list(event)) == list(event)
    assert seen == described


def test_readme_example():
    """
    The README's example is the program of the documentation that is recorded as such.
    """
    readme = (ROOT / "README.md").read_text()
    example = ROOT / "docs" / "examples" / "first_run.py"
    assert example.read_text() in readme
    assert example.with_suffix(".out").read_text() in readme


def test_guide_of_own_payments():
    """
    The guide to payments of one's own tells every option, every setting and every column.
    """
    page = (ROOT / "docs" / "guides" / "own_payments.md").read_text()
    options = [param.opts[-1] for param in cli.commands["validate"].params][1:]
    assert [option for option in options if not re.search(rf"{option}\b", page)] == []
    keys = [*layout(TransactionFile), *layout(AgentFile), *FIELDS]
    keys += column_kinds(Record(paysim.AgentConfig))
    missing = [key for key in keys if not re.search(rf"`{key}\b", page) and key != "file"]
    assert missing == []
