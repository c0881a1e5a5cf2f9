"""
The tables of a report: the system, the agents, their costs, the days.

Values and balances are in minor units, costs are shown to two places of them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import polars

from paysim.plain_text import cost_text, number, share
from paysim.report.parts import Column, Row, Table
from paysim.report.run import Run
from paysim.summary import COMPONENTS, summed

AGENTS_MAX: Final = 25
"""Agents that have a row of their own; of more, those that sent the most value."""

DAYS_MAX: Final = 366
"""Days that have a row."""

_FIGURES: Final = ("sent", "settled", "delayed", "unsettled")


def tables(run: Run) -> list[Table]:
    """
    Return the tables of a run in the order of the report.
    """
    agents, rest = chosen(run.totals["agents"])
    found = [system(run.totals), means(run.totals), payments(agents, rest)]
    found += [liquidity(run, agents), costs(agents, rest, run.totals), days(run)]
    return found


def chosen(agents: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """
    Return the agents to show, in scenario order if that is all of them, and the others.
    """
    if len(agents) <= AGENTS_MAX:
        return agents, []
    ranked = sorted(agents, key=lambda agent: -agent["sent"]["value"])
    return ranked[:AGENTS_MAX], ranked[AGENTS_MAX:]


def system(totals: dict[str, Any]) -> Table:
    """
    Return what arrived, settled, stayed unsettled and was cancelled.
    """
    ends = ("settlements", "unsettled", "cancelled")
    whole = summed(totals[name] for name in ends)
    arrived = totals["arrivals"]
    rows: list[Row] = [
        ("arrived", number(arrived["volume"]), number(arrived["value"]), "", ""),
    ]
    for name in ends:
        label = "settled" if name == "settlements" else name
        rows.append((label, *_figure(totals[name], whole)))
    split = whole["volume"] != arrived["volume"]
    return Table(
        "The system",
        _heads("", "volume", "value", "of volume", "of value"),
        tuple(rows),
        note="A transaction that was split counts as its parts, except under arrived."
        if split
        else "",
    )


def means(totals: dict[str, Any]) -> Table:
    """
    Return what settled by which rule.
    """
    settled = totals["settlements"]
    rows = [(cause, *_figure(figure, settled)) for cause, figure in totals["settled_by"].items()]
    return Table(
        "Settled by",
        _heads("rule", "volume", "value", "of volume", "of value"),
        tuple(rows),
        sums=(("all", *_figure(settled, settled)),),
    )


def payments(agents: list[dict[str, Any]], rest: list[dict[str, Any]]) -> Table:
    """
    Return what each agent sent, settled, delayed and left unsettled.
    """

    def row(name: str, group: list[dict[str, Any]]) -> Row:
        cells = [name]
        for figure in (summed(agent[key] for agent in group) for key in _FIGURES):
            cells += [number(figure["volume"]), number(figure["value"])]
        return cells

    heads = (head for key in _FIGURES for head in (f"{key}, volume", f"{key}, value"))
    sums = [row(f"and {number(len(rest))} more", rest)] if rest else []
    return Table(
        "Agents: payments" + _bounded(rest),
        _heads("agent", *heads),
        tuple(row(agent["id"], [agent]) for agent in agents),
        sums=(*sums, row("all", [*agents, *rest])),
        note="Delayed: settled in a later tick than it arrived; "
        "what is still unsettled is not in it.",
    )


def liquidity(run: Run, agents: list[dict[str, Any]]) -> Table:
    """
    Return the accounts of agents: how they stood, how low they went, and for how long.
    """
    configs = {config.id: config for config in run.results.scenario.agent_configs}
    lows = _lows(run, [agent["id"] for agent in agents])
    rows = []
    for agent in agents:
        config = configs[agent["id"]]
        is_scripted = config.id in run.results.scripted
        low, tick, floored = lows.get(config.id, ("", "", ""))
        rows.append(
            (
                config.id,
                "in Python" if is_scripted else config.policy.name,
                number(config.opening_balance),
                number(config.credit_limit),
                low,
                tick,
                floored,
                number(agent["balance"]),
            )
        )
    return Table(
        "Agents: liquidity" + _bounded(run.ids[len(agents) :]),
        (
            Column("agent", False),
            Column("policy", False),
            Column("opening balance"),
            Column("credit limit"),
            Column("lowest available liquidity"),
            Column("in tick"),
            Column("ticks at or below floor"),
            Column("last balance"),
        ),
        tuple(rows),
        note="Available liquidity is the balance plus the credit limit, here as it stands at the "
        "end of a tick; at the floor it is 0. The credit limit is that of the scenario, before "
        "any scenario event.",
    )


def _lows(run: Run, ids: list[str]) -> dict[str, tuple[str, str, str]]:
    """
    Return by agent the lowest available liquidity, the first tick of it, and the ticks at the floor
    or below it.
    """
    left = polars.col("available_liquidity")
    found = (
        run.agents.lazy()
        .select("tick", "agent_id", "available_liquidity")
        .filter(polars.col("agent_id").is_in(ids))
        .group_by("agent_id")
        .agg(
            low=left.min(),
            at=polars.col("tick").get(left.arg_min()),
            floored=(left <= 0).sum(),
        )
        .collect()
    )
    return {
        agent: (number(low), number(at), number(floored))
        for agent, low, at, floored in found.iter_rows()
    }


def costs(
    agents: list[dict[str, Any]], rest: list[dict[str, Any]], totals: dict[str, Any]
) -> Table:
    """
    Return the costs of each agent by component, those components that anybody bears.
    """
    borne = [name for name in COMPONENTS if Decimal(totals["cost"][name])]

    def row(name: str, group: list[dict[str, Any]]) -> Row:
        parts = [sum(Decimal(agent["cost"][key]) for agent in group) for key in borne]
        total = sum(Decimal(agent["total_cost"]) for agent in group)
        return [name, *(cost_text(Decimal(part)) for part in (*parts, total))]

    sums = [row(f"and {number(len(rest))} more", rest)] if rest else []
    return Table(
        "Agents: costs by component, in minor units" + _bounded(rest),
        _heads("agent", *(name.replace("_", " ") for name in borne), "total"),
        tuple(row(agent["id"], [agent]) for agent in agents) if borne else (),
        sums=(*sums, row("all", [*agents, *rest])),
        note="Each figure is rounded by itself; the exact ones are in the table “costs”."
        if borne
        else "Nobody bore any cost.",
    )


def days(run: Run) -> Table:
    """
    Return what each day brought, and what was unsettled at its close.
    """
    rows = []
    for day in run.days.head(DAYS_MAX).iter_rows(named=True):
        unsettled = [day[f"internal_queue_{key}"] + day[f"central_queue_{key}"] for key in _BOTH]
        flows = [day[f"{name}_{key}"] for name in ("arrived", "settled") for key in _BOTH]
        cost = cost_text(day["cost"])
        rows.append((str(day["day"]), *(number(n) for n in (*flows, *unsettled)), cost))
    more = len(run.days) - DAYS_MAX
    return Table(
        "Days",
        _heads(
            "day",
            *(f"{name}, {key}" for name in ("arrived", "settled", "unsettled") for key in _BOTH),
            "cost",
        ),
        tuple(rows),
        note="Unsettled: held or queued at the end of the day."
        + (f" And {number(more)} more days." if more > 0 else ""),
    )


_BOTH: Final = ("volume", "value")


def _figure(figure: dict[str, int], whole: dict[str, int]) -> tuple[str, str, str, str]:
    """
    Return a volume and a value, and their shares of a whole.
    """
    volume, value = figure["volume"], figure["value"]
    shares = share(volume, whole["volume"]), share(value, whole["value"])
    return number(volume), number(value), *shares


def _heads(first: str, *others: str) -> tuple[Column, ...]:
    return (Column(first, False), *(Column(head) for head in others))


def _bounded(rest: list[Any]) -> str:
    return f" (the {AGENTS_MAX} that sent most)" if rest else ""
