"""The record of `campaign rooms`: its file, its visitors, and the windows of the server's quota."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from campaign.errors import JournalBusyError, JournalError
from campaign.journal.room_records import RecordedWindow, Visit, VisitState
from campaign.journal.sqlite.conversation_record import ConversationRecord
from campaign.journal.sqlite.room_record import RoomRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

USUAL = {"visitor": (5, 60.0), "room": (10, 60.0)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out.rooms.journal.db"


@pytest.fixture
def record(path: Path) -> Iterator[RoomRecord]:
    with RoomRecord(path) as opened:
        yield opened


def test_what_is_made_stays_the_same_and_differs_between_records(path: Path, tmp_path: Path) -> None:
    with RoomRecord(path) as first:
        made = first.made("token", "row:1:Khách")
        assert made != first.made("visitor", "row:1:Khách")
    with RoomRecord(path) as again, RoomRecord(tmp_path / "other.db") as other:
        assert again.made("token", "row:1:Khách") == made != other.made("token", "row:1:Khách")
    assert len(made) == 64


def test_visitors_stay_as_they_are_when_they_are_added_again(record: RoomRecord) -> None:
    record.add([Visit("a", "t1"), Visit("b", "t2")])
    number = record.begin("visitor", "a", 100.0)
    became = Visit("a", "older", VisitState.FOUND, "r1")
    record.end(number, "room", became, None)
    record.add([Visit("a", "t1"), Visit("c", "t3")])
    assert record.visits() == {"a": became, "b": Visit("b", "t2"), "c": Visit("c", "t3")}
    assert record.requests == 1


def test_refused_visitors_wait_again(record: RoomRecord) -> None:
    record.add([Visit("a", "t1")])
    refused = Visit("a", "t1", VisitState.REFUSED, "", "no agent")
    record.end(record.begin("room", "a", 1.0), "refused", refused, None)
    record.ask_refused_again()
    assert record.visits() == {"a": Visit("a", "t1")}


def test_another_server_is_refused(record: RoomRecord) -> None:
    record.require_server("https://a.example")
    record.require_server("https://a.example")
    with pytest.raises(JournalError, match=r"holds the visitors of https://a\.example, and --server says https://b"):
        record.require_server("https://b.example")


def test_a_window_is_kept_with_the_requests_that_were_made_since(record: RoomRecord) -> None:
    first = record.begin("room", "a", 100.0)
    record.begin("room", "b", 101.0)
    record.end(first, "room", None, RecordedWindow(10, 8, 160.0, 60.0))
    record.begin("room", "c", 102.0)
    record.begin("visitor", "d", 103.0)
    assert record.windows(USUAL) == {
        "room": RecordedWindow(10, 8, 160.0, 60.0, (102.0,)),
        "visitor": RecordedWindow(5, 5, 0.0, 60.0, (103.0,)),
    }


@pytest.mark.parametrize(
    ("window", "until"),
    [
        pytest.param(RecordedWindow(5, 3, 160.0, 60.0), 0.0, id="room left"),
        pytest.param(RecordedWindow(5, 0, 160.0, 60.0), 160.0, id="spent"),
        pytest.param(RecordedWindow(5, 2, 160.0, 60.0, (120.0,)), 0.0, id="one of two left"),
        pytest.param(RecordedWindow(5, 2, 160.0, 60.0, (120.0, 121.0)), 160.0, id="spent by later ones"),
        pytest.param(RecordedWindow(5, 0, 160.0, 60.0, (165.0,)), 0.0, id="a new window"),
        pytest.param(RecordedWindow(2, 0, 160.0, 60.0, (165.0, 170.0)), 231.0, id="a new window, spent"),
        pytest.param(RecordedWindow(2, 0, 160.0, 60.0, (165.0, 900.0)), 0.0, id="a window long after"),
        pytest.param(RecordedWindow(2, 2, 0.0, 60.0), 0.0, id="none stated, none made"),
    ],
)
def test_a_window_is_closed_as_long_as_it_may_be_spent(window: RecordedWindow, until: float) -> None:
    assert window.closed_until() == until


def test_a_file_that_was_written_is_known(record: RoomRecord) -> None:
    record.record_written(b"digest")
    record.record_written(b"digest")
    assert (record.wrote(b"digest"), record.wrote(b"other")) == (True, False)


@pytest.mark.skipif(sys.platform == "win32", reason="the rights of files are those of POSIX")
def test_only_its_owner_reads_it(path: Path) -> None:
    path.touch(0o644)
    with RoomRecord(path):
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("record")
def test_one_process_at_a_time_has_it(path: Path) -> None:
    with pytest.raises(JournalBusyError, match="is being worked on by process"):
        RoomRecord(path).__enter__()


def test_it_is_closed_after_its_block(path: Path) -> None:
    with RoomRecord(path) as record:
        pass
    with pytest.raises(JournalError, match="the record is not open"):
        record.visits()


def _another_program(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE other (x)")
    connection.close()


def _of_another_command(path: Path) -> None:
    with ConversationRecord(path):
        pass


def _newer(path: Path) -> None:
    with RoomRecord(path):
        pass
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()


def _damaged(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + b"x" * 4096)


def _folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "why"),
    [
        pytest.param(_another_program, "is not a record of `campaign rooms`", id="another program's"),
        pytest.param(_of_another_command, "is not a record of `campaign rooms`", id="another command's"),
        pytest.param(_newer, "was written by a newer campaign", id="newer"),
        pytest.param(_damaged, "the record is damaged.* name alone are registered a second time", id="damaged"),
        pytest.param(_folder, "is not a plain file", id="a folder"),
    ],
)
def test_a_file_that_is_none_is_refused(path: Path, make: object, why: str) -> None:
    assert callable(make)
    make(path)
    with pytest.raises(JournalError, match=why):
        RoomRecord(path).__enter__()


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be written"):
        RoomRecord(tmp_path / "no" / "r.db").__enter__()


def test_a_record_that_cannot_keep_its_secret_is_closed(path: Path) -> None:
    class Full(RoomRecord):
        def note(self, **facts: str) -> None:  # noqa: ARG002 - a stand-in
            raise JournalError

    with pytest.raises(JournalError):
        Full(path).__enter__()
    with RoomRecord(path) as record:
        assert record.fact("secret")
