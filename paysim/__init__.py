"""
Discrete-event simulation of interbank payment settlement, on SimPy and a compiled kernel.

    import paysim

    results = paysim.run(paysim.load_scenario("scenarios/two_banks.yaml"))

Names are imported when they are first used, so that `import paysim` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paysim import errors, plotting, policies, report, testing
    from paysim._kernel import GivenTransactions
    from paysim.agent import Agent
    from paysim.clock import TickOutcome
    from paysim.comparison import Comparison, compare
    from paysim.errors import PaysimError, ScenarioError
    from paysim.files.transactions import load_transactions
    from paysim.loading import load_scenario
    from paysim.orchestrator import Orchestrator
    from paysim.queries import QueryResult, query
    from paysim.reopening import open_results
    from paysim.results import Results
    from paysim.scenario import AgentConfig, Scenario, Transaction
    from paysim.simulation import Simulation, run

    __version__: str

__all__ = [
    "Agent",
    "AgentConfig",
    "Comparison",
    "GivenTransactions",
    "Orchestrator",
    "PaysimError",
    "QueryResult",
    "Results",
    "Scenario",
    "ScenarioError",
    "Simulation",
    "TickOutcome",
    "Transaction",
    "__version__",
    "compare",
    "errors",
    "load_scenario",
    "load_transactions",
    "open_results",
    "plotting",
    "policies",
    "query",
    "report",
    "run",
    "testing",
]

_HOME = {
    "Agent": "agent",
    "AgentConfig": "scenario",
    "Comparison": "comparison",
    "GivenTransactions": "_kernel",
    "Orchestrator": "orchestrator",
    "PaysimError": "errors",
    "QueryResult": "queries",
    "Results": "results",
    "Scenario": "scenario",
    "ScenarioError": "errors",
    "Simulation": "simulation",
    "TickOutcome": "clock",
    "Transaction": "scenario",
    "compare": "comparison",
    "load_scenario": "loading",
    "load_transactions": "files.transactions",
    "open_results": "reopening",
    "query": "queries",
    "run": "simulation",
}

_MODULES = {"errors", "plotting", "policies", "report", "testing"}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(f"paysim.{_HOME[name]}"), name)
    elif name in _MODULES:
        value = import_module(f"paysim.{name}")
    elif name == "__version__":
        from importlib.metadata import version

        value = version("paysim")
    else:
        raise AttributeError(f"module 'paysim' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
