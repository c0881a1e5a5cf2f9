"""
Keys that callers show: made, listed and removed on a data directory, also while a server runs.

A key is a token with a name and a scope. Only the SHA-256 of a token is kept, so that whoever reads
the data directory cannot act with it; a token has 256 random bits, so nobody finds it from that.
"""

from __future__ import annotations

import hashlib
import math
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from paysim.errors import ScenarioError, shown
from paysim.fields import did_you_mean
from paysim.server.store import key_rows
from paysim.server.store.records import Key, StoreError
from paysim.server.store.schema import FILE, connect
from paysim.state_file import place

if TYPE_CHECKING:
    from paysim.server.store.store import Store

PREFIX: Final = "paysim_"
"""What a token begins with, so that it is known for what it is where it turns up."""

SCOPES: Final = ("read", "run", "admin")
"""What a key may do; each includes those before it."""

NAME_MAX: Final = 64
"""Characters of a name."""

LOOK_SECONDS: Final = 0.02
"""
How often a server looks for changes of other processes: each look takes the time of half a request.
Whoever makes a change waits for so long, so that it counts from the next request on.
"""

_RANDOM_BYTES: Final = 32


def add_key(directory: Path, name: str, scope: str) -> str:
    """
    Add a key to a data directory and return its token, which cannot be told again.

    Raises:
        ScenarioError: The name cannot be used or is there already, or there is no such scope.
        StoreError: The directory cannot be written.
    """
    check_name(name)
    if scope not in SCOPES:
        raise ScenarioError(f"scope must be one of {', '.join(SCOPES)} (got {shown(scope)})")
    token = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    key = Key(name, _digest(token), scope, time.time())
    with _writing(directory) as db:
        if not key_rows.add_key(db, key):
            raise ScenarioError(
                f"name must be new, and there is a key {shown(name)}; remove it first, or choose "
                "another name"
            )
    return token


def list_keys(directory: Path) -> list[Key]:
    """
    Return the keys of a data directory, by name; none if there is no such directory.

    Raises:
        StoreError: It cannot be read.
    """
    if not _is_there(directory):
        return []
    with _connected(directory) as db:
        return key_rows.keys(db)


def remove_key(directory: Path, name: str) -> None:
    """
    Remove a key from a data directory: a server takes it no more from the next request on.

    Raises:
        ScenarioError: There is no such key.
        StoreError: The directory cannot be written.
    """
    names: list[str] = []
    if _is_there(directory):
        with _writing(directory) as db:
            if key_rows.remove_key(db, name):
                return
            names = [key.name for key in key_rows.keys(db)]
    hint = did_you_mean(name, names)
    raise ScenarioError(
        f"name must be that of a key in {place(directory)} (got {shown(name)})"
        + (f"; {hint}" if hint else "")
    )


def has_keys(directory: Path) -> bool:
    """
    Whether a data directory has any key.

    Raises:
        StoreError: It cannot be read.
    """
    return bool(list_keys(directory))


def check_name(name: str) -> None:
    """
    Refuse what cannot be the name of a key.

    Raises:
        ScenarioError: It is too long, empty or does not show on a terminal.
    """
    if not 1 <= len(name) <= NAME_MAX:
        found = f"{len(name)} characters" if name else "empty text"
        raise ScenarioError(f"name must be 1 to {NAME_MAX} characters (got {found})")
    if not name.isprintable() or name != name.strip():
        raise ScenarioError(
            f"name must consist of printable characters, without blanks around it (got "
            f"{shown(name)})"
        )


class Keys:
    """
    The keys of an open store: changes of other processes count when these return.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._version: int | None = None
        self._looked = -math.inf
        self._known: dict[str, tuple[str, str]] = {}

    def exist(self) -> bool:
        """
        Whether there are any.

        Raises:
            StoreError: They cannot be read.
        """
        return bool(self._current())

    def find(self, token: str) -> tuple[str, str] | None:
        """
        Return name and scope of the key with this token, or `None`.

        Tokens are compared by their digests, so the time tells nothing of how much was right.

        Raises:
            StoreError: They cannot be read.
        """
        return self._current().get(_digest(token))

    def _current(self) -> dict[str, tuple[str, str]]:
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return self._known
        # The version is read first: a change after it is seen at the next look.
        version = self._store.keys_version()
        if version != self._version:
            found = self._store.keys()
            self._known = {key.digest: (key.name, key.scope) for key in found}
            self._version = version
        self._looked = now
        return self._known


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _is_there(directory: Path) -> bool:
    try:
        return (directory / FILE).exists()
    except (OSError, ValueError) as error:
        raise StoreError(f"{place(directory / FILE)}  cannot be opened: {error}") from error


@contextmanager
def _connected(directory: Path) -> Iterator[sqlite3.Connection]:
    db = connect(directory)
    try:
        yield db
    except sqlite3.Error as error:
        raise StoreError(f"{place(directory / FILE)}  cannot be written: {error}") from error
    finally:
        db.close()


@contextmanager
def _writing(directory: Path) -> Iterator[sqlite3.Connection]:
    """
    Lend a connection in a transaction, which is committed unless an error is raised.
    """
    with _connected(directory) as db:
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
            time.sleep(LOOK_SECONDS)
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")
