"""
Operational log lines: structlog, JSON, one line per day or batch.

This is the only place that configures structlog, and only the command line calls it.
The library itself logs where structlog has been configured by whoever embeds it.
Figures come from the event log, never from these lines.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from contextlib import suppress
from typing import Any, TextIO

import structlog

from paysim.operation_log import tell_broken_off


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


def configure_logging(streams: Sequence[TextIO]) -> Callable[[BaseException], None]:
    """
    Send log lines, as JSON with a UTC time, to all of these streams.

    Returns:
        What tells of an error or interruption that has ended the program's work, unless the run
        that it broke off has told of it.
    """
    has_told = False

    def note(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        nonlocal has_told
        has_told |= line["event"] in ("run failed", "run interrupted")
        return line

    def tell(error: BaseException) -> None:
        # The error is under way, and a log that cannot be written must not take its place.
        with suppress(Exception):
            if not has_told:
                tell_broken_off(structlog.get_logger(), error)

    structlog.configure(
        processors=[
            note,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=_Tee(streams)),  # type: ignore[arg-type]
    )
    return tell
