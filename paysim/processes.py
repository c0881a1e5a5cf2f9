"""
Behaviour: the SimPy processes in which agents decide.

An agent's behaviour is one of three, in rising freedom: a built-in policy named in the scenario,
an object with `decide(view)`, or a generator function of the agent.
The last two always run as a SimPy process; the first does in the process lane, and is asked by the
clock otherwise.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from simpy.core import StopSimulation
from simpy.events import Event

from paysim.errors import PaysimError, ScenarioError, shown
from paysim.policies import BuiltInPolicy, Decision, Policy

if TYPE_CHECKING:
    from paysim._kernel import Kernel
    from paysim.agent import Agent
    from paysim.clock import Clock

AgentProcess: TypeAlias = Generator[Event, Any, Any]


def policy_process(clock: Clock, kernel: Kernel, index: int) -> AgentProcess:
    """
    Let an agent's built-in policy decide at every opening.
    """
    # The names are bound once because the loop runs once per agent and tick.
    wake = clock.wake
    ask = kernel.ask
    while True:
        yield wake()
        ask(index)


def decide_process(agent: Agent, policy: Policy) -> AgentProcess:
    """
    Let an agent's policy in Python decide at every opening.
    """
    wake = agent.wake
    view = agent.view
    while True:
        tick = yield wake()
        try:
            decisions = policy.decide(view())
            if decisions is not None:
                _apply(agent, decisions, tick)
        except Exception as error:
            error.add_note(f"while agent {agent.id} decided in tick {tick}")
            # SimPy raises a copy of the error that a process ends with, without its notes. A failed
            # event that somebody runs the environment up to is raised as it is.
            failure = Event(agent.env)
            failure.callbacks.append(StopSimulation.callback)
            failure.fail(error)
            return


def behaviour_process(agent: Agent, behaviour: Any) -> AgentProcess:
    """
    Return the generator that gives an agent a behaviour in Python.

    Args:
        agent: Whom it is for.
        behaviour: An object with `decide(view)` or a generator function of the agent.

    Raises:
        ScenarioError: It is neither.
    """
    if has_decide(behaviour):
        return decide_process(agent, behaviour)
    if callable(behaviour) and not isinstance(behaviour, type):
        process = behaviour(agent)
        if isinstance(process, Generator):
            return process
        found = f"a function that returned {shown(process)}"
    elif isinstance(behaviour, BuiltInPolicy):
        found = f"{behaviour}, a policy of the scenario: name it there"
    elif isinstance(behaviour, type):
        found = f"the class {behaviour.__name__}, not an instance of it"
    else:
        found = shown(behaviour)
    raise ScenarioError(
        f"behaviour of agent {agent.id!r} must be an object with decide(view) or a generator "
        f"function of the agent (got {found})"
    )


def has_decide(behaviour: Any) -> bool:
    """
    Whether a behaviour is an object with `decide(view)`, hence one that waits for every tick.
    """
    return not isinstance(behaviour, type) and callable(getattr(behaviour, "decide", None))


def _apply(agent: Agent, decisions: Iterable[Decision], tick: int) -> None:
    try:
        made = None if isinstance(decisions, str) else iter(decisions)
    except TypeError:
        made = None
    if made is None:
        raise PaysimError(
            f"decide of agent {agent.id!r} must return an iterable of decisions or None in tick "
            f"{tick} (got {shown(decisions)})"
        )
    for decision in made:
        if not isinstance(decision, Decision):
            raise PaysimError(
                f"decide of agent {agent.id!r} must return decisions in tick {tick} "
                f"(got {shown(decision)})"
            )
        decision.apply(agent)
