"""
Runs kept in state files: what the commands print, who may write, and what a kill leaves.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from random import Random

import pytest
from record import ROOT
from saved_runs import ONE, Eager

from paysim import state_file
from paysim.checkpoints import read_checkpoint
from paysim.cli import main
from paysim.loading import load_scenario
from paysim.orchestrator import Orchestrator
from paysim.simulation import Simulation

TWO_BANKS = str(ROOT / "scenarios" / "two_banks.yaml")
README = ROOT / "README.md"
BUSY_DAY = str(ROOT / "scenarios" / "busy_day.yaml")


@pytest.fixture
def state(tmp_path, capsys):
    """
    Return the path of a state of the two banks before tick 0.
    """
    path = tmp_path / "run.state"
    assert main(["create", "-c", TWO_BANKS, "-o", str(path)]) == 0
    capsys.readouterr()
    return path


def told(capsys):
    """
    Return the JSON object on standard output, after making sure that nothing else was printed.
    """
    out, err = capsys.readouterr()
    assert err == ""
    assert len(out.splitlines()) == 1
    return json.loads(out)


def refused(arguments, capsys, code):
    """
    Run a command that fails with a code, and return its one line on standard error.
    """
    assert main(arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    return err


# --- what is printed ------------------------------------------------------------------------------


def test_create(tmp_path, capsys):
    """
    A new state stands before tick 0, and a file that is there is replaced only by force.
    """
    path = str(tmp_path / "run.state")
    expected = {"state": path, "current_tick": 0, "current_day": 0, "agents": 2}
    assert main(["create", "--config", TWO_BANKS, "--output", path]) == 0
    assert told(capsys) == expected
    assert main(["tick", "-s", path]) == 0
    capsys.readouterr()
    error = refused(["create", "-c", TWO_BANKS, "-o", path], capsys, 2)
    assert error == f"error: {path}  must not exist, and does (--force replaces it)\n"
    assert read_checkpoint(path).tick == 1
    assert main(["create", "-c", TWO_BANKS, "-o", path, "--force"]) == 0
    assert told(capsys) == expected
    assert read_checkpoint(path).tick == 0


def test_tick(state, capsys):
    """
    Each tick prints what the step-by-step face gives, one after the other and past the last day.
    """
    engine = Orchestrator(load_scenario(TWO_BANKS).to_dict())
    for _ in range(3):
        assert main(["tick", "-s", str(state)]) == 0
        assert told(capsys) == engine.tick()
    assert main(["run", "-s", str(state), "--count", "58"]) == 0
    engine.run()
    engine.tick()
    capsys.readouterr()
    assert main(["tick", "--state", str(state), "--pretty"]) == 0
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 7
    assert json.loads(out) == engine.tick()
    assert json.loads(out)["tick"] == 61


def test_state(state, capsys):
    """
    A state is printed without its transactions unless they are asked for, and stays as it is.
    """
    engine = Orchestrator(load_scenario(TWO_BANKS).to_dict())
    for _ in range(10):
        engine.tick()
    assert main(["run", "-s", str(state), "--count", "10"]) == 0
    capsys.readouterr()
    before = state.read_bytes()
    whole = {"current_tick": 10, "current_day": 0, "state": engine.get_state()}
    assert main(["state", "-s", str(state), "-v"]) == 0
    assert told(capsys) == whole
    del whole["state"]["transactions"]
    assert main(["state", "--state", str(state)]) == 0
    assert told(capsys) == whole
    assert state.read_bytes() == before


@pytest.mark.parametrize("scenario", [TWO_BANKS, BUSY_DAY])
def test_run(scenario, tmp_path, capsys):
    """
    Runs add up: their ticks, counts and costs are those of a run in one go, event for event.
    """
    path = tmp_path / "run.state"
    assert main(["create", "-c", scenario, "-o", str(path)]) == 0
    capsys.readouterr()
    keys = ("num_arrivals", "num_settlements", "num_lsm_releases", "total_cost")
    sums = dict.fromkeys(keys, 0)
    for count, tick in ((1, 1), (29, 30), (200, 230)):
        assert main(["run", "-s", str(path), "--count", str(count)]) == 0
        done = told(capsys)
        assert list(done) == ["ticks", "current_tick", "current_day", *keys]
        assert (done["ticks"], done["current_tick"]) == (count, tick)
        for key in keys:
            sums[key] += done[key]
    engine = Orchestrator(load_scenario(scenario).to_dict())
    outcomes = [engine.tick() for _ in range(230)]
    assert sums == {key: sum(outcome[key] for outcome in outcomes) for key in keys}
    expected = engine._kernel.events_jsonl()
    assert Orchestrator.restore(path)._kernel.events_jsonl() == expected


def test_progress(state, capsys):
    """
    Progress goes to standard error, a line for each tenth where that is no terminal.
    """
    assert main(["run", "-s", str(state), "--count", "1000", "--progress"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["ticks"] == 1000
    lines = err.splitlines()
    assert 5 <= len(lines) <= 10
    assert lines[-1] == "run.state: 1000 of 1000 ticks"


def test_state_of_a_simulation(tmp_path, capsys):
    """
    A checkpoint made in Python is a state file, unless agents decide in Python in it.
    """
    path = tmp_path / "run.state"
    sim = Simulation(ONE, seed=9)
    sim.run(until=2)
    sim.checkpoint(path)
    assert main(["tick", "-s", str(path)]) == 0
    assert told(capsys)["num_settlements"] == 1
    assert Simulation.restore(path).seed == 9
    Simulation(ONE, behaviour={"BANK_A": Eager()}).checkpoint(path)
    before = path.read_bytes()
    assert "for which Simulation.restore is" in refused(["tick", "-s", str(path)], capsys, 2)
    assert path.read_bytes() == before


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["tick"], "Missing option '--state'"),
        (["create", "-c", TWO_BANKS], "Missing option '--output'"),
        (["create", "-c", "missing.yaml", "-o", "{new}"], "missing.yaml  cannot be read"),
        (["create", "-c", str(README), "-o", "{new}"], "README.md:"),
        (["tick", "-s", "{new}"], "cannot be opened: no such file"),
        (["state", "-s", "{new}"], "cannot be read: no such file"),
        (["state", "-s", ""], "must not be empty"),
        (["tick", "-s", TWO_BANKS], "must be a checkpoint of paysim"),
        (["tick", "-s", str(ROOT)], "cannot be opened: "),
        (["run", "-s", "{state}"], "--state needs --count"),
        (["run", "-s", "{state}", "--count", "0"], "'--count'"),
        (["run", "-s", "{state}", "--count", "x"], "'--count'"),
        (["run", "-s", "{state}", "--count", "1", TWO_BANKS], "SCENARIO cannot be given with --s"),
        (["run", "-s", "{state}", "--count", "1", "--seed", "3"], "--seed cannot be given with"),
        (["run", "--count", "1", TWO_BANKS], "--count needs --state"),
        (["run", "--progress", TWO_BANKS], "--progress needs --state"),
        (["run", "-s", "{state}", "--count", "4294967295"], "a run has at most 2147483648 ticks"),
        (["create", "-c", TWO_BANKS, "-o", str(README), "--force"], "is no state file, which --"),
        (["run"], "give a SCENARIO, or --transactions FILE"),
    ],
    ids=str,
)
def test_bad_input(arguments, text, state, capsys):
    """
    Bad input is one clear error with code 2; the state stays as it is, and no file appears.
    """
    before = state.read_bytes()
    places = {"new": state.with_name("new.state"), "state": state}
    error = refused([argument.format(**places) for argument in arguments], capsys, 2)
    assert text in error
    assert state.read_bytes() == before
    assert list(state.parent.iterdir()) == [state]


def test_unwritable(tmp_path, capsys):
    """
    A state that cannot be written is an error with code 1.
    """
    path = tmp_path / "missing" / "run.state"
    error = refused(["create", "-c", TWO_BANKS, "-o", str(path)], capsys, 1)
    assert error == f"error: {path}  cannot be written: no such file or directory\n"


def test_error_while_running(tmp_path, capsys):
    """
    An error of the run has code 1 and leaves the old state.
    """
    scenario = tmp_path / "rich.yaml"
    scenario.write_text(
        "ticks_per_day: 1\n"
        "rules: {end_of_day: settle_on_credit}\n"
        "agent_configs:\n"
        + "".join(
            f"  - {{id: {id}, opening_balance: 0, arrival_config: {{rate_per_tick: 40, "
            "amount_distribution: {type: fixed, value: 4000000000000000000}}}\n"
            for id in ("ALPHA", "BETA")
        )
    )
    path = tmp_path / "run.state"
    assert main(["create", "-c", str(scenario), "-o", str(path)]) == 0
    capsys.readouterr()
    before = path.read_bytes()
    error = refused(["run", "-s", str(path), "--count", "50"], capsys, 1)
    assert error.startswith("error: ")
    assert path.read_bytes() == before


# --- two at a time --------------------------------------------------------------------------------


def command(*arguments):
    return [sys.executable, "-m", "paysim", *map(str, arguments)]


@pytest.mark.parametrize(
    "arguments",
    [["tick"], ["run", "--count", "3"], ["create", "-c", TWO_BANKS, "--force"]],
    ids=lambda arguments: arguments[0],
)
def test_state_in_use(arguments, state, capsys):
    """
    While one process holds a state no other moves it on or replaces it; anybody may look at it.
    """
    before = state.read_bytes()
    option = "-o" if arguments[0] == "create" else "-s"
    with state_file.held(state):
        error = refused([*arguments, option, str(state)], capsys, 1)
        assert error == (
            f"error: {state}  is in use by another process: try again when it is done\n"
        )
        assert main(["state", "-s", str(state)]) == 0
        with pytest.raises(Exception, match="in use by another process"):
            Simulation(ONE).checkpoint(state)
    assert state.read_bytes() == before
    assert main([*arguments, option, str(state)]) == 0


def test_state_replaced_before_it_is_locked(state, capsys, monkeypatch):
    """
    A state that another process moves on between being opened and being locked is read anew.
    """
    lock = state_file._lock

    def late(descriptor):
        monkeypatch.setattr(state_file, "_lock", lock)
        assert main(["run", "-s", str(state), "--count", "5"]) == 0
        capsys.readouterr()
        return lock(descriptor)

    monkeypatch.setattr(state_file, "_lock", late)
    assert main(["tick", "-s", str(state)]) == 0
    assert told(capsys)["tick"] == 5
    assert read_checkpoint(state).tick == 6


def test_many_at_a_time(state):
    """
    Of many processes on one state each either runs it on or says that it could not: no tick of a
    run that said it was done is lost.
    """
    started = [
        subprocess.Popen(
            command("run", "-s", state, "--count", 10),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(10)
    ]
    ended = []
    for process in started:
        out, err = process.communicate()
        if process.returncode == 0:
            ended.append(json.loads(out)["current_tick"])
        else:
            assert process.returncode == 1
            assert err.endswith("is in use by another process: try again when it is done\n")
    assert sorted(ended) == [10 * (n + 1) for n in range(len(ended))]
    assert read_checkpoint(state).tick == 10 * len(ended) > 0
    assert list(state.parent.iterdir()) == [state]


@pytest.mark.parametrize(
    ("sent", "code", "text"),
    [(signal.SIGINT, 130, "interrupted\n"), (signal.SIGKILL, -signal.SIGKILL, "")],
)
def test_stopped_while_running(sent, code, text, state, capsys):
    """
    A long run that is stopped leaves the old state, which nobody else could change meanwhile.
    """
    before = state.read_bytes()
    arguments = command("run", "-s", state, "--count", 5_000_000, "--progress")
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "run.state: 500032 of 5000000 ticks\n"
        assert "in use" in refused(["tick", "-s", str(state)], capsys, 1)
        process.send_signal(sent)
        error = process.stderr.read()
    assert error.endswith(text)
    assert process.returncode == code
    assert state.read_bytes() == before
    assert main(["tick", "-s", str(state)]) == 0


# --- killed at any moment -------------------------------------------------------------------------


def killed(state, prepare):
    """
    Run one tick in a process of its own that `prepare` lets die; return whether it did.
    """
    child = os.fork()
    if child == 0:
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            prepare()
            os._exit(main(["tick", "-s", str(state)]))
        finally:
            os._exit(99)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def expected_states(state):
    """
    Return the bytes of a state and of the same a tick later.
    """
    before = state.read_bytes()
    main(["tick", "-s", str(state)])
    after = state.read_bytes()
    assert before != after
    state.write_bytes(before)
    return before, after


def assert_whole(state, before, after):
    """
    Check that a state is the old or the new one, and that the next writer leaves nothing else.
    """
    assert state.read_bytes() in (before, after)
    state.write_bytes(before)
    assert main(["tick", "-s", str(state)]) == 0
    assert state.read_bytes() == after
    assert list(state.parent.iterdir()) == [state]
    state.write_bytes(before)


def test_killed_at_any_call(state):
    """
    Killed before or after any call of the system that writing makes, a state is the old or the new.
    """
    before, after = expected_states(state)
    seen = set()

    def dying_at(moment):
        left = moment

        def count():
            nonlocal left
            left -= 1
            if left == 0:
                die()

        def deadly(module, name):
            real = getattr(module, name)

            def call(*given, **named):
                count()
                result = real(*given, **named)
                count()
                return result

            setattr(module, name, call)

        def prepare():
            for name in ("open", "fstat", "fsync", "replace", "chmod", "unlink", "close"):
                deadly(os, name)
            deadly(state_file.fcntl, "flock")

        return prepare

    moment = 1
    while killed(state, dying_at(moment)):
        seen.add(state.read_bytes())
        assert_whole(state, before, after)
        moment += 1
    assert moment > 20
    assert seen == {before, after}


def test_killed_at_any_byte(state):
    """
    Killed in the middle of writing, after any number of bytes, a state is the old one.
    """
    before, after = expected_states(state)
    size = len(after)

    def dying_after(length):
        def prepare():
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_FSIZE, (length, length))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        return prepare

    for length in {0, 1, size - 1, *(Random(3).randrange(size) for _ in range(20))}:
        assert killed(state, dying_after(length))
        assert state.read_bytes() == before
        assert_whole(state, before, after)
    assert not killed(state, dying_after(size))


def test_killed_at_any_line(state):
    """
    Killed at any of a hundred random lines of the program, a state is the old or the new one.
    """
    before, after = expected_states(state)

    def dying_at(line):
        left = line

        def trace(frame, event, _):
            nonlocal left
            if event == "line":
                left -= 1
                if left == 0:
                    die()
            is_ours = "/paysim/" in frame.f_code.co_filename
            return trace if is_ours else None

        return lambda: sys.settrace(trace)

    random = Random(5)
    lines, most = 0, 1 << 20
    while not killed(state, dying_at(most)):
        state.write_bytes(before)
        most //= 2
    for _ in range(100):
        lines += killed(state, dying_at(random.randint(1, 2 * most)))
        assert_whole(state, before, after)
    assert lines > 50


def test_leftovers_of_others_stay(state):
    """
    A temporary file whose writer still lives is left alone, and so are files of other names.
    """
    other = state.with_name(".run.state.0.tmp")
    stranger = state.with_name(".other.state.0.tmp")
    for path in (other, stranger):
        path.write_bytes(b"half")
    with state_file.held(other):
        assert main(["tick", "-s", str(state)]) == 0
    assert {other, stranger, state} == set(state.parent.iterdir())
    assert main(["tick", "-s", str(state)]) == 0
    assert {stranger, state} == set(state.parent.iterdir())
