"""What is said about rows that recipients have already."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from campaign.channels import Payload
from campaign.journal import EarlierRow, PlannedRow, State
from campaign.journal.digests import digest_of
from campaign.runs.earlier import EarlierMessages, who_gets_it_again
from campaign.sheets.table import columns_of
from tests.unit.plans import Rows


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


@pytest.mark.parametrize(
    ("payload", "stamped"),
    [
        pytest.param({"to": "r", "text": "Chào"}, {"_id": "m1", "to": "r", "text": "Chào"}, id="beside the message"),
        pytest.param({"message": {"to": "r"}}, {"message": {"uid": "m1", "to": "r"}}, id="within it"),
    ],
)
def test_a_row_that_is_skipped_as_sent_is_known_by_its_message_wherever_a_channel_puts_an_id(
    payload: Payload, stamped: Payload
) -> None:
    plain = digest_of(json.dumps(payload).encode())
    row = PlannedRow(2, State.PENDING, "r", payload, body=json.dumps(stamped).encode(), digest=plain)
    sheet = Rows(Path("list.csv"), tuple(columns_of(["to"])), [])
    earlier = EarlierMessages(
        sheet, lambda _: EarlierRow(1, 2, State.SENT, 0.0), lambda _: None, None, frozenset({1}), skip=True
    )
    skipped = earlier.look_at(row)
    assert (skipped.state, skipped.digest) == (State.SKIPPED, None)
    assert digest_of(skipped.body) == plain
