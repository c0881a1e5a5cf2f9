"""
Runs and the names by which a query tells them apart.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from paysim.errors import ScenarioError, shown
from paysim.reopening import open_results
from paysim.results import Results
from paysim.run_directory import RECORD
from paysim.run_record import read_record
from paysim.state_file import place

Run: TypeAlias = Results | str | os.PathLike[str]
Runs: TypeAlias = Run | Iterable[Run] | Mapping[str, Run]


class NamedRun:
    """
    A run under the name that its rows have; a directory is opened when its results are needed.

    Attributes:
        name: What stands in the column `run`.
        path: The run directory, or `None`.
    """

    def __init__(self, name: str, run: Run) -> None:
        self.name = name
        self.path = None if isinstance(run, Results) else os.fsdecode(run)
        self._given = run

    @cached_property
    def results(self) -> Results:
        """
        The results.

        Raises:
            ScenarioError: The directory is no run directory, or is damaged.
        """
        if isinstance(self._given, Results):
            return self._given
        return open_results(self._given)

    @property
    def version(self) -> str:
        """
        The version of paysim that ran it.
        """
        record = None if self.path is None else Path(self.path, RECORD)
        if record is not None and record.exists():
            return read_record(record).paysim
        return self.results.run_record("csv").paysim

    def check(self) -> None:
        """
        Make sure that there is a directory, if the run is to be read from one.

        Raises:
            ScenarioError: There is none.
        """
        if self.path is not None and not Path(self.path).is_dir():
            raise ScenarioError(
                f"{place(Path(self.path))}  must be a run directory, as paysim run --out writes it "
                f"(got {'a file' if Path(self.path).exists() else 'nothing of this name'})"
            )


def named_runs(runs: Runs) -> list[NamedRun]:
    """
    Return runs with their names, no two the same.

    A mapping gives names. A directory has its own name; if two have the same, as much of the path
    before it is added as tells them apart. Results are `run_1`, `run_2`, ... by their place.

    Raises:
        ScenarioError: It is nothing of the kind, or a directory is given twice.
    """
    if isinstance(runs, Mapping):
        for name, run in runs.items():
            if not isinstance(name, str) or not name.isprintable() or not name:
                raise ScenarioError(f"the name of a run must be printable text (got {shown(name)})")
            _check(run)
        return [NamedRun(name, run) for name, run in runs.items()]
    given: Sequence[Run]
    if isinstance(runs, (Results, str, os.PathLike)):
        given = [runs]
    elif isinstance(runs, Iterable):
        given = list(runs)
    else:
        raise _wrong(runs)
    for run in given:
        _check(run)
    return [NamedRun(name, run) for name, run in zip(_names(given), given, strict=True)]


def _check(run: object) -> None:
    if not isinstance(run, (Results, str, os.PathLike)):
        raise _wrong(run)


def _wrong(found: object) -> ScenarioError:
    return ScenarioError(
        "runs must be results, run directories, a list of them, or a mapping of names to them "
        f"(got {shown(found)})"
    )


def _names(runs: Sequence[Run]) -> list[str]:
    parts = []
    for number, run in enumerate(runs, start=1):
        if isinstance(run, Results):
            parts.append([f"run_{number}"])
        else:
            folder = Path(os.fsdecode(run)).resolve()
            # A name that is no text at all is shown with marks in the place of its bytes.
            text = os.fsencode(folder).decode(errors="replace")
            parts.append([part for part in text.split(os.sep) if part] or [os.sep])
    # How many parts of each path its name has.
    depths = [1] * len(parts)
    while True:
        names = [os.sep.join(own[-depth:]) for own, depth in zip(parts, depths, strict=True)]
        counts = Counter(names)
        same = [at for at, name in enumerate(names) if counts[name] > 1]
        longer = [at for at in same if depths[at] < len(parts[at])]
        if not same:
            return names
        if not longer:
            raise ScenarioError(f"the run {names[same[0]]!r} is given twice")
        for at in longer:
            depths[at] += 1
