"""
The classes of a scenario: everything that defines a run except the seed.

Money is in integer minor units, time in ticks.
Each field states its bounds and its meaning once, in its annotation.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import os
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Annotated, Any, Final, get_args

import attrs

from paysim._kernel import GivenTransactions
from paysim.arrival_tables import check_arrival_tables
from paysim.behaviour import (
    Amount,
    AmountDistribution,
    ArrivalConfig,
    Deadline,
    Empirical,
    Exponential,
    Fifo,
    Fixed,
    LiquidityAware,
    LiquiditySplitting,
    LogNormal,
    MockSplitting,
    Normal,
    Policy,
    Uniform,
    WeightedPriorities,
    as_tuple,
)
from paysim.bounds import check_costs
from paysim.errors import Problems, TooManyProblems, shown
from paysim.event_checks import check_scenario_events
from paysim.exact import as_exact
from paysim.fields import (
    AGENTS_MAX,
    AMOUNT_MAX,
    DEADLINE_MAX,
    TICKS_MAX,
    Exact,
    Flag,
    Name,
    Whole,
    suggest_agent,
)
from paysim.files.agents import AgentFile
from paysim.files.beside import Files, FromFile
from paysim.files.transaction_reading import TransactionFile
from paysim.files.transactions import Loaded, given_rows
from paysim.records import (
    MISSING,
    Checked,
    Field,
    Listed,
    Note,
    OneOf,
    Optional,
    Record,
    given_keys,
    is_known,
    layout,
    synonym,
)
from paysim.rules import (
    Bps,
    CostRates,
    LsmConfig,
    PriorityClasses,
    PriorityMultipliers,
    Rules,
)
from paysim.scenario_events import EVENTS_MAX, ScenarioEvent, named

__all__ = [
    "AMOUNT_MAX",
    "TICKS_MAX",
    "AgentConfig",
    "AmountDistribution",
    "ArrivalConfig",
    "Bps",
    "CostRates",
    "Deadline",
    "Empirical",
    "Exponential",
    "Fifo",
    "Fixed",
    "LiquidityAware",
    "LiquiditySplitting",
    "LogNormal",
    "LsmConfig",
    "MockSplitting",
    "Normal",
    "Policy",
    "PriorityClasses",
    "PriorityMultipliers",
    "ResolvedRule",
    "Rules",
    "Scenario",
    "ScenarioEvent",
    "Transaction",
    "Uniform",
    "WeightedPriorities",
]

SEED_MAX: Final = 2**64 - 1


@attrs.frozen
class AgentConfig(Checked):
    """
    One bank: its account, its behaviour and its arrivals.
    """

    id: Annotated[str, Name("Unique name of the agent.")]
    opening_balance: Annotated[
        int, Whole(-AMOUNT_MAX, AMOUNT_MAX, "Balance at tick 0, in minor units.")
    ] = attrs.field(metadata=synonym("balance"))
    credit_limit: Annotated[
        int, Whole(0, AMOUNT_MAX, "How far the balance may go below zero, in minor units.")
    ] = 0
    liquidity_pool: Annotated[
        int, Whole(0, AMOUNT_MAX, "Liquidity outside the system, in minor units.")
    ] = 0
    liquidity_allocation_fraction: Annotated[
        Decimal, Exact(0, 1, "Share of the pool that moves to the balance each morning.")
    ] = attrs.field(default=Decimal(1), converter=as_exact)
    policy: Annotated[
        Policy, OneOf(get_args(Policy), "How the agent decides what to release.", spread=True)
    ] = attrs.field(default=Fifo())
    arrival_config: Annotated[ArrivalConfig | None, Optional(Record(ArrivalConfig))] = None

    def check_together(self, note: Note) -> None:
        if is_known(self.opening_balance, self.credit_limit):
            floor = -self.credit_limit
            if self.opening_balance < floor:
                text = f"must be at least {floor}, the floor that credit_limit sets"
                note(("opening_balance",), text, shown(self.opening_balance))


@attrs.frozen
class Transaction(Checked):
    """
    One payment order that is given rather than generated.
    """

    sender_id: Annotated[str, Name("The agent that pays.")]
    receiver_id: Annotated[str, Name("The agent that is paid.")]
    amount: Amount
    arrival_tick: Annotated[int, Whole(0, TICKS_MAX - 1, "Tick in which the sender gets it.")]
    id: Annotated[str | None, Optional(Name("Unique name; absent is row-N, N from 1."))] = None
    deadline_tick: Annotated[
        int | None, Optional(Whole(0, DEADLINE_MAX, "Tick in which it becomes overdue."))
    ] = None
    priority: Annotated[int, Whole(0, 10, "Priority, higher first.")] = 5
    divisible: Annotated[bool, Flag("Whether it may be split.")] = True

    def check_together(self, note: Note) -> None:
        if is_known(self.sender_id, self.receiver_id) and self.sender_id == self.receiver_id:
            note(("receiver_id",), "must not be the sender", shown(self.receiver_id))


@attrs.frozen
class ResolvedRule:
    """
    One setting that is in force in a scenario.

    Attributes:
        name: Its path, such as `rules.queue_discipline`.
        value: Its value.
        is_default: Whether it was left at its default rather than given.
    """

    name: str
    value: int | str | Decimal
    is_default: bool


def _as_agents(values: Sequence[AgentConfig]) -> tuple[AgentConfig, ...]:
    return as_tuple(values)


def _as_transactions(
    values: Sequence[Transaction] | GivenTransactions,
) -> tuple[Transaction, ...] | GivenTransactions:
    return values if isinstance(values, GivenTransactions) else as_tuple(values)


def _as_events(values: Sequence[ScenarioEvent]) -> tuple[ScenarioEvent, ...]:
    return as_tuple(values)


@attrs.frozen
class Scenario(Checked):
    """
    Everything that defines a run except the seed.
    """

    ticks_per_day: Annotated[int, Whole(1, 1_000_000, "Ticks in a day.")]
    agent_configs: Annotated[
        tuple[AgentConfig, ...],
        FromFile(
            Record(AgentConfig),
            "The agents, in scenario order.",
            2,
            AGENTS_MAX,
            "agents",
            file=Record(AgentFile),
        ),
    ] = attrs.field(converter=_as_agents)
    num_days: Annotated[int, Whole(1, TICKS_MAX, "Days of a run.")] = 1
    rng_seed: Annotated[int, Whole(0, SEED_MAX, "Seed where a run is given none.")] = 0
    cost_rates: Annotated[CostRates, Record(CostRates)] = attrs.field(default=CostRates())
    lsm_config: Annotated[LsmConfig, Record(LsmConfig)] = attrs.field(default=LsmConfig())
    rules: Annotated[Rules, Record(Rules)] = attrs.field(default=Rules())
    transactions: Annotated[
        tuple[Transaction, ...] | GivenTransactions,
        FromFile(
            Record(Transaction),
            "Given transactions, in any order.",
            noun="transactions",
            file=Record(TransactionFile),
        ),
    ] = attrs.field(default=(), converter=_as_transactions, eq=given_rows)
    scenario_events: Annotated[
        tuple[ScenarioEvent, ...],
        Listed(
            OneOf(get_args(ScenarioEvent)), "What happens from outside.", 0, EVENTS_MAX, "events"
        ),
    ] = attrs.field(default=(), converter=_as_events)
    given: frozenset[str] = attrs.field(default=frozenset(), kw_only=True, eq=False, repr=False)
    """Dotted names of the keys that a file or dict gave, whatever their values."""
    source: Loaded | None = attrs.field(default=None, kw_only=True, eq=False, repr=False)
    """What the file of transactions came to, if they were read from one."""
    unused: tuple[tuple[str, tuple[str, ...]], ...] = attrs.field(
        default=(), kw_only=True, eq=False, repr=False
    )
    """The files that were read, each with the headers of the columns that were not."""

    def __attrs_post_init__(self) -> None:
        Checked.__attrs_post_init__(self)
        rows = self.transactions
        if isinstance(rows, tuple) and any(row.id is None for row in rows):
            rows = tuple(
                attrs.evolve(row, id=f"row-{n}") if row.id is None else row
                for n, row in enumerate(rows, 1)
            )
            object.__setattr__(self, "transactions", rows)
        events = tuple(named(event, n) for n, event in enumerate(self.scenario_events, 1))
        object.__setattr__(self, "scenario_events", events)

    @classmethod
    def from_dict(
        cls, raw: dict[str, Any], folder: str | os.PathLike[str] | None = None
    ) -> Scenario:
        """
        Return the scenario that a plain dict describes, with the keys of a scenario file.

        Args:
            raw: The dict.
            folder: What the names of files in it are relative to. Without it no file is read: a
                dict may come from anybody, and must not name what is to be opened.

        Raises:
            ScenarioError: With everything that is wrong.
        """
        problems, of_files = Problems(), Problems()
        scenario, files = None, Files(Record(AgentConfig))
        whole = raw
        if folder is not None and isinstance(raw, dict):
            whole = raw | dict.fromkeys(("transactions", "agent_configs", "ticks_per_day"), MISSING)
            with contextlib.suppress(TooManyProblems):
                whole = files.read(raw, folder, of_files)
        elif isinstance(raw, dict) and isinstance(raw.get("transactions"), dict):
            # How a file is read may tell the ticks of a day.
            whole = {"ticks_per_day": MISSING} | raw
        with contextlib.suppress(TooManyProblems):
            scenario = Record(cls).read(whole, (), problems)
        if problems.count or of_files.count:
            raise files.error(problems, of_files)
        assert isinstance(scenario, Scenario)
        object.__setattr__(scenario, "given", frozenset(given_keys(cls, whole)))
        object.__setattr__(scenario, "source", files.source)
        object.__setattr__(scenario, "unused", files.unused)
        return scenario

    def with_checked(self, events: Iterable[ScenarioEvent]) -> Scenario:
        """
        Return the scenario with further events, which have been checked to fit into it.
        """
        scenario = copy.copy(self)
        object.__setattr__(scenario, "scenario_events", (*self.scenario_events, *events))
        return scenario

    def to_dict(self, transactions: str | None = None) -> dict[str, Any]:
        """
        Return the scenario as a plain dict that JSON can hold, defaults included.

        `from_dict` makes an equal scenario of it; exact rates are decimal texts.

        Args:
            transactions: The name of a file that stands in the place of the transactions.
        """
        fields = layout(Scenario).values()
        raw = {f.name: None if f.name == "transactions" else self._write(f) for f in fields}
        rows = layout(Scenario)["transactions"]
        raw["transactions"] = self._write(rows) if transactions is None else transactions
        return raw

    def _write(self, field: Field) -> Any:
        return field.kind.write(getattr(self, field.name))

    def digest(self) -> str:
        """
        Return the SHA-256 of the canonical JSON of the scenario, in hex.

        Equal scenarios have equal digests, whichever spelling or default they were given by, and
        whether their transactions were listed or read from a file. In the JSON the SHA-256 of the
        transactions as CSV stands in their place.
        """
        return self._digest

    @functools.cached_property
    def _digest(self) -> str:
        # Their import costs as much as that of the whole rest of this module.
        import hashlib
        import json

        rows = hashlib.sha256(given_rows(self.transactions).csv()).hexdigest()
        raw = self.to_dict(transactions=rows)
        text = json.dumps(raw, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def num_ticks(self) -> int:
        """
        The ticks of all days.
        """
        return self.ticks_per_day * self.num_days

    def resolved_rules(self) -> list[ResolvedRule]:
        """
        Return the settings in force, in a fixed order, and which were left at their default.

        A setting of a scenario made in Python counts as left if it equals its default.
        """
        names = ("ticks_per_day", "num_days", "rng_seed", "rules", "lsm_config", "cost_rates")
        return [
            rule
            for name in names
            for rule in _resolve(name, layout(Scenario)[name], getattr(self, name), self.given)
        ]

    def check_together(self, note: Note) -> None:
        if is_known(self.ticks_per_day, self.num_days):
            ticks = self.ticks_per_day * self.num_days
            if ticks > TICKS_MAX:
                text = f"times ticks_per_day must be at most {TICKS_MAX} ticks"
                note(("num_days",), text, shown(ticks))
        ids = _check_agents(self, note)
        _check_transactions(self, ids, note)
        check_arrival_tables(self.agent_configs, self.scenario_events, note)
        check_scenario_events(self, ids, note)
        check_costs(self, note)


def _resolve(name: str, field: Field, value: Any, given: frozenset[str]) -> Iterator[ResolvedRule]:
    if attrs.has(type(value)):
        for inner in layout(type(value)).values():
            yield from _resolve(f"{name}.{inner.name}", inner, getattr(value, inner.name), given)
    else:
        yield ResolvedRule(name, value, name not in given and value == field.default)


def _check_agents(scenario: Any, note: Note) -> list[str] | None:
    """
    Check the agents against each other; return their ids, or None if not all are known.
    """
    agents = scenario.agent_configs
    if not is_known(agents):
        return None
    ids: dict[str, int] = {}
    for i, agent in enumerate(agents):
        if is_known(agent.id) and ids.setdefault(agent.id, i) != i:
            text = f"must be unique, and is the id of agent_configs[{ids[agent.id]}]"
            note(("agent_configs", i, "id"), text, shown(agent.id))
    all_known = all(is_known(agent.id) for agent in agents)
    for i, agent in enumerate(agents):
        if agent.arrival_config is not None:
            here = ("agent_configs", i, "arrival_config")
            profile = agent.arrival_config.intraday_profile
            ticks = scenario.ticks_per_day
            if is_known(profile, ticks) and len(profile) > ticks:
                text = f"must hold at most ticks_per_day, {ticks}, multipliers"
                note((*here, "intraday_profile"), text, str(len(profile)))
            weights = agent.arrival_config.counterparty_weights
            if not is_known(weights) or weights is None:
                continue
            if len(weights) > len(agents):
                text = f"must hold at most one weight for each agent, {len(agents)}"
                note((*here, "counterparty_weights"), text, str(len(weights)))
                continue
            for key in weights:
                path = (*here, "counterparty_weights", key)
                if key == agent.id:
                    note(path, "must not be the agent itself", shown(key))
                elif all_known and key not in ids:
                    hint = functools.partial(suggest_agent, key, ids)
                    note(path, "must be the id of an agent", shown(key), hint)
    money = [(a.opening_balance, a.credit_limit, a.liquidity_pool) for a in agents]
    if all(is_known(*amounts) for amounts in money):
        total = sum(abs(balance) + credit + pool for balance, credit, pool in money)
        _check_sum("agent_configs", "balances, credit limits and pools", total, note)
    return list(ids) if all_known else None


def _check_transactions(scenario: Any, agent_ids: list[str] | None, note: Note) -> None:
    transactions = scenario.transactions
    if not is_known(transactions):
        return
    ticks = scenario.ticks_per_day, scenario.num_days
    horizon = ticks[0] * ticks[1] if is_known(*ticks) else TICKS_MAX
    known = None if agent_ids is None else set(agent_ids)
    if isinstance(transactions, GivenTransactions):
        for i, name, expected, found in transactions.check(known, horizon):
            # A tick is told as a number, a name in quotes.
            hint = functools.partial(suggest_agent, found, known or ())
            is_name = name != "arrival_tick"
            note(
                ("transactions", i, name),
                expected,
                shown(found) if is_name else found,
                hint if is_name else "",
            )
        _check_sum("transactions", "amounts", transactions.total_amount, note)
        return
    ids: dict[str, int] = {}
    total = 0
    for i, transaction in enumerate(transactions):
        for name in ("sender_id", "receiver_id"):
            agent = getattr(transaction, name)
            if known is not None and agent not in known and is_known(agent):
                hint = functools.partial(suggest_agent, agent, known)
                note(("transactions", i, name), "must be the id of an agent", shown(agent), hint)
        arrival = transaction.arrival_tick
        if is_known(arrival) and arrival >= horizon:
            text = f"must be before the end of the run, tick {horizon}"
            note(("transactions", i, "arrival_tick"), text, shown(arrival))
        name = f"row-{i + 1}" if transaction.id is None else transaction.id
        if is_known(name) and ids.setdefault(name, i) != i:
            text = f"must be unique, and is the id of transactions[{ids[name]}]"
            note(("transactions", i, "id"), text, shown(name))
        total += transaction.amount if is_known(transaction.amount) else 0
    _check_sum("transactions", "amounts", total, note)


def _check_sum(key: str, quantity: str, total: int, note: Note) -> None:
    if total > AMOUNT_MAX:
        text = f"sum of all {quantity} must be at most {AMOUNT_MAX}, to be safe in i64"
        note((key,), text, shown(total))
