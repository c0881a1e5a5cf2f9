"""
The interactive documentation, /docs and /redoc, from files that are installed with the service.

Nothing is asked of any other server: scripts and styles come from the package `fastapi_offline`,
which ships them, and the pages forbid everything else.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from paysim.server.problems import of_status

doc_pages = APIRouter(include_in_schema=False)

FILES: Final = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "redoc.standalone.js": "text/javascript; charset=utf-8",
    "favicon.png": "image/png",
}
"""The files that there are, and what they are."""

_LOGO: Final = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
"""What Redoc would show beside the name of its maker."""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="static/docs/favicon.png">
{style}</head>
<body>
<div id="page"></div>
<script src="static/docs/{script}"></script>
<script>{start}</script>
</body>
</html>
"""
_SWAGGER = """
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#page",
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
  layout: "BaseLayout",
  deepLinking: true,
  showExtensions: true,
  validatorUrl: null
});
"""
_REDOC = """
Redoc.init("openapi.json", {
  disableGoogleFont: true,
  hideLoading: true
}, document.getElementById("page"));
"""


@doc_pages.get("/docs")
async def swagger_ui() -> Response:
    """
    Return the page on which requests can be tried out.
    """
    style = '<link rel="stylesheet" href="static/docs/swagger-ui.css">\n'
    page = _PAGE.format(
        title="paysim: try the API", style=style, script="swagger-ui-bundle.js", start=_SWAGGER
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": _policy(_SWAGGER)})


@doc_pages.get("/redoc")
async def redoc() -> Response:
    """
    Return the page to read.
    """
    page = _PAGE.format(
        title="paysim: the API", style="", script="redoc.standalone.js", start=_REDOC
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": _policy(_REDOC)})


@doc_pages.get("/static/docs/{name}")
async def doc_file(name: str) -> Response:
    """
    Return a file of these pages; no other name is looked up.
    """
    if name not in FILES:
        return of_status(404, "there is no such file").response()
    headers = {"Cache-Control": "public, max-age=86400"}
    return Response(_read(name), media_type=FILES[name], headers=headers)


@cache
def _read(name: str) -> bytes:
    data = (files("fastapi_offline") / "static" / name).read_bytes()
    return data.replace(_LOGO, b"data:,")


def _policy(script: str) -> str:
    """
    Return the security policy: this service, one script that stands in the page, and no more.
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'sha256-{digest}'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src data:",
            "connect-src 'self'",
            "worker-src blob:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
