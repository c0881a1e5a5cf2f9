"""
What helps somebody who has sent a scenario in a way that the service does not take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from paysim.files.beside import READS_FILES
from paysim.server.problems import Problem, error_of, invalid

if TYPE_CHECKING:
    from paysim.errors import Problem as Wrong
    from paysim.errors import ScenarioError

NO_FILES: Final = (
    "the service reads no files: list the rows here, or send the file that paysim create writes"
)
AS_YAML: Final = "YAML is sent as application/yaml"
ONE_EACH: Final = "the parameter is repeated, once for each agent: outside=A&outside=B"
AS_SCENARIO: Final = "a scenario is sent as application/yaml or application/json"


def advised(error: ScenarioError) -> Problem:
    """
    Return the problem that tells what is wrong with a scenario or a checkpoint, and what helps.
    """
    errors = [
        error_of(told.path, told.expected, told.found, hint_of(told), told.place)
        for told in error.problems
    ]
    title = "The scenario is not valid"
    return invalid(errors, kind="invalid-scenario", title=title, omitted=error.omitted)


def hint_of(told: Wrong) -> str:
    """
    Return what helps against what is wrong, or nothing.
    """
    if told.steps[:1] == ("outside",) and "," in told.found:
        return ONE_EACH
    if told.hint == READS_FILES:
        return NO_FILES
    if told.expected.startswith("must be valid JSON"):
        return told.hint or AS_YAML
    if told.expected.endswith("does not begin like one"):
        return told.hint or AS_SCENARIO
    return told.hint
