"""
Measure the service as it is installed, and print one table beside what is asked for.

Run it on an idle machine, by `make bench-server`: server, disk and client share the machine.
Speeds of requests are those of the best of a few rounds, in which what is measured takes turns, so
that a slow spell of the machine does not meet one of them alone.
The exit code is 1 if something that is asked for is not met.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

sys.path.append(str(Path(__file__).parent.parent / "server"))

from client import API, request
from load import Load, load, trivial_server
from long_run import created, long_run_lines, megabytes
from measuring import Line, table
from serving import Serving

CLIENTS = 8
ROUNDS = 3
REQUESTS = 6_000
MANY = 200
MANY_MEGABYTES = 300


def request_lines(folder: Path) -> list[Line]:
    """
    Single ticks of ten agents by eight clients, and what the same client gets without a service.
    """
    busy = os.getloadavg()[0]
    start = perf_counter()
    with Serving(folder / "requests") as server, server.client() as client:
        assert client.get("/health").status == 200
        started = perf_counter() - start
        ids = [created(client) for _ in range(CLIENTS)]
        apart = [request("POST", f"{API}/{id}/tick") for id in ids]
        together = apart[:1] * CLIENTS
        load(server.port, apart, 1_000)
        rounds = []
        each = []
        for _ in range(ROUNDS):
            before = server.worked()
            own = load(server.port, apart, REQUESTS)
            each.append((server.worked() - before) / REQUESTS)
            one = load(server.port, together, REQUESTS)
            rounds.append((own, one, load(server.port, apart[:1], REQUESTS // 4)))
    own, one, alone = (
        max(found, key=lambda load: load.per_second) for found in zip(*rounds, strict=True)
    )
    with trivial_server(own.reply) as port:
        load(port, apart, 1_000)
        trivial = load(port, apart, REQUESTS * 4)
    return [
        Line("load of the machine before, which is to be near 0", f"{busy:.1f}"),
        Line("rounds of requests, of which the best is told", f"{ROUNDS}"),
        *speed_lines(f"single ticks, {CLIENTS} clients, each its own simulation", own, 1_500, 25),
        Line("  processor time of the server for each", f"{min(each) * 1_000_000:.0f} us"),
        *speed_lines(f"single ticks, {CLIENTS} clients, one simulation", one, 1_500, 25),
        *speed_lines("single ticks, one client", alone),
        *speed_lines("the same client, a server of fixed bytes", trivial),
        Line("from start to the first reply", f"{started * 1000:.0f} ms"),
    ]


def speed_lines(
    what: str, found: Load, per_second: int | None = None, most_ms: int | None = None
) -> list[Line]:
    """
    Return requests per second, the median and the 99th percentile, and the client's own work.
    """
    p50, p99 = (found.percentile(share) * 1000 for share in (0.5, 0.99))
    speed, slow = f"{found.per_second:,.0f} /s", f"{p99:.2f} ms"
    asked = (f">= {per_second:,} /s", found.per_second >= per_second) if per_second else ("", None)
    bound = (f"< {most_ms} ms", p99 < most_ms) if most_ms else ("", None)
    return [
        Line(what, speed, *asked),
        Line("  p50", f"{p50:.2f} ms"),
        Line("  p99", slow, *bound),
        Line("  share of the time in which the client worked", f"{found.busy:.0%}"),
    ]


def many_lines(folder: Path) -> list[Line]:
    """
    Two hundred simulations open at once, and how soon they are there again after a restart.
    """
    with Serving(folder / "many") as server:
        with server.client() as client:
            client.get("/health")
            before = server.memory()
            ids = [created(client) for _ in range(MANY)]
            for id in ids:
                assert client.post(f"{id}/tick").json()["tick"] == 0
            held = server.memory()
        server.kill()
        start = perf_counter()
        server.start()
        with server.client() as client:
            assert client.get("/health").json()["active_simulations"] == MANY
            restarted = perf_counter() - start
            start = perf_counter()
            for id in ids:
                assert client.post(f"{id}/tick").json()["tick"] == 1
            loaded = (perf_counter() - start) / MANY
    ok = held < MANY_MEGABYTES * 1_000_000
    return [
        Line("the server without a simulation", megabytes(before)),
        Line(
            f"with {MANY} simulations, each ticked", megabytes(held), f"< {MANY_MEGABYTES} MB", ok
        ),
        Line(f"from restart to the first reply with {MANY} simulations", f"{restarted:.2f} s"),
        Line("  the first tick of each after that", f"{loaded * 1000:.1f} ms"),
    ]


def main() -> int:
    """
    Measure everything, print the table, and return the exit code.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        lines = [*request_lines(folder), *long_run_lines(folder), *many_lines(folder)]
    print(table(lines))
    return int(any(line.ok is False for line in lines))


if __name__ == "__main__":
    sys.exit(main())
