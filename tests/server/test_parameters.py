"""
Parameters of the query: all that is wrong is told, and nothing unknown is passed over.
"""

from __future__ import annotations

import pytest

from paysim.server.http.parameters import Matching, OneOf, Parameter, Whole, read_query
from paysim.server.problems import Problem

COUNT = Whole(name="count", text="", least=1, greatest=10, default=1)
WHICH = OneOf(name="which", text="", options={"all": True, "none": False}, default=True)
NAME = Parameter(name="name", text="", most=5)
AGENT = Parameter(name="agent", text="", is_list=True, default=())
ID = Matching(name="id", text="", pattern="[a-f]{2}", expected="must be two letters of a to f")
ALL = (COUNT, WHICH, NAME, AGENT, ID)


def test_defaults():
    """
    What is absent has its default.
    """
    expected = {"count": 1, "which": True, "name": None, "agent": (), "id": None}
    assert read_query(b"", ALL) == expected


def test_values():
    """
    Each value is read as what it is.
    """
    query = b"count=7&which=none&name=%C3%A9t%C3%A9&agent=A&agent=B%2F+C&id=fa"
    assert read_query(query, ALL) == {
        "count": 7,
        "which": False,
        "name": "été",
        "agent": ("A", "B/ C"),
        "id": "fa",
    }


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (b"count=0", "query.count  must be at least 1 (got 0)"),
        (b"count=11", "query.count  must be at most 10 (got 11)"),
        (b"count=1.0", "query.count  must be int (got '1.0')"),
        (b"count=", "query.count  must be int (got '')"),
        (b"count", "query.count  must be int (got '')"),
        (b"count=+1", "query.count  must be int (got ' 1')"),
        (b"count=%D9%A3", "query.count  must be int (got '٣')"),
        (b"count=" + b"9" * 5000, "query.count  must be int (got '" + "9" * 60 + "'...)"),
        (b"count=1&count=2", "query.count  is given twice"),
        (b"cuont=5", "query.cuont  unknown parameter; did you mean count?"),
        (
            b"zzzzz=5",
            "query.zzzzz  unknown parameter; there are count, which, name, agent, id",
        ),
        (b"which=al", "query.which  must be all or none (got 'al'); did you mean all?"),
        (b"name=", "query.name  must be 1 to 5 characters (got empty text)"),
        (b"name=123456", "query.name  must be 1 to 5 characters (got 6 characters)"),
        (b"name=a%0Ab", "query.name  must hold printable characters only (got 'a\\nb')"),
        (b"agent=A&agent=", "query.agent[1]  must be 1 to 128 characters (got empty text)"),
        (b"id=fg", "query.id  must be two letters of a to f (got 'fg')"),
        (b"id=fa%0A", "query.id  must be two letters of a to f (got 'fa\\n')"),
        (b"name=%ff", "query  must be percent-encoded UTF-8"),
        (b"name=\xff", "query  must be percent-encoded UTF-8"),
        (b"a&" * 2000, "query  must have at most 1100 parameters"),
    ],
)
def test_refused(query, message):
    """
    What is wrong is told with its name, what was expected and what was found.
    """
    with pytest.raises(Problem) as caught:
        read_query(query, ALL)
    assert caught.value.status == 400
    assert [error["message"] for error in caught.value.errors] == [message]


def test_all_at_once():
    """
    Everything that is wrong is told, up to a hundred, and the rest is counted.
    """
    with pytest.raises(Problem) as caught:
        read_query(b"&".join(b"x%d=1" % i for i in range(150)) + b"&count=0", ALL)
    assert len(caught.value.errors) == 100
    assert caught.value.omitted == 51


def test_no_parameters():
    """
    Where there is no parameter, the error says so.
    """
    with pytest.raises(Problem) as caught:
        read_query(b"verbose", ())
    assert caught.value.errors[0]["hint"] == "there are none"
