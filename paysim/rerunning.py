"""
Running again what a run directory tells, and proof that it gives the same bytes.
"""

from __future__ import annotations

import copy
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from paysim.checkpoint_format import RUN
from paysim.checkpoints import read_checkpoint
from paysim.errors import PaysimError, Problem, ScenarioError
from paysim.loading import load_scenario
from paysim.regular_file import open_regular
from paysim.reopening import (
    check_directory,
    format_there,
    is_recorded,
    missing_files,
    readable,
    record_of_file,
)
from paysim.results import Results, check_path
from paysim.run_directory import EVENTS, MOVES, RECORD, SCENARIO, Report
from paysim.run_record import RunRecord, read_record, record_of
from paysim.simulation import Simulation
from paysim.state_file import place

if TYPE_CHECKING:
    from paysim.scenario import Scenario

SHOWN_MAX: Final = 160
"""Characters of a line that a difference shows."""

_CHUNK = 2**20
_NAMED_MAX = 10


class Difference(PaysimError):
    """
    A run that was run again did not give what its directory holds.
    """


@attrs.frozen
class Kept:
    """
    What a run directory says for running it again.

    Attributes:
        folder: The directory.
        record: What was run, from `run.json`, or from `run.moves` if that is missing.
        scenario: The scenario in `scenario.json`, as its author gave it.
        has_record: Whether `run.json` is there.
    """

    folder: Path
    record: RunRecord
    scenario: Scenario
    has_record: bool

    def simulation(self) -> Simulation:
        """
        Return the run at its beginning.
        """
        return Simulation(self.scenario, seed=self.record.seed)

    @property
    def is_of_this_version(self) -> bool:
        """
        Whether this version of paysim has written the directory.
        """
        from paysim import __version__

        return self.record.paysim == __version__


@attrs.frozen
class Proof:
    """
    A file that running again has given, byte for byte.

    Attributes:
        name: Its name.
        count: How many of `unit` it holds; `None` if it was not compared.
        unit: `events`, `rows`, `lines` or `bytes`.
    """

    name: str
    count: int | None
    unit: str = ""

    def __str__(self) -> str:
        """
        Return what is proved, in a line.
        """
        if self.count is None:
            return f"{self.name}  not compared: it holds the version of paysim"
        unit = self.unit[:-1] if self.count == 1 else self.unit
        return f"{self.name}  {self.count:,} {unit} the same"


def kept_run(directory: str | os.PathLike[str]) -> Kept:
    """
    Return what a run directory says for running it again.

    Raises:
        ScenarioError: It is no run directory, its scenario is another than that of the run, or
            agents decided in Python.
    """
    check_path("directory", directory)
    folder = Path(os.fsdecode(directory))
    check_directory(folder)
    has_record = (folder / RECORD).exists()
    record = read_record(folder / RECORD) if has_record else _record_of_moves(folder)
    if record.scripted:
        more = len(record.scripted) - _NAMED_MAX
        names = ", ".join(record.scripted[:_NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
        text = f"cannot be run again: {names} decided in Python, whose code is not in the directory"
        raise ScenarioError([Problem(place(folder), "", text, "")])
    scenario = copy.copy(load_scenario(folder / SCENARIO))
    # The file has the seed of the run, and every key whether it was given or not.
    object.__setattr__(scenario, "rng_seed", record.rng_seed)
    object.__setattr__(scenario, "given", frozenset(record.given))
    kept = Kept(folder, record, scenario, has_record)
    if kept.is_of_this_version and scenario.digest() != record.scenario_sha256:
        text = "must be the scenario of this run, and was changed since: paysim run runs it"
        raise ScenarioError([Problem(place(folder / SCENARIO), "", text, "")])
    return kept


def run_again(simulation: Simulation, ticks: int) -> Results:
    """
    Run so many ticks, past the last day if they are more, and return the results.
    """
    planned = simulation.scenario.num_ticks
    if simulation.env.now < min(ticks, planned):
        simulation.run(until=min(ticks, planned))
    for _ in range(ticks - planned):
        simulation.tick()
    return simulation.results()


def proofs(kept: Kept, results: Results, report: Report | None = None) -> Iterator[Proof]:
    """
    Write each file of a run again and compare it with the directory, the event log first.

    Args:
        kept: The directory.
        results: The results of running it again.
        report: Is called with the name of the file that is compared next, how many are, and how
            many there will be.

    Yields:
        What is proved, file by file.

    Raises:
        Difference: A file differs, or is missing.
        PaysimError: There is no room for a file beside the one that it is compared with.
    """
    format = kept.record.format
    files = results.run_files(format)
    # Other versions tell of themselves in these.
    versioned = {MOVES} | {name for name in files if name.endswith(".parquet")}
    names = sorted(files, key=lambda name: (name == MOVES, name != EVENTS))
    written = {}
    with tempfile.TemporaryDirectory(prefix="paysim-") as scratch:
        for number, name in enumerate(names):
            if report is not None:
                report(name, number, len(names))
            if not (kept.folder / name).exists():
                continue
            if name in versioned and not kept.is_of_this_version:
                yield Proof(name, None)
                continue
            path = Path(scratch, name)
            files[name](path)
            written[name] = record_of_file(path)
            yield _same(kept, name, path)
            path.unlink()
        missing = missing_files(kept.folder, kept.record if kept.has_record else None)
        if missing:
            raise Difference(
                f"{place(kept.folder)}  lacks {', '.join(missing)}: it was not written to its end, "
                "or files were removed"
            )
        if not kept.is_of_this_version:
            yield Proof(RECORD, None)
            return
        # The order of files is that of writing, whatever the order of comparing.
        record = results.run_record(format)
        record = attrs.evolve(record, files={name: written[name] for name in files})
        path = Path(scratch, RECORD)
        path.write_bytes(record.text())
        yield _same(kept, RECORD, path)


def _record_of_moves(folder: Path) -> RunRecord:
    """
    Return the record of a directory that was not written to its end.
    """
    if not (folder / MOVES).exists():
        text = f"must hold {RECORD} or {MOVES}, which say what was run, and lacks both"
        raise ScenarioError([Problem(place(folder), "", text, "")])
    saved = read_checkpoint(folder / MOVES, RUN)
    tables = format_there(folder)
    return record_of(
        saved.scenario, saved.seed, saved.tick, tuple(saved.agents), tables, saved.version
    )


def _same(kept: Kept, name: str, now: Path) -> Proof:
    """
    Return the proof that a file is the same as one that was written now.

    Raises:
        Difference: It is not.
    """
    there = kept.folder / name
    is_text = not (name == MOVES or name.endswith(".parquet"))
    with readable(there):
        at, lines = _first_difference(there, now)
    if at is None:
        if not is_text:
            return Proof(name, now.stat().st_size, "bytes")
        if name == EVENTS:
            return Proof(name, lines, "events")
        is_table = name.endswith(".csv")
        return Proof(name, lines - is_table, "rows" if is_table else "lines")
    if is_text:
        with readable(there):
            texts = [_line(path, at) for path in (there, now)]
        told = f"differs in line {lines + 1}\n  there: {texts[0]}\n  now:   {texts[1]}"
    else:
        told = f"differs in byte {at + 1}"
    recorded = kept.record.files.get(name)
    if recorded is not None and not is_recorded(there, recorded):
        reason = f"The file was changed after it was written, says {RECORD}."
    elif kept.is_of_this_version:
        reason = (
            "What takes part in a run besides its scenario, such as a SimPy process that decides "
            "for agents, is not in a directory."
        )
    else:
        reason = f"paysim {kept.record.paysim} has written it, and this is another version."
    raise Difference(f"{place(there)}  {told}\n{reason}")


def _first_difference(one: Path, other: Path) -> tuple[int | None, int]:
    """
    Return where two files differ first, if they do, and the line ends before that.
    """
    at = lines = 0
    with open(open_regular(one), "rb") as first, other.open("rb") as second:
        while True:
            left, right = first.read(_CHUNK), second.read(_CHUNK)
            if left == right:
                if not left:
                    return None, lines
                at, lines = at + len(left), lines + left.count(b"\n")
                continue
            common = _common(left, right)
            return at + common, lines + left.count(b"\n", 0, common)


def _common(one: bytes, other: bytes) -> int:
    """
    Return how many bytes two texts begin with alike.
    """
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        if one[least:middle] == other[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least


def _line(path: Path, at: int) -> str:
    """
    Return the line that a position of a file is in, or of a long one what is around it.
    """
    with open(open_regular(path), "rb") as file:
        file.seek(max(at - SHOWN_MAX, 0))
        before = file.read(min(at, SHOWN_MAX))
        after = file.read(SHOWN_MAX)
    start = before.rfind(b"\n") + 1
    if not before[start:] and not after:
        return "(the end of the file)"
    if len(before) - start > SHOWN_MAX // 2:
        start = len(before) - SHOWN_MAX // 2
    whole = before[start:] + after.split(b"\n", 1)[0]
    text = whole.decode("utf-8", "replace")[:SHOWN_MAX]
    return text if text.isprintable() else ascii(text)[1:-1]
