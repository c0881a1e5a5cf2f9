"""
A run as the parts of a report read it: its totals once, its tables as Polars frames.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    import polars

    from paysim.results import Results


@attrs.frozen(eq=False, slots=False)
class Run:
    """
    The results of a run, with what several parts of a report need of them.
    """

    results: Results

    @cached_property
    def totals(self) -> dict[str, Any]:
        return self.results.totals()

    @cached_property
    def indicators(self) -> dict[str, Any]:
        return self.results.indicators()

    @cached_property
    def agents(self) -> polars.DataFrame:
        return self._frame("agents")

    @cached_property
    def ticks(self) -> polars.DataFrame:
        return self._frame("ticks")

    @cached_property
    def days(self) -> polars.DataFrame:
        return self._frame("days")

    @cached_property
    def transactions(self) -> polars.DataFrame:
        return self._frame("transactions")

    @cached_property
    def events(self) -> polars.DataFrame:
        return self._frame("events")

    @property
    def ids(self) -> list[str]:
        """
        Ids of the agents in scenario order.
        """
        return [agent.id for agent in self.results.scenario.agent_configs]

    @property
    def last_tick(self) -> int:
        """
        The last tick that was run, -1 before the first.
        """
        return int(self.totals["ticks"]) - 1

    def _frame(self, name: str) -> polars.DataFrame:
        import polars

        return polars.DataFrame(getattr(self.results, name))
