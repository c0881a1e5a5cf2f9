"""
What the indicators read: the columns of a run's tables, cut to a day or to all days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import attrs

from paysim.errors import ScenarioError, shown

if TYPE_CHECKING:
    from paysim.results import Results

CAUSES: Final = (
    "entry",
    "queue_release",
    "bilateral_offsetting",
    "cycles",
    "gridlock_resolution",
    "end_of_day",
)
LSM_CAUSES: Final = ("bilateral_offsetting", "cycles", "gridlock_resolution")


class Facts:
    """
    The tables of a run as columns, each read once, and the days that are asked for.

    Attributes:
        ids: Ids of the agents, in scenario order.
        days: The days that are asked for.
        spans: First tick, and the tick after the last that was run, of each of these days.
    """

    def __init__(self, results: Results, day: int | None = None) -> None:
        """
        Take the results of a run, and a day, or None for all.

        Raises:
            ScenarioError: The run has no such day.
        """
        self.results = results
        self.ids = [config.id for config in results.scenario.agent_configs]
        self.ticks_per_day = results.scenario.ticks_per_day
        self._columns: dict[tuple[str, str], list[Any]] = {}
        self.ticks = results.num_ticks
        days = -(-self.ticks // self.ticks_per_day)
        if day is not None and (type(day) is not int or not 0 <= day < days):
            found = f"got {shown(day)}"
            raise ScenarioError(
                f"day must be an int from 0 to {days - 1} ({found})"
                if days
                else f"day must be left out, as no tick has been run ({found})"
            )
        self.day = day
        self.days = range(days) if day is None else range(day, day + 1)
        length = self.ticks_per_day
        self.spans = [(d * length, min((d + 1) * length, self.ticks)) for d in self.days]

    @property
    def first_tick(self) -> int:
        """
        The first tick that is asked for.
        """
        return self.spans[0][0] if self.spans else 0

    @property
    def end_tick(self) -> int:
        """
        The tick after the last that is asked for.
        """
        return self.spans[-1][1] if self.spans else 0

    def column(self, table: str, name: str) -> list[Any]:
        """
        Return a column of a table.
        """
        key = table, name
        if key not in self._columns:
            self._columns[key] = getattr(self.results, table).column(name)
        return self._columns[key]

    def make(self, *tables: str) -> None:
        """
        Make these tables at once, on all processors: the kernel needs no Python for it.
        """
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor() as pool:
            # What one of them raises is raised here.
            list(pool.map(lambda table: getattr(self.results, table), tables))

    @cached_property
    def totals(self) -> dict[str, Any]:
        """
        The totals of the run.
        """
        return self.results.totals()

    def system(self, name: str) -> list[Any]:
        """
        Return a column of `ticks`, all days.
        """
        return self.column("ticks", name)

    def agent(self, name: str, place: int) -> list[Any]:
        """
        Return a column of `agents` for one of them, by its place in scenario order, all days.
        """
        return self.column("agents", name)[place :: len(self.ids)]

    def positions(self, name: str, place: int | None = None) -> list[Any]:
        """
        Return a column of `positions` for the days asked for, of one agent or of all, day by day.
        """
        agents = len(self.ids)
        start, stop = self.days.start * agents, self.days.stop * agents
        rows = self.column("positions", name)
        return rows[start:stop] if place is None else rows[start + place : stop : agents]

    def rows(self, table: str, *names: str) -> Iterator[tuple[Any, ...]]:
        """
        Yield some columns of the rows of a table that has a column `day`, of the days asked for.
        """
        columns = [self.column(table, name) for name in names]
        wanted = self.days
        for day, *cells in zip(self.column(table, "day"), *columns, strict=True):
            if day in wanted:
                yield tuple(cells)

    def by_day(self, values: Sequence[Any]) -> list[Sequence[Any]]:
        """
        Cut values of all ticks into those of each day asked for.
        """
        return [values[start:end] for start, end in self.spans]

    def of_period(self, values: Sequence[Any]) -> Sequence[Any]:
        """
        Cut values of all ticks to the days asked for.
        """
        return values[self.first_tick : self.end_tick]


@attrs.frozen
class Flow:
    """
    What arrived, settled and waited, tick by tick over all days, of one agent or of all.

    Attributes:
        arrived: Value that arrived in each tick.
        settled: Value that settled in it.
        internal_volume: Volume in the internal queue at its end.
        internal_value: The value of that.
        central_volume: Volume in the central queue at its end.
        central_value: The value of that.
    """

    arrived: list[int]
    settled: list[int]
    internal_volume: list[int]
    internal_value: list[int]
    central_volume: list[int]
    central_value: list[int]


def system_flow(facts: Facts) -> Flow:
    """
    Return the flow of all agents together.
    """
    return Flow(
        facts.system("arrived_value"),
        facts.system("settled_value"),
        facts.system("internal_queue_volume"),
        facts.system("internal_queue_value"),
        facts.system("central_queue_volume"),
        facts.system("central_queue_value"),
    )


def agent_flow(facts: Facts, place: int) -> Flow:
    """
    Return the flow of one agent as a sender.
    """
    return Flow(
        facts.agent("arrived_value", place),
        facts.agent("paid_value", place),
        facts.agent("internal_queue_volume", place),
        facts.agent("internal_queue_value", place),
        facts.agent("central_queue_volume", place),
        facts.agent("central_queue_value", place),
    )
