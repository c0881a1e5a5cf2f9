"""
The bytes of a checkpoint file, and of the file with which a run directory keeps a run.

A file holds, in this order:

- the line `paysim checkpoint N`, or `paysim run N`, N being the version of the format;
- the SHA-256 of all the rest and of that line, in hex, on a line of its own;
- three lengths in bytes, of 8 bytes each, most significant first;
- the header: the scenario without its transactions, the seed, the next tick, and the states of the
  agents that decide in Python, as JSON;
- the given transactions, in columns;
- what the kernel has saved.

Nothing in a file is trusted. The JSON is bounded as a scenario text is, the scenario is checked as
any other, and the kernel checks its own parts.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from paysim._kernel import GivenTransactions
from paysim.errors import PaysimError, Problem, ScenarioError, shown
from paysim.files.json_text import read_json
from paysim.files.transactions import given_rows
from paysim.loading import BYTES_MAX
from paysim.scenario import SEED_MAX, Scenario
from paysim.texts import JSON_VALUES_MAX, SyntaxProblem

FORMAT: Final = 1
"""The version of the format that is written, and the newest that is read."""

FILE_BYTES_MAX: Final = 2**32
"""Bytes of a checkpoint file."""

LISTED_MAX: Final = JSON_VALUES_MAX // 8
"""Given transactions that are listed one by one when they are read; more stay in columns."""

_LENGTHS = struct.Struct(">QQQ")
_DIGEST_BYTES = 64
_TICK_MAX = 2**32 - 2
_TOO_MUCH = f"must hold at most {BYTES_MAX} bytes of JSON at once (in {{}})"


@attrs.frozen
class Kind:
    """
    What a file of this format is for.

    Attributes:
        words: What its first line begins with.
        noun: What it is.
        misplaced: What is said of it where a file of the other kind is wanted.
    """

    words: bytes
    noun: str
    misplaced: str


CHECKPOINT: Final = Kind(
    b"paysim checkpoint ",
    "a checkpoint of paysim",
    "and is a checkpoint: Simulation.restore runs it on",
)
"""A run to be run on."""

RUN: Final = Kind(
    b"paysim run ",
    "a run that paysim has kept for its results",
    "and is a run kept for its results: paysim.open_results opens the directory that it is in, and "
    "it cannot be run on, as what else lived in its environment is not in it",
)
"""A run kept for its results, which cannot be run on."""


@attrs.frozen
class SavedAgent:
    """
    What a checkpoint knows of an agent that decided in Python.

    Attributes:
        policy: The name of the class that decided for it, or empty.
        has_state: Whether that object had a state of its own.
        state: The state, as plain JSON.
    """

    policy: str
    has_state: bool = False
    state: Any = None


@attrs.frozen
class Checkpoint:
    """
    A run between two ticks.

    Attributes:
        scenario: What was run.
        seed: The seed it was run with.
        tick: The next tick.
        agents: The agents that decided in Python, by id.
        kernel: What the kernel has saved.
        version: The version of paysim that wrote it.
        name: What errors about it begin with.
    """

    scenario: Scenario
    seed: int
    tick: int
    agents: Mapping[str, SavedAgent]
    kernel: bytes
    version: str = ""
    name: str = ""


def encoded(checkpoint: Checkpoint, kind: Kind = CHECKPOINT) -> list[bytes]:
    """
    Return a checkpoint as the parts of its file.

    Args:
        checkpoint: The checkpoint.
        kind: What the file is for.

    Raises:
        PaysimError: It is too large.
    """
    from paysim import __version__

    scenario = checkpoint.scenario.to_dict(transactions="")
    del scenario["transactions"]
    given = checkpoint.scenario.transactions
    header = {
        "paysim": __version__,
        "scenario": scenario,
        "scenario_sha256": checkpoint.scenario.digest(),
        "given": sorted(checkpoint.scenario.given),
        "are_listed": isinstance(given, tuple) and len(given) <= LISTED_MAX,
        "seed": checkpoint.seed,
        "tick": checkpoint.tick,
        "agents": {
            id: {"policy": agent.policy} | ({"state": agent.state} if agent.has_state else {})
            for id, agent in checkpoint.agents.items()
        },
    }
    text = _json(header)
    if len(text) > BYTES_MAX:
        raise PaysimError(
            "cannot be saved: the scenario without its transactions and the states of its agents "
            f"take {len(text)} bytes as JSON, and may take {BYTES_MAX}"
        )
    try:
        _plain(text, "its scenario and the states of its agents")
    except _Unreadable as problem:
        raise PaysimError(f"cannot be saved: the file {problem.text}") from None
    sections = [text, given_rows(given).dump(), checkpoint.kernel]
    parts = [_LENGTHS.pack(*map(len, sections)), *sections]
    first = kind.words + b"%d\n" % FORMAT
    parts = [first, _digest([first, *parts]), *parts]
    size = sum(map(len, parts))
    if size > FILE_BYTES_MAX:
        raise PaysimError(
            f"cannot be saved: the file would have {size} bytes, and may have {FILE_BYTES_MAX}"
        )
    return parts


def decoded(content: bytes, name: str, kind: Kind = CHECKPOINT) -> Checkpoint:
    """
    Return the checkpoint that the bytes of a file hold.

    Args:
        content: The bytes.
        name: What errors begin with.
        kind: What the file has to be for.

    Raises:
        ScenarioError: It is damaged, truncated, newer or no checkpoint.
    """
    try:
        return attrs.evolve(_decoded(content, kind), name=name)
    except _Unreadable as problem:
        raise ScenarioError([Problem(name, "", problem.text, problem.found)]) from None
    except ScenarioError as error:
        told = [attrs.evolve(problem, place=name) for problem in error.problems]
        raise ScenarioError(told, error.omitted) from None


def check_start(name: str, start: bytes, size: int, kind: Kind = CHECKPOINT) -> None:
    """
    Refuse a file that cannot be a checkpoint, before all of it is read.

    Args:
        name: What errors begin with.
        start: The first bytes of the file.
        size: How many it has.
        kind: What the file has to be for.

    Raises:
        ScenarioError: It is truncated, too long, newer or no checkpoint.
    """
    try:
        parts_at, lengths = _start(start, kind)
        expected = parts_at + sum(lengths)
        if size < expected:
            raise _Unreadable(f"must be {expected} bytes long, and is truncated", f"{size}")
        if lengths[0] > BYTES_MAX:
            raise _Unreadable(_TOO_MUCH.format("the header"))
        if size > expected:
            raise _Unreadable("must hold parts of the lengths that it tells, and does not")
    except _Unreadable as problem:
        raise ScenarioError([Problem(name, "", problem.text, problem.found)]) from None


def is_checkpoint(path: Path, kind: Kind = CHECKPOINT) -> bool:
    """
    Whether a file begins like a checkpoint, or like another kind of these files.
    """
    with path.open("rb") as file:
        return file.read(len(kind.words)) == kind.words


class _Unreadable(Exception):
    def __init__(self, text: str, found: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.found = found


def _decoded(content: bytes, kind: Kind) -> Checkpoint:
    header, columns, kernel = _sections(content, kind)
    data = _header(header)
    scenario, given = data["scenario"], data["given"]
    if "transactions" in scenario:
        raise _Unreadable("must hold the transactions in their own part, not in the scenario")
    transactions = _transactions(columns, data["are_listed"])
    loaded = Scenario.from_dict(scenario | {"transactions": transactions})
    object.__setattr__(loaded, "given", frozenset(given))
    if loaded.digest() != data["scenario_sha256"]:
        raise _Unreadable(
            "must hold a scenario that means what it meant when it was saved, "
            f"by paysim {data['paysim']}"
        )
    ids = {config.id for config in loaded.agent_configs}
    agents = {id: _agent(id, entry, ids) for id, entry in data["agents"].items()}
    return Checkpoint(loaded, data["seed"], data["tick"], agents, kernel, data["paysim"])


def _start(content: bytes, kind: Kind) -> tuple[int, tuple[int, ...]]:
    """
    Return where the parts begin in a file that begins like this, and their lengths.
    """
    line_end = content.find(b"\n", 0, 32)
    digits = content[len(kind.words) : max(line_end, 0)]
    if not content.startswith(kind.words) or not digits.isdigit() or digits[:1] == b"0":
        other = CHECKPOINT if kind is RUN else RUN
        if content.startswith(other.words):
            raise _Unreadable(f"must be {kind.noun}, {other.misplaced}")
        found = "" if content else "an empty file"
        raise _Unreadable(f"must be {kind.noun}, and does not begin like one", found)
    if int(digits) > FORMAT:
        raise _Unreadable(
            f"must have a format that this version of paysim reads, at most {FORMAT}; "
            "a newer version has written it",
            digits.decode(),
        )
    lengths_at = line_end + 1 + _DIGEST_BYTES + 1
    parts_at = lengths_at + _LENGTHS.size
    if len(content) < parts_at:
        raise _Unreadable("must be whole, and is truncated", f"{len(content)} bytes")
    return parts_at, _LENGTHS.unpack_from(content, lengths_at)


def _sections(content: bytes, kind: Kind) -> tuple[bytes, bytes, bytes]:
    """
    Check all that does not ask for a look into the parts, and return them.
    """
    parts_at, lengths = _start(content, kind)
    lengths_at = parts_at - _LENGTHS.size
    line_end = lengths_at - _DIGEST_BYTES - 2
    view = memoryview(content)
    expected = _digest([view[: line_end + 1], view[lengths_at:]])
    if content[line_end + 1 : lengths_at] != expected:
        size = parts_at + sum(lengths)
        if len(content) < size:
            raise _Unreadable(f"must be {size} bytes long, and is truncated", f"{len(content)}")
        raise _Unreadable("must be as it was written, and is damaged: its checksum differs")
    if len(content) != parts_at + sum(lengths):
        raise _Unreadable("must hold parts of the lengths that it tells, and does not")
    parts, at = [], parts_at
    for length in lengths:
        parts.append(content[at : at + length])
        at += length
    return parts[0], parts[1], parts[2]


def _header(text: bytes) -> dict[str, Any]:
    kinds: dict[str, type] = {
        **{"paysim": str, "scenario": dict, "scenario_sha256": str, "given": list},
        **{"are_listed": bool, "seed": int, "tick": int, "agents": dict},
    }
    data = _plain(text, "the header")
    if not isinstance(data, dict) or data.keys() != kinds.keys():
        raise _Unreadable("must have a header with its keys", shown(data))
    for key, kind in kinds.items():
        if type(data[key]) is not kind:
            raise _Unreadable(f"must have a header with a {kind.__name__} {key}", shown(data[key]))
    for key, most in (("seed", SEED_MAX), ("tick", _TICK_MAX)):
        if not 0 <= data[key] <= most:
            raise _Unreadable(f"must have a header with {key} in 0 to {most}", shown(data[key]))
    if not all(type(name) is str for name in data["given"]):
        raise _Unreadable("must have a header with names of keys", shown(data["given"]))
    if not data["paysim"].isprintable() or len(data["paysim"]) > 100:
        raise _Unreadable("must have a header with a version of paysim", shown(data["paysim"]))
    return data


def _agent(id: str, entry: Any, ids: set[str]) -> SavedAgent:
    if id not in ids:
        raise _Unreadable("must hold states of agents of its scenario", shown(id))
    if not isinstance(entry, dict) or not {"policy"} <= entry.keys() <= {"policy", "state"}:
        raise _Unreadable("must hold states of agents with their keys", shown(entry))
    policy = entry["policy"]
    if type(policy) is not str or not policy.isprintable() or len(policy) > 200:
        raise _Unreadable("must hold states of agents with names of policies", shown(policy))
    return SavedAgent(policy, "state" in entry, entry.get("state"))


def _transactions(columns: bytes, are_listed: bool) -> Any:
    """
    Return given transactions as a scenario dict has them.
    """
    try:
        given = GivenTransactions.load(columns)
    except PaysimError as error:
        raise _Unreadable(f"must hold given transactions: {error}") from None
    if are_listed and len(given) > LISTED_MAX:
        raise _Unreadable(f"must list at most {LISTED_MAX} transactions", str(len(given)))
    return given.table().to_dicts() if are_listed else given


def _plain(text: bytes, part: str) -> Any:
    """
    Return what a JSON text of a file says.
    """
    if len(text) > BYTES_MAX:
        raise _Unreadable(_TOO_MUCH.format(part))
    try:
        document = read_json(text.decode("ascii"))
    except UnicodeDecodeError:
        raise _Unreadable(f"must hold JSON in ASCII (in {part})") from None
    except SyntaxProblem as problem:
        raise _Unreadable(f"{problem.text} (in {part})") from None
    if document.repeated:
        raise _Unreadable(f"must hold JSON without repeated keys (in {part})")
    return document.data


def _json(value: Any) -> bytes:
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.encode("ascii")


def _digest(parts: list[Any]) -> bytes:
    """
    Return the line with the checksum of these bytes.
    """
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part)
    return whole.hexdigest().encode() + b"\n"
