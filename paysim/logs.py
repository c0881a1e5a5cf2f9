"""
Operational log lines: structlog, JSON, one line per day or batch.

This is the only place that configures structlog, and only the command line calls it.
The library itself logs where structlog has been configured by whoever embeds it.
Figures come from the event log, never from these lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

import structlog


class _Tee:
    """
    A text stream that writes to several.
    """

    def __init__(self, streams: Sequence[TextIO]) -> None:
        self._streams = streams

    def write(self, text: str) -> int:
        for stream in self._streams:
            stream.write(text)
        return len(text)

    def flush(self) -> None:
        for stream in self._streams:
            stream.flush()


def configure_logging(streams: Sequence[TextIO]) -> None:
    """
    Send log lines, as JSON with a UTC time, to all of these streams.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=_Tee(streams)),  # type: ignore[arg-type]
    )
