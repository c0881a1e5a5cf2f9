"""
YAML text as plain data with places, by the core schema of YAML 1.2.

`NO` and `18:00` are text in it, and there are no merge keys. Tags are refused.
"""

from __future__ import annotations

import re
from typing import Any, Final

import attrs

from paysim.errors import PROBLEMS_MAX, shown
from paysim.texts import (
    DEPTH_MAX,
    DIGITS_MAX,
    EMPTY,
    YAML_VALUES_MAX,
    Document,
    Place,
    Steps,
    SyntaxProblem,
    has,
)

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
    marks: Any
    mark: Any
    anchor: str | None
    key: Any = _NO_KEY
    key_mark: Any = None
    is_repeated: bool = False
    height: int = 1
    values: int = 1


class _YamlReader:
    """
    Builds the data from parser events with a stack of its own, so that depth is no danger.

    Where a value begins is kept as the parser's own mark, of which a place is made when it is
    asked for: most never are.
    """

    def __init__(self) -> None:
        self.root: Any = None
        self.root_mark: Any = None
        self.stack: list[_Open] = []
        self.documents = 0
        self.values = 0
        # Of each finished anchor: its value, its height and how many values it holds.
        self.anchors: dict[str, tuple[Any, int, int]] = {}
        # Of each mapping and list, by identity: the marks of its keys and values.
        self.marks: dict[int, Any] = {}
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
                if handle is not None:
                    handle(event, event.start_mark)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = _place(mark) if mark else None
            parts: tuple[str | None, ...] = (error.context, error.problem)
            if mark and text[mark.index : mark.index + 1] == "\t":
                parts = ("a tab stands where spaces must",)
            told = ", ".join(_one_line(part) for part in parts if part)
            raise SyntaxProblem(f"must be valid YAML: {told}", place) from None
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            # The pure Python parser lets some of these through, for escapes beyond Unicode.
            raise SyntaxProblem(f"must be valid YAML: {_one_line(str(error))}", None) from None
        if not self.documents:
            raise SyntaxProblem(EMPTY, (1, 1))
        return Document(self.root, self.repeated, self.omitted, self._locate)

    def _on_document(self, event: Any, mark: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            raise SyntaxProblem("must be one document", _place(mark), "a second")

    def _on_mapping(self, event: Any, mark: Any) -> None:
        self._open(event, "mapping", _Open({}, {}, mark, event.anchor))

    def _on_list(self, event: Any, mark: Any) -> None:
        self._open(event, "list", _Open([], [], mark, event.anchor))

    def _on_end(self, event: Any, mark: Any) -> None:
        done = self.stack.pop()
        self.marks[id(done.data)] = done.marks
        if done.anchor is not None:
            self.anchors[done.anchor] = (done.data, done.height, done.values)
        self._put(done.data, done.mark, done.height, done.values)

    def _on_scalar(self, event: Any, mark: Any) -> None:
        value = event.value
        if event.tag is not None:
            self._check_tag(event, "scalar", mark)
        elif event.implicit[0]:
            if value == "<<" and self._is_at_key():
                raise SyntaxProblem("merge keys are not supported", _place(mark), "<<")
            value = plain_scalar(value, mark)
        self._count(1, mark)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 0, 1)
        self._put(value, mark, 0, 1)

    def _on_alias(self, event: Any, mark: Any) -> None:
        if event.anchor not in self.anchors:
            # An anchor is known once its value is complete, so none can contain itself.
            raise SyntaxProblem(
                "an alias must name a value that ends before it",
                _place(mark),
                f"*{event.anchor:.60}",
            )
        value, height, values = self.anchors[event.anchor]
        self._count(values, mark)
        self._check_depth(len(self.stack) + height, mark)
        self._put(value, mark, height, values)

    def _open(self, event: Any, kind: str, opened: _Open) -> None:
        if event.tag is not None:
            self._check_tag(event, kind, opened.mark)
        self._count(1, opened.mark)
        self._check_depth(len(self.stack) + 1, opened.mark)
        if self._is_at_key():
            raise SyntaxProblem("a key must be text", _place(opened.mark), shown(opened.data))
        # An anchor that is being defined anew must not be used within its own definition.
        self.anchors.pop(opened.anchor or "", None)
        self.stack.append(opened)

    def _put(self, value: Any, mark: Any, height: int, values: int) -> None:
        if not self.stack:
            self.root, self.root_mark = value, mark
            return
        into = self.stack[-1]
        data = into.data
        if height >= into.height:
            into.height = height + 1
        into.values += values
        if type(data) is list:
            data.append(value)
            into.marks.append((mark, mark))
        elif into.key is _NO_KEY:
            if isinstance(value, (dict, list)):
                raise SyntaxProblem("a key must be text", _place(mark), shown(value))
            into.key, into.key_mark, into.is_repeated = value, mark, value in data
            if into.is_repeated:
                self._note_repeated(_place(mark))
        else:
            if not into.is_repeated:
                data[into.key] = value
                into.marks[into.key] = (into.key_mark, mark)
            into.key = _NO_KEY

    def _note_repeated(self, place: Place) -> None:
        if len(self.repeated) < PROBLEMS_MAX:
            self.repeated.append((self._path(), place))
        else:
            self.omitted += 1

    def _is_at_key(self) -> bool:
        into = self.stack[-1] if self.stack else None
        return into is not None and isinstance(into.data, dict) and into.key is _NO_KEY

    def _path(self) -> Steps:
        steps = [len(o.data) if isinstance(o.data, list) else o.key for o in self.stack]
        return tuple(step if isinstance(step, (str, int)) else shown(step) for step in steps)

    def _count(self, values: int, mark: Any) -> None:
        self.values += values
        if self.values > YAML_VALUES_MAX:
            raise SyntaxProblem(f"must hold at most {YAML_VALUES_MAX} values", _place(mark))

    def _check_depth(self, depth: int, mark: Any) -> None:
        if depth > DEPTH_MAX:
            raise SyntaxProblem(f"must be nested at most {DEPTH_MAX} deep", _place(mark))

    def _check_tag(self, event: Any, kind: str, mark: Any) -> None:
        if event.tag not in _TAGS[kind]:
            raise SyntaxProblem("tags are not supported", _place(mark), shown(event.tag))

    def _locate(self, steps: Steps, at_key: bool) -> Place:
        data, mark = self.root, self.root_mark
        for n, step in enumerate(steps, 1):
            marks = self.marks.get(id(data), {})
            if isinstance(data, dict) and step not in data:
                # A key that is no text stands in the path as it is shown.
                step = next((key for key in data if shown(key) == step), step)
            if not has(data, step):
                break
            key_mark, value_mark = marks[step]
            mark = key_mark if at_key and n == len(steps) else value_mark
            data = data[step]
        return _place(mark)


def plain_scalar(text: str, mark: Any = None) -> Any:
    """
    Return what an unquoted word means by the core schema of YAML 1.2.
    """
    if text in _WORDS:
        return _WORDS[text]
    match = _NUMBER.fullmatch(text) if text[0] in "+-.0123456789" else None
    if match is None:
        return text
    if len(text) > DIGITS_MAX:
        told = f"a number must have at most {DIGITS_MAX} characters"
        raise SyntaxProblem(told, _place(mark))
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


def _place(mark: Any) -> Place:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
