"""
Decisions as small frozen objects, and what carries them out.
"""

from __future__ import annotations

import attrs
import pytest

from paysim import policies, scenario
from paysim.policies import Decision, Policy
from paysim.testing import Scripted


class Recorder:
    """
    An agent that writes down what it is asked to do.
    """

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *given: self.calls.append((name, *given))


TABLE = [
    (policies.release("t"), policies.Release("t"), ("release", "t", None)),
    (policies.release("t", 9), policies.Release("t", priority=9), ("release", "t", 9)),
    (policies.release("t", priority=0), policies.Release("t", 0), ("release", "t", 0)),
    (policies.hold("t"), policies.Hold("t"), ("hold", "t")),
    (policies.split("t", 3), policies.Split("t", parts=3), ("split", "t", 3)),
    (policies.reprioritise("t", 4), policies.Reprioritise("t", 4), ("reprioritise", "t", 4)),
    (policies.withdraw("t"), policies.Withdraw("t"), ("withdraw", "t")),
    (
        policies.set_release_budget(500),
        policies.SetReleaseBudget(500),
        ("set_release_budget", 500),
    ),
    (
        policies.set_release_budget(None),
        policies.SetReleaseBudget(value=None),
        ("set_release_budget", None),
    ),
]


@pytest.mark.parametrize(("made", "same", "call"), TABLE)
def test_decision_is_carried_out_by_the_agent(made, same, call):
    """
    Each function makes a decision, which is the call of one method of the agent.
    """
    agent = Recorder()
    made.apply(agent)
    assert agent.calls == [call]
    assert isinstance(made, Decision)
    assert made == same


def test_decisions_are_frozen():
    """
    A decision cannot be changed once it is made.
    """
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        policies.release("t").priority = 3
    with pytest.raises(AttributeError):
        policies.hold("t").reason = "no money"


def test_every_decision_has_its_function_and_its_row():
    """
    There is a function for every decision, and the table above has them all.
    """
    public = [getattr(policies, name) for name in policies.__all__]
    decisions = {one for one in public if isinstance(one, type) and issubclass(one, Decision)}
    assert decisions == {type(made) for made, _, _ in TABLE} | {Decision}


def test_policies_are_those_of_the_scenario():
    """
    The built-in policies are the scenario's own classes, all of them.
    """
    assert policies.BuiltInPolicy == scenario.Policy
    assert policies.Fifo is scenario.Fifo


def test_policy_is_what_can_decide():
    """
    Whatever has `decide` is a policy in Python; a built-in one is not.
    """
    assert isinstance(Scripted({}), Policy)
    assert not isinstance(policies.Fifo(), Policy)
