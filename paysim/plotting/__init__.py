"""
Charts of a run, drawn with Altair: one function each from `Results` to a chart.

    from paysim import plotting

    chart = plotting.balances(results)
    plotting.save(chart, "balances.svg")

A chart holds its data, aggregated and few: at most 5,000 rows. It is an Altair chart like any
other, to be shown in a notebook, changed and combined. Saving it needs no browser and no network.
Altair is imported when a function is first used; `pip install "paysim[plots]"` brings it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from paysim.plotting.kinds import CHARTS, KINDS, TRADE_OFF, ChartKind, check_libraries

if TYPE_CHECKING:
    from paysim.plotting.balance_chart import balances
    from paysim.plotting.by_agent import cost_stack, liquidity_used
    from paysim.plotting.delays import delay_distribution
    from paysim.plotting.flows import bilateral_flows
    from paysim.plotting.over_time import queue_value, settlements_by_means
    from paysim.plotting.saving import save
    from paysim.plotting.style import config
    from paysim.plotting.throughput_chart import throughput
    from paysim.plotting.trade_offs import trade_off

__all__ = [
    "CHARTS",
    "TRADE_OFF",
    "ChartKind",
    "balances",
    "bilateral_flows",
    "config",
    "cost_stack",
    "delay_distribution",
    "liquidity_used",
    "queue_value",
    "save",
    "settlements_by_means",
    "throughput",
    "trade_off",
]

_HOME = {name: kind.home for name, kind in KINDS.items()} | {"config": "style", "save": "saving"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'paysim.plotting' has no attribute {name!r}")
    check_libraries()
    return getattr(import_module(f"paysim.plotting.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
