"""
Results: the tables, the event log and the totals of one run.

The kernel keeps what happened in columns and makes each table when it is asked for.
Nothing here needs an extra except `to_polars`.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from paysim._kernel import GivenTransactions
from paysim.errors import PaysimError, ScenarioError, shown
from paysim.scenario import Scenario

if TYPE_CHECKING:
    import polars

    from paysim._kernel import Kernel, Table
    from paysim.history import Explanation, Trace

TABLES: Final = (
    *("events", "transactions", "agents", "ticks", "days", "costs"),
    *("queues", "bilateral", "positions", "delays"),
)

_PAYMENTS = "payments.csv"
_EVENTS = "events.jsonl"
_SCENARIO = "scenario.json"


class Results:
    """
    What a run has left behind, as it stood when the simulation handed it over.

    Each table is made at the first access and kept. A table reaches Polars, DuckDB and others
    through the Arrow PyCapsule interface without being copied: `polars.DataFrame(results.agents)`.
    The columns of each table are described in `docs/tables.md`.

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
        Return the readable summary: resolved rules, the system, agents and costs.
        """
        from paysim.summary import summary_text

        return summary_text(self.totals(), self.scenario, self.seed, self.scripted)

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
        try:
            import polars
        except ImportError as error:
            raise PaysimError(
                'to_polars needs Polars, which comes with: pip install "paysim[tables]"'
            ) from error
        return {name: polars.DataFrame(self._table(name)) for name in TABLES}

    def to_csv(self, directory: str | os.PathLike[str]) -> None:
        """
        Write each table as `NAME.csv` into a directory, which is made if it is missing.

        Raises:
            ScenarioError: `directory` is not a path.
            PaysimError: The directory cannot be written.
        """
        _check_path("directory", directory)
        check_inputs(self.scenario, Path(directory))
        with writing(directory) as folder:
            for name in TABLES:
                self._table(name).write_csv(str(folder / f"{name}.csv"))

    def write_events(self, path: str | os.PathLike[str]) -> int:
        """
        Write the event log as JSON lines and return the number of events.

        These bytes are the canonical form of a run: the same scenario and seed give the same ones.

        Raises:
            ScenarioError: `path` is not a path.
            PaysimError: The file cannot be written.
        """
        _check_path("path", path)
        with writing(Path(path).parent):
            return self._current().write_events(os.fspath(path))

    def write(self, directory: str | os.PathLike[str]) -> None:
        """
        Write everything: the tables as CSV, `events.jsonl`, and the scenario as `scenario.json`.

        Transactions in columns, as from a file, stand beside it in `payments.csv`, in ticks and
        minor units. Each file appears whole or not at all. The scenario is written with the seed of
        this run, so that running `scenario.json` again gives the same `events.jsonl`.
        What an earlier run has written there is replaced.

        Raises:
            ScenarioError: `directory` is not a path, or holds files of these names that no run has
                written.
            PaysimError: The directory cannot be written.
        """
        _check_path("directory", directory)
        check_run_directory(self.scenario, Path(directory))
        with writing(directory) as folder:
            # The log comes first: by it a directory is known as a run's.
            self.write_events(folder / _EVENTS)
            self.to_csv(folder)
            transactions = self.scenario.transactions
            beside = None
            if isinstance(transactions, GivenTransactions):
                beside = _PAYMENTS
                transactions.write_csv(folder / beside)
            else:
                (folder / _PAYMENTS).unlink(missing_ok=True)
            scenario = self.scenario.to_dict(beside) | {"rng_seed": self.seed}
            _replace(folder / _SCENARIO, json.dumps(scenario, indent=2, ensure_ascii=False))

    def _table(self, name: str) -> Table:
        table = self._tables.get(name)
        if table is None:
            table = self._tables[name] = getattr(self._current(), name)()
        return table

    def _current(self) -> Kernel:
        # A table made later would not agree with one made before.
        if _moment(self._kernel) != self._moment:
            raise PaysimError(
                f"the simulation has gone on from tick {self._moment[0]} to {self._kernel.tick} "
                "since these results were taken: ask it for results() again"
            )
        return self._kernel


def check_run_directory(scenario: Scenario, directory: Path) -> None:
    """
    Make sure that results can be written into a directory without the loss of anything else.

    Raises:
        ScenarioError: It holds files of the names of results that no run has written, or that the
            scenario was read from.
    """
    check_inputs(scenario, directory)
    names = (_PAYMENTS, _SCENARIO, *(f"{name}.csv" for name in TABLES))
    strangers = [name for name in names if (directory / name).exists()]
    if strangers and not (directory / _EVENTS).exists():
        raise ScenarioError(
            f"{str(directory)!r} must be empty or hold a run: {strangers[0]} would be overwritten, "
            "which no run has written; name another directory"
        )


def check_inputs(scenario: Scenario, directory: Path) -> None:
    """
    Make sure that tables are not written over what the scenario was read from.

    Raises:
        ScenarioError: They would be.
    """
    path = _overwritten(scenario, directory)
    if path is not None:
        raise ScenarioError(f"{path!r} was read, and would be overwritten: name another directory")


def _overwritten(scenario: Scenario, directory: Path) -> str | None:
    """
    Return a file that the scenario was read from and that its results would be written over.

    The directory of a run may be written again by the run that is repeated from it: what it reads
    is what it writes.
    """
    written = {f"{name}.csv" for name in TABLES} | {_PAYMENTS}
    source = scenario.source
    for path, _ in scenario.unused:
        here = directory / Path(path).name
        if here.name not in written or not here.exists() or not here.samefile(path):
            continue
        is_same = (
            source is not None
            and (path, here.name) == (source.path, _PAYMENTS)
            and here.read_bytes() == source.transactions.csv()
        )
        if not is_same:
            return path
    return None


def _moment(kernel: Kernel) -> tuple[int, bool]:
    return kernel.tick, kernel.is_open


def _check_path(name: str, value: object) -> None:
    if not isinstance(value, (str, os.PathLike)):
        raise ScenarioError(f"{name} must be text or os.PathLike (got {shown(value)})")


@contextmanager
def writing(directory: str | os.PathLike[str]) -> Iterator[Path]:
    """
    Make a directory, and turn what the system says against writing into it into one clear error.

    Raises:
        PaysimError: The directory, or something in it, cannot be written.
    """
    folder = Path(directory)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        yield folder
    except OSError as error:
        reason = error.strerror or str(error)
        raise PaysimError(f"cannot write into {str(folder)!r}: {reason}") from error


def _replace(path: Path, text: str) -> None:
    """
    Write a text file under a temporary name and rename it, so that it is never seen half-written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text + "\n", encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
