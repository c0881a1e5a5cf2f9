"""
Runs saved piece by piece: pieces one after the other are the run, and what is not them is refused.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_runs import FURTHER, books, decide, play
from strategies import Dice, Move, generated_scenario, money_event, rolled, script

from paysim._kernel import Kernel
from paysim.added_events import GrowingScenario
from paysim.errors import PaysimError, ScenarioError
from paysim.scenario import Scenario
from paysim.testing import payment, tiny_scenario

ONE = tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 300, tick=2)])


class Growing:
    """
    A kernel to whose scenario events are added, and the pieces that were taken of it.
    """

    def __init__(self, raw: dict[str, Any]) -> None:
        self.scenario = GrowingScenario(Scenario.from_dict(raw))
        self.seed = self.scenario.scenario.rng_seed
        self.agents = len(self.scenario.scenario.agent_configs)
        self.end = self.scenario.scenario.num_ticks
        self.kernel = Kernel(self.scenario.scenario, self.seed)
        self.pieces: list[bytes] = []
        self.spans: list[tuple[int, int]] = []

    def take(self) -> None:
        """
        Take a piece of all that has happened since the last.
        """
        from_tick = self.spans[-1][1] if self.spans else 0
        self.pieces.append(self.kernel.piece(from_tick))
        self.spans.append((from_tick, self.kernel.tick))

    def add(self, raw: dict[str, Any]) -> None:
        """
        Add an event, if there may be such a one.
        """
        with contextlib.suppress(ScenarioError):
            event = self.scenario.check(raw)
            self.kernel.add_event(event)
            self.scenario.add(event)

    def rejoined(self) -> Kernel:
        """
        Return the kernel that the pieces lead to.
        """
        return Kernel.rejoin(self.scenario.scenario, self.seed, [], self.pieces)


class Plan(NamedTuple):
    """
    A scenario, decisions, ticks before which pieces are taken, and events added before ticks.
    """

    raw: dict[str, Any]
    script: list[Move]
    cuts: list[int]
    events: list[tuple[int, dict[str, Any]]]


def plan(dice: Dice) -> Plan:
    """
    Choose a plan; a tick may have no cut before it, or several.
    """
    raw = generated_scenario(dice)
    ids, ticks = [c["id"] for c in raw["agent_configs"]], raw["ticks_per_day"] * raw["num_days"]
    cuts = [dice.roll(0, ticks + FURTHER) for _ in range(dice.roll(0, 12))]
    events = [(dice.roll(0, ticks), money_event(dice, ids, ticks)) for _ in range(dice.roll(0, 4))]
    return Plan(raw, script(dice), cuts, events)


def carried_out(plan: Plan) -> Growing:
    """
    Run beyond the last day in pieces; decisions of a tick stand before, between and after its cuts.
    """
    run = Growing(plan.raw)
    for tick in range(run.end + FURTHER + 1):
        for at, event in plan.events:
            if at == tick:
                run.add(event)
        for phase in range(3):
            for move in plan.script:
                if (move.tick, move.phase) == (tick, phase):
                    decide(run.kernel, move, run.agents)
            if plan.cuts.count(tick) > phase:
                run.take()
        if tick < run.end + FURTHER:
            run.kernel.advance(1)
    run.take()
    return run


@given(rolled(plan))
def test_any_cutting(plan: Plan) -> None:
    """
    However a run is cut, with decisions and added events between, its pieces lead to its log, its
    books, the bytes that it is saved as, and its future.
    """
    run = carried_out(plan)
    kernel, joined = run.kernel, run.rejoined()
    assert joined.events_jsonl() == kernel.events_jsonl()
    assert books(joined) == books(kernel)
    assert joined.save() == kernel.save()
    end = run.end + 2 * FURTHER
    assert play(joined, plan.script, run.agents, end) == play(kernel, plan.script, run.agents, end)
    assert joined.events_jsonl() == kernel.events_jsonl()
    assert books(joined) == books(kernel)


@given(rolled(plan), st.data())
def test_prefix(plan: Plan, data: st.DataObject) -> None:
    """
    The first pieces of a run lead to where it stood when they were taken.
    """
    run = carried_out(plan)
    run.pieces = run.pieces[: data.draw(st.integers(1, len(run.pieces)))]
    joined = run.rejoined()
    ticks = run.kernel.events_jsonl().splitlines(keepends=True)
    before = b"".join(line for line in ticks if json.loads(line)["tick"] < joined.tick)
    assert joined.events_jsonl() == before
    # The same moves once more, as one piece.
    run.pieces = [joined.piece(0)]
    assert run.rejoined().save() == joined.save()


@given(rolled(plan), st.data())
def test_mutated(plan: Plan, data: st.DataObject) -> None:
    """
    A piece that is cut, longer, or has any bit changed is one error, wherever it stands.
    """
    run = carried_out(plan)
    at = data.draw(st.integers(0, len(run.pieces) - 1))
    piece = bytearray(run.pieces[at])
    byte = data.draw(st.integers(0, len(piece) - 1))
    match data.draw(st.integers(0, 2)):
        case 0:
            piece[byte] ^= 1 << data.draw(st.integers(0, 7))
        case 1:
            del piece[byte:]
        case _:
            piece[byte:byte] = data.draw(st.binary(min_size=1, max_size=6))
    run.pieces[at] = bytes(piece)
    with pytest.raises(PaysimError, match="the saved state is damaged: a piece is not"):
        run.rejoined()


@given(rolled(plan), st.data())
def test_misplaced(plan: Plan, data: st.DataObject) -> None:
    """
    Pieces of which one is missing, stands twice or in another place are refused, unless each begins
    at the tick that the one before it ends with.
    """
    run = carried_out(plan)
    order = list(range(len(run.pieces)))
    first, second = (data.draw(st.sampled_from(order)) for _ in range(2))
    match data.draw(st.integers(0, 2)):
        case 0:
            del order[first]
        case 1:
            order.insert(second, first)
        case _:
            order[first], order[second] = order[second], order[first]
    ends = [0, *(run.spans[at][1] for at in order)]
    run.pieces = [run.pieces[at] for at in order]
    if [run.spans[at][0] for at in order] == ends[:-1]:
        joined = run.rejoined()
        assert joined.tick == ends[-1]
        assert run.kernel.events_jsonl().startswith(joined.events_jsonl())
    else:
        with pytest.raises(PaysimError, match="damaged: its pieces do not follow one another"):
            run.rejoined()


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=3))
def test_foreign_bytes(pieces: list[bytes]) -> None:
    """
    Bytes of any origin are refused with one error.
    """
    with pytest.raises(PaysimError, match="the saved state is damaged: a piece is not"):
        Kernel.rejoin(ONE, 0, [], pieces)


def test_other_scenario() -> None:
    """
    Pieces of one scenario do not lead to a run of another.
    """
    kernel = Kernel(ONE, 0)
    kernel.advance(5)
    other = tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 301, tick=2)])
    with pytest.raises(PaysimError, match="its event log is not the one it states"):
        Kernel.rejoin(other, 0, [], [kernel.piece(0)])


def test_no_pieces() -> None:
    """
    Without pieces a run has not begun; a piece of no ticks holds decisions, the last such counts.
    """
    assert Kernel.rejoin(ONE, 0, [], []).tick == 0
    scenario = tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 300)])
    kernel = Kernel(scenario, 0, [0])
    kernel.advance(1)
    pieces = [kernel.piece(0), kernel.piece(1)]
    kernel.release(0, 0)
    pieces += [kernel.piece(1)]
    joined = Kernel.rejoin(scenario, 0, [0], pieces)
    assert joined.view(0).internal_queue == []
    assert joined.advance(1) == kernel.advance(1) == (1, 0, 1, 0, 0)
    assert len(Kernel.rejoin(scenario, 0, [0], pieces[:2]).view(0).internal_queue) == 1


def test_piece_is_of_its_ticks() -> None:
    """
    A piece is as large as what has happened in its ticks, however long the run was before.
    """
    config = {"rate_per_tick": 3, "amount_distribution": {"type": "fixed", "value": 1}}
    scenario = tiny_scenario(
        agent_configs=[
            {"id": "BANK_A", "opening_balance": 1_000_000, "arrival_config": config},
            {"id": "BANK_B", "opening_balance": 500},
        ]
    )
    kernel = Kernel(scenario, 1)
    kernel.advance(5_000)
    pieces = [len(kernel.piece(from_tick)) for from_tick in (0, 4_990, 5_000)]
    assert pieces[0] > 100_000
    assert pieces[1] < 1_000
    assert pieces[2] < 50


def test_refused() -> None:
    """
    Neither ticks that are yet to come nor an open tick have a piece.
    """
    kernel = Kernel(ONE, 0)
    kernel.advance(2)
    with pytest.raises(PaysimError, match="a piece cannot begin after the next tick to open"):
        kernel.piece(3)
    with pytest.raises(PaysimError, match="from_tick must be at least 0"):
        kernel.piece(-1)
    kernel.open_tick()
    with pytest.raises(PaysimError, match="a tick is open: only between two ticks"):
        kernel.piece(0)
