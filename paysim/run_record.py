"""
`run.json`: what a run directory says of itself, written when all else in it is whole.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from paysim.errors import Problem, ScenarioError, shown
from paysim.fields import TICKS_MAX
from paysim.files.json_text import read_json
from paysim.regular_file import open_regular
from paysim.scenario import Scenario
from paysim.state_file import file_bytes, place
from paysim.texts import SyntaxProblem

LAYOUT: Final = 1
"""The version of the layout of run directories that is written, and the newest that is read."""

FORMATS: Final = ("csv", "parquet")
"""The formats that tables can have."""

RECORD_BYTES_MAX: Final = 2**24

_SEED_MAX = 2**64 - 1
_FILE = re.compile(r"[a-z][a-z_]*\.[a-z]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@attrs.frozen
class FileRecord:
    """
    One file as it was written.

    Attributes:
        bytes: How long it is.
        sha256: Its SHA-256, in hex.
    """

    bytes: int
    sha256: str


@attrs.frozen
class RunRecord:
    """
    What `run.json` holds.

    Attributes:
        paysim: The version that wrote the directory.
        format: The format of its tables, one of `FORMATS`.
        scenario_sha256: `Scenario.digest()` of what was run.
        rng_seed: The seed that the scenario itself names; `scenario.json` has that of the run.
        given: The keys that the scenario's author gave, by which defaults are marked.
        seed: The seed of the run.
        ticks: Ticks that were run.
        ticks_planned: Ticks of all days of the scenario.
        ticks_per_day: Ticks of a day.
        scripted: Ids of the agents that decided in Python, in scenario order.
        files: The other files, by name.
    """

    paysim: str
    format: str
    scenario_sha256: str
    rng_seed: int
    given: tuple[str, ...]
    seed: int
    ticks: int
    ticks_planned: int
    ticks_per_day: int
    scripted: tuple[str, ...]
    files: Mapping[str, FileRecord] = attrs.field(factory=dict)

    def text(self) -> bytes:
        """
        Return the bytes of `run.json`.
        """
        values = {"layout": LAYOUT} | attrs.asdict(self)
        return json.dumps(values, indent=2).encode("ascii") + b"\n"


def record_of(
    scenario: Scenario, seed: int, ticks: int, scripted: tuple[str, ...], format: str, version: str
) -> RunRecord:
    """
    Return what `run.json` tells of a run, files not yet included.

    Args:
        scenario: What was run.
        seed: The seed it was run with.
        ticks: Ticks that were run.
        scripted: Ids of the agents that decided in Python, in scenario order.
        format: The format of its tables, one of `FORMATS`.
        version: The version of paysim that ran it.
    """
    return RunRecord(
        paysim=version,
        format=format,
        scenario_sha256=scenario.digest(),
        rng_seed=scenario.rng_seed,
        given=tuple(sorted(scenario.given)),
        seed=seed,
        ticks=ticks,
        ticks_planned=scenario.num_ticks,
        ticks_per_day=scenario.ticks_per_day,
        scripted=scripted,
    )


def read_record(path: Path) -> RunRecord:
    """
    Return what a `run.json` holds; nothing in it is trusted.

    Raises:
        ScenarioError: It cannot be read, or is damaged, newer or no such file.
    """
    content = file_bytes(path, RECORD_BYTES_MAX)
    try:
        data = read_json(content.decode("utf-8")).data
    except UnicodeDecodeError:
        raise _unreadable(path, "must be JSON in UTF-8") from None
    except SyntaxProblem as problem:
        raise _unreadable(path, f"must be JSON: {problem.text}") from None
    if not isinstance(data, dict) or not _is_whole(data.get("layout"), 1, 2**32):
        raise _unreadable(path, "must be the record of a run directory of paysim")
    if data["layout"] > LAYOUT:
        text = (
            f"must have a layout that this version of paysim reads, at most {LAYOUT}; "
            f"paysim {shown(data.get('paysim'))} has written it"
        )
        raise _unreadable(path, text, str(data["layout"]))
    values = {}
    for field in attrs.fields(RunRecord):
        if field.name not in data:
            raise _unreadable(path, f"must have the key {field.name}")
        expected, check = _KINDS[field.name]
        if not check(data[field.name]):
            text = f"must be {expected}"
            raise _unreadable(path, text, shown(data[field.name]), field.name)
        values[field.name] = data[field.name]
    values |= {key: tuple(values[key]) for key in ("given", "scripted")}
    values["files"] = {name: FileRecord(**told) for name, told in values["files"].items()}
    return RunRecord(**values)


def file_record(path: Path) -> FileRecord:
    """
    Return the length and the SHA-256 of a file.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no file.
    """
    with open(open_regular(path), "rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return FileRecord(file.tell(), digest.hexdigest())


def _is_text(value: Any) -> bool:
    return type(value) is str and value.isprintable() and len(value) <= 200


def _is_whole(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is str for item in value)


def _are_files(value: Any) -> bool:
    # A name leads to a file, and must not lead out of the directory.
    return isinstance(value, dict) and all(
        _FILE.fullmatch(name)
        and isinstance(told, dict)
        and told.keys() == {"bytes", "sha256"}
        and _is_whole(told["bytes"], 0, 2**63)
        and type(told["sha256"]) is str
        and _SHA256.fullmatch(told["sha256"])
        for name, told in value.items()
    )


_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "paysim": ("a version", _is_text),
    "format": ("csv or parquet", lambda value: type(value) is str and value in FORMATS),
    "scenario_sha256": (
        "a SHA-256 in hex",
        lambda value: type(value) is str and bool(_SHA256.fullmatch(value)),
    ),
    "rng_seed": ("a seed", lambda value: _is_whole(value, 0, _SEED_MAX)),
    "given": ("a list of names of keys", _is_list_of_texts),
    "seed": ("a seed", lambda value: _is_whole(value, 0, _SEED_MAX)),
    "ticks": ("a number of ticks", lambda value: _is_whole(value, 0, 2**32)),
    "ticks_planned": ("a number of ticks", lambda value: _is_whole(value, 1, TICKS_MAX)),
    "ticks_per_day": ("a number of ticks", lambda value: _is_whole(value, 1, TICKS_MAX)),
    "scripted": ("a list of ids", _is_list_of_texts),
    "files": ("files with their bytes and sha256", _are_files),
}


def _unreadable(path: Path, text: str, found: str = "", key: str = "") -> ScenarioError:
    return ScenarioError([Problem(place(path), key, text, found)])
