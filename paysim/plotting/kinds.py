"""
The kinds of charts: their names, titles and captions, without anything heavy.

The command line and whoever makes a page go through `CHARTS` and need not know what there is.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import attrs

from paysim.extras import check_extra

if TYPE_CHECKING:
    from altair.typing import ChartType


SUFFIXES: Final = (".svg", ".png", ".pdf", ".html")
"""What a chart can be saved as."""


@attrs.frozen
class ChartKind:
    """
    One kind of chart.

    Attributes:
        name: Name of the function in `paysim.plotting`, and of the file that `--all` writes.
        title: What stands above the chart.
        caption: One sentence that says what is drawn, to stand below it.
        home: The module that draws it.
    """

    name: str
    title: str
    caption: str
    home: str = attrs.field(repr=False)

    @property
    def function(self) -> Callable[..., ChartType]:
        """
        The function from a run to the chart; the one of `TRADE_OFF` takes several runs.

        Raises:
            PaysimError: A library that it needs is not installed.
        """
        drawn: Callable[..., ChartType] = getattr(_home(self.home), self.name)
        return drawn


CHARTS: Final = (
    ChartKind(
        "balances",
        "Balances",
        "Balance of each agent at the end of each tick, and dotted the floor that it may not go "
        "below; of many agents those that paid most, and of the others the range.",
        "balance_chart",
    ),
    ChartKind(
        "queue_value",
        "Value in the queues",
        "Value of the transactions that agents hold back (internal queues) and that wait in the "
        "system (central queue) at the end of each tick.",
        "over_time",
    ),
    ChartKind(
        "throughput",
        "Throughput",
        "Share of the value due in a day, which is what arrived in it and what was unsettled when "
        "it opened, that has settled by the end of each tick.",
        "throughput_chart",
    ),
    ChartKind(
        "delay_distribution",
        "Delay from arrival to settlement",
        "Share of the settled volume and of the settled value by the ticks from arrival to "
        "settlement; what has not settled is not in it.",
        "delays",
    ),
    ChartKind(
        "liquidity_used",
        "Liquidity used and its bounds",
        "Each agent's largest net debit position of a day, between the lower bound, at which all "
        "that is due can settle by netting at the close, and the upper bound, at which each "
        "transaction can settle on arrival; the mean of the days.",
        "by_agent",
    ),
    ChartKind(
        "bilateral_flows",
        "Bilateral flows",
        "Value that settled from each sender to each receiver; of many agents those that paid "
        "most, and the others as the mean of a pair.",
        "flows",
    ),
    ChartKind(
        "cost_stack",
        "Costs",
        "Cost of each agent by component; of many agents those that bear most, and the others as "
        "their mean.",
        "by_agent",
    ),
    ChartKind(
        "settlements_by_means",
        "Settled value by means",
        "Value that settled at entry, out of the central queue, by each liquidity-saving mechanism "
        "and at the end of the day.",
        "over_time",
    ),
)
"""The charts of one run, in the order in which a report shows them."""

TRADE_OFF: Final = ChartKind(
    "trade_off",
    "Delay against liquidity",
    "One point per run: the liquidity that its agents used, and the delay indicator, from 0 if all "
    "settles on arrival to 1 if nothing settles before the close.",
    "trade_offs",
)
"""The chart of several runs."""

KINDS: Final = {kind.name: kind for kind in (*CHARTS, TRADE_OFF)}
"""All kinds by name."""


def _home(name: str) -> Any:
    check_libraries()
    return import_module(f"paysim.plotting.{name}")


def check_libraries() -> None:
    """
    Make sure that what draws is installed.

    Raises:
        PaysimError: It is not.
    """
    check_extra("plots", "plots need", "altair", "polars", "vl_convert")
