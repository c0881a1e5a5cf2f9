"""
Charts of a simulation, from the plotting layer, and the script with which a page draws them.

The libraries that draw are heavy and may be absent. They are imported when a chart or the script is
first asked for, and what imports them is made for threads.
"""

from __future__ import annotations

import functools
import hashlib
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from paysim import looks
from paysim.plotting.kinds import CHARTS, ChartKind

if TYPE_CHECKING:
    from paysim.server.session.session import Session

LIVE: Final = ("balances", "queue_value", "settlements_by_means", "bilateral_flows")
"""The charts that can be drawn while a run goes on."""

MISSING: Final = 'Charts need libraries that come with: pip install "paysim[plots]"'

LINES_MAX: Final = 12
"""Agents up to which the chart of balances shows all, which are then in scenario order."""

_MODULES: Final = ("altair", "polars", "vl_convert")
_SNIPPET: Final = "globalThis.paysimDraw = {embed, hasNames};"


def missing() -> str:
    """
    Return how to get the libraries that draw, or nothing if they are there; imports nothing.
    """
    return "" if all(find_spec(module) for module in _MODULES) else MISSING


def kind_of(name: str) -> ChartKind | None:
    """
    Return the kind of chart of a name, if there is one.
    """
    return next((kind for kind in CHARTS if kind.name == name), None)


def listed() -> list[dict[str, Any]]:
    """
    Return what there is to be drawn.
    """
    return [
        {
            "name": kind.name,
            "title": kind.title,
            "caption": kind.caption,
            "is_live": kind.name in LIVE,
        }
        for kind in CHARTS
    ]


def exact(session: Session, kind: ChartKind) -> dict[str, Any]:
    """
    Return the specification of a chart of all ticks run so far.

    Raises:
        PaysimError: A library is not installed.
    """
    ids = [agent.id for agent in session.scenario.agent_configs]
    settings: dict[str, Any] = {}
    if kind.name == "balances" and len(ids) <= LINES_MAX:
        # So that each agent keeps its colour from one chart to the next.
        settings["agents"] = ids
    spec: dict[str, Any] = kind.function(session.results(), **settings).to_dict()
    return spec


def live(session: Session, kind: ChartKind) -> dict[str, Any]:
    """
    Return the specification of a chart without its data, for a run that goes on.

    Raises:
        PaysimError: A library is not installed.
    """
    from paysim.plotting.kinds import check_libraries

    check_libraries()
    from paysim.plotting.live import live_chart

    means = list(session.pulse(session.tick)["settled_by"])
    return live_chart(kind.name, session.scenario, means)


@functools.cache
def script_name() -> str:
    """
    Return the name of the script that draws, which changes whenever the script does, or nothing.
    """
    if missing():
        return ""
    try:
        parts = [looks.drawing(_SNIPPET), version("vl-convert-python"), version("altair")]
    except PackageNotFoundError:
        return ""
    return f"vega-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:16]}.js"


@functools.cache
def script() -> bytes:
    """
    Return the script that draws; it takes seconds to make.

    Raises:
        PaysimError: A library is not installed.
    """
    from paysim.plotting.kinds import check_libraries

    check_libraries()
    from paysim.plotting.scripts import drawing_script

    return drawing_script(looks.drawing(_SNIPPET)).encode()
