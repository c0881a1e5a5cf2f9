"""
Kernels saved between two ticks, and restored: nothing of them shows that they ever stopped.
"""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_runs import FURTHER, books, decide, play
from strategies import Move, generated_scenarios, scripts

from paysim._kernel import Kernel
from paysim.errors import PaysimError
from paysim.scenario import Scenario
from paysim.testing import payment, tiny_scenario


@given(generated_scenarios(), scripts(), st.data())
def test_restored(raw: dict[str, Any], script: list[Move], data: st.DataObject) -> None:
    """
    A kernel restored at any tick is the one that was saved, and leads to the same bytes.
    """
    scenario = Scenario.from_dict(raw)
    seed, agents = scenario.rng_seed, len(scenario.agent_configs)
    end = scenario.ticks_per_day * scenario.num_days + FURTHER
    stop = data.draw(st.integers(0, end))
    saved = Kernel(scenario, seed)
    play(saved, script, agents, stop)
    # Decisions that wait for the next tick belong to the state.
    for move in script[:3]:
        decide(saved, move, agents)
    state = saved.save()
    restored = Kernel.restore(scenario, seed, [], state)
    assert books(saved) == books(restored)
    assert state == restored.save()
    assert play(saved, script, agents, end) == play(restored, script, agents, end)
    assert saved.events_jsonl() == restored.events_jsonl()
    assert books(saved) == books(restored)


@given(generated_scenarios(), st.data())
def test_branch(raw: dict[str, Any], data: st.DataObject) -> None:
    """
    A branch goes its own way, and one that is left alone goes the way of the original.
    """
    scenario = Scenario.from_dict(raw)
    end = scenario.ticks_per_day * scenario.num_days
    original = Kernel(scenario, scenario.rng_seed)
    original.advance(data.draw(st.integers(0, end)))
    alike, other = original.branch(), original.branch(range(len(scenario.agent_configs)))
    other.advance(end + FURTHER - other.tick)
    original.advance(end - original.tick)
    alike.advance(end - alike.tick)
    assert original.events_jsonl() == alike.events_jsonl()


@given(generated_scenarios(), st.data())
def test_any_bytes(raw: dict[str, Any], data: st.DataObject) -> None:
    """
    Bytes that are not what was saved are refused with one error, whatever they are.
    """
    scenario = Scenario.from_dict(raw)
    kernel = Kernel(scenario, scenario.rng_seed)
    kernel.advance(data.draw(st.integers(0, scenario.ticks_per_day)))
    saved = kernel.save()
    at = data.draw(st.integers(0, len(saved) - 1))
    cut = data.draw(st.integers(0, 6))
    changed = saved[:at] + data.draw(st.binary(max_size=6)) + saved[at + cut :]
    if changed == saved:
        return
    with contextlib.suppress(PaysimError):
        restored = Kernel.restore(scenario, scenario.rng_seed, [], changed)
        # Only what the log does not tell can differ: decisions that wait, the last outcome.
        assert restored.events_jsonl() == kernel.events_jsonl()
        assert restored.tick == kernel.tick


@given(st.binary(max_size=200))
def test_foreign_bytes(saved: bytes) -> None:
    """
    Bytes of any origin are refused, or are those of a kernel that has not begun.
    """
    scenario = tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 5)])
    with contextlib.suppress(PaysimError):
        assert Kernel.restore(scenario, 0, [], saved).events_jsonl() == b""


def test_other_seed() -> None:
    """
    What was saved under one seed cannot be restored under another.
    """
    config = {"rate_per_tick": 2, "amount_distribution": {"type": "exponential", "mean": 50}}
    scenario = tiny_scenario(
        agent_configs=[
            {"id": "BANK_A", "opening_balance": 1_000, "arrival_config": config},
            {"id": "BANK_B", "opening_balance": 500},
        ]
    )
    kernel = Kernel(scenario, 1)
    kernel.advance(5)
    with pytest.raises(PaysimError, match="the saved state is damaged: "):
        Kernel.restore(scenario, 2, [], kernel.save())


def test_open_tick() -> None:
    """
    A kernel in the middle of a tick is neither saved nor copied.
    """
    kernel = Kernel(tiny_scenario(), 0)
    kernel.open_tick()
    with pytest.raises(PaysimError, match="a tick is open: only between two ticks"):
        kernel.save()
    with pytest.raises(PaysimError, match="a tick is open: only between two ticks"):
        kernel.branch()
