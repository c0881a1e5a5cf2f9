"""
Settings of the service: where it keeps its data, and what it takes on.

They come from environment variables, read each time the app starts and never when it is imported.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import attrs

from paysim.errors import Problem, ScenarioError, shown

_PREFIX: Final = "PAYSIM_"


@attrs.frozen
class _Variable:
    """
    How one setting is read.

    Attributes:
        least: The least value.
        most: The greatest value.
        unit: What it counts, with a space before it, or empty.
        is_whole: Whether only whole numbers make sense.
    """

    least: float
    most: float
    unit: str
    is_whole: bool = True

    def read(self, text: str) -> int | float | None:
        """
        Return the value of a text, or `None` if it has none that can be used.
        """
        try:
            value = int(text) if self.is_whole else float(text)
        except ValueError:
            return None
        # Digits of other scripts and underscores are not what people mean to write.
        is_plain = text.isascii() and "_" not in text and math.isfinite(value)
        return value if is_plain and self.least <= value <= self.most else None

    def expected(self) -> str:
        kind = "a whole number" if self.is_whole else "a number"
        return f"must be {kind}{self.unit} from {self.least:,} to {self.most:,}"


def _number(
    default: float, least: float, most: float, unit: str = "", *, is_whole: bool = True
) -> Any:
    variable = _Variable(least, most, f" of {unit}" if unit else "", is_whole)
    return attrs.field(default=default, metadata={"variable": variable})


def default_data_dir(environment: Mapping[str, str]) -> Path:
    """
    Return the directory for the data of this user's programs, with `paysim` in it.
    """
    # The XDG specification: what is empty or relative is as if it were not set.
    given = environment.get("XDG_DATA_HOME", "")
    base = Path(given) if os.path.isabs(given) else Path.home() / ".local" / "share"
    return base / "paysim"


@attrs.frozen
class Settings:
    """
    What the service keeps to.

    Attributes:
        data_dir: Where simulations, keys and temporary files are kept.
        max_body_bytes: Length of a request's body.
        max_body_seconds: Time for a request's body to arrive.
        max_agents: Agents of one simulation.
        max_ticks: Ticks of one call.
        max_simulations: Simulations that there may be.
        max_streams: Streams that may be open.
        max_seconds: Time that one call may calculate.
        max_run_seconds: Time that one run may calculate.
        max_open: Simulations that are kept in memory.
        max_events: Events of one simulation.
        max_open_events: Events of all simulations that are kept in memory.
        max_rows: Rows of a table, and of everything else that is told whole.
    """

    data_dir: Path = attrs.field(factory=lambda: default_data_dir(os.environ), converter=Path)
    max_body_bytes: int = _number(16 * 1024 * 1024, 1024, 1024**3, "bytes")
    max_body_seconds: float = _number(30, 0.1, 86_400, "seconds", is_whole=False)
    max_agents: int = _number(1_000, 2, 1_000_000)
    max_ticks: int = _number(10_000, 1, 1_000_000_000)
    max_simulations: int = _number(1_000, 1, 1_000_000)
    max_streams: int = _number(64, 1, 100_000)
    max_seconds: float = _number(60, 0.01, 86_400, "seconds", is_whole=False)
    max_run_seconds: float = _number(3_600, 0.01, 31_536_000, "seconds", is_whole=False)
    max_open: int = _number(256, 1, 1_000_000)
    max_events: int = _number(20_000_000, 1_000, 2_000_000_000)
    max_open_events: int = _number(50_000_000, 1_000, 100_000_000_000)
    max_rows: int = _number(10_000_000, 1_000, 2_000_000_000)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """
        Read the settings from variables such as `PAYSIM_MAX_AGENTS`.

        A variable that is empty is as if it were not set.

        Args:
            environment: The variables, or `None` for the process's own.

        Raises:
            ScenarioError: With every value that cannot be used, and every variable whose name
                begins like these and is none of them.
        """
        environment = os.environ if environment is None else environment
        values: dict[str, Any] = {"data_dir": default_data_dir(environment)}
        problems = _unknown(environment)
        for field in attrs.fields(cls):
            name = variable_of(field.name)
            text = environment.get(name, "").strip()
            if not text:
                continue
            if field.name == "data_dir":
                values["data_dir"] = Path(text).expanduser().absolute()
                continue
            variable: _Variable = field.metadata["variable"]
            value = variable.read(text)
            if value is None:
                problems.append(Problem("", name, variable.expected(), shown(text)))
            else:
                values[field.name] = value
        if problems:
            raise ScenarioError(problems)
        return cls(**values)


def variable_of(setting: str) -> str:
    """
    Return the name of the environment variable of a setting.
    """
    return _PREFIX + setting.upper()


def _unknown(environment: Mapping[str, str]) -> list[Problem]:
    """
    Return what is wrong with names, as a limit that is misspelt would be one that is not there.
    """
    known = [variable_of(field.name) for field in attrs.fields(Settings)]
    problems = []
    for name in sorted(environment):
        if name.startswith(variable_of("max_")) and name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
            problems.append(Problem("", name, "is not a variable of the service", "", hint))
    return problems
