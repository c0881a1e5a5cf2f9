"""
What `--help` tells: summaries in full, and an example of each command that the command takes.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import click
import pytest

import paysim
from paysim.cli import cli, main

COMMANDS = pytest.mark.parametrize("name", sorted(cli.commands))


def told(capsys, *arguments):
    """
    Return the help as it stands in a terminal of 80 columns.
    """
    assert main([*arguments, "--help"]) == 0
    return capsys.readouterr().out


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def test_list_of_commands(capsys):
    """
    The list has every command once, in an order of its own, and the whole of its first sentence.
    """
    text = told(capsys)
    listed = re.findall(r"^  (\w+) +\S.*[^.]\.$", text.split("Run a scenario:")[1], re.MULTILINE)
    assert sorted(listed) == sorted(cli.commands)
    assert listed[:3] == ["init", "validate", "run"]
    assert max(map(len, text.splitlines())) <= 80


@COMMANDS
def test_example(name, capsys):
    """
    The help of a command has an example, fits the terminal, and the command takes the example.
    """
    text = told(capsys, name)
    assert max(map(len, text.splitlines())) <= 80
    examples = re.findall(r"^    paysim (.+)$", text.split("Example")[1], re.MULTILINE)
    assert examples
    for example in examples:
        command, *arguments = shlex.split(example.split(" >")[0])
        assert command == name
        cli.commands[name].make_context(name, arguments)


def test_first_example(capsys):
    """
    The commands that the list of commands begins with are such that there are.
    """
    lines = re.findall(r"^    paysim (.+)$", told(capsys), re.MULTILINE)
    assert [line.split()[0] for line in lines] == ["init", "run", "indicators", "run"]
    for line in lines[:3]:
        command, *arguments = shlex.split(line)
        cli.commands[command].make_context(command, arguments)


@COMMANDS
def test_where_output_goes(name):
    """
    A command that writes to a file takes it by -o, and by --out unless it is a state file.
    """
    written = [
        set(option.opts)
        for option in cli.commands[name].params
        if isinstance(option, click.Option) and option.name in {"out", "output"}
    ]
    for names in written:
        assert "-o" in names
        assert "--out" in names or name == "create"


@pytest.mark.parametrize("program", ["import paysim", "from paysim.cli import main; main(['-h'])"])
def test_nothing_heavy(program):
    """
    What is imported by everybody imports no library that only some of its parts need.
    """
    heavy = (
        "{'altair', 'duckdb', 'jinja2', 'numpy', 'polars', 'rich', 'simpy', 'vl_convert', 'yaml'}"
    )
    program += f"\nimport sys\nprint(sorted({heavy} & set(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr == "[]\n"


def test_names_of_the_package():
    """
    The names that the package offers are there, and completion shows no others.
    """
    assert dir(paysim) == sorted(paysim.__all__)
    assert {"open_results", "compare", "query", "plotting", "report"} <= set(dir(paysim))
    for name in paysim.__all__:
        assert getattr(paysim, name) is not None
