"""
The indicators of the whole system.
"""

from __future__ import annotations

from collections import Counter
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
from paysim.indicators.liquidity import (
    bounds_position,
    liquidity_efficiency,
    liquidity_used,
    lower_bound,
    turnover_ratio,
    upper_bound,
)
from paysim.indicators.over_time import gridlock_ticks, positions_in_use, recycled_value
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
    flow = system_flow(facts)
    flows = flow_indicators(facts, flow)
    rows = facts.rows("delays", "delay", "volume", "value")
    return {
        "days": len(facts.days),
        "ticks": facts.end_tick - facts.first_tick,
        "agents": len(facts.ids),
        **flows,
        **_liquidity(facts, flows["settled_value"]),
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


def _liquidity(facts: Facts, settled: int) -> dict[str, Any]:
    daily = [0] * len(facts.days)
    for row, lowest in enumerate(facts.positions("lowest_net_position")):
        daily[row // len(facts.ids)] += liquidity_used(lowest)
    used = sum(daily)
    due, expected = facts.positions("due_value"), facts.positions("expected_value")
    lower = sum(map(lower_bound, due, expected))
    upper = sum(map(upper_bound, facts.positions("immediate_lowest_net_position")))
    in_use = positions_in_use(facts)
    highest, tick = peak(in_use, facts.first_tick)
    return {
        "liquidity_used_value": used,
        "liquidity_used_daily_mean_value": quotient(used, len(daily)),
        "liquidity_used_daily_max_value": max(daily, default=0),
        "liquidity_lower_bound_value": lower,
        "liquidity_upper_bound_value": upper,
        "liquidity_bounds_position": bounds_position(used, lower, upper),
        "turnover_ratio": turnover_ratio(settled, used),
        "liquidity_efficiency": liquidity_efficiency(settled, used),
        "liquidity_in_use_peak_value": highest,
        "liquidity_in_use_peak_tick": tick,
        "liquidity_in_use_mean_value": time_average(in_use),
        "recycled_share": quotient(
            sum(recycled_value(facts, place) for place in range(len(facts.ids))), settled
        ),
    }


def _queued(facts: Facts, due: int) -> dict[str, Any]:
    value = _queued_value(facts)
    return {"queued_value": value, "queued_share": quotient(value, due)}


def _queued_value(facts: Facts) -> int:
    names = ("queue", "transaction_id", "amount", "joined_tick", "left_tick", "outcome")
    rows = zip(*(facts.column("queues", name) for name in names), strict=True)
    first, end = facts.first_tick, facts.end_tick
    stays, was_withdrawn = [], False
    for queue, id, amount, joined, left, outcome in rows:
        if queue == "central":
            was_withdrawn = was_withdrawn or outcome == "withdrawn"
            if joined < end and (left is None or left >= first):
                stays.append((id, amount))
    if not was_withdrawn:
        return queued_value(stays)
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
        totals = facts.results.totals()
        costs = {component: totals["cost"][component] for component in COMPONENTS}
        return {"cost": costs, "total_cost": totals["total_cost"]}
    agents = len(facts.ids)
    rows = slice(facts.first_tick * agents, facts.end_tick * agents)
    costs = {c: exact_sum(facts.column("agents", f"{c}_cost")[rows]) for c in COMPONENTS}
    return {"cost": costs, "total_cost": exact_sum(costs.values())}
