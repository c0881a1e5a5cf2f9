"""
Files that are replaced whole: one writer at a time, and never half of one to be seen.

A file is written under a temporary name in its directory, forced to the disk, and renamed.
Whoever is going to replace a file holds a lock on it, which the system takes back from a process
that ends, however it ends. A temporary file is locked by its writer too: one that is not locked
was left by a writer that was killed, and the next writer removes it.
"""

from __future__ import annotations

import errno
import itertools
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from paysim.errors import PaysimError, ScenarioError, shown
from paysim.regular_file import open_regular, read_regular, reason

try:
    import fcntl
except ImportError:  # A system without such locks: files are still replaced whole.
    fcntl = None  # type: ignore[assignment]

_TRIES = 100
_KEPT = (errno.EACCES, errno.EPERM, errno.EROFS)
_START_BYTES = 256

Check = Callable[[bytes, int], None]
"""Refuses a file by its first bytes and its size."""


class FileThere(ScenarioError):
    """
    There is a file where none must be.
    """


def as_path(path: object) -> Path:
    """
    Return what is the path of a file, as far as that can be told.

    Raises:
        ScenarioError: It is not a path.
    """
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        raise ScenarioError(f"path must be text or os.PathLike, and not empty (got {shown(path)})")
    return Path(os.fsdecode(path))


def file_bytes(path: Path, most: int, check: Check | None = None) -> bytes:
    """
    Return what a file holds, and never wait for one that is a pipe.

    Raises:
        ScenarioError: It cannot be read, is no file, or holds more than so many bytes.
    """
    try:
        descriptor = open_regular(path)
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{place(path)}  cannot be read: {reason(error)}") from None
    with open(descriptor, "rb") as file:
        return held_bytes(path, file, most, check)


def held_bytes(path: Path, file: BinaryIO, most: int, check: Check | None = None) -> bytes:
    """
    Return what an open file holds, of which all is read only if its first bytes are as they must.

    Args:
        path: The file.
        file: The same, open.
        most: The most bytes that it may hold.
        check: Raises if the first bytes or the size tell that it cannot be used.

    Raises:
        ScenarioError: It cannot be read, or holds more than so many bytes.
    """
    try:
        # The size is looked at first, as a read of at most so many bytes makes room for them all.
        size = os.fstat(file.fileno()).st_size
        if size <= most:
            start = read_regular(file, _START_BYTES)
            if check is not None:
                check(start, size)
            return start + read_regular(file)
    except ScenarioError:
        raise
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{place(path)}  cannot be read: {reason(error)}") from None
    raise ScenarioError(f"{place(path)}  must be at most {most} bytes long (got {size})")


@contextmanager
def held(path: Path) -> Iterator[BinaryIO]:
    """
    Hold the lock on a file, open for reading, so that no other process replaces it meanwhile.

    Raises:
        ScenarioError: It cannot be read or is no file.
        PaysimError: Another process holds the lock, or it cannot be locked.
    """
    for _ in range(_TRIES):
        try:
            descriptor = open_regular(path, os.O_RDWR)
        except (OSError, ValueError) as error:
            text = f"{place(path)}  cannot be opened: {reason(error)}"
            # A file that is there, and is not to be written, is no bad input.
            is_kept = getattr(error, "errno", None) in _KEPT and os.access(path, os.R_OK)
            raise (PaysimError if is_kept else ScenarioError)(text) from None
        with open(descriptor, "rb") as file:
            try:
                is_locked = _lock(descriptor)
            except OSError as error:
                raise PaysimError(f"{place(path)}  cannot be locked: {reason(error)}") from None
            if not is_locked:
                break
            # Whoever held the lock may have put another file in its place since it was opened.
            if _is_at(path, descriptor):
                yield file
                return
    raise PaysimError(f"{place(path)}  is in use by another process: try again when it is done")


@contextmanager
def held_directory(path: Path) -> Iterator[None]:
    """
    Hold the lock on a directory, so that no other process writes a run into it meanwhile.

    Raises:
        OSError: It cannot be opened.
        PaysimError: Another process holds the lock.
    """
    if fcntl is None:
        yield
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if not _lock(descriptor):
            raise PaysimError(
                f"{place(path)}  is being written by another process: try again when it is done, "
                "or name another directory"
            )
        yield
    finally:
        os.close(descriptor)


@contextmanager
def free(path: Path) -> Iterator[None]:
    """
    Hold the lock on a file that may be missing.

    Raises:
        ScenarioError: It cannot be read or is no file.
        PaysimError: Another process holds the lock, or it cannot be locked.
    """
    if os.path.lexists(path):
        with held(path):
            yield
    else:
        yield


def replace_file(
    path: Path, parts: Iterable[bytes], must_be_new: bool = False, *, follows: bool = True
) -> None:
    """
    Write a file whole or not at all; one that is there keeps its permissions.

    The caller holds the lock on what is there.

    Args:
        path: Where.
        parts: What the file holds, in order.
        must_be_new: Whether a file that is there is an error rather than replaced.
        follows: Whether a link is followed, rather than replaced as anything else there is.

    Raises:
        FileThere: There must be no such file, and there is.
        PaysimError: It cannot be written.
    """
    try:
        # A rename would take the place of a link, and not of what it leads to.
        target = Path(os.path.realpath(path)) if follows else path
        is_there = target.exists() and not target.is_symlink()
        mode = stat.S_IMODE(target.stat().st_mode) if is_there else None
        _remove_leftovers(target)
        descriptor, temporary = _temporary(target)
        with open(descriptor, "wb") as file:
            try:
                if mode is not None:
                    os.chmod(temporary, mode)
                file.writelines(parts)
                file.flush()
                os.fsync(descriptor)
                if must_be_new:
                    _link(temporary, target)
                else:
                    os.replace(temporary, target)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
        sync_directory(target.parent)
    except PaysimError:
        raise
    except (OSError, ValueError) as error:
        raise PaysimError(f"{place(path)}  cannot be written: {reason(error)}") from error


def place(path: Path) -> str:
    """
    Return a path as errors begin with it: whatever it holds, on one line.
    """
    name = str(path)
    return name if name.isprintable() else ascii(name)[1:-1]


def _link(temporary: Path, path: Path) -> None:
    """
    Give a temporary file its name, unless there is such a file.
    """
    try:
        os.link(temporary, path)
    except OSError:
        # Not every file system has links; without them this takes a look and a rename.
        if not os.path.lexists(path):
            os.replace(temporary, path)
            return
        raise FileThere(f"{place(path)}  must not exist, and does") from None
    temporary.unlink()


def _lock(descriptor: int) -> bool:
    """
    Try to lock an open file; it is unlocked when it is closed or its process ends.
    """
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _temporary(path: Path) -> tuple[int, Path]:
    """
    Make a temporary file beside a path, and lock it.
    """
    for number in itertools.count():
        temporary = path.with_name(f".{path.name}.{number}.tmp")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            descriptor = os.open(temporary, flags, 0o666)
        except FileExistsError:
            if number == _TRIES:
                raise
            continue
        # Between making and locking it, another writer may have taken it for a leftover.
        if _lock(descriptor) and _is_at(temporary, descriptor):
            return descriptor, temporary
        os.close(descriptor)
    raise AssertionError


def _remove_leftovers(path: Path) -> None:
    if fcntl is None:
        return
    for number in range(_TRIES + 1):
        temporary = path.with_name(f".{path.name}.{number}.tmp")
        if not os.path.lexists(temporary):
            continue
        with suppress(OSError, ValueError):
            descriptor = open_regular(temporary, os.O_RDWR)
            with open(descriptor, "rb"):
                if _lock(descriptor):
                    temporary.unlink()


def sync_directory(directory: Path) -> None:
    """
    Bring to the disk which files a directory has, where the system can be asked for that.

    A file that was made or renamed is there for sure only then.

    Raises:
        OSError: It cannot be.
    """
    if os.name == "posix":
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
