"""Running SQL through Django's connection, with parameters bound by the server.

Django's own cursor writes parameters into the text of the query, which costs a copy of every body and a new plan for
every call. Statements stay visible to `CaptureQueriesContext`, so that tests can count them.

Statements name the project as `(SELECT %s)`: then the planner counts on a project of average size. Told the value, it
would take a project that was not there at the last ANALYZE for an empty one, and rather read and sort all of it than
follow an index or look up ten ids.
"""

import re
import time
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg.rows import TupleRow

Param = Any
# Django turns preparing off; never by itself after so many times, but where asked for.
_WHERE_ASKED = 1 << 30
_PLACEHOLDER = re.compile(r"%(?:[sb]|%)")


class Binary:
    """A parameter in the binary form of its type; a cast in the statement (`%b::text[]`) names the type."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data


class BinaryDumper(psycopg.adapt.Dumper):
    """Sends a `Binary` as it is."""

    format = psycopg.pq.Format.BINARY

    def dump(self, obj: Binary) -> bytes:
        return obj.data


def run(sql: str, params: Sequence[Param] = (), *, prepare: bool = False) -> int:
    """Execute for its effect; the number of rows changed.

    `prepare` keeps the plan: only for statements that leave nothing to plan, like an upsert. A kept plan that reads a
    table was made when the table was as small as then: on a new installation it reads all of it a minute later.
    """
    return _execute(sql, params, prepare).rowcount


def fetch(sql: str, params: Sequence[Param] = (), *, prepare: bool = False) -> list[TupleRow]:
    """Execute and return all rows; `prepare` as for `run`."""
    return _execute(sql, params, prepare).fetchall()


def _execute(sql: str, params: Sequence[Param], prepare: bool) -> psycopg.Cursor[TupleRow]:
    """All rows have arrived when this returns: what reads them off the cursor cannot fail any more."""
    django = connections[DEFAULT_DB_ALIAS]  # looked up once: each look at `connection` would do so again
    # As Django's own cursor does: a connection that died with the server is replaced.
    django.close_if_health_check_failed()
    django.ensure_connection()
    raw: psycopg.Connection[TupleRow] = django.connection
    if raw.prepare_threshold != _WHERE_ASKED:
        raw.prepare_threshold = _WHERE_ASKED
        raw.adapters.register_dumper(Binary, BinaryDumper)
    started = time.monotonic()
    cursor = psycopg.RawCursor(raw, row_factory=psycopg.rows.tuple_row)
    with django.wrap_database_errors:
        cursor.execute(numbered(sql), [plain(param) for param in params], prepare=prepare, binary=True)
    if django.queries_logged:
        django.queries_log.append({"sql": sql, "time": f"{time.monotonic() - started:.3f}"})
    return cursor


def plain(param: Param) -> Param:
    """The parameter without NUL and lone surrogates, which PostgreSQL texts cannot hold: U+FFFD stands in."""
    if isinstance(param, str):
        try:
            param.encode()
        except UnicodeEncodeError:
            param = param.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return param.replace("\0", "\ufffd")
    return [plain(item) for item in param] if isinstance(param, list | tuple) else param


@lru_cache(maxsize=512)
def numbered(sql: str) -> bytes:
    """The statement with PostgreSQL's own placeholders: `$1` for the first `%s` or `%b`, and so on.

    psycopg would do the same at every call: it remembers only statements of less than 4 kB and 50 parameters.
    """
    numbers = count(1)
    return _PLACEHOLDER.sub(lambda found: "%" if found[0] == "%%" else f"${next(numbers)}", sql).encode()
