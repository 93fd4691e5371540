"""The record of `campaign conversations`: pages, people, and where to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.journal.sqlite.conversation_record import (
    ConversationRecord,
    Reading,
    RecordedContact,
    RecordedConversation,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def record(tmp_path: Path) -> Iterator[ConversationRecord]:
    with ConversationRecord(tmp_path / "c.db") as opened:
        yield opened


def conversation(name: str, at: float | None, *, lead: str = "", text: str = "") -> RecordedConversation:
    return RecordedConversation("p", name, lead, "", text, at)


def test_a_period_goes_on_where_it_was(record: ConversationRecord) -> None:
    assert record.begin("kitechat 1 None", 50.0) == Reading(50.0)
    record.add_page([conversation("a", 10.0)], Reading(50.0, 1, 1, 2, whole=True))
    assert record.begin("kitechat 1 None", 99.0) == Reading(50.0, 1, 1, 2, whole=True)
    assert record.count == 1


def test_another_period_begins_anew(record: ConversationRecord) -> None:
    record.begin("kitechat 1 None", 50.0)
    record.add_page([conversation("a", 10.0)], Reading(50.0, 1))
    assert record.begin("kitechat 2 None", 99.0) == Reading(99.0)
    assert record.count == 0


def test_the_latest_message_of_a_conversation_counts(record: ConversationRecord) -> None:
    record.add_page([conversation("a", 20.0, text="later"), conversation("b", None)], Reading(50.0, 2))
    record.add_page([conversation("a", 10.0, lead="l", text="earlier"), conversation("c", 30.0)], Reading(50.0, 4))
    found = [each for each, _ in record.conversations()]
    assert found == [conversation("c", 30.0), conversation("a", 20.0, lead="l", text="later"), conversation("b", None)]


def test_people_are_asked_for_once(record: ConversationRecord) -> None:
    record.add_page([conversation(name, 1.0, lead=lead) for name, lead in ("ax", "bx", "cy", "d ")], Reading(50.0))
    assert record.leads_to_ask() == [" ", "x", "y"]
    record.add_contact("x", RecordedContact("Khách", "0901"))
    record.add_contact(" ", RecordedContact())
    assert record.leads_to_ask() == ["y"]
    assert [contact.name for _, contact in record.conversations()] == ["Khách", "Khách", "", ""]


def test_what_is_done_is_forgotten_but_the_files_that_were_written(record: ConversationRecord) -> None:
    record.begin("kitechat 1 None", 50.0)
    record.add_page([conversation("a", 1.0, lead="x")], Reading(50.0))
    record.add_contact("x", RecordedContact("Khách"))
    record.record_written(b"digest")
    record.clear()
    assert (record.count, record.leads_to_ask(), record.fact("asked")) == (0, [], None)
    assert record.wrote(b"digest")
    assert "Khách".encode() not in record.path.read_bytes()
