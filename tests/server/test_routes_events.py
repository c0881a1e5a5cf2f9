"""
The event log comes in pages and as a stream, and each event once.
"""

from __future__ import annotations

import json

import attrs
import pytest
from asking import make, refusal, results_after
from starlette.testclient import TestClient

from paysim.server.app import create_app

STREAM = {"Accept": "text/event-stream"}
LINES = {"Accept": "application/x-ndjson"}


@pytest.fixture
def path(client):
    return make(client, ran=8)


@pytest.fixture
def log(tmp_path):
    """
    Return the lines of the event log that the library writes.
    """
    results_after(8).write_events(tmp_path / "events.jsonl")
    return (tmp_path / "events.jsonl").read_bytes().splitlines()


def messages(response):
    """
    Return event, id and data of each message of a stream.
    """
    found = []
    for block in response.text.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((fields["event"], fields.get("id"), json.loads(fields["data"])))
    return found


def test_pages(client, path, log):
    """
    Pages follow each other and hold all of the log.
    """
    events, last = [], 0
    while True:
        page = client.get(f"{path}/events", params={"after": last, "limit": 5}).json()
        assert (page["after"], page["total"]) == (last, len(log))
        if not page["events"]:
            break
        assert len(page["events"]) <= 5
        events += page["events"]
        last = page["last"]
    assert last == len(log)
    assert events == [json.loads(line) for line in log]


def test_lines(client, path, log):
    """
    Lines are those that the library writes, byte for byte.
    """
    response = client.get(f"{path}/events", params={"after": 3}, headers=LINES)
    assert response.headers["content-type"] == "application/x-ndjson"
    assert response.content.splitlines() == log[3:]
    assert response.headers["paysim-last"] == str(len(log))
    assert response.headers["vary"] == "Accept"
    ends = client.get(f"{path}/events", params={"after": len(log)}, headers=LINES)
    assert (ends.content, ends.headers["paysim-last"]) == (b"", str(len(log)))


def test_beyond_the_end(client, path, log):
    """
    After an event that is not there yet nothing has happened.
    """
    page = client.get(f"{path}/events", params={"after": 10**9}).json()
    assert page == {"events": [], "after": 10**9, "last": 10**9, "total": len(log), "restores": 0}


def test_stream(client, path, log):
    """
    A stream that does not follow tells the log from where it is asked, and ends.
    """
    response = client.get(f"{path}/events?follow=false&after=2", headers=STREAM)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["vary"] == "Accept"
    [(event, id, data)] = messages(response)
    assert (event, id) == ("batch", f"{len(log)}.0")
    assert (data["after"], data["last"], data["current_tick"]) == (2, len(log), 8)
    assert data["events"] == [json.loads(line) for line in log[2:]]


def test_resumed_stream(client, path, log):
    """
    The last id that a browser has seen goes before what the address says.
    """
    headers = STREAM | {"Last-Event-ID": "4"}
    response = client.get(f"{path}/events?follow=false&after=0", headers=headers)
    assert messages(response)[0][2]["after"] == 4


@pytest.mark.parametrize("seen", ["{}.0", "0.0"])
def test_restored_before_it_came_back(client, path, log, seen):
    """
    A stream says first that the simulation was set back if it was since the id that was seen, and a
    page says how often it was.
    """
    mark = client.post(f"{path}/checkpoints", json={}).json()["checkpoint_id"]
    client.post(f"{path}/checkpoints/{mark}/restore")
    seen = seen.format(len(log))
    query, headers = "follow=false", STREAM | {"Last-Event-ID": seen}
    told = messages(client.get(f"{path}/events?{query}", headers=headers))
    assert (told[0][0], told[0][1]) == ("restored", f"{seen.split('.')[0]}.1")
    again = headers | {"Last-Event-ID": told[-1][1]}
    assert "restored" not in client.get(f"{path}/events?{query}", headers=again).text
    assert client.get(f"{path}/events").json()["restores"] == 1
    lines = client.get(f"{path}/events", headers=LINES)
    assert lines.headers["paysim-restores"] == "1"


def test_stream_of_a_deleted_simulation(client, path):
    """
    A stream that follows ends when the simulation is removed.
    """
    with client.stream("GET", f"{path}/events", headers=STREAM) as response:
        lines = response.iter_lines()
        assert next(lines).startswith("id: ")
        client.delete(path)
        assert "event: deleted" in list(lines)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"after": -1}, "query.after"),
        ({"after": 2**53}, "query.after"),
        ({"limit": 0}, "query.limit"),
        ({"limit": 10_001}, "query.limit"),
        ({"follow": "yes"}, "query.follow"),
    ],
)
@pytest.mark.parametrize("headers", [STREAM, LINES, {}])
def test_bad_parameters(client, path, query, name, headers):
    """
    A parameter that does not fit is refused, whatever form is asked for.
    """
    response = client.get(f"{path}/events", params=query, headers=headers)
    assert list(refusal(response, 400, "invalid-request")) == [name]


@pytest.mark.parametrize("id", ["x", "-1", "1.", ".1", "1.5.0", "9" * 16, ""])
def test_bad_id(client, path, id):
    """
    An id that no message has had is refused by name.
    """
    headers = STREAM | {"Last-Event-ID": id}
    response = client.get(f"{path}/events?follow=false", headers=headers)
    assert list(refusal(response, 400, "invalid-request")) == ["headers.Last-Event-ID"]


def test_no_form(client, path):
    """
    Another form is refused, with those that there are.
    """
    response = client.get(f"{path}/events", headers={"Accept": "text/csv"})
    refusal(response, 406, "not-acceptable")
    assert "application/x-ndjson" in response.json()["detail"]


def test_too_many_streams(settings):
    """
    More streams than the server has places for are refused, and a place is given back.
    """
    with TestClient(create_app(attrs.evolve(settings, max_streams=1))) as client:
        path = make(client)
        with client.stream("GET", f"{path}/events", headers=STREAM) as response:
            lines = response.iter_lines()
            assert next(lines).startswith("id: ")
            refused = client.get(f"{path}/events?follow=false", headers=STREAM)
            refusal(refused, 429, "too-many-streams")
            assert "retry-after" in refused.headers
            assert "PAYSIM_MAX_STREAMS" in refused.json()["detail"]
            client.delete(path)
            assert "event: deleted" in list(lines)
        path = make(client)
        assert client.get(f"{path}/events?follow=false", headers=STREAM).status_code == 200
