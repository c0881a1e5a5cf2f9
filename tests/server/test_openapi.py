"""
The description of the API tells just what there is, and its examples are true.
"""

from __future__ import annotations

import itertools
import json
import re

import attrs
import jsonschema
import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from paysim import Scenario
from paysim.server.app import create_app
from paysim.server.openapi.openapi import TAGS, operations
from paysim.server.settings import Settings

METHODS = ("get", "post", "delete")
UNDOCUMENTED = {"/", "/docs", "/redoc", "/static/docs/{name}"}
"""Pages for people, and their files."""


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return create_app(Settings(data_dir=tmp_path_factory.mktemp("openapi") / "data"))


@pytest.fixture(scope="module")
def document(app):
    with TestClient(app) as client:
        return client.get("/openapi.json").json()


def each(document):
    """
    Return method, path and operation of everything that there is.
    """
    return [
        (method, path, told)
        for path, methods in document["paths"].items()
        for method, told in methods.items()
    ]


def validator(document, schema):
    root = {**schema, "components": document["components"]}
    return jsonschema.Draft202012Validator(root)


def forms(told):
    """
    Return every schema with examples in an operation, and their values.
    """
    bodies = [told.get("requestBody", {}), *told["responses"].values()]
    for body in bodies:
        for media_type, form in body.get("content", {}).items():
            for name, example in form.get("examples", {}).items():
                yield f"{media_type} {name}", form["schema"], example["value"]
    for parameter in told.get("parameters", ()):
        if "example" in parameter:
            yield parameter["name"], parameter["schema"], parameter["example"]


def test_routes(app, document):
    """
    Every route of the app is in it, and nothing else.
    """
    found = set()
    for route in app.router.routes:
        assert isinstance(route, Route)
        path = re.sub(r"{(\w+):path}", r"{\1}", route.path)
        if path not in UNDOCUMENTED and not path.startswith("/page/"):
            found |= {(method.lower(), path) for method in route.methods - {"HEAD"}}
    assert found == {(method, path) for method, path, _ in each(document)}
    assert len(operations(app)) == len(found)


def test_words(document):
    """
    Every operation, parameter, body, reply and header is described, in words of its own.
    """
    ids = [told["operationId"] for _, _, told in each(document)]
    assert len(set(ids)) == len(ids)
    summaries = [told["summary"] for _, _, told in each(document)]
    assert len(set(summaries)) == len(summaries)
    assert [tag["name"] for tag in document["tags"]] == list(TAGS)
    for method, path, told in each(document):
        assert method in METHODS
        assert told["tags"][0] in TAGS
        described = [told, *told.get("parameters", ()), *told["responses"].values()]
        described += [told["requestBody"]] if "requestBody" in told else []
        for response in told["responses"].values():
            described += response.get("headers", {}).values()
            described += response.get("links", {}).values()
        assert all(part["description"].strip() for part in described), path
        names = re.findall(r"{(\w+)}", path)
        parameters = told.get("parameters", ())
        assert [p["name"] for p in parameters if p["in"] == "path"] == names


def test_examples(document):
    """
    Every JSON body has an example, and every example is what its schema says.
    """
    for _, path, told in each(document):
        for name, schema, value in forms(told):
            errors = list(validator(document, schema).iter_errors(value))
            assert not errors, (path, name, errors[0])
        content = told.get("requestBody", {}).get("content", {})
        for media_type, form in content.items():
            assert media_type == "application/octet-stream" or form["examples"], path


def test_scenarios_of_examples(document):
    """
    The scenarios among the examples are valid.
    """
    content = document["paths"]["/api/simulations"]["post"]["requestBody"]["content"]
    examples = content["application/json"]["examples"].values()
    assert all(Scenario.from_dict(example["value"]) for example in examples)


def test_references(document):
    """
    Every reference leads to a schema, and every schema is referred to.
    """
    text = json.dumps(document)
    used = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert used == set(document["components"]["schemas"])
    assert "#/$defs" not in text


def test_links(document):
    """
    Every link leads to an operation, with parameters that it has.
    """
    by_id = {told["operationId"]: told for _, _, told in each(document)}
    for _, _, told in each(document):
        for response in told["responses"].values():
            for link in response.get("links", {}).values():
                target = by_id[link["operationId"]]
                names = {parameter["name"] for parameter in target["parameters"]}
                assert link["parameters"].keys() <= names
                assert "requestBody" in target or "requestBody" not in link


def test_problems(document):
    """
    Every reply of an error is a problem, and every operation of the API tells of those of its key.
    """
    for method, path, told in each(document):
        for status, response in told["responses"].items():
            is_error = int(status) >= 400
            assert ("application/problem+json" in response["content"]) == is_error
        statuses = set(told["responses"])
        assert ("404" in statuses) >= ("{simulation_id}" in path)
        assert ("422" in statuses) == (method == "post")
        assert {"415", "413"} <= statuses or "requestBody" not in told
        if path.startswith("/api/"):
            assert {"400", "401", "403", "500", "503"} <= statuses
        else:
            assert told["security"] == []


def test_settings(tmp_path):
    """
    The bounds in it are those of the server's settings.
    """
    given = Settings(data_dir=tmp_path / "data", max_ticks=77, max_agents=33)
    with TestClient(create_app(given)) as client:
        document = client.get("/openapi.json").json()
    parameters = document["paths"]["/api/simulations/{simulation_id}/tick"]["post"]["parameters"]
    bounds = [p["schema"] for p in parameters if p["name"] == "count"]
    assert bounds == [{"type": "integer", "minimum": 1, "maximum": 77, "default": 1}]
    agents = document["components"]["schemas"]["Scenario"]["properties"]["agent_configs"]
    assert agents["maxItems"] == 33


def test_made_once(tmp_path):
    """
    It is made once, and anew where the app starts with other settings.
    """
    app = create_app(Settings(data_dir=tmp_path / "data"))
    made = itertools.count()
    original = app.openapi

    def counted():
        next(made)
        return original()

    app.openapi = counted
    with TestClient(app) as client:
        first = client.get("/openapi.json")
        assert client.get("/openapi.json").content == first.content
    assert next(made) == 1
    assert first.headers["content-type"] == "application/json"


def test_before_the_start():
    """
    It can be had of an app that has not started, for the settings that there are by default.
    """
    document = create_app().openapi()
    assert document["openapi"] == "3.1.0"
    defaults = attrs.fields_dict(Settings)["max_agents"].default
    agents = document["components"]["schemas"]["Scenario"]["properties"]["agent_configs"]
    assert agents["maxItems"] == defaults
