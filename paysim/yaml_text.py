"""
YAML text as plain data with places, by the core schema of YAML 1.2.

`NO` and `18:00` are text in it, and there are no merge keys. Tags are refused.
"""

from __future__ import annotations

import re
from typing import Any, Final

import attrs

from paysim.errors import PROBLEMS_MAX, shown
from paysim.texts import DEPTH_MAX, DIGITS_MAX, VALUES_MAX, Document, Place, Steps, SyntaxProblem

_NUMBER = re.compile(
    r"(?P<int>[-+]?[0-9]+)|(?P<octal>0o[0-7]+)|(?P<hex>0x[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<infinity>[-+]?\.(?:inf|Inf|INF))|(?P<nan>\.(?:nan|NaN|NAN))"
)
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TAGS = {
    "scalar": (None, "!", "tag:yaml.org,2002:str"),
    "list": (None, "!", "tag:yaml.org,2002:seq"),
    "mapping": (None, "!", "tag:yaml.org,2002:map"),
}
_NO_KEY: Final = object()


@attrs.define
class _Open:
    """
    A mapping or list whose end has not been read yet.
    """

    data: Any
    places: Any
    place: Place
    anchor: str | None
    key: Any = _NO_KEY
    key_place: Place = (1, 1)
    is_repeated: bool = False
    height: int = 1
    values: int = 1


class _YamlReader:
    """
    Builds the data from parser events with a stack of its own, so that depth is no danger.
    """

    def __init__(self) -> None:
        self.root: Any = None
        self.root_place: Place = (1, 1)
        self.stack: list[_Open] = []
        self.documents = 0
        self.values = 0
        # Of each finished anchor: its value, its height and how many values it holds.
        self.anchors: dict[str, tuple[Any, int, int]] = {}
        # Of each mapping and list, by identity: the places of its keys and values.
        self.places: dict[int, Any] = {}
        self.repeated: list[tuple[Steps, Place]] = []
        self.omitted = 0

    def read(self, text: str) -> Document:
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        handlers = {
            yaml.DocumentStartEvent: self._on_document,
            yaml.MappingStartEvent: self._on_mapping,
            yaml.SequenceStartEvent: self._on_list,
            yaml.MappingEndEvent: self._on_end,
            yaml.SequenceEndEvent: self._on_end,
            yaml.ScalarEvent: self._on_scalar,
            yaml.AliasEvent: self._on_alias,
        }
        try:
            for event in yaml.parse(text, Loader=loader):
                handle = handlers.get(type(event))
                mark = event.start_mark
                if handle is not None and mark is not None:
                    handle(event, (mark.line + 1, mark.column + 1))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = (mark.line + 1, mark.column + 1) if mark else None
            parts = (error.context, error.problem)
            told = ", ".join(_one_line(part) for part in parts if part)
            raise SyntaxProblem(f"must be valid YAML: {told}", place) from None
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            # The pure Python parser lets some of these through, for escapes beyond Unicode.
            raise SyntaxProblem(f"must be valid YAML: {_one_line(str(error))}", None) from None
        return Document(self.root, self.repeated, self.omitted, self._locate)

    def _on_document(self, event: Any, place: Place) -> None:
        self.documents += 1
        if self.documents > 1:
            raise SyntaxProblem("must be one document", place, "a second")

    def _on_mapping(self, event: Any, place: Place) -> None:
        self._check_tag(event, "mapping", place)
        self._open(_Open({}, {}, place, event.anchor))

    def _on_list(self, event: Any, place: Place) -> None:
        self._check_tag(event, "list", place)
        self._open(_Open([], [], place, event.anchor))

    def _on_end(self, event: Any, place: Place) -> None:
        done = self.stack.pop()
        self.places[id(done.data)] = done.places
        if done.anchor is not None:
            self.anchors[done.anchor] = (done.data, done.height, done.values)
        self._put(done.data, done.place, done.height, done.values)

    def _on_scalar(self, event: Any, place: Place) -> None:
        self._check_tag(event, "scalar", place)
        value = event.value
        if event.tag is None and event.implicit[0]:
            if value == "<<" and self._is_at_key():
                raise SyntaxProblem("merge keys are not supported", place, "<<")
            value = plain_scalar(value, place)
        self._count(1, place)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 0, 1)
        self._put(value, place, 0, 1)

    def _on_alias(self, event: Any, place: Place) -> None:
        if event.anchor not in self.anchors:
            # An anchor is known once its value is complete, so none can contain itself.
            raise SyntaxProblem(
                "an alias must name a value that ends before it", place, f"*{event.anchor:.60}"
            )
        value, height, values = self.anchors[event.anchor]
        self._count(values, place)
        self._check_depth(len(self.stack) + height, place)
        self._put(value, place, height, values)

    def _open(self, opened: _Open) -> None:
        self._count(1, opened.place)
        self._check_depth(len(self.stack) + 1, opened.place)
        if self._is_at_key():
            raise SyntaxProblem("a key must be text", opened.place, shown(opened.data))
        # An anchor that is being defined anew must not be used within its own definition.
        self.anchors.pop(opened.anchor or "", None)
        self.stack.append(opened)

    def _put(self, value: Any, place: Place, height: int, values: int) -> None:
        if not self.stack:
            self.root, self.root_place = value, place
            return
        into = self.stack[-1]
        into.height = max(into.height, height + 1)
        into.values += values
        if isinstance(into.data, list):
            into.data.append(value)
            into.places.append((place, place))
        elif into.key is _NO_KEY:
            if isinstance(value, (dict, list)):
                raise SyntaxProblem("a key must be text", place, shown(value))
            into.key, into.key_place, into.is_repeated = value, place, value in into.data
            if into.is_repeated and len(self.repeated) < PROBLEMS_MAX:
                self.repeated.append((self._path(), place))
            else:
                self.omitted += into.is_repeated
        else:
            if not into.is_repeated:
                into.data[into.key] = value
                into.places[into.key] = (into.key_place, place)
            into.key = _NO_KEY

    def _is_at_key(self) -> bool:
        into = self.stack[-1] if self.stack else None
        return into is not None and isinstance(into.data, dict) and into.key is _NO_KEY

    def _path(self) -> Steps:
        steps = [len(o.data) if isinstance(o.data, list) else o.key for o in self.stack]
        return tuple(step if isinstance(step, (str, int)) else shown(step) for step in steps)

    def _count(self, values: int, place: Place) -> None:
        self.values += values
        if self.values > VALUES_MAX:
            raise SyntaxProblem(f"must hold at most {VALUES_MAX} values", place)

    def _check_depth(self, depth: int, place: Place) -> None:
        if depth > DEPTH_MAX:
            raise SyntaxProblem(f"must be nested at most {DEPTH_MAX} deep", place)

    def _check_tag(self, event: Any, kind: str, place: Place) -> None:
        if event.tag not in _TAGS[kind]:
            raise SyntaxProblem("tags are not supported", place, shown(event.tag))

    def _locate(self, steps: Steps, at_key: bool) -> Place:
        data, place = self.root, self.root_place
        for n, step in enumerate(steps, 1):
            places = self.places.get(id(data), {})
            if isinstance(data, dict) and step not in data:
                # A key that is no text stands in the path as it is shown.
                step = next((key for key in data if shown(key) == step), step)
            if not _has(data, step):
                break
            key_place, value_place = places[step]
            place = key_place if at_key and n == len(steps) else value_place
            data = data[step]
        return place


def plain_scalar(text: str, place: Place | None = None) -> Any:
    """
    Return what an unquoted word means by the core schema of YAML 1.2.
    """
    if text in _WORDS:
        return _WORDS[text]
    match = _NUMBER.fullmatch(text) if text[0] in "+-.0123456789" else None
    if match is None:
        return text
    if len(text) > DIGITS_MAX:
        raise SyntaxProblem(f"a number must have at most {DIGITS_MAX} characters", place)
    base = {"int": 10, "octal": 8, "hex": 16}.get(match.lastgroup or "")
    if base is not None:
        return int(text.removeprefix("0o") if base == 8 else text, base)
    # Only the dot of `.inf` and `.nan` stands in the way of Python's own spelling.
    return float(text if match["float"] else text.replace(".", ""))


def read_yaml(text: str) -> Document:
    """
    Return what a YAML text says.

    Raises:
        SyntaxProblem: If it is not YAML, or more than is safe to read.
    """
    return _YamlReader().read(text)


def _has(data: Any, step: Any) -> bool:
    if isinstance(data, list):
        return isinstance(step, int) and 0 <= step < len(data)
    return isinstance(data, dict) and step in data


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
