"""
The service: an HTTP API over a durable store, and a live page.

`app` is made here and touches neither disk nor environment before it starts.
"""

from __future__ import annotations

from paysim.server.app import create_app

__all__ = ["app"]

app = create_app()
