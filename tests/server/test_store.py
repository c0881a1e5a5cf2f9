"""
The store: what was handed over is there after it was closed and opened, and nothing else.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import threading

import pytest
from store_model import begun_of, reply_of, row_of, step_of

from paysim.server.store import wal, writes
from paysim.server.store.creation import PART_BYTES
from paysim.server.store.files import LOCK
from paysim.server.store.removal import SLICE
from paysim.server.store.schema import FILE, FORMAT
from paysim.server.store.store import Mark, Step, Store, StoreError


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def opened(directory):
    """
    Open stores, one after the other, and close the last.
    """
    stores = []

    def opened():
        for store in stores:
            store.close()
        stores.append(Store.open(directory))
        return stores[-1]

    yield opened
    for store in stores:
        store.close()


@pytest.fixture
def store(opened):
    return opened()


def grow(store, id, count, seed=0):
    """
    Add steps to a simulation.
    """
    first = next(row.steps for row in store.rows() if row.id == id) + 1
    futures = [store.append(id, step_of(number, seed)) for number in range(first, first + count)]
    return [future.result() for future in futures]


def held(store):
    """
    Have the writer wait when its next transaction is committed, and return what lets it go on.
    """
    waits, goes_on = threading.Event(), threading.Event()

    def deliver(resolve):
        store.deliver_by(None)
        waits.set()
        goes_on.wait()
        resolve()

    store.deliver_by(deliver)
    store.append("none", None)
    waits.wait()
    return goes_on.set


def counted(directory, table):
    with sqlite3.connect(directory / FILE) as db:
        (count,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()
    db.close()
    return count


def tidied(store, directory, wanted):
    """
    Wait until the tables hold what is wanted, with a write after each look.
    """
    for _ in range(1000):
        found = {table: counted(directory, table) for table in wanted}
        if found == wanted:
            break
        store.append("none", None).exception()
    return found


def test_round_trip(opened):
    """
    Everything about a simulation is the same after the store was closed and opened again.
    """
    store = opened()
    row = row_of("sim_1", created=12.5, run={"status": "finished", "detail": None})
    store.create(row, begun_of(3), step_of(1), reply_of("", "key")).result()
    assert grow(store, "sim_1", 3) == [2, 3, 4]
    store.add_mark(Mark("chk_1", "sim_1", "noon", 2, 2, 99.5), reply_of("sim_1", "key")).result()
    store.branch(row_of("sim_2", parent_id="sim_1", parent_tick=2), "sim_1", 2).result()

    def seen(store):
        loaded = [store.load("sim_1"), store.load("sim_1", 3), store.load("sim_2")]
        replies = [store.reply("", "key"), store.reply("sim_1", "key"), store.reply("", "other")]
        return store.rows(), loaded, store.marks("sim_1"), replies

    before = seen(store)
    assert before == seen(opened())
    rows, loaded, marks, replies = before
    assert [(row.id, row.tick, row.events, row.steps) for row in rows] == [
        ("sim_1", 4, 12, 4),
        ("sim_2", 2, 6, 2),
    ]
    assert loaded[0] == (begun_of(3), [step_of(number) for number in range(1, 5)])
    assert loaded[2] == (*loaded[1][:1], loaded[1][1][:2])
    assert marks == [Mark("chk_1", "sim_1", "noon", 2, 2, 99.5)]
    assert replies == [reply_of("", "key"), reply_of("sim_1", "key"), None]


def test_start_of_row(store):
    """
    Without a first step, a simulation stands at the tick that its row tells.
    """
    store.create(row_of("sim_1", 7, 21), b"begun").result()
    assert (store.rows()[0].tick, store.rows()[0].events, store.rows()[0].steps) == (7, 21, 0)
    assert store.load("sim_1") == (b"begun", [])


def test_fails_alone(store):
    """
    Writes that cannot be made fail without those that are committed with them.
    """
    store.create(row_of("sim_1"), b"").result()
    store.append("sim_1", None, reply=reply_of("sim_1", "key")).result()
    go_on = held(store)
    futures = [
        store.append("sim_1", step_of(1)),
        store.append("sim_2", step_of(1)),
        store.create(row_of("sim_1"), b""),
        store.append("sim_1", step_of(2), reply=reply_of("sim_1", "key")),
        store.append("sim_1", step_of(3), after=2),
        store.append("sim_1", step_of(0)),
        store.append("sim_1", step_of(2), after=1),
        store.restore("sim_1", 5),
        store.delete_mark("sim_1", "chk_1"),
        store.add_mark(Mark("chk_1", "sim_1", "", 3, 3)),
    ]
    go_on()
    errors = [future.exception() for future in futures]
    assert [str(error) if error else None for error in errors] == [
        None,
        "simulation 'sim_2' must be in the store, and is not",
        "simulation sim_1 must be new, and is there",
        "a reply to key 'key' must be new, and is there",
        "simulation sim_1 must have 2 steps before this one (got 1)",
        "simulation sim_1 must not go back, from tick 1 and 3 events (got tick 0 and 0 events)",
        None,
        "simulation sim_1 must have step 5, and has 2 steps",
        "simulation sim_1 must have checkpoint 'chk_1', and does not",
        "simulation sim_1 must have step 3, and has 2 steps",
    ]
    assert {type(error) for error in errors if error} == {StoreError}
    assert store.load("sim_1")[1] == [step_of(1), step_of(2)]


@pytest.mark.parametrize("number", [0, 1, 2, 4, 5])
def test_steps_are_consecutive(store, directory, number):
    """
    The tables themselves refuse a step that is doubled or skipped, and a change of one.
    """
    store.create(row_of("sim_1"), b"").result()
    grow(store, "sim_1", 2)
    store.close()
    db = sqlite3.connect(directory / FILE)
    with pytest.raises(sqlite3.IntegrityError):
        db.execute("INSERT INTO steps VALUES (1, ?, 9, 9, x'', x'', 0)", (number,))
    with pytest.raises(sqlite3.IntegrityError):
        db.execute("UPDATE steps SET tick = 9")
    db.close()


def test_large_beginning(store):
    """
    A large simulation is written in parts, between which other writes are done.
    """
    order = []
    store.create(row_of("sim_1"), b"").result()
    begun = os.urandom(1000) * (5 * PART_BYTES // 1000)
    go_on = held(store)
    futures = [
        store.create(row_of("sim_2"), begun, step_of(1)),
        store.append("sim_1", step_of(1)),
    ]
    for number, future in enumerate(futures):
        future.add_done_callback(lambda _, number=number: order.append(number))
    go_on()
    assert [future.result() for future in futures] == [None, 1]
    assert order == [1, 0]
    assert store.load("sim_2") == (begun, [step_of(1)])


def test_unfinished_beginning(opened, directory):
    """
    Of a large simulation that could not be made nothing is left, also if the process has ended.
    """
    store = opened()
    store.create(row_of("sim_1"), b"").result()
    failed = store.create(row_of("sim_1"), bytes(3 * PART_BYTES))
    assert isinstance(failed.exception(), StoreError)
    wanted = {"origins": 1, "origin_parts": 1, "logs": 1}
    assert tidied(store, directory, wanted) == wanted
    store.close()
    db = sqlite3.connect(directory / FILE)
    with db:
        db.execute("INSERT INTO origins VALUES (77)")
        db.execute("INSERT INTO origin_parts VALUES (77, 0, x'', x'00')")
    db.close()
    assert tidied(opened(), directory, wanted) == wanted


@pytest.mark.parametrize("cut", [1, SLICE, SLICE + 1, 3 * SLICE])
def test_restore(store, directory, cut):
    """
    Going back removes later steps and marks, few or many, here and in no branch.
    """
    count = 3 * SLICE
    store.create(row_of("sim_1"), b"begun").result()
    grow(store, "sim_1", count)
    store.branch(row_of("sim_2"), "sim_1", count - 1).result()
    for step in (count - cut, count):
        store.add_mark(Mark(f"chk_{step}", "sim_1", "", step, step)).result()
    store.restore("sim_1", count - cut).result()
    assert store.rows()[0].steps == count - cut
    assert [mark.step for mark in store.marks("sim_1")] == [count - cut]
    assert grow(store, "sim_1", 2, seed=5) == [count - cut + 1, count - cut + 2]
    steps = [step_of(number) for number in range(1, count + 1)]
    added = [step_of(count - cut + number, 5) for number in (1, 2)]
    assert store.load("sim_1") == (b"begun", steps[: count - cut] + added)
    assert store.load("sim_2") == (b"begun", steps[: count - 1])


def test_removal(store, directory):
    """
    What no simulation needs is removed, and what a branch needs is kept.
    """
    store.create(row_of("sim_1"), b"begun").result()
    grow(store, "sim_1", 5 * SLICE)
    store.append("sim_1", None, reply=reply_of("sim_1", "key")).result()
    store.branch(row_of("sim_2"), "sim_1", SLICE).result()
    store.branch(row_of("sim_3"), "sim_2", 10).result()
    store.delete("sim_1").result()
    wanted = {"steps": SLICE, "logs": 3, "origins": 1, "replies": 0, "gone": 0}
    assert tidied(store, directory, wanted) == wanted
    assert len(store.load("sim_2")[1]) == SLICE
    store.delete("sim_2").result()
    wanted |= {"steps": 10, "logs": 2}
    assert tidied(store, directory, wanted) == wanted
    assert len(store.load("sim_3")[1]) == 10
    store.delete("sim_3").result()
    wanted |= {"steps": 0, "logs": 0, "origins": 0, "origin_parts": 0}
    assert tidied(store, directory, wanted) == wanted


def test_oldest_replies_go(store, monkeypatch):
    """
    So many replies of a scope are kept, the oldest go first, and other scopes keep theirs.
    """
    monkeypatch.setattr(writes, "REPLIES_MAX", 5)
    store.create(row_of("sim_1"), b"", reply=reply_of("", "other")).result()
    for number in range(9):
        store.append("sim_1", None, reply=reply_of("sim_1", f"key_{number}")).result()
    kept = [number for number in range(9) if store.reply("sim_1", f"key_{number}")]
    assert kept == [4, 5, 6, 7, 8]
    assert store.reply("", "other") is not None


def test_interrupted(opened):
    """
    A run that was running when the store was closed is interrupted when it is opened.
    """
    store = opened()
    for status in ("running", "finished"):
        store.create(row_of(status, run={"status": status, "detail": 1}), b"").result()
    runs = [row.run for row in opened().rows()]
    assert runs == [{"status": "interrupted", "detail": 1}, {"status": "finished", "detail": 1}]


DAMAGES = {
    "UPDATE steps SET piece = x'00' WHERE number = 2": "the checksum of step 2 differs",
    "UPDATE steps SET tick = 1 WHERE number = 2": "the checksum of step 2 differs",
    "UPDATE steps SET events = 'a' WHERE number = 2": "%d format",
    "DELETE FROM steps WHERE number = 2": "step 2 is missing",
    "DELETE FROM origin_parts": "a part of how it began is missing",
    "UPDATE origin_parts SET content = x'00'": "the checksum of how it began differs",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage(opened, directory, damage):
    """
    What is not as it was written is refused, and the error names the simulation.
    """
    store = opened()
    store.create(row_of("sim_1"), b"begun").result()
    grow(store, "sim_1", 3)
    store.close()
    db = sqlite3.connect(directory / FILE)
    with db:
        db.execute("DROP TRIGGER steps_stay")
        db.execute(damage)
    db.close()
    with pytest.raises(StoreError, match=f"simulation sim_1 .* damaged: {DAMAGES[damage]}"):
        opened().load("sim_1")


def test_damaged_page(opened, directory):
    """
    A file of which a part was overwritten is refused or read as it was, and never otherwise.
    """
    store = opened()
    store.create(row_of("sim_1"), b"begun").result()
    grow(store, "sim_1", 60)
    whole = store.load("sim_1")
    store.close()
    content = (directory / FILE).read_bytes()
    outcomes = set()
    for page in range(1, len(content) // 4096):
        at = 4096 * page + 2048
        (directory / FILE).write_bytes(content[:at] + bytes(512) + content[at + 512 :])
        try:
            store = opened()
            outcomes.add(store.load("sim_1") == whole)
        except StoreError:
            outcomes.add(None)
    assert outcomes == {True, None}


def test_other_files(directory):
    """
    A file that is newer, of another program or no SQLite file is refused, and left as it is.
    """
    Store.open(directory).close()
    path = directory / FILE
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {FORMAT + 1}")
    db.close()
    newer = path.read_bytes()
    path.unlink()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE other (x)")
    db.close()
    other = path.read_bytes()
    found = {
        newer: rf"at most {FORMAT}; a newer version has written it \(got {FORMAT + 1}\)",
        other: "must be a store of paysim, and is another SQLite file",
        b"text\n" * 1000: "cannot be opened: file is not a database",
    }
    for content, text in found.items():
        path.write_bytes(content)
        with pytest.raises(StoreError, match=f"^{path}  .*{text}"):
            Store.open(directory)
        assert path.read_bytes() == content


def test_one_server(opened, directory):
    """
    A second server is refused while the first has the directory, and the error names it.
    """
    first = opened()
    with pytest.raises(StoreError, match=f"^{directory}  is in use by another server"):
        Store.open(directory)
    first.close()
    first.close()
    opened()


def test_permissions(store, directory):
    """
    Nobody but the owner may look into the directory, and read its files.
    """
    store.create(row_of("sim_1"), b"").result()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}
    assert modes == {FILE: 0o600, f"{FILE}-wal": 0o600, f"{FILE}-shm": 0o600, LOCK: 0o600}
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_closed(store):
    """
    Closing waits for what was handed over; what comes later is refused.
    """
    futures = [store.create(row_of(f"sim_{number}"), bytes(3 * PART_BYTES)) for number in range(3)]
    store.close()
    assert [future.result(timeout=0) for future in futures] == [None] * 3
    with pytest.raises(StoreError, match="is closed"):
        store.append("sim_1", step_of(1)).result()
    with pytest.raises(StoreError, match="is closed"):
        store.rows()


def test_cancelled(store):
    """
    A write that is cancelled before its transaction is not made, and those beside it are.
    """
    store.create(row_of("sim_1"), b"").result()
    go_on = held(store)
    first = store.append("sim_1", step_of(1))
    assert store.append("sim_1", step_of(2, 1)).cancel()
    last = store.append("sim_1", step_of(2, 2))
    go_on()
    assert [first.result(), last.result()] == [1, 2]
    assert store.load("sim_1")[1] == [step_of(1), step_of(2, 2)]


def test_delivered_together(store):
    """
    All futures of a transaction become done in one call, where it was asked for.
    """
    store.create(row_of("sim_1"), b"").result()
    go_on = held(store)
    futures = [store.append("sim_1", step_of(number)) for number in range(1, 21)]
    calls = []
    called = threading.Event()

    def deliver(resolve):
        calls.append(resolve)
        called.set()

    store.deliver_by(deliver)
    go_on()
    called.wait()
    assert not any(future.done() for future in futures)
    (resolve,) = calls
    resolve()
    assert [future.result(timeout=0) for future in futures] == list(range(1, 21))


def test_handed_over_together(store):
    """
    Writes that are gathered go into one transaction, in order; what is gathered at the end too.
    """
    store.create(row_of("sim_1"), b"").result()
    calls, batches = [], []
    store.deliver_by(lambda resolve: (batches.append(resolve), resolve()), calls.append)
    futures = [store.append("sim_1", step_of(number)) for number in range(1, 21)]
    assert not batches
    assert not any(future.running() or future.done() for future in futures)
    calls[0]()
    assert [future.result() for future in futures] == list(range(1, 21))
    assert len(batches) < len(futures)
    last = store.append("sim_1", step_of(21))
    store.close()
    assert last.result(timeout=0) == 21


def test_delivery_is_gone(store):
    """
    Futures become done also if what was to deliver them has ended.
    """

    def deliver(resolve):
        raise RuntimeError("Event loop is closed")

    store.deliver_by(deliver)
    assert store.create(row_of("sim_1"), b"").result() is None


def test_full_disk(store, directory):
    """
    A write for which there is no room fails without its neighbours, and works when there is room.
    """
    store.create(row_of("sim_1"), b"").result()
    writer = store._writer
    (pages,) = writer.put(lambda db: db.execute("PRAGMA page_count").fetchone()).result()
    writer.put(lambda db: db.execute(f"PRAGMA max_page_count = {pages + 20}").fetchone()).result()
    go_on = held(store)
    futures = [
        store.append("sim_1", step_of(1)),
        store.create(row_of("sim_2"), os.urandom(500_000)),
        store.append("sim_1", step_of(2)),
    ]
    go_on()
    assert [futures[0].result(), futures[2].result()] == [1, 2]
    with pytest.raises(StoreError, match=f"^{directory / FILE}  cannot be written: .* full"):
        futures[1].result()
    assert [row.id for row in store.rows()] == ["sim_1"]
    writer.put(lambda db: db.execute("PRAGMA max_page_count = 1000000").fetchone()).result()
    store.create(row_of("sim_2"), os.urandom(500_000)).result()


def test_durability(store):
    """
    A commit is forced to the disk, so that it survives the loss of power.
    """

    def settings(db):
        names = ("synchronous", "journal_mode", "foreign_keys")
        return [db.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert store._writer.put(settings).result() == [2, "wal", 1]


def test_wal_stays_short(directory, monkeypatch, opened):
    """
    SQLite's log stays short while writes go on and readers follow one another without a pause.
    """
    monkeypatch.setattr(wal, "SOON", 50)
    monkeypatch.setattr(wal, "LONG", 100)
    monkeypatch.setattr(wal, "TOO_LONG", 400)
    store = opened()
    for id in ("sim_1", "sim_2"):
        store.create(row_of(id), b"").result()
    is_done = threading.Event()

    def read():
        while not is_done.is_set():
            store.load("sim_2")

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    longest = 0
    piece = os.urandom(20_000)
    for number in range(1, 601):
        store.append("sim_1", Step(number, number, b"", piece)).result()
        longest = max(longest, (directory / f"{FILE}-wal").stat().st_size)
    is_done.set()
    for reader in readers:
        reader.join()
    # All that was written is more than four thousand pages.
    assert longest < 2000 * 4096
