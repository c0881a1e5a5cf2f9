"""
Transactions and scenario events that clients add: checked, and told by the clients' own keys.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import attrs

from paysim.errors import (
    PaysimError,
    Problem,
    Problems,
    ScenarioError,
    TooManyProblems,
    path_text,
    shown,
)
from paysim.fields import key_hint
from paysim.records import layout
from paysim.scenario import Scenario
from paysim.scenario_events import ExtraTransaction

if TYPE_CHECKING:
    from paysim.added_events import GrowingScenario
    from paysim.scenario import ScenarioEvent

TRANSACTION_KEYS: Final = (
    *("sender_id", "receiver_id", "amount", "tick", "arrival_tick", "id"),
    *("deadline_tick", "deadline_offset", "priority", "divisible"),
)
"""The keys of a submitted transaction; the tick has two spellings."""

BEYOND: Final = "must be before the end of the run"
OVER: Final = "the last day of the scenario is over, and nothing can be added to it any more"
"""What helps where something is added too late."""


@contextmanager
def gathered() -> Iterator[Problems]:
    """
    Gather problems, and raise them together at the end.

    Raises:
        ScenarioError: There are any.
    """
    problems = Problems()
    with suppress(TooManyProblems):
        yield problems
    if problems.count:
        raise problems.error()


def check_transaction(
    growing: GrowingScenario, raw: dict[str, Any], next_tick: int
) -> ExtraTransaction:
    """
    Return the event that lets a submitted transaction arrive, in the next tick if none is given.

    Args:
        growing: What it is to be added to.
        raw: The transaction.
        next_tick: The next tick.

    Raises:
        ScenarioError: With everything that is wrong.
    """
    with gathered() as problems:
        if not isinstance(raw, dict):
            problems.add((), "must be a mapping", shown(raw))
            raise TooManyProblems
        own = {key: value for key, value in raw.items() if key in TRANSACTION_KEYS}
        spelling = {} if "tick" in own else {"tick": "arrival_tick"}
        if "arrival_tick" in own:
            spelling = {"tick": "arrival_tick"}
            if "tick" in own:
                text = "tick and arrival_tick are one key, and both are given"
                problems.add(("arrival_tick",), text, at_key=True)
            own["tick"] = own.pop("arrival_tick")
        own = {"type": ExtraTransaction.name, "tick": next_tick} | own
        event = _checked(growing, own, next_tick, spelling, problems)
        for key in raw:
            if key not in TRANSACTION_KEYS:
                hint = functools.partial(key_hint, key, TRANSACTION_KEYS)
                problems.add((str(key),), "unknown key", "", hint, at_key=True)
    assert isinstance(event, ExtraTransaction)
    return event


def check_event(growing: GrowingScenario, raw: dict[str, Any], next_tick: int) -> ScenarioEvent:
    """
    Return the scenario event that a dict describes, in the next tick if it names none.

    Args:
        growing: What it is to be added to.
        raw: The event.
        next_tick: The next tick.

    Raises:
        ScenarioError: With everything that is wrong.
    """
    if isinstance(raw, dict):
        raw = {"tick": next_tick} | raw
    with gathered() as problems:
        event = _checked(growing, raw, next_tick, {}, problems)
    assert event is not None
    return event


def event_dict(event: ScenarioEvent) -> dict[str, Any]:
    """
    Return a scenario event as the dict of a scenario has it.
    """
    kind: Any = layout(Scenario)["scenario_events"].kind
    written: dict[str, Any] = kind.item.write(event)
    return written


def write_added(events: Iterable[ScenarioEvent]) -> bytes:
    """
    Return added scenario events as a step keeps them.
    """
    dicts = [event_dict(event) for event in events]
    return json.dumps(dicts, separators=(",", ":")).encode() if dicts else b""


def with_added(scenario: Scenario, texts: Iterable[bytes]) -> Scenario:
    """
    Return a scenario with the events that `write_added` has written, checked all at once.

    Raises:
        PaysimError: They are damaged, or do not fit into the scenario.
    """
    kind: Any = layout(Scenario)["scenario_events"].kind
    raw = [each for text in texts if text for each in _listed(text)]
    if not raw:
        return scenario
    with gathered() as problems:
        events = [kind.item.read(each, (), problems) for each in raw]
        if not problems.count:
            scenario = scenario.with_checked(events)
            scenario.check_together(problems.add)
    return scenario


def _listed(text: bytes) -> list[Any]:
    try:
        added = json.loads(text)
    except (ValueError, RecursionError):
        added = None
    if not isinstance(added, list):
        raise PaysimError("a step holds no list of events")
    return added


def _checked(
    growing: GrowingScenario,
    raw: dict[str, Any],
    next_tick: int,
    spelling: dict[str, str],
    problems: Problems,
) -> ScenarioEvent | None:
    """
    Return an event that fits into the scenario and is yet to come, if this is one.

    Args:
        growing: The scenario.
        raw: The event.
        next_tick: The first tick in which it may happen.
        spelling: Keys as the caller wrote them, where they differ.
        problems: Where everything that is wrong is noted.
    """
    event = None
    try:
        event = growing.check(raw)
    except ScenarioError as error:
        is_over = next_tick >= growing.scenario.num_ticks
        for problem in error.problems:
            told = _as_written(problem, spelling)
            if is_over and told.expected.startswith(BEYOND):
                told = attrs.evolve(told, hint=OVER)
            problems.add_placed(told)
        problems.count += error.omitted
    tick = raw.get("tick") if isinstance(raw, dict) else None
    if type(tick) is int and 0 <= tick < next_tick:
        text = f"must be at least {next_tick}, the next tick"
        problems.add((spelling.get("tick", "tick"),), text, shown(tick))
    return event


def _as_written(problem: Problem, spelling: dict[str, str]) -> Problem:
    """
    Return a problem of the event with the path of its own key alone.
    """
    steps = problem.steps
    if steps[:1] == ("scenario_events",):
        steps = steps[2:]
    if steps and isinstance(steps[0], str):
        steps = (spelling.get(steps[0], steps[0]), *steps[1:])
    return attrs.evolve(problem, path=path_text(steps), steps=steps)
