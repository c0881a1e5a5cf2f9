"""
The data directory: it is its owner's alone, and of one server at a time.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from paysim.regular_file import reason
from paysim.server.store.records import StoreError
from paysim.state_file import place, sync_directory

try:
    import fcntl
except ImportError:  # A system without such locks.
    fcntl = None  # type: ignore[assignment]

LOCK: Final = "server.lock"
"""The file that a server holds locked."""


def locked(directory: Path) -> int:
    """
    Return the descriptor of a directory's lock, which the system takes back from a dead process.
    """
    path = directory / LOCK
    try:
        make_directory(directory)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except (OSError, ValueError) as error:
        raise StoreError(f"{place(path)}  cannot be opened: {reason(error)}") from error
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise StoreError(
                f"{place(directory)}  is in use by another server: end that one, or give this one "
                "another data directory"
            ) from None
        raise StoreError(f"{place(path)}  cannot be locked: {reason(error)}") from error
    return descriptor


def make_directory(directory: Path) -> None:
    """
    Make a directory that only its owner may look into, unless it is there.

    Raises:
        OSError: It cannot be made.
    """
    if directory.is_dir():
        return
    directory.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
        sync_directory(directory.parent)


def make_file(path: Path) -> None:
    """
    Make an empty file that only its owner may read, unless there is one.

    Raises:
        OSError: It cannot be made.
    """
    # SQLite gives its log beside the file the permissions of the file.
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
    with suppress(FileExistsError):
        os.close(os.open(path, flags, 0o600))
        sync_directory(path.parent)
