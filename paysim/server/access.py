"""
Who may do what: keys as bearer tokens, with scopes, each of which includes those before it.

Without any key in the data directory nobody is asked for one.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

from paysim.server.problems import Problem

SCOPES: Final = ("read", "run", "admin")
"""Scopes, from the least to the greatest."""

_REMOVED = re.compile(r"/api/simulations/[^/]+/?|/api/simulations/[^/]+/checkpoints/[^/]+/?")
_CHALLENGE = 'Bearer realm="paysim"'


class KnownKeys(Protocol):
    """
    What is asked of the keys of a data directory; changes of other processes count at once.
    """

    def exist(self) -> bool:
        """
        Whether there are any.
        """

    def find(self, token: str) -> tuple[str, str] | None:
        """
        Return name and scope of the key with this token, or `None`.
        """


def needed(method: str, path: str) -> str:
    """
    Return the least scope that a request needs.

    Args:
        method: Its method.
        path: Its path, without what the app is mounted under.
    """
    if method in ("GET", "HEAD"):
        return "read"
    return "admin" if method == "DELETE" and _REMOVED.fullmatch(path) else "run"


def allowed(scope: str, wanted: str) -> bool:
    """
    Return whether a key of one scope may do what needs another.
    """
    return SCOPES.index(scope) >= SCOPES.index(wanted)


def check_key(keys: KnownKeys, method: str, path: str, authorization: bytes | None) -> str:
    """
    Return the name of the key that a request comes with.

    Args:
        keys: The keys that there are.
        method: The request's method.
        path: Its path, without what the app is mounted under.
        authorization: Its header of this name.

    Raises:
        Problem: 401 without a known key, 403 with one of too small a scope.
    """
    if authorization is None:
        raise _not_known("no key was given", 'realm="paysim"')
    scheme, _, token = authorization.decode("latin-1").partition(" ")
    if scheme.lower() != "bearer":
        raise _not_known("the Authorization header is not of the form Bearer TOKEN", "")
    found = keys.find(token.strip())
    if found is None:
        raise _not_known("the key is not known", 'error="invalid_token"')
    name, scope = found
    wanted = needed(method, path)
    if not allowed(scope, wanted):
        detail = f"this request needs a key of scope {wanted}, and this one is of scope {scope}"
        challenge = f'{_CHALLENGE}, error="insufficient_scope", scope="{wanted}"'
        headers = {"WWW-Authenticate": challenge}
        title = "The key does not allow this"
        raise Problem(403, "scope-too-small", title, detail, headers=headers)
    return name


def _not_known(what: str, reason: str) -> Problem:
    detail = f"{what}; send a key in the header Authorization: Bearer paysim_..."
    challenge = f"{_CHALLENGE}, {reason}" if reason.startswith("error") else _CHALLENGE
    headers = {"WWW-Authenticate": challenge}
    return Problem(401, "key-needed", "A key is needed", detail, headers=headers)
