"""
Where the service's log lines go: to structlog if it is configured, else to standard logging.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

import structlog

_plain = structlog.wrap_logger(
    logging.getLogger("paysim.server"),
    processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
    wrapper_class=structlog.BoundLogger,
)


class _Unfailing:
    """
    A logger whose lines are lost where they cannot be written, as on a disk that is full.

    Args:
        logger: The logger.
    """

    def __init__(self, logger: Any) -> None:
        self._logger = logger

    def debug(self, event: str, **told: Any) -> None:
        self._tell("debug", event, told)

    def info(self, event: str, **told: Any) -> None:
        self._tell("info", event, told)

    def warning(self, event: str, **told: Any) -> None:
        self._tell("warning", event, told)

    def error(self, event: str, **told: Any) -> None:
        self._tell("error", event, told)

    def _tell(self, level: str, event: str, told: dict[str, Any]) -> None:
        # Whoever tells of an error has somebody to answer still.
        with suppress(OSError, ValueError):
            getattr(self._logger, level)(event, **told)


def log() -> Any:
    """
    Return the logger of the service, which never fails.

    structlog is configured by `paysim serve` and not here, as the app may be part of another
    program; that program finds the lines under `paysim.server`.
    """
    return _Unfailing(structlog.get_logger() if structlog.is_configured() else _plain)
