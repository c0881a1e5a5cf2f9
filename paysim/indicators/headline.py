"""
The few indicators that the summary of a run shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from paysim.indicators.facts import Facts, system_flow
from paysim.indicators.flows import delay_indicators
from paysim.indicators.positions import position_indicators

if TYPE_CHECKING:
    from paysim.results import Results

HEADLINE: Final = (
    "liquidity_used_value",
    "liquidity_bounds_position",
    "turnover_ratio",
    "delay_indicator",
    "delay_value_weighted_mean_ticks",
)


def headline_indicators(results: Results) -> dict[str, Any]:
    """
    Return them as `Results.indicators` would, without the tables that they do not need.
    """
    facts = Facts(results)
    facts.make("ticks", "positions", "delays")
    flow = system_flow(facts)
    found = {
        **position_indicators(facts, sum(flow.settled)),
        **delay_indicators(facts, flow, facts.rows("delays", "delay", "volume", "value")),
    }
    return {name: found[name] for name in HEADLINE}
