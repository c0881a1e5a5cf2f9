"""
Given transactions from a file, CSV or Parquet: columns, or all that is wrong with its rows.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from paysim import _kernel
from paysim._kernel import GivenTransactions
from paysim.documents import place_text, reason
from paysim.errors import Problem, Problems, ScenarioError, TooManyProblems, shown
from paysim.fields import Steps, did_you_mean
from paysim.file_kinds import resolved
from paysim.records import Record
from paysim.transaction_file import (
    FIELDS,
    TransactionFile,
    TransactionReading,
    hours,
    merged,
    read_mapping,
)

TICKS_PER_DAY_MAX: Final = 1_000_000

_HEADERS_SHOWN = 12
_SUGGEST_AMONG = 200
_PARQUET = (".parquet", ".pq")


@attrs.frozen
class Loaded:
    """
    What a file of transactions came to.

    Attributes:
        transactions: The transactions.
        ticks_per_day: Ticks of a business day, if arrivals are times.
        num_days: Days that hold all arrivals, if that can be told.
        days: The business days in order, as dates or numbers, if arrivals are times.
        dropped: Rows left out for being outside the opening hours.
        moved: Rows that arrive at a later opening for the same reason.
        unused: Headers of the columns that were not read.
        path: The file.
    """

    transactions: GivenTransactions
    ticks_per_day: int | None
    num_days: int | None
    days: tuple[str, ...]
    dropped: int
    moved: int
    unused: tuple[str, ...]
    path: str


def load_transactions(
    path: str | os.PathLike[str],
    agents: Collection[str] | None = None,
    *,
    ticks_per_day: int | None = None,
    num_days: int | None = None,
    **settings: Any,
) -> Loaded:
    """
    Return the transactions in a file: Parquet if its name ends in `.parquet`, else CSV.

    Args:
        path: The file.
        agents: Ids of the agents that there are; without them any party is one.
        ticks_per_day: Ticks of a day, for arrivals that are ticks.
        num_days: Days of the run, in which all arrivals have to be.
        settings: The keys of `transactions` in a scenario: `map`, `mapping`, `decimals`,
            `decimal_comma`, `delimiter`, `open`, `close`, `tick`, `dates`, `outside_hours`.

    Raises:
        ScenarioError: If the file cannot be read, or with every row that is wrong.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise ScenarioError(f"path must be text or os.PathLike (got {shown(path)})")
    problems = Problems()
    loaded = None
    try:
        raw = {"file": Path(path), **settings}
        loaded = read_transactions(raw, "", (), problems, agents, ticks_per_day, num_days)
    except TooManyProblems:
        pass
    if problems.count or loaded is None:
        raise problems.error()
    return loaded


def read_transactions(
    raw: Any,
    folder: str | os.PathLike[str],
    steps: Steps,
    problems: Problems,
    agents: Collection[str] | None = None,
    ticks_per_day: int | None = None,
    num_days: int | None = None,
) -> Loaded | None:
    """
    Return the transactions that `raw` names, the name of a file or a mapping with its keys.

    Args:
        raw: What a scenario says.
        folder: What names of files are relative to.
        steps: The path to it in the scenario.
        problems: Where problems are noted.
        agents: Ids of the agents, if they are known.
        ticks_per_day: Ticks of a day, if they are given.
        num_days: Days of the run, if they are given.
    """
    before = problems.count
    file = Record(TransactionFile).read(
        raw if isinstance(raw, dict) else {"file": raw}, steps, problems
    )
    if problems.count > before:
        return None
    mapping = None
    if file.mapping is not None:
        mapping = read_mapping(resolved(file.mapping, folder), problems)
        if mapping is None:
            return None
    reading = merged(file, mapping.reading if mapping else None)
    times = hours(reading, steps, problems)
    if problems.count > before:
        return None
    source = _Source(resolved(file.file, folder), reading, problems, agents)
    settings = {
        "decimals": reading.decimals or 0,
        "decimal_comma": bool(reading.decimal_comma),
        "dates": reading.dates or "ymd",
        "outside_hours": reading.outside_hours or "error",
        "hours": times,
        "agents": None if agents is None else set(agents),
        "end_tick": None,
        "num_days": num_days,
    }
    if times is None:
        if ticks_per_day and num_days:
            settings["end_tick"] = ticks_per_day * num_days
    else:
        own = times[1] // times[2]
        if own > TICKS_PER_DAY_MAX:
            text = f"must make at most {TICKS_PER_DAY_MAX} ticks of a day"
            problems.add((*steps, "tick"), text, str(own))
            return None
        if ticks_per_day not in (None, own):
            text = f"must be {own}, the ticks of {reading.tick} that open and close hold"
            problems.add(("ticks_per_day",), text, shown(ticks_per_day))
            return None
        ticks_per_day = own
    found = source.read(settings, steps)
    if found is None:
        return None
    transactions, unused = found["transactions"], found["unused"]
    if num_days is None and ticks_per_day:
        num_days = max(len(found["days"]), (transactions.last_tick or 0) // ticks_per_day + 1)
    return Loaded(
        transactions,
        None if times is None else ticks_per_day,
        num_days,
        tuple(found["days"]),
        found["dropped"],
        found["moved"],
        unused,
        source.path,
    )


@attrs.define
class _Source:
    """
    A file that is being read.
    """

    path: str
    reading: TransactionReading
    problems: Problems
    agents: Collection[str] | None
    header: list[tuple[str, str]] = attrs.field(factory=list)
    """The name of each column, and its place."""

    def read(self, settings: dict[str, Any], steps: Steps) -> dict[str, Any] | None:
        """
        Return what the kernel read, or None if something is wrong.
        """
        before = self.problems.count
        found: dict[str, Any] = {}
        try:
            if self.path.lower().endswith(_PARQUET):
                found = self._read_parquet(settings, steps)
            else:
                found = self._read_csv(settings, steps)
        except OSError as error:
            self._note(self._place(), "", reason(error))
        except ValueError as error:
            text, what = error.args if len(error.args) == 2 else (str(error), "")
            self._note(self._place(), "", text, what)
        for problem in found.get("problems", ()):
            self._note_cell(*problem)
        self.problems.count += found.get("omitted", 0)
        return None if self.problems.count > before else found

    def _read_csv(self, settings: dict[str, Any], steps: Steps) -> dict[str, Any]:
        delimiter, cells = _kernel.csv_header(self.path, self.reading.delimiter)
        self.header = [(name, self._place(line, column)) for name, line, column in cells]
        columns = self._columns(steps)
        if columns is None:
            return {}
        found = _kernel.read_csv(self.path, delimiter, columns, settings)
        return found | {"unused": self._unused(columns)}

    def _read_parquet(self, settings: dict[str, Any], steps: Steps) -> dict[str, Any]:
        try:
            import polars
        except ImportError:
            text = 'needs Polars, which comes with: pip install "paysim[tables]"'
            self._note(self._place(), "", text)
            return {}
        try:
            names = polars.scan_parquet(self.path, glob=False).collect_schema().names()
            self.header = [(name, self._place()) for name in names]
            columns = self._columns(steps)
            if columns is None:
                return {}
            wanted = [names[column] for column in columns.values()]
            stream = polars.scan_parquet(self.path, glob=False).select(dict.fromkeys(wanted))
            places = {name: at for at, name in enumerate(dict.fromkeys(wanted))}
            batches = stream.collect()
        except polars.exceptions.PolarsError as error:
            text = f"must be a Parquet file that can be read: {str(error).splitlines()[0]:.200}"
            self._note(self._place(), "", text)
            return {}
        positions = {field: places[names[column]] for field, column in columns.items()}
        found = _kernel.read_arrow(batches, positions, settings)
        return found | {"unused": self._unused(columns)}

    def _columns(self, steps: Steps) -> dict[str, int] | None:
        """
        Return the position of the column of each field that has one.
        """
        before = self.problems.count
        names = [name for name, _ in self.header]
        mapped = self.reading.map or {}
        taken = set(mapped.values())
        columns: dict[str, int] = {}
        for field in FIELDS:
            name = mapped.get(field, field)
            if field not in mapped and name in taken:
                continue
            positions = [at for at, own in enumerate(names) if own == name]
            if positions:
                columns[field] = positions[0]
            elif field in mapped:
                hint = did_you_mean(name, names)
                self._note(
                    self._top(), field, f"must have a column {shown(name)}", self._found(), hint
                )
            for again in positions[1:]:
                self._note(
                    self.header[again][1], field, "must have one column", f"{shown(name)} again"
                )
        for one, other in (("arrival_tick", "arrival_time"), ("deadline_tick", "deadline_time")):
            if one in columns and other in columns:
                if (one in mapped) == (other in mapped):
                    text = f"must not have a column beside that of {one}"
                    hint = f"map the one that counts (--map {other}={mapped.get(other, other)})"
                    self._note(self.header[columns[other]][1], other, text, "", hint)
                else:
                    del columns[other if one in mapped else one]
        for date, time in (("arrival_date", "arrival_time"), ("deadline_date", "deadline_time")):
            if date in columns and time not in columns:
                if date in mapped:
                    self._missing(time, columns)
                del columns[date]
        for field in ("sender_id", "receiver_id", "amount"):
            if field not in columns and field not in mapped:
                self._missing(field, columns)
        arrivals = ("arrival_tick", "arrival_time")
        if not any(field in columns or field in mapped for field in arrivals):
            self._missing("arrival_tick", columns, "or one of arrival_time")
        if self.problems.count == before:
            self._check_clock(columns, steps)
        return None if self.problems.count > before else columns

    def _check_clock(self, columns: dict[str, int], steps: Steps) -> None:
        """
        Check that times have hours and ticks have none.
        """
        has_hours = self.reading.open is not None
        if "arrival_time" in columns and not has_hours:
            hint = "for example open: 08:00, close: 18:00, tick: 1min (--open, --close, --tick)"
            text = "are needed to make ticks of arrival_time"
            self._note(self._top(), "open, close and tick", text, "none", hint)
        elif "arrival_time" not in columns:
            for name in ("open", "outside_hours"):
                if getattr(self.reading, name) is not None:
                    text = "is for arrival_time, and the file has arrival_tick"
                    self.problems.add((*steps, name), text)
            if "deadline_time" in columns:
                text = "needs arrivals in times: map arrival_time, or give deadline_tick"
                self._note(self.header[columns["deadline_time"]][1], "deadline_time", text)

    def _missing(self, field: str, columns: dict[str, int], more: str = "") -> None:
        unused = self._unused(columns)
        word = did_you_mean(field, unused).removeprefix("did you mean ").removesuffix("?")
        hint = f"name it in map, or by --map {field}={word or 'HEADER'}"
        text = " ".join(part for part in ("must have a column", more) if part)
        self._note(self._top(), field, text, self._found(), hint)

    def _unused(self, columns: dict[str, int]) -> tuple[str, ...]:
        used = set(columns.values())
        return tuple(name for at, (name, _) in enumerate(self.header) if at not in used)

    def _found(self) -> str:
        words = [shown(name) for name, _ in self.header[:_HEADERS_SHOWN]]
        more = len(self.header) - len(words)
        return f"the header {', '.join(words)}" + (f" and {more} more" if more else "")

    def _note(self, place: str, path: str, text: str, found: str = "", hint: str = "") -> None:
        self.problems.add_placed(Problem(place, path, text, found, hint))

    def _note_cell(
        self,
        line: int,
        column: int | None,
        field: str | None,
        expected: str,
        found: str,
        is_cell: bool,
        hint: str,
    ) -> None:
        if is_cell and expected == "must be the id of an agent":
            hint = suggest(found, self.agents or ())
        found = shown(found) if is_cell else found
        self._note(self._place(line, column), self._label(field), expected, found, hint)

    def _label(self, field: str | None) -> str:
        name = (self.reading.map or {}).get(field or "")
        if field is None or name in (None, field):
            return field or ""
        return f"{field} ({name if str(name).isprintable() else ascii(name)[1:-1]})"

    def _top(self) -> str:
        return self.header[0][1] if self.header else self._place()

    def _place(self, line: int | None = None, column: int | None = None) -> str:
        if line is not None and column is None:
            return f"{place_text(self.path, None)}:row {line}"
        return place_text(self.path, None if line is None else (line, column or 1))


def suggest(name: str, among: Collection[str]) -> str:
    """
    Return a suggestion in place of a name that is not among those that there are.
    """
    # Comparing with thousands of names would take longer than the rest of the check.
    return did_you_mean(name, sorted(among)) if len(among) <= _SUGGEST_AMONG else ""


def given_rows(transactions: Sequence[Any] | GivenTransactions) -> GivenTransactions:
    """
    Return transactions as columns, whichever way a scenario holds them.
    """
    if isinstance(transactions, GivenTransactions):
        return transactions
    return GivenTransactions.from_rows(transactions)
