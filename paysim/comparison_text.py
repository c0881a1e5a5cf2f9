"""
The readable comparison of two runs: plain text of fixed layout, as a summary is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from paysim.change_text import indicator_lines, signed
from paysim.plain_text import aligned, cost_text, counted

if TYPE_CHECKING:
    from paysim.comparison import Comparison
    from paysim.results import Results

SETTINGS_SHOWN: Final = 20

TEXT_WIDTH: Final = 40

OUTCOME_TEXTS: Final = {
    "earlier": "earlier in B",
    "later": "later in B",
    "same_tick": "in the same tick",
    "only_a": "in A only",
    "only_b": "in B only",
    "neither": "in neither",
}

WAITING: Final = (
    "  (wait: mean ticks from arrival to settlement, by value; unsettled counts to the end of the"
    " run)"
)
SIGNS: Final = "  (a change is B less A: less wait, liquidity or cost is a gain)"

_EXACT = re.compile(r"-?[0-9]+\.[0-9]+")


def comparison_text(comparison: Comparison, names: tuple[str, str], limit: int) -> str:
    """
    Return a comparison as text, without a newline at its end.

    Args:
        comparison: The comparison.
        names: What the runs are called where they are introduced.
        limit: Pairs, and agents, that are shown.
    """
    sections = [
        _runs(comparison, names),
        _settings(comparison),
        _arrivals(comparison),
        _outcomes(comparison),
        _agents(comparison, limit),
        _most_changed(comparison, limit),
        ["Indicators", *indicator_lines(comparison.indicators)],
    ]
    return "\n\n".join("\n".join(section) for section in sections if section)


def _runs(comparison: Comparison, names: tuple[str, str]) -> list[str]:
    rows = []
    for side, name, results in zip("AB", names, (comparison.a, comparison.b), strict=True):
        rows.append([side, name, f"seed {results.seed}", _ticks(results)])
    return [line[2:] for line in aligned(rows, "<<<<")]


def _ticks(results: Results) -> str:
    planned = results.scenario.num_ticks
    if results.num_ticks == planned:
        return f"{planned:,} ticks"
    return f"{results.num_ticks:,} of {planned:,} ticks"


def _settings(comparison: Comparison) -> list[str]:
    differ = comparison.settings
    if not differ:
        return ["Settings", "  the same in both"]
    rows = [["", "A", "B"]]
    rows += [[_cut(d["name"]), _shown(d["a"]), _shown(d["b"])] for d in differ[:SETTINGS_SHOWN]]
    lines = aligned(rows, "<<<")
    if len(differ) > SETTINGS_SHOWN:
        lines.append(f"  and {len(differ) - SETTINGS_SHOWN:,} more")
    return ["Settings that differ", *lines]


def _arrivals(comparison: Comparison) -> list[str]:
    told = comparison.arrivals
    if comparison.same_arrivals:
        text = f"the same {counted(told['paired']['volume'])} in both"
        return ["Arrivals", f"  {text}, {told['paired']['value']:,} in value"]
    rows = [["", "volume", "value"]]
    for key, head in (("paired", "in both"), ("only_a", "in A only"), ("only_b", "in B only")):
        rows.append([head, f"{told[key]['volume']:,}", f"{told[key]['value']:,}"])
    lines = ["Arrivals differ", *aligned(rows, "<>>")]
    if told["same_id"]:
        lines.append(
            f"  ({counted(told['same_id'])} in A only and in B only have the same id, and are "
            "different orders)"
        )
    lines.append("  (what follows is about those that arrive in both)")
    return lines


def _outcomes(comparison: Comparison) -> list[str]:
    volume = comparison.arrivals["paired"]["volume"]
    if not volume:
        return ["Settled", "  no transaction arrives in both"]
    rows = [["", "volume", "value", "of volume"]]
    for key, head in OUTCOME_TEXTS.items():
        told = comparison.outcomes[key]
        share = f"{Decimal(told['volume']) / Decimal(volume):.1%}"
        rows.append([head, f"{told['volume']:,}", f"{told['value']:,}", share])
    lines = ["Settled", *aligned(rows, "<>>>")]
    delay = comparison.delay
    if delay["volume"]:
        lines.append(
            f"  mean delay of those settled in both: {delay['a']:,.2f} ticks in A, "
            f"{delay['b']:,.2f} in B ({delay['change']:+,.2f}; by value "
            f"{delay['change_by_value']:+,.2f})"
        )
    return lines


def _agents(comparison: Comparison, limit: int) -> list[str]:
    """
    Return what became of each agent; of waits nothing, if no transaction is in both runs.
    """
    agents, paired = comparison.agents, comparison.arrivals["paired"]["volume"]

    def size(agent: dict[str, Any]) -> Decimal:
        return abs(Decimal(_wait_change(agent)) if paired else _cost_change(agent))

    shown = agents
    if len(agents) > max(limit, 1):
        shown = sorted(agents, key=size, reverse=True)[:limit]
    waits, money = ["earlier", "later", "wait A", "B - A"], ["liquidity A", "B - A", "cost A"]
    rows = [["", *(waits if paired else []), *money, "B - A"]]
    rows += [[_cut(a["id"], 20), *(_waits(a) if paired else []), *_money(a)] for a in shown]
    lines = ["Agents"]
    if shown is not agents:
        lines[0] += f" (those whose {'wait' if paired else 'cost'} changes most)"
    lines += aligned(rows, "<" + ">" * (len(rows[0]) - 1)) if shown else []
    if len(shown) < len(agents):
        lines.append(f"  and {len(agents) - len(shown):,} more")
    signs: list[tuple[str, Sequence[int | Decimal]]] = [
        ("wait", [_wait_change(agent) for agent in agents if agent["value"]]),
        ("liquidity used", _changes(agents, "liquidity_used")),
        ("cost", _changes(agents, "cost")),
    ]
    for head, changes in signs:
        if not changes:
            continue
        less = sum(value < 0 for value in changes)
        more = sum(value > 0 for value in changes)
        lines.append(f"  {head}: {less:,} less, {more:,} more, {len(changes) - less - more:,} same")
    return [*lines, *([WAITING] if paired else []), SIGNS]


def _waits(agent: dict[str, Any]) -> list[str]:
    cells = [f"{agent['earlier']:,}", f"{agent['later']:,}"]
    if not agent["value"]:
        return [*cells, "-", "-"]
    change = _wait_change(agent) / agent["value"]
    return [*cells, f"{agent['waiting_a'] / agent['value']:,.2f}", signed(change)]


def _money(agent: dict[str, Any]) -> list[str]:
    used, cost = agent["liquidity_used_a"], agent["cost_a"]
    cells = ["-" if used is None else f"{used:,}"]
    cells += [signed(int(change)) for change in _changes([agent], "liquidity_used")] or ["-"]
    cells += ["-" if cost is None else cost_text(cost)]
    return cells + ([signed(change) for change in _changes([agent], "cost")] or ["-"])


def _wait_change(agent: dict[str, Any]) -> int:
    change: int = agent["waiting_b"] - agent["waiting_a"]
    return change


def _cost_change(agent: dict[str, Any]) -> Decimal:
    return sum(_changes([agent], "cost"), Decimal(0))


def _changes(agents: Sequence[dict[str, Any]], key: str) -> list[Decimal]:
    pairs = [(agent[f"{key}_a"], agent[f"{key}_b"]) for agent in agents]
    return [Decimal(b) - Decimal(a) for a, b in pairs if None not in (a, b)]


def _most_changed(comparison: Comparison, limit: int) -> list[str]:
    found = comparison.most_changed(limit)
    if not found:
        return []
    rows = [["", "sender", "receiver", "amount", "arrived", "settled A", "settled B", "B - A"]]
    for told in found:
        ticks = [
            "-" if t is None else f"{t:,}" for t in (told["settled_tick_a"], told["settled_tick_b"])
        ]
        rows.append(
            [
                _cut(told["transaction_id"]),
                _cut(told["sender_id"], 20),
                _cut(told["receiver_id"], 20),
                f"{told['amount']:,}",
                f"{told['arrival_tick']:,}",
                *ticks,
                "-" if told["change"] is None else f"{told['change']:+,}",
            ]
        )
    note = "  (by amount times ticks; unsettled counts to the end of the run)"
    return ["Changed most", *aligned(rows, "<<<>>>>>"), note]


def _cut(text: str, width: int = TEXT_WIDTH) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _shown(value: Any) -> str:
    """
    Return a value on one short line; a number as people read it.
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    if value is None:
        return "-"
    if isinstance(value, str) and _EXACT.fullmatch(value):
        return f"{Decimal(value):,.2f}"
    return _cut(str(value))
