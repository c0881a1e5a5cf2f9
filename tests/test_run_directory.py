"""
Run directories: complete, reopened to the last byte, and clear about what is not as it was written.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from record import ROOT
from saved_runs import Moody, meddle, outcome_of
from strategies import generated_scenarios

import paysim
from paysim import run_directory
from paysim.checkpoint_format import LISTED_MAX, RUN
from paysim.checkpoints import read_checkpoint
from paysim.errors import PaysimError, ScenarioError
from paysim.reopening import RunDirectoryWarning
from paysim.results import TABLES
from paysim.run_record import FORMATS, read_record
from paysim.scenario import Scenario
from paysim.simulation import Simulation
from paysim.testing import payment, tiny_scenario

TWO_BANKS = ROOT / "scenarios" / "two_banks.yaml"
BUSY_DAY = ROOT / "scenarios" / "busy_day.yaml"


@pytest.fixture
def busy(tmp_path):
    """
    Return a fresh run directory of a busy day.
    """
    paysim.run(paysim.load_scenario(BUSY_DAY), seed=3).write(tmp_path / "busy")
    return tmp_path / "busy"


def held(folder):
    """
    Return the bytes of all files in a directory, by name.
    """
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def seen(results):
    """
    Return everything that results tell.
    """
    tables = [getattr(results, name).to_dicts() for name in TABLES]
    events = results._kernel.events_jsonl()
    return events, results.totals(), tables, results.summary(), repr(results), results.scenario


# --- there and back -------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=40)
@given(raw=generated_scenarios(), ticks=st.integers(0, 30), behaves=st.booleans())
def test_reopened(format, raw, ticks, behaves, tmp_path_factory):
    """
    Results that are reopened, of whatever run at whatever tick, are the same and write the same
    bytes.
    """
    scenario = Scenario.from_dict(raw)
    first = scenario.agent_configs[0].id
    sim = Simulation(scenario, seed=7, behaviour={first: Moody()} if behaves else None)
    for tick in range(ticks):
        sim.tick()
        if behaves:
            meddle(sim, tick)
    folder = tmp_path_factory.mktemp("run")
    results = sim.results()
    results.write(folder / "one", format)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = paysim.open_results(folder / "one")
    assert seen(again) == seen(results)
    assert (again.seed, again.scripted) == (results.seed, results.scripted)
    assert again.scenario.given == scenario.given
    again.write(folder / "two", format)
    assert held(folder / "one") == held(folder / "two")
    names = {"run.moves", "events.jsonl", "scenario.json", "run.json"}
    assert held(folder / "one").keys() == names | {f"{name}.{format}" for name in TABLES}
    shutil.rmtree(folder)


def test_payments_beside(tmp_path):
    """
    Transactions from a file, and more of them than are listed, stand beside the scenario, and come
    back as they were.
    """
    rows = [payment("BANK_A", "BANK_B", 1, tick=n % 10) for n in range(LISTED_MAX + 1)]
    scenario = tiny_scenario(transactions=rows)
    assert isinstance(scenario.transactions, tuple)
    paysim.run(scenario).write(tmp_path / "one")
    assert "payments.csv" in held(tmp_path / "one")
    again = paysim.open_results(tmp_path / "one")
    assert again.scenario == scenario
    again.write(tmp_path / "two")
    assert held(tmp_path / "one") == held(tmp_path / "two")

    loaded = paysim.load_scenario(tmp_path / "one" / "scenario.json")
    paysim.run(loaded).write(tmp_path / "three")
    for name in ("events.jsonl", "payments.csv", "scenario.json", "transactions.csv"):
        assert held(tmp_path / "one")[name] == held(tmp_path / "three")[name]


def test_added_events(tmp_path):
    """
    A directory holds the events that were added while the simulation ran.
    """
    sim = Simulation(tiny_scenario())
    sim.run(until=3)
    sim.at(5, "liquidity_injection", agent_id="BANK_A", amount=77)
    sim.run()
    sim.results().write(tmp_path / "run")
    again = paysim.open_results(tmp_path / "run")
    assert [event.tick for event in again.scenario.scenario_events] == [5]
    assert "liquidity_injected" in again.events.column("event")


def test_record(busy):
    """
    `run.json` tells version, scenario, seed, ticks, format, who decided in Python, and of every
    other file its length and SHA-256.
    """
    told = json.loads((busy / "run.json").read_text())
    scenario = paysim.load_scenario(BUSY_DAY)
    assert (told["paysim"], told["format"]) == (paysim.__version__, "csv")
    assert told["scenario_sha256"] == scenario.digest()
    assert (told["seed"], told["rng_seed"]) == (3, scenario.rng_seed)
    assert (told["ticks"], told["ticks_planned"], told["ticks_per_day"]) == (600, 600, 600)
    assert told["scripted"] == []
    files = held(busy)
    del files["run.json"]
    assert told["files"] == {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in files.items()
    }


def test_scripted(tmp_path):
    """
    Who decided in Python is told, in scenario order.
    """
    behaviour = {"BANK_B": Moody(), "BANK_A": Moody()}
    sim = Simulation(tiny_scenario(), behaviour=behaviour)
    sim.run()
    sim.results().write(tmp_path / "run")
    assert read_record(tmp_path / "run" / "run.json").scripted == ("BANK_A", "BANK_B")
    again = paysim.open_results(tmp_path / "run")
    assert again.scripted == {"BANK_A", "BANK_B"}
    assert "in Python" in again.summary()


def test_open_tick(tmp_path):
    """
    Results taken while a tick is open are not written, and nothing is touched.
    """
    sim = Simulation(tiny_scenario())
    sim.run(until=sim.wake())
    with pytest.raises(PaysimError, match="a run cannot be written while a tick is open"):
        sim.results().write(tmp_path / "run")
    assert not (tmp_path / "run").exists()
    sim.tick()
    sim.results().write(tmp_path / "run")
    assert outcome_of(sim)[1] == paysim.open_results(tmp_path / "run").totals()


def test_not_to_be_run_on(busy):
    """
    The kept run is no checkpoint, and a checkpoint is no kept run; the errors tell what each is
    for.
    """
    with pytest.raises(ScenarioError, match=r"it cannot be run on") as told:
        Simulation.restore(busy / "run.moves")
    assert "paysim.open_results opens the directory" in str(told.value)
    with pytest.raises(ScenarioError, match=r"it cannot be run on"):
        paysim.Orchestrator.restore(busy / "run.moves")
    Simulation(tiny_scenario()).checkpoint(busy / "a.state")
    with pytest.raises(ScenarioError, match=r"is a checkpoint: Simulation.restore runs it on"):
        read_checkpoint(busy / "a.state", RUN)


@pytest.mark.parametrize("format", ["CSV", "json", None, 3, ["csv"]])
def test_format_is_checked(format, tmp_path):
    """
    A format that there is not is refused before anything is written.
    """
    results = paysim.run(paysim.load_scenario(TWO_BANKS))
    with pytest.raises(ScenarioError, match=r"^format must be csv or parquet \(got "):
        results.write(tmp_path / "run", format)
    assert not (tmp_path / "run").exists()


# --- written in the place of another --------------------------------------------------------------


def test_replaced(tmp_path):
    """
    A directory that is written again holds the new run alone, in whatever format the old one was.
    """
    folder = tmp_path / "run"
    rows = tmp_path / "rows.csv"
    rows.write_text("id,sender_id,receiver_id,amount,arrival_tick\nT,BANK_A,BANK_B,5,0\n")
    filed = tiny_scenario(transactions=paysim.load_transactions(rows).transactions)
    paysim.run(filed).write(folder)
    assert "payments.csv" in held(folder)
    plain = paysim.run(tiny_scenario())
    plain.write(folder, "parquet")
    plain.write(tmp_path / "new", "parquet")
    assert held(folder) == held(tmp_path / "new")
    paysim.open_results(folder).write(folder, "csv")
    plain.write(tmp_path / "newer", "csv")
    assert held(folder) == held(tmp_path / "newer")


@pytest.mark.parametrize(
    "name", ["run.json", "run.moves", "agents.csv", "agents.parquet", "payments.csv"]
)
def test_strangers_are_kept(name, tmp_path):
    """
    A directory with a file of a result's name that no run has written is left alone.
    """
    (tmp_path / name).write_text("mine")
    with pytest.raises(ScenarioError, match=f"{name} would be overwritten"):
        paysim.run(tiny_scenario()).write(tmp_path)
    assert held(tmp_path) == {name: b"mine"}


# --- what is not as it was written ----------------------------------------------------------------


def opened_error(folder):
    with pytest.raises(ScenarioError) as told:
        paysim.open_results(folder)
    assert len(str(told.value).splitlines()) == 1
    return str(told.value)


@pytest.mark.parametrize("has_record", [True, False])
def test_changed_scenario(has_record, busy):
    """
    A scenario that was changed since the run is an error that says so, with and without `run.json`.
    """
    if not has_record:
        (busy / "run.json").unlink()
    path = busy / "scenario.json"
    text = path.read_text()
    path.write_text(text.replace('"ticks_per_day": 600', '"ticks_per_day": 601'))
    told = opened_error(busy)
    assert told.startswith(f"{path}  must be as it was written with this run, and was changed")
    path.write_text(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        paysim.open_results(busy)


@pytest.mark.parametrize("has_record", [True, False])
def test_changed_payments(has_record, tmp_path):
    """
    The same goes for the payments beside it.
    """
    rows = tmp_path / "rows.csv"
    rows.write_text("id,sender_id,receiver_id,amount,arrival_tick\nT,BANK_A,BANK_B,5,0\n")
    filed = tiny_scenario(transactions=paysim.load_transactions(rows).transactions)
    paysim.run(filed).write(tmp_path / "run")
    path = tmp_path / "run" / "payments.csv"
    path.write_text(path.read_text().replace(",5,", ",6,"))
    if not has_record:
        (tmp_path / "run" / "run.json").unlink()
    assert opened_error(tmp_path / "run").startswith(f"{path}  must be as it was written")


@pytest.mark.parametrize(
    ("key", "value"),
    [("seed", 4), ("ticks", 599), ("ticks_per_day", 60), ("scripted", ["FIFO_1"])],
)
def test_changed_record(key, value, busy):
    """
    A `run.json` that tells another run than the moves is an error that names the key.
    """
    path = busy / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    assert opened_error(busy).startswith(f"{path}  {key}  must be what run.moves beside it says")


def test_files_of_two_runs(busy, tmp_path):
    """
    Moves of another run are not opened as this one.
    """
    paysim.run(paysim.load_scenario(BUSY_DAY), seed=4).write(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "run.moves", busy)
    told = opened_error(busy)
    assert told.startswith(f"{busy / 'run.moves'}  must be the run that run.json beside it tells")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "must be JSON"),
        (b"\xff", "must be JSON in UTF-8"),
        (b"[]", "must be the record of a run directory"),
        (b"{}", "must be the record of a run directory"),
        (b'{"layout": 2, "paysim": "9.0"}', "must have a layout that this version of paysim reads"),
        (b'{"layout": 1}', "must have the key paysim"),
        (b'{"layout": true}', "must be the record of a run directory"),
        (b"[" * 100_000, "must be JSON"),
    ],
)
def test_odd_records(content, told, busy):
    """
    A `run.json` that is none is one clear error.
    """
    (busy / "run.json").write_bytes(content)
    assert opened_error(busy).startswith(f"{busy / 'run.json'}  {told}")


@settings(max_examples=200)
@given(data=st.data())
def test_forged_records(data, tmp_path_factory):
    """
    Whatever stands in the values of `run.json`, opening gives results or a clear error.
    """
    folder = tmp_path_factory.mktemp("run")
    paysim.run(tiny_scenario()).write(folder)
    path = folder / "run.json"
    told = json.loads(path.read_text())
    odd = st.one_of(
        *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4)),
        *(st.just([]), st.just({}), st.just([[]]), st.just({"../run.moves": {}})),
        st.just({"run.moves": {"bytes": True, "sha256": "x"}}),
    )
    key = data.draw(st.sampled_from(sorted(told)))
    path.write_text(json.dumps(told | {key: data.draw(odd)}))
    error = None
    try:
        assert paysim.open_results(folder).totals()
    except ScenarioError as raised:
        error = str(raised)
    if error is not None:
        assert error.startswith(str(folder))
        assert len(error.splitlines()) == 1
    shutil.rmtree(folder)


@settings(max_examples=100)
@given(data=st.data())
def test_damaged_moves(data, tmp_path_factory):
    """
    Moves with any byte changed or lost are one clear error, with and without `run.json`.
    """
    folder = tmp_path_factory.mktemp("run")
    paysim.run(paysim.load_scenario(TWO_BANKS)).write(folder)
    path = folder / "run.moves"
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del content[at:]
    path.write_bytes(content)
    if data.draw(st.booleans()):
        (folder / "run.json").unlink()
    assert opened_error(folder).startswith(f"{path}  must ")
    shutil.rmtree(folder)


def test_no_run_directories(tmp_path):
    """
    What is no run directory is an error that says what is there instead.
    """
    for value in (None, 3, b"here"):
        with pytest.raises(ScenarioError, match=r"^directory must be text or os.PathLike "):
            paysim.open_results(value)
    missing, file, empty = (tmp_path / name for name in ("missing", "file", "empty"))
    file.write_text("")
    empty.mkdir()
    assert opened_error(missing) == (
        f"{missing}  must be a run directory, as paysim run --out writes it "
        "(got nothing of this name)"
    )
    assert opened_error(file).endswith("(got a file)")
    assert opened_error(empty).endswith("and holds none of its files")


def test_directory_above(tmp_path):
    """
    Of a directory that holds scenario and run, the error names that of the run.
    """
    for name in ("payments.csv", "agents.csv"):
        (tmp_path / name).write_text("")
    assert opened_error(tmp_path).endswith("and holds none of its files")
    paysim.run(tiny_scenario()).write(tmp_path / "results")
    assert opened_error(tmp_path).endswith(f"; did you mean {tmp_path / 'results'}?")


def test_pipes_are_not_waited_for(busy):
    """
    Files that are pipes are refused and not waited for.
    """
    for name in ("scenario.json", "run.moves", "run.json"):
        os.rename(busy / name, busy / "kept")
        os.mkfifo(busy / name)
        assert opened_error(busy).startswith(f"{busy / name}  cannot be read: ")
        os.unlink(busy / name)
        os.rename(busy / "kept", busy / name)
    paysim.open_results(busy)


def test_missing_files(busy):
    """
    Files that are missing beside whole moves are named in a warning, and the results are whole.
    """
    expected = paysim.open_results(busy).totals()
    (busy / "agents.csv").unlink()
    (busy / "events.jsonl").unlink()
    with pytest.warns(RunDirectoryWarning, match=r"it lacks events.jsonl, agents.csv; its results"):
        assert paysim.open_results(busy).totals() == expected
    (busy / "run.json").unlink()
    with pytest.warns(RunDirectoryWarning, match=r"it lacks events.jsonl, agents.csv, run.json;"):
        results = paysim.open_results(busy)
    results.write(busy)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert paysim.open_results(busy).totals() == expected


def test_missing_moves(busy):
    """
    A directory without moves says what it holds and how the run is made again.
    """
    (busy / "run.moves").unlink()
    assert opened_error(busy) == (
        f"{busy}  must hold run.moves, from which its results come, and lacks it"
    )
    (busy / "run.json").unlink()
    (busy / "ticks.csv").unlink()
    told = opened_error(busy)
    assert "holds only events.jsonl, scenario.json, events.csv, transactions.csv, " in told
    assert told.endswith("paysim run scenario.json makes it again")


# --- writing that fails ---------------------------------------------------------------------------


def whole_files(folder, reference):
    """
    Check that each file that is there is whole, and return their names.
    """
    files, expected = held(folder), held(reference)
    assert {name: expected[name] for name in files} == files
    return set(files)


@pytest.mark.parametrize("name", ["run.moves", "events.jsonl", "agents.csv", "run.json"])
@pytest.mark.parametrize("reason", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_writing_stops(name, reason, busy, tmp_path, monkeypatch):
    """
    Where writing stops, for want of room or by Ctrl-C, all that is there is whole, what is missing
    is named, nothing of an earlier run is mixed in, and what has its moves can be opened.
    """
    folder = tmp_path / "run"
    paysim.run(tiny_scenario()).write(folder, "parquet")
    before = held(folder)
    results = paysim.open_results(busy)

    def stop(*_, **options):
        raise reason

    real_table, real_replace = run_directory.write_table, run_directory.replace_file

    def table(table, path, format):
        (stop if path.name == name else real_table)(table, path, format)

    def replace(path, parts, **options):
        (stop if path.name == name else real_replace)(path, parts, **options)

    monkeypatch.setattr(run_directory, "write_table", table)
    monkeypatch.setattr(run_directory, "replace_file", replace)
    if name == "events.jsonl":
        monkeypatch.setattr(type(results), "write_events", stop)
    if isinstance(reason, OSError):
        with pytest.raises(PaysimError, match="No space left on device") as raised:
            results.write(folder)
        told = str(raised.value)
    else:
        with pytest.raises(KeyboardInterrupt) as raised:
            results.write(folder)
        told = raised.value.__notes__[-1]
    monkeypatch.undo()
    if name == "run.moves":
        assert held(folder) == before
        assert told.endswith(f"nothing was written into '{folder}'")
        return
    names = whole_files(folder, busy)
    assert "run.json" not in names
    missing = held(busy).keys() - names
    holds, lacks = told.split(", and lacks ")
    assert all(there in holds for there in names)
    assert all(gone in lacks for gone in missing)
    with pytest.warns(RunDirectoryWarning, match="run.json; its results are whole"):
        assert seen(paysim.open_results(folder)) == seen(results)


@pytest.mark.parametrize("bytes", [1_000, 50_000, 200_000, 1_000_000])
def test_full_disk(bytes, busy, tmp_path):
    """
    When the system refuses to let a file grow, the error is clear and no part of a file is left.
    """
    results = paysim.open_results(busy)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, hard))
    try:
        with pytest.raises(PaysimError, match=r"(?i)file too large"):
            results.write(tmp_path / "run")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    whole_files(tmp_path / "run", busy)


def test_results_of_another_moment(tmp_path):
    """
    Results of a simulation that has gone on are not written.
    """
    sim = Simulation(tiny_scenario())
    sim.tick()
    results = sim.results()
    sim.tick()
    with pytest.raises(PaysimError, match="the simulation has gone on"):
        results.write(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_own_seed(tmp_path):
    """
    A seed other than the scenario's is kept apart from it, and stands in `scenario.json`.
    """
    scenario = attrs.evolve(paysim.load_scenario(BUSY_DAY), rng_seed=5)
    paysim.run(scenario, seed=6).write(tmp_path / "run")
    again = paysim.open_results(tmp_path / "run")
    assert (again.scenario.rng_seed, again.seed) == (5, 6)
    assert json.loads((tmp_path / "run" / "scenario.json").read_text())["rng_seed"] == 6


def test_interrupted_writing(busy, tmp_path):
    """
    Ctrl-C while a directory is written, in a process of its own, leaves whole files only and names
    what is missing.
    """
    program = (
        "import os, signal, sys\n"
        "from paysim import run_directory\n"
        "from paysim.cli import main\n"
        "def write(table, path, format, real=run_directory.write_table):\n"
        "    if path.name == 'agents.csv':\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    real(table, path, format)\n"
        "run_directory.write_table = write\n"
        f"sys.exit(main(['run', {str(BUSY_DAY)!r}, '--seed', '3', '--out', sys.argv[1]]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "run")], capture_output=True, text=True
    )
    assert done.returncode == 130
    assert done.stdout == ""
    told = done.stderr.splitlines()
    assert told[-1] == "interrupted"
    assert f"'{tmp_path / 'run'}' holds run.moves, events.jsonl, scenario.json, " in told[0]
    assert "and lacks agents.csv, ticks.csv, " in told[0]
    names = whole_files(tmp_path / "run", busy)
    assert "transactions.csv" in names
    assert "agents.csv" not in names
