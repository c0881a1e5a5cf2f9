"""
The names of the indicators, with their units, as `docs/reference/indicators.md` explains them.
"""

from __future__ import annotations

from typing import Final, Literal

import attrs

Type = Literal["integer", "real", "boolean", "text", "cost"]

VALUE: Final = "minor units"
TICKS: Final = "ticks"
COUNT: Final = "transactions"
TICK: Final = "tick"
SHARE: Final = "share"
RATIO: Final = "ratio"


@attrs.frozen
class Indicator:
    """
    How an indicator is shown, and held in a column.

    Attributes:
        unit: Its unit; `share` is a fraction of 1, `ratio` has no unit and no bound.
        label: What a readable text calls it.
        type: The type of its column.
    """

    unit: str
    label: str
    type: Type


def _value(label: str) -> Indicator:
    return Indicator(VALUE, label, "integer")


def _mean_value(label: str) -> Indicator:
    return Indicator(VALUE, label, "real")


def _count(label: str) -> Indicator:
    return Indicator(COUNT, label, "integer")


def _share(label: str) -> Indicator:
    return Indicator(SHARE, label, "real")


def _ratio(label: str) -> Indicator:
    return Indicator(RATIO, label, "real")


def _ticks(label: str, type: Type = "real") -> Indicator:
    return Indicator(TICKS, label, type)


def _tick(label: str, type: Type = "integer") -> Indicator:
    return Indicator(TICK, label, type)


def _cost(label: str) -> Indicator:
    return Indicator(VALUE, label, "cost")


FLOWS: Final = {
    "arrived_value": _value("value arrived"),
    "carried_over_value": _value("value carried over from the day before"),
    "settled_value": _value("value settled"),
    "settled_share": _share("share of value settled"),
    "unsettled_volume": _count("unsettled at the end"),
    "unsettled_value": _value("value unsettled at the end"),
    "unsettled_share": _share("share of value unsettled at the end"),
    "cancelled_value": _value("value cancelled"),
}

LIQUIDITY: Final = {
    "liquidity_used_value": _value("liquidity used, sum over days"),
    "liquidity_used_daily_mean_value": _mean_value("liquidity used, mean of days"),
    "liquidity_used_daily_max_value": _value("liquidity used, largest day"),
    "liquidity_lower_bound_value": _value("lower bound of liquidity"),
    "liquidity_upper_bound_value": _value("upper bound of liquidity"),
    "liquidity_bounds_position": _ratio("position between the bounds"),
    "turnover_ratio": _ratio("turnover ratio"),
    "liquidity_used_ratio": _ratio("liquidity used per value settled"),
}

IN_USE: Final = {
    "liquidity_in_use_peak_value": _value("liquidity in use, peak"),
    "liquidity_in_use_peak_tick": _tick("  its tick"),
    "liquidity_in_use_mean_value": _mean_value("liquidity in use, mean over time"),
}

RECYCLED: Final = {"recycled_share": _share("share of payments recycled within a tenth of a day")}

DELAY: Final = {
    "delay_indicator": _ratio("delay indicator"),
    "delay_mean_ticks": _ticks("mean delay"),
    "delay_median_ticks": _ticks("median delay"),
    "delay_max_ticks": _ticks("longest delay", "integer"),
    "delay_value_weighted_mean_ticks": _ticks("mean delay, value-weighted"),
    "delay_value_weighted_median_ticks": _ticks("median delay, value-weighted", "integer"),
    "delayed_volume": _count("delayed"),
    "delayed_value": _value("value delayed"),
    "delayed_volume_share": _share("share of volume delayed"),
    "delayed_value_share": _share("share of value delayed"),
    "delayed_mean_ticks": _ticks("mean delay of what was delayed"),
    "delayed_median_ticks": _ticks("median delay of what was delayed"),
    "delayed_value_weighted_mean_ticks": _ticks("mean delay of that, value-weighted"),
}

QUEUES: Final = {
    f"{queue}_queue_{name}": indicator
    for queue in ("internal", "central")
    for name, indicator in {
        "peak_volume": _count(f"{queue} queue, peak volume"),
        "peak_volume_tick": _tick("  its tick"),
        "mean_volume": Indicator(COUNT, f"{queue} queue, mean volume", "real"),
        "peak_value": _value(f"{queue} queue, peak value"),
        "peak_value_tick": _tick("  its tick"),
        "mean_value": _mean_value(f"{queue} queue, mean value"),
    }.items()
}

QUEUED: Final = {
    "queued_value": _value("value that was in the central queue"),
    "queued_share": _share("share of value that was in the central queue"),
    "gridlock_index": _share("share of ticks in gridlock"),
}

THROUGHPUT: Final = {
    "throughput_50_tick_of_day": _tick("half of the value settled by tick of the day"),
    "throughput_75_tick_of_day": _tick("three quarters settled by tick of the day"),
    "settlement_mean_tick_of_day": _tick("mean tick of the day of settlement", "real"),
}

LSM: Final = {
    "lsm_volume_share": _share("share of volume settled by a liquidity-saving mechanism"),
    "lsm_value_share": _share("share of value settled by a liquidity-saving mechanism"),
}

STRUCTURE: Final = {
    "netting_ratio": _ratio("netting ratio, multilateral"),
    "bilateral_netting_ratio": _ratio("netting ratio, bilateral"),
    "herfindahl_paid_value": _ratio("concentration of value paid (Herfindahl)"),
    "equal_size_number_paid_value": Indicator("agents", "  number of equal size", "real"),
    "herfindahl_paid_volume": _ratio("concentration of volume paid (Herfindahl)"),
    "equal_size_number_paid_volume": Indicator("agents", "  number of equal size", "real"),
    "herfindahl_liquidity_used": _ratio("concentration of liquidity used (Herfindahl)"),
    "equal_size_number_liquidity_used": Indicator("agents", "  number of equal size", "real"),
    "liquidity_provision_gini": _ratio("inequality of liquidity provision (Gini)"),
}

SIZE: Final = {
    "days": Indicator("days", "days", "integer"),
    "ticks": Indicator(TICKS, "ticks", "integer"),
    "agents": Indicator("agents", "agents", "integer"),
}

SYSTEM: Final = {
    "Run": SIZE,
    "Flows": FLOWS,
    "Liquidity": {**LIQUIDITY, **IN_USE, **RECYCLED},
    "Delay": DELAY,
    "Queues": {**QUEUES, **QUEUED},
    "Throughput": THROUGHPUT,
    "Liquidity-saving mechanisms": LSM,
    "Structure": STRUCTURE,
}
"""Sections of the plain indicators of the system; beside them stand those in `NESTED`."""

_PLAIN: Final = {name: i.unit for section in SYSTEM.values() for name, i in section.items()}

_PARTS: Final = {
    "volume": COUNT,
    "value": VALUE,
    "volume_share": SHARE,
    "value_share": SHARE,
    "share": SHARE,
    "share_of_settled": SHARE,
}


def unit_of(name: str) -> str:
    """
    Return the unit of an indicator of the system by its name, such as `settled_by.entry.value`.

    Empty if it is not known.
    """
    if name == "total_cost" or name.startswith("cost."):
        return VALUE
    return _PLAIN.get(name) or _PARTS.get(name.rpartition(".")[2], "")


NESTED: Final = ("throughput", "settled_by", "cost", "total_cost", "bcbs248")

AGENT_COLUMNS: Final = {
    "agent_id": Indicator("", "agent", "text"),
    **FLOWS,
    "paid_volume": _count("paid"),
    "received_volume": _count("received"),
    "received_value": _value("value received"),
    "paid_value_share": _share("share of all value paid"),
    **LIQUIDITY,
    **RECYCLED,
    "net_sender_index": _ratio("net sender index"),
    "netting_ratio": _ratio("netting ratio"),
    **DELAY,
    **QUEUES,
    **THROUGHPUT,
    "lsm_value_share": LSM["lsm_value_share"],
    "lowest_net_position": _value("largest negative net position"),
    "highest_net_position": _value("largest positive net position"),
    "available_at_start_min_value": _value("smallest liquidity at the start of a day"),
    "timed_volume": _count("with a deadline"),
    "timed_value": _value("value with a deadline"),
    "missed_volume": _count("deadlines missed"),
    "missed_value": _value("value of deadlines missed"),
    "overdraft_cost": _cost("overdraft cost"),
    "delay_cost": _cost("delay cost"),
    "liquidity_cost": _cost("liquidity cost"),
    "split_friction_cost": _cost("split friction cost"),
    "deadline_penalty_cost": _cost("deadline penalties"),
    "end_of_day_penalty_cost": _cost("end-of-day penalties"),
    "end_of_day_borrowing_cost": _cost("end-of-day borrowing"),
    "total_cost": _cost("total cost"),
}

TICK_COLUMNS: Final = {
    "tick": _tick("tick"),
    "day": Indicator("day", "day", "integer"),
    "tick_of_day": _tick("tick of the day"),
    "arrived_volume": _count("arrived"),
    "arrived_value": _value("value arrived"),
    "settled_volume": _count("settled"),
    "settled_value": _value("value settled"),
    "throughput_share": _share("throughput"),
    "lsm_volume": _count("settled by a mechanism"),
    "lsm_value": _value("value settled by a mechanism"),
    "internal_queue_volume": _count("internal queue"),
    "internal_queue_value": _value("its value"),
    "central_queue_volume": _count("central queue"),
    "central_queue_value": _value("its value"),
    "liquidity_in_use_value": _value("liquidity in use"),
    "is_gridlock": Indicator("", "gridlock", "boolean"),
}
