"""
One simulation in memory: how it starts and runs, and what is seen of it.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from saved_runs import seen
from strategies import generated_scenario, rolled

from paysim.errors import ScenarioError
from paysim.orchestrator import Orchestrator
from paysim.scenario import SEED_MAX, Scenario
from paysim.server.session.session import Session
from paysim.testing import payment, tiny_scenario

ONE = tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 300, tick=2)])
HELD = tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 300 + i) for i in range(3)])


@given(rolled(lambda dice: (generated_scenario(dice), dice.roll(0, 30))))
def test_untouched(case):
    """
    A session that nobody decides for is the run of its scenario.
    """
    scenario = Scenario.from_dict(case[0])
    session, engine = Session.start(scenario), Orchestrator(case[0])
    assert session.advance_each(case[1]) == [engine.tick() for _ in range(case[1])]
    assert session.state() == engine.get_state()
    assert session.results().totals() == engine.results().totals()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": -1}, "seed  must be at least 0"),
        ({"seed": SEED_MAX + 1}, f"seed  must be at most {SEED_MAX}"),
        ({"seed": True}, "seed  must be int"),
        ({"outside": ["BANK_A", "BANK_C"]}, r"outside\[1\]  must be the id of an agent"),
        ({"outside": [3]}, r"outside\[0\]  must be the id of an agent"),
    ],
)
def test_wrong_starts(arguments, message):
    """
    A seed that is none and agents that there are not are refused.
    """
    with pytest.raises(ScenarioError, match=message):
        Session.start(ONE, **arguments)


def test_account():
    """
    An agent's account is all that its view shows, as plain JSON, with its costs.
    """
    session = Session.start(HELD, outside=["BANK_A"])
    session.advance(1)
    view, account = seen(session._kernel.view(0)), session.account("BANK_A")
    assert json.loads(json.dumps(account)) == account
    for queue in ("internal_queue", "central_queue"):
        for queued in view[queue]:
            del queued["index"]
    rates = session.scenario.to_dict()
    assert account == view | {
        "cost_rates": rates["cost_rates"],
        "rules": rates["rules"],
        "is_out": False,
        "cost": session.results().totals()["agents"][0]["cost"],
        "total_cost": session.results().totals()["agents"][0]["total_cost"],
    }
    with pytest.raises(ScenarioError, match="agent_id  must be the id of an agent"):
        session.account("BANK_C")


def test_pulse():
    """
    A pulse has the figures that a watcher needs, and says nothing of ticks before the one it names.
    """
    session = Session.start(ONE)
    session.advance(5)
    pulse = session.pulse(0)
    assert json.loads(json.dumps(pulse)) == pulse | {"flows": [[0, 1, 1, 300]]}
    assert (pulse["tick"], pulse["events"], pulse["balances"]) == (5, session.events, [700, 800])
    assert pulse["settled_by"]["entry"] == {"volume": 1, "value": 300}
    assert pulse["internal_queue"] == pulse["central_queue"] == {"volume": 0, "value": 0}
    assert set(pulse["cost"]) == set(session.results().totals()["cost"])
    assert session.pulse(3)["flows"] == []


def test_numbers_of_events():
    """
    Lines go on after the number of the last event seen; after the last there are none.
    """
    session = Session.start(ONE)
    session.advance(5)
    log = session.lines(0, 1_000)[0].splitlines(keepends=True)
    assert session.lines(0, 2) == (b"".join(log[:2]), 2)
    assert session.lines(2, 2) == (b"".join(log[2:4]), 4)
    assert session.lines(0, 100, bytes_max=1) == (log[0], 1)
    assert session.lines(session.events, 10) == (b"", session.events)
