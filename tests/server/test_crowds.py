"""
How much is under way at once is bounded, and what has ended counts no more.
"""

from __future__ import annotations

import pytest
from asked import LIMIT, ask, deaf, echo, guarded
from asking import make, refusal

from paysim.server.http import crowds
from paysim.server.http.crowds import Crowd
from paysim.server.http.guards import Door, Guard
from paysim.server.openapi.examples import TWO_BANKS
from paysim.server.problems import Problem
from paysim.server.settings import Settings


def test_calls():
    """
    The calls of each simulation are counted by themselves, until they end.
    """
    crowd = Crowd()
    for _ in range(crowds.CALLS_MAX):
        crowd.enter("a")
    with pytest.raises(Problem) as caught:
        crowd.enter("a")
    assert (caught.value.status, caught.value.kind) == (503, "too-many-calls")
    crowd.enter("b")
    crowd.leave("a")
    crowd.enter("a")


def test_calls_of_a_service(client, monkeypatch):
    """
    A simulation that too many ask for keeps nobody from others, and calls that end leave no trace.
    """
    path = make(client, TWO_BANKS)
    crowd = client.app.state.crowd
    for asked, status in ((path, 200), (f"{path}/state", 200), (f"{path}/agents/NOBODY", 404)):
        assert client.get(asked).status_code == status
    monkeypatch.setattr(crowds, "CALLS_MAX", 1)
    crowd.enter(path.rpartition("/")[2])
    refusal(client.get(f"{path}/state"), 503, "too-many-calls")
    other = make(client, TWO_BANKS)
    assert client.get(f"{other}/state").status_code == 200
    crowd.leave(path.rpartition("/")[2])
    assert client.get(f"{path}/state").status_code == 200


@pytest.fixture
def door():
    """
    Return a door behind which bodies of three bytes more have room.
    """
    door = Door(Settings(data_dir=".", max_body_bytes=LIMIT))
    door.bodies.held = crowds.BODIES_MAX * LIMIT - 3
    return door


@pytest.mark.parametrize(
    ("headers", "pieces", "status"),
    [
        ([("content-length", "3")], (b"xxx",), 200),
        ([("content-length", "4")], (b"xxxx",), 503),
        ([("transfer-encoding", "chunked")], (b"xx", b"x"), 200),
        ([("transfer-encoding", "chunked")], (b"xx", b"xx"), 503),
    ],
)
def test_bodies(door, headers, pieces, status):
    """
    Bodies together have a bound, whether their lengths are said or not, and each gives its room
    back.
    """
    before = door.bodies.held
    for _ in range(2):
        answered, _, body, _ = ask(Guard(echo, door), headers, pieces)
        assert answered == status
        assert (b"too-many-bodies" in body) == (status == 503)
        assert door.bodies.held == before


def test_bodies_of_those_who_go(door):
    """
    A body of which nobody knows the end gives its room back too.
    """

    async def gone(scope, receive, send):
        await receive()
        raise Problem(409, "conflict", "It cannot be", "it cannot be")

    before = door.bodies.held
    for app in (gone, deaf):
        ask(Guard(app, door), [("transfer-encoding", "chunked")], (b"xx", b"x"))
        assert door.bodies.held == before
    assert ask(guarded(echo), [("content-length", "2")], (b"xx",))[0] == 200
