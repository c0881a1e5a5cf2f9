"""
Where a request comes in, what it calls the service, and which page has sent it.

A page of somebody else's, open in the browser of somebody who runs the service, can send requests
to it. These checks see to it that it is not heard.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from paysim.server.problems import Problem

_HOST = re.compile(r"(?P<name>[a-z0-9._\-]+|\[[0-9a-f:.]+\])(?::[0-9]{0,5})?", re.IGNORECASE)
_FOREIGN_SITES = (b"cross-site", b"same-site")


def is_loopback(address: str) -> bool | None:
    """
    Return whether an address is one of this machine alone, or `None` if it is no IP address.
    """
    try:
        ip: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return None
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return (mapped or ip).is_loopback


def check_address(server: Any) -> None:
    """
    Refuse what comes in from outside, as long as there are no keys.

    Args:
        server: Address and port that the request came in at, as ASGI tells them.

    Raises:
        Problem: 403 if that is no loopback address.
    """
    if server and _is_open(server[0]):
        raise Problem(
            403,
            "keys-needed",
            "The service has no keys",
            "without keys it answers on a loopback address only; make one with: "
            "paysim keys add NAME --scope admin",
        )


def check_host(host: bytes | None, *, is_local: bool) -> None:
    """
    Refuse a request that does not say, or does not rightly say, whom it is for.

    A name of the outside that leads to this machine is how a page gets around the rule that it may
    talk to its own host only.

    Args:
        host: The header.
        is_local: Whether only names of this machine are right.

    Raises:
        Problem: 400 if it is no name, 403 if it is not one of this machine's.
    """
    name = _host_name(host or b"")
    if name is None:
        raise Problem(400, "bad-header", "A header is not valid", "Host is missing or no host name")
    if is_local and not _is_local_name(name):
        raise Problem(
            403,
            "foreign-host",
            "The service does not go by this name",
            "without keys it answers to localhost and to names of this machine only",
        )


def check_origin(scheme: str, headers: dict[bytes, bytes]) -> None:
    """
    Refuse what the page of another origin has sent.

    Args:
        scheme: Scheme of the request.
        headers: Its headers.

    Raises:
        Problem: 403 if it was sent by such a page.
    """
    origin = headers.get(b"origin")
    is_foreign = headers.get(b"sec-fetch-site") in _FOREIGN_SITES
    if origin is not None and not is_foreign:
        own = scheme.encode("latin-1") + b"://" + headers.get(b"host", b"")
        is_foreign = origin.lower() != own.lower()
    if is_foreign:
        raise Problem(
            403,
            "foreign-origin",
            "Pages of other origins cannot use the service",
            "the request says that a page of another origin has sent it (Origin, Sec-Fetch-Site)",
        )


@lru_cache(maxsize=256)
def _is_open(address: str) -> bool:
    return is_loopback(address) is False


@lru_cache(maxsize=256)
def _host_name(host: bytes) -> str | None:
    match = _HOST.fullmatch(host.decode("latin-1"))
    return match["name"].lower() if match else None


@lru_cache(maxsize=256)
def _is_local_name(name: str) -> bool:
    if name.startswith("["):
        return is_loopback(name[1:-1]) is True
    known = is_loopback(name)
    if known is not None:
        return known
    return "." not in name or name.endswith(".localhost")
