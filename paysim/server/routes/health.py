"""
The service itself: whether it works, and the description of its API.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from paysim import __version__
from paysim.server.http.calls import Call
from paysim.server.http.models.service import Health
from paysim.server.http.replies import json_bytes, json_reply
from paysim.server.openapi.operations import Answer, json_form, operation

router = APIRouter()


@operation(
    router,
    "GET",
    "/health",
    id="health",
    tag="Service",
    summary="Ask whether the service works",
    text="No key is needed.",
    answer=Answer(
        200,
        "It does.",
        json_form(
            Health, healthy={"status": "healthy", "active_simulations": 3, "version": "1.2.0"}
        ),
    ),
)
async def health(call: Call) -> Response:
    """
    Tell that the service works.
    """
    return json_reply(
        {
            "status": "healthy",
            "active_simulations": len(call.desk.rows),
            "version": __version__,
        }
    )


@operation(
    router,
    "GET",
    "/openapi.json",
    id="get_openapi",
    tag="Service",
    summary="Get this description",
    text="OpenAPI 3.1. No key is needed.",
    answer=Answer(200, "The description.", json_form({"type": "object"})),
)
async def get_openapi(call: Call) -> Response:
    """
    Tell what the API is; made once for the settings that the app has started with.
    """
    app = call.request.app
    made = getattr(app.state, "openapi", None)
    if made is None or made[0] is not call.settings:
        made = app.state.openapi = (call.settings, json_bytes(app.openapi()))
    return Response(made[1], media_type="application/json")
