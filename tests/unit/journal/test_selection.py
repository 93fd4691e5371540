"""What every journal keeps of the rules for rows: keys, and rows that are left out before they are sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from campaign.errors import JournalBusyError
from campaign.journal import EarlierRow, JournalStore, Omission, PlannedRow, SelectedRow, State, open_journal
from campaign.journal.cells import encode_cells
from campaign.journal.sqlite import SqliteJournal
from campaign.recipients.suppression import SuppressionRule

from .planning import FACTS, message, plan, query
from .stores import STORES, open_store
from .test_store_contract import deliver, failed, sent, states


@pytest.fixture(params=STORES)
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JournalStore]:
    with open_store(request, tmp_path) as opened:
        yield opened


def keyed(row: int, key: bytes | None) -> PlannedRow:
    return message(row)._replace(key=key)


def no_key(_run: int, _texts: Sequence[str]) -> None:
    return None


def test_the_rules_of_a_run_come_back_as_they_were_planned(journal: JournalStore) -> None:
    rule = SuppressionRule("/lists/stop.csv", "phone", 1, "Phone", sheet="2026", header_row=3, delimiter=";")
    constant = SuppressionRule("/lists/pages.csv", "page", None, text="7", column="Page", encoding="cp1258")
    manifest = replace(FACTS, key=("order", "day"), key_headers=("Order no.", "Day"), suppress=(rule, constant))
    journal.begin_run(manifest)
    found = journal.run(1)
    assert found is not None
    assert found.manifest == manifest


def timeless(found: EarlierRow | None) -> EarlierRow | None:
    return found and found._replace(at=None)


def test_rows_are_looked_up_by_the_keys_on_record(journal: JournalStore) -> None:
    plan(journal, [keyed(2, b"k2"), keyed(3, b"k3"), keyed(4, b"k4"), keyed(5, b"k5"), keyed(6, None)])
    deliver(journal, {1: sent(), 2: None, 3: failed("", "no"), 5: sent()})
    with journal.delivered_keys([1], {1}, no_key) as find:
        assert timeless(find(b"k2", b"whatever")) == EarlierRow(1, 2, State.SENT, digest=message(2).digest)
        assert timeless(find(b"k3", None)) == EarlierRow(1, 3, State.SENDING, digest=message(3).digest)
        assert find(b"k4", message(4).digest) is None  # it failed
        assert find(b"k5", None) is None  # it waits
        assert find(b"other", message(2).digest) is None  # row 2 is known by its key
        assert timeless(find(b"other", message(6).digest)) == EarlierRow(1, 6, State.SENT, digest=message(6).digest)
    with journal.delivered_keys([], set(), no_key) as find:
        assert find(b"k2", message(2).digest) is None


def test_the_latest_run_and_what_was_surely_sent_come_first(journal: JournalStore) -> None:
    plan(journal, [keyed(2, b"k"), keyed(3, b"m")])
    deliver(journal, {1: sent(), 2: None})
    plan(journal, [keyed(2, b"k"), keyed(3, b"m")])
    deliver(journal, {1: None, 2: None}, run=2)
    with journal.delivered_keys([2, 1], {1, 2}, no_key) as find:
        found = find(b"k", None), find(b"m", None)
    assert [each and (each.run, each.state) for each in found] == [(1, State.SENT), (2, State.SENDING)]


def test_keys_of_other_names_are_made_anew_from_the_cells(journal: JournalStore) -> None:
    plan(journal, [keyed(2, b"of other names"), keyed(3, None)])
    deliver(journal, {1: sent(), 2: sent()})

    def key_of(run: int, texts: Sequence[str]) -> bytes | None:
        return f"{run}:{texts[0]}".encode() if texts[1] == "2" else None

    with journal.delivered_keys([1], set(), key_of) as find:
        assert find(b"of other names", None) is None
        assert timeless(find(b"1:name 2", None)) == EarlierRow(1, 2, State.SENT, digest=message(2).digest)
        assert timeless(find(b"x", message(3).digest)) == EarlierRow(1, 3, State.SENT, digest=message(3).digest)
    with journal.delivered_keys([1], {1}, key_of) as find:
        assert find(b"of other names", None) is not None


def test_keys_stay_when_the_cells_of_a_run_are_deleted(journal: JournalStore) -> None:
    plan(journal, [keyed(2, b"k2"), keyed(3, None)])
    deliver(journal, {1: sent(), 2: sent()})
    journal.forget(1)

    def of_cells(_run: int, texts: Sequence[str]) -> bytes | None:
        assert texts == ("", "")
        return None

    with journal.delivered_keys([1], {1}, of_cells) as find:
        assert find(b"k2", None) is not None
        assert find(b"x", message(3).digest) is not None


def test_the_keys_of_a_plan_that_is_discarded_are_gone(tmp_path: Path) -> None:
    path = tmp_path / "a.journal.db"
    with open_journal(path) as journal:
        run = journal.begin_run(FACTS)
        journal.add(run.number, 1, [keyed(2, b"k2"), message(3, State.INVALID)._replace(key=b"k3")])
        assert query(path, "SELECT seq, key FROM row_key") == [(1, b"k2")]
        journal.discard(run.number)
    assert query(path, "SELECT * FROM row_key") == []


def test_rows_are_selected_by_state_and_number_in_sheet_order(journal: JournalStore) -> None:
    rows = [message(row) for row in range(2, 2503)]
    rows[1] = message(3, State.INVALID)
    rows[2] = rows[2]._replace(cells=encode_cells(("tên",), (None,), ("General",)))
    plan(journal, rows)
    deliver(journal, {5: failed("", "no"), 6: failed("", "no")})
    found = list(journal.selected_rows(1, [State.PENDING]))
    assert [each.seq for each in found] == [1, 3, 4, *range(7, 2502)]
    assert found[:2] == [SelectedRow(1, 2, ("name 2", "2")), SelectedRow(3, 4, ("tên",))]
    assert [each.row for each in journal.selected_rows(1, [State.FAILED, State.INVALID])] == [3, 6, 7]
    assert [each.row for each in journal.selected_rows(1, [State.FAILED], [range(2, 4), range(7, 9)])] == [7]


def test_rows_are_left_out_while_they_are_in_the_states_that_are_meant(journal: JournalStore) -> None:
    plan(journal, [message(row) for row in range(2, 7)])
    deliver(journal, {2: sent(), 3: failed("", "no"), 4: None})
    omissions = [Omission(seq, seq + 1, "stands in stop.csv", f"stands in stop.csv, row {seq}") for seq in range(1, 6)]
    assert journal.leave_out(1, omissions[:4], [State.PENDING]) == 1
    assert states(journal) == [State.SKIPPED, State.SENT, State.FAILED, State.SENDING, State.PENDING]
    assert journal.leave_out(1, omissions, [State.PENDING, State.FAILED]) == 2
    assert states(journal) == [State.SKIPPED, State.SENT, State.SKIPPED, State.SENDING, State.SKIPPED]
    (reason, *_) = [each for each in journal.reasons(1) if each.state is State.SKIPPED]
    assert (reason.kind, reason.example, reason.count) == ("stands in stop.csv", "stands in stop.csv, row 1", 3)
    assert journal.leave_out(1, [], [State.PENDING]) == 0


def test_nothing_is_left_out_once_another_session_delivers(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3)])
    with journal.exclusive():
        first = journal.begin_session(1)
        assert journal.leave_out(1, [Omission(1, 2, "k", "r")], [State.PENDING], first) == 1
        journal.begin_session(1)
        with pytest.raises(JournalBusyError):
            journal.leave_out(1, [Omission(2, 3, "k", "r")], [State.PENDING], first)
    assert states(journal) == [State.SKIPPED, State.PENDING]


def test_a_lone_surrogate_of_a_list_is_stored(tmp_path: Path) -> None:
    with SqliteJournal.open_or_create(tmp_path / "a.journal.db") as journal:
        plan(journal, [message(2)])
        journal.leave_out(1, [Omission(1, 2, "stands in \ud800", "stands in \ud800, row 2")], [State.PENDING])
        assert [each.example for each in journal.reasons(1)] == ["stands in ?, row 2"]
