"""
The indicators that the system and each agent have in common: flows, delays, queues, throughput.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, Final

from paysim.indicators.delay import (
    could_wait,
    delay_indicator,
    delayed,
    mean_delay,
    median_delay,
    waited,
    weighted_median_delay,
    weights,
)
from paysim.indicators.facts import Facts, Flow
from paysim.indicators.figures import by_tenth, quotient, running, tenth_ends
from paysim.indicators.queues import peak, time_average
from paysim.indicators.structure import mean_time, reached, throughput

HALF: Final = Fraction(1, 2)
THREE_QUARTERS: Final = Fraction(3, 4)


def flow_indicators(facts: Facts, flow: Flow) -> dict[str, Any]:
    """
    Return what arrived, settled and stayed unsettled.

    What is due in the days asked for is what arrived in them and what was unsettled when the first
    of them opened.
    """
    carried = _queued_before(flow, facts.first_tick)
    arrived = sum(facts.of_period(flow.arrived))
    settled = sum(facts.of_period(flow.settled))
    due = arrived + carried
    last = facts.end_tick - 1
    volume = flow.internal_volume[last] + flow.central_volume[last] if facts.spans else 0
    unsettled = _queued_before(flow, facts.end_tick)
    return {
        "arrived_value": arrived,
        "carried_over_value": carried,
        "settled_value": settled,
        "settled_share": quotient(settled, due),
        "unsettled_volume": volume,
        "unsettled_value": unsettled,
        "unsettled_share": quotient(unsettled, due),
        "cancelled_value": due - settled - unsettled,
    }


def delay_indicators(
    facts: Facts, flow: Flow, rows: Iterable[tuple[int, int, int]]
) -> dict[str, Any]:
    """
    Return how long value waited.

    Args:
        facts: The run.
        flow: Whose flow.
        rows: Delay, volume and value of its transactions that settled.
    """
    queued = [a + b for a, b in zip(flow.internal_value, flow.central_value, strict=True)]
    part = sum(waited(day) for day in facts.by_day(queued))
    whole = sum(
        could_wait(arrived, queued[start - 1] if start else 0)
        for arrived, (start, _) in zip(facts.by_day(flow.arrived), facts.spans, strict=True)
    )
    rows = list(rows)
    volumes = weights((delay, volume) for delay, volume, _ in rows)
    values = weights((delay, value) for delay, _, value in rows)
    late, late_value = delayed(volumes), delayed(values)
    return {
        "delay_indicator": delay_indicator(part, whole),
        "delay_mean_ticks": mean_delay(volumes),
        "delay_median_ticks": median_delay(volumes),
        "delay_max_ticks": max(volumes, default=None),
        "delay_value_weighted_mean_ticks": mean_delay(values),
        "delay_value_weighted_median_ticks": weighted_median_delay(values),
        "delayed_volume": sum(late.values()),
        "delayed_value": sum(late_value.values()),
        "delayed_volume_share": quotient(sum(late.values()), sum(volumes.values())),
        "delayed_value_share": quotient(sum(late_value.values()), sum(values.values())),
        "delayed_mean_ticks": mean_delay(late),
        "delayed_median_ticks": median_delay(late),
        "delayed_value_weighted_mean_ticks": mean_delay(late_value),
    }


def queue_indicators(facts: Facts, flow: Flow) -> dict[str, Any]:
    """
    Return the peaks of both queues and their averages over time.
    """
    found: dict[str, Any] = {}
    for queue, measure, values in (
        ("internal", "volume", flow.internal_volume),
        ("internal", "value", flow.internal_value),
        ("central", "volume", flow.central_volume),
        ("central", "value", flow.central_value),
    ):
        stretch = facts.of_period(values)
        highest, tick = peak(stretch, facts.first_tick)
        found[f"{queue}_queue_peak_{measure}"] = highest
        found[f"{queue}_queue_peak_{measure}_tick"] = tick
        found[f"{queue}_queue_mean_{measure}"] = time_average(stretch)
    return found


def throughput_indicators(facts: Facts, flow: Flow) -> dict[str, Any]:
    """
    Return when in the day value settled; days are laid over each other.
    """
    settled, due = settled_by_tick_of_day(facts, flow), due_by_day(facts, flow)
    so_far = running(settled)
    return {
        "throughput_50_tick_of_day": reached(so_far, sum(due), HALF),
        "throughput_75_tick_of_day": reached(so_far, sum(due), THREE_QUARTERS),
        "settlement_mean_tick_of_day": mean_time(settled),
    }


def throughput_curve(facts: Facts, flow: Flow) -> list[dict[str, Any]] | None:
    """
    Return what had settled at the end of each tenth of the day, as a share of what was due and as
    one of all that settled.

    Both are None for a tenth to whose end no day was run.
    """
    settled = settled_by_tick_of_day(facts, flow)
    tenths = by_tenth(settled, facts.ticks_per_day)
    of_due = throughput(tenths, sum(due_by_day(facts, flow)))
    if of_due is None:
        return None
    of_settled: Sequence[float | None] = throughput(tenths, sum(tenths)) or [None] * len(tenths)
    ends = tenth_ends(facts.ticks_per_day)
    return [
        {
            "tick_of_day": end - 1,
            "share": one if end <= len(settled) else None,
            "share_of_settled": other if end <= len(settled) else None,
        }
        for end, one, other in zip(ends, of_due, of_settled, strict=True)
    ]


def settled_by_tick_of_day(facts: Facts, flow: Flow) -> list[int]:
    """
    Return the value settled in each tick of the day, summed over the days.
    """
    sums = [0] * max((end - start for start, end in facts.spans), default=0)
    for day in facts.by_day(flow.settled):
        for tick, value in enumerate(day):
            sums[tick] += value
    return sums


def due_by_day(facts: Facts, flow: Flow) -> list[int]:
    """
    Return for each day the value that arrived in it or was unsettled when it opened.
    """
    return [
        sum(flow.arrived[start:end]) + _queued_before(flow, start) for start, end in facts.spans
    ]


def _queued_before(flow: Flow, tick: int) -> int:
    """
    Return the value in both queues when a tick opens.
    """
    return flow.internal_value[tick - 1] + flow.central_value[tick - 1] if tick else 0
