"""
House rules: imports follow the layers, each rule has its companions, nothing is left half-done.
"""

from __future__ import annotations

import ast
import re

import pytest
from record import ROOT

LAYERS = """
errors extras exact texts regular_file fields records files behaviour rules scenario_events
arrival_tables bounds event_ids weight_checks event_checks scenario added_events schema loading
state_file checkpoint_format checkpoints plain_text summary run_record run_directory trace_text
explanation_text history indicators results reopening policies operation_log clock agent processes
arguments saving simulation orchestrator plotting report rerunning change_text comparison_text
differences pairing comparison testing logs queries server cli
"""
"""
Every module imports only modules that stand before it, wherever in its text the import stands.
Imports for type checkers only are free.
"""

ORDER = LAYERS.split()

ONLY_IN = {
    "simpy": {"agent", "arguments", "clock", "processes", "simulation"},
    "paysim._kernel": {
        "agent",
        "bounds",
        "checkpoint_format",
        "checkpoints",
        "event_ids",
        "files",
        "indicators",
        "orchestrator",
        "pairing",
        "run_directory",
        "scenario",
        "server",
        "simulation",
    },
    "structlog": {"logs", "server"},
    "yaml": {"files"},
    "click": {"cli"},
    "rich": {"cli"},
    "duckdb": {"queries"},
    "polars": {"plotting", "queries", "report", "results"},
    "altair": {"plotting"},
    "vl_convert": {"plotting"},
    "jinja2": {"report"},
    "fastapi": {"server"},
    "pydantic": {"server"},
    "sqlite3": {"server"},
    "starlette": {"server"},
    "uvicorn": {"cli", "server"},
}
"""
Libraries and the modules that may import them.
"""

MODULES = sorted((ROOT / "paysim").glob("[!_]*.py")) + sorted((ROOT / "paysim").glob("*/*.py"))
RULES = sorted(path.stem for path in (ROOT / "kernel/core/src/rules").glob("*.rs"))
TEXTS = {".py", ".pyi", ".rs", ".md", ".toml", ".yaml", ".table", ".out"}
SKIPPED = {".venv", ".git", "target", "dist"}

UNFINISHED = [word[:2] + word[3:] for word in ("TO-DO", "FI-XME", "XX-X", "pl-aceholder")]
OUTSIDE = [part.replace("-", "") for part in ("/wo-rk/", "py-pi.org", "cra-tes.io")]


def layer(path):
    """
    Return the layer of a file: its module, or the package that it is in.
    """
    return path.stem if path.parent.name == "paysim" else path.parent.name


def named(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: f"{layer(path)}-{path.stem}")


def imported(path):
    """
    Return the names of all modules that a file imports, those for type checkers only left out.
    """
    names = set()
    pending = [ast.parse(path.read_text())]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            pending.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} has a relative import"
            names.update({node.module} | {f"{node.module}.{alias.name}" for alias in node.names})
        pending.extend(ast.iter_child_nodes(node))
    return names


@named(MODULES)
def test_layers(path):
    """
    A module imports only from the layers below it.
    """
    below = ORDER[: ORDER.index(layer(path))] + [layer(path)] * (path.parent.name == layer(path))
    inside = {name.split(".")[1] for name in imported(path) if name.startswith("paysim.")}
    assert inside - set(below) - {"_kernel", "__version__"} == set()


@named(MODULES)
def test_libraries(path):
    """
    A library is imported only by the modules that are there for it.
    """
    for library, allowed in ONLY_IN.items():
        uses = any(f"{name}.".startswith(f"{library}.") for name in imported(path))
        assert not uses or layer(path) in allowed, library


def test_layers_are_complete():
    """
    The list of layers names every module and no other.
    """
    assert {layer(path) for path in MODULES} == set(ORDER)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "mod"])
def test_rule_companions(rule):
    """
    A rule has a heading in the page of rules and a table of worked examples.
    """
    headings = re.findall(r"^#+ (\w+)$", (ROOT / "docs/rules.md").read_text(), re.MULTILINE)
    assert rule in headings
    assert (ROOT / "kernel/core/tests/rules" / f"{rule}.table").is_file()


def texts():
    """
    Return the text files of the repository.
    """
    for top in sorted(ROOT.iterdir()):
        if top.name in SKIPPED:
            continue
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.suffix in TEXTS or path.name == "Makefile":
                yield path


def test_nothing_half_done():
    """
    No file holds a note that something is still to be done.
    """
    pattern = re.compile(r"\b(" + "|".join(UNFINISHED) + r")\b")
    assert [str(path) for path in texts() if pattern.search(path.read_text())] == []


def test_nothing_outside():
    """
    No file mentions a path of one machine or the host of a package registry.
    """
    found = [path for path in texts() if any(part in path.read_text() for part in OUTSIDE)]
    assert [str(path) for path in found] == []


def test_ci_calls_the_readme():
    """
    Continuous integration calls the commands that the README gives.
    """
    commands = re.findall(r"^(make \w+)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    script = (ROOT / ".ci" / "run").read_text().splitlines()
    assert {"make run", "make test"} <= set(commands) <= set(script)
