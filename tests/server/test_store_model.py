"""
A store and a model of plain dicts, which must agree whatever is done to both.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from store_model import Model, write

from paysim.server.store import logs, removal
from paysim.server.store.store import Store, StoreError

IDS = st.sampled_from(["sim_1", "sim_2", "sim_3"])
SEEDS = st.integers(0, 20)
STEPS = st.integers(0, 12)


class StoreAndModel(RuleBasedStateMachine):
    """
    Makes changes to both; what cannot be done must fail and change nothing.
    """

    @initialize()
    def open(self):
        base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.directory = Path(tempfile.mkdtemp(dir=base))
        self.before = logs.CUT_MAX, removal.SLICE
        logs.CUT_MAX = removal.SLICE = 3
        self.model = Model()
        self.store = Store.open(self.directory)

    def change(self, *change):
        future = write(self.store, change)
        if self.model.apply(change):
            future.result()
        else:
            assert isinstance(future.exception(), StoreError)

    @rule(id=IDS, seed=SEEDS, has_first=st.booleans())
    def create(self, id, seed, has_first):
        self.change("create", id, seed, has_first)

    @rule(id=IDS, seed=SEEDS, count=st.integers(1, 9), off=st.sampled_from([0, 0, 0, 0, 1]))
    def append(self, id, seed, count, off):
        steps = len(self.model.steps.get(id, []))
        for number in range(steps + 1 + off, steps + 1 + off + count):
            self.change("append", id, number, seed)

    @rule(id=IDS, step=STEPS)
    def restore(self, id, step):
        self.change("restore", id, step)

    @rule(id=IDS, source=IDS, step=STEPS)
    def branch(self, id, source, step):
        self.change("branch", id, source, step)

    @rule(id=IDS, mark=st.sampled_from("abc"), step=STEPS)
    def mark(self, id, mark, step):
        self.change("mark", id, mark, step)

    @rule(id=IDS, mark=st.sampled_from("abc"))
    def unmark(self, id, mark):
        self.change("unmark", id, mark)

    @rule(id=IDS)
    def delete(self, id):
        self.change("delete", id)

    @rule(id=IDS, key=st.sampled_from("abc"))
    def reply(self, id, key):
        self.change("reply", id, key)

    @rule(id=IDS, status=st.sampled_from(["running", "finished"]))
    def run(self, id, status):
        self.change("run", id, status)

    @rule()
    def reopen(self):
        self.store.close()
        self.store = Store.open(self.directory)
        self.model.reopened()

    @rule()
    def compare(self):
        assert self.model.differences(self.store) == []

    def teardown(self):
        logs.CUT_MAX, removal.SLICE = self.before
        try:
            assert self.model.differences(self.store) == []
        finally:
            self.store.close()
            shutil.rmtree(self.directory)


TestStoreAndModel = StoreAndModel.TestCase
TestStoreAndModel.settings = settings(max_examples=30, stateful_step_count=40)
