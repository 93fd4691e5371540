"""When the suppression lists of a run are read, and for which rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from campaign.journal import JournalStore, State, open_journal
from campaign.journal.memory import MemoryJournal
from campaign.recipients.suppression import SuppressionList, SuppressionRule
from campaign.runs.suppression import TOGETHER, RunSuppression, list_differences, rules_of_today
from tests.unit.journal.planning import FACTS, message

ROWS = 2 * TOGETHER + 5


@pytest.fixture
def rule(tmp_path: Path) -> SuppressionRule:
    (tmp_path / "stop.csv").write_text("number\n4\n2005\n", encoding="utf-8")
    return SuppressionRule(str(tmp_path / "stop.csv"), "so", 1, "Số")


@pytest.fixture
def journal(rule: SuppressionRule) -> Iterator[JournalStore]:
    """A run of many rows that was planned with a list."""
    with open_journal(":memory:") as opened:
        run = opened.begin_run(replace(FACTS, suppress=(rule,)))
        opened.add(run.number, 1, [message(row) for row in range(2, ROWS + 2)])
        opened.seal(run.number)
        yield opened


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was asked of the journal: once for each look at its rows."""
    asked: list[object] = []
    selected_rows = MemoryJournal.selected_rows

    def counted(self: MemoryJournal, run: int, states: object, rows: object = ()) -> object:
        asked.append(states)
        return selected_rows(self, run, states, rows)  # type: ignore[arg-type] # as they were given

    monkeypatch.setattr(MemoryJournal, "selected_rows", counted)
    return asked


def suppression_of(journal: JournalStore, *lists: SuppressionList) -> RunSuppression:
    record = journal.run(1)
    assert record is not None
    return RunSuppression(record, lists)


def apply(suppression: RunSuppression, journal: JournalStore, *retry: State) -> list[int]:
    suppression.read()
    return [omission.row for some in suppression.apply(journal, retry) for omission in some]


def test_the_rows_of_a_list_are_skipped_wherever_they_are_in_the_run(journal: JournalStore) -> None:
    assert apply(suppression_of(journal), journal) == [4, 2005]
    assert journal.tally(1).states == {State.PENDING: ROWS - 2, State.SKIPPED: 2}


def test_right_after_planning_nothing_is_looked_at_unless_a_list_has_changed(
    journal: JournalStore, looks: list[object], rule: SuppressionRule
) -> None:
    planned = SuppressionList(rule)
    planned.read()
    suppression = suppression_of(journal, planned)
    assert apply(suppression, journal) == []
    assert looks == []
    assert apply(suppression, journal) == [4, 2005]  # something may have been sent since
    changed = suppression_of(journal, planned)
    Path(rule.file).write_text("number\n5\n", encoding="utf-8")
    assert apply(changed, journal) == [5]


def test_right_after_a_look_the_rows_are_not_looked_at_again(journal: JournalStore, looks: list[object]) -> None:
    suppression = suppression_of(journal)
    apply(suppression, journal)
    assert apply(suppression, journal) == []
    assert len(looks) == 1
    assert apply(suppression, journal) == []
    assert len(looks) == 2


def test_rows_that_wait_again_after_a_look_are_looked_at(journal: JournalStore, looks: list[object]) -> None:
    suppression = suppression_of(journal)
    apply(suppression, journal)
    journal.add(1, ROWS + 1, [message(2005)])  # as a row in doubt that the server did not take
    assert apply(suppression, journal) == [2005]
    assert len(looks) == 2


def test_rows_to_send_again_are_always_looked_at(journal: JournalStore, rule: SuppressionRule) -> None:
    journal.add(1, ROWS + 1, [message(4, State.FAILED)])
    planned = SuppressionList(rule)
    planned.read()
    assert apply(suppression_of(journal, planned), journal, State.FAILED) == [4, 2005, 4]


def test_a_list_is_added_once_and_one_that_was_moved_takes_the_place_of_the_former(
    journal: JournalStore, rule: SuppressionRule, tmp_path: Path
) -> None:
    suppression = suppression_of(journal)
    suppression.add([rule])
    moved = replace(rule, file=str(tmp_path / "new" / "stop.csv"))
    suppression.add([moved])
    assert suppression.rules == (rule, moved)  # the former is still there, and counts
    Path(rule.file).unlink()
    gone = suppression_of(journal)
    gone.add([replace(moved, column="other")])
    assert gone.rules == (rule, replace(moved, column="other"))
    gone = suppression_of(journal)
    gone.add([moved])
    assert gone.rules == (moved,)


def test_differences_are_said_but_not_that_a_folder_was_renamed(
    journal: JournalStore, rule: SuppressionRule, tmp_path: Path
) -> None:
    record = journal.run(1)
    assert record is not None
    moved = replace(rule, file="/elsewhere/stop.csv")
    assert list(list_differences(record, [moved], tmp_path)) == []
    other = replace(rule, sheet="2026")
    said = [problem.what for problem in list_differences(record, [other], tmp_path)]
    assert said == [
        "run 1 was planned without the suppression list stop.csv, sheet “2026”",
        "names the suppression list stop.csv no more, with which run 1 was planned",
    ]


def test_a_list_in_place_of_a_campaign_file_names_no_suppression_lists(journal: JournalStore, tmp_path: Path) -> None:
    record = journal.run(1)
    assert record is not None
    for file in (None, tmp_path / "stop.csv", tmp_path / "gone.toml"):
        assert rules_of_today(file, record) == ()


def test_a_run_without_lists_looks_at_nothing(looks: list[object]) -> None:
    with open_journal(":memory:") as journal:
        record = journal.begin_run(FACTS)
        journal.add(1, 1, [message(2)])
        assert apply(RunSuppression(record), journal) == []
    assert looks == []
