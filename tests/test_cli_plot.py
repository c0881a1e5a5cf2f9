"""
`paysim plot`: charts of run directories into files.
"""

from __future__ import annotations

import sys

import pytest
from record import ROOT

from paysim.cli import main
from paysim.plotting import CHARTS, KINDS


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """
    Return the directory of a run of the two banks.
    """
    path = tmp_path_factory.mktemp("runs") / "two"
    scenario = str(ROOT / "scenarios" / "two_banks.yaml")
    assert main(["run", scenario, "--out", str(path), "--quiet"]) == 0
    return str(path)


def refused(arguments, capsys, code=2):
    """
    Run a command that fails with a code, and return what it prints on standard error.
    """
    capsys.readouterr()
    assert main(["plot", *arguments]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    return err


def test_one(run, tmp_path, capsys):
    """
    A chart goes into the file that is named, and nothing else is written.
    """
    path = tmp_path / "chart.svg"
    assert main(["plot", run, "balances", "-o", str(path)]) == 0
    assert capsys.readouterr() == ("", f"wrote {path}\n")
    assert "ALPHA" in path.read_text(encoding="utf-8")
    options = ["--day", "0", "--agent", "BETA"]
    assert main(["plot", run, "balances", "-o", str(path), *options]) == 0
    assert "ALPHA" not in path.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("format", [None, "png"])
def test_all(run, tmp_path, capsys, format):
    """
    All charts of a run go into a directory, which is made if it is missing.
    """
    folder = tmp_path / "new" / "charts"
    options = ["--format", format] if format else []
    assert main(["plot", run, "--all", "-o", str(folder), *options]) == 0
    names = {f"{kind.name}.{format or 'svg'}" for kind in CHARTS}
    assert {path.name for path in folder.iterdir()} == names
    assert {line.rsplit("/")[-1] for line in capsys.readouterr().err.splitlines()} == names


def test_several_runs(run, tmp_path):
    """
    Delay against liquidity takes several runs, named by their directories.
    """
    path = tmp_path / "chart.svg"
    assert main(["plot", run, f"{run}/", "trade_off", "-o", str(path)]) == 0
    assert path.stat().st_size > 1_000


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["RUN", "nothing"], "NAME must be one of balances, "),
        (["RUN"], "comes after the directory of a run, or --all in its place"),
        (["RUN", "balance"], "(got 'balance'); did you mean balances?"),
        (["balances"], "RUN must be one directory before NAME (got 0)"),
        (["trade_off"], "RUN must be one directory before NAME (got 0)"),
        (["RUN", "RUN", "balances"], "RUN must be one directory before NAME (got 2)"),
        (["RUN", "balances", "--all"], "--all stands in the place of NAME (got balances)"),
        (["RUN", "balances", "--format", "svg"], "--format is for --all"),
        (["RUN", "throughput", "--agent", "ALPHA"], "--agent is for balances"),
        (["RUN", "--all", "--agent", "ALPHA"], "--agent is for balances"),
        (["RUN", "trade_off", "--day", "0"], "--day is not for trade_off"),
        (["RUN", "balances", "--day", "1"], "day must be from 0 to 0 (got 1)"),
        (["RUN", "balances", "--agent", "GAMMA"], "agents must name agents of the scenario"),
        (["nowhere", "balances"], "nowhere"),
        (["RUN", "balances", "--format", "gif"], "'gif' is not one of 'svg', 'png', 'pdf', 'html'"),
    ],
)
def test_refused(arguments, expected, run, tmp_path, capsys):
    """
    What cannot be drawn is refused with a reason, and nothing is written.
    """
    path = tmp_path / "chart.svg"
    words = [run if word == "RUN" else word for word in arguments]
    assert expected in refused([*words, "-o", str(path)], capsys)
    assert not path.exists() or not list(path.iterdir())


def test_wrong_suffix(run, capsys):
    """
    A file of another kind is refused before the run is read.
    """
    error = refused(["nowhere", "balances", "-o", "chart.gif"], capsys)
    assert error == "error: chart.gif  must end in .svg, .png, .pdf or .html\n"


def test_unwritable(run, tmp_path, capsys):
    """
    A place that cannot be written to is an error of running.
    """
    (tmp_path / "file").write_text("")
    path = str(tmp_path / "file" / "chart.svg")
    assert "cannot be written" in refused([run, "balances", "-o", path], capsys, 1)
    assert "cannot write into" in refused([run, "--all", "-o", str(tmp_path / "file")], capsys, 1)


def test_missing_library(run, tmp_path, capsys, monkeypatch):
    """
    Without Altair the error names the extra that brings it.
    """
    monkeypatch.setitem(sys.modules, "altair", None)
    error = refused([run, "balances", "-o", str(tmp_path / "chart.svg")], capsys, 1)
    assert error == 'error: plots need Altair, which comes with: pip install "paysim[plots]"\n'


def test_help(capsys):
    """
    The help text lists every chart.
    """
    assert main(["plot", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"{name} " in out for name in KINDS)
