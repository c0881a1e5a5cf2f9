"""
What differs between the indicators and between the settings of two runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from paysim.indicators.costs import exact_sum

if TYPE_CHECKING:
    from paysim.results import Results

OF_AGENTS: Final = "bcbs248"
"""What is told of each agent, and not compared here: a comparison has its own figures of agents."""


def indicator_differences(a: Results, b: Results) -> list[dict[str, Any]]:
    """
    Return every indicator of the systems: its `name`, its values in `a` and `b`, and its `change`.
    """
    told_a, told_b = _figures(a), _figures(b)
    names = [*told_a, *(name for name in told_b if name not in told_a)]
    return [
        {"name": name, "a": told_a.get(name), "b": told_b.get(name)}
        | {"change": _change(told_a.get(name), told_b.get(name))}
        for name in names
    ]


def _figures(results: Results) -> dict[str, Any]:
    found = results.indicators()
    return dict(_leaves({name: found[name] for name in found if name != OF_AGENTS}))


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """
    Yield plain values with dotted names; the points of a curve by their ticks.
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{name}.{key}" if name else str(key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for point in value:
            rest = {key: point[key] for key in point if key != "tick_of_day"}
            yield from _leaves(rest, f"{name}.tick_{point['tick_of_day']}")
    else:
        yield name, value


def _change(one: Any, other: Any) -> int | float | str | None:
    """
    Return how much more one number is than another; of exact decimals in text, such a text.
    """
    numbers = [_number(one), _number(other)]
    if None in numbers:
        return None
    if isinstance(one, str) or isinstance(other, str):
        return exact_sum((other, f"{Decimal(one).copy_negate():f}"))
    change: int | float = other - one
    return change


def _number(value: Any) -> int | float | Decimal | None:
    if type(value) in (int, float):
        number: int | float = value
        return number
    if type(value) is str:
        try:
            exact = Decimal(value)
        except InvalidOperation:
            return None
        return exact if exact.is_finite() else None
    return None


def setting_differences(a: Results, b: Results) -> list[dict[str, Any]]:
    """
    Return the settings that differ as `name`, `a` and `b`: agents by their ids, and the seeds as
    they were run with.
    """
    told_a, told_b = _told(a), _told(b)
    names = [*told_a, *(name for name in told_b if name not in told_a)]
    return [
        {"name": name, "a": told_a.get(name), "b": told_b.get(name)}
        for name in names
        if told_a.get(name) != told_b.get(name)
    ]


def _told(results: Results) -> dict[str, Any]:
    raw = results.scenario.to_dict(transactions="")
    del raw["transactions"]
    raw["rng_seed"] = results.seed
    agents = raw.pop("agent_configs")
    raw["agents"] = {agent.pop("id"): agent for agent in agents}
    for id in results.scripted:
        raw["agents"][id]["policy"] = "in Python"
    events = raw.pop("scenario_events")
    raw["scenario_events"] = {event.get("id") or n: event for n, event in enumerate(events, 1)}
    return dict(_settings_leaves(raw))


def _settings_leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _settings_leaves(item, f"{name}.{key}" if name else str(key))
    else:
        yield name, value
