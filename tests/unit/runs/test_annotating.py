"""Which list is annotated, from which runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import openpyxl
import pytest

from campaign.errors import JournalWriteError, Problem, ResultsError
from campaign.journal import Origin, RunManifest, State
from campaign.journal.sqlite import SqliteJournal
from campaign.runs.annotating import annotate_list
from campaign.runs.record_checks import file_digest
from tests.unit.review.results_journals import deliver, failed, plan, planned, sent
from tests.unit.sheets import books

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from campaign.journal import Outcome, PlannedRow, RunRecord


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return books.saved(tmp_path / "customers.xlsx", ["Id"], [1], [2])


def manifest_of(source: Path, **changes: object) -> RunManifest:
    origin = Origin(recipients_digest=file_digest(source))
    manifest = RunManifest("livechat", "https://chat.example.com", "t", str(source), "Sheet", ("Id",), origin=origin)
    return replace(manifest, **changes)  # type: ignore[arg-type]


ROWS = [planned(2, ["1"]), planned(3, ["2"])]


@pytest.fixture
def journal(tmp_path: Path, source: Path) -> Iterator[SqliteJournal]:
    """A journal with one run of the list: its first row was sent, and its second one refused."""
    made, run = plan(tmp_path / "c.journal.db", ROWS, manifest_of(source))
    with made:
        deliver(made, run, {1: sent(), 2: failed("no such room")})
        yield made


def another_run(
    journal: SqliteJournal, manifest: RunManifest, rows: list[PlannedRow], ends: Mapping[int, Outcome | None]
) -> RunRecord:
    run = journal.begin_run(manifest)
    journal.add(run.number, 1, rows)
    journal.seal(run.number)
    deliver(journal, run, ends)
    return run


def statuses(path: Path) -> list[object]:
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    return [sheet.cell(row, 2).value for row in (2, 3)]


def annotated(journal: SqliteJournal, source: Path, number: int = 1) -> list[object]:
    run = journal.run(number)
    assert run is not None
    return statuses(annotate_list(journal, run, source.with_name("copy.xlsx")))


def test_a_row_has_its_latest_state_over_all_runs_of_the_list(journal: SqliteJournal, source: Path) -> None:
    left_out = planned(2, ["1"], refused=(State.SKIPPED, "already sent", "sent already: run 1, row 2"))
    another_run(journal, manifest_of(source), [left_out, ROWS[1]], {2: sent()})
    assert annotated(journal, source) == annotated(journal, source, 2) == ["sent", "sent"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"sheet": "Another"}, id="another sheet"),
        pytest.param({"origin": Origin(recipients_digest="other")}, id="another list"),
        pytest.param({"rehearsal": True}, id="a rehearsal"),
    ],
)
def test_runs_of_another_list_and_rehearsals_do_not_count(
    journal: SqliteJournal, source: Path, changes: Mapping[str, object]
) -> None:
    another_run(journal, manifest_of(source, **changes), ROWS, {2: sent()})
    assert annotated(journal, source) == ["sent", "failed"]


@pytest.mark.parametrize(
    ("sheet", "headers"),
    [("To fix", ("Id", "Reason", "Run", "Source row")), (None, ("Id", "Reason", "Run", "Source row"))],
    ids=["the sheet", "saved as CSV"],
)
def test_the_list_of_a_run_of_the_sheet_to_fix_is_the_one_that_it_was_made_from(
    journal: SqliteJournal, source: Path, sheet: str | None, headers: tuple[str, ...]
) -> None:
    fixed = manifest_of(source, sheet=sheet, headers=headers, recipients="gone.xlsx", origin=Origin())
    another_run(journal, fixed, [planned(2, ["2", "", "1", "3"])._replace(origin=(1, 3))], {1: sent()})
    assert annotated(journal, source, 2) == ["sent", "sent"]


def test_a_run_from_before_lists_were_recorded_is_refused(journal: SqliteJournal, source: Path) -> None:
    another_run(journal, manifest_of(source, origin=Origin()), ROWS, {})
    with pytest.raises(ResultsError, match="run 2 was planned by an earlier version, which did not record"):
        annotated(journal, source, 2)


def test_a_list_is_read_as_it_was_when_it_was_planned(tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    source.write_bytes("title\r\nid;tên\r\n1;a\u0309\r\n".encode("cp1258"))
    origin = Origin(recipients_digest=file_digest(source), header_row=2, encoding="cp1258", delimiter="semicolon")
    manifest = manifest_of(source, sheet=None, headers=("id", "tên"), origin=origin)
    made, run = plan(tmp_path / "c.journal.db", [planned(3, ["1", "ả"])], manifest)
    with made:
        deliver(made, run, {1: failed("không")})
        copy = annotate_list(made, run, tmp_path / "copy.csv")
    assert copy.read_bytes().split(b"\r\n") == [
        b"title",
        "id;tên;Status;Reason;Sent at".encode("cp1258"),
        "1;a\u0309;failed;không;".encode("cp1258"),
        b"",
    ]


def test_a_journal_that_cannot_be_written_still_gives_a_copy(
    journal: SqliteJournal, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise JournalWriteError(Problem("journal", "read-only"))

    monkeypatch.setattr(journal, "record_workbook", refuse)
    assert annotated(journal, source) == ["sent", "failed"]


def test_progress_is_reported_in_rows(journal: SqliteJournal, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.runs.annotating._NOTED", 1)
    run, reported = journal.run(1), list[int]()
    assert run is not None
    annotate_list(journal, run, source.with_name("copy.xlsx"), reported.append)
    assert sum(reported) == 2
