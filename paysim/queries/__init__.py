"""
SQL over runs: `paysim.query`.

DuckDB does the work, an extra, imported when a query is made.
"""

from paysim.queries.answer import QueryResult
from paysim.queries.engine import query

__all__ = ["QueryResult", "query"]
