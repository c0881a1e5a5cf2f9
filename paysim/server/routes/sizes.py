"""
How large a table will be, before any memory is taken for it.

Tables that have rows of ticks are made of the whole run, tick by tick, however little happens in
them; all others have at most some rows for each event, of which there is a bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from paysim.server.problems import Problem
from paysim.server.settings import variable_of

if TYPE_CHECKING:
    from paysim.server.session.session import Session
    from paysim.server.settings import Settings

DAYS_MAX: Final = 100_000
"""Days of indicators."""

STATE_MAX: Final = 100_000
"""Transactions that a state tells."""


BY_TICK: Final = ("ticks", "agents", "days", "costs", "positions")
"""The tables that are made of the whole run, tick by tick."""


def rows_of(session: Session, name: str) -> int:
    """
    Return how many rows a table has that is counted before it is made, or at most has.

    Args:
        session: The simulation.
        name: The table.
    """
    agents = len(session.scenario.agent_configs)
    days = -(-session.tick // session.scenario.ticks_per_day)
    if name in ("agents", "costs"):
        # Costs have a row for each agent and tick, or fewer.
        return session.tick * agents
    if name == "positions":
        return max(days * agents, session.tick)
    return session.tick if name in ("ticks", "days") else session.events


def is_within(session: Session, settings: Settings, name: str) -> bool:
    """
    Return whether a table can be told.
    """
    return rows_of(session, name) <= settings.max_rows


def check_rows(session: Session, settings: Settings, *names: str) -> None:
    """
    Make sure that tables can be told.

    Raises:
        Problem: 409, one has more rows than there may be.
    """
    most = settings.max_rows
    for name in names:
        rows = rows_of(session, name)
        if not is_within(session, settings, name):
            what = {
                "days": "for the table days ticks",
                "positions": "for the table positions rows or ticks",
                "costs": "for the table costs agents in ticks",
            }.get(name, f"for the table {name} rows")
            detail = (
                f"at most {most:,} are gone through {what}, as {variable_of('max_rows')} says, "
                f"and the simulation has {rows:,}"
            )
            raise too_many(detail)


def check_whole(session: Session, settings: Settings) -> None:
    """
    Make sure that the whole run can be gone through, as indicators, charts and reports do.

    Raises:
        Problem: 409, there are too many ticks, rows of a table, or days.
    """
    check_rows(session, settings, *BY_TICK)
    check_days(session)


def check_days(session: Session) -> None:
    """
    Make sure that there are not too many days, each of which takes a kilobyte.

    Raises:
        Problem: 409, there are.
    """
    days = -(-session.tick // session.scenario.ticks_per_day)
    if days > DAYS_MAX:
        raise too_many(f"at most {DAYS_MAX:,} days are told, and the simulation has {days:,}")


def too_many(detail: str) -> Problem:
    """
    Return the problem of more than can be told.
    """
    return Problem(409, "too-many-rows", "It is more than the server tells", detail)


def check_state(session: Session) -> None:
    """
    Make sure that all transactions of a state can be told.

    Raises:
        Problem: 409, there are more than there may be.
    """
    count = session.num_transactions
    if count > STATE_MAX:
        raise too_many(
            f"a state tells at most {STATE_MAX:,} transactions, and there are {count:,}; ask for "
            "?transactions=none, and for the transactions as results?table=transactions"
        )
