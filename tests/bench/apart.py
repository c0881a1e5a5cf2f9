"""
What needs a process of its own: memory, a million payments, the start of the program.

As a program it does one measurement by name and prints its figures as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from array import array
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from measuring import Line, peak_bytes, resident_bytes
from rows import ROWS_READING, write_rows
from scenes import bench_scenario
from tables import million_events

PAYMENTS = 1_000_000
AGENTS = 5_000
TICKS = 600
IDLE_TICKS = 1_000
IDLE_WINDOWS = 20


def million_payments() -> dict[str, float]:
    """
    Settle a million given payments, and return seconds and bytes.
    """
    from paysim import GivenTransactions
    from paysim._kernel import Kernel

    random = Random(1)
    sender = array("I", (random.randrange(AGENTS) for _ in range(PAYMENTS)))
    step = array("I", (random.randrange(1, AGENTS) for _ in range(PAYMENTS)))
    receiver = array("I", ((s + d) % AGENTS for s, d in zip(sender, step, strict=True)))
    amount = array("q", (random.randrange(1, 10**6) for _ in range(PAYMENTS)))
    arrival_tick = array("I", (i * TICKS // PAYMENTS for i in range(PAYMENTS)))
    # All at once: without deadlines the other policies would wait for the end of the day.
    changes = {"policies": ["fifo"], "ticks_per_day": TICKS, "num_days": 1}
    names = [agent.id for agent in bench_scenario(AGENTS, rate=0, **changes).agent_configs]
    before = resident_bytes()
    start = perf_counter()
    columns = GivenTransactions.from_columns(names, sender, receiver, amount, arrival_tick)
    scenario = bench_scenario(AGENTS, rate=0, transactions=columns, **changes)
    kernel = Kernel(scenario, 1)
    built = perf_counter()
    kernel.advance(TICKS)
    done = perf_counter()
    grown = peak_bytes() - before
    settled = kernel.summary()["settlements"]["volume"]
    assert settled == PAYMENTS, f"{settled} payments settled"
    return {"building": built - start, "advancing": done - built, "bytes": grown / PAYMENTS}


def million_rows(kind: str) -> dict[str, float]:
    """
    Read a million rows of a file up to a scenario that is ready to run, and return seconds.
    """
    from paysim import Scenario

    with TemporaryDirectory() as folder:
        names = write_rows(Path(folder), PAYMENTS, kind)
        raw = {
            "agent_configs": [{"id": name, "opening_balance": 10**12} for name in names],
            "transactions": {"file": f"payments.{kind}", **ROWS_READING},
        }
        before = resident_bytes()
        start = perf_counter()
        scenario = Scenario.from_dict(raw, folder=folder)
        done = perf_counter()
        grown = peak_bytes() - before
    assert len(scenario.transactions) == PAYMENTS
    assert (scenario.ticks_per_day, scenario.num_days) == (600, 5)
    return {"seconds": done - start, "bytes": grown / PAYMENTS}


def idle_ticks(lane: str) -> dict[str, float]:
    """
    Return by how many bytes a thousand ticks without work let the process grow, in the median.
    """
    from paysim import Simulation

    scenario = bench_scenario(rate=0)
    simulation = Simulation(scenario, lane=lane)  # type: ignore[arg-type]
    # Python takes a page now and then, in whichever window it falls; what grows grows in all.
    held = []
    for window in range(IDLE_WINDOWS + 1):
        simulation.run(until=(window + 1) * IDLE_TICKS)
        held.append(resident_bytes())
    return {"bytes": median(later - before for before, later in pairwise(held))}


def apart_lines(repeats: int = 3) -> list[Line]:
    """
    Measure each in processes of its own; of times and bytes the least counts.
    """
    runs = [_in_process("million") for _ in range(repeats)]
    least = {key: min(run[key] for run in runs) for key in runs[0]}
    seconds, size = least["advancing"], least["bytes"]
    lines = [
        Line("1,000,000 payments, 5,000 agents", f"{seconds:.3f} s", "< 0.5 s", seconds < 0.5),
        Line("  handing them over before", f"{least['building']:.3f} s"),
        Line("  growth to the peak, per payment", f"{size:.0f} bytes", "< 400", size < 400),
    ]
    for kind, asked in (("csv", 1.5), ("parquet", 0.4)):
        runs = [_in_process("rows", kind) for _ in range(repeats)]
        seconds, size = (min(run[key] for run in runs) for key in ("seconds", "bytes"))
        what = f"1,000,000 rows of {kind} to a scenario"
        lines.append(Line(what, f"{seconds:.3f} s", f"< {asked} s", seconds < asked))
        lines.append(Line("  growth to the peak, per row", f"{size:.0f} bytes"))
    runs = [_in_process("events") for _ in range(repeats)]
    least = {key: min(run[key] for run in runs) for key in runs[0]}
    for what, key, asked in (
        ("1,000,000 events to Polars, first access", "polars", 0.05),
        ("  to Parquet", "parquet", 0.5),
        ("  to the log of JSON lines", "lines", 0.5),
    ):
        seconds = least[key]
        lines.append(Line(what, f"{seconds:.3f} s", f"< {asked} s", seconds < asked))
    lines += [
        Line("  to CSV", f"{least['csv']:.3f} s"),
        Line("  memory of the table, per event", f"{least['bytes']:.0f} bytes"),
        Line("1,000,000 transactions to Polars", f"{least['transactions']:.3f} s"),
    ]
    for lane in ("process", "compiled"):
        grown = min(_in_process("idle", lane)["bytes"] for _ in range(repeats))
        ok = grown <= 0
        lines.append(
            Line(f"growth over 1,000 idle ticks, {lane} lane", f"{grown:,.0f} bytes", "0", ok)
        )
    for what, command in (
        ("import paysim", [sys.executable, "-c", "import paysim"]),
        ("paysim --help", [str(Path(sys.executable).parent / "paysim"), "--help"]),
    ):
        took = min(_wall_seconds(command) for _ in range(10)) * 1000
        lines.append(Line(what, f"{took:.0f} ms", "< 150 ms", took < 150))
    loaded = [sys.executable, "-c", "import paysim; paysim.run"]
    took = min(_wall_seconds(loaded) for _ in range(10)) * 1000
    lines.insert(-1, Line("  and all that paysim.run loads", f"{took:.0f} ms"))
    return lines


def _in_process(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _wall_seconds(command: list[str]) -> float:
    start = perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return perf_counter() - start


if __name__ == "__main__":
    measured = {
        "million": million_payments,
        "rows": million_rows,
        "events": million_events,
        "idle": idle_ticks,
    }
    print(json.dumps(measured[sys.argv[1]](*sys.argv[2:])))
