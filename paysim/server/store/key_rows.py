"""
The table of keys, which other processes may write while a server runs.
"""

from __future__ import annotations

import sqlite3

from paysim.server.store.records import Key


def add_key(db: sqlite3.Connection, key: Key) -> bool:
    """
    Add a key, unless there is one of this name.
    """
    values = (key.name, key.digest, key.scope, key.created)
    done = db.execute("INSERT INTO keys VALUES (?, ?, ?, ?) ON CONFLICT (name) DO NOTHING", values)
    return done.rowcount == 1


def remove_key(db: sqlite3.Connection, name: str) -> bool:
    """
    Remove a key, if there is one of this name.
    """
    return db.execute("DELETE FROM keys WHERE name = ?", (name,)).rowcount == 1


def keys(db: sqlite3.Connection) -> list[Key]:
    """
    Return all keys, by name.
    """
    found = db.execute("SELECT name, digest, scope, created FROM keys ORDER BY name")
    return [Key(*values) for values in found]


def keys_version(db: sqlite3.Connection) -> int:
    """
    Return a number that grows whenever a key is added or removed.
    """
    (number,) = db.execute("SELECT number FROM key_changes").fetchone()
    return int(number)
