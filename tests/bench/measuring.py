"""
How things are measured: the best of alternated repeats, resident memory, the table.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter

import attrs

Work = Callable[[], object]


@attrs.frozen
class Line:
    """
    One line of the table.

    Attributes:
        what: What was measured.
        measured: The figure, with its unit.
        asked: What is asked for, or empty for information.
        ok: Whether it is met; `None` where nothing is asked.
    """

    what: str
    measured: str
    asked: str = ""
    ok: bool | None = None


def best_seconds(makers: Iterable[Callable[[], Work]], repeats: int = 5) -> list[float]:
    """
    Return the shortest time of each work, its making excluded.

    The works take turns, so that a slow spell of the machine meets all of them alike.
    """
    makers = list(makers)
    best = [float("inf")] * len(makers)
    for _ in range(repeats):
        for i, make in enumerate(makers):
            work = make()
            start = perf_counter()
            work()
            best[i] = min(best[i], perf_counter() - start)
    return best


def resident_bytes() -> int:
    """
    Return the memory that this process holds now; where the system does not tell, its peak.
    """
    return _status("VmRSS") or _most_ever()


def peak_bytes() -> int:
    """
    Return the most memory that this process has held so far.
    """
    return _status("VmHWM") or _most_ever()


def _status(name: str) -> int:
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    found = [int(line.split()[1]) for line in lines if line.startswith(f"{name}:")]
    return found[0] * 1024 if found else 0


def _most_ever() -> int:
    # Linux hands this figure down from the parent process, so it is only the second choice.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def table(lines: list[Line]) -> str:
    """
    Return the lines as aligned text.
    """
    marks = {True: "yes", False: "NO", None: ""}
    cells = [("what", "measured", "asked", "ok")]
    cells += [(line.what, line.measured, line.asked, marks[line.ok]) for line in lines]
    widths = [max(len(row[i]) for row in cells) for i in range(4)]
    return "\n".join(
        f"{what:{widths[0]}}  {measured:>{widths[1]}}  {asked:>{widths[2]}}  {ok}".rstrip()
        for what, measured, asked, ok in cells
    )
