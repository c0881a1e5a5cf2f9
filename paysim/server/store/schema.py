"""
The file of the store: where it is, its tables, and how a process connects to it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from paysim.regular_file import reason
from paysim.server.store.files import make_directory, make_file
from paysim.server.store.records import StoreError
from paysim.state_file import place

FILE: Final = "paysim.sqlite3"
"""The name of the file, in the data directory."""

FORMAT: Final = 1
"""The version of the tables that is written, and the newest that is read."""

APPLICATION_ID: Final = 0x50415953
"""What tells that a SQLite file is a store of paysim: PAYS in ASCII."""

LOG_BYTES_KEPT: Final = 2**24
"""Bytes that the file of SQLite's log keeps when the log begins anew."""

BUSY_MS: Final = 10_000
"""How long a process waits for another one that is writing."""

TABLES: Final = """
CREATE TABLE origins (
    number INTEGER PRIMARY KEY AUTOINCREMENT
);
CREATE TABLE origin_parts (
    origin INTEGER NOT NULL REFERENCES origins,
    number INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (origin, number)
);

CREATE TABLE logs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    origin INTEGER NOT NULL REFERENCES origins,
    parts INTEGER NOT NULL,
    parent INTEGER REFERENCES logs,
    base INTEGER NOT NULL,
    tick INTEGER NOT NULL,
    events INTEGER NOT NULL
);
CREATE INDEX logs_by_origin ON logs (origin);
CREATE INDEX logs_by_parent ON logs (parent, base);

CREATE TABLE steps (
    log INTEGER NOT NULL REFERENCES logs,
    number INTEGER NOT NULL,
    tick INTEGER NOT NULL,
    events INTEGER NOT NULL,
    added BLOB NOT NULL,
    piece BLOB NOT NULL,
    crc32 INTEGER NOT NULL,
    PRIMARY KEY (log, number)
) WITHOUT ROWID;
CREATE TRIGGER steps_are_consecutive BEFORE INSERT ON steps
WHEN NEW.number IS NOT 1 + coalesce(
    (SELECT max(number) FROM steps WHERE log = NEW.log),
    (SELECT base FROM logs WHERE number = NEW.log))
BEGIN SELECT RAISE(ABORT, 'a step must have the next number'); END;
CREATE TRIGGER steps_stay BEFORE UPDATE ON steps
BEGIN SELECT RAISE(ABORT, 'a step must stay as it is'); END;

CREATE TABLE simulations (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    log INTEGER NOT NULL UNIQUE REFERENCES logs,
    name TEXT NOT NULL,
    seed TEXT NOT NULL,
    num_ticks INTEGER NOT NULL,
    ticks_per_day INTEGER NOT NULL,
    agents TEXT NOT NULL,
    outside TEXT NOT NULL,
    created REAL NOT NULL,
    parent_id TEXT,
    parent_tick INTEGER,
    cuts TEXT NOT NULL DEFAULT '[]'
);

CREATE TABLE runs (
    simulation INTEGER PRIMARY KEY REFERENCES simulations ON DELETE CASCADE,
    record TEXT NOT NULL
);

CREATE TABLE marks (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    simulation INTEGER NOT NULL REFERENCES simulations ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    step INTEGER NOT NULL,
    tick INTEGER NOT NULL,
    created REAL NOT NULL,
    UNIQUE (simulation, id)
);

CREATE TABLE replies (
    scope TEXT NOT NULL,
    number INTEGER NOT NULL,
    key TEXT NOT NULL,
    request TEXT NOT NULL,
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (scope, number),
    UNIQUE (scope, key)
) WITHOUT ROWID;

CREATE TABLE gone (
    scope TEXT PRIMARY KEY
) WITHOUT ROWID;

CREATE TABLE keys (
    name TEXT PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    scope TEXT NOT NULL CHECK (scope IN ('read', 'run', 'admin')),
    created REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE key_changes (number INTEGER NOT NULL);
INSERT INTO key_changes VALUES (0);
CREATE TRIGGER keys_added AFTER INSERT ON keys
BEGIN UPDATE key_changes SET number = number + 1; END;
CREATE TRIGGER keys_changed AFTER UPDATE ON keys
BEGIN UPDATE key_changes SET number = number + 1; END;
CREATE TRIGGER keys_removed AFTER DELETE ON keys
BEGIN UPDATE key_changes SET number = number + 1; END;
"""


def connect(directory: Path, checkpoints: bool = True) -> sqlite3.Connection:
    """
    Make the directory and the file if they are missing, and connect to the file.

    Args:
        directory: The data directory.
        checkpoints: Whether commits bring SQLite's log into the file from time to time.

    Raises:
        StoreError: It cannot be opened, is no store, or has a newer format.
    """
    path = directory / FILE
    try:
        make_directory(directory)
        make_file(path)
        connection = _opened(path)
    except OSError as error:
        raise StoreError(f"{place(path)}  cannot be opened: {reason(error)}") from error
    except sqlite3.Error as error:
        raise StoreError(f"{place(path)}  cannot be opened: {error}") from error
    try:
        _prepare(connection, path)
        if not checkpoints:
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES_KEPT}")
    except BaseException as error:  # whatever it is, the file is not left open
        connection.close()
        if isinstance(error, sqlite3.Error):
            raise StoreError(f"{place(path)}  cannot be opened: {error}") from error
        raise
    return connection


def more(directory: Path, reads: bool = False) -> sqlite3.Connection:
    """
    Return one more connection to a file that is open already.

    Args:
        directory: The data directory.
        reads: Whether it is for reading alone.

    Raises:
        sqlite3.Error: It cannot be opened.
    """
    connection = _opened(directory / FILE)
    if reads:
        connection.execute("PRAGMA query_only = ON")
    return connection


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = FAST")
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """
    Check whose file it is, and make the tables in one that is empty.
    """
    if _is_ours(connection, path):
        return
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have made them since.
        if not _is_ours(connection, path):
            for statement in _statements(TABLES):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")
    except BaseException:  # whatever it is, others are not kept waiting for the end of this
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _is_ours(connection: sqlite3.Connection, path: Path) -> bool:
    """
    Whether the file has the tables; it is empty otherwise.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application == APPLICATION_ID:
        if not 1 <= version <= FORMAT:
            raise StoreError(
                f"{place(path)}  must have a format that this version of paysim reads, at most "
                f"{FORMAT}; a newer version has written it (got {version})"
            )
        return True
    (count,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application or version or count:
        raise StoreError(f"{place(path)}  must be a store of paysim, and is another SQLite file")
    return False


def _statements(text: str) -> list[str]:
    """
    Return the statements of a text, each of which ends at the end of a line.
    """
    statements, lines = [], ""
    for line in text.splitlines(keepends=True):
        lines += line
        if sqlite3.complete_statement(lines):
            statements.append(lines)
            lines = ""
    return statements
