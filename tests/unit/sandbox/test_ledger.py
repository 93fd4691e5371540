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


def test_a_deleted_message_stays_on_record_and_is_not_found() -> None:
    ledger = Ledger()
    stored = arrive(ledger, taken_as="m1")
    ledger.delete("m1")
    ledger.delete("m2")
    assert ledger.find("m1") is None
    assert ledger.taken() == [stored]
    assert stored.deleted_at is not None
    assert stored.as_json()["deleted"] is True
    again = arrive(ledger, taken_as="m1")
    assert ledger.find("m1") is again


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
                "deleted": False,
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


def test_the_bodies_of_the_oldest_are_dropped_and_everything_is_counted() -> None:
    ledger = Ledger(most_bytes=1000)
    for number in range(10):
        arrive(ledger, b'"%b"' % (b"x" * 298), taken_as=f"m{number}")
    assert [entry.dropped for entry in ledger.entries] == [True] * 7 + [False] * 3
    assert sum(len(entry.raw) for entry in ledger.entries) == 900
    assert (ledger.requests, ledger.taken_count) == (10, 10)
    assert ledger.find("m0") is ledger.entries[0]
    assert ledger.entries[0].body is None
    assert [entry.message_id for entry in ledger.latest(5)] == ["m7", "m8", "m9"]


def test_one_body_that_is_larger_than_all_that_is_kept_is_kept() -> None:
    ledger = Ledger(most_bytes=10)
    arrive(ledger)
    kept = arrive(ledger, b'"a longer body"')
    assert (kept.dropped, ledger.entries[0].dropped) == (False, True)


def test_the_oldest_requests_are_forgotten_and_counted() -> None:
    ledger = Ledger(most_entries=100, most_bytes=600)
    for number in range(1, 1001):
        arrive(ledger, taken_as=f"m{number}" if number % 2 else None)
    assert 100 <= len(ledger.entries) <= 110
    assert ledger.entries[-1].number == 1000
    assert (ledger.requests, ledger.taken_count) == (1000, 500)
    assert ledger.find("m1") is None
    assert ledger.find("m999") is not None
    assert ledger.taken()[0].number >= ledger.entries[0].number
    assert sum(len(entry.raw) for entry in ledger.entries) <= 600
    ledger.clear()
    assert (ledger.requests, ledger.taken_count, len(ledger.entries)) == (0, 0, 0)
