"""
Given transactions from a file, CSV or Parquet: columns, or all that is wrong with its rows.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from paysim._kernel import GivenTransactions
from paysim.errors import Problems, ScenarioError, TooManyProblems, shown
from paysim.fields import TICKS_MAX, Name, Steps, Whole
from paysim.files.kinds import absence, resolved
from paysim.files.source import Source
from paysim.files.transaction_reading import TransactionFile, hours, merged, read_mapping
from paysim.records import Record

TICKS_PER_DAY_MAX: Final = 1_000_000


@attrs.frozen
class Loaded:
    """
    What a file of transactions came to.

    Attributes:
        transactions: The transactions.
        ticks_per_day: Ticks of a business day, if arrivals are times.
        num_days: Days that hold all arrivals, if that can be told.
        days: The business days in order, as dates or numbers, if arrivals are times.
        dropped: Rows left out for being outside the opening hours.
        moved: Rows that arrive at a later opening for the same reason.
        unused: Headers of the columns that were not read.
        path: The file.
    """

    transactions: GivenTransactions
    ticks_per_day: int | None
    num_days: int | None
    days: tuple[str, ...]
    dropped: int
    moved: int
    unused: tuple[str, ...]
    path: str


def load_transactions(
    path: str | os.PathLike[str],
    agents: Collection[str] | None = None,
    *,
    ticks_per_day: int | None = None,
    num_days: int | None = None,
    **settings: Any,
) -> Loaded:
    """
    Return the transactions in a file: Parquet if its name ends in `.parquet`, else CSV.

    Args:
        path: The file.
        agents: Ids of the agents that there are; without them any party is one.
        ticks_per_day: Ticks of a day, for arrivals that are ticks.
        num_days: Days of the run, in which all arrivals have to be.
        settings: The keys of `transactions` in a scenario: `map`, `mapping`, `decimals`,
            `decimal_comma`, `delimiter`, `open`, `close`, `tick`, `dates`, `outside_hours`.

    Raises:
        ScenarioError: If the file cannot be read, or with every row that is wrong.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise ScenarioError(f"path must be text or os.PathLike (got {shown(path)})")
    problems = Problems()
    loaded = None
    try:
        if ticks_per_day is not None:
            Whole(1, TICKS_PER_DAY_MAX).check(ticks_per_day, ("ticks_per_day",), problems)
        if num_days is not None:
            Whole(1, TICKS_MAX).check(num_days, ("num_days",), problems)
        if not problems.count and (ticks_per_day or 1) * (num_days or 1) > TICKS_MAX:
            text = f"times ticks_per_day must be at most {TICKS_MAX} ticks"
            problems.add(("num_days",), text, shown(num_days))
        _check_ids(agents, problems)
        if problems.count:
            raise problems.error()
        raw = {"file": Path(path), **settings}
        loaded = read_transactions(raw, "", (), problems, agents, ticks_per_day, num_days)
    except TooManyProblems:
        pass
    if problems.count or loaded is None:
        raise problems.error()
    return loaded


def _check_ids(agents: Any, problems: Problems) -> None:
    """
    Check that ids of agents, if any are given, are texts one by one.
    """
    if agents is None:
        return
    if isinstance(agents, str | bytes) or not isinstance(agents, Collection):
        problems.add(("agents",), "must be a list of ids", shown(agents))
        return
    for index, id in enumerate(agents):
        Name().check(id, ("agents", index), problems)


def read_transactions(
    raw: Any,
    folder: str | os.PathLike[str],
    steps: Steps,
    problems: Problems,
    agents: Collection[str] | None = None,
    ticks_per_day: int | None = None,
    num_days: int | None = None,
) -> Loaded | None:
    """
    Return the transactions that `raw` names, the name of a file or a mapping with its keys.

    Args:
        raw: What a scenario says.
        folder: What names of files are relative to.
        steps: The path to it in the scenario.
        problems: Where problems are noted.
        agents: Ids of the agents, if they are known.
        ticks_per_day: Ticks of a day, if they are given.
        num_days: Days of the run, if they are given.
    """
    before = problems.count
    whole = raw if isinstance(raw, dict) else {"file": raw}
    file = Record(TransactionFile).read(whole, steps, problems)
    if problems.count > before:
        return None
    mapping = None
    if file.mapping is not None:
        if absence(file.mapping, folder, (*steps, "mapping"), problems):
            return None
        mapping = read_mapping(resolved(file.mapping, folder), problems)
        if mapping is None:
            return None
    reading = merged(file, mapping.reading if mapping else None)
    times = hours(reading, steps, problems)
    if problems.count > before:
        return None
    if absence(file.file, folder, (*steps, "file") if whole is raw else steps, problems):
        return None
    source = Source(resolved(file.file, folder), reading, problems, agents)
    settings = {
        "decimals": reading.decimals or 0,
        "decimal_comma": bool(reading.decimal_comma),
        "dates": reading.dates or "ymd",
        "outside_hours": reading.outside_hours or "error",
        "hours": times,
        "agents": None if agents is None else set(agents),
        "end_tick": None,
        "num_days": num_days,
    }
    if times is None:
        if ticks_per_day and num_days:
            settings["end_tick"] = ticks_per_day * num_days
    else:
        own = times[1] // times[2]
        if own > TICKS_PER_DAY_MAX:
            text = f"must make at most {TICKS_PER_DAY_MAX} ticks of a day"
            problems.add((*steps, "tick"), text, str(own))
            return None
        if ticks_per_day not in (None, own):
            text = f"must be {own}, the ticks of {reading.tick} that open and close hold"
            problems.add(("ticks_per_day",), text, shown(ticks_per_day))
            return None
        ticks_per_day = own
    found = source.read(settings, steps)
    if found is None:
        return None
    transactions, unused = found["transactions"], found["unused"]
    if num_days is None and ticks_per_day:
        num_days = max(len(found["days"]), (transactions.last_tick or 0) // ticks_per_day + 1)
    return Loaded(
        transactions,
        None if times is None else ticks_per_day,
        num_days,
        tuple(found["days"]),
        found["dropped"],
        found["moved"],
        unused,
        source.path,
    )


def given_rows(transactions: Sequence[Any] | GivenTransactions) -> GivenTransactions:
    """
    Return transactions as columns, whichever way a scenario holds them.
    """
    if isinstance(transactions, GivenTransactions):
        return transactions
    return GivenTransactions.from_rows(transactions)
