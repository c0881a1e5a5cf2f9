"""
The command line from the outside: what it prints, where, and its exit code.
"""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from record import ROOT

import paysim
from paysim.cli import main
from paysim.loading import BYTES_MAX
from paysim.results import TABLES
from paysim.summary import summary_text

TWO_BANKS = str(ROOT / "scenarios" / "two_banks.yaml")
BUSY_DAY = str(ROOT / "scenarios" / "busy_day.yaml")
FULL = Path("/dev/full")


@pytest.fixture
def broken(tmp_path):
    """
    Return the path of a scenario with three mistakes.
    """
    path = tmp_path / "broken.yaml"
    path.write_text(
        "ticks_per_day: 0\n"
        "agent_configs:\n"
        "  - {id: ALPHA, opening_balance: 1.5}\n"
        "  - {id: BETA, opening_balance: 0, credit_limt: 5}\n"
    )
    return path


def test_run(capsys):
    """
    A run prints its summary on standard output and nothing on standard error.
    """
    assert main(["run", TWO_BANKS]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for head in ("Rules", "Policies", "System", "Settled by", "Agents", "Costs"):
        assert f"\n{head}" in out


def test_defaults_are_marked(capsys):
    """
    The summary marks rules that were left at their default, and no others.
    """
    assert main(["run", TWO_BANKS]) == 0
    out = capsys.readouterr().out
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert lines["num_days"].split()[:3] == ["num_days", "1", "*"]
    assert lines["ticks_per_day"].split()[:2] == ["ticks_per_day", "60"]
    assert "*" not in lines["ticks_per_day"].split()[2]


def test_policies_and_accounts(capsys):
    """
    The summary marks policies and parameters that equal the default, and tells what lines of credit
    and pools there are.
    """
    shared = {"opening_balance": 10, "credit_limit": 1_000}
    scenario = paysim.Scenario.from_dict(
        {
            "ticks_per_day": 2,
            "agent_configs": [
                {"id": "GIVEN", **shared, "policy": "fifo"},
                {"id": "LEFT", **shared, "liquidity_pool": 500},
                {"id": "OTHER", "opening_balance": 0, "policy": "deadline"},
            ],
        }
    )
    summary = paysim.run(scenario).summary()
    section = summary.split("\n\n")[1].splitlines()
    assert section == [
        "Policies (* equals the default)",
        "  2  agents  fifo *",
        "  1  agent   deadline  urgency_threshold 10 *",
        "  credit limits: 2 of 3 agents, 2,000 in all; "
        "liquidity pools: 1 of 3 agents, 500 in all, allocated fraction 1 *",
    ]
    assert "  peak central queue   empty at the end of every tick\n" in summary
    assert "\nCosts\n  none" in summary
    assert "rounded" not in summary

    assert main(["run", TWO_BANKS]) == 0
    assert "\n  credit limits: none *; liquidity pools: none *\n" in capsys.readouterr().out


def test_pools_of_differing_fractions():
    """
    Where agents allocate differing fractions of their pools, the summary tells the range.
    """
    agents = [
        {"id": id, "opening_balance": 0, "liquidity_pool": 8, "liquidity_allocation_fraction": part}
        for id, part in (("FEW", "0.25"), ("MANY", "0.75"))
    ]
    scenario = paysim.Scenario.from_dict({"ticks_per_day": 2, "agent_configs": agents})
    assert "16 in all, allocated fraction 0.25 to 0.75\n" in paysim.run(scenario).summary()


@pytest.mark.parametrize(
    ("peak", "told"),
    [
        (
            {"volume": 76, "volume_tick": 201, "value": 2_409_556, "value_tick": 229},
            "76 transactions at the end of tick 201; 2,409,556 in value at the end of tick 229",
        ),
        (
            {"volume": 1, "volume_tick": 5, "value": 100, "value_tick": 5},
            "1 transaction, 100 in value at the end of tick 5",
        ),
    ],
)
def test_peaks(peak, told):
    """
    The summary tells the largest volume and value of the central queue, each with its own tick.
    """
    scenario = paysim.load_scenario(TWO_BANKS)
    totals = paysim.run(scenario).totals() | {"peak_queue": peak}
    assert f"\n  peak central queue   {told}\n" in summary_text(totals, scenario, 0)


def test_footnotes(capsys):
    """
    The summary says what delayed means and that figures of costs are rounded one by one.
    """
    assert main(["run", TWO_BANKS]) == 0
    out = capsys.readouterr().out
    assert "(delayed: settled in a later tick than it arrived; what is still unsettled" in out
    assert "(each figure is rounded by itself; exact in costs.csv)" in out


def test_run_writes(tmp_path, capsys):
    """
    With --out the tables, the event log and the scenario are written, and the log is reproducible
    from that scenario.
    """
    first, second = tmp_path / "first", tmp_path / "second"
    assert main(["run", BUSY_DAY, "--seed", "3", "--out", str(first), "--quiet"]) == 0
    names = ["events.jsonl", "run.json", "run.moves", "scenario.json"]
    names += [f"{table}.csv" for table in TABLES]
    assert sorted(path.name for path in first.iterdir()) == sorted(names)
    for table in TABLES:
        with (first / f"{table}.csv").open(newline="") as file:
            rows = list(csv.reader(file))
        assert len(rows) > 1
        assert {len(row) for row in rows} == {len(rows[0])}
    with (first / "transactions.csv").open(newline="") as file:
        # A split parent is settled with its parts, and has no posting of its own.
        rows = [row for row in csv.DictReader(file) if row["status"] == "settled"]
        settled = [int(row["amount"]) for row in rows if row["posting"]]
    assert len(settled) < len(rows)
    totals = paysim.run(paysim.load_scenario(BUSY_DAY), seed=3).totals()
    assert totals["settlements"] == {"volume": len(settled), "value": sum(settled)}
    lines = (first / "events.jsonl").read_text().splitlines()
    assert all(list(json.loads(line))[:2] == ["tick", "event"] for line in lines)

    assert main(["run", str(first / "scenario.json"), "--out", str(second), "--quiet"]) == 0
    assert (first / "events.jsonl").read_bytes() == (second / "events.jsonl").read_bytes()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("lane", ["process", "compiled"])
def test_lanes(lane, tmp_path):
    """
    A forced lane writes the same event log as the automatic choice.
    """
    assert main(["run", BUSY_DAY, "--out", str(tmp_path / "auto"), "-q"]) == 0
    assert main(["run", BUSY_DAY, "--out", str(tmp_path / lane), "-q", "--lane", lane]) == 0
    logs = [(tmp_path / name / "events.jsonl").read_bytes() for name in ("auto", lane)]
    assert logs[0] == logs[1]


def test_json(capsys):
    """
    The totals as JSON name scenario and seed, and settle what arrived.
    """
    assert main(["run", TWO_BANKS, "--json"]) == 0
    totals = json.loads(capsys.readouterr().out)
    assert (totals["scenario"], totals["seed"]) == (TWO_BANKS, 0)
    assert totals["settlements"] == totals["arrivals"] == {"volume": 2, "value": 150_000}


@pytest.mark.parametrize("value", [None, 3, b"here"])
def test_paths_are_checked(value):
    """
    What is not a path is refused with the name of the argument.
    """
    results = paysim.run(paysim.load_scenario(TWO_BANKS))
    for write, name in (
        (results.to_csv, "directory"),
        (results.write, "directory"),
        (results.write_events, "path"),
    ):
        with pytest.raises(paysim.ScenarioError, match=f"^{name} must be text or os.PathLike "):
            write(value)


@pytest.mark.skipif(not FULL.exists(), reason="the system has no device that is always full")
@pytest.mark.parametrize("arguments", [["run", TWO_BANKS], ["schema"], ["--help"]], ids=" ".join)
def test_full_device(arguments):
    """
    Output that cannot be written is one clear error with code 1.
    """
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "paysim", *arguments], stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 1
    assert done.stderr == b"error: cannot write the output: No space left on device\n"


def test_unwritable_directory(tmp_path, capsys):
    """
    A directory that cannot be written is one clear error before the run.
    """
    file = tmp_path / "file"
    file.write_text("")
    assert main(["run", BUSY_DAY, "--out", str(file)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: cannot write into '{file}': ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("command", ["run", "validate"])
def test_bad_scenario(command, broken, capsys):
    """
    Every mistake of a scenario is told at once with file, line, column and path; the code is 2.
    """
    assert main([command, str(broken)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    for place, path in (
        ("1:16", "ticks_per_day"),
        ("3:34", "agent_configs[0].opening_balance"),
        ("4:36", "agent_configs[1].credit_limt"),
    ):
        assert f"{broken}:{place}  {path}  " in err
    assert "credit_limit" in err
    assert len(err.splitlines()) == 3


def test_validate(capsys, broken):
    """
    Good files are told to be ok, and one bad file among them makes the code 2.
    """
    assert main(["validate", TWO_BANKS, BUSY_DAY]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[1].split()[0] for line in lines] == ["ok", "ok"]
    assert main(["validate", TWO_BANKS, str(broken), BUSY_DAY]) == 2
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize(
    ("content", "told", "code"),
    [
        (Path(TWO_BANKS).read_bytes(), "<stdin>: ok (2 agents, ", 0),
        (b"ticks_per_day: 0\n", "<stdin>:1:16  ticks_per_day  must be ", 2),
        (b" " * (BYTES_MAX + 2), "<stdin>  must be at most 16 MiB long", 2),
    ],
    ids=["good", "bad", "long"],
)
def test_validate_input(content, told, code, monkeypatch, capsys):
    """
    A file named - is standard input, of which no more is read than a scenario may have.
    """
    stream = io.BytesIO(content)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
    assert main(["validate", "-"]) == code
    assert stream.tell() <= BYTES_MAX + 1
    out, err = capsys.readouterr()
    assert told in (err if code else out)
    assert not (out if code else err)


def test_validate_closed_input(monkeypatch, capsys):
    """
    Standard input that is closed is an error of the input.
    """
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["validate", "-"]) == 2
    assert capsys.readouterr() == ("", "<stdin>  cannot be read: it is closed\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", ""],
        ["run", TWO_BANKS, "--out", ""],
        ["run", TWO_BANKS, "--log-file", ""],
        ["run", "no_such_file.yaml"],
        ["run", TWO_BANKS, "--seed", "-1"],
        ["run", TWO_BANKS, "--seed", "x"],
        ["run", TWO_BANKS, "--lane", "fast"],
        ["validate"],
        ["validate", "no_such_file.yaml"],
        ["no_such_command"],
    ],
    ids=" ".join,
)
def test_bad_arguments(arguments, capsys):
    """
    A bad argument is an error on standard error with code 2 and no traceback.
    """
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err
    assert "Traceback" not in err


def test_schema(capsys):
    """
    The JSON Schema is printed, and knows the keys of a scenario.
    """
    assert main(["schema"]) == 0
    assert "agent_configs" in json.loads(capsys.readouterr().out)["properties"]


@pytest.mark.parametrize(
    "module", [["-m", "paysim"], ["-c", "from paysim.cli import main; main()"]]
)
def test_version(module):
    """
    The version is that of the package.
    """
    done = subprocess.run(
        [sys.executable, *module, "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"paysim {paysim.__version__}\n"


def test_log_file(tmp_path):
    """
    A log file gets a JSON line per fact of operation, and no figure appears on standard error.
    """
    log = tmp_path / "run.log"
    assert run_apart(["run", TWO_BANKS, "--log-file", str(log)]).stderr == ""
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert events[0] == "run started"
    assert events[-1] == "run finished"


def test_verbose():
    """
    With --verbose the log lines go to standard error.
    """
    done = run_apart(["run", TWO_BANKS, "--verbose", "--quiet"])
    assert done.stdout == ""
    assert json.loads(done.stderr.splitlines()[0])["event"] == "run started"


def test_reader_that_leaves():
    """
    A reader that closes the pipe early causes neither a traceback nor a complaint at exit.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "paysim", "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_interrupt(tmp_path):
    """
    Ctrl-C stops a run within a moment, with one word and code 130.
    """
    endless = tmp_path / "endless.yaml"
    endless.write_text("num_days: 100000\n" + Path(BUSY_DAY).read_text())
    command = [sys.executable, "-m", "paysim", "run", str(endless), "--verbose"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert "run started" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        told = process.stderr.read().splitlines()
    assert told[-1] == "interrupted"
    assert process.returncode == 130


def run_apart(arguments):
    """
    Run the command line in a process of its own, as structlog is configured once per process.
    """
    return subprocess.run(
        [sys.executable, "-m", "paysim", *arguments], capture_output=True, text=True, check=True
    )
