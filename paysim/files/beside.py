"""
What a scenario keeps in files of its own: agents and transactions.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import attrs

from paysim._kernel import GivenTransactions
from paysim.errors import PROBLEMS_MAX, Problem, Problems, ScenarioError, shown
from paysim.fields import TICKS_MAX, Steps
from paysim.files.agents import AgentRows, read_agents
from paysim.files.transactions import Loaded, read_transactions
from paysim.records import MISSING, Listed, Record

READS_FILES: Final = "load_scenario reads files"
"""What helps where files are named to what reads none."""


@attrs.frozen(eq=False)
class FromFile(Listed):
    """
    A list that may stand in a file of its own.
    """

    file: Record = attrs.field(kw_only=True)

    def read(self, raw: Any, steps: Steps, problems: Problems) -> Any:
        if isinstance(raw, GivenTransactions):
            return raw
        if isinstance(raw, str | Path | dict):
            problems.add(steps, f"must be a list of {self.noun}", shown(raw), READS_FILES)
            return MISSING
        return super().read(raw, steps, problems)

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        if not isinstance(value, GivenTransactions):
            super().check(value, steps, problems)
        elif self.noun != "transactions":
            problems.add(steps, f"must be a tuple of {self.noun}", shown(value))

    def write(self, value: Any) -> Any:
        if not isinstance(value, GivenTransactions):
            return super().write(value)
        rows = value.table().to_dicts()
        return [{k: v for k, v in row.items() if v is not None} for row in rows]


@attrs.define
class Files:
    """
    The files that a scenario names.
    """

    agent: Record
    """The record of an agent."""
    source: Loaded | None = None
    agents: AgentRows | None = None

    def read(
        self, raw: dict[str, Any], folder: str | os.PathLike[str], problems: Problems
    ) -> dict[str, Any]:
        """
        Return what a scenario says with what its files hold in their place.
        """
        whole = dict(raw)
        agents = raw.get("agent_configs")
        if isinstance(agents, str | Path | dict):
            self.agents = read_agents(agents, folder, problems, self.agent)
            whole["agent_configs"] = self.agents.rows if self.agents else MISSING
        transactions = raw.get("transactions")
        if isinstance(transactions, str | Path | dict):
            ticks, days = (_whole(raw.get(name)) for name in ("ticks_per_day", "num_days"))
            ids = _ids(whole.get("agent_configs"))
            self.source = source = read_transactions(
                transactions, folder, ("transactions",), problems, ids, ticks, days
            )
            whole["transactions"] = source.transactions if source else MISSING
            for name in ("ticks_per_day", "num_days"):
                # What a file that could be read would have told is not missing.
                value = MISSING if source is None else getattr(source, name)
                if value is not None:
                    whole.setdefault(name, value)
        return whole

    @property
    def unused(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """
        The files that were read, each with the headers of the columns that were not.
        """
        agents = () if self.agents is None else ((self.agents.name, self.agents.unused),)
        return agents + (() if self.source is None else ((self.source.path, self.source.unused),))

    def error(self, own: Problems, theirs: Problems) -> ScenarioError:
        """
        Return the error that tells what is wrong with a scenario, and then with its files.
        """
        kept = [self.placed(problem) for problem in (*own.kept, *theirs.kept)][:PROBLEMS_MAX]
        return ScenarioError(kept, own.count + theirs.count - len(kept))

    def placed(self, problem: Problem) -> Problem:
        """
        Return a problem with its place in a file, if it is about what a file holds.
        """
        is_ours = self.agents is not None and problem.steps[:1] == ("agent_configs",)
        if problem.place or not is_ours or self.agents is None:
            return problem
        return self.agents.placed(problem)


def _whole(value: Any) -> int | None:
    return value if type(value) is int and 0 < value <= TICKS_MAX else None


def _ids(agents: Any) -> list[str] | None:
    """
    Return the ids of agents, or None if not all of them can be told.
    """
    if not isinstance(agents, list):
        return None
    ids: list[str] = []
    for agent in agents:
        id = agent.get("id") if isinstance(agent, dict) else None
        if type(id) is not str:
            return None
        ids.append(id)
    return ids
