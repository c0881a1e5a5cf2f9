"""
Extras: the libraries that some commands need and `pip install paysim` does not bring.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from paysim.errors import PaysimError

NAMES: Final = {
    "altair": "Altair",
    "duckdb": "DuckDB",
    "fastapi": "FastAPI",
    "fastapi_offline": "fastapi-offline",
    "httptools": "httptools",
    "jinja2": "Jinja2",
    "polars": "Polars",
    "uvicorn": "uvicorn",
    "vl_convert": "vl-convert",
}
"""Modules, and what people call them."""


def check_extra(extra: str, who: str, *modules: str) -> None:
    """
    Make sure that the libraries of an extra are installed.

    Args:
        extra: Its name, such as `tables`.
        who: What needs them, with its verb, such as `query needs`.
        modules: The modules that are going to be imported.

    Raises:
        PaysimError: One of them is not; the error says how to install the extra.
    """
    for module in modules:
        try:
            import_module(module)
        except ImportError as error:
            raise PaysimError(
                f'{who} {NAMES[module]}, which comes with: pip install "paysim[{extra}]"'
            ) from error
