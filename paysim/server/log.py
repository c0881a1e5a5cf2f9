"""
Where the service's log lines go: to structlog if it is configured, else to standard logging.
"""

from __future__ import annotations

import logging
from typing import Any

import structlog

_plain = structlog.wrap_logger(
    logging.getLogger("paysim.server"),
    processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
    wrapper_class=structlog.BoundLogger,
)


def log() -> Any:
    """
    Return the logger of the service.

    structlog is configured by `paysim serve` and not here, as the app may be part of another
    program; that program finds the lines under `paysim.server`.
    """
    return structlog.get_logger() if structlog.is_configured() else _plain
