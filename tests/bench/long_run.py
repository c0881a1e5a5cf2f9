"""
A run of 100,000 ticks over HTTP: its speed, its stream, and the memory of the server.

What a run takes beyond its event log is told by the same run in the library, in a process of its
own: what that one grows by is the log, as nothing else of it grows with the number of ticks.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.append(str(Path(__file__).parent.parent / "server"))

import attrs
from client import Client
from measuring import Line, peak_bytes, resident_bytes
from scenes import bench_dict, bench_scenario
from serving import Serving

TICKS = 100_000
BEYOND_MEGABYTES = 50

_BATCH = re.compile(rb'\{"after":\s*(\d+),\s*"last":\s*(\d+)')


@attrs.frozen
class LongRun:
    """
    What one run came to.

    Attributes:
        id: The simulation.
        seconds: From asking for the run to its end, or to the end of its stream.
        events: In its log.
        grown: From before the run to the most that the server held, in bytes.
        batches: Of the stream.
        received: Events in them.
        health: Latencies of `/health` meanwhile in seconds, from the shortest to the longest.
    """

    id: str
    seconds: float
    events: int
    grown: int
    batches: int
    received: int
    health: list[float]


def created(client: Client) -> str:
    """
    Create a simulation of ten agents and return its id.
    """
    answer = client.post("", bench_dict(10))
    assert answer.status == 201, answer
    id: str = answer.json()["simulation_id"]
    return id


def long_run(server: Serving, streams: bool) -> LongRun:
    """
    Run a simulation to its 100,000th tick while one client reads its stream, or asks for health.
    """
    with server.client() as client, server.client() as other, ThreadPoolExecutor(1) as pool:
        # What the first of its kind loads is not part of the run.
        warm = created(client)
        client.post(f"{warm}/run", {"until_tick": 100})
        read(other, warm)
        id = created(client)
        before = server.memory()
        Path(f"/proc/{server.pid}/clear_refs").write_text("5")  # VmHWM counts from here
        start = perf_counter()
        assert client.post(f"{id}/run", {"until_tick": TICKS}).status == 202
        if streams:
            batches, received = pool.submit(read, other, id).result()
            health = []
        else:
            batches = received = 0
            health = list(health_until_done(client, id))
        seconds = perf_counter() - start
        grown = server.memory("VmHWM") - before
        events = client.get(id).json()["events"]
    return LongRun(id, seconds, events, grown, batches, received, sorted(health))


def read(client: Client, id: str) -> tuple[int, int]:
    """
    Read a stream to the end of its run, and return how many batches and events it had.

    Raises:
        AssertionError: A batch does not begin where the one before ended.
    """
    batches = received = 0
    total = None
    with Client(client.port) as asking:
        for message in client.stream(f"{id}/events"):
            if message.event == "batch":
                found = _BATCH.match(message.data)
                assert found is not None, message.data[:100]
                after, last = int(found[1]), int(found[2])
                assert after == received, (after, received)
                assert message.data.count(b'"event":') == last - after
                assert message.id == f"{last}.0"
                batches, received = batches + 1, last
            elif message.event == "run" and message.json()["status"] != "running":
                total = asking.get(id).json()["events"]
            if received == total:
                break
    return batches, received


def health_until_done(client: Client, id: str) -> Iterator[float]:
    """
    Yield how long each `/health` took while the run was under way.
    """
    while client.get(f"{id}/run").json()["status"] == "running":
        start = perf_counter()
        client.get("/health")
        yield perf_counter() - start


def in_library() -> dict[str, float]:
    """
    Run the same in this process, and return ticks per second and bytes grown.
    """
    from paysim._kernel import Kernel

    scenario = bench_scenario(10)
    kernel = Kernel(scenario, 1)
    kernel.advance(1)
    before = resident_bytes()
    start = perf_counter()
    kernel.advance(TICKS - 1)
    took = perf_counter() - start
    return {"per_second": TICKS / took, "grown": peak_bytes() - before}


def long_run_lines(folder: Path) -> list[Line]:
    """
    Measure the run in the library, over HTTP, with its stream, and its load after a restart.
    """
    done = subprocess.run([sys.executable, __file__], stdout=subprocess.PIPE, check=True)
    library: dict[str, Any] = json.loads(done.stdout)
    with Serving(folder / "plain") as server:
        plain = long_run(server, streams=False)
    with Serving(folder / "streamed") as server:
        streamed = long_run(server, streams=True)
        server.stop()
        server.start()
        with server.client() as client:
            client.get("/health")
            start = perf_counter()
            current = client.get(f"{streamed.id}/state?transactions=none").json()["current_tick"]
            cold = perf_counter() - start
            assert current == TICKS
    stored = sum(path.stat().st_size for path in (folder / "streamed").rglob("*"))
    log = library["grown"]
    beyond = streamed.grown - log
    p50, p99 = (plain.health[int(len(plain.health) * share)] * 1000 for share in (0.5, 0.99))
    return [
        Line(f"{TICKS:,} ticks in the library", f"{library['per_second']:,.0f} ticks/s"),
        Line("  growth of the process: the event log", megabytes(log)),
        Line("    per event", f"{log / streamed.events:.0f} bytes"),
        Line(f"a run of {TICKS:,} ticks", f"{TICKS / plain.seconds:,.0f} ticks/s"),
        Line("  growth to the peak, beyond the log", megabytes(plain.grown - log)),
        Line("  /health meanwhile", f"{len(plain.health):,} replies"),
        Line("    p50", f"{p50:.2f} ms"),
        Line("    p99", f"{p99:.2f} ms"),
        Line("the same, streamed to the end", f"{TICKS / streamed.seconds:,.0f} ticks/s"),
        Line(
            f"  events received, in {streamed.batches:,} batches",
            f"{streamed.received:,}",
            f"{streamed.events:,}",
            streamed.received == streamed.events,
        ),
        Line(
            "  growth to the peak, beyond the log",
            megabytes(beyond),
            f"<= {BEYOND_MEGABYTES} MB",
            beyond <= BEYOND_MEGABYTES * 1_000_000,
        ),
        Line("its load after a restart", f"{cold * 1000:.0f} ms"),
        Line("its data directory", megabytes(stored)),
    ]


def megabytes(size: float) -> str:
    """
    Return a number of bytes in megabytes.
    """
    return f"{size / 1_000_000:.1f} MB"


if __name__ == "__main__":
    print(json.dumps(in_library()))
