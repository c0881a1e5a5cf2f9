"""
Charts of a run that goes on: those of a finished run, drawn by the same functions, without data.

Whoever draws such a chart puts rows into the data set `rows`, shaped as those of the finished
chart are, and sets its parameters: `first` and `end` of the time, `marks`, where it is labelled,
and `low` and `high` of the values. `{unit}` and `{width}` in its titles stand for the unit of the
values and for the ticks of a bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import altair as alt

from paysim.plotting import balance_chart, flows, over_time, style
from paysim.plotting.reading import AGENTS_MAX, AGENTS_SHOWN, labelled

if TYPE_CHECKING:
    from paysim.scenario import Scenario

LIVE: Final = ("balances", "queue_value", "settlements_by_means", "bilateral_flows")
"""The charts that can be drawn while a run goes on."""

_PARAMETERS: Final = {"first": 0, "end": 1, "marks": [], "low": 0, "high": 1}
_UNIT: Final = "{unit}"


def live_chart(name: str, scenario: Scenario, means: Sequence[str]) -> dict[str, Any]:
    """
    Return the specification of a chart without its data.

    Its `usermeta` says what the rows need: `labels` and `floors` of the agents by id, how many of
    them are `shown`, the label of the `rest` if there are more, and the labels of `means`. Lists of
    labels in it begin with the first agents of the scenario, which others may replace.

    Args:
        name: One of `LIVE`.
        scenario: What is run.
        means: The means of settlement, in the order of the tables.
    """
    ids = [agent.id for agent in scenario.agent_configs]
    chart, shown, rest = _DRAWN[name](ids, scenario, means)
    spec: dict[str, Any] = chart.to_dict()
    _set_free(spec)
    spec["params"] = [{"name": key, "value": value} for key, value in _PARAMETERS.items()]
    spec["usermeta"] = {
        "labels": labelled(ids),
        "floors": {agent.id: -agent.credit_limit for agent in scenario.agent_configs},
        "shown": shown,
        "rest": rest,
        "means": {each: each.replace("_", " ") for each in means},
    }
    return spec


def _balances(ids: list[str], scenario: Scenario, means: Sequence[str]) -> tuple[Any, int, str]:
    labels, rest = _labels(ids, balance_chart.PANELS_MAX, balance_chart.PANELS_MAX - 1, "range")
    shown = labels[: len(labels) - bool(rest)]
    if len(labels) > balance_chart.LINES_MAX:
        y = alt.Y("balance:Q", title=None, axis=alt.Axis(tickCount=4))
        x = _time("tick", scenario, balance_chart.PANEL_LABELS)
        notes = [f"In {_UNIT}."]
        return (
            balance_chart.panels(_rows(), labels, bool(rest), x, y, notes, None),
            len(shown),
            rest,
        )
    y = alt.Y("balance:Q", title=f"Balance ({_UNIT})", axis=alt.Axis(tickCount=8))
    x = _time("tick", scenario)
    return balance_chart.lines(_rows(), labels, x, y, [], None), len(shown), rest


def _queues(ids: list[str], scenario: Scenario, means: Sequence[str]) -> tuple[Any, int, str]:
    x = _time("tick", scenario)
    return over_time.queues_chart(_rows(), x, _UNIT, [], None), len(ids), ""


def _means(ids: list[str], scenario: Scenario, means: Sequence[str]) -> tuple[Any, int, str]:
    scale = style.scale([each.replace("_", " ") for each in means])
    title = f"Settled value per {{width}} ({_UNIT})"
    x = _time("start", scenario)
    return over_time.means_chart(_rows(), scale, x, title, None), len(ids), ""


def _flows(ids: list[str], scenario: Scenario, means: Sequence[str]) -> tuple[Any, int, str]:
    labels, rest = _labels(ids, AGENTS_MAX, AGENTS_SHOWN, "mean")
    shown = len(labels) - bool(rest)
    return flows.matrix(_rows(), labels, _UNIT, f"high * {flows.DARK}", 1), shown, rest


_DRAWN: Final = {
    "balances": _balances,
    "queue_value": _queues,
    "settlements_by_means": _means,
    "bilateral_flows": _flows,
}


def _labels(ids: list[str], most: int, shown: int, what: str) -> tuple[list[str], str]:
    """
    Return the labels that are shown, and the last of them if it stands for the other agents.
    """
    if len(ids) <= most:
        return list(labelled(ids).values()), ""
    labels = list(labelled([*ids[:shown], f"{len(ids) - shown} others, {what}"]).values())
    return labels, labels[-1]


def _rows() -> alt.NamedData:
    return alt.NamedData("rows")


def _time(name: str, scenario: Scenario, labels: int = 12) -> alt.X:
    """
    Return the axis of time, whose bounds and labels are parameters.
    """
    scale = alt.Scale(domain=[_value("first"), _value("end")], nice=False, zero=False)
    title, text = "Tick", "datum.label"
    if scenario.num_days > 1:
        per_day = scenario.ticks_per_day
        is_border = f"datum.value % {per_day} === 0"
        text = f"{is_border} ? 'day ' + datum.value / {per_day} : datum.value % {per_day}"
        title = "Tick of the day"
    axis = alt.Axis(
        title=title,
        values=_value("marks"),
        labelExpr=text,
        format="~d",
        grid=False,
        labelFlush=True,
    )
    return alt.X(f"{name}:Q", scale=scale, axis=axis)


def _value(parameter: str) -> Any:
    return alt.ExprRef(expr=parameter)


def _set_free(spec: dict[str, Any]) -> None:
    """
    Let the values of a chart lie between its parameters `low` and `high`.
    """
    low, high = {"expr": "low"}, {"expr": "high"}
    encoding = spec.get("encoding", {})
    for channel, keys in (
        ("y", {"domain": [low, high], "nice": False}),
        ("color", {"domainMax": high}),
    ):
        if encoding.get(channel, {}).get("type") == "quantitative":
            encoding[channel]["scale"] = {**encoding[channel].get("scale", {}), **keys}
    for part in (*spec.get("layer", ()), *([spec["spec"]] if "spec" in spec else ())):
        _set_free(part)
