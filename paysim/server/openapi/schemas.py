"""
JSON Schemas of what requests bring, made of the classes that check it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from paysim.fields import TICKS_MAX
from paysim.schema import json_schema, mapping_schema
from paysim.server.http.models.values import CHECKPOINT_ID
from paysim.server.http.parameters import text_schema
from paysim.server.http.requests import NAME_MAX, PACE_MAX
from paysim.server.session.decision_kinds import DECISIONS_MAX, ID_MAX, KINDS

Schema = dict[str, Any]

REFERENCE: Final = "#/components/schemas/"

FILES: Final = ("AgentFile", "TransactionFile")
"""What a scenario may say of files, which one that comes over HTTP may not."""

NOT_SUBMITTED: Final = ("type", "tick", "every_ticks", "until_tick")
"""Keys of an extra transaction that a submitted one has not."""


def ref(name: str) -> Schema:
    """
    Return a reference to a schema of the document.
    """
    return {"$ref": REFERENCE + name}


def bodies(agents_max: int) -> dict[str, Schema]:
    """
    Return the schemas of all bodies of requests, by name.

    Args:
        agents_max: The most agents of a scenario.
    """
    scenario = json_schema()
    definitions: dict[str, Schema] = scenario.pop("$defs")
    del scenario["$schema"]
    scenario["allOf"] = scenario["allOf"][:-1]
    scenario["required"] = ["ticks_per_day", *scenario["required"]]
    properties = scenario["properties"]
    for key in ("agent_configs", "transactions"):
        file = ("default",) if "default" in properties[key] else ()
        listed = properties[key]["anyOf"][0]
        properties[key] = listed | {name: properties[key][name] for name in file}
    properties["agent_configs"]["maxItems"] = agents_max
    if not scenario["allOf"]:
        del scenario["allOf"]
    for name in FILES:
        del definitions[name]
    submitted = _submitted(definitions["ExtraTransaction"])
    event = properties["scenario_events"].pop("items")
    properties["scenario_events"]["items"] = ref("ScenarioEvent")
    made = {
        "Scenario": scenario,
        **definitions,
        "ScenarioEvent": {"description": "What happens from outside.", **event},
        "AddedEvent": _added(definitions, event),
        "SubmittedTransaction": submitted,
        **_decisions(),
        **_small(),
    }
    return {name: _moved(schema) for name, schema in made.items()}


def _small() -> dict[str, Schema]:
    """
    Return the schemas of the bodies that `paysim.server.http.requests` reads, by name.
    """
    name = {"description": "What people call it.", **text_schema(NAME_MAX)}
    until = {
        "description": "The tick before which it stops; absent is the end of the last day.",
        "type": "integer",
        "minimum": 1,
        "maximum": TICKS_MAX,
    }
    pace = {
        "description": "Its pace; absent is as fast as it goes.",
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": PACE_MAX,
    }
    checkpoint = {
        "description": "The checkpoint to branch from; absent is the tick that it is at.",
        "type": "string",
        "pattern": CHECKPOINT_ID,
    }
    return {
        "RunRequest": _closed(
            "What to run.", until_tick=_or_null(until), ticks_per_second=_or_null(pace)
        ),
        "CheckpointRequest": _closed("What to call a checkpoint.", name=_or_null(name)),
        "BranchRequest": _closed(
            "What to branch from.", checkpoint_id=_or_null(checkpoint), name=_or_null(name)
        ),
    }


def _closed(text: str, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "description": text,
        "properties": properties,
        "additionalProperties": False,
    }


def _or_null(schema: Schema) -> Schema:
    inner = {key: value for key, value in schema.items() if key != "description"}
    return {"description": schema["description"], "anyOf": [inner, {"type": "null"}]}


def _submitted(extra: Schema) -> Schema:
    properties = dict(extra["properties"])
    arrival = properties["tick"] | {
        "description": "The tick in which it arrives; absent is the next one."
    }
    for key in NOT_SUBMITTED:
        properties.pop(key)
    keys = [key for key in extra["required"] if key in properties]
    return extra | {
        "description": "A transaction that is to arrive.",
        "properties": {**properties, "arrival_tick": arrival},
        "required": keys,
    }


def _added(definitions: Mapping[str, Schema], event: Schema) -> Schema:
    """
    Return the schema of a scenario event whose tick may be absent.
    """
    kinds = []
    for option in event["anyOf"]:
        schema = definitions[option["$ref"].rpartition("/")[2]]
        required = [key for key in schema["required"] if key != "tick"]
        kinds.append(schema | {"required": required})
    text = "A scenario event; without a `tick` it happens in the next one."
    return {"description": text, "anyOf": kinds}


def _decisions() -> dict[str, Schema]:
    """
    Return the schemas of decisions.
    """
    made: dict[str, Schema] = {}
    for word, cls in KINDS.items():
        schema = mapping_schema(cls, {})
        properties = {"decision": {"const": word}, **schema["properties"]}
        if "transaction_id" in properties:
            text = "A transaction in the agent's own queues."
            properties["transaction_id"] = {
                "type": "string",
                "description": text,
                "minLength": 1,
                "maxLength": ID_MAX,
            }
        required = ["decision", *schema.get("required", [])]
        made[cls.__name__] = schema | {"properties": properties, "required": required}
    made["Decision"] = {
        "description": "One decision.",
        "oneOf": [ref(cls.__name__) for cls in KINDS.values()],
        "discriminator": {
            "propertyName": "decision",
            "mapping": {word: REFERENCE + cls.__name__ for word, cls in KINDS.items()},
        },
    }
    made["Decisions"] = {
        "type": "object",
        "description": "Decisions of one agent, which are made in this order, all or none.",
        "properties": {
            "agent_id": {
                "type": "string",
                "description": "The agent that decides.",
                "minLength": 1,
                "maxLength": 128,
            },
            "decisions": {
                "type": "array",
                "items": ref("Decision"),
                "minItems": 1,
                "maxItems": DECISIONS_MAX,
            },
        },
        "required": ["agent_id", "decisions"],
        "additionalProperties": False,
    }
    return made


def _moved(schema: Any) -> Any:
    """
    Return a schema whose references lead into the document.
    """
    if isinstance(schema, dict):
        return {
            key: value.replace("#/$defs/", REFERENCE)
            if key == "$ref" and isinstance(value, str)
            else _moved(value)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [_moved(item) for item in schema]
    return schema
