"""What is said about rows that recipients have already."""

from __future__ import annotations

import pytest

from campaign.runs.earlier import who_gets_it_again


@pytest.mark.parametrize(
    ("sent", "in_doubt", "words"),
    [
        pytest.param(
            1, 0, "1 row that already has this message gets it again; --skip-sent leaves it out", id="one sent"
        ),
        pytest.param(
            5, 0, "5 rows that already have this message get it again; --skip-sent leaves them out", id="some sent"
        ),
        pytest.param(
            0, 1, "1 row is in doubt, so it may be sent a second time; --skip-sent leaves it out", id="one in doubt"
        ),
        pytest.param(
            1_000,
            2,
            "1,000 rows that already have this message get it again, and 2 rows are in doubt, so they may be sent a "
            "second time; --skip-sent leaves them out",
            id="both",
        ),
    ],
)
def test_numbers_and_verbs_agree(sent: int, in_doubt: int, words: str) -> None:
    assert who_gets_it_again(sent, in_doubt) == words
