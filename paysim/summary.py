"""
The readable summary of a run: rules in force, the system, agents, costs.

Plain text of fixed layout, the same on a terminal and in a file.
Values are minor units; costs are shown to two places, and stand exactly in the tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

import attrs

from paysim.plain_text import aligned, cost_text, counted, number, share, shortened, value_text
from paysim.scenario import AgentConfig, Policy, Scenario, ScenarioEvent
from paysim.scenario_events import DirectTransfer, ExtraTransaction, Halt, Resume

AGENTS_MAX: Final = 25
"""Agents that are all shown; of more, those that sent most."""

AGENTS_SHOWN: Final = 20

EVENTS_SHOWN: Final = 10

ID_WIDTH: Final = 20

COMPONENTS: Final = {
    "overdraft": "overdraft",
    "delay": "delay",
    "split_friction": "splits",
    "deadline_penalty": "deadlines",
    "end_of_day_penalty": "end of day",
    "end_of_day_borrowing": "borrowing",
    "liquidity": "liquidity",
}
"""Cost components and the heads of their columns."""

DELAYED: Final = (
    "  (delayed: settled in a later tick than it arrived; what is still unsettled is not in it)"
)

ROUNDED: Final = "  (each figure is rounded by itself; exact in costs.csv)"


def summary_text(
    totals: dict[str, Any],
    scenario: Scenario,
    seed: int,
    scripted: Collection[str] = (),
    indicators: dict[str, Any] | None = None,
) -> str:
    """
    Return the summary of a run as text, without a newline at its end.

    Args:
        totals: What `Results.totals` returns.
        scenario: What was run.
        seed: The seed it was run with.
        scripted: Ids of the agents whose behaviour was Python and not their policy.
        indicators: Those to show, by name as in `Results.indicators`.
    """
    agents, rest = _chosen_agents(totals["agents"])
    sections = [
        _rules(scenario, seed),
        _policies(scenario, scripted),
        *_events(scenario),
        _system(totals),
        _means(totals),
        *([_indicators(indicators)] if indicators else []),
        _flows(agents, rest),
        _costs(agents, rest, totals),
    ]
    return "\n\n".join("\n".join(section) for section in sections)


def _rules(scenario: Scenario, seed: int) -> list[str]:
    cells = []
    for rule in scenario.resolved_rules():
        value = seed if rule.name == "rng_seed" else rule.value
        mark = "*" if rule.is_default and value == rule.value else " "
        cells.append((rule.name.split(".", 1)[-1] if "." in rule.name else rule.name, value, mark))
    half = (len(cells) + 1) // 2
    rows = []
    for left, right in zip(cells[:half], [*cells[half:], ("", "", "")], strict=False):
        rows.append(
            [left[0], value_text(left[1]), left[2], right[0], value_text(right[1]), right[2]]
        )
    return ["Rules (* left at its default)", *aligned(rows, "<<<<<<")]


def _policies(scenario: Scenario, scripted: Collection[str]) -> list[str]:
    agents = scenario.agent_configs
    counts = Counter(config.policy for config in agents if config.id not in scripted)
    default = attrs.fields(AgentConfig).policy.default
    rows = [
        [
            number(count),
            "agent" if count == 1 else "agents",
            policy.name + (" *" if policy == default else ""),
            parameters_text(policy),
        ]
        for policy, count in counts.items()
    ]
    if scripted:
        agents_word = "agent" if len(scripted) == 1 else "agents"
        rows.append([number(len(scripted)), agents_word, "in Python", ""])
    # An agent's keys are many and alike, so that which of them were given is not kept.
    return ["Policies (* equals the default)", *aligned(rows, "><<<"), accounts_text(agents)]


def _events(scenario: Scenario) -> list[list[str]]:
    """
    Return a section that tells the scenario events, the first of them if they are many.
    """
    events = scenario.scenario_events
    if not events:
        return []
    rows = []
    for event in events[:EVENTS_SHOWN]:
        rows.append([when_text(event), event.name, _concerned(event)])
    lines = aligned(rows, "<<<")
    if len(events) > EVENTS_SHOWN:
        lines.append(f"  and {number(len(events) - EVENTS_SHOWN)} more")
    return [["Scenario events", *lines]]


def when_text(event: ScenarioEvent) -> str:
    """
    Return when an event happens: in one tick, or from one on every so many.
    """
    if event.every_ticks is None:
        return f"tick {event.tick}"
    until = "" if event.until_tick is None else f" up to {event.until_tick}"
    return f"from tick {event.tick} every {event.every_ticks}{until}"


def _concerned(event: ScenarioEvent) -> str:
    """
    Return the agents that an event befalls.
    """
    if isinstance(event, DirectTransfer | ExtraTransaction):
        return f"{_id(event.sender_id)} to {_id(event.receiver_id)}"
    if isinstance(event, Halt | Resume):
        return ""
    return "all" if event.agent_id is None else _id(event.agent_id)


def accounts_text(agents: Sequence[AgentConfig]) -> str:
    """
    Return the line that says what agents may have besides a balance.
    """
    credit = _held(agent.credit_limit for agent in agents)
    pools = _held(agent.liquidity_pool for agent in agents)
    shares = {agent.liquidity_allocation_fraction for agent in agents if agent.liquidity_pool}
    if shares:
        least, most = min(shares), max(shares)
        spread = value_text(most) if least == most else f"{value_text(least)} to {value_text(most)}"
        is_default = shares == {attrs.fields(AgentConfig).liquidity_allocation_fraction.default}
        pools += f", allocated fraction {spread}{' *' if is_default else ''}"
    return f"  credit limits: {credit}; liquidity pools: {pools}"


def _held(amounts: Iterable[int]) -> str:
    every = list(amounts)
    some = [amount for amount in every if amount]
    if not some:
        return "none *"
    return f"{number(len(some))} of {number(len(every))} agents, {number(sum(some))} in all"


def parameters_text(policy: Policy) -> str:
    """
    Return the parameters of a policy, with a star at those that equal their default.
    """
    texts = []
    for field in attrs.fields(type(policy)):
        value = getattr(policy, field.name)
        texts.append(f"{field.name} {value_text(value)}{' *' if value == field.default else ''}")
    return ", ".join(texts)


def _system(totals: dict[str, Any]) -> list[str]:
    settled = totals["settlements"]
    whole = summed([settled, totals["unsettled"], totals["cancelled"]])
    rows = [["", "volume", "value", "of volume", "of value"]]
    for head, figure in (
        ("arrived", totals["arrivals"]),
        ("settled", settled),
        ("unsettled", totals["unsettled"]),
        ("cancelled", totals["cancelled"]),
    ):
        row = [head, number(figure["volume"]), number(figure["value"])]
        if head != "arrived":
            row += [share(figure["volume"], whole["volume"])]
            row += [share(figure["value"], whole["value"])]
        rows.append(row)
    lines = [*aligned(rows, "<>>>>"), f"  peak central queue   {_peak(totals['peak_queue'])}"]
    if whole["volume"] != totals["arrivals"]["volume"]:
        lines.append("  (a transaction that was split counts as its parts, except under arrived)")
    return ["System", *lines]


def _peak(peak: dict[str, int]) -> str:
    """
    Return the largest volume and value in the central queue, each with its own tick.
    """
    if not peak["volume"]:
        return "empty at the end of every tick"
    volume = counted(peak["volume"])
    value = f"{number(peak['value'])} in value at the end of tick {peak['value_tick']}"
    if peak["volume_tick"] == peak["value_tick"]:
        return f"{volume}, {value}"
    return f"{volume} at the end of tick {peak['volume_tick']}; {value}"


def _means(totals: dict[str, Any]) -> list[str]:
    settled = totals["settlements"]
    rows = [["", "volume", "value", "of volume", "of value"]]
    for cause, figure in totals["settled_by"].items():
        if figure["volume"]:
            row = [cause, number(figure["volume"]), number(figure["value"])]
            row += [share(figure["volume"], settled["volume"])]
            row += [share(figure["value"], settled["value"])]
            rows.append(row)
    if len(rows) == 1:
        return ["Settled by", "  nothing settled"]
    return ["Settled by", *aligned(rows, "<>>>>")]


def _indicators(found: dict[str, Any]) -> list[str]:
    delay = found["delay_indicator"], found["delay_value_weighted_mean_ticks"]
    rows = [
        [
            "liquidity used",
            number(found["liquidity_used_value"]),
            "minor units, sum over agents and days",
        ],
        [
            "between its bounds",
            _figure(found["liquidity_bounds_position"]),
            "0 netting at the close, 1 settlement without delay",
        ],
        ["turnover ratio", _figure(found["turnover_ratio"]), "value settled / liquidity used"],
        ["delay indicator", _figure(delay[0], 4), "0 all at once, 1 all at the close"],
        ["mean delay by value", _figure(delay[1]), "ticks, of what settled"],
    ]
    return ["Indicators", *aligned(rows, "<><")]


def _figure(value: float | None, places: int = 2) -> str:
    return "-" if value is None else f"{value:,.{places}f}"


def _flows(agents: list[dict[str, Any]], rest: list[dict[str, Any]]) -> list[str]:
    heads = ("sent", "settled", "delayed")
    rows = [["", *(text for head in heads for text in (head, "value")), "unsettled value"]]
    everybody = [*agents, *rest]
    groups = [(_id(agent["id"]), [agent]) for agent in agents]
    if rest:
        groups.append((f"and {len(rest)} more", rest))
    groups.append(("all", everybody))
    for name, group in groups:
        row = [name]
        for head in heads:
            figure = summed(agent[head] for agent in group)
            row += [number(figure["volume"]), number(figure["value"])]
        rows.append([*row, number(summed(agent["unsettled"] for agent in group)["value"])])
    title = "Agents" + (" (those that sent most)" if rest else "")
    return [title, *aligned(rows, "<>>>>>>>"), DELAYED]


def _costs(
    agents: list[dict[str, Any]], rest: list[dict[str, Any]], totals: dict[str, Any]
) -> list[str]:
    borne = [name for name in COMPONENTS if Decimal(totals["cost"][name])]
    if not borne:
        return ["Costs", "  none"]
    rows = [["", *(COMPONENTS[name] for name in borne), "total"]]
    for agent in agents:
        costs = [cost_text(agent["cost"][name]) for name in borne]
        rows.append([_id(agent["id"]), *costs, cost_text(agent["total_cost"])])
    if rest:
        sums = [sum(Decimal(agent["cost"][name]) for agent in rest) for name in borne]
        everything = sum(Decimal(agent["total_cost"]) for agent in rest)
        rows.append(
            [f"and {len(rest)} more", *(cost_text(Decimal(s)) for s in (*sums, everything))]
        )
    costs = [cost_text(totals["cost"][name]) for name in borne]
    rows.append(["all", *costs, cost_text(totals["total_cost"])])
    return ["Costs", *aligned(rows, "<" + ">" * (len(borne) + 1)), ROUNDED]


def _chosen_agents(
    agents: list[dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """
    Return the agents to show, in scenario order if that is all of them, and the others.
    """
    if len(agents) <= AGENTS_MAX:
        return agents, []
    ranked = sorted(agents, key=lambda agent: -agent["sent"]["value"])
    return ranked[:AGENTS_SHOWN], ranked[AGENTS_SHOWN:]


def summed(figures: Iterable[dict[str, int]]) -> dict[str, int]:
    """
    Return the volume and the value of figures taken together.
    """
    total = {"volume": 0, "value": 0}
    for figure in figures:
        total["volume"] += figure["volume"]
        total["value"] += figure["value"]
    return total


def _id(id: str) -> str:
    return shortened(id, ID_WIDTH)
