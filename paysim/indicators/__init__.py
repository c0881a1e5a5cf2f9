"""
Indicators of a run, each a small pure function, by subject; this module puts them together.

Formulas, units and sources of all of them stand in `docs/reference/indicators.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from paysim.errors import ScenarioError, shown
from paysim.indicators.facts import Facts

if TYPE_CHECKING:
    from paysim._kernel import Table
    from paysim.results import Results

By = Literal["agent", "tick"]


@overload
def indicators(results: Results, by: None = None, day: int | None = None) -> dict[str, Any]: ...


@overload
def indicators(results: Results, by: By, day: int | None = None) -> Table: ...


def indicators(
    results: Results, by: By | None = None, day: int | None = None
) -> dict[str, Any] | Table:
    """
    Return the indicators of the system as a dict, or a table of those of each agent or tick.

    Raises:
        ScenarioError: `by` is something else, or the run has no such day.
    """
    if by not in (None, "agent", "tick"):
        raise ScenarioError(f"by must be 'agent', 'tick' or None (got {shown(by)})")
    facts = Facts(results, day)
    if by == "agent":
        from paysim.indicators.by_agent import agent_table

        return agent_table(facts)
    if by == "tick":
        from paysim.indicators.by_tick import tick_table

        return tick_table(facts)
    from paysim.indicators.system import system_indicators

    return system_indicators(facts)
