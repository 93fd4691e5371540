"""Arrays that are written as text come back as they were."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
import pytest

from campaign.journal.postgres.sql import numbers_of, texts_of


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [""],
        ["", ""],
        ["a", "b"],
        [None],
        ["NULL", None, "null"],
        ['"', "\\", '\\"', "\\\\", "'"],
        ["{}", "{a,b}", ",", " a ", "\t\n\r", "%s %(run)s"],
        ["Nguyễn", "😀", "\N{ZERO WIDTH JOINER}"],
    ],
    ids=repr,
)
def test_texts(postgres: str, texts: Sequence[str | None]) -> None:
    with psycopg.connect(postgres) as connection:
        assert connection.execute("SELECT %s::text[]", (texts_of(texts),)).fetchone() == (texts,)


@pytest.mark.parametrize("numbers", [[], [0], [None, 1, -(2**62)]], ids=repr)
def test_whole_numbers(postgres: str, numbers: Sequence[int | None]) -> None:
    with psycopg.connect(postgres) as connection:
        assert connection.execute("SELECT %s::bigint[]", (numbers_of(numbers),)).fetchone() == (numbers,)


def test_times(postgres: str) -> None:
    times = [1795677928.3303723, None, 0.0, 1e-7, 5, 1e300]
    with psycopg.connect(postgres) as connection:
        assert connection.execute("SELECT %s::double precision[]", (numbers_of(times),)).fetchone() == (times,)
