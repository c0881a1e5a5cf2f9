"""
Run directories and queries of strangers: what they hold is material, never trusted.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading

import pytest

import paysim
from paysim import results as results_module
from paysim._kernel import Table
from paysim.cli import main
from paysim.errors import PaysimError, ScenarioError
from paysim.rerunning import kept_run, proofs
from paysim.simulation import Simulation
from paysim.testing import payment, tiny_scenario


def made():
    sim = Simulation(tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 300, tick=2)]))
    sim.run()
    return sim.results()


@pytest.fixture
def run(tmp_path):
    """
    Return the directory of a run.
    """
    made().write(tmp_path / "run")
    return tmp_path / "run"


def leave_pipe(path):
    os.mkfifo(path)


def leave_folder(path):
    path.mkdir()


def leave_device(path):
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("name", ["events.jsonl", "run.moves", "ticks.csv"])
@pytest.mark.parametrize("leave", [leave_pipe, leave_folder, leave_device])
def test_compared_with_no_file(run, name, leave):
    """
    What stands in the place of a file that is compared is one clear error and never waited for.
    """
    (run / name).unlink()
    leave(run / name)
    with pytest.raises(ScenarioError, match=f"{name}  cannot be read"):
        list(proofs(kept_run(run), made()))


def test_other_length_is_not_read(run, monkeypatch):
    """
    A file of another length than its record tells is refused without a look into it.
    """
    os.truncate(run / "run.moves", 2**40)
    monkeypatch.setattr("hashlib.file_digest", None)
    with pytest.raises(ScenarioError, match="is another or damaged"):
        paysim.open_results(run)


def test_links_are_not_followed(run, tmp_path):
    """
    A run is written into its directory, whatever the links there lead to.
    """
    strange = tmp_path / "strange"
    strange.write_text("mine")
    for name in ("run.moves", "scenario.json", "run.json", "events.jsonl", "ticks.csv"):
        (run / name).unlink()
        (run / name).symlink_to(strange)
    (run / "events.jsonl").unlink()
    (run / "events.jsonl").write_text("")
    made().write(run)
    assert strange.read_text() == "mine"
    assert not any(path.is_symlink() for path in run.iterdir())
    paysim.open_results(run)


def test_leftovers_are_removed(run):
    """
    What killed writers left of a run under temporary names goes with the next run; all else stays.
    """
    left = [".agents.csv.12-3.part", ".run.moves.0.tmp", ".events.parquet.9.part"]
    kept = [".agents.csv.part", ".own.csv.1.part", "notes.txt"]
    for name in left + kept:
        (run / name).write_text("")
    made().write(run)
    there = {path.name for path in run.iterdir()}
    assert there.isdisjoint(left)
    assert there.issuperset(kept)


def test_two_writers(run):
    """
    Of two that write a run into one directory at once the second is told so and touches nothing.
    """
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    descriptor = os.open(run, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(PaysimError, match="is being written by another process"):
        made().write(run)
    os.close(descriptor)
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


def test_threads_write_one_file(tmp_path):
    """
    However many threads write a table to one file, it is whole, and nothing else is left.
    """
    tables = [Table.from_columns([("a", "integer", [n] * 50_000)]) for n in range(8)]
    path = tmp_path / "a.csv"
    failures = []

    def write(table):
        try:
            for _ in range(5):
                table.write_csv(path)
        except PaysimError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(table,)) for table in tables]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = path.read_text().splitlines()
    assert not failures
    assert (len(lines), len(set(lines[1:]))) == (50_001, 1)
    assert list(tmp_path.iterdir()) == [path]


def test_memory(monkeypatch):
    """
    A table with a row per tick that no memory can hold is refused before it is made.
    """
    monkeypatch.setattr(results_module, "memory_bytes", lambda: 1_000)
    results = made()
    assert len(results.days) == 1
    with pytest.raises(PaysimError, match=r"agents would have [0-9,]+ rows .* of memory"):
        _ = results.agents


@pytest.mark.parametrize(
    "columns",
    [
        None,
        [("a", "integer", None)],
        [("a", "integer", [10**5_000])],
        [("a", "text", [b"x" * 10**6])],
        [("a" * 2, "integer", ["x" * 10**6])],
    ],
)
def test_columns_of_anything(columns):
    """
    What makes no table is one short error.
    """
    with pytest.raises(PaysimError) as caught:
        Table.from_columns(columns)
    assert len(str(caught.value)) < 250


def test_trace_of_no_text(run, capsys):
    """
    An id that is no text in UTF-8 is one that has not arrived.
    """
    assert main(["trace", str(run), "\udcff\udcfe"]) == 2
    assert "has arrived" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["query", "select 1"], ["report", "-o", "o.html"], ["rerun"]])
def test_names_on_a_terminal(words, tmp_path, monkeypatch, capsys):
    """
    No command hands a terminal what it may obey, whatever a directory is called.
    """
    monkeypatch.chdir(tmp_path)
    assert main([words[0], "x\x1b[31m\x9b", *words[1:]]) == 2
    told = capsys.readouterr()
    assert "\\x1b[31m\\x9b" in told.err
    assert not any(c in told.err + told.out for c in "\x1b\x9b")


def test_names_of_runs_on_a_terminal(run, tmp_path, capsys):
    """
    The directory of a run that is told above its summary is told without control characters.
    """
    strange = run.rename(tmp_path / "a\x1b[2J")
    assert main(["rerun", str(strange)]) == 0
    assert "a\\x1b[2J" in (out := capsys.readouterr().out)
    assert "\x1b" not in out


def test_errors_of_a_query_on_a_terminal(run, capsys):
    """
    What a query makes DuckDB say reaches no terminal raw.
    """
    assert main(["query", str(run), "select error('a\x1b[31m')"]) == 2
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "sql",
    ["select timestamptz '2020-01-01 00:00:00+00' as a", "select date '290000-01-01' as a"],
)
def test_values_beyond_python(run, sql):
    """
    Values that Python cannot take are one clear error, or are handed over.
    """
    answer = paysim.query(run, sql)
    with contextlib.suppress(PaysimError):
        list(answer)
    with contextlib.suppress(PaysimError):
        str(answer)
