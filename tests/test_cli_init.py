"""
`paysim init`: what it writes runs as it is, and nothing of one's own is lost.
"""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

import paysim
from paysim.cli import main
from paysim.cli.init import FILES


def test_init(tmp_path, capsys):
    """
    What init writes is a valid scenario, and the commands that it prints run.
    """
    directory = tmp_path / "my day" / "first"
    assert main(["init", str(directory)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert sorted(path.name for path in directory.iterdir()) == sorted(FILES)
    commands = re.findall(r"^  paysim (\w+) '([^']+)'( --out '([^']+)')?$", out, re.MULTILINE)
    assert [command[0] for command in commands] == ["validate", "run", "run", "indicators"]
    for command, scenario, _, results in commands:
        assert main([command, scenario, *(["--out", results] if results else [])]) == 0
    assert ": ok (5 agents, 40 given transactions, 1 day of 600 ticks)" in capsys.readouterr().out
    assert (directory / "results" / "events.jsonl").exists()


def test_commented_keys(tmp_path):
    """
    Settings that stand in the files as comments can be switched on.
    """
    main(["init", str(tmp_path)])
    mapping = tmp_path / "mapping.yaml"
    text = mapping.read_text()
    for line in ("# outside_hours: next-open", '# delimiter: ";"', "# dates: dmy"):
        assert line in text
    mapping.write_text(text.replace("# outside_hours", "outside_hours", 1))
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(scenario.read_text().replace("# ticks_per_day", "ticks_per_day", 1))
    assert paysim.load_scenario(scenario).ticks_per_day == 600


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_overwritten(name, tmp_path, capsys):
    """
    Where one of the files exists, nothing is written at all.
    """
    (tmp_path / name).write_text("mine")
    assert main(["init", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    told = f"error: {str(tmp_path)!r} holds {name} already, which init would overwrite\n"
    assert err == told
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_dangling_link(tmp_path, capsys):
    """
    A link that leads nowhere is somebody's as well.
    """
    (tmp_path / "agents.csv").symlink_to(tmp_path / "nowhere")
    assert main(["init", str(tmp_path)]) == 2
    assert "holds agents.csv already" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()


def test_unwritable(tmp_path, capsys):
    """
    A directory that cannot be made is one clear error.
    """
    (tmp_path / "file").write_text("")
    assert main(["init", str(tmp_path / "file" / "sub")]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: cannot write into '{tmp_path}/file/sub': ")
    assert len(err.splitlines()) == 1


def test_starter_is_in_the_package():
    """
    The files that init copies are part of the package, whichever way it is installed.
    """
    starter = files("paysim") / "starter"
    assert sorted(path.name for path in starter.iterdir()) == sorted(FILES)
