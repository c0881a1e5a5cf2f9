"""
Log lines for whoever operates the program: what happens to a run, and the figures of each day.

There is one line per fact, at most a few per day and never one per event, the same in both lanes.
Keys have the names of the columns and of the keys of the event log. `docs/reference/log_lines.md`
describes them all; figures for analysis come from results, not from here.
"""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from paysim._kernel import Kernel

MECHANISMS: Final = ("bilateral_offsetting", "cycles", "gridlock_resolution")


class OperationLog:
    """
    Tells a structlog logger of one run.

    Args:
        log: The logger.
        kernel: The kernel that runs.
        ticks_per_day: Length of a day.
        facts: What else the first line tells.
    """

    def __init__(self, log: Any, kernel: Kernel, ticks_per_day: int, **facts: Any) -> None:
        self._log = log
        self._kernel = kernel
        self._ticks_per_day = ticks_per_day
        self._start = perf_counter()
        self._is_finished = False
        # The cost of all days before this one.
        self._cost = Decimal(0)
        if kernel.tick:
            days = kernel.days().column("cost")[: kernel.tick // ticks_per_day]
            self._cost = sum(map(Decimal, days), Decimal(0))
            log.info("run resumed", tick=kernel.tick, **facts)
        else:
            log.info("run started", **facts)

    def settled(self, next_tick: int) -> None:
        """
        Tell of the day that has closed, if a tick was the last of one.
        """
        day, into = divmod(next_tick, self._ticks_per_day)
        if into == 0:
            self._day_closed({"day": day - 1, "tick": next_tick - 1})

    def finished(self) -> None:
        """
        Tell, once, that the run has come to the end of its last day.
        """
        if self._is_finished:
            return
        self._is_finished = True
        totals = self._kernel.summary()
        self._log.info(
            "run finished",
            ticks=totals["ticks"],
            events=totals["events"],
            **_flow("arrived", totals["arrivals"]),
            **_flow("settled", totals["settlements"]),
            **_flow("unsettled", totals["unsettled"]),
            cost=totals["total_cost"],
            seconds=round(perf_counter() - self._start, 3),
        )

    def broken_off(self, error: BaseException) -> None:
        """
        Tell of the error or interruption that has stopped the run.
        """
        tick = self._kernel.tick
        place = {"tick": tick, "day": tick // self._ticks_per_day}
        # The error is under way, and a log that cannot be written must not take its place.
        with suppress(Exception):
            tell_broken_off(self._log, error, **place)

    def _day_closed(self, place: dict[str, int]) -> None:
        figures = self._kernel.day_figures(place["day"])
        cost = Decimal(figures["cost_so_far"])
        central = figures["central_queue"]
        unsettled = {key: central[key] + figures["internal_queue"][key] for key in central}
        self._log.info(
            "day closed",
            **place,
            **_flow("arrived", figures["arrived"]),
            **_flow("settled", figures["settled"]),
            **_flow("unsettled", unsettled),
            **_flow("central_queue", central),
            cost=_plain(cost - self._cost),
        )
        self._cost = cost
        if figures["gridlock_ticks"]:
            by = {k: v for name in MECHANISMS for k, v in _flow(name, figures[name]).items()}
            self._log.info("gridlock resolved", **place, **_ticks("gridlock", figures), **by)
        if figures["standing"]["volume"]:
            self._log.warning("gridlock found", **place, **_flow("gridlock", figures["standing"]))
        if figures["ring_limit_ticks"]:
            found = _ticks("ring_limit", figures)
            self._log.warning("ring limit reached", **place, **found, rings=figures["rings"])


def tell_broken_off(log: Any, error: BaseException, **place: int) -> None:
    """
    Tell a structlog logger of an error or interruption that has ended a run.
    """
    if isinstance(error, Exception):
        told = {"error": type(error).__name__, "message": str(error)}
        log.error("run failed", **place, **told)
    else:
        log.warning("run interrupted", **place)


def _flow(name: str, flow: dict[str, int]) -> dict[str, int]:
    return {f"{name}_volume": flow["volume"], f"{name}_value": flow["value"]}


def _ticks(name: str, figures: dict[str, Any]) -> dict[str, int]:
    return {"ticks": figures[f"{name}_ticks"], "first_tick": figures[f"{name}_first_tick"]}


def _plain(cost: Decimal) -> str:
    text = f"{cost:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
