"""
A file of transactions as it is read: its header, the columns that count, and what is wrong.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any, Final

import attrs

from paysim import _kernel
from paysim.errors import Problem, Problems, shown
from paysim.fields import Steps, did_you_mean, suggest_agent
from paysim.files.columns import NEAR_MISS, near_miss_hint, near_misses
from paysim.files.documents import place_text, unreadable
from paysim.files.transaction_reading import FIELDS, TransactionReading
from paysim.regular_file import open_regular, read_regular

_HEADERS_SHOWN: Final = 12
_PARQUET_NAMES: Final = (".parquet", ".pq")
_PARQUET_TEXT: Final = "must be a Parquet file that can be read"


@attrs.define
class Source:
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
            _check_file(self.path)
            if self.path.lower().endswith(_PARQUET_NAMES):
                found = self._read_parquet(settings, steps)
            else:
                found = self._read_csv(settings, steps)
        except OSError as error:
            self._note(self._place(), "", unreadable(error))
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
        _check_parquet(self.path)
        self.header = [(name, self._place()) for name in _kernel.parquet_header(self.path)]
        columns = self._columns(steps)
        if columns is None:
            return {}
        found = _kernel.read_parquet(self.path, columns, settings)
        return found | {"unused": self._unused(columns)}

    def _columns(self, steps: Steps) -> dict[str, int] | None:
        """
        Return the position of the column of each field that has one.
        """
        before = self.problems.count
        names = [name for name, _ in self.header]
        said = self.reading.map or {}
        mapped = {field: name for field, name in said.items() if name is not None}
        taken = {*mapped.values(), *(field for field in said if field not in mapped)}
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
                if date in mapped or (date == "deadline_date" and "deadline_tick" not in columns):
                    self._missing(time, columns)
                del columns[date]
        for field in ("sender_id", "receiver_id", "amount"):
            if field not in columns and field not in mapped:
                self._missing(field, columns)
        arrivals = ("arrival_tick", "arrival_time")
        if not any(field in columns or field in mapped for field in arrivals):
            self._missing("arrival_tick", columns, "or one of arrival_time")
        if self.problems.count == before:
            self._check_near_misses(columns, mapped)
            self._check_clock(columns, steps)
        return None if self.problems.count > before else columns

    def _check_near_misses(self, columns: dict[str, int], mapped: dict[str, str]) -> None:
        """
        Refuse headers that look like keys that would be missed.
        """
        settled = set(columns) | set(self.reading.map or {})
        for event in ("arrival", "deadline"):
            # The one form of a moment that counts leaves the other out, and says so by its name.
            tick, time, date = (f"{event}_{word}" for word in ("tick", "time", "date"))
            if tick in columns:
                settled |= {date, time} if tick in mapped else {date}
            elif time in mapped:
                settled.add(tick)
        used = set(columns.values())
        names = [name for name, _ in self.header]
        unused = [at for at in range(len(names)) if at not in used]
        for at, key in near_misses(names, unused, FIELDS, settled):
            hint = near_miss_hint(key, names[at], "--map")
            self._note(self.header[at][1], "", NEAR_MISS, shown(names[at]), hint)

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
            hint = suggest_agent(found, self.agents or ())
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


def _check_file(path: str) -> None:
    """
    Check that what is read is a file and never waits for more.

    Raises:
        OSError: It cannot be read.
        ValueError: It is none.
    """
    if os.path.isdir(path):
        raise ValueError("must be a file", "a directory")
    try:
        with open(open_regular(path), "rb") as file:
            read_regular(file, 1)
    except ValueError:
        raise ValueError("must be a file", "a device or pipe") from None


def _check_parquet(path: str) -> None:
    """
    Check the two ends of a Parquet file, which tell most files that are none.

    Raises:
        OSError: It cannot be read.
        ValueError: It is none.
    """
    with open(open_regular(path), "rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        first = file.read(4)
        file.seek(max(size - 8, 0))
        last = file.read(8)
    is_parquet = size >= 12 and first == b"PAR1" and last[4:] == b"PAR1"
    if not is_parquet or int.from_bytes(last[:4], "little") > size - 12:
        found = "an empty file" if not size else "something else, or a part of one"
        raise ValueError(_PARQUET_TEXT, found)
