"""
The app: what is opened when it starts and closed when it stops, and what stands around its routes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from time import perf_counter
from typing import Any

from fastapi import FastAPI
from starlette.responses import Response

from paysim import __version__
from paysim.server.desk.desk import Desk
from paysim.server.http.crowds import Crowd
from paysim.server.http.guards import Door, Guard
from paysim.server.http.handlers import add_handlers
from paysim.server.http.tables import clear
from paysim.server.log import log
from paysim.server.openapi.doc_pages import doc_pages
from paysim.server.openapi.openapi import document
from paysim.server.routes import routers
from paysim.server.settings import Settings
from paysim.server.store.keys import Keys
from paysim.server.store.store import Store

DESCRIPTION = "Simulates how banks settle payments with each other, and what it costs them."


def create_app(settings: Settings | None = None, *, is_logged: bool = False) -> FastAPI:
    """
    Make an app of its own, which touches nothing before it starts.

    It may be started and stopped any number of times.
    Several of them live side by side on different data directories.

    Args:
        settings: Its settings; `None` reads them from the environment whenever it starts.
        is_logged: Whether each request gets a line in the log, of level debug.
    """
    door = Door(is_logged=is_logged)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        start = perf_counter()
        async with AsyncExitStack() as stack:
            try:
                await _open(app, settings, door, stack)
            except Exception as error:
                # Uvicorn logs it as text and goes on to its own end: whoever serves raises it.
                app.state.failure = error
                log().error("server not started", message=str(error))
                raise
            data_dir = str(app.state.settings.data_dir)
            log().info("server started", data_dir=data_dir, simulations=len(app.state.desk.rows))
            yield
        log().info("server stopped", data_dir=data_dir, seconds=round(perf_counter() - start, 3))

    app = FastAPI(
        title="paysim",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        default_response_class=Response,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.add_middleware(Guard, door=door)
    add_handlers(app)
    for router in (*routers, doc_pages):
        # As they are: what is included is looked up in a slower way.
        app.router.routes.extend(router.routes)
    # As FastAPI tells those to do it who have a description of their own.
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    return app


async def _open(app: FastAPI, given: Settings | None, door: Door, stack: AsyncExitStack) -> None:
    """
    Open what an app works with, and leave on the stack what closes it.
    """
    app.state.failure = None
    settings = given or Settings.from_environment()
    store = await asyncio.to_thread(Store.open, settings.data_dir)
    stack.push_async_callback(asyncio.to_thread, store.close)
    await asyncio.to_thread(clear, settings.data_dir)
    desk = Desk(store, settings)
    stack.push_async_callback(desk.close)
    app.state.settings, app.state.store, app.state.desk = settings, store, desk
    app.state.crowd = Crowd()
    stack.callback(_set, door, settings=None, keys=None)
    _set(door, settings=settings, keys=Keys(store))


def _set(door: Door, **values: Any) -> None:
    for name, value in values.items():
        setattr(door, name, value)
