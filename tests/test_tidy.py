"""
House rules: imports follow the layers, each rule has its companions, nothing is left half-done.
"""

from __future__ import annotations

import ast
import re

import pytest
from record import ROOT

LAYERS = {
    "paysim": """
        errors extras exact texts regular_file fields records files behaviour rules scenario_events
        arrival_tables bounds event_ids weight_checks event_checks scenario added_events schema
        loading state_file checkpoint_format checkpoints plain_text summary run_record run_directory
        trace_text explanation_text history indicators results reopening policies operation_log
        clock agent processes arguments saving simulation orchestrator plotting looks report
        rerunning change_text comparison_text differences pairing comparison testing logs queries
        server cli
        """,
    "paysim.server": """
        settings log store problems session desk http page openapi routes app serving
        """,
}
"""
Every module of a package imports only modules of it that stand before its own, wherever in its text
the import stands. Imports for type checkers only are free.
"""

ONLY_IN = {
    "simpy": {"arguments", "clock", "processes", "simulation"},
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
        "server.session",
        "simulation",
    },
    "structlog": {"logs", "server.log"},
    "yaml": {"files"},
    "click": {"cli"},
    "rich": {"cli"},
    "duckdb": {"queries"},
    "polars": {"plotting", "queries", "report", "results"},
    "altair": {"plotting"},
    "vl_convert": {"plotting"},
    "jinja2": {"report"},
    "fastapi": {"server.app", "server.http", "server.openapi", "server.routes"},
    "pydantic": {"server.http", "server.openapi"},
    "sqlite3": {"server.store"},
    "starlette": {
        "server.app",
        "server.http",
        "server.openapi",
        "server.problems",
        "server.routes",
    },
    "uvicorn": {"server.http", "server.serving"},
}
"""
Libraries and the modules or packages below paysim that may import them.
"""

MODULES = [
    path
    for path in sorted((ROOT / "paysim").rglob("*.py"))
    if path.parent.name != "paysim" or not path.name.startswith("_")
]
RULES = sorted(path.stem for path in (ROOT / "kernel/core/src/rules").glob("*.rs"))
TEXTS = {".py", ".pyi", ".rs", ".md", ".toml", ".yaml", ".table", ".out"}
SKIPPED = {".venv", ".git", "target", "dist"}

UNFINISHED = [word[:2] + word[3:] for word in ("TO-DO", "FI-XME", "XX-X", "pl-aceholder")]
OUTSIDE = [part.replace("-", "") for part in ("/wo-rk/", "py-pi.org", "cra-tes.io")]


def module(path):
    """
    Return the name of a file's module; a package is that of its `__init__`.
    """
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def named(paths):
    return pytest.mark.parametrize("path", paths, ids=module)


def part_of(package, name):
    """
    Return which part of a package a module is in, or `None` if it is in none.
    """
    inside = name.removeprefix(f"{package}.")
    return None if inside == name else inside.split(".")[0]


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
    A module imports only from the layers below it, in every package that has layers.
    """
    for package, text in LAYERS.items():
        own = part_of(package, module(path))
        if own is None:
            continue
        order = text.split()
        is_package = (ROOT / package.replace(".", "/") / own).is_dir()
        below = {*order[: order.index(own)], *([own] if is_package else [])}
        inside = {part_of(package, name) for name in imported(path)}
        assert inside - below - {None, "_kernel", "__version__"} == set()


@named(MODULES)
def test_libraries(path):
    """
    A library is imported only by the modules that are there for it.
    """
    own = module(path).removeprefix("paysim.")
    for library, allowed in ONLY_IN.items():
        uses = any(f"{name}.".startswith(f"{library}.") for name in imported(path))
        is_allowed = any(f"{own}.".startswith(f"{place}.") for place in allowed)
        assert not uses or is_allowed, library


@pytest.mark.parametrize("library", ONLY_IN)
def test_permissions_are_used(library):
    """
    No module may import a library that it has no use for.
    """
    users = {
        module(path).removeprefix("paysim.")
        for path in MODULES
        if any(f"{name}.".startswith(f"{library}.") for name in imported(path))
    }
    for place in ONLY_IN[library]:
        assert any(f"{user}.".startswith(f"{place}.") for user in users), place


def test_layers_are_complete():
    """
    The list of layers names every module and no other.
    """
    for package, text in LAYERS.items():
        parts = {part_of(package, module(path)) for path in MODULES}
        assert parts - {None} == set(text.split())


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
