"""
The indicators of the whole system.
"""

from __future__ import annotations

from collections import Counter
from itertools import compress
from typing import Any

from paysim.indicators.agent_tools import monitoring_tools
from paysim.indicators.costs import COMPONENTS, exact_sum
from paysim.indicators.facts import CAUSES, LSM_CAUSES, Facts, system_flow
from paysim.indicators.figures import quotient
from paysim.indicators.flows import (
    delay_indicators,
    due_by_day,
    flow_indicators,
    queue_indicators,
    throughput_curve,
    throughput_indicators,
)
from paysim.indicators.liquidity import liquidity_used, lower_bound
from paysim.indicators.over_time import gridlock_ticks, positions_in_use, recycled_value
from paysim.indicators.positions import position_indicators
from paysim.indicators.queues import gridlock_index, peak, queued_value, time_average
from paysim.indicators.structure import (
    bilateral_net_debits,
    equal_size_number,
    herfindahl,
    netting_ratio,
    provision_gini,
)


def system_indicators(facts: Facts) -> dict[str, Any]:
    """
    Return all indicators of the system by name, as plain values that JSON can hold.
    """
    facts.make("ticks", "agents", "positions", "delays", "bilateral", "queues")
    flow = system_flow(facts)
    flows = flow_indicators(facts, flow)
    rows = facts.rows("delays", "delay", "volume", "value")
    return {
        "days": len(facts.days),
        "ticks": facts.end_tick - facts.first_tick,
        "agents": len(facts.ids),
        **flows,
        **position_indicators(facts, flows["settled_value"]),
        **_in_use(facts),
        **_recycled(facts, flows["settled_value"]),
        **delay_indicators(facts, flow, rows),
        **queue_indicators(facts, flow),
        **_queued(facts, flows["arrived_value"] + flows["carried_over_value"]),
        "gridlock_index": gridlock_index(gridlock_ticks(facts)),
        **throughput_indicators(facts, flow),
        "throughput": throughput_curve(facts, flow),
        **_means(facts),
        **_netting(facts, sum(due_by_day(facts, flow))),
        **_concentration(facts),
        **_costs(facts),
        "bcbs248": {id: monitoring_tools(facts, i) for i, id in enumerate(facts.ids)},
    }


def _in_use(facts: Facts) -> dict[str, Any]:
    in_use = positions_in_use(facts)
    highest, tick = peak(in_use, facts.first_tick)
    return {
        "liquidity_in_use_peak_value": highest,
        "liquidity_in_use_peak_tick": tick,
        "liquidity_in_use_mean_value": time_average(in_use),
    }


def _recycled(facts: Facts, settled: int) -> dict[str, Any]:
    value = sum(recycled_value(facts, place) for place in range(len(facts.ids)))
    return {"recycled_share": quotient(value, settled)}


def _queued(facts: Facts, due: int) -> dict[str, Any]:
    value = _queued_value(facts)
    return {"queued_value": value, "queued_share": quotient(value, due)}


def _queued_value(facts: Facts) -> int:
    first, end = facts.first_tick, facts.end_tick
    names = ("queue", "joined_tick", "left_tick")
    wanted = [
        queue == "central" and joined < end and (left is None or left >= first)
        for queue, joined, left in zip(*(facts.column("queues", n) for n in names), strict=True)
    ]
    amounts = facts.column("queues", "amount")
    if "withdrawn" not in facts.column("queues", "outcome"):
        # Nobody comes twice, and what was split was not queued before: no need to look at ids.
        return sum(compress(amounts, wanted))
    stays = compress(zip(facts.column("queues", "transaction_id"), amounts, strict=True), wanted)
    parents = frozenset(filter(None, facts.column("transactions", "parent_id")))
    return queued_value(stays, parents)


def _means(facts: Facts) -> dict[str, Any]:
    volumes = {c: sum(facts.of_period(facts.system(f"{c}_volume"))) for c in CAUSES}
    values = {c: sum(facts.of_period(facts.system(f"{c}_value"))) for c in CAUSES}
    volume, value = sum(volumes.values()), sum(values.values())
    return {
        "settled_by": {
            cause: {
                "volume": volumes[cause],
                "value": values[cause],
                "volume_share": quotient(volumes[cause], volume),
                "value_share": quotient(values[cause], value),
            }
            for cause in CAUSES
        },
        "lsm_volume_share": quotient(sum(volumes[c] for c in LSM_CAUSES), volume),
        "lsm_value_share": quotient(sum(values[c] for c in LSM_CAUSES), value),
    }


def _netting(facts: Facts, gross: int) -> dict[str, Any]:
    due, expected = facts.positions("due_value"), facts.positions("expected_value")
    days: dict[int, Counter[tuple[str, str]]] = {day: Counter() for day in facts.days}
    names = ("day", "sender_id", "receiver_id", "arrived_value", "unsettled_value")
    cells = [facts.column("bilateral", name) for name in names]
    for day, sender, receiver, arrived, unsettled in zip(*cells, strict=True):
        if day in days:
            days[day][sender, receiver] += arrived
        # What is unsettled at the close of a day is due in the next.
        if day + 1 in days:
            days[day + 1][sender, receiver] += unsettled
    return {
        "netting_ratio": netting_ratio(gross, sum(map(lower_bound, due, expected))),
        "bilateral_netting_ratio": netting_ratio(
            gross, sum(map(bilateral_net_debits, days.values()))
        ),
    }


def _concentration(facts: Facts) -> dict[str, Any]:
    places = range(len(facts.ids))
    paid = [sum(facts.positions("paid_value", place)) for place in places]
    volume = [sum(facts.positions("paid_volume", place)) for place in places]
    used = [sum(map(liquidity_used, facts.positions("lowest_net_position", p))) for p in places]
    found: dict[str, Any] = {}
    for name, sizes in (("paid_value", paid), ("paid_volume", volume), ("liquidity_used", used)):
        concentration = herfindahl(sizes)
        found[f"herfindahl_{name}"] = None if concentration is None else float(concentration)
        found[f"equal_size_number_{name}"] = equal_size_number(concentration)
    found["liquidity_provision_gini"] = provision_gini(used, paid)
    return found


def _costs(facts: Facts) -> dict[str, Any]:
    if facts.day is None:
        totals = facts.totals
        costs = {component: totals["cost"][component] for component in COMPONENTS}
        return {"cost": costs, "total_cost": totals["total_cost"]}
    agents = len(facts.ids)
    rows = slice(facts.first_tick * agents, facts.end_tick * agents)
    costs = {c: exact_sum(facts.column("agents", f"{c}_cost")[rows]) for c in COMPONENTS}
    return {"cost": costs, "total_cost": exact_sum(costs.values())}
