"""
Who may do what: keys as bearer tokens, with scopes, each of which includes those before it.

Without any key in the data directory nobody is asked for one.
"""

from __future__ import annotations

import re

from paysim.server.problems import Problem
from paysim.server.store.keys import SCOPES, Keys

_REMOVED = re.compile(r"/api/simulations/[^/]+/?|/api/simulations/[^/]+/checkpoints/[^/]+/?")
_CHALLENGE = 'Bearer realm="paysim"'


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


def check_key(keys: Keys, method: str, path: str, authorization: bytes | None) -> str:
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
        raise _no_key("no key was given")
    scheme, _, token = authorization.decode("latin-1").partition(" ")
    if scheme.lower() != "bearer":
        raise _no_key("the header Authorization does not begin with Bearer")
    found = keys.find(token.strip())
    if found is None:
        raise _no_key("the key is not known", ', error="invalid_token"')
    name, scope = found
    wanted = needed(method, path)
    if not allowed(scope, wanted):
        detail = f"this request needs a key of scope {wanted}, and this one is of scope {scope}"
        challenge = f'{_CHALLENGE}, error="insufficient_scope", scope="{wanted}"'
        headers = {"WWW-Authenticate": challenge}
        title = "The key does not allow this"
        raise Problem(403, "scope-too-small", title, detail, headers=headers)
    return name


def _no_key(what: str, reason: str = "") -> Problem:
    detail = f"{what}; send one in the header Authorization: Bearer paysim_..."
    headers = {"WWW-Authenticate": _CHALLENGE + reason}
    return Problem(401, "key-needed", "A key is needed", detail, headers=headers)
