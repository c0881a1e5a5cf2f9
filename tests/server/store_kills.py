"""
Kills processes that use a store, at many moments, and checks what is there afterwards.

Run as a program, so that a process without threads can be forked as often as wanted:
`store_kills.py KIND DIRECTORY SEED ROUNDS`, each kind being a function of this file.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import sqlite3
import sys
import threading
from pathlib import Path

from store_model import Model, row_of, step_of, write

from paysim.server.store import logs, removal, wal
from paysim.server.store.schema import FILE
from paysim.server.store.store import Store

THREADS = 4


def forked(function, *arguments):
    """
    Run a function in a child process, and return its id and the end of a pipe that it writes to.
    """
    reads, writes = os.pipe()
    child = os.fork()
    if child:
        os.close(writes)
        return child, reads
    try:
        os.close(reads)
        function(writes, *arguments)
    except BaseException as error:
        # A copy of the test must never go on as the test.
        os.write(2, repr(error).encode() + b"\n")
    finally:
        os._exit(0)


def lines_until(reads, count):
    """
    Return the whole lines of a pipe, so many of them if there are.
    """
    text = b""
    while text.count(b"\n") < count:
        got = os.read(reads, 4096)
        if not got:
            break
        text += got
    return text


def killed(child, reads, text):
    """
    Kill a child process, and return all the lines that it has written.
    """
    os.kill(child, signal.SIGKILL)
    while got := os.read(reads, 65536):
        text += got
    os.close(reads)
    os.waitpid(child, 0)
    return [json.loads(line) for line in text[: text.rfind(b"\n") + 1].splitlines()]


def changes_of(thread, seed, model):
    """
    Yield changes to the simulations of one thread, as long as they are wanted.
    """
    rng = random.Random(seed * THREADS + thread)
    main = f"sim_{thread}"
    if main not in model.steps:
        yield ["create", main, rng.randrange(10), rng.random() < 0.5]
    for turn in itertools.count():
        steps = len(model.steps[main])
        other = f"sim_{thread}_{seed}_{turn}"
        mark = f"chk_{seed}_{turn}"
        chance = rng.random()
        if chance < 0.03 and steps:
            yield ["restore", main, rng.randrange(max(steps - 150, 0), steps)]
        elif chance < 0.06:
            yield ["branch", other, main, rng.randrange(steps + 1)]
            yield ["append", other, len(model.steps[other]) + 1, seed]
            if rng.random() < 0.7:
                yield ["delete", other]
        elif chance < 0.09:
            yield ["mark", main, mark, rng.randrange(steps + 1)]
            yield ["run", main, rng.choice(["running", "finished"])]
        elif chance < 0.12:
            yield ["reply", main, f"key_{seed}_{turn}"]
        else:
            yield ["append", main, steps + 1, rng.randrange(1000)]


def work(pipe, directory, seed, model, wal_pages):
    """
    Change a store from several threads, and tell each change before, and again when it is done.
    """
    wal.SOON, wal.LONG, wal.TOO_LONG = wal_pages
    store = Store.open(directory)

    def run(thread):
        known = model.after(["none", None])
        for change in changes_of(thread, seed, known):
            assert known.apply(change), change
            os.write(pipe, json.dumps([thread, change]).encode() + b"\n")
            write(store, change).result()
            os.write(pipe, json.dumps([thread, "done"]).encode() + b"\n")

    threads = [threading.Thread(target=run, args=(i,)) for i in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def under_load(directory, seed, rounds):
    """
    Kill a process with several writers after some changes; all that were done must be there.
    """
    rng = random.Random(seed)
    model = Model()
    acknowledged = 0
    for round in range(rounds):
        wal_pages = rng.choice([(5, 20, 40), (50, 200, 400), (1000, 4000, 16000)])
        child, reads = forked(work, directory, seed * rounds + round, model, wal_pages)
        told = killed(child, reads, lines_until(reads, rng.randrange(400)))
        open_changes = {}
        for thread, change in told:
            if change == "done":
                assert model.apply(open_changes.pop(thread))
                acknowledged += 1
            else:
                open_changes[thread] = change
        store = Store.open(directory)
        model.reopened()
        for thread in range(THREADS):
            ids = {row.id for row in store.rows()} | set(model.steps)
            own = {id for id in ids if id.split("_")[1] == str(thread)}
            if found := model.differences(store, own):
                # What was under way may have been done, or not; never half of it.
                assert thread in open_changes, found
                model = model.after(open_changes[thread])
                model.reopened()
                own |= {open_changes[thread][1]}
                assert not (found := model.differences(store, own)), found
        store.close()
        check_file(directory)
    return acknowledged


def at_every_point(directory, seed, rounds):
    """
    Kill a process at points all along opening, creating, branching, restoring and deleting.

    The points are instructions of SQLite: so many for opening, for each change and for closing.
    """
    changes = [
        ["create", "sim_0", 1, True],
        *(["append", "sim_0", number, 0] for number in range(2, 12)),
        ["mark", "sim_0", "chk", 6],
        ["branch", "sim_1", "sim_0", 10],
        ["append", "sim_1", 11, 5],
        ["restore", "sim_0", 2],
        ["restore", "sim_1", 9],
        ["reply", "sim_1", "key"],
        ["delete", "sim_0"],
        ["create", "sim_2", 3, False],
    ]

    def run(pipe, target, kill_at):
        count = itertools.count()

        def tick():
            if next(count) == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

        class Counted(sqlite3.Connection):
            def __init__(self, *arguments, **options):
                super().__init__(*arguments, **options)
                self.set_progress_handler(tick, 5)

        connect = sqlite3.connect
        sqlite3.connect = lambda *given, **options: connect(*given, factory=Counted, **options)
        logs.CUT_MAX = removal.SLICE = 3
        store = Store.open(target)
        os.write(pipe, b"%d\n" % next(count))
        for change in changes:
            write(store, change).result()
            os.write(pipe, b"%d\n" % next(count))
        store.close()
        os.write(pipe, b"%d\n" % next(count))

    child, reads = forked(run, directory / "whole", -1)
    ends = [int(line) for line in lines_until(reads, 10**9).split()]
    os.waitpid(child, 0)
    rng = random.Random(seed)
    points = []
    for first, last in itertools.pairwise([0, *ends]):
        points += [rng.randrange(first, last) for _ in range(min(rounds, last - first))]
    for number, point in enumerate(points):
        target = directory / str(number)
        child, reads = forked(run, target, point)
        done = max(len(lines_until(reads, 10**9).split()) - 1, 0)
        os.waitpid(child, 0)
        os.close(reads)
        model = Model()
        for change in changes[:done]:
            assert model.apply(change), change
        store = Store.open(target)
        if model.differences(store):
            assert not model.after(changes[done]).differences(store)
        # It works on, and what nobody needs is gone in the end.
        store.create(row_of("sim_9"), b"new", step_of(1)).result()
        store.close()
        check_file(target)
    return len(points)


def full(directory, *_):
    """
    Take away the room for files, and give it back: writes fail meanwhile, and go on afterwards.
    """
    import resource

    store = Store.open(directory)
    store.create(row_of("sim_0"), b"begun").result()
    steps = 0
    refused = 0
    for turn in range(6):
        for _ in range(30):
            store.append("sim_0", step_of(steps + 1), after=steps).result()
            steps += 1
        size = (directory / f"{FILE}-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 2000 * turn, resource.RLIM_INFINITY))
        for _ in range(20):
            futures = [store.append("sim_0", step_of(steps + 1, turn))]
            futures += [store.create(row_of(f"big_{turn}"), b"x" * 3_000_000)]
            errors = [future.exception() for future in futures]
            assert all(type(error).__name__ == "StoreError" for error in errors if error), errors
            assert errors[1] is not None
            refused += errors[0] is not None
            steps += errors[0] is None
            assert store.rows()[0].steps == steps == len(store.load("sim_0")[1])
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    store.append("sim_0", step_of(steps + 1), after=steps).result()
    store.close()
    store = Store.open(directory)
    assert [row.steps for row in store.rows()] == [steps + 1]
    store.close()
    check_file(directory)
    return refused


def read_only(directory, *_):
    """
    Open a directory that must not be written, as a user who is not above that.
    """
    directory.mkdir()
    for name, is_made in (("new", False), ("used", True)):
        target = directory / name
        if is_made:
            Store.open(target).close()
        else:
            target.mkdir()
        for path in (*target.iterdir(), target):
            path.chmod(0o555)

    def run(pipe):
        if os.getuid() == 0:
            os.setuid(65534)
        for name in ("new", "used", "missing"):
            try:
                Store.open(directory / name)
            except Exception as error:
                # Of what type it is, is told.
                told = f"{type(error).__name__}: {error}".replace(str(directory), "DIR")
                os.write(pipe, json.dumps(told).encode() + b"\n")

    directory.chmod(0o555)
    child, reads = forked(run)
    text = lines_until(reads, 10)
    os.waitpid(child, 0)
    directory.chmod(0o755)
    return text.decode()


def check_file(directory):
    """
    Check the file itself, and that rows and steps in it agree.
    """
    db = sqlite3.connect(directory / FILE)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    gaps = "SELECT log FROM steps GROUP BY log HAVING count(*) != max(number) - min(number) + 1"
    assert db.execute(gaps).fetchall() == []
    db.close()


if __name__ == "__main__":
    kind, path, *numbers = sys.argv[1:]
    print(globals()[kind](Path(path), *map(int, numbers)))
