"""
Stretches of the log and of tables, and figures of the last ticks: each as the whole has them.
"""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_runs import play
from strategies import Move, generated_scenarios, scripts

from paysim._kernel import Kernel, Table
from paysim.errors import PaysimError
from paysim.results import TABLES
from paysim.scenario import Scenario
from paysim.testing import payment, tiny_scenario

BLOCK = 1 << 14
"""
Events that the kernel keeps side by side.
"""


def played(raw: dict[str, Any], script: list[Move]) -> Kernel:
    """
    Return a kernel at the end of a run.
    """
    scenario = Scenario.from_dict(raw)
    kernel = Kernel(scenario, scenario.rng_seed)
    play(kernel, script, len(scenario.agent_configs), scenario.num_ticks)
    return kernel


def large_kernel() -> Kernel:
    """
    Return a kernel with a log of more than two blocks.
    """
    config = {"rate_per_tick": 8, "amount_distribution": {"type": "fixed", "value": 1}}
    agents = [
        {"id": 'BANK_"A"', "opening_balance": 1_000_000, "arrival_config": config},
        {"id": "BANK_B", "opening_balance": 500},
    ]
    kernel = Kernel(tiny_scenario(ticks_per_day=100, agent_configs=agents), 1)
    while kernel.num_events < 2 * BLOCK + 100:
        kernel.advance(100)
    return kernel


@given(generated_scenarios(), scripts(), st.integers(1, 40), st.integers(0, 2_000))
def test_lines(raw: dict[str, Any], script: list[Move], most: int, bytes_max: int) -> None:
    """
    Stretches of any lengths, one after the other, are the log; each stops where it is to.
    """
    kernel = played(raw, script)
    log, first, all_lines = kernel.events_jsonl(), 0, b""
    assert kernel.num_events == log.count(b"\n")
    while first < kernel.num_events:
        lines, following = kernel.event_lines(first, most, bytes_max)
        each = lines.splitlines(keepends=True)
        assert 1 <= len(each) == following - first <= most
        assert sum(map(len, each[:-1])) < bytes_max or len(each) == 1
        is_stopped = len(each) == most or len(lines) >= bytes_max
        assert is_stopped or following == kernel.num_events
        first, all_lines = following, all_lines + lines
    assert all_lines == log


def test_lines_between_blocks() -> None:
    """
    A stretch may begin and end anywhere in the log, also where the kernel's blocks meet.
    """
    kernel = large_kernel()
    log = kernel.events_jsonl().splitlines(keepends=True)
    for first in (0, BLOCK - 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, len(log) - 1):
        for most in (1, 3, BLOCK + 2):
            lines, following = kernel.event_lines(first, most, 1 << 40)
            assert lines == b"".join(log[first : first + most])
            assert following == min(first + most, len(log))
    assert kernel.event_lines(5, 0, 1_000) == (b"", 5)


@pytest.mark.parametrize("beyond", [0, 1, BLOCK, 100 * BLOCK, 2**62])
def test_lines_beyond_the_log(beyond: int) -> None:
    """
    There are none after the last event, and their number is the one asked for.
    """
    kernel = large_kernel()
    first = kernel.num_events + beyond
    assert kernel.event_lines(first, 10, 1_000) == (b"", first)


def test_refused() -> None:
    """
    Neither lines nor rows nor ticks can be asked for from before the first.
    """
    kernel = Kernel(tiny_scenario(), 0)
    with pytest.raises(PaysimError, match=r"first must be at least 0 \(got -1\)"):
        kernel.event_lines(-1, 1, 1)
    with pytest.raises(PaysimError, match=r"since_tick must be at least 0 and below 2\*\*32"):
        kernel.flows(-1)
    with pytest.raises(PaysimError, match=r"offset must be at least 0 \(got -1\)"):
        kernel.ticks().slice(-1, 1)


@given(generated_scenarios(), scripts(), st.data())
def test_flows(raw: dict[str, Any], script: list[Move], data: st.DataObject) -> None:
    """
    What has settled since a tick is what the log says; parts count, their parents do not.
    """
    kernel = played(raw, script)
    since = data.draw(st.integers(0, kernel.tick + 1))
    number = {config["id"]: i for i, config in enumerate(raw["agent_configs"])}
    causes: dict[str, Counter[str]] = {}
    pairs: dict[tuple[int, int], Counter[str]] = {}
    for line in kernel.events_jsonl().splitlines():
        event = json.loads(line)
        if event["event"] == "settled" and event["tick"] >= since:
            pair = number[event["sender_id"]], number[event["receiver_id"]]
            for counted in (
                causes.setdefault(event["cause"], Counter()),
                pairs.setdefault(pair, Counter()),
            ):
                counted.update(volume=1, value=event["amount"])
    settled_by, flows = kernel.flows(since)
    assert {cause: flow for cause, flow in settled_by.items() if flow["volume"]} == causes
    assert list(settled_by) == list(kernel.summary()["settled_by"])
    assert flows == [(*pair, *pairs[pair].values()) for pair in sorted(pairs)]


@given(generated_scenarios(), scripts())
def test_flows_of_a_day(raw: dict[str, Any], script: list[Move]) -> None:
    """
    Since the first tick of the last day, each two agents have settled what the bilateral table says
    of it, and since tick 0 each cause what the totals say.
    """
    kernel = played(raw, script)
    ids = [config["id"] for config in raw["agent_configs"]]
    day = raw["num_days"] - 1
    table = [
        (row["sender_id"], row["receiver_id"], row["settled_volume"], row["settled_value"])
        for row in kernel.bilateral().to_dicts()
        if row["day"] == day and row["settled_volume"]
    ]
    flows = kernel.flows(day * raw["ticks_per_day"])[1]
    assert [(ids[flow[0]], ids[flow[1]], *flow[2:]) for flow in flows] == table
    assert kernel.flows(0)[0] == kernel.summary()["settled_by"]


@given(generated_scenarios(), scripts(), st.integers(0, 24))
def test_standing(raw: dict[str, Any], script: list[Move], stop: int) -> None:
    """
    Balances, queues and costs are those of the state and of the totals, exactly.
    """
    scenario = Scenario.from_dict(raw)
    kernel = Kernel(scenario, scenario.rng_seed)
    play(kernel, script, len(scenario.agent_configs), min(stop, scenario.num_ticks))
    state, totals, standing = kernel.state(), kernel.summary(), kernel.standing()
    assert standing["balances"] == [agent["balance"] for agent in state["agents"].values()]
    queue = {"volume": state["queue_size"], "value": state["queue_value"]}
    assert standing["central_queue"] == queue
    views = [kernel.view(agent) for agent in range(len(scenario.agent_configs))]
    held = standing["internal_queue"]
    assert held["volume"] + queue["volume"] == totals["unsettled"]["volume"]
    assert held["value"] + queue["value"] == totals["unsettled"]["value"]
    assert held["volume"] == sum(len(view.internal_queue) for view in views)
    assert (standing["cost"], standing["total_cost"]) == (totals["cost"], totals["total_cost"])
    for number, agent in enumerate(totals["agents"]):
        assert kernel.costs_of(number) == (agent["cost"], agent["total_cost"])
    assert Decimal(standing["total_cost"]) == sum(
        Decimal(kernel.costs_of(number)[1]) for number in range(len(views))
    )


@given(generated_scenarios(), scripts(), st.sampled_from(TABLES), st.data())
def test_table(raw: dict[str, Any], script: list[Move], name: str, data: st.DataObject) -> None:
    """
    A slice of a table has its rows, cut where the table ends, its columns and its metadata.
    """
    table: Table = getattr(played(raw, script), name)().with_metadata({"of": "a run"})
    rows = table.to_dicts()
    offset, length = (data.draw(st.integers(0, len(rows) + 2)) for _ in range(2))
    part = table.slice(offset, length)
    assert part.to_dicts() == rows[offset : offset + length]
    assert (part.column_names, part.metadata) == (table.column_names, {"of": "a run"})
    frame, whole = pl.DataFrame(part), pl.DataFrame(table)
    assert frame.schema == whole.schema
    assert frame.equals(whole.slice(offset, length))
    assert len(table.slice(offset, 2**62)) == max(0, len(rows) - offset)
    assert len(table.slice(2**62, 2**62)) == 0


@pytest.mark.parametrize("name", TABLES)
def test_arrow_stream(name: str, tmp_path: Any) -> None:
    """
    An Arrow stream in a file has the rows, the types and the metadata of the one in memory.
    """
    pa = pytest.importorskip("pyarrow")
    table: Table = getattr(large_kernel(), name)().with_metadata({"paysim.table": name})
    path = tmp_path / "table.arrows"
    assert table.write_arrow(path) == len(table)
    with pa.OSFile(str(path)) as file:
        read = pa.ipc.open_stream(file).read_all()
    assert read.schema.equals(pa.table(table).schema, check_metadata=True)
    assert read.schema.metadata == {b"paysim.table": name.encode()}
    assert read.equals(pa.table(table))


def test_arrow_stream_of_nothing(tmp_path: Any) -> None:
    """
    A table without rows has its columns.
    """
    table = Kernel(tiny_scenario(), 0).queues()
    table.write_arrow(tmp_path / "table.arrows")
    read = pl.read_ipc_stream(tmp_path / "table.arrows")
    assert (read.height, read.columns) == (0, table.column_names)


def test_arrow_stream_is_whole_or_not_there(tmp_path: Any) -> None:
    """
    Where it cannot be written, what was there stays, and nothing is left beside it.
    """
    table = Kernel(tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 5)]), 0).ticks()
    (tmp_path / "there").mkdir()
    for path in (tmp_path / "there", tmp_path / "missing" / "table.arrows"):
        with pytest.raises(PaysimError, match="cannot write "):
            table.write_arrow(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["there"]
