"""
The first part of a report: what was run, by which rules, by whom, and what befell it.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import attrs

from paysim.plain_text import counted, number, value_text
from paysim.report.parts import Column, Table
from paysim.scenario import AgentConfig, Scenario, ScenarioEvent
from paysim.scenario_events import Halt, Resume, Timed
from paysim.summary import accounts_text, parameters_text, when_text

if TYPE_CHECKING:
    from paysim.results import Results

EVENTS_SHOWN: Final = 50
"""Scenario events that are listed."""

UNITS: Final = {
    "ticks_per_day": "ticks",
    "num_days": "days",
    "overdraft_bps_per_tick": "basis points of the overdraft per tick",
    "delay_cost_per_tick_per_cent": "minor units per tick and minor unit of amount",
    "split_friction_cost": "minor units per part beyond the first",
    "deadline_penalty": "minor units per transaction, unless in bps of the amount",
    "eod_penalty_per_transaction": "minor units per transaction",
    "eod_borrowing_bps": "basis points of the loan per close",
    "liquidity_bps_per_tick": "basis points of the liquidity allocated per tick",
    "max_cycle_length": "agents",
    "max_rings_per_tick": "rings",
}
"""Units of settings by the last part of their names; what is missing here has none."""


def what_was_run(results: Results, totals: dict[str, Any]) -> list[tuple[str, str]]:
    """
    Return the terms and descriptions that identify a run.
    """
    import paysim

    scenario = results.scenario
    planned = scenario.num_ticks
    ran = number(totals["ticks"])
    if totals["ticks"] != planned:
        ran += f" of the {number(planned)} of the scenario"
    agents = scenario.agent_configs
    return [
        ("Agents", number(len(agents))),
        ("Ticks", ran),
        ("Days", f"{number(scenario.num_days)} of {counted(scenario.ticks_per_day, 'tick')}"),
        ("Transactions arrived", number(totals["arrivals"]["volume"])),
        ("Events in the log", number(totals["events"])),
        ("Seed", str(results.seed)),
        ("paysim", paysim.__version__),
        ("Scenario (SHA-256)", scenario.digest()),
    ]


def rules(scenario: Scenario, seed: int) -> Table:
    """
    Return the settings in force, those left at their default marked.
    """
    rows = []
    for rule in scenario.resolved_rules():
        value = seed if rule.name == "rng_seed" else rule.value
        is_default = rule.is_default and value == rule.value
        unit = UNITS.get(rule.name.rsplit(".", 1)[-1], "")
        # A seed is a name and not a quantity.
        text = f"{value:,f}" if isinstance(value, Decimal) else value_text(value)
        text = str(value) if rule.name == "rng_seed" else text
        rows.append((rule.name, text, unit, "default" if is_default else "given"))
    return Table(
        "Rules and rates in force",
        (Column("setting", False), Column("value"), Column("unit", False), Column("", False)),
        tuple(rows),
        note="A setting is “default” where the scenario does not give it.",
    )


def policies(results: Results) -> Table:
    """
    Return how many agents follow which policy.
    """
    agents = results.scenario.agent_configs
    scripted = results.scripted
    counts = Counter(config.policy for config in agents if config.id not in scripted)
    default = attrs.fields(AgentConfig).policy.default
    rows = [
        (
            policy.name + (" *" if policy == default else ""),
            number(count),
            parameters_text(policy) or "none",
        )
        for policy, count in counts.items()
    ]
    note = f"* equals the default. {accounts_text(agents).strip().capitalize()}."
    if scripted:
        rows.append(("behaviour in Python", number(len(scripted)), "not part of the scenario"))
        note += " What Python decided is in the event log and not in the scenario."
    return Table(
        "Policies",
        (Column("policy", False), Column("agents"), Column("parameters", False)),
        tuple(rows),
        note=note,
    )


def scenario_events(scenario: Scenario) -> Table | None:
    """
    Return what the scenario lets happen from outside, or `None` if that is nothing.
    """
    events = scenario.scenario_events
    if not events:
        return None
    rows = tuple((event.name, when_text(event), _details(event)) for event in events[:EVENTS_SHOWN])
    more = len(events) - EVENTS_SHOWN
    return Table(
        "Scenario events",
        (Column("event", False), Column("when", False), Column("what", False)),
        rows,
        note=f"And {number(more)} more." if more > 0 else "",
    )


def _details(event: ScenarioEvent) -> str:
    """
    Return whom an event befalls and with which figures.
    """
    timing = {field.name for field in attrs.fields(Timed)}
    if isinstance(event, Halt | Resume):
        return "the whole system"
    texts = ["all agents with arrivals"] if getattr(event, "agent_id", "") is None else []
    for field in attrs.fields(type(event)):
        value = getattr(event, field.name)
        if field.name not in timing and value is not None:
            texts.append(f"{field.name} {value_text(value)}")
    return ", ".join(texts)
