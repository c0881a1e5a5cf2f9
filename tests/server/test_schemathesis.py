"""
Schemathesis reads the description of the API and tries to find a reply that it does not allow.

`PAYSIM_SCHEMATHESIS_EXAMPLES` sets how many requests are drawn for each operation; without it they
are few, and the same ones each time. What is expected of each operation stands in
`schemathesis.toml`.
"""

from __future__ import annotations

import itertools
import os
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.run import PhaseName
from schemathesis.python import asgi

from paysim.server.app import create_app
from paysim.server.settings import Settings

GIVEN = os.environ.get("PAYSIM_SCHEMATHESIS_EXAMPLES")
EXAMPLES = int(GIVEN or 12)
PHASES = {PhaseName.EXAMPLES, PhaseName.COVERAGE, PhaseName.FUZZING, PhaseName.STATEFUL_TESTING}
KEY = "Idempotency-Key"

NOT_CALLED = {"get_openapi"}
"""Where the description itself is read from is left out by Schemathesis."""


class Findings:
    """
    What a campaign has done, and what it has found.
    """

    def __init__(self):
        self.replies = defaultdict(Counter)
        self.chains = Counter()
        self.phases = {}
        self.failures = {}
        self.errors = []

    def note(self, event):
        if isinstance(event, events.NonFatalError):
            self.errors.append(f"{event.label}: {event.value!r}")
        elif isinstance(event, events.FatalError):
            self.errors.append(repr(event.exception))
        elif isinstance(event, events.PhaseFinished):
            self.phases[event.phase.name] = event.status
        elif isinstance(event, events.ScenarioFinished):
            self._note_scenario(event.phase, event.recorder)

    def _note_scenario(self, phase, recorder):
        if phase == PhaseName.STATEFUL_TESTING:
            self.chains[len(recorder.interactions)] += 1
        for id, interaction in recorder.interactions.items():
            if interaction.response is not None:
                self.replies[name_of(recorder.cases[id].value)][
                    interaction.response.status_code
                ] += 1
        for id, checks in recorder.checks.items():
            for check in checks:
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    place = (name_of(recorder.cases[id].value), failure.title)
                    told = (failure.message, check.failure_info.code_sample, text(recorder, id))
                    self.failures.setdefault(place, told)


def name_of(case):
    return case.operation.definition.raw["operationId"]


def text(recorder, id):
    response = recorder.interactions[id].response
    return None if response is None else response.content[:500]


@pytest.fixture
def hooks():
    """
    Draw what the description has no words for: keys that are new, and each form of a reply in turn.
    """
    count = itertools.count()

    def before_call(context, case, kwargs):
        number = next(count)
        key = case.headers.get(KEY)
        # One key for all requests would be answered 422 from the second one on.
        if isinstance(key, str) and re.fullmatch("[!-~]{1,255}", key):
            case.headers[KEY] = f"key-{number}"
        responses = case.operation.definition.raw["responses"]
        forms = list(responses.get("200", {}).get("content", ()))
        # The header Accept is no parameter in OpenAPI.
        if len(forms) > 1 and "Accept" not in case.headers:
            case.headers["Accept"] = forms[number % len(forms)]

    schemathesis.hook(before_call)
    yield
    schemathesis.hooks.unregister(before_call)


@pytest.fixture
def app(tmp_path):
    """
    Offer an app whose limits are so low that nothing takes long.
    """
    limits = {
        "max_agents": 6,
        "max_ticks": 20,
        "max_simulations": 100_000,
        "max_open": 32,
        "max_run_seconds": 0.1,
    }
    yield create_app(Settings(data_dir=tmp_path / "data", **limits))
    asgi.shutdown_lifespans()


def campaign(app):
    """
    Let Schemathesis do all that it can do with an app.
    """
    config = SchemathesisConfig.from_path(Path(__file__).with_name("schemathesis.toml"))
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    schema.config.generation.update(max_examples=EXAMPLES, deterministic=GIVEN is None)
    findings = Findings()
    for event in from_schema(schema).execute():
        findings.note(event)
    return findings


def test_schemathesis(app, hooks):
    """
    No request that can be drawn from the description gets a reply that it does not tell of.

    Every operation is called, and nearly all have had a success, one after another too.
    """
    findings = campaign(app)
    told = "\n\n".join(
        f"{operation}: {title}\n" + "\n".join(str(line) for line in lines)
        for (operation, title), lines in findings.failures.items()
    )
    assert not findings.failures, told
    assert findings.errors == []
    assert {findings.phases.get(phase) for phase in PHASES} == {Status.SUCCESS}
    paths = app.openapi()["paths"].values()
    operations = {each["operationId"] for path in paths for each in path.values()} - NOT_CALLED
    assert set(findings.replies) == operations
    successes = {name for name, counts in findings.replies.items() if any(s < 300 for s in counts)}
    assert len(operations - successes) <= 3, operations - successes
    assert max(findings.chains) >= 4, findings.chains
