"""
Two runs compared, transaction by transaction, agent by agent, indicator by indicator.

A transaction of run A and one of run B are a pair if they are the same order: the same id, sender,
receiver, amount and arrival tick. With the same seed and arrival settings all are, whatever the
rules and policies. A transaction that was split is one order, which settles with its last part.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from paysim.differences import indicator_differences, setting_differences
from paysim.errors import ScenarioError, shown
from paysim.pairing import OUTCOMES, Pairs
from paysim.results import Results

if TYPE_CHECKING:
    from paysim._kernel import Table

__all__ = ["OUTCOMES", "Comparison", "compare"]

_SIDES = ("a", "b")
_SUMS = (*OUTCOMES, "value", "waiting_a", "waiting_b")


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
        indicators: One dict per indicator of the system, the tools of BCBS 248 left out: `name`
            (with dots, as `settled_by.entry.value`; a point of a curve by its tick of the day, as
            `throughput.tick_9.share`), its value in `a` and in `b`, and the `change`, `None` where
            one of them has none.
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
    _pairs: Pairs = attrs.field(repr=False, alias="pairs")

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
    pairs = Pairs.of(a, b)
    only = {f"only_{side}": rows for side, (rows, _) in zip(_SIDES, pairs.only, strict=True)}
    ids = {row[0] for row in only["only_a"]} & {row[0] for row in only["only_b"]}
    volume, value = len(pairs), sum(pairs.facts[3])
    arrivals: dict[str, Any] = dict.fromkeys((*_SIDES, "paired"))
    arrivals["paired"] = {"volume": volume, "value": value}
    for side, (name, rows) in zip(_SIDES, only.items(), strict=True):
        alone = {"volume": len(rows), "value": sum(row[3] for row in rows)}
        arrivals[name] = alone
        arrivals[side] = {
            "volume": volume + alone["volume"],
            "value": value + alone["value"],
        }
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
        indicators=indicator_differences(a, b),
        settings=setting_differences(a, b),
        pairs=pairs,
    )


def _outcomes(
    pairs: Pairs,
) -> tuple[dict[str, dict[str, int]], dict[str, Any], dict[str, dict[str, int]]]:
    """
    Return the outcomes, the delays, and both by sender.
    """
    end_a, end_b = pairs.ends
    earlier, later, same, only_a, only_b, neither, value, waiting_a, waiting_b = range(9)
    agents: dict[str, list[int]] = {}
    values = [0] * len(OUTCOMES)
    both = weight = delay_a = delay_b = weighted = 0
    _, senders, _, amounts, arrivals = pairs.facts
    for sender, amount, arrival, one, other in zip(
        senders, amounts, arrivals, *pairs.settled, strict=True
    ):
        # As `outcome_of` says, but a million times.
        if one is None:
            outcome = neither if other is None else only_b
        elif other is None:
            outcome = only_a
        else:
            outcome = same if one == other else earlier if other < one else later
            both += 1
            weight += amount
            delay_a += one - arrival
            delay_b += other - arrival
            weighted += amount * (other - one)
        own = agents.get(sender)
        if own is None:
            own = agents[sender] = [0] * 9
        own[outcome] += 1
        own[value] += amount
        own[waiting_a] += amount * ((end_a if one is None else one) - arrival)
        own[waiting_b] += amount * ((end_b if other is None else other) - arrival)
        values[outcome] += amount
    told = {id: dict(zip(_SUMS, own, strict=True)) for id, own in agents.items()}
    volumes = {name: sum(own[name] for own in told.values()) for name in OUTCOMES}
    outcomes = {
        name: {"volume": volumes[name], "value": values[n]} for n, name in enumerate(OUTCOMES)
    }
    delay = {
        "volume": both,
        "a": delay_a / both if both else None,
        "b": delay_b / both if both else None,
        "change": (delay_b - delay_a) / both if both else None,
        "change_by_value": weighted / weight if both else None,
    }
    return outcomes, delay, told


def _agents(a: Results, b: Results, by_agent: Mapping[str, dict[str, int]]) -> list[dict[str, Any]]:
    """
    Return what became of each agent, those that only B has last.
    """
    sides = []
    for results in (a, b):
        costs = {agent["id"]: agent["total_cost"] for agent in results.totals()["agents"]}
        sides.append((costs, _liquidity_used(results)))
    (costs_a, used_a), (costs_b, used_b) = sides
    nothing = dict.fromkeys(_SUMS, 0)
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
