"""
What of a run's behaviour in Python can be saved or copied, and how.

The kernel saves money, queues and made decisions. A behaviour is whatever somebody wrote, and only
its author knows what decides its future: an object with `decide(view)` tells it by `get_state` and
takes it back by `set_state`. A generator holds its place in its code, which nobody can take out.
"""

from __future__ import annotations

import copy
import copyreg
import json
from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from paysim.checkpoint_format import SavedAgent
from paysim.errors import PaysimError, ScenarioError, path_text, shown
from paysim.processes import has_decide
from paysim.texts import DIGITS_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from simpy.events import Process

    from paysim._kernel import Kernel
    from paysim.clock import Clock
    from paysim.errors import Step

DEPTH_MAX: Final = 48
"""Lists and dicts that may stand inside one another in a state."""


def check_between_ticks(clock: Clock, kernel: Kernel, done: str) -> None:
    """
    Make sure that a simulation stands between two ticks.

    Args:
        clock: Its clock.
        kernel: Its kernel.
        done: What is to be done with it, such as `saved`.

    Raises:
        PaysimError: A tick is open, or the simulation has stopped with an error.
    """
    clock.check()
    if kernel.is_open:
        raise PaysimError(
            f"a simulation cannot be {done} while a tick is open: run tick {kernel.tick} to its "
            f"settlement first, with tick() or run(until={kernel.tick + 1})"
        )


def check_alone(clock: Clock, own: Collection[Process], done: str, advice: str) -> None:
    """
    Make sure that nothing waits in the environment but the clock and the agents.

    Args:
        clock: The clock.
        own: The processes of the agents.
        done: What is to be done with the simulation, such as `saved`.
        advice: What to do about processes that wait.

    Raises:
        PaysimError: Something waits.
    """
    strangers = clock.waiting(own)
    if strangers:
        some = "process or event waits" if strangers == 1 else "processes or events wait"
        raise PaysimError(
            f"a simulation cannot be {done} with what else lives in its environment, where "
            f"{strangers} {some} besides the agents: {advice}"
        )


def saved_agents(behaviour: Mapping[str, Any]) -> dict[str, SavedAgent]:
    """
    Return what a checkpoint keeps of the behaviours in Python.

    Raises:
        PaysimError: A behaviour cannot be saved.
    """
    return {id: _saved(id, given) for id, given in behaviour.items()}


def give_states(agents: Mapping[str, SavedAgent], behaviour: Mapping[str, Any]) -> None:
    """
    Give behaviours the states that were saved.

    Raises:
        ScenarioError: `check_takers` finds something wrong.
    """
    check_takers(agents, behaviour)
    for id, agent in agents.items():
        if agent.has_state:
            try:
                # Two agents may share an object, and a state may be kept by whom it is given to.
                behaviour[id].set_state(copy.deepcopy(agent.state))
            except Exception as error:
                error.add_note(f"while agent {id} was given its saved state")
                raise


def check_takers(agents: Mapping[str, SavedAgent], behaviour: Mapping[str, Any]) -> None:
    """
    Make sure that each agent that decided in Python is given a behaviour that takes its state.

    Raises:
        ScenarioError: Agents are left without, or a behaviour has no `set_state`.
    """
    missing = [f"{id!r} ({agent.policy})" for id, agent in agents.items() if id not in behaviour]
    if missing:
        more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
        raise ScenarioError(
            "behaviour must be given for every agent that decided in Python, and is missing for "
            f"{', '.join(missing[:10])}{more}"
        )
    for id, agent in agents.items():
        if agent.has_state and not _has(behaviour[id], "set_state"):
            raise ScenarioError(
                f"behaviour of agent {id!r} must have set_state(value), to take the state that a "
                f"{agent.policy} had (got {shown(behaviour[id])})"
            )


def copies(behaviour: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return deep copies of objects with `decide(view)`; what they share, the copies share.

    Raises:
        PaysimError: A behaviour cannot be copied.
    """
    memo: dict[int, Any] = {}
    copied = {}
    for id, given in behaviour.items():
        if not has_decide(given):
            raise PaysimError(
                f"agent {id} cannot be copied, its behaviour being a SimPy process: give it one "
                f"for the branch, as in branch(behaviour={{{id!r}: ...}})"
            )
        try:
            copied[id] = copy.deepcopy(given, memo)
        except Exception as error:
            raise PaysimError(
                f"agent {id} cannot be copied, as copy.deepcopy of its {_name(given)} fails "
                f"({error}): give it a behaviour for the branch, as in "
                f"branch(behaviour={{{id!r}: ...}})"
            ) from error
    return copied


def _saved(id: str, given: Any) -> SavedAgent:
    if not has_decide(given):
        raise PaysimError(
            f"agent {id} cannot be saved, its behaviour being a SimPy process: give it an object "
            "with decide(view), and with get_state() and set_state(value) if it has a state"
        )
    name = _name(given)
    if not _has(given, "get_state"):
        if _is_without_state(given):
            return SavedAgent(name)
        raise PaysimError(
            f"agent {id} cannot be saved: its {name} has attributes but no get_state(); let "
            "get_state() return as plain JSON what decides its future (None if nothing does), and "
            "set_state(value) take it back"
        )
    if not _has(given, "set_state"):
        raise PaysimError(
            f"agent {id} cannot be saved: its {name} has get_state() but no set_state(value)"
        )
    try:
        state = given.get_state()
    except Exception as error:
        error.add_note(f"while agent {id} was saved")
        raise
    return SavedAgent(name, True, _plain(id, name, state))


def _has(given: Any, method: str) -> bool:
    return callable(getattr(given, method, None))


def _name(given: Any) -> str:
    name = type(given).__qualname__
    return name if name.isprintable() and len(name) <= 200 else "policy"


def _is_without_state(given: Any) -> bool:
    """
    Whether an object is nothing but its class: no attributes, and no part of a built-in class.
    """
    try:
        # What a copy would be made of is exact about slots, items and classes written in C.
        parts: Any = object.__reduce_ex__(given, 2)
    except Exception:
        return False
    plainly = (copyreg.__newobj__, (type(given),))  # type: ignore[attr-defined]
    return type(parts) is tuple and parts[:2] == plainly and not any(parts[2:])


def _plain(id: str, name: str, state: Any) -> Any:
    """
    Return a copy of a state that is plain JSON.

    Raises:
        PaysimError: It is not, or JSON would give something else back.
    """

    def refuse(steps: tuple[Step, ...], expected: str, found: str) -> PaysimError:
        where = path_text(("state", *steps))
        return PaysimError(
            f"agent {id} cannot be saved: get_state() of its {name} must return plain JSON, and "
            f"{where} {expected} (got {found})"
        )

    _check_plain(state, (), refuse)
    return json.loads(json.dumps(state))


def _check_plain(
    value: Any, steps: tuple[Step, ...], refuse: Callable[[tuple[Step, ...], str, str], PaysimError]
) -> None:
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return
    if kind is int:
        if abs(value) >= 10 ** (DIGITS_MAX - 1):
            raise refuse(steps, f"must have less than {DIGITS_MAX} digits", shown(value))
    elif kind is float:
        if not isfinite(value):
            raise refuse(steps, "must be finite", shown(value))
    elif kind is list or kind is dict:
        if len(steps) == DEPTH_MAX:
            raise refuse(steps[:3], f"must be nested at most {DEPTH_MAX} deep", shown(value))
        items: Iterable[tuple[Any, Any]] = value.items() if kind is dict else enumerate(value)
        for key, item in items:
            if kind is dict and type(key) is not str:
                raise refuse(steps, "must have keys that are text", shown(key))
            _check_plain(item, (*steps, key), refuse)
    else:
        found = "a tuple: make it a list" if kind is tuple else shown(value)
        text = "must be None, a bool, an int, a float, a text, a list or a dict"
        raise refuse(steps, text, found)
