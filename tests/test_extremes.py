"""
Extremes: whatever the door lets in runs, or ends with an error that says why.
"""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from strategies import generated_scenarios, scenarios

from paysim import Orchestrator, PaysimError
from paysim.results import TABLES
from paysim.scenario import AMOUNT_MAX

TICKS = 4

EXTREMES = [
    0,
    1,
    2,
    999,
    10**6,
    10**9,
    2**31,
    2**32 - 2,
    AMOUNT_MAX // 8,
    AMOUNT_MAX // 2,
    AMOUNT_MAX,
    1e-15,
    "0.000000000000001",
    "1000000000",
]


def numbers(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """
    Return the paths of all numbers within some data, decimal texts included.
    """
    if isinstance(data, dict | list):
        items = data.items() if isinstance(data, dict) else enumerate(data)
        return [found for key, item in items for found in numbers(item, (*path, key))]
    is_rate = isinstance(data, str) and data.replace(".", "", 1).isdigit()
    is_number = isinstance(data, int | float) and not isinstance(data, bool)
    return [path] if is_rate or is_number else []


@given(st.one_of(scenarios(), generated_scenarios()), st.data())
def test_extremes_run_or_say_why(raw: dict[str, Any], data: st.DataObject) -> None:
    """
    A scenario with extreme numbers runs, or is refused, or ends with a PaysimError; and so do its
    results.
    """
    raw = copy.deepcopy(raw)
    paths = numbers(raw)
    for path in data.draw(st.lists(st.sampled_from(paths), min_size=1, max_size=6)):
        inner: Any = raw
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = data.draw(st.sampled_from(EXTREMES))
    with suppress(PaysimError):
        orchestrator = Orchestrator(raw)
        for _ in range(TICKS):
            orchestrator.tick()
        orchestrator.get_state()
        results = orchestrator.results()
        results.totals()
        for table in TABLES:
            getattr(results, table)
