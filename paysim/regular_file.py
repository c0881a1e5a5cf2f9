"""
Files that are opened only if they are files: a pipe or a device may keep its reader for ever.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import BinaryIO


def open_regular(path: str | os.PathLike[str], flags: int = os.O_RDONLY) -> int:
    """
    Return the descriptor of a file, which never waits for what it reads.

    Args:
        path: The file.
        flags: How it is opened.

    Raises:
        OSError: It cannot be opened.
        ValueError: It is no file, or its name is none.
    """
    flags |= getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        raise ValueError("it is not a file")
    return descriptor


def reason(error: OSError | ValueError) -> str:
    """
    Return in words why a file could not be opened, read or written.
    """
    told = error.strerror if isinstance(error, OSError) else None
    return (told or str(error)).lower()


def read_regular(file: BinaryIO, most: int = -1) -> bytes:
    """
    Return what an open file holds from where it is, or so many bytes of it.

    Raises:
        OSError: It cannot be read.
        ValueError: It is called a file, as some devices are, and has nothing to read by now.
    """
    content: bytes | None = file.read(most)
    if content is None:
        raise ValueError("it is not a file")
    return content
