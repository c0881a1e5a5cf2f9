"""
The indicators of each agent, one row per agent in scenario order.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from paysim.indicators.costs import COMPONENTS, exact_sum
from paysim.indicators.facts import Facts, agent_flow
from paysim.indicators.figures import quotient
from paysim.indicators.flows import (
    delay_indicators,
    flow_indicators,
    queue_indicators,
    throughput_indicators,
)
from paysim.indicators.liquidity import lower_bound, net_positions, net_sender_index
from paysim.indicators.names import AGENT_COLUMNS
from paysim.indicators.over_time import recycled_value
from paysim.indicators.positions import position_indicators
from paysim.indicators.structure import netting_ratio
from paysim.indicators.tables import indicator_table

if TYPE_CHECKING:
    from paysim._kernel import Table


def agent_table(facts: Facts) -> Table:
    """
    Return the table of agents.
    """
    rows = agent_rows(facts)
    values = {name: [row[name] for row in rows] for name in AGENT_COLUMNS}
    return indicator_table(AGENT_COLUMNS, values)


def agent_rows(facts: Facts) -> list[dict[str, Any]]:
    """
    Return the indicators of each agent by name.
    """
    facts.make("ticks", "agents", "positions", "delays", "bilateral")
    delays: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for id, *row in facts.rows("delays", "agent_id", "delay", "volume", "value"):
        delays[id].append((row[0], row[1], row[2]))
    lsm: dict[str, int] = defaultdict(int)
    for id, value in facts.rows("bilateral", "sender_id", "lsm_value"):
        lsm[id] += value
    everything = sum(facts.positions("paid_value"))
    rows = []
    for place, id in enumerate(facts.ids):
        flow = agent_flow(facts, place)
        flows = flow_indicators(facts, flow)
        paid = flows["settled_value"]
        rows.append(
            {
                "agent_id": id,
                **flows,
                "paid_volume": sum(facts.positions("paid_volume", place)),
                "received_volume": sum(facts.positions("received_volume", place)),
                "received_value": sum(facts.positions("received_value", place)),
                "paid_value_share": quotient(paid, everything),
                **position_indicators(facts, paid, place),
                **_funding(facts, place, paid),
                **delay_indicators(facts, flow, delays[id]),
                **queue_indicators(facts, flow),
                **throughput_indicators(facts, flow),
                "lsm_value_share": quotient(lsm[id], paid),
                **_tools(facts, place),
                **_costs(facts, place),
            }
        )
    return rows


def _funding(facts: Facts, place: int, paid: int) -> dict[str, Any]:
    received = facts.by_day(facts.agent("received_value", place))
    payments = facts.by_day(facts.agent("paid_value", place))
    # The close is left out: at it, everybody's position is what the day came to.
    positions = [n for day in map(net_positions, received, payments) for n in day[:-1]]
    due = facts.positions("due_value", place)
    lower = sum(map(lower_bound, due, facts.positions("expected_value", place)))
    return {
        "recycled_share": quotient(recycled_value(facts, place), paid),
        "net_sender_index": net_sender_index(positions),
        "netting_ratio": netting_ratio(sum(due), lower),
    }


def _tools(facts: Facts, place: int) -> dict[str, Any]:
    balances = facts.positions("opening_balance", place)
    limits = facts.positions("opening_credit_limit", place)
    return {
        "lowest_net_position": min(facts.positions("lowest_net_position", place), default=0),
        "highest_net_position": max(facts.positions("highest_net_position", place), default=0),
        "available_at_start_min_value": min(map(int.__add__, balances, limits), default=None),
        **{
            name: sum(facts.positions(name, place))
            for name in ("timed_volume", "timed_value", "missed_volume", "missed_value")
        },
    }


def _costs(facts: Facts, place: int) -> dict[str, str]:
    if facts.day is None:
        agent = facts.totals["agents"][place]
        costs = {f"{name}_cost": agent["cost"][name] for name in COMPONENTS}
        return {**costs, "total_cost": agent["total_cost"]}
    costs = {
        f"{name}_cost": exact_sum(facts.of_period(facts.agent(f"{name}_cost", place)))
        for name in COMPONENTS
    }
    return {**costs, "total_cost": exact_sum(costs.values())}
