"""
Checkpoints: everything that decides the future of a run, in one file.

`paysim.checkpoint_format` has the bytes, and `paysim.state_file` how they come into the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from paysim.checkpoint_format import (
    CHECKPOINT,
    FILE_BYTES_MAX,
    Checkpoint,
    Kind,
    check_start,
    decoded,
    encoded,
)
from paysim.errors import PaysimError, Problem, ScenarioError, TooManyEvents
from paysim.state_file import as_path, file_bytes, free, held_bytes, place, replace_file

if TYPE_CHECKING:
    from paysim._kernel import Kernel


def write_checkpoint(path: str | PathLike[str], checkpoint: Checkpoint) -> None:
    """
    Write a checkpoint file, whole or not at all, in the place of what is there.

    Raises:
        ScenarioError: The path is not one, or that of something other than a file.
        PaysimError: The file cannot be written, or another process is using it.
    """
    target = as_path(path)
    parts = encoded(checkpoint)
    with free(target):
        replace_file(target, parts)


def read_checkpoint(path: str | PathLike[str], kind: Kind = CHECKPOINT) -> Checkpoint:
    """
    Return what a checkpoint file holds, or another kind of these files.

    Raises:
        ScenarioError: It cannot be read, or it is damaged, truncated, newer or no checkpoint.
    """
    target = as_path(path)
    name = place(target)
    check = partial(check_start, name, kind=kind)
    return decoded(file_bytes(target, FILE_BYTES_MAX, check), name, kind)


def held_checkpoint(path: Path, file: BinaryIO) -> Checkpoint:
    """
    Return what a checkpoint file that is open holds.

    Raises:
        ScenarioError: It cannot be read, or it is damaged, truncated, newer or no checkpoint.
    """
    name = place(path)
    return decoded(held_bytes(path, file, FILE_BYTES_MAX, partial(check_start, name)), name)


def restored_kernel(
    saved: Checkpoint, scripted: Sequence[int] = (), events_max: int | None = None
) -> Kernel:
    """
    Return the kernel of a checkpoint.

    Args:
        saved: The checkpoint.
        scripted: The numbers of the agents that have no compiled policy.
        events_max: How many events its log may have.

    Raises:
        TooManyEvents: It has more.
        ScenarioError: What the kernel saved is damaged.
    """
    from paysim._kernel import Kernel

    try:
        kernel = Kernel.restore(saved.scenario, saved.seed, scripted, saved.kernel, events_max)
        if kernel.tick != saved.tick:
            raise PaysimError(f"the next tick must be {saved.tick} (got {kernel.tick})")
    except TooManyEvents:
        raise
    except PaysimError as error:
        text = f"must hold a run of its scenario, as paysim {saved.version} has saved it: {error}"
        raise ScenarioError([Problem(saved.name, "", text, "")]) from error
    return kernel
