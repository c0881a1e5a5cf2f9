"""
The JSON Schema: it accepts what loads and refuses what a schema can tell is wrong.
"""

from __future__ import annotations

import json

import attrs
import pytest
import yaml
from hypothesis import given
from jsonschema import Draft202012Validator
from record import ROOT
from strategies import scenarios

from paysim import behaviour, rules, scenario, scenario_events
from paysim.records import Checked, layout
from paysim.scenario import Scenario
from paysim.schema import json_schema

SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
CLASSES = {
    cls
    for module in (behaviour, rules, scenario, scenario_events)
    for cls in vars(module).values()
    if isinstance(cls, type) and issubclass(cls, Checked)
} - {Checked, scenario_events.Timed}


def small(**changes):
    """
    Return a valid scenario as a dict, with changes to its first agent.
    """
    agents = [{"id": "A", "opening_balance": 1} | changes, {"id": "B", "balance": 1}]
    return {"ticks_per_day": 10, "agent_configs": agents}


def test_is_a_schema():
    """
    The schema is itself valid by its draft, and JSON can hold it.
    """
    Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


@pytest.mark.parametrize("cls", sorted(CLASSES, key=lambda cls: cls.__name__))
def test_every_field_is_there(cls):
    """
    Every class and field of a scenario is in the schema, with a description or a reference.
    """
    part = SCHEMA if cls is Scenario else SCHEMA["$defs"][cls.__name__]
    assert part["description"]
    assert part["additionalProperties"] is False
    names = {field.name for field in attrs.fields(cls)} - {"given", "source", "unused"}
    assert names == set(layout(cls))
    for field in layout(cls).values():
        for name in filter(None, (field.name, field.synonym)):
            assert {"description", "$ref", "anyOf"} & part["properties"][name].keys()


@pytest.mark.parametrize("path", sorted(ROOT.glob("scenarios/*.yaml")), ids=lambda p: p.stem)
def test_shipped_scenarios(path):
    """
    Every shipped scenario is valid by the schema.
    """
    assert list(VALIDATOR.iter_errors(yaml.safe_load(path.read_text()))) == []


@given(scenarios())
def test_what_loads_is_valid(raw):
    """
    Whatever loads is valid by the schema, as it was given and as it is written.
    """
    VALIDATOR.validate(raw)
    VALIDATOR.validate(Scenario.from_dict(raw).to_dict())


CREDIT = {"type": "credit_limit_change", "tick": 0, "agent_id": "A"}
OFFSET = {"type": "deadline_offset_change", "tick": 0}
ARRIVALS = {"rate_per_tick": 1, "amount_distribution": {"type": "Fixed", "value": 1}}


@pytest.mark.parametrize(
    "raw",
    [
        small(),
        small(policy="Liquidity_Aware", target_buffer=5),
        small(policy={"type": "DEADLINE", "urgency_threshold": 5}),
        small(arrival_config=None),
        small(arrival_config=ARRIVALS | {"deadline_offset": 5, "priority": 3}),
        small(arrival_config=ARRIVALS | {"deadline_offset": [5, 7]}),
        small(arrival_config=ARRIVALS | {"priority": {"values": [1], "weights": [1]}}),
        small(arrival_config=ARRIVALS | {"counterparty_weights": {"B": 1}}),
        small() | {"cost_rates": {"split_friction_cost": "1e-5", "deadline_penalty": 700}},
        small() | {"cost_rates": {"split_friction_cost": 1e-5, "deadline_penalty": {"bps": 5}}},
        small() | {"lsm_config": {"cycle_detection_enabled": False, "gridlock_resolution": True}},
        small() | {"scenario_events": [], "transactions": []},
        small() | {"scenario_events": [{"type": "HALT", "tick": 0, "every_ticks": 5}]},
        small() | {"scenario_events": [CREDIT | {"credit_limit": 5}, CREDIT | {"amount": 5}]},
        small() | {"scenario_events": [OFFSET | {"deadline_offset": None}]},
        small() | {"scenario_events": [OFFSET | {"deadline_offset": [1, 2]}]},
    ],
)
def test_accepts(raw):
    """
    Every way of writing that loads is valid by the schema.
    """
    Scenario.from_dict(raw)
    assert list(VALIDATOR.iter_errors(raw)) == []


@pytest.mark.parametrize(
    "transactions",
    [
        "payments.csv",
        {"file": "payments.csv"},
        {
            "file": "payments.parquet",
            "mapping": "mapping.yaml",
            "map": {"sender_id": "Debtor", "priority": None},
            "decimals": 2,
            "decimal_comma": True,
            "delimiter": ";",
            "open": "08:00",
            "close": "18:00",
            "tick": "1min",
            "dates": "dmy",
            "outside_hours": "next-open",
        },
    ],
)
def test_files(transactions):
    """
    Transactions and agents may be names of files, with how to read them.
    """
    raw = small() | {"transactions": transactions, "agent_configs": "agents.csv"}
    assert list(VALIDATOR.iter_errors(raw)) == []
    without = {key: value for key, value in raw.items() if key != "ticks_per_day"}
    assert VALIDATOR.is_valid(without) is isinstance(transactions, dict)


@pytest.mark.parametrize(
    "raw",
    [
        {},
        small() | {"transactions": {"file": "payments.csv", "map": {"sender": "Debtor"}}},
        small() | {"transactions": {"map": {"sender_id": "Debtor"}}},
        small(surplus=1),
        small(balance=1),
        small(policy="bogus"),
        small(policy={"type": "fifo", "target_buffer": 5}),
        small(policy={}),
        small(credit_limit=-1),
        small(credit_limit="1"),
        small(credit_limit=1.5),
        small(liquidity_allocation_fraction="half"),
        small(arrival_config=ARRIVALS | {"deadline_offset": [1, 2, 3]}),
        small() | {"lsm_config": {"cycles": True, "cycle_detection_enabled": True}},
        small() | {"rules": {"end_of_day": "never"}},
        small() | {"scenario_events": [{}]},
        small() | {"scenario_events": [{"type": "outrage", "tick": 0}]},
        small() | {"scenario_events": [{"type": "halt", "tick": 0, "agent_id": "A"}]},
        small() | {"scenario_events": [{"type": "outage", "agent_id": "A"}]},
        small() | {"scenario_events": [CREDIT | {"amount": 5, "credit_limit": 5}]},
        small() | {"scenario_events": [OFFSET]},
        small() | {"agent_configs": [{"id": "A", "balance": 1}]},
    ],
)
def test_refuses(raw):
    """
    An editor marks what does not load, as far as a schema can tell.
    """
    assert not VALIDATOR.is_valid(raw)
