"""
Reopening a run directory: from the moves in it the kernel stands as it stood.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from paysim.checkpoint_format import RUN, Checkpoint
from paysim.checkpoints import read_checkpoint, restored_kernel
from paysim.errors import Problem, ScenarioError
from paysim.files.transactions import given_rows
from paysim.regular_file import open_regular, reason
from paysim.results import Results, check_path
from paysim.run_directory import (
    EVENTS,
    MOVES,
    PAYMENTS,
    RECORD,
    SCENARIO,
    are_beside,
    scenario_bytes,
    table_names,
)
from paysim.run_record import FileRecord, RunRecord, file_record, read_record
from paysim.state_file import place


class RunDirectoryWarning(UserWarning):
    """
    A run directory lacks files that can be made again from what it holds.
    """


def open_results(directory: str | os.PathLike[str]) -> Results:
    """
    Return the results of a run from its directory, with every table and method of any results.

    They are those of the run to the last byte, in whatever format its tables were written, and come
    from `run.moves`, at a few seconds per ten million events; the tables there are not read.

    Args:
        directory: What `Results.write` or `paysim run --out` has written.

    Raises:
        ScenarioError: It is no run directory, lacks what results are made from, or a file that they
            depend on is damaged or was changed since it was written.

    Warns:
        RunDirectoryWarning: The directory was not written to its end; what is missing is named.
            The results are whole.
    """
    check_path("directory", directory)
    folder = Path(os.fsdecode(directory))
    check_directory(folder)
    record = read_record(folder / RECORD) if (folder / RECORD).exists() else None
    if not (folder / MOVES).exists():
        raise _unusable(folder, _lacks_moves(folder, record))
    if record is not None and not is_recorded(folder / MOVES, record.files.get(MOVES)):
        text = f"must be the run that {RECORD} beside it tells of, and is another or damaged"
        raise _unusable(folder / MOVES, text)
    saved = read_checkpoint(folder / MOVES, RUN)
    if record is not None:
        _check_record(folder, record, saved)
    _check_scenario(folder, record, saved)
    ids = {config.id: number for number, config in enumerate(saved.scenario.agent_configs)}
    kernel = restored_kernel(saved, [ids[id] for id in saved.agents])
    lacking = missing_files(folder, record)
    if lacking:
        warnings.warn(
            f"{place(folder)} was not written to its end, or files were removed: it lacks "
            f"{', '.join(lacking)}; its results are whole",
            RunDirectoryWarning,
            stacklevel=2,
        )
    return Results(kernel, saved.scenario, saved.seed, saved.agents)


def missing_files(folder: Path, record: RunRecord | None) -> list[str]:
    """
    Return the names of files that a run directory lacks.

    Args:
        folder: The directory.
        record: What its `run.json` holds, if there is one.
    """
    if record is not None:
        return [name for name in record.files if not (folder / name).exists()]
    names = [EVENTS, SCENARIO, *table_names([format_there(folder)]), RECORD]
    return [name for name in names if not (folder / name).exists()]


def format_there(folder: Path) -> str:
    """
    Return the format of the tables that are there, as it seems.
    """
    has_parquet = any((folder / name).exists() for name in table_names(["parquet"]))
    return "parquet" if has_parquet else "csv"


def check_directory(folder: Path) -> None:
    """
    Make sure that there is a directory to be read.

    Raises:
        ScenarioError: There is none.
    """
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing of this name"
        raise _unusable(folder, "must be a run directory, as paysim run --out writes it", found)
    try:
        os.listdir(folder)
        # Without the right to enter it, its names can be seen, and nothing else.
        (folder / RECORD).exists()
    except OSError as error:
        raise _unusable(
            folder, f"cannot be read: {(error.strerror or str(error)).lower()}"
        ) from None


def _lacks_moves(folder: Path, record: RunRecord | None) -> str:
    if record is not None:
        return f"must hold {MOVES}, from which its results come, and lacks it"
    names = [EVENTS, SCENARIO, PAYMENTS, *table_names()]
    there = [name for name in names if (folder / name).exists()]
    # Any other directory may hold files of such names, above all one that `paysim init` has made.
    if EVENTS not in there and SCENARIO not in there:
        below = sorted(path for path in folder.iterdir() if os.path.exists(path / MOVES))
        hint = f"; did you mean {place(below[0])}?" if below else ""
        return (
            "must be a run directory, as paysim run --out writes it, and holds none of its files"
            + hint
        )
    again = f"; paysim run {SCENARIO} makes it again" if SCENARIO in there else ""
    return (
        f"must hold {MOVES}, from which its results come: it was not written to its end, or by an "
        f"earlier version, and holds only {', '.join(there)}{again}"
    )


def _check_record(folder: Path, record: RunRecord, saved: Checkpoint) -> None:
    """
    Make sure that `run.json` and `run.moves` tell of the same run.
    """
    scenario = saved.scenario
    for key, found, expected in (
        ("scenario_sha256", record.scenario_sha256, scenario.digest()),
        ("seed", record.seed, saved.seed),
        ("ticks", record.ticks, saved.tick),
        ("ticks_per_day", record.ticks_per_day, scenario.ticks_per_day),
        ("scripted", list(record.scripted), list(saved.agents)),
    ):
        if found != expected:
            text = f"must be what {MOVES} beside it says, and was changed since it was written"
            raise ScenarioError([Problem(place(folder / RECORD), key, text, "")])


def _check_scenario(folder: Path, record: RunRecord | None, saved: Checkpoint) -> None:
    """
    Make sure that scenario and payments, where they are there, are those of the run.
    """
    from paysim import __version__

    contents: dict[str, Callable[[], bytes]] = {
        SCENARIO: lambda: scenario_bytes(saved.scenario, saved.seed),
        PAYMENTS: lambda: given_rows(saved.scenario.transactions).csv(),
    }
    for name, content in contents.items():
        path = folder / name
        if not path.exists() or (name == PAYMENTS and not are_beside(saved.scenario)):
            continue
        if record is not None:
            expected = record.files.get(name)
        elif saved.version == __version__:
            whole = content()
            expected = FileRecord(len(whole), hashlib.sha256(whole).hexdigest())
        else:
            # Another version may write the same scenario in other words.
            continue
        if not is_recorded(path, expected):
            text = (
                "must be as it was written with this run, and was changed since: run it with "
                "paysim run, or remove it to see the run that it was"
            )
            raise _unusable(path, text)


def record_of_file(path: Path) -> FileRecord:
    """
    Return the length and the SHA-256 of what may be no file.

    Raises:
        ScenarioError: It cannot be read, or is no file.
    """
    with readable(path):
        return file_record(path)


def is_recorded(path: Path, expected: FileRecord | None) -> bool:
    """
    Whether a file is as it was written; one of another length is not read.

    Raises:
        ScenarioError: It cannot be read, or is no file.
    """
    with readable(path):
        with open(open_regular(path), "rb") as file:
            size = os.fstat(file.fileno()).st_size
        if expected is None or size != expected.bytes:
            return False
        return file_record(path) == expected


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """
    Turn what the system says against reading a file into one clear error.

    Raises:
        ScenarioError: It cannot be read, or is no file.
    """
    try:
        yield
    except (OSError, ValueError) as error:
        raise _unusable(path, f"cannot be read: {reason(error)}") from None


def _unusable(path: Path, text: str, found: str = "") -> ScenarioError:
    return ScenarioError([Problem(place(path), "", text, found)])
