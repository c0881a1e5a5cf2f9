"""
Two runs compared, transaction by transaction, agent by agent, indicator by indicator.

A transaction of run A and one of run B are a pair if they are the same order: the same id, sender,
receiver, amount and arrival tick. With the same seed and arrival settings all are, whatever the
rules and policies. A transaction that was split is one order, which settles with its last part.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

import attrs

from paysim._kernel import Table
from paysim.errors import ScenarioError, shown
from paysim.results import Results

if TYPE_CHECKING:
    from collections.abc import Iterator

OUTCOMES: Final = ("earlier", "later", "same_tick", "only_a", "only_b", "neither")
"""What may have become of a pair in B, compared with A, in the order in which it is told."""

LIST_MAX: Final = 8
"""Entries of a list that are compared one by one; a longer one, as a curve, is left out."""

_FACTS = ("transaction_id", "sender_id", "receiver_id", "amount", "arrival_tick")
_SETTLED = "settled_tick"
_SIDES = ("a", "b")

Rows = list[tuple[str, str, str, int, int]]


@attrs.frozen
class Comparison:
    """
    What differs between run A and run B.

    Values are in minor units, delays in ticks, waiting in minor units times ticks. A change is B
    less A, so that a negative change of a delay, of waiting or of a cost is a gain.

    Attributes:
        a: The results of run A.
        b: The results of run B.
        same_arrivals: Whether all transactions are pairs.
        arrivals: Volume and value of `a`, `b`, `paired`, `only_a`, `only_b`, and the volume of
            `same_id`: transactions that share their id with one of the other run and are another
            order.
        outcomes: Volume and value of the pairs by `OUTCOMES`: settled earlier in B than in A,
            later, in the same tick, in A only, in B only, in neither.
        delay: Of the pairs that settled in both runs, the `volume`, the mean delay in `a` and in
            `b`, the mean `change`, and its mean `change_by_value` weighted by amount; `None` where
            there are none.
        agents: One dict per agent, in scenario order, of its own payments that are pairs: volumes
            by `OUTCOMES`, `value`, `waiting_a` and `waiting_b` (amount times the ticks from arrival
            to settlement, or to the end of the run), and of the whole run `liquidity_used_a`,
            `liquidity_used_b` (the largest need on any day: receipts less payments at their lowest)
            and `cost_a`, `cost_b` (exact decimals as text). What an agent that one run does not
            have would show is `None`.
        indicators: One dict per indicator: `name`, its value in `a` and in `b`, and the `change` of
            a number, else `None`.
        settings: One dict per setting of the scenario that differs: `name`, `a` and `b`.
    """

    a: Results = attrs.field(repr=False)
    b: Results = attrs.field(repr=False)
    same_arrivals: bool
    arrivals: dict[str, Any]
    outcomes: dict[str, dict[str, int]]
    delay: dict[str, Any]
    agents: list[dict[str, Any]] = attrs.field(repr=False)
    indicators: list[dict[str, Any]] = attrs.field(repr=False)
    settings: list[dict[str, Any]] = attrs.field(repr=False)
    _pairs: _Pairs = attrs.field(repr=False, alias="pairs")

    def transactions(self) -> Table:
        """
        Return one row per transaction: the pairs in the order of arrival in A, then those only in
        A, then those only in B.

        Columns: `transaction_id`, `sender_id`, `receiver_id`, `amount`, `arrival_tick`,
        `settled_tick_a`, `settled_tick_b` (null: unsettled), `change` (ticks; null unless settled
        in both), `outcome` (one of `OUTCOMES`, or `not_in_b`, `not_in_a`).
        """
        return self._pairs.table()

    def most_changed(self, limit: int = 10) -> list[dict[str, Any]]:
        """
        Return the pairs that changed most, as rows of `transactions` with `waiting_change`.

        That is the amount times the ticks by which it settles later; one that does not settle
        counts as settling at the end of its run. The largest change, up or down, comes first.

        Raises:
            ScenarioError: `limit` is not a number from 0.
        """
        if type(limit) is not int or limit < 0:
            raise ScenarioError(f"limit must be at least 0 (got {shown(limit)})")
        return self._pairs.most_changed(limit)

    def to_dict(self, limit: int = 10) -> dict[str, Any]:
        """
        Return everything as plain values that JSON can hold, with the `limit` most changed pairs.
        """
        return {
            "same_arrivals": self.same_arrivals,
            "arrivals": self.arrivals,
            "settings": self.settings,
            "outcomes": self.outcomes,
            "delay": self.delay,
            "agents": self.agents,
            "most_changed": self.most_changed(limit),
            "indicators": self.indicators,
        }

    def summary(self, names: tuple[str, str] = ("A", "B"), limit: int = 10) -> str:
        """
        Return the readable comparison, with the `limit` most changed pairs.

        Args:
            names: What the runs are called where they are introduced.
            limit: Pairs, and agents, that are shown.
        """
        from paysim.comparison_text import comparison_text

        return comparison_text(self, names, limit)


def compare(a: Results, b: Results) -> Comparison:
    """
    Compare run B with run A.

    Raises:
        ScenarioError: One of them is not results.
    """
    for name, given in zip(_SIDES, (a, b), strict=True):
        if not isinstance(given, Results):
            raise ScenarioError(f"{name} must be Results (got {shown(given)})")
    pairs = _Pairs.of(a, b)
    value = {side: sum(rows) for side, rows in zip(_SIDES, pairs.amounts, strict=True)}
    paired = sum(row[3] for row in pairs.rows)
    only = {f"only_{side}": rows for side, (rows, _) in zip(_SIDES, pairs.only, strict=True)}
    ids = {row[0] for row in only["only_a"]} & {row[0] for row in only["only_b"]}
    arrivals: dict[str, Any] = {
        side: {"volume": len(rows), "value": value[side]}
        for side, rows in zip(_SIDES, pairs.amounts, strict=True)
    }
    arrivals["paired"] = {"volume": len(pairs.rows), "value": paired}
    for name, rows in only.items():
        arrivals[name] = {"volume": len(rows), "value": sum(row[3] for row in rows)}
    arrivals["same_id"] = len(ids)
    outcomes, delay, by_agent = _outcomes(pairs)
    return Comparison(
        a=a,
        b=b,
        same_arrivals=not any(only.values()),
        arrivals=arrivals,
        outcomes=outcomes,
        delay=delay,
        agents=_agents(a, b, by_agent),
        indicators=_indicators(a, b),
        settings=_settings(a, b),
        pairs=pairs,
    )


@attrs.frozen
class _Pairs:
    """
    The transactions of two runs, paired.

    Attributes:
        rows: The facts of each pair, as in `_FACTS`.
        settled: When each settled, in A and in B.
        only: Facts and settled ticks of the others, of A and of B.
        amounts: All amounts that arrived, of A and of B.
        ends: The ticks of the runs, at which what is unsettled counts as settling.
    """

    rows: Rows
    settled: tuple[list[int | None], list[int | None]]
    only: tuple[tuple[Rows, list[int | None]], tuple[Rows, list[int | None]]]
    amounts: tuple[list[int], list[int]]
    ends: tuple[int, int]

    @classmethod
    def of(cls, a: Results, b: Results) -> _Pairs:
        (rows_a, settled_a), (rows_b, settled_b) = _arrived(a), _arrived(b)
        amounts = ([row[3] for row in rows_a], [row[3] for row in rows_b])
        ends = (a.num_ticks, b.num_ticks)
        if rows_a == rows_b:
            return cls(rows_a, (settled_a, settled_b), (([], []), ([], [])), amounts, ends)
        places = {row: place for place, row in enumerate(rows_b)}
        rows: Rows = []
        settled: tuple[list[int | None], list[int | None]] = ([], [])
        only_a: tuple[Rows, list[int | None]] = ([], [])
        only_b: tuple[Rows, list[int | None]] = ([], [])
        for row, tick in zip(rows_a, settled_a, strict=True):
            place = places.pop(row, None)
            if place is None:
                only_a[0].append(row)
                only_a[1].append(tick)
            else:
                rows.append(row)
                settled[0].append(tick)
                settled[1].append(settled_b[place])
        for row, place in places.items():
            only_b[0].append(row)
            only_b[1].append(settled_b[place])
        return cls(rows, settled, (only_a, only_b), amounts, ends)

    def table(self) -> Table:
        (only_a, when_a), (only_b, when_b) = self.only
        rows = [*self.rows, *only_a, *only_b]
        facts = list(zip(*rows, strict=True)) or [()] * len(_FACTS)
        ticks_a = [*self.settled[0], *when_a, *[None] * len(only_b)]
        ticks_b = [*self.settled[1], *[None] * len(only_a), *when_b]
        outcomes = [_outcome(one, other) for one, other in zip(*self.settled, strict=True)]
        outcomes += ["not_in_b"] * len(only_a) + ["not_in_a"] * len(only_b)
        changes = [
            None if one is None or other is None else other - one
            for one, other in zip(ticks_a, ticks_b, strict=True)
        ]
        return Table.from_columns(
            [
                ("transaction_id", "text", facts[0]),
                ("sender_id", "text", facts[1]),
                ("receiver_id", "text", facts[2]),
                ("amount", "integer", facts[3]),
                ("arrival_tick", "integer", facts[4]),
                ("settled_tick_a", "integer", ticks_a),
                ("settled_tick_b", "integer", ticks_b),
                ("change", "integer", changes),
                ("outcome", "text", outcomes),
            ]
        )

    def most_changed(self, limit: int) -> list[dict[str, Any]]:
        end_a, end_b = self.ends
        changes = [
            row[3] * ((end_b if other is None else other) - (end_a if one is None else one))
            for row, one, other in zip(self.rows, *self.settled, strict=True)
        ]
        places = heapq.nlargest(limit, range(len(changes)), key=lambda n: (abs(changes[n]), -n))
        found = []
        for place in places:
            if not changes[place]:
                break
            one, other = self.settled[0][place], self.settled[1][place]
            found.append(
                dict(zip(_FACTS, self.rows[place], strict=True))
                | {
                    "settled_tick_a": one,
                    "settled_tick_b": other,
                    "change": None if one is None or other is None else other - one,
                    "outcome": _outcome(one, other),
                    "waiting_change": changes[place],
                }
            )
        return found


def _arrived(results: Results) -> tuple[Rows, list[int | None]]:
    """
    Return the facts of what arrived, parts left out, and when each settled.
    """
    table = results.transactions
    columns = [table.column(name) for name in (*_FACTS, _SETTLED)]
    parents = table.column("parent_id")
    if parents.count(None) != len(parents):
        whole = [parent is None for parent in parents]
        columns = [
            [value for value, keep in zip(column, whole, strict=True) if keep] for column in columns
        ]
    return list(zip(*columns[:-1], strict=True)), columns[-1]


def _outcome(one: int | None, other: int | None) -> str:
    if one is None:
        return "neither" if other is None else "only_b"
    if other is None:
        return "only_a"
    return "same_tick" if one == other else "earlier" if other < one else "later"


def _outcomes(
    pairs: _Pairs,
) -> tuple[dict[str, dict[str, int]], dict[str, Any], dict[str, dict[str, int]]]:
    """
    Return the outcomes, the delays, and both by sender.
    """
    end_a, end_b = pairs.ends
    nothing = dict.fromkeys((*OUTCOMES, "value", "waiting_a", "waiting_b"), 0)
    agents: dict[str, dict[str, int]] = {}
    values = dict.fromkeys(OUTCOMES, 0)
    both = weight = delay_a = delay_b = weighted = 0
    for (_, sender, _, amount, arrival), one, other in zip(pairs.rows, *pairs.settled, strict=True):
        outcome = _outcome(one, other)
        own = agents.get(sender)
        if own is None:
            own = agents[sender] = nothing.copy()
        own[outcome] += 1
        own["value"] += amount
        values[outcome] += amount
        if one is not None and other is not None:
            both += 1
            weight += amount
            delay_a += one - arrival
            delay_b += other - arrival
            weighted += amount * (other - one)
        own["waiting_a"] += amount * ((end_a if one is None else one) - arrival)
        own["waiting_b"] += amount * ((end_b if other is None else other) - arrival)
    volumes = {name: sum(own[name] for own in agents.values()) for name in OUTCOMES}
    outcomes = {name: {"volume": volumes[name], "value": values[name]} for name in OUTCOMES}
    delay = {
        "volume": both,
        "a": delay_a / both if both else None,
        "b": delay_b / both if both else None,
        "change": (delay_b - delay_a) / both if both else None,
        "change_by_value": weighted / weight if both else None,
    }
    return outcomes, delay, agents


def _agents(a: Results, b: Results, by_agent: Mapping[str, dict[str, int]]) -> list[dict[str, Any]]:
    """
    Return what became of each agent, those that only B has last.
    """
    sides = []
    for results in (a, b):
        costs = {agent["id"]: agent["total_cost"] for agent in results.totals()["agents"]}
        sides.append((costs, _liquidity_used(results)))
    (costs_a, used_a), (costs_b, used_b) = sides
    nothing = dict.fromkeys((*OUTCOMES, "value", "waiting_a", "waiting_b"), 0)
    return [
        {"id": id}
        | by_agent.get(id, nothing)
        | {
            "liquidity_used_a": used_a.get(id),
            "liquidity_used_b": used_b.get(id),
            "cost_a": costs_a.get(id),
            "cost_b": costs_b.get(id),
        }
        for id in [*costs_a, *(id for id in costs_b if id not in costs_a)]
    ]


def _liquidity_used(results: Results) -> dict[str, int]:
    """
    Return the largest need of each agent on any day: its lowest net position, as a positive number.

    Source: BCBS 248 (2013), tool A(i), the largest negative net cumulative position.
    """
    table = results.positions
    used = {config.id: 0 for config in results.scenario.agent_configs}
    for id, lowest in zip(
        table.column("agent_id"), table.column("lowest_net_position"), strict=True
    ):
        used[id] = max(used[id], -lowest)
    return used


def _indicators(a: Results, b: Results) -> list[dict[str, Any]]:
    told_a, told_b = dict(_leaves(a.indicators())), dict(_leaves(b.indicators()))
    names = [*told_a, *(name for name in told_b if name not in told_a)]
    return [
        {"name": name, "a": told_a.get(name), "b": told_b.get(name)}
        | {"change": _change(told_a.get(name), told_b.get(name))}
        for name in names
    ]


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """
    Yield plain values with dotted names.
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{name}.{key}" if name else str(key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        if len(value) <= LIST_MAX:
            for place, item in enumerate(value):
                yield from _leaves(item, f"{name}[{place}]")
    else:
        yield name, value


def _change(one: Any, other: Any) -> int | float | str | None:
    """
    Return how much more one number is than another; of exact decimals in text, such a text.
    """
    numbers = [_number(one), _number(other)]
    if None in numbers:
        return None
    if isinstance(one, str) or isinstance(other, str):
        return f"{Decimal(other) - Decimal(one):f}"
    change: int | float = other - one
    return change


def _number(value: Any) -> int | float | Decimal | None:
    if type(value) in (int, float):
        number: int | float = value
        return number
    if type(value) is str:
        try:
            exact = Decimal(value)
        except InvalidOperation:
            return None
        return exact if exact.is_finite() else None
    return None


def _settings(a: Results, b: Results) -> list[dict[str, Any]]:
    """
    Return the settings that differ, agents by their ids, seeds as they were run with.
    """
    told_a, told_b = _told(a), _told(b)
    names = [*told_a, *(name for name in told_b if name not in told_a)]
    return [
        {"name": name, "a": told_a.get(name), "b": told_b.get(name)}
        for name in names
        if told_a.get(name) != told_b.get(name)
    ]


def _told(results: Results) -> dict[str, Any]:
    raw = results.scenario.to_dict(transactions="")
    del raw["transactions"]
    raw["rng_seed"] = results.seed
    agents = raw.pop("agent_configs")
    raw["agents"] = {agent.pop("id"): agent for agent in agents}
    for id in results.scripted:
        raw["agents"][id]["policy"] = "in Python"
    events = raw.pop("scenario_events")
    raw["scenario_events"] = {event.get("id") or n: event for n, event in enumerate(events, 1)}
    return dict(_settings_leaves(raw))


def _settings_leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _settings_leaves(item, f"{name}.{key}" if name else str(key))
    else:
        yield name, value
