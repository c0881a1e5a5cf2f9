"""
Behaviour: the SimPy processes in which agents decide.

An agent's behaviour is one of three, in rising freedom: a built-in policy named in the scenario,
an object with `decide(view)`, or a generator function of the agent.
The last two always run as a SimPy process; the first does in the process lane, and is asked by the
clock otherwise.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from simpy.core import StopSimulation
from simpy.events import Event

from paysim.agent import Agent, blame
from paysim.clock import Opening
from paysim.errors import PaysimError, ScenarioError, shown
from paysim.policies import BuiltInPolicy, Decision, Policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from paysim._kernel import Kernel
    from paysim.clock import Clock

AgentProcess: TypeAlias = Generator[Event, Any, Any]


def policy_process(clock: Clock, kernel: Kernel, index: int) -> AgentProcess:
    """
    Let an agent's built-in policy decide at every opening.
    """
    # The names are bound once because the loop runs once per agent and tick.
    wake = clock.wake
    ask = kernel.ask
    try:
        while True:
            yield wake()
            ask(index)
    except GeneratorExit:
        raise
    except BaseException as error:
        clock.stop(error)
        raise


def decide_process(clock: Clock, agent: Agent, policy: Policy) -> AgentProcess:
    """
    Let an agent's policy in Python decide at every opening at which the agent is not out.
    """
    wake = agent.wake
    view = agent.view
    while True:
        try:
            yield wake()
            if agent.is_out:
                continue
            decisions = policy.decide(view())
            if decisions is not None:
                _apply(agent, decisions)
        except GeneratorExit:
            raise
        except BaseException as error:
            blame(agent, error)
            clock.stop(error)
            # SimPy raises a copy of the error that a process ends with, without its notes. A failed
            # event that somebody runs the environment up to is raised as it is.
            failure = Event(agent.env)
            failure.callbacks.append(StopSimulation.callback)
            failure.fail(cast(Exception, error))
            return


class WatchedProcess:
    """
    A generator of somebody else's, as SimPy needs it: an error that leaves it stops the clock.

    One that waits for an opening, and for nothing else, sleeps through the outages of its agent: it
    is resumed by the first opening at which the agent is not out.

    Args:
        clock: What to stop.
        agent: Whose behaviour the generator is.
    """

    __slots__ = ("__name__", "_agent", "_awaits_opening", "_clock", "_generator")

    def __init__(self, clock: Clock, agent: Agent, generator: AgentProcess) -> None:
        self._clock = clock
        self._agent = agent
        self._generator = generator
        self._awaits_opening = False
        # The name that SimPy gives to the process.
        self.__name__ = getattr(generator, "__name__", type(generator).__name__)

    def send(self, value: Any) -> Event:
        """
        Resume the generator with the value of the event that it has waited for.
        """
        if self._awaits_opening and self._agent.is_out:
            return self._clock.wake()
        return self._resumed(self._generator.send, value)

    def throw(self, error: BaseException) -> Event:
        """
        Resume the generator with an interrupt or with the error of a failed event.
        """
        return self._resumed(self._generator.throw, error)

    def _resumed(self, resume: Callable[[Any], Event], given: Any) -> Event:
        try:
            event = resume(given)
            if not hasattr(event, "callbacks"):
                raise PaysimError(f"a behaviour must yield events (got {shown(event)})")
        except StopIteration:
            raise
        except BaseException as error:
            blame(self._agent, error)
            self._clock.stop(error)
            raise
        self._awaits_opening = isinstance(event, Opening)
        return event


def behaviour_process(clock: Clock, agent: Agent, behaviour: Any) -> AgentProcess:
    """
    Return the generator that gives an agent a behaviour in Python.

    Args:
        clock: What an error in the behaviour stops.
        agent: Whom it is for.
        behaviour: An object with `decide(view)` or a generator function of the agent.

    Raises:
        ScenarioError: It is neither.
    """
    if has_decide(behaviour):
        return decide_process(clock, agent, behaviour)
    if callable(behaviour) and not isinstance(behaviour, type):
        process = behaviour(agent)
        if isinstance(process, Generator):
            return cast(AgentProcess, WatchedProcess(clock, agent, process))
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


def _apply(agent: Agent, decisions: Iterable[Decision]) -> None:
    try:
        made = None if isinstance(decisions, str) else iter(decisions)
    except TypeError:
        made = None
    if made is None:
        raise PaysimError(
            f"decide must return an iterable of decisions or None (got {shown(decisions)})"
        )
    for decision in made:
        if not isinstance(decision, Decision):
            raise PaysimError(f"decide must return decisions (got {shown(decision)})")
        decision.apply(agent)
