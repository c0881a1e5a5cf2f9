"""
Results: the tables, the event log and the totals of one run.

The kernel keeps what happened in columns and makes each table when it is asked for.
Nothing here needs an extra except `to_polars`.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, overload

from paysim.errors import PaysimError, ScenarioError, shown
from paysim.extras import check_extra
from paysim.run_directory import (
    TABLES,
    Report,
    Writer,
    check_format,
    check_inputs,
    check_run_directory,
    run_files,
    saved_run,
    table_names,
    write_run,
    write_table,
    writing,
)
from paysim.run_record import RunRecord, record_of
from paysim.scenario import Scenario

if TYPE_CHECKING:
    import polars

    from paysim._kernel import Kernel, Table
    from paysim.history import Explanation, Trace

__all__ = ["TABLES", "Results"]


ROW_BYTES: Final = 200
"""Bytes that a row of the tables `ticks` and `agents` takes at least, in round numbers."""


class Results:
    """
    What a run has left behind, as it stood when the simulation handed it over.

    Each table is made at the first access and kept. A table reaches Polars, DuckDB and others
    through the Arrow PyCapsule interface without being copied: `polars.DataFrame(results.agents)`.
    The columns of each table are described in `docs/reference/tables.md`.

    Args:
        kernel: The kernel that ran.
        scenario: The scenario it ran.
        seed: The seed it ran with.
        scripted: Ids of the agents whose behaviour was Python and not their policy.
    """

    def __init__(
        self, kernel: Kernel, scenario: Scenario, seed: int, scripted: Collection[str] = ()
    ) -> None:
        self.scenario = scenario
        self.seed = seed
        self.scripted = frozenset(scripted)
        self._kernel = kernel
        self._moment = _moment(kernel)
        self._tables: dict[str, Table] = {}

    def __repr__(self) -> str:
        """
        Return the size of the run in one line.
        """
        agents = len(self.scenario.agent_configs)
        return f"<Results of {agents} agents over {self._moment[0]} ticks, seed {self.seed}>"

    @property
    def num_ticks(self) -> int:
        """
        The ticks that were run, which is the next tick.
        """
        return self._moment[0]

    @property
    def events(self) -> Table:
        """
        One row per event, in the order of the event log.
        """
        return self._table("events")

    @property
    def transactions(self) -> Table:
        """
        One row per transaction that has arrived, parents and parts.
        """
        return self._table("transactions")

    @property
    def agents(self) -> Table:
        """
        One row per tick and agent.
        """
        return self._table("agents")

    @property
    def ticks(self) -> Table:
        """
        One row per tick, over all agents.
        """
        return self._table("ticks")

    @property
    def days(self) -> Table:
        """
        One row per day, over all agents.
        """
        return self._table("days")

    @property
    def costs(self) -> Table:
        """
        One row per cost that is not 0, by tick, agent and component, as exact decimals.
        """
        return self._table("costs")

    @property
    def queues(self) -> Table:
        """
        One row per stay of a transaction in a queue.
        """
        return self._table("queues")

    @property
    def bilateral(self) -> Table:
        """
        One row per day and ordered pair of agents with anything to count.
        """
        return self._table("bilateral")

    @property
    def positions(self) -> Table:
        """
        One row per day and agent: opening liquidity, net positions, obligations, in minor units.
        """
        return self._table("positions")

    @property
    def delays(self) -> Table:
        """
        One row per day of arrival, sender and delay (in ticks) that occurs, of what settled.
        """
        return self._table("delays")

    def totals(self) -> dict[str, Any]:
        """
        Return the totals of the run as plain values that JSON can hold.

        Values are in minor units; costs are exact decimals as strings.
        """
        return self._current().summary()

    def summary(self) -> str:
        """
        Return the readable summary: resolved rules, the system, some indicators, agents and costs.
        """
        from paysim.indicators.headline import headline_indicators
        from paysim.summary import summary_text

        indicators = headline_indicators(self)
        return summary_text(self.totals(), self.scenario, self.seed, self.scripted, indicators)

    @overload
    def indicators(self, *, by: None = None, day: int | None = None) -> dict[str, Any]: ...

    @overload
    def indicators(self, *, by: Literal["agent", "tick"], day: int | None = None) -> Table: ...

    def indicators(
        self, *, by: Literal["agent", "tick"] | None = None, day: int | None = None
    ) -> dict[str, Any] | Table:
        """
        Return the indicators of the run: of the system, or a table with a row per agent or tick.

        Values are in minor units, shares fractions of 1, costs exact decimals as strings; what is
        undefined, as 0/0, is None. Of several days numerators and denominators are summed before
        they are divided. Names, units, formulas and sources stand in
        `docs/reference/indicators.md`.

        Args:
            by: None for a dict of plain values that JSON can hold.
            day: Only this day, from 0.

        Raises:
            ScenarioError: `by` is something else, or the run has no such day.
        """
        from paysim.indicators import indicators

        return indicators(self, by, day)

    def gridlocks(self) -> list[bool]:
        """
        Return for each tick whether it ended in a gridlock.

        No transaction of the central queue could settle alone then, but its largest ordered set
        was not empty (Bech and Soramäki 2001).
        """
        return self._current().gridlocks()

    def trace(self, transaction_id: str) -> Trace:
        """
        Return the life of one transaction, event by event, as plain values; `print` shows it.

        A transaction that was split tells what became of its parts, a part how its whole arrived.
        Balances stand as before and after each event, and around the whole of a posting; values are
        in minor units, costs are exact decimals as strings. The keys are told in
        `docs/guides/explain.md`.

        Raises:
            ScenarioError: No transaction of this id has arrived; the nearest ids are named.
        """
        from paysim.history import trace

        return trace(self._current(), transaction_id)

    def explain(self, agent_id: str, tick: int) -> Explanation:
        """
        Return what an agent saw and decided in one tick, what became of its transactions and why.

        Plain values, which `print` shows as text; values are in minor units. The keys are told in
        `docs/guides/explain.md`.

        Raises:
            ScenarioError: There is no such agent, or the tick is not over.
        """
        from paysim.history import explain

        return explain(self._current(), self.scenario, self.scripted, agent_id, tick)

    def to_polars(self) -> dict[str, polars.DataFrame]:
        """
        Return all tables as Polars data frames, by name.

        Raises:
            PaysimError: Polars is not installed.
        """
        check_extra("tables", "to_polars needs", "polars")
        import polars

        return {name: polars.DataFrame(self._table(name)) for name in TABLES}

    def to_csv(self, directory: str | os.PathLike[str]) -> None:
        """
        Write each table as `NAME.csv` into a directory, which is made if it is missing.

        Raises:
            ScenarioError: `directory` is not a path.
            PaysimError: The directory cannot be written.
        """
        self._write_tables(directory, "csv")

    def to_parquet(self, directory: str | os.PathLike[str]) -> None:
        """
        Write each table as `NAME.parquet` into a directory, which is made if it is missing.

        This needs no extra.

        Raises:
            ScenarioError: `directory` is not a path.
            PaysimError: The directory cannot be written.
        """
        self._write_tables(directory, "parquet")

    def write_events(self, path: str | os.PathLike[str]) -> int:
        """
        Write the event log as JSON lines and return the number of events.

        These bytes are the canonical form of a run: the same scenario and seed give the same ones.

        Raises:
            ScenarioError: `path` is not a path.
            PaysimError: The file cannot be written.
        """
        check_path("path", path)
        with writing(Path(path).parent):
            return self._current().write_events(os.fspath(path))

    def write(
        self,
        directory: str | os.PathLike[str],
        format: Literal["csv", "parquet"] = "csv",
        *,
        report: Report | None = None,
    ) -> None:
        """
        Write a complete run directory, which `paysim.open_results` opens again.

        It holds the event log, the tables, the scenario with the seed of this run, so that running
        `scenario.json` again gives the same `events.jsonl`, and what else
        `docs/reference/run_directory.md` describes. Transactions in columns, as from a file, stand
        beside the scenario in `payments.csv`, in ticks and minor units. Each file appears whole or
        not at all. What an earlier run has written there is replaced.

        Args:
            directory: Where; it is made if it is missing.
            format: The format of the tables. Neither needs an extra.
            report: Is called with the name of the file that is written next, how many are written,
                and how many there will be.

        Raises:
            ScenarioError: An argument is not what it has to be, or the directory holds files of
                these names that no run has written.
            PaysimError: The directory cannot be written, or a tick is open.
        """
        check_path("directory", directory)
        check_format(format)
        check_run_directory(self.scenario, Path(directory))
        files = self.run_files(format)
        write_run(Path(directory), self.run_record(format), files, report)

    def run_files(self, format: str) -> dict[str, Writer]:
        """
        Return what writes each file of a run directory but `run.json`, by name and in order.

        Raises:
            PaysimError: A tick is open, or the scenario is too large to be kept in a file.
        """
        kernel = self._current()
        if kernel.is_open:
            raise PaysimError(
                f"a run cannot be written while a tick is open: take results after tick "
                f"{kernel.tick} has settled, or write to_csv, to_parquet and write_events"
            )
        moves = kernel.save()
        saved = saved_run(self.scenario, self.seed, kernel.tick, self._scripted_ids(), moves)
        return run_files(saved, self.write_events, self._fresh_table, format)

    def run_record(self, format: str) -> RunRecord:
        """
        Return what `run.json` tells of this run, files not yet included.
        """
        from paysim import __version__

        scripted = tuple(self._scripted_ids())
        return record_of(self.scenario, self.seed, self._moment[0], scripted, format, __version__)

    def _scripted_ids(self) -> list[str]:
        agents = self.scenario.agent_configs
        return [config.id for config in agents if config.id in self.scripted]

    def _write_tables(self, directory: str | os.PathLike[str], format: str) -> None:
        check_path("directory", directory)
        check_inputs(self.scenario, Path(directory), table_names([format]))
        with writing(directory) as folder:
            for name in TABLES:
                write_table(self._fresh_table(name), folder / f"{name}.{format}", format)

    def _fresh_table(self, name: str) -> Table:
        """
        Return a table without keeping it: all of them at once may take much memory.
        """
        table = self._tables.get(name)
        if table is None:
            table = self._made(name)
        return table

    def _table(self, name: str) -> Table:
        table = self._tables.get(name)
        if table is None:
            table = self._tables[name] = self._made(name)
        return table

    def _made(self, name: str) -> Table:
        kernel = self._current()
        if name in ("ticks", "agents"):
            self._check_memory(name)
        table: Table = getattr(kernel, name)()
        return table.with_metadata(self._origin | {"paysim.table": name})

    def _check_memory(self, name: str) -> None:
        """
        Make sure that a table with a row per tick can be held, as a few bytes ask for any number.

        Raises:
            PaysimError: It is larger than all memory of the machine.
        """
        rows = self.num_ticks * (len(self.scenario.agent_configs) if name == "agents" else 1)
        size, memory = rows * ROW_BYTES, memory_bytes()
        if memory is not None and size > memory:
            raise PaysimError(
                f"the table {name} would have {rows:,} rows and take {size / 1e9:,.0f} GB, and "
                f"this machine has {memory / 1e9:,.0f} GB of memory"
            )

    @cached_property
    def _origin(self) -> dict[str, str]:
        from paysim import __version__

        return {
            "paysim.version": __version__,
            "paysim.scenario_sha256": self.scenario.digest(),
            "paysim.seed": str(self.seed),
            "paysim.ticks_per_day": str(self.scenario.ticks_per_day),
        }

    def _current(self) -> Kernel:
        # A table made later would not agree with one made before.
        if _moment(self._kernel) != self._moment:
            raise PaysimError(
                f"the simulation has gone on from tick {self._moment[0]} to {self._kernel.tick} "
                "since these results were taken: ask it for results() again"
            )
        return self._kernel


def memory_bytes() -> int | None:
    """
    Return how much memory the machine has, as far as it says so.
    """
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _moment(kernel: Kernel) -> tuple[int, bool]:
    return kernel.tick, kernel.is_open


def check_path(name: str, value: object) -> None:
    """
    Make sure that an argument is a path.

    Raises:
        ScenarioError: It is not.
    """
    if not isinstance(value, (str, os.PathLike)):
        raise ScenarioError(f"{name} must be text or os.PathLike (got {shown(value)})")
