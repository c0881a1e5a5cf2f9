"""
Small bodies of requests, read and checked as parts of a scenario are.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

import attrs

from paysim.errors import Problems, shown
from paysim.fields import TICKS_MAX, Kind, Real, Steps, Whole, as_real
from paysim.records import Checked, Optional
from paysim.server.http.models.values import CHECKPOINT_ID

NAME_MAX: Final = 128
"""Characters of a name that people give."""

PACE_MAX: Final = 1_000_000
"""Ticks per second of a run; one without a pace may be faster."""

_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")


@attrs.frozen(eq=False)
class Label(Kind):
    """
    A name for people: text of bounded length in one line.
    """

    help: str = ""

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        if type(value) is not str:
            problems.add(steps, "must be text", shown(value))
        elif not 1 <= len(value) <= NAME_MAX:
            found = f"{len(value)} characters" if value else "empty text"
            problems.add(steps, f"must be 1 to {NAME_MAX} characters", found)
        elif _CONTROL.search(value):
            problems.add(steps, "must hold printable characters only", shown(value))


@attrs.frozen(eq=False)
class CheckpointId(Kind):
    """
    What looks like the id of a checkpoint.
    """

    help: str = ""

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        if type(value) is not str or not re.fullmatch(CHECKPOINT_ID, value) or value[-1] == "\n":
            expected = "must be the id of a checkpoint, chk_ and 16 lower-case hex digits"
            problems.add(steps, expected, shown(value))


@attrs.frozen
class RunRequest(Checked):
    """
    How far to run in the background, and how fast.
    """

    until_tick: Annotated[int | None, Optional(Whole(1, TICKS_MAX))] = None
    ticks_per_second: Annotated[float | None, Optional(Real(0, PACE_MAX, open=True))] = attrs.field(
        default=None, converter=as_real
    )


@attrs.frozen
class CheckpointRequest(Checked):
    """
    What to call a checkpoint.
    """

    name: Annotated[str | None, Optional(Label())] = None


@attrs.frozen
class BranchRequest(Checked):
    """
    What to branch from, and what to call the branch.
    """

    checkpoint_id: Annotated[str | None, Optional(CheckpointId())] = None
    name: Annotated[str | None, Optional(Label())] = None
