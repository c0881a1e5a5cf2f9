"""
Hypothesis strategies for small scenarios in which much happens, and for decisions in them.

Balances are small against amounts, so that transactions queue, offset, split and fall overdue.
Scenarios are plain dicts, as the oracle and `Scenario.from_dict` take them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from hypothesis import strategies as st

IDS = ("ALFA", "BETA", "GAMA", "DELT", "EPSI")
BOOLEANS = st.booleans()
AMOUNTS = st.one_of(st.integers(1, 12), st.integers(1, 40))
PRIORITIES = st.sampled_from((5, 5, 0, 3, 6, 7, 8, 9, 10))

RATES = st.one_of(
    st.integers(0, 20),
    st.sampled_from((0.1, 0.25, 1e-05, 0.3333333333333333, 2.5)),
    st.builds(
        lambda digits, places: format(Decimal(digits).scaleb(-places), "f"),
        st.integers(0, 99_999),
        st.integers(0, 15),
    ),
)
MULTIPLIERS = st.one_of(st.integers(0, 9), st.sampled_from(("0.5", "1.25", "3.01", "0")))

POLICIES = st.one_of(
    st.just({"type": "fifo"}),
    st.fixed_dictionaries(
        {"type": st.just("deadline")}, optional={"urgency_threshold": st.integers(0, 4)}
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(("liquidity_aware", "Liquidity_Aware"))},
        optional={"target_buffer": st.integers(0, 12), "urgency_threshold": st.integers(0, 4)},
    ),
    st.fixed_dictionaries(
        {"type": st.just("liquidity_splitting"), "min_split_amount": st.integers(1, 4)},
        optional={"max_splits": st.integers(2, 6)},
    ),
    st.fixed_dictionaries(
        {"type": st.just("mock_splitting")}, optional={"num_splits": st.integers(2, 4)}
    ),
)


class Move(NamedTuple):
    """
    A decision whose transaction is picked from what there is when its time comes.

    `phase` is 0 between the ticks, 1 after the opening, 2 after the policies are asked.
    """

    tick: int
    phase: int
    agent: int
    kind: str
    pick: int
    number: int | None


@st.composite
def policy_keys(draw: st.DrawFn) -> dict[str, Any]:
    """
    Draw a policy as the keys of its agent: absent, as a name beside its parameters, or as a dict.
    """
    policy = draw(POLICIES)
    shape = draw(st.sampled_from(("dict", "siblings")))
    if policy == {"type": "fifo"} and draw(BOOLEANS):
        return {}
    if shape == "dict":
        return {"policy": policy}
    return {"policy": policy["type"].upper()} | {k: v for k, v in policy.items() if k != "type"}


@st.composite
def agents(draw: st.DrawFn, is_poor: bool) -> list[dict[str, Any]]:
    """
    Draw two to five agents with little money; poor ones have next to none and release everything.
    """
    configs = []
    for agent_id in IDS[: draw(st.integers(3 if is_poor else 2, len(IDS)))]:
        credit = draw(st.sampled_from((0, 0, 0, 3, 8)))
        config: dict[str, Any] = {
            "id": agent_id,
            "opening_balance": -credit + draw(st.integers(0, 2 if is_poor else 15)),
            "credit_limit": credit,
        }
        if draw(st.integers(0, 2)) == 0:
            config["liquidity_pool"] = draw(st.integers(0, 3 if is_poor else 20))
            config["liquidity_allocation_fraction"] = draw(
                st.sampled_from((1, 0, "0.5", 0.3, "0.333", "1.0"))
            )
        configs.append(config if is_poor else config | draw(policy_keys()))
    return configs


@st.composite
def cost_rates(draw: st.DrawFn) -> dict[str, Any]:
    """
    Draw any of the cost rates, as ints, floats and decimal strings.
    """
    classes = st.fixed_dictionaries(
        {}, optional={name: MULTIPLIERS for name in ("urgent", "high", "normal")}
    )
    optional = {
        "overdraft_bps_per_tick": RATES,
        "delay_cost_per_tick_per_cent": RATES,
        "overdue_delay_multiplier": MULTIPLIERS,
        "priority_delay_multipliers": classes,
        "delay_applies_to": st.sampled_from(("both", "internal", "central")),
        "split_friction_cost": RATES,
        "deadline_penalty": st.one_of(RATES, st.fixed_dictionaries({"bps": RATES})),
        "eod_penalty_per_transaction": RATES,
        "eod_borrowing_bps": RATES,
        "liquidity_bps_per_tick": RATES,
    }
    return draw(st.fixed_dictionaries({}, optional=optional))


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    """
    Draw any of the rules; now and then with other bounds of the priority classes.
    """
    optional: dict[str, st.SearchStrategy[Any]] = {
        "queue_discipline": st.sampled_from(("strict_fifo", "fifo_bypass")),
        "deferred_crediting": BOOLEANS,
        "end_of_day": st.sampled_from(("settle_on_credit", "cancel", "carry_over")),
    }
    drawn = draw(st.fixed_dictionaries({}, optional=optional))
    if draw(st.integers(0, 4)) == 0:
        urgent = draw(st.integers(0, 11))
        drawn["priority_classes"] = {"urgent": urgent, "high": draw(st.integers(0, urgent))}
    return drawn


LSM_CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "bilateral_offsetting": BOOLEANS,
        "cycles": BOOLEANS,
        "gridlock_resolution": BOOLEANS,
        "max_cycle_length": st.integers(3, 5),
        "max_rings_per_tick": st.one_of(st.integers(1, 4), st.just(100_000)),
    },
)


@st.composite
def transactions(
    draw: st.DrawFn, ids: list[str], ticks: int, is_poor: bool
) -> list[dict[str, Any]]:
    """
    Draw up to 25 transactions, in no order of time; deadlines may lie before the arrival.

    Poor agents owe each other similar amounts, mostly to the next, so that rings are frequent.
    """
    amounts = st.integers(3, 7) if is_poor else AMOUNTS
    steps = st.integers(1, len(ids) - 1)
    if is_poor:
        steps = st.one_of(st.just(1), st.just(1), steps)
    rows = []
    for number in range(draw(st.one_of(st.integers(0, 8), st.integers(4, 25)))):
        sender, step = draw(st.integers(0, len(ids) - 1)), draw(steps)
        row: dict[str, Any] = {
            "sender_id": ids[sender],
            "receiver_id": ids[(sender + step) % len(ids)],
            "amount": draw(amounts),
            "arrival_tick": draw(
                st.one_of(st.integers(0, min(2, ticks - 1)), st.integers(0, ticks - 1))
            ),
        }
        if draw(BOOLEANS):
            row["deadline_tick"] = draw(st.integers(0, ticks + 2))
        if draw(BOOLEANS):
            row["priority"] = draw(PRIORITIES)
        if draw(st.integers(0, 5)) == 0:
            row["divisible"] = False
        if draw(st.integers(0, 3)) == 0:
            row["id"] = f"T{number}"
        rows.append(row)
    return rows


@st.composite
def scenarios(draw: st.DrawFn, lsm: st.SearchStrategy[Any] = LSM_CONFIGS) -> dict[str, Any]:
    """
    Draw a scenario whose transactions are all given; some of poor agents, some of large sums.
    """
    ticks_per_day, num_days = draw(st.integers(1, 8)), draw(st.integers(1, 3))
    is_poor, scale = draw(BOOLEANS), draw(st.sampled_from((1, 1, 1, 10**6)))
    configs = draw(agents(is_poor))
    ids, ticks = [config["id"] for config in configs], ticks_per_day * num_days
    rows = draw(transactions(ids, ticks, is_poor))
    for sums in (*configs, *rows):
        for key in {"opening_balance", "credit_limit", "liquidity_pool", "amount"} & set(sums):
            sums[key] *= scale
    return {
        "ticks_per_day": ticks_per_day,
        "num_days": num_days,
        "agent_configs": configs,
        "cost_rates": draw(cost_rates()),
        "lsm_config": draw(lsm),
        "rules": draw(rules()),
        "transactions": rows,
    }


def moves(max_size: int = 12) -> st.SearchStrategy[list[Move]]:
    """
    Draw decisions; those beyond the last tick or the last agent are wrapped by who plays them.
    """
    kinds = ("release", "split", "withdraw", "reprioritise", "set_release_budget")
    number = st.one_of(st.none(), st.integers(0, 12))
    return st.lists(
        st.builds(
            Move,
            st.one_of(st.integers(0, 3), st.integers(0, 23)),
            st.integers(0, 2),
            st.integers(0, 4),
            st.sampled_from(kinds),
            st.integers(0, 9),
            number,
        ),
        max_size=max_size,
    )


WEIGHTS = st.integers(0, 3)
DISTRIBUTIONS = st.one_of(
    st.fixed_dictionaries({"type": st.just("fixed"), "value": AMOUNTS}),
    st.builds(
        lambda low, span: {"type": "uniform", "min": low, "max": low + span},
        st.integers(1, 9),
        st.integers(0, 20),
    ),
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(("normal", "lognormal")),
            "mean": st.sampled_from((5, 12.5)),
            "std_dev": st.sampled_from((0, 3, 20.0)),
        }
    ),
    st.fixed_dictionaries({"type": st.just("exponential"), "mean": st.sampled_from((3, 11.5))}),
    st.fixed_dictionaries(
        {"type": st.just("empirical"), "values": st.just([1, 7, 30])},
        optional={"weights": st.just([2, 0.5, 1])},
    ),
)


@st.composite
def arrival_configs(draw: st.DrawFn, others: list[str], ticks_per_day: int) -> dict[str, Any]:
    """
    Draw how transactions to the others are generated.
    """
    config: dict[str, Any] = {
        "rate_per_tick": draw(st.sampled_from((0, 0.3, 1, 2.5))),
        "amount_distribution": draw(DISTRIBUTIONS),
    }
    if draw(BOOLEANS):
        size = draw(st.integers(1, ticks_per_day))
        profile = st.lists(st.sampled_from((0, 0.5, 1.0, 3)), min_size=size, max_size=size)
        config["intraday_profile"] = draw(profile)
    if draw(BOOLEANS):
        weights = {other: draw(WEIGHTS) for other in others}
        config["counterparty_weights"] = weights | {others[0]: weights[others[0]] + 1}
    offset = draw(st.one_of(st.none(), st.integers(0, 6), st.just([1, 4])))
    if offset is not None:
        config["deadline_offset"] = offset
    if draw(BOOLEANS):
        weighted = st.just({"values": [2, 7, 9], "weights": [3, 1, 1]})
        config["priority"] = draw(st.one_of(PRIORITIES, weighted))
    if draw(st.integers(0, 3)) == 0:
        config["divisible"] = False
    return config


@st.composite
def generated_scenarios(draw: st.DrawFn) -> dict[str, Any]:
    """
    Draw a scenario with generated arrivals beside the given transactions, and a seed.
    """
    scenario = draw(scenarios())
    ids = [config["id"] for config in scenario["agent_configs"]]
    for config in scenario["agent_configs"]:
        if draw(st.integers(0, 3)) > 0:
            others = [other for other in ids if other != config["id"]]
            arrivals = arrival_configs(others, scenario["ticks_per_day"])
            config["arrival_config"] = draw(arrivals)
    return scenario | {"rng_seed": draw(st.integers(0, 2**64 - 1))}
