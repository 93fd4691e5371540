from __future__ import annotations

from campaign.channels.sandbox_api import Destination
from campaign.sandbox import Entry, Ledger


def arrive(ledger: Ledger, raw: bytes = b'{"msg": "x"}', *, taken_as: str | None = None) -> Entry:
    number = ledger.next_number()
    entry = Entry(number, 1.5, "livechat", "POST", Destination("t1", "r1"), raw, has_credentials=False)
    ledger.record(entry)
    if taken_as:
        ledger.take(entry, taken_as)
    return entry


def test_entries_count_up_and_the_count_survives_a_clearing() -> None:
    ledger = Ledger()
    arrive(ledger)
    arrive(ledger)
    ledger.clear()
    assert arrive(ledger).number == 3
    assert [entry.number for entry in ledger.entries] == [3]


def test_only_stored_messages_are_taken() -> None:
    ledger = Ledger()
    arrive(ledger)
    stored = arrive(ledger, taken_as="m1")
    assert ledger.taken() == [stored]
    assert ledger.taken_count == 1
    assert ledger.find("m1") is stored


def test_a_cleared_ledger_has_forgotten_its_messages() -> None:
    ledger = Ledger()
    arrive(ledger, taken_as="m1")
    ledger.clear()
    assert ledger.find("m1") is None
    assert ledger.taken() == []


def test_the_latest_are_the_newest_messages_in_order() -> None:
    ledger = Ledger()
    for number in range(1, 6):
        arrive(ledger, taken_as=f"m{number}")
    assert [entry.message_id for entry in ledger.latest(3)] == ["m3", "m4", "m5"]
    assert [entry.message_id for entry in ledger.latest(3, after=4)] == ["m5"]


def test_an_entry_tells_everything_in_json() -> None:
    ledger = Ledger()
    entry = arrive(ledger, taken_as="m1")
    entry.status = 200
    assert ledger.as_json() == {
        "entries": [
            {
                "number": 1,
                "time": 1.5,
                "channel": "livechat",
                "method": "POST",
                "destination": ["t1", "r1"],
                "message_id": "m1",
                "body": {"msg": "x"},
                "has_credentials": False,
                "taken": True,
                "status": 200,
                "fault": None,
            }
        ]
    }


def test_a_body_that_is_no_json_is_told_as_none() -> None:
    assert arrive(Ledger(), b"{nope").body is None


def test_entries_as_json_can_begin_after_a_number() -> None:
    ledger = Ledger()
    for _ in range(3):
        arrive(ledger)
    assert [entry["number"] for entry in ledger.entries_as_json(after=2)] == [3]
