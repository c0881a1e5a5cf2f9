"""
Keys: made, listed and removed on a data directory, and what a server knows of them.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys

import pytest

from paysim.cli import main
from paysim.errors import ScenarioError
from paysim.server.store.keys import Keys, add_key, has_keys, list_keys, remove_key
from paysim.server.store.store import Store


@pytest.fixture
def directory(tmp_path, monkeypatch):
    monkeypatch.setenv("PAYSIM_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def test_token(directory):
    """
    A token is long, random and nowhere in the files, which hold its digest.
    """
    tokens = [add_key(directory, f"key {number}", "run") for number in range(5)]
    assert all(re.fullmatch(r"paysim_[A-Za-z0-9_-]{43}", token) for token in tokens)
    assert len(set(tokens)) == 5
    content = b"".join(path.read_bytes() for path in directory.iterdir())
    for token, key in zip(tokens, list_keys(directory), strict=True):
        assert token.encode() not in content
        assert token[7:].encode() not in content
        assert key.digest == hashlib.sha256(token.encode()).hexdigest()
        assert key.digest.encode() in content
        assert key.scope == "run"


def test_changes_count_at_once(directory):
    """
    A server knows a key from the moment it is added to the moment it is removed.
    """
    store = Store.open(directory)
    keys = Keys(store)
    assert not keys.exist()
    assert keys.find("paysim_") is None
    token = add_key(directory, "alice", "read")
    assert keys.exist()
    assert keys.find(token) == ("alice", "read")
    for other in ("", token[:-1], token + "x", token.upper(), "\udcff", "é" * 1000):
        assert keys.find(other) is None
    other = add_key(directory, "bob", "admin")
    remove_key(directory, "alice")
    assert keys.find(token) is None
    assert keys.find(other) == ("bob", "admin")
    remove_key(directory, "bob")
    assert not keys.exist()
    store.close()


def test_changes_of_another_process(directory):
    """
    Commands of another process work while a server runs, and count for it at once.
    """
    store = Store.open(directory)
    keys = Keys(store)

    def ran(*arguments):
        command = [sys.executable, "-m", "paysim", "keys", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    token = ran("add", "alice", "--scope", "run")
    assert keys.find(token) == ("alice", "run")
    ran("remove", "alice")
    assert keys.find(token) is None
    store.close()


def test_version_counts_keys_alone(directory):
    """
    What is asked at each request changes with the keys, and with nothing else.
    """
    store = Store.open(directory)
    before = store.keys_version()
    store.append("none", None).exception()
    assert store.keys_version() == before
    add_key(directory, "alice", "run")
    assert store.keys_version() > before
    store.close()


@pytest.mark.parametrize(
    ("name", "scope", "text"),
    [
        ("", "run", r"name must be 1 to 64 characters \(got empty text\)"),
        ("a" * 65, "run", r"name must be 1 to 64 characters \(got 65 characters\)"),
        ("a\nb", "run", r"name must consist of printable characters"),
        (" a", "run", r"without blanks around it \(got ' a'\)"),
        ("a", "write", r"scope must be one of read, run, admin \(got 'write'\)"),
        ("alice", "run", r"name must be new, and there is a key 'alice'"),
    ],
)
def test_refused(directory, name, scope, text):
    """
    What cannot be a key is refused, and nothing changes.
    """
    add_key(directory, "alice", "admin")
    before = list_keys(directory)
    with pytest.raises(ScenarioError, match=text):
        add_key(directory, name, scope)
    assert list_keys(directory) == before


def test_unknown_name(directory):
    """
    Removing a key that there is not is an error that names the nearest.
    """
    with pytest.raises(ScenarioError, match=f"that of a key in {directory} .*'alice'"):
        remove_key(directory, "alice")
    add_key(directory, "alice", "run")
    with pytest.raises(ScenarioError, match=r"\(got 'alcie'\); did you mean alice\?"):
        remove_key(directory, "alcie")


def test_looking_makes_nothing(directory):
    """
    Asking for keys where there is no data directory makes none.
    """
    assert list_keys(directory) == []
    assert not has_keys(directory)
    assert not directory.exists()
    add_key(directory, "alice", "run")
    assert has_keys(directory)


def test_commands(directory, capsys):
    """
    The commands print the token alone, the list, and errors with exit code 2.
    """
    assert main(["keys", "add", "alice", "--scope", "run"]) == 0
    out, err = capsys.readouterr()
    assert re.fullmatch(r"paysim_[A-Za-z0-9_-]{43}\n", out)
    assert "alice is not shown again" in err
    assert main(["keys", "list", "--data-dir", str(directory)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "scope", "made"]
    assert lines[1].split()[:2] == ["alice", "run"]
    assert main(["keys", "remove", "bob"]) == 2
    assert main(["keys", "add", "bob", "--scope", "write"]) == 2
    assert main(["keys", "remove", "alice"]) == 0
    assert main(["keys", "list"]) == 0
    assert "there are no keys" in capsys.readouterr().err
