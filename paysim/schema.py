"""
The JSON Schema of a scenario file, for completion and help in editors.

It comes from the classes, and describes what a file may say: both spellings of a key, a policy by
its name or as a mapping, an exact rate as number or text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paysim.exact import DECIMAL_TEXT
from paysim.fields import (
    Choice,
    Exact,
    Flag,
    Kind,
    Name,
    Real,
    Span,
    Weights,
    Whole,
)
from paysim.files.beside import FromFile
from paysim.files.kinds import FileName, Headers
from paysim.files.transaction_reading import ClockTime, Length
from paysim.records import MISSING, Either, Field, Listed, OneOf, Optional, Record, layout
from paysim.scenario import Scenario

Schema = dict[str, Any]


def json_schema() -> Schema:
    """
    Return the JSON Schema of a scenario, in the draft of 2020-12.
    """
    definitions: Schema = {}
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "paysim scenario",
    }
    schema = mapping_schema(Scenario, definitions)
    # The opening hours of a file of transactions tell the ticks of a day as well.
    schema["required"].remove("ticks_per_day")
    from_file = {"properties": {"transactions": {"type": "object", "required": ["file"]}}}
    ticks = [{"required": ["ticks_per_day"]}, from_file | {"required": ["transactions"]}]
    schema.setdefault("allOf", []).append({"anyOf": ticks})
    return head | schema | {"$defs": definitions}


def mapping_schema(cls: type[Any], definitions: Schema, tag: Schema | None = None) -> Schema:
    """
    Return the schema of the mapping that stands for an object of a class.

    Args:
        cls: The class.
        definitions: Where the schemas of the classes within it are put.
        tag: The schema of its key `type`, if it has one.
    """
    properties: Schema = {} if tag is None else {"type": tag}
    required: list[str] = [*properties]
    spellings: list[Schema] = []
    for field in layout(cls).values():
        properties[field.name] = _with_default(_schema(field.kind, definitions), field)
        if field.synonym:
            properties[field.synonym] = properties[field.name] | {
                "description": f"The same as {field.name}."
            }
            keys = [field.name, field.synonym]
            either = {"oneOf": [{"required": [key]} for key in keys]}
            spellings.append(either if field.is_required else {"not": {"required": keys}})
        elif field.is_required:
            required.append(field.name)
        if isinstance(field.kind, OneOf) and field.kind.spread:
            for key, kind in field.kind.parameters.items():
                properties[key] = _schema(kind, definitions)
    summary = " ".join((cls.__doc__ or "").strip().split("\n\n")[0].split())
    schema: Schema = {"type": "object", "description": summary, "properties": properties}
    if required:
        schema["required"] = required
    if spellings:
        schema["allOf"] = spellings
    return schema | {"additionalProperties": False}


def _with_default(schema: Schema, field: Field) -> Schema:
    if field.default is MISSING or field.default is None:
        return schema
    default = field.kind.write(field.default)
    if isinstance(field.kind, Exact | Either) and isinstance(default, str):
        # An editor that fills in a default writes a number, as people do.
        default = int(default)
    return schema | {"default": default}


def _schema(kind: Kind, definitions: Schema) -> Schema:
    """
    Return the schema of what a field of this kind may be in a file.
    """
    match kind:
        case Whole():
            bounds = {"minimum": kind.least, "maximum": kind.most}
            return _described("integer", kind.help) | bounds
        case Real():
            least = "exclusiveMinimum" if kind.open else "minimum"
            return _described("number", kind.help) | {least: kind.least, "maximum": kind.most}
        case Exact():
            number = {"type": "number", "minimum": kind.least, "maximum": kind.most}
            text = {"type": "string", "pattern": f"^{DECIMAL_TEXT.pattern}$"}
            return _any_of(kind.help, number, text)
        case Flag():
            return _described("boolean", kind.help)
        case Choice():
            return _described("string", kind.help) | {"enum": list(kind.options)}
        case Name():
            return _described("string", kind.help) | {"minLength": 1, "maxLength": 128}
        case Span():
            end = _schema(Whole(0, kind.most), definitions)
            pair = {"type": "array", "items": end, "minItems": 2, "maxItems": 2}
            return _any_of(kind.help, end, pair)
        case Weights():
            items = _schema(kind.item, definitions)
            return _described("object", kind.help) | {"additionalProperties": items}
        case FromFile():
            file = {"type": "string", "description": "The name of a file that holds them."}
            return _any_of(
                kind.help, _list(kind, definitions), file, _schema(kind.file, definitions)
            )
        case Listed():
            return _list(kind, definitions)
        case FileName():
            return _described("string", kind.help) | {"minLength": 1}
        case Headers():
            return _headers(kind)
        case ClockTime() | Length():
            return _described("string", kind.help)
        case Optional():
            return _outward(_schema(kind.kind, definitions), {"type": "null"})
        case Either():
            single = _schema(kind.single, definitions)
            return _outward(single, _schema(kind.record, definitions))
        case Record():
            name = kind.cls.__name__
            if name not in definitions:
                # The name is taken first, so that definitions stand in the order of their use.
                definitions[name] = {}
                definitions[name] = mapping_schema(kind.cls, definitions)
            return {"$ref": f"#/$defs/{name}"}
        case OneOf():
            options = [_any_case(kind.names)] if kind.spread else []
            for cls in kind.classes:
                definitions[cls.__name__] = mapping_schema(cls, definitions, _any_case([cls.name]))
                options.append({"$ref": f"#/$defs/{cls.__name__}"})
            return _any_of(kind.help, *options)
        case _:
            return {}


def _list(kind: Listed, definitions: Schema) -> Schema:
    schema = _described("array", kind.help) | {"items": _schema(kind.item, definitions)}
    if kind.least:
        schema["minItems"] = kind.least
    if kind.most is not None:
        schema["maxItems"] = kind.most
    return schema


def _headers(kind: Headers) -> Schema:
    header = {"type": ["string", "null"], "minLength": 1}
    if kind.keys is None:
        return _described("object", kind.help) | {"additionalProperties": header}
    properties = dict.fromkeys(kind.keys, header)
    return _described("object", kind.help) | {
        "properties": properties,
        "additionalProperties": False,
    }


def _outward(inner: Schema, other: Schema) -> Schema:
    """
    Return the schema of either of two, with the description of the first outside of both.
    """
    text = inner.get("description", "")
    return _any_of(text, {k: v for k, v in inner.items() if k != "description"}, other)


def _any_of(text: str, *options: Schema) -> Schema:
    return ({"description": text} if text else {}) | {"anyOf": list(options)}


def _described(type_name: str, text: str) -> Schema:
    return {"type": type_name} | ({"description": text} if text else {})


def _any_case(words: Sequence[str]) -> Schema:
    # Editors offer the words in lower case; the pattern lets any letter case through.
    letters = "|".join("".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in w) for w in words)
    return {"anyOf": [{"enum": list(words)}, {"type": "string", "pattern": f"^({letters})$"}]}
