"""
Parameters of requests: what each may be, checked as strictly as a scenario, and told to readers.

One that nobody knows is an error, as `?cuont=5` must not run a single tick without a word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

import attrs

from paysim.errors import shown
from paysim.fields import did_you_mean, one_of, out_of_range
from paysim.server.problems import error_of, invalid

if TYPE_CHECKING:
    from paysim.server.settings import Settings

PARAMETERS_MAX: Final = 1_100
"""Parameters of one request, repeated ones counted again."""

_WHOLE = re.compile(r"-?[0-9]{1,30}", re.ASCII)
# Controls, and halves of characters, which no UTF-8 has.
_UNPRINTABLE = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")

Schema = dict[str, Any]
Error = dict[str, Any]


@attrs.frozen(kw_only=True)
class Parameter:
    """
    A parameter of the query, or a header. The base is text of bounded length.

    Attributes:
        name: Its name.
        text: What it means.
        default: What it is where it is absent.
        example: A value that it may have.
        most: Characters that it may have.
        is_list: Whether it may be repeated.
        items_most: How often, if it may.
        tells_default: Whether readers are told the default.
        is_required: Whether it must be given, in a query.
    """

    name: str
    text: str
    default: Any = None
    example: Any = None
    most: int = 128
    is_list: bool = False
    items_most: int = 1_000
    tells_default: bool = True
    is_required: bool = False

    def read(self, text: str, path: str) -> Any:
        """
        Return the value of a text.

        Raises:
            _Wrong: It has none.
        """
        check_text(text, self.most, path)
        return text

    def schema(self) -> Schema:
        """
        Return the JSON Schema of a value.
        """
        return text_schema(self.most)

    def default_text(self) -> Any:
        """
        Return the default as one would write it.
        """
        return self.default

    def limited(self, settings: Settings) -> Parameter:
        """
        Return the parameter with the bounds that the settings give it.
        """
        return self


@attrs.frozen(kw_only=True)
class Whole(Parameter):
    """
    A whole number within bounds, both included.

    Attributes:
        setting: The setting that is the upper bound, if one is; the route keeps to it.
    """

    least: int
    greatest: int
    setting: str = ""

    def limited(self, settings: Settings) -> Whole:
        if not self.setting:
            return self
        return attrs.evolve(self, greatest=getattr(settings, self.setting))

    def read(self, text: str, path: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise _Wrong(error_of(path, "must be int", shown(text)))
        value = int(text)
        if not self.least <= value <= self.greatest:
            expected = out_of_range(value, self.least, self.greatest)
            raise _Wrong(error_of(path, expected, shown(value)))
        return value

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.least, "maximum": self.greatest}


@attrs.frozen(kw_only=True)
class OneOf(Parameter):
    """
    One of a few words.

    Attributes:
        options: What each word stands for.
    """

    options: Mapping[str, Any]

    def read(self, text: str, path: str) -> Any:
        if text not in self.options:
            hint = did_you_mean(text, self.options)
            raise _Wrong(error_of(path, f"must be {one_of(self.options)}", shown(text), hint))
        return self.options[text]

    def schema(self) -> Schema:
        return {"type": "string", "enum": list(self.options)}

    def default_text(self) -> Any:
        return next(word for word, value in self.options.items() if value == self.default)


@attrs.frozen(kw_only=True)
class Matching(Parameter):
    """
    A text of a certain form.

    Attributes:
        pattern: The form, as Python and JavaScript read it.
        expected: The form in words.
    """

    pattern: str
    expected: str

    def read(self, text: str, path: str) -> str:
        if not re.fullmatch(self.pattern, text):
            raise _Wrong(error_of(path, self.expected, shown(text)))
        return text

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^{self.pattern}$"}


class _Wrong(Exception):
    def __init__(self, error: Error) -> None:
        super().__init__(error["message"])
        self.error = error


def check_text(text: str, most: int, path: str) -> None:
    """
    Make sure that a text can be kept and shown.
    """
    found = ""
    if not 1 <= len(text) <= most:
        expected = f"must be 1 to {most} characters"
        found = f"{len(text)} characters" if text else "empty text"
    elif _UNPRINTABLE.search(text):
        expected, found = "must hold printable characters only", shown(text)
    if found:
        raise _Wrong(error_of(path, expected, found))


def text_schema(most: int) -> Schema:
    """
    Return the JSON Schema of a text that can be kept and shown.
    """
    pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
    return {"type": "string", "minLength": 1, "maxLength": most, "pattern": pattern}


def read_query(query: bytes, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """
    Return the value of each parameter of a query by its name.

    Args:
        query: The query as it came in.
        parameters: All that there are.

    Raises:
        Problem: 400 with everything that is wrong.
    """
    values = {parameter.name: parameter.default for parameter in parameters}
    required = [parameter.name for parameter in parameters if parameter.is_required]
    if not query and not required:
        return values
    known = {parameter.name: parameter for parameter in parameters}
    errors: list[Error] = []
    given: dict[str, list[Any]] = {}
    for name, text in _pairs(query):
        path = f"query.{name}"
        parameter = known.get(name)
        if parameter is None:
            errors.append(_unknown(name, known))
        elif name in given and not parameter.is_list:
            errors.append(error_of(path, "is given twice"))
        else:
            seen = given.setdefault(name, [])
            path += f"[{len(seen)}]" if parameter.is_list else ""
            try:
                seen.append(parameter.read(text, path))
            except _Wrong as wrong:
                seen.append(None)
                errors.append(wrong.error)
    errors += [error_of(f"query.{name}", "is missing") for name in required if name not in given]
    if errors:
        raise invalid(errors[:100], omitted=max(len(errors) - 100, 0))
    for name, seen in given.items():
        values[name] = tuple(seen) if known[name].is_list else seen[0]
    return values


def read_header(text: str | None, parameter: Parameter) -> Any:
    """
    Return the value of a header.

    Raises:
        Problem: 400, it is not what it may be.
    """
    if text is None:
        return parameter.default
    try:
        return parameter.read(text, f"headers.{parameter.name}")
    except _Wrong as wrong:
        raise invalid([wrong.error]) from None


def _pairs(query: bytes) -> list[tuple[str, str]]:
    try:
        text = query.decode("ascii")
        return parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=PARAMETERS_MAX
        )
    except UnicodeError:
        raise invalid([error_of("query", "must be percent-encoded UTF-8")]) from None
    except ValueError:
        expected = f"must have at most {PARAMETERS_MAX} parameters"
        raise invalid([error_of("query", expected)]) from None


def _unknown(name: str, known: Mapping[str, Parameter]) -> Error:
    hint = did_you_mean(name, known)
    if not hint:
        hint = f"there are {', '.join(known)}" if known else "there are none"
    shown_name = name if len(name) <= 60 and name.isprintable() else shown(name)
    return error_of(f"query.{shown_name}", "unknown parameter", "", hint)
