from __future__ import annotations

import asyncio
import csv
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from campaign.journal import Outcome, State, open_journal
from campaign.journal.cells import encode_cells
from campaign.review.export import CSV_FIELDS, exported
from tests.unit.journal.planning import FACTS, NOON, message, plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.journal import JournalStore, PlannedRow

BODY = json.dumps({"_id": "i", "token": "t", "rid": "r2", "msg": "Xin chào,\n=Lan"}).encode()


@pytest.fixture
def journal() -> Iterator[JournalStore]:
    with open_journal(":memory:") as opened:
        yield opened


def planned(row: int, *, body: bytes | None = BODY, texts: tuple[str, str] = ("Lan", "1")) -> PlannedRow:
    return message(row)._replace(body=body, cells=encode_cells(texts, texts, ("General", "General")))


def deliver(journal: JournalStore) -> None:
    """Send row 1 at the second attempt."""

    async def work() -> None:
        async with journal.attempt_log(1) as log:
            lost = await log.begin(1, NOON)
            log.record_outcome(1, lost, "lost", Outcome(State.PENDING, "lost", "no response", at=NOON + 1))
            log.record_look_up(NOON + 2, "listed", Outcome(State.PENDING, at=NOON + 2))
            sent = await log.begin(1, NOON + 3)
            outcome = Outcome(State.SENT, message_id="m1", http_status=200, at=NOON + 3.25, latency=0.25)
            log.record_outcome(1, sent, "sent", outcome)

    asyncio.run(work())


def lines(journal: JournalStore) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text(journal, "jsonl").splitlines()]


def text(journal: JournalStore, form: Any) -> str:  # noqa: ANN401 - a literal
    record = journal.last_run()
    assert record is not None
    return "".join(exported(journal, record, form))


def records(journal: JournalStore) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text(journal, "csv"), newline="")))


def test_a_json_line_tells_message_outcome_attempts_and_cells_of_a_row(journal: JournalStore) -> None:
    plan(journal, [planned(2), planned(3)])
    deliver(journal)
    first, second = lines(journal)
    assert first == {
        "version": 1,
        "run": 1,
        "row": 2,
        "state": "sent",
        "kind": "",
        "reason": "",
        "destination": "t/r2",
        "message": "Xin chào,\n=Lan",
        "message_id": "m1",
        "http_status": 200,
        "sent_at": "2027-01-15T08:00:03.250Z",
        "latency_ms": 250.0,
        "attempts": [
            {
                "what": "send",
                "started_at": "2027-01-15T08:00:00.000Z",
                "ended_at": "2027-01-15T08:00:01.000Z",
                "result": "lost",
                "http_status": None,
                "detail": "no response",
            },
            {
                "what": "send",
                "started_at": "2027-01-15T08:00:03.000Z",
                "ended_at": "2027-01-15T08:00:03.250Z",
                "result": "sent",
                "http_status": 200,
                "detail": "",
            },
        ],
        "payload": {"_id": "i", "token": "t", "rid": "r2", "msg": "Xin chào,\n=Lan"},
        "cells": {"Tên": "Lan", "Số": "1"},
    }
    assert (second["state"], second["attempts"], second["sent_at"]) == ("pending", [], None)


def test_a_row_without_a_message_has_none(journal: JournalStore) -> None:
    plan(journal, [message(2, State.INVALID, "blank", "token is blank")])
    (row,) = lines(journal)
    assert (row["message"], row["payload"], row["destination"], row["reason"]) == (None, None, "", "token is blank")
    (record,) = records(journal)
    assert (record["message"], record["payload"], record["attempts"]) == ("", "", "[]")


def test_a_csv_record_has_the_fields_and_then_the_columns_of_the_list(journal: JournalStore) -> None:
    plan(journal, [planned(2)])
    deliver(journal)
    (record,) = records(journal)
    assert list(record) == [*CSV_FIELDS, "cell: Tên", "cell: Số"]
    assert record["message"] == "Xin chào,\n=Lan"
    assert (record["attempt_count"], record["http_status"], record["cell: Tên"]) == ("2", "200", "Lan")
    assert json.loads(record["attempts"])[1]["result"] == "sent"
    assert json.loads(record["payload"])["msg"] == "Xin chào,\n=Lan"


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3+cmd", "'-2+3+cmd"),
        ("+84 (901) 234-567", "+84 (901) 234-567"),
        ("-1,250.50", "-1,250.50"),
        ("＝1+1", "'＝1+1"),
        ("＋cmd", "'＋cmd"),
        ("a=b", "a=b"),
    ],
)
def test_no_field_of_a_csv_record_is_a_formula(journal: JournalStore, cell: str, written: str) -> None:
    plan(journal, [planned(2, texts=(cell, "1"))])
    (record,) = records(journal)
    assert record["cell: Tên"] == written
    assert lines(journal)[0]["cells"]["Tên"] == cell


@pytest.mark.parametrize(
    "channel", [pytest.param("livechat", id="another-form"), pytest.param("gone", id="no-channel")]
)
def test_a_message_that_the_channel_of_today_cannot_read_is_its_json(journal: JournalStore, channel: str) -> None:
    run = journal.begin_run(replace(FACTS, channel=channel))
    journal.add(run.number, 1, [planned(2, body=b'{"text":"Ch\xc3\xa0o"}')])
    journal.seal(run.number)
    assert lines(journal)[0]["message"] == '{"text":"Chào"}'
    assert records(journal)[0]["message"] == '{"text":"Chào"}'
