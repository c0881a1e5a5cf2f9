"""
The service as a process of its own: its sockets, its signals, its end.
"""

from __future__ import annotations

import gc
import logging
import math
import signal
import socket
from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn

import uvicorn

from paysim.errors import PaysimError, Problem, ScenarioError
from paysim.server.app import create_app
from paysim.server.http.origins import is_loopback
from paysim.server.http.protocol import bounded
from paysim.server.log import log
from paysim.server.settings import Settings

_KEEP_ALIVE_SECONDS: Final = 30


def bind(host: str, port: int, *, is_open: bool) -> list[socket.socket]:
    """
    Bind sockets to all addresses of a host.

    Args:
        host: A name or an address.
        port: The port; 0 chooses a free one.
        is_open: Whether addresses beside the loopback ones are allowed.

    Raises:
        ScenarioError: The host is not known, or it is not loopback and must be.
        PaysimError: The port is in use, or may not be used.
    """
    try:
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "no host name"
        expected = f"must be a name or an address of this machine: {reason}"
        raise ScenarioError([Problem("", "--host", expected, repr(host))]) from error
    addresses = list(dict.fromkeys((family, address) for family, _, _, _, address in found))
    if not is_open:
        for _, address in addresses:
            if not is_loopback(str(address[0])):
                raise ScenarioError([_needs_keys(host)])
    sockets: list[socket.socket] = []
    for family, address in addresses:
        chosen = sockets[0].getsockname()[1] if sockets else port
        try:
            sockets.append(_bound(family, (address[0], chosen, *address[2:])))
        except OSError as error:
            if sockets and port == 0:
                continue
            for bound in sockets:
                bound.close()
            where = f"{address[0]} port {port}"
            raise PaysimError(f"cannot listen on {where}: {error.strerror or error}") from error
    return sockets


def _needs_keys(host: str) -> Problem:
    expected = "must be a loopback address as long as there are no keys"
    hint = "make one with: paysim keys add NAME --scope admin"
    return Problem("", "--host", expected, repr(host), hint)


def _bound(family: int, address: Any) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            # Not IPv4 too, which has a socket of its own.
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        # Now, as two can be bound to one port, of which only one can listen.
        bound.listen(2048)
        bound.setblocking(False)
    except BaseException:
        # Whatever it is, nobody else has the socket.
        bound.close()
        raise
    return bound


def address_of(bound: socket.socket) -> str:
    """
    Return the address of a socket as a browser takes it.
    """
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(
    settings: Settings,
    sockets: Sequence[socket.socket],
    told: Callable[[str], None],
    *,
    is_logged: bool = False,
) -> None:
    """
    Serve until a signal ends it: SIGTERM with SystemExit(0), Ctrl-C with KeyboardInterrupt.

    Args:
        settings: The settings.
        sockets: Where it listens.
        told: Is called with the address once requests are answered.
        is_logged: Whether each request gets a line in the log.

    Raises:
        PaysimError: It cannot start, as the data directory cannot be used.
    """
    app = create_app(settings, is_logged=is_logged)
    app.state.failure = None
    config = uvicorn.Config(
        app,
        http=bounded(settings.max_body_seconds),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=math.ceil(settings.max_seconds) + 5,
    )
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger().addHandler(logging.NullHandler())
    # uvicorn raises again, at its end, the signal that has ended it.
    signal.signal(signal.SIGTERM, _leave)
    try:
        _Server(config, lambda: told(address_of(sockets[0]))).run(sockets=list(sockets))
    except SystemExit:
        failure = app.state.failure
        if failure is not None:
            raise failure from None
        raise


def _leave(*_: object) -> NoReturn:
    raise SystemExit(0)


class _Server(uvicorn.Server):
    """
    uvicorn's server, which tells when it answers and ends streams before it waits for replies.
    """

    def __init__(self, config: uvicorn.Config, told: Callable[[], None]) -> None:
        super().__init__(config)
        self._told = told
        self._forward = _Forward(logging.WARNING)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """
        Start, and tell.
        """
        await super().startup(sockets)
        # Not before, as what keeps the app from starting is told once, and by paysim.
        logging.getLogger().addHandler(self._forward)
        # What is there by now stays, and need not be looked through for garbage again and again.
        gc.collect()
        gc.freeze()
        if self.started and not self.should_exit:
            self._told()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """
        Finish what is under way.
        """
        app: Any = self.config.app
        app.state.desk.stop()
        try:
            await super().shutdown(sockets)
        finally:
            # What a second Ctrl-C breaks off is nothing to warn of.
            logging.getLogger().removeHandler(self._forward)


class _Forward(logging.Handler):
    """
    Writes what libraries warn of as log lines of the service.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """
        Write one line.
        """
        told = {"library": record.name, "message": record.getMessage()}
        if record.exc_info:
            told["traceback"] = logging.Formatter().formatException(record.exc_info)
        log().warning("library warned", **told)
