"""
Tables and the event log of a run of a million events, each to where it is read.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from measuring import resident_bytes
from scenes import bench_scenario

EVENTS = 1_000_000
AGENTS = 10
# Each agent sends half a payment per tick, which arrives, is released and settles.
TICKS = EVENTS // (AGENTS * 3 // 2) + 100


def million_events() -> dict[str, float]:
    """
    Take a million events to Polars, Parquet and JSON lines, and return seconds and bytes.

    The first is the first access: it makes the table.
    """
    import polars

    import paysim

    scenario = bench_scenario(AGENTS, policies=["fifo"], ticks_per_day=TICKS, num_days=1)
    results = paysim.run(scenario)
    before = resident_bytes()
    start = perf_counter()
    events = polars.DataFrame(results.events)
    polars_seconds = perf_counter() - start
    grown = resident_bytes() - before
    assert len(events) >= EVENTS, f"{len(events)} events"
    figures = {"polars": polars_seconds, "bytes": grown / len(events)}
    with TemporaryDirectory() as folder:
        for name, write in {
            "parquet": results.events.write_parquet,
            "lines": results.write_events,
            "csv": results.events.write_csv,
        }.items():
            start = perf_counter()
            write(Path(folder) / name)
            figures[name] = perf_counter() - start
    start = perf_counter()
    transactions = polars.DataFrame(results.transactions)
    figures["transactions"] = (perf_counter() - start) / len(transactions) * 1_000_000
    return figures
