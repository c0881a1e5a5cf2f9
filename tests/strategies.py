"""
Small scenarios in which much happens, and decisions in them, for Hypothesis.

Everything is chosen by rolls of one die, an int between two bounds.
Where Hypothesis rolls, a failure shrinks; where a seeded generator rolls, scenarios are denser and
more varied than Hypothesis alone makes them.
Scenarios are plain dicts, as the oracle and `Scenario.from_dict` take them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
Json = dict[str, Any]

IDS = ("ALFA", "BETA", "GAMA", "DELT", "EPSI")
DECISIONS = (
    *("release", "split", "withdraw", "reprioritise", "reprioritise"),
    *("withdraw", "reprioritise", "set_release_budget"),
)
COMPONENTS_BY_RATE = (
    *("overdraft_bps_per_tick", "delay_cost_per_tick_per_cent", "split_friction_cost"),
    *("eod_penalty_per_transaction", "eod_borrowing_bps", "liquidity_bps_per_tick"),
)


class Move(NamedTuple):
    """
    A decision whose transaction is picked from what there is when its time comes.

    `phase` is 0 between the ticks, 1 after the opening, 2 after the policies are asked.
    Ticks and agents beyond the last are wrapped by who plays the move.
    """

    tick: int
    phase: int
    agent: int
    kind: str
    pick: int
    number: int | None


class Dice:
    """
    Choices made by rolls; low rolls are the simple choices, so that failures shrink to them.
    """

    def __init__(self, roll: Callable[[int, int], int]) -> None:
        """
        Take the die: a function of two bounds, both included.
        """
        self.roll = roll

    def one(self, options: Sequence[T]) -> T:
        """
        Choose one of the options.
        """
        return options[self.roll(0, len(options) - 1)]

    def rarely(self) -> bool:
        """
        Say yes once in five times.
        """
        return self.roll(0, 4) == 4

    def often(self) -> bool:
        """
        Say yes every other time.
        """
        return self.roll(0, 1) == 1

    def some(self, **choices: Callable[[], Any]) -> Json:
        """
        Make every other choice, and leave the other keys out.
        """
        return {key: choose() for key, choose in choices.items() if self.often()}

    def rate(self) -> float | str:
        """
        Choose a rate: an int, a float, or a decimal string of up to 15 places.
        """
        text = format(Decimal(self.roll(0, 99_999)).scaleb(-self.roll(0, 15)), "f")
        return self.one((0, 1, 20, 0.1, 2.5, 1e-05, 0.3333333333333333, text, text, text))

    def multiplier(self) -> float | str:
        """
        Choose a multiplier of few places.
        """
        return self.one((1, 0, 2, 9, "0.5", "1.25", "3.01"))


def policy_keys(dice: Dice) -> Json:
    """
    Choose a policy as the keys of its agent: a dict, or a name beside its parameters.
    """
    threshold = {"urgency_threshold": dice.roll(0, 4)}
    policy: Json = dice.one(
        (
            {"type": "deadline", **threshold},
            {"type": "liquidity_aware", "target_buffer": dice.roll(0, 9), **threshold},
            {
                "type": "liquidity_splitting",
                "min_split_amount": dice.roll(1, 3),
                "max_splits": dice.roll(2, 6),
            },
            {"type": "mock_splitting", "num_splits": dice.roll(2, 4)},
            {"type": "fifo"},
        )
    )
    if dice.often():
        return {"policy": policy}
    return {"policy": policy.pop("type").upper()} | policy


def agents(dice: Dice, is_tight: bool) -> list[Json]:
    """
    Choose two to five agents with little money; in half the scenarios all release everything.
    """
    wealth, is_eager = (2, True) if is_tight else (dice.one((2, 6, 15)), dice.often())
    has_credit, has_pools = dice.often(), dice.often()
    configs = []
    for agent_id in IDS[: dice.one((4, 5)) if is_tight else dice.one((2, 3, 4, 5))]:
        credit = dice.roll(0, 5) if has_credit else 0
        config: Json = {
            "id": agent_id,
            "opening_balance": dice.roll(0, wealth) - credit,
            "credit_limit": credit,
        }
        if has_pools:
            config["liquidity_pool"] = dice.roll(0, wealth + 6)
            config["liquidity_allocation_fraction"] = dice.one((1, "0.5", 0, 0.3, "0.5", "0.999"))
        configs.append(config if is_eager else config | policy_keys(dice))
    return configs


def cost_rates(dice: Dice) -> Json:
    """
    Choose any of the cost rates.
    """
    rates = dice.some(**dict.fromkeys(COMPONENTS_BY_RATE, dice.rate))
    classes = dict.fromkeys(("urgent", "high", "normal"), dice.multiplier)
    return rates | dice.some(
        deadline_penalty=lambda: {"bps": dice.rate()} if dice.often() else dice.rate(),
        overdue_delay_multiplier=dice.multiplier,
        priority_delay_multipliers=lambda: dice.some(**classes),
        delay_applies_to=lambda: dice.one(("both", "internal", "central")),
    )


def rules(dice: Dice) -> Json:
    """
    Choose the rules; now and then with other bounds of the priority classes.
    """
    chosen: Json = {
        "queue_discipline": dice.one(("fifo_bypass", "strict_fifo")),
        "deferred_crediting": dice.often(),
        "end_of_day": dice.one(("carry_over", "settle_on_credit", "cancel")),
    }
    if dice.rarely():
        urgent = dice.roll(0, 11)
        chosen["priority_classes"] = {"urgent": urgent, "high": dice.roll(0, urgent)}
    return {} if dice.rarely() else chosen


def lsm_config(dice: Dice, is_tight: bool) -> Json:
    """
    Choose which mechanisms run, or leave the defaults; now and then with a small limit on rings.
    """
    chosen: Json = {
        "bilateral_offsetting": dice.rarely() if is_tight else dice.often(),
        "cycles": dice.often(),
        "gridlock_resolution": dice.often(),
        "max_cycle_length": dice.roll(3, 5),
    }
    if dice.rarely():
        chosen["max_rings_per_tick"] = dice.roll(1, 4)
    return {} if dice.rarely() else chosen


def transactions(dice: Dice, ids: list[str], ticks: int, is_tight: bool) -> list[Json]:
    """
    Choose up to 25 transactions, in no order of time; deadlines may lie before the arrival.

    Where they go mostly to the next agent, rings are frequent.
    """
    lowest, highest = (2, 6) if is_tight else dice.one(((1, 4), (3, 8), (1, 40)))
    last_arrival = min(ticks - 1, dice.one((1, 4) if is_tight else (1, 4, 23)))
    steps = (1, 1, 1, *range(1, len(ids))) if dice.often() else range(1, len(ids))
    is_plain = dice.often()
    rows = []
    for number in range(dice.roll(16, 25) if is_tight else dice.roll(0, 25)):
        sender = dice.roll(0, len(ids) - 1)
        row: Json = {
            "sender_id": ids[sender],
            "receiver_id": ids[(sender + dice.one(steps)) % len(ids)],
            "amount": dice.roll(lowest, highest),
            "arrival_tick": dice.roll(0, last_arrival),
        }
        if not is_plain:
            row |= dice.some(
                deadline_tick=lambda: dice.roll(0, ticks + 2),
                priority=lambda: dice.one((5, 0, 3, 6, 7, 8, 9, 10)),
                divisible=lambda: not dice.rarely(),
            )
        if number % 5 == 4:
            row["id"] = f"T{number}"
        rows.append(row)
    return rows


def repeated(dice: Dice, tick: int, ticks: int) -> Json:
    """
    Choose when an entry of `scenario_events` that begins at a tick happens again, if it does.
    """
    if not dice.rarely():
        return {"tick": tick}
    until = dice.roll(tick, ticks + 2)
    return {"tick": tick, "every_ticks": dice.roll(1, 4), **dice.some(until_tick=lambda: until)}


def money_event(dice: Dice, ids: list[str], ticks: int) -> Json:
    """
    Choose a change of somebody's money or credit, or an extra transaction.
    """
    when = repeated(dice, dice.roll(0, ticks - 1), ticks)
    kind = dice.one(
        (
            *("liquidity_injection", "liquidity_drain", "credit_limit_change"),
            *("direct_transfer", "extra_transaction"),
        )
    )
    amount, sender = dice.roll(1, 9), dice.roll(0, len(ids) - 1)
    event: Json = {"type": kind.upper() if dice.rarely() else kind} | when
    if kind == "credit_limit_change":
        key = "credit_limit" if dice.rarely() else "amount"
        return event | {"agent_id": ids[sender], key: dice.one((0, amount - 1))}
    if kind in ("liquidity_injection", "liquidity_drain"):
        return event | {"agent_id": ids[sender], "amount": amount}
    receiver = (sender + dice.roll(1, len(ids) - 1)) % len(ids)
    event |= {"sender_id": ids[sender], "receiver_id": ids[receiver], "amount": amount}
    if kind == "extra_transaction":
        deadline = "deadline_offset" if "every_ticks" in when or dice.often() else "deadline_tick"
        event |= dice.some(
            priority=lambda: dice.one((5, 0, 6, 8)),
            divisible=dice.often,
            **{deadline: lambda: dice.roll(0, 5)},
        )
    return event


def interruption(dice: Dice, ids: list[str], ticks: int) -> list[Json]:
    """
    Choose an outage or a halt, mostly with its end in a later tick or the same, or in none.
    """
    begin, end = dice.one((("outage", "outage_end"), ("halt", "resume")))
    tick = dice.roll(0, ticks - 1)
    whom = {"agent_id": dice.one(ids)} if begin == "outage" else {}
    events = [{"type": begin} | repeated(dice, tick, ticks) | whom]
    last = tick + dice.one((1, 2, 5, 9, 0))
    if last < ticks:
        events.append({"type": end} | repeated(dice, last, ticks) | whom)
    return events


def scenario_events(dice: Dice, ids: list[str], ticks: int) -> list[Json]:
    """
    Choose what happens to the world during the run, in half the scenarios nothing.
    """
    if not dice.often():
        return []
    events = [money_event(dice, ids, ticks) for _ in range(dice.roll(0, 7))]
    for _ in range(dice.roll(0, 2)):
        for event in interruption(dice, ids, ticks):
            events.insert(dice.roll(0, len(events)), event)
    for number, event in enumerate(events):
        if event["type"].lower() == "extra_transaction" and dice.rarely():
            event["id"] = f"E{number}"
    return events


def scenario(dice: Dice) -> Json:
    """
    Choose a scenario whose transactions are all given; one in four is of large sums.

    Half are tight: little but a mechanism, or another's decision, can settle anything.
    """
    ticks_per_day, num_days, is_tight = dice.roll(1, 8), dice.roll(1, 3), dice.often()
    configs = agents(dice, is_tight)
    ids, ticks = [config["id"] for config in configs], ticks_per_day * num_days
    rows = transactions(dice, ids, ticks, is_tight)
    events = scenario_events(dice, ids, ticks)
    scale = dice.one((1, 1, 1, 10**6))
    for sums in (*configs, *rows, *events):
        for key in ("opening_balance", "credit_limit", "liquidity_pool", "amount"):
            if key in sums:
                sums[key] *= scale
    return {
        "ticks_per_day": ticks_per_day,
        "num_days": num_days,
        "agent_configs": configs,
        "cost_rates": cost_rates(dice),
        "lsm_config": lsm_config(dice, is_tight),
        "rules": rules(dice),
        "transactions": rows,
        "scenario_events": events,
    }


def script(dice: Dice) -> list[Move]:
    """
    Choose decisions.
    """
    return [
        Move(
            tick=dice.roll(0, 23),
            phase=dice.roll(0, 2),
            agent=dice.roll(0, 4),
            kind=dice.one(DECISIONS),
            pick=dice.roll(0, 9),
            number=dice.one((None, dice.roll(0, 12))),
        )
        for _ in range(dice.roll(0, 20))
    ]


def arrival_config(dice: Dice, others: list[str], ticks_per_day: int) -> Json:
    """
    Choose how transactions to the others are generated.
    """
    low = dice.roll(1, 9)
    distribution: Json = dice.one(
        (
            {"type": "fixed", "value": low},
            {"type": "uniform", "min": low, "max": low + dice.roll(0, 20)},
            {"type": "normal", "mean": 12.5, "std_dev": dice.one((0, 3, 20.0))},
            {"type": "lognormal", "mean": 5, "std_dev": dice.one((0, 3, 20.0))},
            {"type": "exponential", "mean": 11.5},
            {"type": "empirical", "values": [1, 7, 30], **dice.some(weights=lambda: [2, 0.5, 1])},
        )
    )
    weights = {other: dice.roll(0, 3) for other in others}
    profile = [dice.one((1.0, 0, 0.5, 3)) for _ in range(dice.roll(1, ticks_per_day))]
    return {
        "rate_per_tick": dice.one((0, 0.3, 1, 2.5)),
        "amount_distribution": distribution,
        **dice.some(
            intraday_profile=lambda: profile,
            counterparty_weights=lambda: weights | {others[0]: weights[others[0]] + 1},
            deadline_offset=lambda: dice.one((0, 6, [1, 4])),
            priority=lambda: dice.one((5, 9, {"values": [2, 7, 9], "weights": [3, 1, 1]})),
            divisible=lambda: not dice.rarely(),
        ),
    }


def arrival_event(dice: Dice, ids: list[str], senders: list[str], ticks: int) -> Json:
    """
    Choose a change of the arrivals of one of those that have any, or of all of them.

    The weight of an agent's first counterparty never becomes 0, so that there is always one.
    """
    sender = dice.one(senders)
    others = [other for other in ids if other != sender]
    counterparty = dice.one(others)
    weights = (1, 2.5, 0.1) if counterparty == others[0] else (0, 1, 3)
    whom: Json = {} if dice.rarely() else {"agent_id": sender}
    change: Json = dice.one(
        (
            {"type": "arrival_rate_change", "multiplier": dice.one((1, 0, 2, 0.3))} | whom,
            {
                "type": "counterparty_weight_change",
                "agent_id": sender,
                "counterparty_id": counterparty,
                "weight": dice.one(weights),
            },
            {"type": "deadline_offset_change", "deadline_offset": dice.one((2, [0, 3], None))}
            | whom,
        )
    )
    return change | repeated(dice, dice.roll(0, ticks - 1), ticks)


def generated_scenario(dice: Dice) -> Json:
    """
    Choose a scenario with generated arrivals beside the given transactions, and a seed.

    Half of those that have them change them during the run.
    """
    chosen = scenario(dice)
    ids = [config["id"] for config in chosen["agent_configs"]]
    for config in chosen["agent_configs"]:
        if not dice.rarely():
            others = [other for other in ids if other != config["id"]]
            config["arrival_config"] = arrival_config(dice, others, chosen["ticks_per_day"])
    senders = [c["id"] for c in chosen["agent_configs"] if "arrival_config" in c]
    ticks = chosen["ticks_per_day"] * chosen["num_days"]
    for _ in range(dice.roll(0, 3) if senders and dice.often() else 0):
        event = arrival_event(dice, ids, senders, ticks)
        chosen["scenario_events"].insert(dice.roll(0, len(chosen["scenario_events"])), event)
    return chosen | {"rng_seed": dice.roll(0, 2**64 - 1)}


def rolled(choose: Callable[[Dice], T]) -> st.SearchStrategy[T]:
    """
    Make a strategy of what dice choose: every other example is rolled by a seeded generator.
    """

    @st.composite
    def by_hypothesis(draw: st.DrawFn) -> T:
        return choose(Dice(lambda low, high: draw(st.integers(low, high))))

    by_seed = st.integers(0, 2**32 - 1).map(lambda seed: choose(Dice(Random(seed).randint)))
    return st.one_of(by_hypothesis(), by_seed)


def scenarios() -> st.SearchStrategy[Json]:
    """
    Draw a scenario whose transactions are all given.
    """
    return rolled(scenario)


def scripts() -> st.SearchStrategy[list[Move]]:
    """
    Draw decisions to make in a scenario.
    """
    return rolled(script)


def generated_scenarios() -> st.SearchStrategy[Json]:
    """
    Draw a scenario with generated arrivals beside the given transactions, and a seed.
    """
    return rolled(generated_scenario)
