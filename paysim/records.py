"""
How the classes of a scenario are read from dicts, checked, and written back.

One small walker over the attrs fields does all three, instead of a conversion library: it finds
every error at once, names each by its path in the caller's own spelling, and checks an object made
in Python by the same statements as one read from a file.
"""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable, Iterable
from typing import Any, Final

import attrs

from paysim.errors import PROBLEMS_MAX, Problems, ScenarioError, TooManyProblems, shown
from paysim.fields import (
    IN_QUOTES,
    Kind,
    Steps,
    did_you_mean,
    key_hint,
    one_of,
)


class _Missing:
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final[Any] = _Missing()
"""
Stands for a value that is absent, or that could not be read and has been reported.

Whatever is asked of it is missing as well.
"""

_MISSPELT_AMONG: Final = 10
"""Unknown keys among which a misspelt one is looked for."""

Note = Callable[..., None]
"""Notes a problem: `note((step, ...), expected, found, hint)`, the first step a field's name."""


class Checked:
    """
    Base of the attrs classes of a scenario: an object that exists is valid.

    Raises:
        ScenarioError: On construction, with everything that is wrong.
    """

    __slots__ = ()

    def __attrs_post_init__(self) -> None:
        problems = Problems()
        try:
            for field in layout(type(self)).values():
                field.kind.check(getattr(self, field.name), (field.name,), problems)
            if problems.count:
                values = {f.name: getattr(self, f.name) for f in layout(type(self)).values()}
                problems = Problems()
                check_values(type(self), values, (), {}, problems)
            else:
                self.check_together(problems.add)
        except TooManyProblems:
            pass
        if problems.count:
            raise problems.error()

    def check_together(self, note: Note) -> None:
        """
        Note what is wrong between fields that are each fine.

        It is also called with a `Partial` for `self`, whose invalid fields are MISSING.
        """


class Partial:
    """
    What could be read of a record that has problems: a field that has one is MISSING.
    """

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        return self._values.get(name, MISSING)


def is_known(*values: Any) -> bool:
    """
    Whether all of these could be read.
    """
    return not any(value is MISSING or isinstance(value, Partial) for value in values)


@attrs.frozen
class Field:
    """
    One field of a record: its name, kind and default, and the other spelling of its key, if any.
    """

    name: str
    kind: Kind
    default: Any
    synonym: str | None
    convert: Callable[[Any], Any] | None

    @property
    def is_required(self) -> bool:
        """
        Whether the key must be given.
        """
        return self.default is MISSING


def synonym(key: str) -> dict[str, str]:
    """
    Return the metadata of an attrs field that has a second spelling in files and dicts.
    """
    return {"synonym": key}


def layout(cls: type[Any]) -> dict[str, Field]:
    """
    Return the fields of a record class that have a kind, by name.
    """
    fields = _layouts.get(cls)
    if fields is None:
        fields = _layouts[cls] = {field.name: field for field in _fields_of(cls)}
    return fields


_layouts: dict[type[Any], dict[str, Field]] = {}


def _fields_of(cls: type[Any]) -> Iterable[Field]:
    hints = typing.get_type_hints(cls, include_extras=True)
    for a in attrs.fields(cls):
        for kind in getattr(hints[a.name], "__metadata__", ()):
            if isinstance(kind, Kind):
                default = MISSING if a.default is attrs.NOTHING else a.default
                convert = typing.cast("Callable[[Any], Any] | None", a.converter)
                yield Field(a.name, kind, default, a.metadata.get("synonym"), convert)


def check_values(
    cls: type[Any],
    values: dict[str, Any],
    steps: Steps,
    spelling: dict[str, str],
    problems: Problems,
) -> Partial:
    """
    Check field by field what a record would be made of, then the fields together.

    Args:
        cls: The class of the record.
        values: Its values by field; those that are MISSING have been reported.
        steps: The path to the record.
        spelling: Keys as the caller wrote them, where they differ from the field's name.
        problems: Where problems are noted.
    """
    good = {}
    for field in layout(cls).values():
        value = values[field.name]
        if value is MISSING:
            continue
        if field.convert is not None:
            value = field.convert(value)
        before = problems.count
        here = (*steps, spelling.get(field.name, field.name))
        field.kind.check(value, here, problems)
        if problems.count == before:
            good[field.name] = value
    partial = Partial(good)

    def note(path: Steps, *args: Any) -> None:
        first, *rest = path
        problems.add((*steps, spelling.get(str(first), first), *rest), *args)

    cls.check_together(partial, note)
    return partial


def _look_through(kind: Kind, raw: Any, steps: Steps, problems: Problems) -> None:
    """
    Note all that is wrong with a value that is not used.
    """
    before = problems.count
    value = kind.read(raw, steps, problems)
    if problems.count == before:
        kind.check(value, steps, problems)


@attrs.frozen(eq=False)
class Record(Kind):
    """
    An object of one class; a mapping with the names of its fields in files and dicts.
    """

    cls: type[Any]
    help: str = ""

    def read(self, raw: Any, steps: Steps, problems: Problems) -> Any:
        if not isinstance(raw, dict):
            problems.add(steps, "must be a mapping", shown(raw))
            return MISSING
        return self.read_keys(raw, steps, problems)

    def read_keys(
        self, raw: dict[Any, Any], steps: Steps, problems: Problems, aside: Iterable[str] = ()
    ) -> Any:
        """
        Return the object, or a Partial if anything in it is wrong.

        Args:
            raw: The mapping.
            steps: The path to it.
            problems: Where problems are noted.
            aside: Keys that are not for this record.
        """
        before = problems.count
        fields = layout(self.cls)
        given, spelling, unknown = self._sort_keys(raw, steps, problems, aside)
        values: dict[str, Any] = {}
        for field in fields.values():
            name = field.name
            here = (*steps, spelling.get(name, name))
            if isinstance(field.kind, OneOf) and field.kind.spread:
                parameters = field.kind.parameters
                inline = {key: unknown.pop(key) for key in list(unknown) if key in parameters}
                policy = given.get(name, field.default)
                values[name] = field.kind.read_spread(policy, inline, steps, here, problems)
            elif name in given:
                values[name] = field.kind.read(given[name], here, problems)
            elif field.is_required:
                problems.add(here, "is missing")
                values[name] = MISSING
                # What would not be told any more is not looked for.
                is_told = problems.count <= PROBLEMS_MAX
                misspelt = self._misspelt(name, unknown) if is_told else None
                if misspelt is not None:
                    # What is wrong in there is told as well, so that all can be mended at once.
                    _look_through(field.kind, unknown[misspelt], (*steps, misspelt), problems)
            else:
                values[name] = field.default
        keys = self.keys() if unknown else []
        for key in unknown:
            hint = functools.partial(key_hint, key, keys)
            problems.add((*steps, key), "unknown key", "", hint, at_key=True)
        if problems.count == before:
            try:
                return self.cls(**values)
            except ScenarioError:
                # The check below finds the same, and tells it with the path from the outermost.
                pass
        return check_values(self.cls, values, steps, spelling, problems)

    def _misspelt(self, name: str, unknown: dict[Any, Any]) -> str | None:
        """
        Return the unknown key that stands for a field that is missing, if there is one.
        """
        if not 0 < len(unknown) <= _MISSPELT_AMONG:
            return None
        meant, keys = f"did you mean {name}?", self.keys()
        return next((key for key in unknown if did_you_mean(key, keys) == meant), None)

    def keys(self) -> list[str]:
        """
        Return all keys that the mapping may have.
        """
        keys = []
        for field in layout(self.cls).values():
            keys += [field.name, field.synonym] if field.synonym else [field.name]
            if isinstance(field.kind, OneOf) and field.kind.spread:
                keys += field.kind.parameters
        return keys

    def _sort_keys(
        self, raw: dict[Any, Any], steps: Steps, problems: Problems, aside: Iterable[str]
    ) -> tuple[dict[str, Any], dict[str, str], dict[str, Any]]:
        fields = layout(self.cls)
        by_synonym = {f.synonym: f.name for f in fields.values() if f.synonym}
        given: dict[str, Any] = {}
        spelling: dict[str, str] = {}
        unknown: dict[str, Any] = {}
        for key, value in raw.items():
            if type(key) is not str:
                path = (*steps, shown(key))
                problems.add(path, "key must be text", shown(key), IN_QUOTES, at_key=True)
            elif key in aside:
                continue
            elif key in fields or key in by_synonym:
                name = by_synonym.get(key, key)
                if name in given:
                    both = f"{name} and {fields[name].synonym} are one key, and both are given"
                    problems.add((*steps, key), both, at_key=True)
                elif key != name:
                    spelling[name] = key
                given.setdefault(name, value)
            else:
                unknown[key] = value
        return given, spelling, unknown

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        if not isinstance(value, (self.cls, Partial)):
            problems.add(steps, f"must be {self.cls.__name__}", shown(value))

    def write(self, value: Any) -> Any:
        raw = {}
        for field in layout(self.cls).values():
            item = getattr(value, field.name)
            if item is not None or field.is_required:
                raw[field.name] = field.kind.write(item)
        return raw


@attrs.frozen(eq=False)
class Listed(Kind):
    """
    A tuple of items of one kind; a list in files and dicts.
    """

    item: Kind
    help: str = ""
    least: int = 0
    most: int | None = None
    noun: str = "items"

    def read(self, raw: Any, steps: Steps, problems: Problems) -> Any:
        if raw is MISSING:
            # What was to be read from a file, and has been reported.
            return MISSING
        if not isinstance(raw, (list, tuple)):
            problems.add(steps, f"must be a list of {self.noun}", shown(raw))
            return MISSING
        if self._is_too_long(raw, steps, problems):
            # What it holds is not looked at: that could take as long as the list is.
            return MISSING
        read = self.item.read
        return tuple(read(item, (*steps, i), problems) for i, item in enumerate(raw))

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        if not isinstance(value, tuple):
            problems.add(steps, f"must be a tuple of {self.noun}", shown(value))
            return
        if len(value) < self.least:
            text = f"must hold at least {self.least} {self.noun}"
            problems.add(steps, text, str(len(value)))
        if self._is_too_long(value, steps, problems):
            return
        check = self.item.check
        for i, item in enumerate(value):
            if item is not MISSING:
                check(item, (*steps, i), problems)

    def write(self, value: Any) -> Any:
        return [self.item.write(item) for item in value]

    def _is_too_long(self, value: Any, steps: Steps, problems: Problems) -> bool:
        is_too_long = self.most is not None and len(value) > self.most
        if is_too_long:
            text = f"must hold at most {self.most} {self.noun}" if self.most else "must be empty"
            problems.add(steps, text, str(len(value)))
        return is_too_long


@attrs.frozen(eq=False)
class Optional(Kind):
    """
    None, or a value of another kind.
    """

    kind: Kind

    def read(self, raw: Any, steps: Steps, problems: Problems) -> Any:
        return None if raw is None else self.kind.read(raw, steps, problems)

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        if value is not None:
            self.kind.check(value, steps, problems)

    def write(self, value: Any) -> Any:
        return None if value is None else self.kind.write(value)


@attrs.frozen(eq=False)
class Either(Kind):
    """
    A single value, or a record that stands in its place.
    """

    single: Kind
    record: Record

    def read(self, raw: Any, steps: Steps, problems: Problems) -> Any:
        kind = self.record if isinstance(raw, dict) else self.single
        return kind.read(raw, steps, problems)

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        if not isinstance(value, (self.record.cls, Partial)):
            self.single.check(value, steps, problems)

    def write(self, value: Any) -> Any:
        kind = self.record if isinstance(value, self.record.cls) else self.single
        return kind.write(value)


@attrs.frozen(eq=False)
class OneOf(Kind):
    """
    An object of one of several classes, told apart by the key `type` in files and dicts.

    Each class has its type as `name`. Letter case is ignored.
    With `spread`, a name alone will do, and its parameters may stand beside it.
    """

    classes: tuple[type[Any], ...]
    help: str = ""
    spread: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """
        The types that there are.
        """
        return tuple(cls.name for cls in self.classes)

    @property
    def parameters(self) -> dict[str, Kind]:
        """
        All parameters of all classes.
        """
        return {f.name: f.kind for cls in self.classes for f in layout(cls).values()}

    def read(self, raw: Any, steps: Steps, problems: Problems) -> Any:
        if not isinstance(raw, dict):
            either = "a name or " if self.spread else ""
            text = f"must be {either}a mapping with a type: {one_of(self.names)}"
            problems.add(steps, text, shown(raw))
            return MISSING
        if "type" not in raw:
            problems.add((*steps, "type"), f"is missing, must be {one_of(self.names)}")
            return MISSING
        cls = self._find(raw["type"], (*steps, "type"), problems)
        if cls is None:
            return MISSING
        return Record(cls).read_keys(raw, steps, problems, aside=("type",))

    def read_spread(
        self, raw: Any, inline: dict[str, Any], outer: Steps, steps: Steps, problems: Problems
    ) -> Any:
        """
        Read a name or a mapping at `steps`, with parameters beside it in the mapping at `outer`.
        """
        if type(raw) is str:
            cls = self._find(raw, steps, problems)
            if cls is None:
                return MISSING
            own = {key: value for key, value in inline.items() if key in layout(cls)}
            for key in [key for key in inline if key not in own]:
                self._refuse(key, f"{cls.name} has no such parameter", outer, problems)
            return Record(cls).read_keys(own, outer, problems)
        if isinstance(raw, self.classes):
            # The default: nothing was given, so nothing says whose parameters these are.
            for key in inline:
                self._refuse(key, f"{raw.name} has no such parameter", outer, problems)
            return raw
        for key in inline:
            text = f"must stand inside {steps[-1]}, which is a mapping"
            problems.add((*outer, key), text, at_key=True)
        return self.read(raw, steps, problems)

    def _refuse(self, key: str, text: str, outer: Steps, problems: Problems) -> None:
        owners = [cls.name for cls in self.classes if key in layout(cls)]
        problems.add((*outer, key), text, "", f"{one_of(owners)} has", at_key=True)

    def _find(self, name: Any, steps: Steps, problems: Problems) -> type[Any] | None:
        for cls in self.classes:
            if type(name) is str and name.lower() == cls.name:
                return cls
        text = f"must be {one_of(self.names)}"
        hint = functools.partial(did_you_mean, name, self.names)
        problems.add(steps, text, shown(name), hint)
        return None

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        if not isinstance(value, (*self.classes, Partial)):
            names = one_of([f"{cls.__name__}(...)" for cls in self.classes])
            problems.add(steps, f"must be {names}", shown(value))

    def write(self, value: Any) -> Any:
        return {"type": value.name} | Record(type(value)).write(value)


def given_keys(cls: type[Any], raw: Any, prefix: str = "") -> Iterable[str]:
    """
    Yield the dotted names of the fields that a mapping gives, nested records included.
    """
    for field in layout(cls).values():
        for key in (field.name, field.synonym):
            if key in raw:
                yield prefix + field.name
                kind = field.kind.record if isinstance(field.kind, Either) else field.kind
                if isinstance(kind, Record) and isinstance(raw[key], dict):
                    yield from given_keys(kind.cls, raw[key], f"{prefix}{field.name}.")
