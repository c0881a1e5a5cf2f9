"""
The step-by-step face of the engine: a plain dict in, plain dicts out.

It drives the kernel without SimPy, all agents on their built-in policies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paysim._kernel import Kernel
from paysim.errors import Problem, ScenarioError
from paysim.scenario import Scenario

if TYPE_CHECKING:
    from os import PathLike

    from paysim.checkpoint_format import Checkpoint
    from paysim.results import Results


class Orchestrator:
    """
    A run of a scenario given as a dict with the keys of a scenario file.

    Args:
        config: The scenario. It is checked as completely as a file.

    Raises:
        ScenarioError: The dict is not a valid scenario; the message names every error in it.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        if not isinstance(config, dict):
            raise ScenarioError(f"config must be a dict (got {type(config).__name__})")
        self._scenario = Scenario.from_dict(config)
        self._seed = self._scenario.rng_seed
        self._kernel = Kernel(self._scenario, self._seed)

    @classmethod
    def restore(cls, path: str | PathLike[str]) -> Orchestrator:
        """
        Return the run that `checkpoint`, here or of a `Simulation`, has saved to a file.

        Raises:
            ScenarioError: The file is damaged, truncated, newer or no checkpoint, or agents of it
                decided in Python, for which there is `Simulation.restore`.
        """
        from paysim.checkpoints import read_checkpoint

        return cls.resumed(read_checkpoint(path))

    @classmethod
    def of(cls, scenario: Scenario) -> Orchestrator:
        """
        Return a run of a scenario that is one already.
        """
        return cls._around(scenario, scenario.rng_seed, Kernel(scenario, scenario.rng_seed))

    @classmethod
    def resumed(cls, saved: Checkpoint) -> Orchestrator:
        """
        Return the run that a checkpoint holds.

        Raises:
            ScenarioError: It is damaged, or agents of it decided in Python.
        """
        from paysim.checkpoints import restored_kernel

        if saved.agents:
            names = ", ".join(list(saved.agents)[:10])
            text = "must hold a run without behaviour in Python, for which Simulation.restore is"
            raise ScenarioError([Problem(saved.name, "", text, f"agents that have one: {names}")])
        return cls._around(saved.scenario, saved.seed, restored_kernel(saved))

    @classmethod
    def _around(cls, scenario: Scenario, seed: int, kernel: Kernel) -> Orchestrator:
        orchestrator = cls.__new__(cls)
        orchestrator._scenario = scenario
        orchestrator._seed = seed
        orchestrator._kernel = kernel
        return orchestrator

    def __repr__(self) -> str:
        """
        Return the class, the next tick, and the number of agents.
        """
        agents = len(self._scenario.agent_configs)
        return f"<Orchestrator tick {self.current_tick()}, {agents} agents>"

    def tick(self) -> dict[str, int]:
        """
        Run one tick and return what it has done.

        It goes on into further days for as long as it is called.

        Returns:
            `tick`, `num_arrivals` (parts do not count), `num_settlements` (by any means; parts
            count, their parents do not), `num_lsm_releases` (those of them by liquidity-saving
            mechanisms) and `total_cost` (of this tick, over all agents, in whole minor units).

        Raises:
            PaysimError: A sum of money passes its bound.
        """
        tick, arrivals, settlements, lsm_releases, cost = self._kernel.advance(1)
        return {
            "tick": tick,
            "num_arrivals": arrivals,
            "num_settlements": settlements,
            "num_lsm_releases": lsm_releases,
            "total_cost": cost,
        }

    def run(self) -> None:
        """
        Run the ticks left up to the end of the last day of `num_days`.

        Raises:
            PaysimError: A sum of money passes its bound.
        """
        left = self._scenario.num_ticks - self._kernel.tick
        if left > 0:
            self._kernel.advance(left)

    def get_state(self) -> dict[str, Any]:
        """
        Return the state between two ticks.

        Returns:
            `agents` and `transactions` by id, `queue_size` and `queue_value` of the central queue.
        """
        return self._kernel.state()

    def current_tick(self) -> int:
        """
        Return the next tick to run: the number of ticks run so far.
        """
        return self._kernel.tick

    def current_day(self) -> int:
        """
        Return the day of the next tick to run.
        """
        return self._kernel.tick // self._scenario.ticks_per_day

    def results(self) -> Results:
        """
        Return the results of all ticks run so far.
        """
        from paysim.results import Results

        return Results(self._kernel, self._scenario, self._seed)

    def checkpoint(self, path: str | PathLike[str]) -> None:
        """
        Save everything that decides the future of this run to a file, whole or not at all.

        Raises:
            ScenarioError: `path` is not the path of a file.
            PaysimError: The file cannot be written, or another process is using it.
        """
        from paysim.checkpoints import write_checkpoint

        write_checkpoint(path, self.saved())

    def saved(self) -> Checkpoint:
        """
        Return what `checkpoint` writes.
        """
        from paysim.checkpoint_format import Checkpoint

        kernel = self._kernel
        return Checkpoint(self._scenario, self._seed, kernel.tick, {}, kernel.save())
