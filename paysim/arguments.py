"""
Checks of the arguments that a simulation is made, restored or branched with.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING

import simpy

from paysim.errors import ScenarioError, shown
from paysim.processes import has_decide
from paysim.scenario import SEED_MAX, Scenario

if TYPE_CHECKING:
    from paysim.simulation import Behaviour


def check_scenario(scenario: object) -> Scenario:
    """
    Return what is a scenario already.

    Raises:
        ScenarioError: It is something else, such as the path of one.
    """
    if isinstance(scenario, Scenario):
        return scenario
    hint = ""
    if isinstance(scenario, Mapping):
        hint = ": use Scenario.from_dict"
    elif isinstance(scenario, str | PathLike):
        hint = ": use load_scenario"
    raise ScenarioError(f"scenario must be a Scenario (got {type(scenario).__name__}{hint})")


def check_seed(scenario: Scenario, seed: object) -> int:
    """
    Return a seed, or the scenario's for `None`.

    Raises:
        ScenarioError: It is not an int of 64 bits.
    """
    if seed is None:
        return scenario.rng_seed
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise ScenarioError(f"seed must be int (got {shown(seed)})")
    if not 0 <= seed <= SEED_MAX:
        raise ScenarioError(f"seed must be in 0 to {SEED_MAX} (got {shown(seed)})")
    return seed


def check_env(env: simpy.Environment | None, tick: int) -> simpy.Environment:
    """
    Return an environment in which a tick is still to come, or a new one for `None`.

    Raises:
        ScenarioError: It is no environment, or past that tick.
    """
    if env is None:
        return simpy.Environment(initial_time=tick)
    if not isinstance(env, simpy.Environment):
        raise ScenarioError(f"env must be a simpy.Environment (got {shown(env)})")
    if env.now > tick:
        raise ScenarioError(
            f"env.now must be at most {tick}, tick {tick} being still to come (got {env.now})"
        )
    return env


def check_behaviour(
    scenario: Scenario, behaviour: Mapping[str, Behaviour] | None
) -> Mapping[str, Behaviour]:
    """
    Return behaviours by agent, none for `None`; what they are is for `behaviour_process` to check.

    Raises:
        ScenarioError: It is not a mapping, or names an agent that there is not.
    """
    if behaviour is None:
        return {}
    if not isinstance(behaviour, Mapping):
        raise ScenarioError(
            f"behaviour must map agents' ids to behaviours (got {shown(behaviour)})"
        )
    known = {config.id for config in scenario.agent_configs}
    for id in behaviour:
        if id not in known:
            raise ScenarioError(f"behaviour names agent {shown(id)}, which is not in the scenario")
    return behaviour


def check_lane(lane: object, env: simpy.Environment, behaviour: Mapping[str, Behaviour]) -> None:
    """
    Make sure that a lane can be had.

    Raises:
        ScenarioError: There is no such lane, or Python waits for every tick.
    """
    if lane not in (None, "process", "compiled"):
        raise ScenarioError(f"lane must be 'process', 'compiled' or None (got {shown(lane)})")
    if lane != "compiled":
        return
    for id, given in behaviour.items():
        if has_decide(given):
            raise ScenarioError(
                f"lane 'compiled' cannot be had: agent {id!r} decides in Python in every tick"
            )
    if not is_plain(env):
        raise ScenarioError(
            f"lane 'compiled' cannot be had: a {type(env).__name__} may have its own idea of time"
        )


def is_plain(env: simpy.Environment) -> bool:
    """
    Whether an environment is SimPy's own, of which all is known that it does.
    """
    # A subclass may do something between two events, as `RealtimeEnvironment` does.
    return type(env) is simpy.Environment
