"""
Running again what a directory tells, from Python and from the command line.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from record import ROOT
from saved_runs import Moody
from strategies import generated_scenarios

import paysim
from paysim.cli import main
from paysim.files.transactions import given_rows
from paysim.rerunning import Difference, kept_run, proofs, run_again
from paysim.run_record import FORMATS
from paysim.scenario import Scenario
from paysim.simulation import Simulation
from paysim.testing import payment, tiny_scenario

BUSY_DAY = ROOT / "scenarios" / "busy_day.yaml"
PROVED = ("events.jsonl", "scenario.json", "events.csv", "agents.csv", "run.moves", "run.json")


@pytest.fixture
def busy(tmp_path):
    """
    Return a fresh run directory of a busy day.
    """
    assert main(["run", str(BUSY_DAY), "--seed", "5", "--out", str(tmp_path / "busy"), "-q"]) == 0
    return tmp_path / "busy"


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=30)
@given(raw=generated_scenarios(), ticks=st.integers(0, 30), is_filed=st.booleans())
def test_same_again(format, raw, ticks, is_filed, tmp_path_factory):
    """
    Whatever is run, for fewer ticks than planned or more, running its directory again gives the
    same bytes of every file.
    """
    folder = tmp_path_factory.mktemp("run")
    scenario = Scenario.from_dict(raw)
    if is_filed:
        rows = folder / "rows.csv"
        given_rows(scenario.transactions).write_csv(rows)
        scenario = Scenario.from_dict(raw | {"transactions": str(rows)}, folder=folder)
    sim = Simulation(scenario, seed=7)
    for _ in range(ticks):
        sim.tick()
    sim.results().write(folder / "run", format)
    kept = kept_run(folder / "run")
    results = run_again(kept.simulation(), kept.record.ticks)
    proved = [proof.name for proof in proofs(kept, results)]
    assert sorted(proved) == sorted(path.name for path in (folder / "run").iterdir())
    assert proved[0] == "events.jsonl"


def test_added_events(tmp_path):
    """
    Events that were added while it ran are in the run that is run again.
    """
    sim = Simulation(tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 1_050)]))
    sim.run(until=2)
    sim.at(4, "liquidity_injection", agent_id="BANK_A", amount=77)
    sim.run()
    sim.results().write(tmp_path / "run")
    assert main(["rerun", str(tmp_path / "run"), "--check", "-q"]) == 0


def test_command(busy, tmp_path, capsys):
    """
    Without options the run is run and summed up again; with --out it is written, in its format.
    """
    expected = paysim.open_results(busy).summary()
    assert main(["rerun", str(busy)]) == 0
    assert capsys.readouterr() == (f"{busy}\n\n{expected}\n", "")
    assert main(["rerun", str(busy), "--out", str(tmp_path / "again"), "-q"]) == 0
    assert capsys.readouterr() == ("", "")
    for path in busy.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()
    assert main(["rerun", str(busy), "--out", str(busy)]) == 2
    assert "must be another directory than RUN" in capsys.readouterr().err


def test_check(busy, capsys):
    """
    With --check there is a line of proof for every file, and the code is 0.
    """
    events = len((busy / "events.jsonl").read_bytes().splitlines())
    assert main(["rerun", str(busy), "--check"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines()[0] == f"events.jsonl  {events:,} events the same"
    assert "days.csv  1 row the same" in out.splitlines()
    assert sorted(line.split("  ")[0] for line in out.splitlines()) == sorted(
        path.name for path in busy.iterdir()
    )
    before = {path.name: path.stat().st_mtime_ns for path in busy.iterdir()}
    assert main(["rerun", str(busy), "--check", "-q"]) == 0
    assert capsys.readouterr() == ("", "")
    assert {path.name: path.stat().st_mtime_ns for path in busy.iterdir()} == before


def told_difference(folder, capsys):
    assert main(["rerun", str(folder), "--check"]) == 1
    out, err = capsys.readouterr()
    return out, err[err.index("error: ") + 7 :].splitlines()


def test_changed_table(busy, capsys):
    """
    A table that was changed is told with its line and both texts, and that it was changed.
    """
    path = busy / "agents.csv"
    lines = path.read_text().splitlines(keepends=True)
    now = lines[4_000]
    lines[4_000] = now.replace(",", ",9", 1)
    path.write_text("".join(lines))
    out, err = told_difference(busy, capsys)
    assert out.startswith("events.jsonl  ")
    assert "agents.csv" not in out
    assert err == [
        f"{path}  differs in line 4001",
        f"  there: {lines[4_000][:160].rstrip()}",
        f"  now:   {now[:160].rstrip()}",
        "The file was changed after it was written, says run.json.",
    ]


@pytest.mark.parametrize(
    ("change", "there", "now"),
    [
        (lambda text: text + b"more\n", "more", "(the end of the file)"),
        (lambda text: text + b"\x1b[31m", r"\x1b[31m", "(the end of the file)"),
        (lambda text: text[:-1], None, None),
        (lambda text: b"", "(the end of the file)", '{"tick":0,"event":"account_opened"'),
    ],
)
def test_ends(change, there, now, busy, capsys):
    """
    A file that ends sooner or later than it must is a difference too, told in printable text.
    """
    path = busy / "events.jsonl"
    path.write_bytes(change(path.read_bytes()))
    out, err = told_difference(busy, capsys)
    assert out == ""
    assert err[0].startswith(f"{path}  differs in line ")
    assert all(line.isprintable() for line in err)
    if there is not None:
        assert err[1].startswith(f"  there: {there}")
        assert err[2].startswith(f"  now:   {now}")


def test_changed_bytes(busy, capsys):
    """
    Of a file that is no text the byte is told.
    """
    content = bytearray((busy / "run.moves").read_bytes())
    content[-1] ^= 1
    (busy / "run.moves").write_bytes(content)
    _, err = told_difference(busy, capsys)
    assert err[0] == f"{busy / 'run.moves'}  differs in byte {len(content)}"


def test_changed_scenario(busy, capsys):
    """
    A scenario that was changed is refused before it is run, whatever else would differ.
    """
    path = busy / "scenario.json"
    path.write_text(path.read_text().replace('"credit_limit": 500000', '"credit_limit": 500001'))
    assert main(["rerun", str(busy), "--check"]) == 2
    told = capsys.readouterr().err
    assert told.startswith(
        f"error: {path}  must be the scenario of this run, and was changed since"
    )


def test_unfinished(busy, capsys):
    """
    A directory that was not written to its end is run again all the same; the check names what is
    missing.
    """
    (busy / "run.json").unlink()
    (busy / "costs.csv").unlink()
    assert main(["rerun", str(busy), "-q"]) == 0
    capsys.readouterr()
    out, err = told_difference(busy, capsys)
    assert "run.moves" in out
    assert err == [
        f"{busy}  lacks costs.csv, run.json: it was not written to its end, or files were removed"
    ]
    (busy / "run.moves").unlink()
    assert main(["rerun", str(busy)]) == 2
    assert "must hold run.json or run.moves" in capsys.readouterr().err


def test_python_behaviour(tmp_path, capsys):
    """
    A run in which agents decided in Python is refused with their names.
    """
    sim = Simulation(tiny_scenario(), behaviour={"BANK_B": Moody()})
    sim.run()
    sim.results().write(tmp_path / "run")
    assert main(["rerun", str(tmp_path / "run"), "--check"]) == 2
    assert "cannot be run again: BANK_B decided in Python, whose code" in capsys.readouterr().err


def test_other_processes(tmp_path):
    """
    What else took part in a run is not in its directory: the check finds the difference and says
    why it may be.
    """
    held = {"policy": {"type": "deadline", "urgency_threshold": 0}}
    sim = Simulation(
        tiny_scenario(
            agent_configs=[
                {"id": "BANK_A", "opening_balance": 1_000, **held},
                {"id": "BANK_B", "opening_balance": 500},
            ],
            transactions=[payment("BANK_A", "BANK_B", 300)],
        )
    )
    sim.tick()
    sim.agents["BANK_A"].release("row-1")
    sim.run()
    sim.results().write(tmp_path / "run")
    kept = kept_run(tmp_path / "run")
    results = run_again(kept.simulation(), kept.record.ticks)
    with pytest.raises(Difference, match="such as a SimPy process that decides for agents"):
        list(proofs(kept, results))


def test_another_version(busy, capsys, monkeypatch):
    """
    A run of another version is compared too, but for the files that tell the version.
    """
    path = busy / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"paysim": "0.0.1"}))
    assert main(["rerun", str(busy), "--check"]) == 0
    out, err = capsys.readouterr()
    assert err == (f"note: paysim 0.0.1 has written {busy}, and this is {paysim.__version__}\n")
    assert "run.moves  not compared: it holds the version of paysim\n" in out
    assert "agents.csv  6,000 rows the same\n" in out
    (busy / "ticks.csv").write_text("tick\n")
    _, told = told_difference(busy, capsys)
    assert told[-1] == "The file was changed after it was written, says run.json."


def test_no_directory(tmp_path, capsys):
    """
    What is no run directory is an error of the input.
    """
    assert main(["rerun", str(tmp_path / "nothing")]) == 2
    assert "must be a run directory" in capsys.readouterr().err
    assert main(["rerun", str(tmp_path)]) == 2


# --- paysim run -----------------------------------------------------------------------------------


def test_format_needs_out(capsys):
    """
    A format without a directory to write is refused.
    """
    assert main(["run", str(BUSY_DAY), "--format", "parquet"]) == 2
    assert "--format needs --out" in capsys.readouterr().err


def test_format(tmp_path, capsys):
    """
    Tables are written in the format that is asked for, and running again keeps to it.
    """
    out = tmp_path / "run"
    assert main(["run", str(BUSY_DAY), "--out", str(out), "--format", "parquet", "-q"]) == 0
    assert (out / "agents.parquet").read_bytes()[:4] == b"PAR1"
    assert not list(out.glob("*.csv"))
    assert main(["rerun", str(out), "--check"]) == 0
    assert "agents.parquet  " in capsys.readouterr().out


def test_a_note(busy, capsys):
    """
    That files are missing in a directory is told in one line to those who use it.
    """
    (busy / "agents.csv").unlink()
    assert main(["compare", str(busy), str(busy)]) == 0
    err = capsys.readouterr().err
    assert err.startswith(f"note: {busy} was not written to its end, or files were removed: it")
    assert err.count("\n") <= 2


def started(arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "paysim", *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_interrupted_run(tmp_path):
    """
    Ctrl-C ends a run that is to be written after a tick, and the ticks before it are a whole run.
    """
    endless, out = tmp_path / "endless.yaml", tmp_path / "out"
    endless.write_text("num_days: 100000\n" + Path(BUSY_DAY).read_text())
    with started(["run", str(endless), "--verbose", "--out", str(out)]) as process:
        assert "run started" in process.stderr.readline()
        assert "day closed" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        told = [line for line in process.stderr.read().splitlines() if not line.startswith("{")]
    assert process.returncode == 130
    results = paysim.open_results(out)
    assert [line for line in told if line] == [
        f"ended after {results.num_ticks:,} of 60,000,000 ticks, which are written",
        f"wrote {out}",
        "interrupted",
    ]
    assert results.num_ticks >= 600
    record = json.loads((out / "run.json").read_text())
    assert (record["ticks"], record["ticks_planned"]) == (results.num_ticks, 60_000_000)
    assert main(["rerun", str(out), "--check", "-q"]) == 0
