"""
The report of a run as a file: what stands in it, what it may not hold, and how it is written.

How it looks and behaves in a browser is tested in `tests/browser`.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from record import ROOT

import paysim
from paysim import report
from paysim.cli import main
from paysim.errors import ScenarioError
from paysim.report.numbers import HEADLINES
from paysim.report.page import SECTIONS, breakable, embedded
from paysim.report.parts import Column, Table
from paysim.report.run import Run
from paysim.report.settings import rules
from paysim.report.tables import AGENTS_MAX, tables
from paysim.testing import payment, tiny_scenario

LIMITED = tiny_scenario(
    cost_rates={"deadline_penalty": 700},
    transactions=[payment("BANK_A", "BANK_B", 5_000, deadline_tick=3)],
)


class Page(HTMLParser):
    """
    The elements of a page: their names and attributes, and the text of headings and cells.
    """

    def __init__(self, text):
        super().__init__()
        self.elements, self.headings = [], []
        self._in_heading = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._in_heading = re.fullmatch(r"h[1-6]", tag) is not None
        if self._in_heading:
            self.headings.append((int(tag[1]), ""))

    def handle_endtag(self, tag):
        self._in_heading = False

    def handle_data(self, data):
        if self._in_heading:
            level, text = self.headings[-1]
            self.headings[-1] = level, text + data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def text():
    return report.html(paysim.run(LIMITED))


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


@pytest.fixture(scope="module")
def run_directory(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    paysim.run(LIMITED).write(folder)
    return folder


def test_same_bytes(text, tmp_path):
    """
    The same run gives the same bytes, again, from its directory, and in another process.
    """
    results = paysim.run(LIMITED)
    assert report.html(results) == text
    results.write(tmp_path / "run")
    assert report.html(paysim.open_results(tmp_path / "run")) == text
    subprocess.run(
        [sys.executable, "-m", "paysim", "report", "run", "-o", "r.html", "--quiet"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "5", "TZ": "Asia/Tokyo"},
        check=True,
    )
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == text


def test_sections(page):
    """
    It has its sections, and no heading leaves out a level.
    """
    assert [heading for level, heading in page.headings if level == 2] == [
        "What was run",
        "Warnings",
        "Headline numbers",
        "Charts",
        "Tables",
        "Indicators of the system",
        "Rules, policies and scenario events",
    ]
    levels = [level for level, _ in page.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))


def test_what_was_run(text):
    """
    It says what identifies the run: its scenario, seed and version.
    """
    assert LIMITED.digest() in text
    assert f"<dd>{paysim.__version__}</dd>" in text
    results = paysim.run(LIMITED, seed=2**63)
    assert f"<dd>{2**63}</dd>" in report.html(results)


def test_guide():
    """
    The guide tells the sections in their order, and how many headline numbers there are.
    """
    guide = (ROOT / "docs" / "guides" / "report.md").read_text()
    listed = guide.split("| section | what |\n|---|---|\n")[1].split("\n\n")[0]
    assert [row.split(" | ")[0][2:] for row in listed.splitlines()] == [
        name for _, name in SECTIONS
    ]
    assert len(HEADLINES) == 16
    assert "| Headline numbers | sixteen indicators" in guide


def test_headings_of_tables(page):
    """
    Every heading of a column or row says of which it is, and every table has a caption.
    """
    assert {attributes.get("scope") for attributes in page.all("th")} == {"col", "row"}
    assert len(page.all("caption")) == len(page.all("table")) > 10


def test_nothing_from_outside(text, page):
    """
    It names nothing to load: no address, and a policy that forbids all but its own script.
    """
    assert page.all("img") + page.all("iframe") + page.all("object") == []
    assert [link for link in page.all("link") if link["href"] != "data:,"] == []
    assert [script for script in page.all("script") if "src" in script] == []
    assert all(a["href"].startswith("#") for a in page.all("a"))
    policy = next(m["content"] for m in page.all("meta") if "content-security" in str(m).lower())
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in text.split("<main>")[1].split("</main>")[0].replace(
        "https://vega.github.io/schema/vega-lite/", ""
    )


def test_size(text):
    """
    It takes about a megabyte, most of it the script.
    """
    assert 700_000 < len(text.encode()) < 1_500_000


@pytest.mark.parametrize(
    "hostile", ["</script><script>alert(1)</script>", "<!--", "]]>", "\u2028x\u2029", "&amp;", '"']
)
def test_json_in_a_script(hostile):
    """
    JSON in a script cannot end it, whatever texts it holds, and says what it said.
    """
    value = {hostile: [hostile, 1.5, None]}
    text = embedded(value)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == value


def test_long_names_can_be_broken():
    """
    A long name gets places where it may be broken, and is escaped in each of its pieces.
    """
    assert breakable("cost_rates.<b>_delay_multiplier") == (
        "cost_<wbr>rates.&lt;b&gt;_<wbr>delay_<wbr>multiplier"
    )
    assert breakable("a_b<") == "a_b&lt;"


def test_defaults_are_marked():
    """
    The settings that the scenario left at their default are marked, and no others.
    """
    marks = {row[0]: row[-1] for row in rules(LIMITED, 0).rows}
    given = {name for name, mark in marks.items() if mark == "given"}
    assert given == {"ticks_per_day", "cost_rates.deadline_penalty"}
    assert {row[0]: row[-1] for row in rules(LIMITED, 5).rows}["rng_seed"] == "given"


def test_many_agents_are_bounded():
    """
    Of many agents those that sent most have rows, and the others one row together.
    """
    banks = [f"BANK_{n}" for n in range(AGENTS_MAX + 5)]
    scenario = tiny_scenario(
        agent_configs=[{"id": id, "opening_balance": 100} for id in banks],
        transactions=[payment(id, "BANK_0", n) for n, id in enumerate(banks) if n],
    )
    found = {table.caption: table for table in tables(Run(paysim.run(scenario)))}
    sent = found[f"Agents: payments (the {AGENTS_MAX} that sent most)"]
    assert [row[0] for row in sent.rows] == banks[: -AGENTS_MAX - 1 : -1]
    assert sent.sums[0][:3] == ["and 5 more", "4", "10"]
    assert sent.sums[1][:3] == ["all", "29", "435"]


def test_liquidity_table():
    """
    The table of accounts tells the lowest liquidity, its first tick, and the ticks at the floor.
    """
    scenario = tiny_scenario(
        transactions=[
            payment("BANK_A", "BANK_B", 1_000, tick=4),
            payment("BANK_B", "BANK_A", 300, tick=7),
        ]
    )
    table = tables(Run(paysim.run(scenario)))[3]
    assert table.rows == (
        ("BANK_A", "fifo", "1,000", "0", "0", "4", "3", "300"),
        ("BANK_B", "fifo", "500", "0", "500", "0", "0", "1,200"),
    )


def test_figures_that_do_not_fit():
    """
    A table of larger figures is set smaller on paper, and only the widest may be broken.
    """
    columns = (Column("agent", False), *[Column("value")] * 8)
    sizes = [Table("t", columns, (("A", *["1" * digits] * 8),)).size for digits in (7, 9, 12, 19)]
    assert sizes == ["fits", "wide", "wider", "widest"]


def test_title(run_directory, tmp_path):
    """
    A title is printable text of bounded length, and stands escaped in its place.
    """
    results = paysim.run(LIMITED)
    assert "<h1>A &lt;b&gt; &amp; C</h1>" in report.html(results, "A <b> & C")
    for title in ("", "x" * 201, "two\nlines", "\u2028", "\ud800", 5):
        with pytest.raises(paysim.ScenarioError, match="title must be"):
            report.html(results, title)
    path = tmp_path / "r.html"
    assert main(["report", str(run_directory), "-o", str(path), "--title", "Day one"]) == 0
    assert "<title>Day one</title>" in path.read_text(encoding="utf-8")


def test_only_reports_are_replaced(run_directory, tmp_path, capsys):
    """
    A report takes the place of a report or of an empty file; of another only if told to.
    """
    path = tmp_path / "r.html"
    path.touch()
    command = ["report", str(run_directory), "-o", str(path)]
    assert main(command) == 0
    assert "wrote" in capsys.readouterr().err
    assert main(command) == 0
    path.write_text("my own page")
    assert main(command) == 2
    assert "must not exist or be an earlier report" in capsys.readouterr().err
    assert path.read_text() == "my own page"
    assert main([*command, "--force"]) == 0
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [file.name for file in tmp_path.iterdir()] == ["r.html"]


@pytest.mark.parametrize("place", ["missing/r.html", "."])
def test_unwritable(run_directory, tmp_path, capsys, place):
    """
    A place where nothing can be written is one line of error, and nothing is left behind.
    """
    assert main(["report", str(run_directory), "-o", str(tmp_path / place)]) in (1, 2)
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert list(tmp_path.iterdir()) == []


def test_suffix(run_directory, tmp_path, capsys):
    """
    A report is an HTML file by its name too.
    """
    assert main(["report", str(run_directory), "-o", str(tmp_path / "r.pdf")]) == 2
    assert capsys.readouterr().err.endswith("r.pdf  must end in .html or .htm\n")
    assert list(tmp_path.iterdir()) == []


def test_path_in_place_of_results():
    """
    A report of something else than results is refused.
    """
    with pytest.raises(ScenarioError, match=r"results must be Results.+\(got 'results'\)"):
        report.html("results")


def test_no_run(tmp_path, capsys):
    """
    What is no run directory is an error, and no report is written.
    """
    path = tmp_path / "r.html"
    assert main(["report", str(tmp_path), "-o", str(path)]) == 2
    assert not path.exists()
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("module", ["altair", "jinja2", "polars", "vl_convert"])
def test_missing_library(monkeypatch, tmp_path, module):
    """
    A library that is not installed is an error that names the extra, before any work.
    """
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(paysim.PaysimError, match=r'pip install "paysim\[plots\]"'):
        report.write(paysim.run(LIMITED), tmp_path / "r.html")
    assert list(tmp_path.iterdir()) == []
