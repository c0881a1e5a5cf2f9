"""
The routes of the service.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from paysim.server.routes import (
    acting,
    checkpoints,
    comparing,
    events,
    health,
    page,
    results,
    running,
    simulations,
)

# A tick is asked for most often, and routes are tried in order.
routers: Final[tuple[APIRouter, ...]] = (
    running.router,
    simulations.router,
    events.router,
    acting.router,
    results.router,
    comparing.router,
    checkpoints.router,
    page.router,
    health.router,
)
