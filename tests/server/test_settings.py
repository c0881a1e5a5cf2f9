"""
Settings of the service: from variables, checked, all mistakes at once.
"""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest
from record import ROOT

from paysim.errors import ScenarioError
from paysim.server.settings import Settings, variable_of

NUMBERS = [field for field in attrs.fields(Settings) if field.name != "data_dir"]


def told(**environment):
    """
    Return the problems of variables.
    """
    with pytest.raises(ScenarioError) as caught:
        Settings.from_environment({"HOME": "/nowhere", **environment})
    return caught.value.problems


@pytest.mark.parametrize("field", NUMBERS, ids=lambda field: field.name)
def test_number(field):
    """
    A limit takes its least and its greatest value, and nothing outside them.
    """
    variable = field.metadata["variable"]
    name = variable_of(field.name)
    for good in (variable.least, variable.most):
        assert getattr(Settings.from_environment({name: str(good)}), field.name) == good
    least = variable.least - 1 if variable.is_whole else 0
    for bad in (least, variable.most + 1, "-1", "many", "1_000", "nan", "inf", "٣٣", "1e99"):
        (problem,) = told(**{name: str(bad)})
        assert (problem.path, problem.found) == (name, repr(str(bad)))
        assert f"from {variable.least:,} to {variable.most:,}" in problem.expected


def test_all_mistakes():
    """
    Every bad value is told, and so is a name that is nearly one of those there are.
    """
    problems = told(PAYSIM_MAX_TICKS="0", PAYSIM_MAX_OPEN="x", PAYSIM_MAX_STEAMS="4")
    assert [problem.path for problem in problems] == [
        "PAYSIM_MAX_STEAMS",
        "PAYSIM_MAX_TICKS",
        "PAYSIM_MAX_OPEN",
    ]
    assert problems[0].hint == "did you mean PAYSIM_MAX_STREAMS?"


def test_empty():
    """
    A variable that is empty is as if it were not set.
    """
    empty = {variable_of(field.name): " " for field in attrs.fields(Settings)}
    home = {"XDG_DATA_HOME": "/data"}
    assert Settings.from_environment(empty | home) == Settings.from_environment(home)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PAYSIM_DATA_DIR": "/srv/simulations"}, Path("/srv/simulations")),
        ({"PAYSIM_DATA_DIR": "here", "XDG_DATA_HOME": "/data"}, Path.cwd() / "here"),
        ({"PAYSIM_DATA_DIR": "~/here"}, Path.home() / "here"),
        ({"XDG_DATA_HOME": "/data"}, Path("/data/paysim")),
        ({"XDG_DATA_HOME": "data"}, Path.home() / ".local/share/paysim"),
        ({}, Path.home() / ".local/share/paysim"),
    ],
)
def test_data_dir(environment, expected):
    """
    The data directory is the given one, absolute, or the one for data of the user's programs.
    """
    assert Settings.from_environment(environment).data_dir == expected


def test_page():
    """
    The page of settings names every variable with its default, its bounds and nothing else.
    """
    text = (ROOT / "docs/reference/server_settings.md").read_text()
    rows = dict(re.findall(r"^\| `(PAYSIM_\w+)` \| (.*) \|$", text, re.MULTILINE))
    assert sorted(rows) == sorted(variable_of(field.name) for field in attrs.fields(Settings))
    for field in NUMBERS:
        variable = field.metadata["variable"]
        default, bounds = rows[variable_of(field.name)].split(" | ")[:2]
        assert default == f"{field.default:,}"
        assert bounds == f"{variable.least:,} to {variable.most:,}"
