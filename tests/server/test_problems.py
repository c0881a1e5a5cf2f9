"""
Errors of the service: one shape, whoever finds them, and nothing of what is inside.
"""

from __future__ import annotations

import json

import pytest
import structlog
from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from paysim.errors import PaysimError, ScenarioError
from paysim.errors import Problem as ScenarioProblem
from paysim.loading import loads_scenario
from paysim.server.app import create_app
from paysim.server.problems import Problem, error_of, problem_of
from paysim.server.store.store import StoreError

MEMBERS = {"type", "title", "status", "detail", "errors", "omitted"}
ENTRY = {"path", "place", "line", "column", "expected", "found", "hint", "message"}
SECRET = "secret of /etc/inside"


class Decision(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    priority: int = Field(ge=0, le=10)


class Decisions(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    decisions: list[Decision]


def problem(response, status, kind):
    """
    Return the members of a reply that must be a problem of this kind.
    """
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    content = response.json()
    assert set(content) - {"reference"} == MEMBERS
    assert content["type"] == f"urn:paysim:problem:{kind}"
    assert content["status"] == status
    assert all(set(entry) == ENTRY for entry in content["errors"])
    return content


@pytest.fixture
def app(settings):
    """
    Return an app with routes on which everything goes wrong.
    """
    app = create_app(settings)

    @app.get("/raise/{what}")
    async def raising(what: str, count: int = Query(1, ge=1, le=5)):
        raise {
            "store": StoreError("the disk is full"),
            "paysim": PaysimError("a run is under way"),
            "scenario": ScenarioError([ScenarioProblem("", "amount", "must be int", "'x'")], 3),
            "http": HTTPException(418, "short and stout", {"X-Kept": "yes"}),
            "unforeseen": ValueError(SECRET),
            "group": ExceptionGroup(SECRET, [ValueError(SECRET)]),
            "memory": MemoryError(SECRET),
            "recursion": RecursionError(SECRET),
        }[what]

    @app.post("/decisions")
    async def deciding(body: Decisions):
        return {}

    @app.get("/stream/{kind}")
    async def streaming(kind: str):
        async def pieces():
            yield b"begun"
            raise Problem(409, "late", "Late", SECRET) if kind == "problem" else ValueError(SECRET)

        return StreamingResponse(pieces())

    return app


@pytest.fixture
def raising(app):
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def test_shape_of_each_kind(raising):
    """
    Errors of the store, of paysim and of the framework are problems of their status.
    """
    stored = problem(raising.get("/raise/store"), 503, "store-failed")
    assert stored["detail"].startswith("the disk is full; nothing of this request has been kept")
    assert problem(raising.get("/raise/paysim"), 409, "conflict")["detail"] == "a run is under way"
    teapot = raising.get("/raise/http")
    assert problem(teapot, 418, "i-m-a-teapot")["detail"] == "short and stout"
    assert teapot.headers["x-kept"] == "yes"


def test_scenario(raising):
    """
    All that is wrong with a scenario is told, and how much is left out.
    """
    told = problem(raising.get("/raise/scenario"), 400, "invalid-scenario")
    (entry,) = told["errors"]
    assert (entry["path"], entry["expected"], entry["found"]) == ("amount", "must be int", "'x'")
    assert entry["message"] == "amount  must be int (got 'x')"
    assert (entry["place"], entry["line"], entry["column"]) == ("", None, None)
    assert told["omitted"] == 3


def test_place_of_a_mistake():
    """
    A mistake in a text has its line and column, which the message leaves to them.
    """
    text = "ticks_per_day: 10\nnum_days: 1\nagent_configs:\n  - {id: A, credit_limit: x}\n"
    with pytest.raises(ScenarioError) as caught:
        loads_scenario(text, "scenario.yaml")
    entries = {entry["path"]: entry for entry in problem_of(caught.value).errors}
    entry = entries["agent_configs[0].credit_limit"]
    assert entry["place"] == "scenario.yaml:4:27"
    assert (entry["line"], entry["column"]) == (4, 27)
    assert "scenario.yaml" not in entry["message"]


@pytest.mark.parametrize("what", ["unforeseen", "group", "memory", "recursion"])
def test_unforeseen(raising, what):
    """
    Of what nobody has foreseen the reply tells a reference only, and the log the rest.
    """
    with capture_logs() as lines:
        structlog.configure()
        reply = raising.get(f"/raise/{what}")
    structlog.reset_defaults()
    told = problem(reply, 500, "internal")
    assert "secret" not in reply.text
    assert "Traceback" not in reply.text
    assert "Error" not in reply.text.replace("Internal error", "")
    (line,) = lines
    assert line["event"] == "request failed"
    assert line["reference"] == told["reference"]
    assert told["reference"] in told["detail"]
    assert SECRET in line["traceback"]


def test_references_differ(raising):
    """
    Each unforeseen error has a reference of its own.
    """
    told = [raising.get("/raise/unforeseen").json()["reference"] for _ in range(20)]
    assert len(set(told)) == 20


@pytest.mark.parametrize("kind", ["problem", "unforeseen"])
def test_after_the_beginning(raising, kind):
    """
    What goes wrong in a stream that has begun ends it and adds nothing to it.
    """
    reply = raising.get(f"/stream/{kind}")
    assert reply.status_code == 200
    assert reply.content == b"begun"


def test_unknown_route(raising):
    """
    What is not there is 404, whatever the path holds, and the reply repeats it harmlessly.
    """
    for path in ("/nothing", "/api/", "/api/nothing", "/%00", "/%ff%fe", "/%ed%a0%80", "/docs/"):
        told = problem(raising.get(path), 404, "not-found")
        assert told["detail"].startswith("there is nothing at /")


def test_wrong_method(raising):
    """
    A method that a path does not take is 405, with all that it takes.
    """
    reply = raising.patch("/decisions")
    told = problem(reply, 405, "method-not-allowed")
    assert reply.headers["allow"] == "POST"
    assert told["detail"] == "/decisions takes POST, not PATCH"


def test_query(raising):
    """
    A parameter is told by the name that it was given.
    """
    for count, expected in (("x", "must be a valid integer"), ("9", "must be less than or equal")):
        told = problem(raising.get(f"/raise/http?count={count}"), 400, "invalid-request")
        (entry,) = told["errors"]
        assert (entry["path"], entry["found"]) == ("query.count", f"'{count}'")
        assert entry["expected"].startswith(expected)
        assert entry["message"] in told["detail"]


def test_body(raising):
    """
    A field of a body is told by its path.
    """
    decisions = [{"priority": 1}, {"priority": 1}, {"priority": "high", "speed": 2}, {}]
    told = problem(
        raising.post("/decisions", json={"decisions": decisions}), 400, "invalid-request"
    )
    assert [(entry["path"], entry["expected"], entry["found"]) for entry in told["errors"]] == [
        ("body.decisions[2].priority", "must be a valid integer", "'high'"),
        ("body.decisions[2].speed", "is not a known field", "2"),
        ("body.decisions[3].priority", "is missing", ""),
    ]


@pytest.mark.parametrize(
    ("body", "place"),
    [(b'{"decisions":\n  [}', (2, 4)), (b"", None), (b"\xff\xfe", None), (b"[" * 100_000, None)],
)
def test_no_json(raising, body, place):
    """
    A body that cannot be read as JSON is a bad request, with the place if there is one.
    """
    headers = {"Content-Type": "application/json"}
    reply = raising.post("/decisions", content=body, headers=headers)
    assert reply.status_code == 400
    told = problem(reply, 400, reply.json()["type"].rpartition(":")[2])
    if place:
        (entry,) = told["errors"]
        assert (entry["line"], entry["column"]) == place
        assert entry["expected"] == "must be JSON"


def test_many_mistakes(raising):
    """
    A body full of mistakes has a reply of bounded length.
    """
    told = raising.post("/decisions", json={"decisions": ["x"] * 10_000}).json()
    assert len(told["errors"]) == 100
    assert told["omitted"] == 9_900


def test_half_characters():
    """
    A text that no UTF-8 can hold is replaced and not an error of its own.
    """
    told = Problem(400, "odd", "Odd", "\ud800", [error_of("x\udfff", "must be")])
    assert json.loads(told.body())["detail"] == "?"


def test_no_path_of_the_machine():
    """
    What is told of a store that cannot be written holds no path of the machine, spaces or not.
    """
    error = StoreError("/home/my data/paysim.sqlite3  cannot be written: disk I/O error")
    detail = problem_of(error).detail
    assert detail.startswith("the data directory  cannot be written: disk I/O error; nothing")
