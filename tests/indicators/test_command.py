"""
`paysim indicators`, and the page that explains every indicator.
"""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from record import ROOT

import paysim
from paysim.cli import main
from paysim.indicators.costs import COMPONENTS
from paysim.indicators.facts import CAUSES
from paysim.indicators.headline import HEADLINE, headline_indicators
from paysim.indicators.names import AGENT_COLUMNS, NESTED, SYSTEM, TICK_COLUMNS
from paysim.testing import payment, tiny_scenario

ODD = 'Bänk "B", <i>'
PAGE = (ROOT / "docs/reference/indicators.md").read_text()


@pytest.fixture
def folder(tmp_path):
    """
    Return the directory of a run.
    """
    scenario = tiny_scenario(
        agent_configs=[
            {"id": "BANK_A", "opening_balance": 100},
            {"id": ODD, "opening_balance": 0},
        ],
        transactions=[payment("BANK_A", ODD, 60), payment("BANK_A", ODD, 90)],
    )
    paysim.run(scenario).write(tmp_path / "run")
    return tmp_path / "run"


def printed(capsys, *arguments):
    assert main(["indicators", *map(str, arguments)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_json(folder, capsys):
    """
    --json prints what `Results.indicators` returns, of all days and of one.
    """
    results = paysim.open_results(folder)
    assert json.loads(printed(capsys, folder, "--json")) == results.indicators()
    by_agent = json.loads(printed(capsys, folder, "--json", "--by", "agent", "--day", 0))
    assert by_agent == results.indicators(by="agent", day=0).to_dicts()


def test_text(folder, capsys):
    """
    The text names every indicator with its value and unit, and marks what is undefined.
    """
    lines = [re.split(" {2,}", line.strip()) for line in printed(capsys, folder).splitlines()]
    for name in (indicator.label.strip() for s in SYSTEM.values() for indicator in s.values()):
        assert any(line[0] == name for line in lines), name
    assert ["liquidity used, sum over days", "60", "minor units"] in lines
    assert ["share of value settled", "40.00%"] in lines
    assert ["three quarters settled by tick of the day", "-"] in lines
    for name in (*CAUSES, *COMPONENTS):
        assert any(name.replace("_", " ") in line[0].replace("_", " ") for line in lines), name


def test_tables(folder, capsys):
    """
    --by prints a line per agent or tick, whatever the agents are called; --csv every column.
    """
    agents = printed(capsys, folder, "--by", "agent").splitlines()
    assert len([line for line in agents if not line.startswith(("(", " "))]) == 2
    assert agents[2].startswith(ODD)
    assert "in minor units" in agents[3]
    ticks = printed(capsys, folder, "--by", "tick").splitlines()
    assert len(ticks) == 12
    assert "in minor units" in ticks[-1]
    rows = list(csv.reader(io.StringIO(printed(capsys, folder, "--by", "agent", "--csv"))))
    assert rows[0] == list(AGENT_COLUMNS)
    assert [row[0] for row in rows[1:]] == ["BANK_A", ODD]
    assert dict(zip(*rows[:2], strict=True))["throughput_75_tick_of_day"] == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--csv"], "--csv goes with --by"),
        (["--csv", "--json", "--by", "agent"], "exclude each other"),
        (["--day", "1"], "day must be an int from 0 to 0 (got 1)"),
        (["--by", "bank"], "'bank'"),
    ],
)
def test_refused(folder, capsys, arguments, message):
    """
    Options that make no sense, and a day that the run has not, are bad input.
    """
    assert main(["indicators", str(folder), *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


def test_summary(folder):
    """
    The summary shows five indicators, which are those of the whole list.
    """
    results = paysim.open_results(folder)
    found = results.indicators()
    assert headline_indicators(results) == {name: found[name] for name in HEADLINE}
    lines = results.summary().split("\nIndicators\n")[1].splitlines()
    assert lines[0].split(maxsplit=3)[2:] == ["60", "minor units, sum over agents and days"]
    assert len(lines[: lines.index("")]) == len(HEADLINE)


def test_no_run(tmp_path, capsys):
    """
    A directory that holds no run is named.
    """
    assert main(["indicators", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err


def names(heading):
    """
    Return the names of the table under a heading of the page, and their second cells.
    """
    level = heading.split(" ")[0]
    section = PAGE.split(f"\n{heading}\n")[1]
    section = re.split(rf"\n#{{1,{len(level)}}} ", section)[0]
    return re.findall(r"^\| `(\w+)` \| ?([^|]*?) ?\|", section, re.MULTILINE)


@pytest.mark.parametrize("title", SYSTEM)
def test_page_of_the_system(title):
    """
    The page lists every indicator of a section, in order, with its unit.
    """
    assert names(f"### {title}") == [(name, i.unit) for name, i in SYSTEM[title].items()]


@pytest.mark.parametrize(
    ("heading", "columns"), [("## Agents", AGENT_COLUMNS), ("## Ticks", TICK_COLUMNS)]
)
def test_page_of_tables(heading, columns):
    """
    The page lists every column of the tables, in order, with its type.
    """
    types = {"cost": "decimal"}
    expected = [(name, types.get(i.type, i.type)) for name, i in columns.items()]
    assert names(heading) == expected


def test_page_of_nested(folder):
    """
    The page lists what is nested, and the tools of BCBS 248 with their parts.
    """
    assert [name for name, _ in names("### Nested")] == list(NESTED)
    tools = next(iter(paysim.open_results(folder).indicators()["bcbs248"].values()))
    assert [name for name, _ in names("## The tools of BCBS 248")] == list(tools)
    parts = {*tools["a2_available_at_start"]["mean"], *tools["a4_time_specific_obligations"]}
    assert [part for part in parts if f"`{part}`" not in PAGE] == []
