"""Parts of statements. Each row is found by its whole key, whatever the server believes of a table's content.

Where a join names a run twice, a server without statistics on it (a new run, any run beside larger ones) finds the rows
by the run alone, and looks at each with each: seconds instead of milliseconds. A subquery with OFFSET 0 is planned by
itself, so the keys that it is given from outside are all that it has to go by.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, LiteralString

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROWS: LiteralString = """
campaign.message CROSS JOIN LATERAL (
    SELECT state, kind, reason, message_id, http_status, attempts, epoch, at, latency, looked_after, looked_at
    FROM campaign.status WHERE status.run = message.run AND status.shard = message.shard AND status.seq = message.seq
    OFFSET 0
) AS status
"""
"""Rows with their messages, in the order of these: for conditions on the messages."""

STATUSES: LiteralString = """
campaign.status CROSS JOIN LATERAL (
    SELECT row, destination, body, identity, key, origin_run, origin_row
    FROM campaign.message WHERE message.run = status.run AND message.seq = status.seq OFFSET 0
) AS message
"""
"""The same rows, in no order: for conditions on their states."""

NUMBERED: LiteralString = """
EXISTS (
    SELECT FROM unnest(%(first)s::integer[], %(last)s::integer[]) AS named (first, last)
    WHERE row BETWEEN first AND last
)
"""
"""Of a row that has one of the numbers of `bounds_of`."""

TYPES: Mapping[LiteralString, LiteralString] = {
    **dict.fromkeys(("seq", "last", "http_status"), "integer"),
    **dict.fromkeys(("n", "epoch"), "bigint"),
    **dict.fromkeys(("started_at", "ended_at", "latency", "looked_at"), "double precision"),
    "shard": "smallint",
}
"""Types of the columns that are given with a statement; those of others are texts."""

_NAMED = re.compile(r"%\((\w+)\)s")


def numbers_of(values: Iterable[float | None]) -> str:
    """An array of numbers in the form that PostgreSQL reads.

    psycopg's own lists are made element by element in Python: 60 of the 200 µs that a worker takes for a row.
    """
    return "{" + repr(list(values))[1:-1].replace("None", "NULL") + "}"


def texts_of(values: Sequence[str | None]) -> str:
    """An array of texts in the form that PostgreSQL reads."""
    texts = [value for value in values if value is not None]
    together = "".join(texts)
    if len(texts) == len(values) and '"' not in together and "\\" not in together:
        return '{"' + '","'.join(texts) + '"}' if texts else "{}"
    return "{" + ",".join(map(_quoted, values)) + "}"


def _quoted(text: str | None) -> str:
    return "NULL" if text is None else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@cache
def names_in(statement: LiteralString) -> frozenset[str]:
    """The names of the values that a statement is given."""
    return frozenset(_NAMED.findall(statement))


def unless_all(statement: LiteralString) -> LiteralString:
    """A statement that fails, with all of its transaction, where it finds other than `count` rows."""
    return f"WITH found AS MATERIALIZED ({statement}) SELECT 1 / (count(*) = %(count)s)::integer FROM found"


def given(*names: LiteralString) -> LiteralString:
    """The rows that are given with a statement, as columns of these names; each with the run."""
    columns = ", ".join([f"%({name})s::{TYPES.get(name, 'text')}[]" for name in names])
    return (
        f"(SELECT %(run)s::bigint AS run, listed.* FROM unnest({columns}) AS listed ({', '.join(names)}) OFFSET 0) "
        "AS given"
    )


def bounds_of(rows: Sequence[range]) -> dict[str, list[int]]:
    """The numbers of rows as values of a statement."""
    return {"first": [each.start for each in rows], "last": [each.stop - 1 for each in rows]}
