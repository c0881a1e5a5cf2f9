"""
The checkpoint file: written whole or not at all, and safe to open whatever it holds.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import itertools
import json
import os
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from saved_runs import ONE, Moody
from strategies import Dice, generated_scenario

import paysim
from paysim import checkpoint_format, checkpoints, state_file
from paysim._kernel import GivenTransactions
from paysim.checkpoint_format import FORMAT, decoded
from paysim.checkpoints import read_checkpoint
from paysim.errors import PaysimError, ScenarioError
from paysim.files.transactions import given_rows
from paysim.scenario import Scenario
from paysim.simulation import Simulation
from paysim.testing import payment, tiny_scenario

FIRST_LINE = b"paysim checkpoint 1\n"
LENGTHS_AT = len(FIRST_LINE) + 65
PARTS_AT = LENGTHS_AT + 24


@functools.cache
def samples():
    """
    Return the bytes of checkpoints of some runs, taken at several ticks.
    """
    files = []
    for seed in range(8):
        scenario = Scenario.from_dict(generated_scenario(Dice(Random(seed).randint)))
        first = scenario.agent_configs[0].id
        sim = Simulation(scenario, behaviour={first: Moody()} if seed % 2 else None)
        for _ in range(seed * 3):
            sim.tick()
        with tempfile.TemporaryDirectory() as folder:
            sim.checkpoint(f"{folder}/sample.state")
            files.append(Path(folder, "sample.state").read_bytes())
    return files


def parts_of(content):
    """
    Return the three parts of a file.
    """
    ends = [PARTS_AT]
    for length in struct.unpack_from(">QQQ", content, LENGTHS_AT):
        ends.append(ends[-1] + length)
    return [content[start:end] for start, end in itertools.pairwise(ends)]


def forged(header, rows, kernel, first=FIRST_LINE, lengths=None):
    """
    Return the bytes of a file with these parts and the checksum that belongs to them.
    """
    if not isinstance(header, bytes):
        header = json.dumps(header).encode()
    parts = [header, rows, kernel]
    packed = struct.pack(">QQQ", *(lengths or map(len, parts)))
    rest = b"".join([packed, *parts])
    return first + hashlib.sha256(first + rest).hexdigest().encode() + b"\n" + rest


def tried(content, path):
    """
    Open bytes as a checkpoint and run them on if they are one; nothing but a clear error may come.
    """
    path.write_bytes(content)
    agents = ()
    told = None
    try:
        agents = read_checkpoint(path).agents
        sim = Simulation.restore(path, {id: Moody() for id in agents})
        for _ in range(3):
            sim.tick()
    except PaysimError as error:
        told = str(error)
    except (KeyError, TypeError) as error:
        # A state is the policy's own, which may be given what it cannot use.
        told = f"{path}  " if agents and "while agent" in str(error.__notes__) else repr(error)
    if told is not None:
        assert len(told) < 20_000
        is_placed = told.startswith((f"{path}  ", "behaviour of agent"))
        assert is_placed or agents or "must" in told


@pytest.fixture(scope="session")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("files") / "run.state"


# --- any bytes ------------------------------------------------------------------------------------


@st.composite
def damages(draw, content):
    """
    Draw bytes that differ from these by flips, cuts, insertions or repetitions.
    """
    content = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        kind = draw(st.sampled_from(["flip", "byte", "cut", "insert", "drop", "repeat"]))
        length = draw(st.integers(1, 40))
        if kind == "flip" and content:
            content[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "byte" and content:
            content[at] = draw(st.integers(0, 255))
        elif kind == "cut":
            del content[at:]
        elif kind == "insert":
            content[at:at] = draw(st.binary(min_size=1, max_size=20))
        elif kind == "drop":
            del content[at : at + length]
        elif kind == "repeat":
            content[at:at] = content[at : at + length]
    return bytes(content)


@given(data=st.data(), number=st.integers(0, 7))
def test_damage_is_found(data, number, path):
    """
    A file with any bytes changed, lost or added is one clear error that names it.
    """
    content = samples()[number]
    damaged = data.draw(damages(content))
    path.write_bytes(damaged)
    if damaged == content:
        return
    with pytest.raises(ScenarioError) as raised:
        read_checkpoint(path)
    assert str(raised.value).startswith(f"{path}  must ")
    assert len(str(raised.value).splitlines()) == 1


@given(data=st.data(), number=st.integers(0, 7), part=st.integers(0, 2))
def test_forged_bytes(data, number, part, path):
    """
    Changed bytes under a checksum that fits are a clear error or a run that can go on.
    """
    parts = parts_of(samples()[number])
    parts[part] = data.draw(damages(parts[part]))
    tried(forged(*parts), path)


ODD = st.one_of(
    *(st.none(), st.booleans(), st.integers(-3, 3), st.integers(-(2**70), 2**70)),
    *(st.floats(), st.text(max_size=5), st.just([]), st.just({}), st.just([[]])),
    st.just({"type": "fifo"}),
)


def places(value, steps=()):
    """
    Yield the paths of all values within a value.
    """
    yield steps
    if isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*steps, key))


@given(data=st.data(), number=st.integers(0, 7), digest=st.booleans())
def test_forged_header(data, number, digest, path):
    """
    A header with other values in it is a clear error or a run that can go on.
    """
    text, rows, kernel = parts_of(samples()[number])
    header = json.loads(text)
    for _ in range(data.draw(st.integers(1, 2))):
        steps = data.draw(st.sampled_from([p for p in places(header) if p]))
        within = functools.reduce(lambda value, step: value[step], steps[:-1], header)
        change = data.draw(st.sampled_from(["replace", "remove", "add", "copy"]))
        if change == "remove":
            del within[steps[-1]]
        elif change == "add" and isinstance(within, dict):
            within[data.draw(st.text(max_size=4))] = copy.deepcopy(data.draw(ODD))
        elif change == "copy" and isinstance(within, list):
            within.append(copy.deepcopy(within[steps[-1]]))
        else:
            within[steps[-1]] = copy.deepcopy(data.draw(ODD))
    if digest and isinstance(header.get("scenario"), dict):
        # The hash of the scenario follows, so that the kernel's own checks are reached.
        try:
            whole = header["scenario"] | {"transactions": GivenTransactions.load(rows)}
            header["scenario_sha256"] = Scenario.from_dict(whole).digest()
        except Exception:
            pass
    tried(forged(header, rows, kernel), path)


@given(one=st.integers(0, 7), other=st.integers(0, 7))
def test_parts_of_two_files(one, other, path):
    """
    What one kernel has saved is refused under the header of another run.
    """
    header, rows, _ = parts_of(samples()[one])
    content = forged(header, rows, parts_of(samples()[other])[2])
    path.write_bytes(content)
    agents = dict.fromkeys(read_checkpoint(path).agents, Moody())
    if one == other:
        Simulation.restore(path, agents)
        return
    with pytest.raises(ScenarioError, match="must hold a run of its scenario"):
        Simulation.restore(path, agents)


@given(content=st.one_of(st.binary(), st.binary().map(lambda tail: FIRST_LINE + tail)))
def test_any_bytes(content):
    """
    Bytes that are no checkpoint are one clear error.
    """
    with pytest.raises(ScenarioError, match=r"^here  must "):
        decoded(content, "here")


# --- one error each -------------------------------------------------------------------------------


def test_what_is_wrong(path):
    """
    A foreign, an empty, a newer, a truncated and a damaged file are told apart.
    """
    whole = samples()[3]
    parts = parts_of(whole)
    for content, told in (
        (b"", r"must be a checkpoint of paysim, .* \(got an empty file\)"),
        (b"ticks_per_day: 3\n", "must be a checkpoint of paysim, and does not begin like one"),
        (b"PK\3\4" + whole, "must be a checkpoint of paysim"),
        (whole[:10], "must be a checkpoint of paysim"),
        (FIRST_LINE.replace(b"1", b"01"), "must be a checkpoint of paysim"),
        (forged(*parts, first=b"paysim checkpoint 2\n"), r"at most 1; a newer .* \(got 2\)"),
        (b"paysim checkpoint 1234567\nwhatever", r"a newer version has written it \(got 1234567\)"),
        (whole[:50], r"must be whole, and is truncated \(got 50 bytes\)"),
        (whole[:-1], rf"must be {len(whole)} bytes long, and is truncated \(got {len(whole) - 1}"),
        (whole + b"\n", "parts of the lengths that it tells"),
        (whole[:-3] + b"xxx", "and is damaged: its checksum differs"),
        (forged(*parts, lengths=(1, 2, 3)), "parts of the lengths that it tells"),
        (forged(b"[]", *parts[1:]), "must have a header with its keys"),
        (forged(b"{", *parts[1:]), r"must be valid JSON: .* \(in the header\)"),
        (forged(b'{"a": 1, "a": 2}', *parts[1:]), r"JSON without repeated keys \(in the header"),
        (forged("é".encode(), *parts[1:]), "JSON in ASCII"),
        (forged(b"[" * 10**5 + b"]" * 10**5, *parts[1:]), "nested at most 64 deep"),
        (forged(b" " * (2**24 + 1), *parts[1:]), "at most 16777216 bytes of JSON at once"),
        (forged(parts[0], b"{}", parts[2]), "given transactions are damaged"),
        (forged(parts[0], parts[1][:-1], parts[2]), "given transactions are damaged"),
        (forged(parts[0], parts[1], b""), "must hold a run of its scenario, as paysim"),
    ):
        path.write_bytes(content)
        with pytest.raises(ScenarioError, match=told) as raised:
            Simulation.restore(path, dict.fromkeys(["ALFA"], Moody()))
        assert str(raised.value).startswith(f"{path}  must ")
        assert len(str(raised.value).splitlines()) == 1


def changed(**changes):
    header, rows, kernel = parts_of(samples()[3])
    return forged(json.loads(header) | changes, rows, kernel)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"seed": 2**64}, "seed in 0 to 18446744073709551615"),
        ({"seed": True}, "a int seed"),
        ({"tick": -1}, "tick in 0 to"),
        ({"tick": 8}, r"the next tick must be 8 \(got 9\)"),
        ({"given": [1]}, "names of keys"),
        ({"paysim": "\n"}, "a version of paysim"),
        ({"agents": {"NOBODY": {"policy": "P"}}}, r"agents of its scenario \(got 'NOBODY'\)"),
        ({"agents": {"ALFA": {}}}, "states of agents with their keys"),
        ({"agents": {"ALFA": {"policy": 3}}}, "names of policies"),
        ({"scenario_sha256": "00"}, "a scenario that means what it meant"),
        ({"scenario": {"transactions": []}}, "in their own part"),
        ({"scenario": {"ticks_per_day": 0}}, "ticks_per_day  must be at least 1"),
        ({"are_listed": 1}, "a bool are_listed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_headers(changes, told, path):
    """
    Each field of the header is checked; the scenario is as any that is not trusted.
    """
    path.write_bytes(changed(**changes))
    with pytest.raises(ScenarioError, match=told) as raised:
        Simulation.restore(path, {"ALFA": Moody()})
    assert str(raised.value).startswith(f"{path}  ")


@pytest.mark.parametrize("name", ["missing.state", ".", "pipe"])
def test_unreadable(name, tmp_path):
    """
    A file that is not there, or is none, is an error of the input, at once.
    """
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ScenarioError, match="cannot be read: ") as raised:
        Simulation.restore(tmp_path / name)
    assert str(raised.value).startswith(str(tmp_path / name))


@pytest.mark.parametrize("path", [None, 3, "", b"", ["run.state"]])
def test_paths(path):
    """
    What is not a path is refused in both directions.
    """
    for act in (Simulation(ONE).checkpoint, Simulation.restore):
        with pytest.raises(ScenarioError, match=r"path must be text or os\.PathLike"):
            act(path)


def test_path_with_a_null_byte():
    """
    A path that no file can have is an error like any other.
    """
    with pytest.raises(PaysimError, match="cannot be written: embedded null"):
        Simulation(ONE).checkpoint("a\0b")
    with pytest.raises(ScenarioError, match=r"^a\\x00b  cannot be read: embedded null"):
        Simulation.restore("a\0b")


# --- what is written ------------------------------------------------------------------------------


def test_same_state_same_bytes(tmp_path):
    """
    The same run at the same tick gives the same bytes in another process.
    """
    program = (
        "import sys; from saved_runs import ONE, Moody; from paysim import Simulation\n"
        "sim = Simulation(ONE, behaviour={'BANK_A': Moody()}); sim.run(until=4)\n"
        "sim.checkpoint(sys.argv[1])"
    )
    contents = []
    for seed in ("1", "2"):
        environment = os.environ | {
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": str(Path(__file__).parent),
        }
        path = tmp_path / f"{seed}.state"
        subprocess.run([sys.executable, "-c", program, str(path)], env=environment, check=True)
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]


def test_order_of_behaviours(tmp_path):
    """
    The order in which behaviours are given changes no byte of a file.
    """
    for name, ids in (("one", ("BANK_A", "BANK_B")), ("two", ("BANK_B", "BANK_A"))):
        behaviour = {id: Moody() for id in ids}
        Simulation(ONE, behaviour=behaviour).checkpoint(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_format(tmp_path):
    """
    A file begins with its format and checksum; its header names scenario, seed, tick and states.
    """
    Simulation(ONE, behaviour={"BANK_B": Moody()}, seed=5).checkpoint(tmp_path / "run.state")
    content = (tmp_path / "run.state").read_bytes()
    header, rows, kernel = parts_of(content)
    assert content == forged(header, rows, kernel)
    read = json.loads(header)
    assert read["paysim"] == paysim.__version__
    assert (read["seed"], read["tick"]) == (5, 0)
    assert read["scenario_sha256"] == ONE.digest()
    assert read["agents"] == {"BANK_B": {"policy": "Moody", "state": {"mood": 0, "seen": []}}}
    assert GivenTransactions.load(rows) == given_rows(ONE.transactions)
    assert FORMAT == 1


def test_many_transactions(tmp_path):
    """
    Given transactions may be more than the text of a scenario can hold.
    """
    rows = [payment("BANK_A", "BANK_B", 1, id=f"{n:09}" * 12) for n in range(50_000)]
    scenario = tiny_scenario(transactions=rows)
    sim = Simulation(scenario)
    sim.checkpoint(tmp_path / "run.state")
    assert (tmp_path / "run.state").stat().st_size < 8 * 2**20
    assert read_checkpoint(tmp_path / "run.state").scenario == scenario


def test_ids_of_any_letters(tmp_path):
    """
    Names in any script come back as they were.
    """
    agents = [{"id": id, "opening_balance": 9} for id in ("Ålandsbanken", "国家银行", "بنك")]
    rows = [payment("国家银行", "بنك", 3, id="зарплата")]
    scenario = tiny_scenario(agent_configs=agents, transactions=rows)
    sim = Simulation(scenario)
    sim.tick()
    sim.checkpoint(tmp_path / "run.state")
    rest = Simulation.restore(tmp_path / "run.state")
    assert rest.scenario == scenario
    assert rest.results().transactions.to_dicts() == sim.results().transactions.to_dicts()


def test_replaced_file_keeps_its_permissions(tmp_path):
    """
    A file that is replaced keeps its permissions, and a link to it stays a link.
    """
    path, link = tmp_path / "run.state", tmp_path / "link.state"
    sim = Simulation(ONE)
    sim.checkpoint(path)
    path.chmod(0o640)
    link.symlink_to(path)
    sim.tick()
    sim.checkpoint(link)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert read_checkpoint(path).tick == 1
    assert sorted(tmp_path.iterdir()) == [link, path]


@pytest.mark.parametrize("call", ["fsync", "replace", "chmod"])
def test_failure_leaves_the_old_file(call, tmp_path, monkeypatch):
    """
    What fails while writing leaves the old file and nothing else, and is one clear error.
    """
    sim = Simulation(ONE)
    sim.checkpoint(tmp_path / "run.state")
    before = (tmp_path / "run.state").read_bytes()
    sim.tick()

    def fail(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(state_file.os, call, fail)
        with pytest.raises(PaysimError, match=r"run\.state  cannot be written: no space left"):
            sim.checkpoint(tmp_path / "run.state")
    assert [path.name for path in tmp_path.iterdir()] == ["run.state"]
    assert (tmp_path / "run.state").read_bytes() == before
    sim.checkpoint(tmp_path / "run.state")
    assert (tmp_path / "run.state").read_bytes() != before


@pytest.mark.parametrize("name", ["missing/run.state", "x" * 300])
def test_unwritable(name, tmp_path):
    """
    A place that cannot be written is one clear error.
    """
    with pytest.raises(PaysimError, match="cannot be written: ") as raised:
        Simulation(ONE).checkpoint(tmp_path / name)
    assert not isinstance(raised.value, ScenarioError)


def test_too_large(tmp_path, monkeypatch):
    """
    A file beyond the bound is neither written nor read.
    """
    Simulation(ONE).checkpoint(tmp_path / "run.state")
    for module in (checkpoint_format, checkpoints):
        monkeypatch.setattr(module, "FILE_BYTES_MAX", 100)
    with pytest.raises(PaysimError, match=r"the file would have \d+ bytes, and may have 100"):
        Simulation(ONE).checkpoint(tmp_path / "other.state")
    with pytest.raises(ScenarioError, match="must be at most 100 bytes long"):
        read_checkpoint(tmp_path / "run.state")
    assert [path.name for path in tmp_path.iterdir()] == ["run.state"]


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (b"", "does not begin like one"),
        (b"paysim checkpoint 2\n", "a newer version has written it"),
        (FIRST_LINE, "must hold parts of the lengths"),
        (
            FIRST_LINE + b"0" * 64 + b"\n" + struct.pack(">QQQ", 2**30, 0, 0),
            "bytes of JSON at once",
        ),
    ],
)
def test_sparse_file(start, told, tmp_path, monkeypatch):
    """
    A file that cannot be a checkpoint by its beginning is refused without its rest being read.
    """
    path = tmp_path / "run.state"
    with path.open("wb") as file:
        file.write(start)
        file.truncate(2**30 + PARTS_AT)
    taken = []
    monkeypatch.setattr(
        state_file, "read_regular", lambda file, most=-1: taken.append(most) or file.read(most)
    )
    with pytest.raises(ScenarioError, match=told):
        read_checkpoint(path)
    assert taken == [256]


def test_no_bytes_yet(tmp_path):
    """
    What is called a file and has nothing to read by now, as a log of the system, is none.
    """

    class Waiting:
        def fileno(self):
            return file.fileno()

        def read(self, most=-1):
            return None

    (tmp_path / "log").touch()
    told = "log  cannot be read: it is not a file"
    with (tmp_path / "log").open("rb") as file, pytest.raises(ScenarioError, match=told):
        state_file.held_bytes(tmp_path / "log", Waiting(), 100)


def test_many_listed(path, monkeypatch):
    """
    Of many listed transactions columns are saved, and a file that would list them is refused.
    """
    scenario = tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 1)] * 3)
    monkeypatch.setattr(checkpoint_format, "LISTED_MAX", 2)
    Simulation(scenario).checkpoint(path)
    content = path.read_bytes()
    assert decoded(content, "here").scenario == scenario
    header, *parts = parts_of(content)
    with pytest.raises(ScenarioError, match=r"must list at most 2 transactions \(got 3\)"):
        decoded(forged(json.loads(header) | {"are_listed": True}, *parts), "here")


def test_huge_file(tmp_path):
    """
    A file beyond the bound is refused by its size, without room being made for it.
    """
    path = tmp_path / "run.state"
    with path.open("wb") as file:
        file.write(FIRST_LINE)
        file.truncate(2**32 + 1)
    with pytest.raises(ScenarioError, match=r"at most 4294967296 bytes long \(got 4294967297\)"):
        read_checkpoint(path)
