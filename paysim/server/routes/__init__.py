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
    creating,
    events,
    health,
    indicators,
    page,
    reports,
    results,
    running,
    simulations,
    states,
)

# A tick is asked for most often, and routes are tried in order.
routers: Final[tuple[APIRouter, ...]] = (
    running.router,
    creating.router,
    simulations.router,
    states.router,
    events.router,
    acting.router,
    results.router,
    indicators.router,
    reports.router,
    comparing.router,
    checkpoints.router,
    page.router,
    health.router,
)
