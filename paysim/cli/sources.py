"""
Where a scenario comes from: a scenario file, files of transactions and agents, or all of them.

`paysim run` and `paysim validate` share these options. What an option says wins over the same key
of the scenario, and that over the same key of a mapping file.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import click

from paysim.cli.common import FilePath
from paysim.errors import Problem, ScenarioError

if TYPE_CHECKING:
    from paysim.scenario import Scenario

FOR_BOTH: Final = ("mapping", "decimals", "decimal_comma")
"""Settings that say how transactions and agents are read."""

FOR_TRANSACTIONS: Final = ("delimiter", "open", "close", "tick", "dates", "outside_hours")
"""Settings that say how transactions are read."""

FOR_RUN: Final = ("ticks_per_day", "num_days")
"""Keys at the top of a scenario."""

_ADVICE: Final = {
    "agent_configs": "give --agents FILE or a scenario that has them",
    "ticks_per_day": "give --ticks-per-day N, or --open, --close and --tick if the file has times",
}


def _pairs(
    _: click.Context, __: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str | None], ...]:
    """
    Return keys and the headers of their columns, as in `sender_id=Debtor`; `priority=` has none.
    """
    pairs = []
    for value in values:
        key, equals, header = value.partition("=")
        if not (key and equals):
            raise click.BadParameter(f"{value!r} must be KEY=HEADER, such as sender_id=Debtor")
        pairs.append((key, header or None))
    return tuple(pairs)


def _delimiter(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """
    Return a delimiter; a tab, which is hard to type, is also a word.
    """
    value = "\t" if value == "tab" else value
    if value not in (None, ",", ";", "|", "\t"):
        raise click.BadParameter(f"{value!r} must be , ; | or tab")
    return value


def _columns(option: str, help: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(option, metavar="KEY=HEADER", multiple=True, callback=_pairs, help=help)


_OPTIONS: Final = (
    click.option("--scenario", "scenario", type=FilePath(), help="The same as SCENARIO."),
    click.option("--transactions", type=FilePath(), help="Transactions to replay, CSV or Parquet."),
    click.option("--agents", type=FilePath(), help="Agents, CSV; they replace the scenario's."),
    click.option("--mapping", type=FilePath(), help="YAML file that says how to read both."),
    _columns("--map", "Column of a key of the transactions."),
    _columns("--map-agent", "Column of a key of the agents."),
    click.option("--decimals", type=int, help="Decimal places of amounts; 0 reads minor units."),
    click.option("--decimal-comma", is_flag=True, default=None, help="Amounts like 1234,56."),
    click.option(
        "--delimiter",
        metavar="CHARACTER",
        callback=_delimiter,
        help="Between cells of the transactions, if not recognised: , ; | or tab.",
    ),
    click.option("--open", metavar="TIME", help="When a business day opens, such as 08:00."),
    click.option("--close", metavar="TIME", help="When it closes; before --open: the next day."),
    click.option("--tick", metavar="LENGTH", help="What a tick lasts, such as 1min, 30s, 500ms."),
    click.option(
        "--dates",
        type=click.Choice(["ymd", "dmy", "mdy"]),
        help="Order of day, month and year; ymd unless given.",
    ),
    click.option(
        "--outside-hours",
        type=click.Choice(["error", "next-open", "drop"]),
        help="What becomes of an arrival outside of hours; error unless given.",
    ),
    click.option("--ticks-per-day", type=int, help="Ticks of a day, for arrivals in ticks."),
    click.option("--num-days", type=int, help="Days of the run; unless given what the file has."),
)


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """
    Give a command the options of this module, and its function their values as `sources`.
    """

    @functools.wraps(command)
    def with_sources(**values: Any) -> Any:
        given = {name: values.pop(name) for name in list(values) if name in _FIELDS}
        return command(sources=Sources(**given), **values)

    for option in reversed(_OPTIONS):
        with_sources = option(with_sources)
    return with_sources


@attrs.frozen(kw_only=True)
class Sources:
    """
    What the options say; `None` or empty is not given.
    """

    scenario: Path | None = None
    transactions: Path | None = None
    agents: Path | None = None
    mapping: Path | None = None
    map: tuple[tuple[str, str | None], ...] = ()
    map_agent: tuple[tuple[str, str | None], ...] = ()
    decimals: int | None = None
    decimal_comma: bool | None = None
    delimiter: str | None = None
    open: str | None = None
    close: str | None = None
    tick: str | None = None
    dates: str | None = None
    outside_hours: str | None = None
    ticks_per_day: int | None = None
    num_days: int | None = None

    @property
    def name(self) -> str:
        """
        What the scenario is called in summaries.
        """
        return str(self.scenario or self.transactions)

    @property
    def are_given(self) -> bool:
        """
        Whether any of the options was given.
        """
        return self != Sources()

    def with_scenario(self, positional: Path | None) -> Sources:
        """
        Return the same with the scenario file that a command was given as its argument.
        """
        if positional is None:
            if self.scenario is None and self.transactions is None:
                raise click.UsageError("give a SCENARIO, or --transactions FILE and --agents FILE")
            return self
        if self.scenario is not None:
            raise click.UsageError("SCENARIO and --scenario are the same, and both are given")
        return attrs.evolve(self, scenario=positional)

    def load(self) -> Scenario:
        """
        Return the scenario, and tell on standard error what of the files is not in it.

        Raises:
            ScenarioError: With everything that is wrong.
        """
        from paysim.loading import load_scenario
        from paysim.scenario import Scenario

        if self.scenario is not None:
            return load_scenario(self.scenario, overrides=self.over)
        try:
            return Scenario.from_dict(self.over({}), folder=".")
        except ScenarioError as error:
            problems = [_advised(problem) for problem in error.problems]
            raise ScenarioError(problems, error.omitted) from None

    def over(self, raw: dict[str, Any]) -> dict[str, Any]:
        """
        Return what a scenario file says with what the options say put over it.
        """
        both, only = self._given(FOR_BOTH), self._given(FOR_TRANSACTIONS)
        if self.map:
            only["map"] = dict(self.map)
        for_agents = {"map": dict(self.map_agent)} if self.map_agent else {}
        values = {
            "transactions": _put(raw.get("transactions"), self.transactions, both | only),
            "agent_configs": _put(raw.get("agent_configs"), self.agents, both | for_agents),
        }
        if only and values["transactions"] is None:
            raise click.UsageError(f"{_options(only)} needs a file of transactions: --transactions")
        if for_agents and values["agent_configs"] is None:
            raise click.UsageError("--map-agent needs a file of agents: --agents")
        if both and not any(values.values()):
            raise click.UsageError(f"{_options(both)} needs a file to read: --transactions FILE")
        return raw | {key: value for key, value in values.items() if value} | self._given(FOR_RUN)

    def _given(self, names: Iterable[str]) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}


def tell_left_out(scenario: Scenario) -> None:
    """
    Tell on standard error which rows of the files were moved or left out, and which columns.
    """
    source = scenario.source
    if source is not None and source.moved:
        text = "outside the opening hours, moved to the next opening"
        click.echo(f"{source.path}: {_rows(source.moved)} {text}", err=True)
    if source is not None and source.dropped:
        click.echo(
            f"{source.path}: {_rows(source.dropped)} outside the opening hours, left out", err=True
        )
    for path, headers in scenario.unused:
        shown = [name if name.isprintable() else ascii(name) for name in headers[:_HEADERS_SHOWN]]
        columns, more = ", ".join(shown), len(headers) - len(shown)
        if columns:
            columns += f" and {more:,} more" if more else ""
            click.echo(f"{path}: columns not read: {columns}", err=True)


def _rows(count: int) -> str:
    return f"{count:,} row{'s' * (count != 1)}"


_HEADERS_SHOWN: Final = 12
_FIELDS: Final = {field.name for field in attrs.fields(Sources)}


def _put(old: Any, file: Path | None, settings: dict[str, Any]) -> dict[str, Any] | None:
    """
    Return how a file is to be read, or `None` where no file is read or nothing is new.

    Args:
        old: What the scenario has at this key.
        file: The file that an option names.
        settings: What options say of the reading.
    """
    new: dict[str, Any] = dict(old) if isinstance(old, dict) else {}
    if isinstance(old, str):
        new["file"] = old
    if file is not None:
        new["file"] = file
    if not new or (file is None and not settings):
        return None
    columns = new.get("map")
    if isinstance(columns, dict) and "map" in settings:
        settings = settings | {"map": columns | settings["map"]}
    return new | settings


def _options(settings: Iterable[str]) -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in settings)


def _advised(problem: Problem) -> Problem:
    advice = _ADVICE.get(problem.path, "")
    return attrs.evolve(problem, hint=advice) if problem.expected == "is missing" else problem
