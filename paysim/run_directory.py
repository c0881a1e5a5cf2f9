"""
Run directories: which files there are, and how they are written.

The order is that of worth. `run.moves` comes first: all the rest can be made from it. `run.json`,
which tells that the directory is whole, comes last. Each file appears whole or not at all.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from paysim._kernel import GivenTransactions
from paysim.checkpoint_format import LISTED_MAX, RUN, Checkpoint, SavedAgent, encoded, is_checkpoint
from paysim.errors import PaysimError, ScenarioError, shown
from paysim.files.transactions import given_rows
from paysim.run_record import FORMATS, RunRecord, file_record
from paysim.scenario import Scenario
from paysim.state_file import held_directory, replace_file

if TYPE_CHECKING:
    from paysim._kernel import Table

TABLES: Final = (
    *("events", "transactions", "agents", "ticks", "days", "costs"),
    *("queues", "bilateral", "positions", "delays"),
)

MOVES: Final = "run.moves"
EVENTS: Final = "events.jsonl"
SCENARIO: Final = "scenario.json"
PAYMENTS: Final = "payments.csv"
RECORD: Final = "run.json"

Writer = Callable[[Path], object]
"""Writes one file, whole or not at all."""

Report = Callable[[str, int, int], None]
"""Is told the name of the file that is written now, how many are, and how many there will be."""


def table_names(formats: Sequence[str] = FORMATS) -> list[str]:
    """
    Return the names of the files of tables in these formats.
    """
    return [f"{name}.{format}" for format in formats for name in TABLES]


_NAMES: Final = (MOVES, EVENTS, SCENARIO, PAYMENTS, *table_names(), RECORD)
_TEMPORARY: Final = re.compile(r"\.(.+)\.[0-9-]+\.(part|tmp)")


def check_format(format: object) -> None:
    """
    Make sure that tables can be written in a format.

    Raises:
        ScenarioError: They cannot.
    """
    if format not in FORMATS:
        raise ScenarioError(f"format must be csv or parquet (got {shown(format)})")


def run_files(
    saved: Checkpoint,
    write_events: Writer,
    table: Callable[[str], Table],
    format: str,
) -> dict[str, Writer]:
    """
    Return what writes each file of a run directory but `run.json`, by name and in order.

    Args:
        saved: The run.
        write_events: Writes the event log.
        table: Returns a table by its name.
        format: The format of the tables.

    Raises:
        PaysimError: The run cannot be kept in a file.
    """
    moves = encoded(saved, RUN)
    files: dict[str, Writer] = {
        MOVES: _bytes_writer(lambda: moves),
        EVENTS: write_events,
        SCENARIO: _bytes_writer(lambda: [scenario_bytes(saved.scenario, saved.seed)]),
    }
    if are_beside(saved.scenario):
        files[PAYMENTS] = given_rows(saved.scenario.transactions).write_csv
    for name in TABLES:
        files[f"{name}.{format}"] = _table_writer(table, name, format)
    return files


def check_kept(scenario: Scenario, seed: int) -> None:
    """
    Make sure that a run of a scenario can be kept in a file, before it is run.

    Raises:
        PaysimError: It is too large.
    """
    encoded(Checkpoint(scenario, seed, 0, {}, b""), RUN)


def are_beside(scenario: Scenario) -> bool:
    """
    Whether transactions stand in a file of their own: from a file, or too many to be listed.
    """
    rows = scenario.transactions
    return isinstance(rows, GivenTransactions) or len(rows) > LISTED_MAX


def scenario_bytes(scenario: Scenario, seed: int) -> bytes:
    """
    Return what `scenario.json` holds of a scenario that is run with a seed.
    """
    raw = scenario.to_dict(PAYMENTS if are_beside(scenario) else None) | {"rng_seed": seed}
    return json.dumps(raw, indent=2, ensure_ascii=False).encode() + b"\n"


def write_run(
    directory: Path, record: RunRecord, files: Mapping[str, Writer], report: Report | None = None
) -> None:
    """
    Write a run directory, in the place of the run that is there.

    Nothing of the earlier run is touched before the first file is whole, and nothing of it is left
    when the second is begun, nor of a writer that was killed. A link in the place of a file is
    replaced, and not followed out of the directory.

    Raises:
        PaysimError: It cannot be written; the error names what is missing.
    """
    done: list[str] = []
    written = {}
    try:
        with writing(directory) as folder, held_directory(folder):
            _remove_leftovers(folder)
            for name, write in files.items():
                if report is not None:
                    report(name, len(done), len(files))
                write(folder / name)
                if not done:
                    _remove_earlier(folder, name)
                written[name] = file_record(folder / name)
                done.append(name)
            whole = attrs.evolve(record, files=written)
            _bytes_writer(lambda: [whole.text()])(folder / RECORD)
    except PaysimError as error:
        raise PaysimError(f"{error}\n{_left(directory, done, files)}") from error
    except KeyboardInterrupt as error:
        error.add_note(_left(directory, done, files))
        raise


def _left(directory: Path, done: Sequence[str], files: Mapping[str, Writer]) -> str:
    """
    Say what a directory that was not written to its end holds and lacks.
    """
    if not done:
        return f"nothing was written into {str(directory)!r}"
    # Of an earlier run nothing is left by now, and the last file may be whole already.
    whole = [name for name in files if (directory / name).exists()]
    missing = ", ".join([name for name in files if name not in whole] + [RECORD])
    opens = "paysim.open_results opens it all the same"
    return f"{str(directory)!r} holds {', '.join(whole)}, and lacks {missing}; {opens}"


def _remove_earlier(folder: Path, kept: str) -> None:
    """
    Remove what an earlier run has left; its record is the last to go, as it tells of all the rest.
    """
    for name in _NAMES:
        if name != kept:
            (folder / name).unlink(missing_ok=True)


def _remove_leftovers(folder: Path) -> None:
    """
    Remove what writers that were killed have left of the files of a run, under temporary names.
    """
    for entry in os.scandir(folder):
        found = _TEMPORARY.fullmatch(entry.name)
        if found and found[1] in _NAMES and not entry.is_dir(follow_symlinks=False):
            os.unlink(entry.path)


def _bytes_writer(parts: Callable[[], list[bytes]]) -> Writer:
    def write(path: Path) -> None:
        replace_file(path, parts(), follows=False)

    return write


def _table_writer(table: Callable[[str], Table], name: str, format: str) -> Writer:
    def write(path: Path) -> None:
        write_table(table(name), path, format)

    return write


def write_table(table: Table, path: Path, format: str) -> None:
    """
    Write a table in a format.
    """
    if format == "parquet":
        table.write_parquet(path)
    else:
        table.write_csv(path)


def is_run(directory: Path) -> bool:
    """
    Whether a directory holds a run, or what is left of one.
    """
    moves = directory / MOVES
    return (directory / EVENTS).exists() or (moves.is_file() and is_checkpoint(moves, RUN))


def check_run_directory(scenario: Scenario, directory: Path) -> None:
    """
    Make sure that a run can be written into a directory without the loss of anything else.

    Raises:
        ScenarioError: It holds files of the names of results that no run has written, or that the
            scenario was read from.
    """
    check_inputs(scenario, directory, table_names())
    names = (MOVES, PAYMENTS, SCENARIO, RECORD, *table_names())
    strangers = [name for name in names if (directory / name).exists()]
    if strangers and not is_run(directory):
        raise ScenarioError(
            f"{str(directory)!r} must be empty or hold a run: {strangers[0]} would be overwritten, "
            "which no run has written; name another directory"
        )


def check_inputs(scenario: Scenario, directory: Path, tables: Sequence[str]) -> None:
    """
    Make sure that tables are not written over what the scenario was read from.

    Raises:
        ScenarioError: They would be.
    """
    path = _overwritten(scenario, directory, {*tables, PAYMENTS})
    if path is not None:
        raise ScenarioError(f"{path!r} was read, and would be overwritten: name another directory")


def _overwritten(scenario: Scenario, directory: Path, written: set[str]) -> str | None:
    """
    Return a file that the scenario was read from and that its results would be written over.

    The directory of a run may be written again by the run that is repeated from it: what it reads
    is what it writes.
    """
    source = scenario.source
    for path, _ in scenario.unused:
        here = directory / Path(path).name
        if here.name not in written or not here.exists() or not here.samefile(path):
            continue
        is_same = (
            source is not None
            and (path, here.name) == (source.path, PAYMENTS)
            and here.read_bytes() == source.transactions.csv()
        )
        if not is_same:
            return path
    return None


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


def saved_run(
    scenario: Scenario, seed: int, tick: int, scripted: Sequence[str], moves: bytes
) -> Checkpoint:
    """
    Return a run as `run.moves` keeps it.
    """
    agents = {id: SavedAgent("") for id in scripted}
    return Checkpoint(scenario, seed, tick, agents, moves)
