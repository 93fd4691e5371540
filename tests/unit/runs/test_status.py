"""How the runs of a campaign are, read from its journals beside whoever works on them."""

from __future__ import annotations

import os
import platform
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from campaign.errors import JournalError, RunStateError
from campaign.journal import Activity, Coverage, Holder, RunRecord, SessionRecord, State, open_journal
from campaign.journal.sqlite import SqliteJournal
from campaign.review.status import CampaignStatus, RunKind, RunState
from campaign.runs import RunPaths
from campaign.runs.status import SILENCE, SPARING, StatusReader, is_under_way
from tests.unit.delivery.fake_clock import FakeClock
from tests.unit.journal.planning import FACTS, NOON, execute, message, plan, planned

if TYPE_CHECKING:
    from campaign.journal import JournalStore

HERE = platform.node(), os.getpid()


@pytest.fixture
def paths(tmp_path: Path) -> RunPaths:
    file = tmp_path / "offer.toml"
    file.write_text('template = "livechat-text"\n', encoding="utf-8")
    return RunPaths(tmp_path, "offer", None, file)


def read(paths: RunPaths) -> CampaignStatus:
    return StatusReader(paths).read()


def states(status: CampaignStatus) -> list[tuple[RunKind, int, RunState]]:
    return [(run.kind, run.number, run.state) for run in status.runs]


def finish(journal: JournalStore, run: int = 1) -> None:
    """Leave every row of a run skipped, without a delivery."""
    journal.leave_unsent(run, "abandoned")


# Runs and their states


def test_a_campaign_without_a_run_has_no_status_to_speak_of(paths: RunPaths) -> None:
    found = read(paths)
    assert (found.campaign, found.runs, found.coverage, found.active) == ("offer", (), None, None)


def test_a_file_that_is_not_there_and_has_no_run_is_a_mistake(paths: RunPaths) -> None:
    assert paths.file is not None
    paths.file.unlink()
    with pytest.raises(RunStateError, match=r"there is no such file, and no run of it on record; name the campaign"):
        read(paths)


def test_runs_under_another_name_are_named(paths: RunPaths) -> None:
    with open_journal(paths.folder / "other.journal.db") as journal:
        origin = replace(FACTS.origin, campaign="offer.toml")
        journal.seal(journal.begin_run(replace(FACTS, origin=origin)).number)
    with pytest.raises(RunStateError, match="has run 1 of this campaign file under the name “other”"):
        read(paths)


def test_a_lock_file_alone_is_no_run(paths: RunPaths) -> None:
    Path(f"{paths.journal}.lock").touch()
    assert read(paths).runs == ()


def test_a_journal_without_a_run_has_no_status_either(paths: RunPaths) -> None:
    open_journal(paths.journal).__exit__(None, None, None)
    assert read(paths).runs == ()


def test_a_journal_that_is_gone_is_said(paths: RunPaths) -> None:
    planned(paths.journal, 1)
    with SqliteJournal.open(paths.journal) as journal, journal.exclusive():
        journal.end_session(journal.begin_session(1), None)
        journal._lock.witness.note(attempt=1)
    for left in paths.folder.glob("offer.journal.db*"):
        if left.suffix != ".lock":
            left.unlink()
    with pytest.raises(JournalError, match="the journal is gone"):
        read(paths)


def test_every_run_is_there_with_rehearsals_and_tests_in_the_order_of_their_beginning(
    paths: RunPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, suffix in enumerate((".sandbox", "", ".test", "", ".sandbox")):
        with open_journal(paths.folder / f"offer{suffix}.journal.db") as journal:
            monkeypatch.setattr("time.time", lambda number=number: NOON + number)
            run = plan(journal, [message(2)])
            finish(journal, run.number)
            monkeypatch.undo()
    assert states(read(paths)) == [
        (RunKind.REHEARSAL, 1, RunState.FINISHED),
        (RunKind.REAL, 1, RunState.FINISHED),
        (RunKind.TEST, 1, RunState.FINISHED),
        (RunKind.REAL, 2, RunState.FINISHED),
        (RunKind.REHEARSAL, 2, RunState.FINISHED),
    ]


def test_a_rehearsal_in_the_campaigns_own_journal_is_one(paths: RunPaths) -> None:
    with open_journal(paths.journal) as journal:
        journal.seal(journal.begin_run(replace(FACTS, rehearsal=True)).number)
    found = read(paths)
    assert [run.kind for run in found.runs] == [RunKind.REHEARSAL]
    assert found.coverage is None


def test_a_rehearsals_journal_that_cannot_be_read_is_a_note_and_the_campaigns_own_an_error(paths: RunPaths) -> None:
    planned(paths.journal, 1)
    (paths.folder / "offer.sandbox.journal.db").write_bytes(b"not a database, but long enough to look at" * 9)
    found = read(paths)
    assert len(found.runs) == 1
    (note,) = found.notes
    assert "the journal is damaged" in str(note)
    paths.journal.write_bytes(b"not a database, but long enough to look at" * 9)
    with pytest.raises(JournalError, match="the journal is damaged"):
        read(paths)


@pytest.mark.parametrize("holder", ["nobody", "somebody"])
def test_a_plan_is_planning_while_its_process_lives(paths: RunPaths, holder: str) -> None:
    with SqliteJournal.open_or_create(paths.journal) as journal:
        with journal.exclusive():
            journal.begin_run(replace(FACTS, by="lan@ops"))
            journal.add(1, 1, [message(2), message(3)])
            during = read(paths)
        after = read(paths)
    found = during if holder == "somebody" else after
    (run,) = found.runs
    assert (run.by, run.tally.rows, found.coverage) == ("lan@ops", 2, None)
    if holder == "nobody":
        assert (run.state, found.active) == (RunState.STOPPED, None)
        assert run.reason == "the plan was cut off before it was complete, and nothing of it was sent"
        return
    assert run.state is RunState.PLANNING
    assert found.active is not None
    assert (found.active.host, found.active.process, found.active.by) == (*HERE, "lan@ops")


def test_a_plan_that_was_just_completed_is_about_to_be_sent(paths: RunPaths) -> None:
    with SqliteJournal.open_or_create(paths.journal) as journal, journal.exclusive():
        plan(journal, [message(2)])
        found = read(paths)
    assert found.runs[0].state is RunState.SENDING
    assert found.active is not None
    assert read(paths).runs[0].reason == "not delivered yet"


def test_a_delivery_says_what_it_does_and_who_runs_it(paths: RunPaths) -> None:
    planned(paths.journal, 3)
    with SqliteJournal.open(paths.journal) as journal, journal.exclusive():
        session = journal.begin_session(1, by="minh@ops")
        assert read(paths).runs[0].state is RunState.SENDING
        activity = Activity(2.0, 9.0, None, None, NOON)
        journal.record_activity(session, activity)
        sending = read(paths)
        journal.record_activity(session, activity._replace(waiting_for="limit", until=NOON + 9, stopping="interrupted"))
        waiting = read(paths)
        journal.end_session(session, "interrupted")
        stopped = read(paths)
    assert sending.active is not None
    assert (sending.active.activity, sending.active.by, sending.active.stopping) == (activity, "minh@ops", "")
    assert sending.runs[0].state is RunState.SENDING
    assert waiting.active is not None
    assert (waiting.runs[0].state, waiting.active.stopping) == (RunState.WAITING, "interrupted")
    (run,) = stopped.runs
    assert (run.state, run.reason, run.by, stopped.active) == (RunState.STOPPED, "interrupted", "minh@ops", None)
    assert run.ended_at is not None


def test_a_delivery_that_was_asked_to_stop_is_stopping_before_it_notices(paths: RunPaths) -> None:
    planned(paths.journal, 3)
    with SqliteJournal.open(paths.journal) as journal, journal.exclusive():
        journal.begin_session(1)
        journal.request_stop("lan@ops")
        found = read(paths)
    assert found.active is not None
    assert found.active.stopping == "stopped by `campaign stop` (lan@ops)"


def test_a_delivery_whose_process_died_is_stopped_and_says_so(paths: RunPaths) -> None:
    planned(paths.journal, 3)
    with SqliteJournal.open(paths.journal) as journal, journal.exclusive():
        journal.begin_session(1)
    (run,) = read(paths).runs
    assert run.state is RunState.STOPPED
    assert run.reason == f"cut off: process {HERE[1]} on {HERE[0]} ended without a word"


def test_an_end_that_is_not_on_record_is_said(paths: RunPaths) -> None:
    planned(paths.journal, 3)
    with SqliteJournal.open(paths.journal) as journal:
        journal.end_session(journal.begin_session(1), None)
    assert read(paths).runs[0].reason == "its end is not on record"


def test_coverage_is_over_the_real_runs_that_were_planned(paths: RunPaths) -> None:
    with open_journal(paths.journal) as journal:
        plan(journal, [message(2), message(3)])
        journal.begin_run(FACTS)
        journal.add(2, 1, [message(2), message(3), message(4)])
    assert read(paths).coverage == Coverage(run=1, rows=2, sent=0, in_doubt=0)


# Who is under way

RECORD = RunRecord(1, FACTS, b"", planned=True, created_at=NOON, stop_reason=None)
SESSION = SessionRecord(1, "ops-1", 77, NOON, None, "")
FAR = Holder("ops-1", 77, NOON, is_local=False)
WORD = Activity(1.0, 1.0, None, None, NOON + 1000)


@pytest.mark.parametrize(
    ("session", "holder", "activity", "now", "under_way"),
    [
        pytest.param(SESSION, None, None, 1.0, False, id="nobody holds the journal"),
        pytest.param(SESSION, FAR._replace(is_local=True), None, 9e9, True, id="the holder lives"),
        pytest.param(SESSION, FAR, None, SILENCE - 1, True, id="far away, begun a moment ago"),
        pytest.param(SESSION, FAR, None, SILENCE + 1, False, id="far away, and never a sign of life"),
        pytest.param(SESSION, FAR, WORD, 1000 + SILENCE - 1, True, id="far away, with a sign of life"),
        pytest.param(SESSION, FAR, WORD, 1000 + SILENCE + 1, False, id="far away and silent"),
        pytest.param(SESSION._replace(process=78), FAR, None, 1.0, False, id="held by another process"),
        pytest.param(SESSION._replace(host="b"), FAR, None, 1.0, False, id="held on another machine"),
        pytest.param(SESSION._replace(ended_at=NOON), FAR, None, 1.0, False, id="held after the delivery"),
        pytest.param(None, FAR, None, 1.0, True, id="before the first delivery"),
    ],
)
def test_a_run_is_under_way_while_its_process_may_live(
    session: SessionRecord | None, holder: Holder | None, activity: Activity | None, now: float, *, under_way: bool
) -> None:
    assert is_under_way(RECORD, session, holder, activity, NOON + now) is under_way
    assert is_under_way(replace(RECORD, planned=False), session, holder, activity, NOON) is (holder is not None)


def test_a_holder_on_another_machine_is_known_by_its_name(paths: RunPaths) -> None:
    planned(paths.journal, 3)
    with SqliteJournal.open(paths.journal) as journal, journal.exclusive():
        journal.begin_session(1)
    execute(paths.journal, "UPDATE place SET holder = 1, host = 'far', process = 5, process_start = '', held_since = 1")
    execute(paths.journal, "UPDATE session SET host = 'far', process = 5")
    with SqliteJournal.open(paths.journal) as journal:
        assert journal.holder() == Holder("far", 5, 1.0, is_local=False)
    found = read(paths)
    assert found.active is not None
    assert found.active.host == "far"


def test_a_holder_here_that_has_died_is_none(paths: RunPaths) -> None:
    planned(paths.journal, 3)
    execute(
        paths.journal,
        "UPDATE place SET holder = 1, host = ?, process = ?, process_start = 'long ago', held_since = 1",
        *HERE,
    )
    with SqliteJournal.open(paths.journal) as journal:
        assert journal.holder() is None


# Looking again and again


def test_figures_that_took_long_to_read_are_kept_for_a_while(paths: RunPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    planned(paths.journal, 3)
    clock, reads = FakeClock(), [0]
    tally = SqliteJournal.tally

    def slow(journal: SqliteJournal, run: int) -> object:
        reads[0] += 1
        clock._now += 2.0
        return tally(journal, run)

    monkeypatch.setattr(SqliteJournal, "tally", slow)
    reader = StatusReader(paths, clock)
    for seconds, read_so_far in ((0.0, 1), (2 * SPARING - 1, 1), (2.0, 2), (0.0, 2)):
        clock._now += seconds
        assert reader.read().runs[0].tally.count(State.PENDING) == 3
        assert reads == [read_so_far]
    reader.read_anew()
    assert reads == [3]


def test_nothing_is_left_beside_journals_that_were_looked_at(paths: RunPaths) -> None:
    with open_journal(paths.journal) as journal:
        plan(journal, [message(2)])
        plan(journal, [message(2)])
    before = sorted(path.name for path in paths.folder.iterdir())
    reader = StatusReader(paths)
    reader.read()
    reader.read()
    assert sorted(path.name for path in paths.folder.iterdir()) == before
