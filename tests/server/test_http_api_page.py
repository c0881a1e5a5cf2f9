"""
The page of the HTTP API tells what there is, and its requests work.
"""

from __future__ import annotations

import json
import re
import shlex

import pytest
from http_api_page import CURL, PAGE, rendered

from paysim.server import problems
from paysim.server.app import create_app
from paysim.server.openapi.openapi import operations

SUCCESSES = (200, 201, 202)


def test_page():
    """
    The page is what the description makes of it now.
    """
    page = PAGE.read_text()
    assert page == rendered(page)


def test_every_route():
    """
    Every operation has a request on the page, and no other has.
    """
    assert {told.id for told in operations(create_app())} == set(CURL)


def test_every_problem():
    """
    Every type of problem that the code knows stands on the page.
    """
    folder = PAGE.parents[2] / "paysim" / "server"
    code = "".join(path.read_text() for path in folder.rglob("*.py"))
    known = set(re.findall(r'Problem\(\s*\d{3},\s*"([a-z-]+)"', code))
    known |= set(re.findall(r'kind(?:: str)? ?= ?"([a-z-]+)"', code))
    page = PAGE.read_text()
    assert len(known) > 15
    assert sorted(kind for kind in known if f"`{kind}`" not in page) == []
    assert problems.TYPE_PREFIX in page


def asked(command, names):
    """
    Return method, address, headers and body of a curl command.
    """
    for name, value in names.items():
        command = command.replace(f"${name}", value)
    words = iter(shlex.split(command.replace("\\\n", " "))[1:])
    method, headers, body, url = "GET", {}, None, None
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "--json":
            method, body = "POST", next(words)
            headers["Content-Type"] = "application/json"
            json.loads(body)
        elif word == "--data-binary":
            body = next(words)
        elif word == "-o":
            next(words)
        elif word != "-N":
            url = word.removeprefix("localhost:8000")
    assert url.startswith("/")
    return method, url, headers, body


LAST = ["cancel_run", "restore_checkpoint", "delete_checkpoint", "delete_simulation"]
ENDLESS = {"watch"}
"""A stream that would go on: it is asked for its head alone."""


@pytest.fixture
def commands():
    """
    Return the commands in an order in which they make sense.
    """
    first = ["create_simulation", "create_checkpoint", "tick", "create_branch", "start_run"]
    second = [id for id in CURL if id not in (*first, *LAST)]
    return [(id, CURL[id].strip()) for id in (*first, *second, *LAST)]


def test_requests(client, commands):
    """
    Every request on the page is answered with success.
    """
    names = {}
    for id, command in commands:
        method, url, headers, body = asked(command, names)
        assert "$" not in url, id
        method = "HEAD" if id in ENDLESS else method
        response = client.request(method, url, headers=headers, content=body)
        if id == "decide":
            # It depends on how far the run has come.
            assert response.status_code in (200, 409), response.text
            continue
        assert response.status_code in SUCCESSES, (id, response.text)
        if id == "create_simulation":
            names["SIM"] = response.json()["simulation_id"]
        if id == "create_branch":
            names["OTHER"] = response.json()["simulation_id"]
        if id == "create_checkpoint":
            names["CHK"] = response.json()["checkpoint_id"]
