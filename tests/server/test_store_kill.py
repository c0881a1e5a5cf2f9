"""
A store whose process is killed, or whose disk is full: what was acknowledged is there.

`PAYSIM_STORE_KILLS` sets how often it is killed under load.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("store_kills.py")
KILLS = int(os.environ.get("PAYSIM_STORE_KILLS", "10"))

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork")


@pytest.fixture
def in_memory():
    """
    Offer a directory on a disk in memory, where there is one: killing a process spares both kinds.
    """
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=base) as directory:
        yield Path(directory)


def ran(kind, directory, *numbers):
    """
    Return what a kind of kills tells.
    """
    arguments = [sys.executable, PROGRAM, kind, directory, *map(str, numbers)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("seed", range(3))
def test_killed_under_load(tmp_path, seed):
    """
    Whenever a process with several writers is killed, each change that was done is there, whole.
    """
    assert int(ran("under_load", tmp_path / "data", seed, KILLS)) > 25 * KILLS


def test_killed_at_every_point(in_memory):
    """
    Killed anywhere in opening, branching, restoring and deleting, a store has all of it or nothing.
    """
    assert int(ran("at_every_point", in_memory, 1, 8)) > 100


def test_disk_full(tmp_path):
    """
    Without room, writes fail and nothing else does; with room again they go on.
    """
    assert int(ran("full", tmp_path / "data")) > 0


def test_read_only(tmp_path):
    """
    A directory that must not be written is refused, and the error tells which and why.
    """
    told = [json.loads(line) for line in ran("read_only", tmp_path / "data").splitlines() if line]
    assert told == [
        "StoreError: DIR/new/server.lock  cannot be opened: permission denied",
        "StoreError: DIR/used/server.lock  cannot be opened: permission denied",
        "StoreError: DIR/missing/server.lock  cannot be opened: permission denied",
    ]
