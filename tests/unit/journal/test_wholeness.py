from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest

from campaign.errors import JournalError, JournalWriteError
from campaign.journal import State, peek_journal
from campaign.journal.sqlite import Accepted, SqliteJournal, guard
from campaign.journal.sqlite.place import Mark, Place
from campaign.journal.sqlite.wholeness import Lack, _View, find_lack, judge, wal_of
from campaign.journal.sqlite.witness import AT, Witness, lock_file, read_witness
from campaign.operating_system import FileIdentity, identity_of

from .planning import NOON, SENT, planned, query

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps open files in their place")
NOBODY = Witness()


@pytest.fixture
def tmp_path(disk_path: Path) -> Path:
    return disk_path


def view(mark: Mark, epoch: int, attempt: int = 0, journal: str = "j") -> _View:
    return _View(Place(journal, "", FileIdentity("", ""), mark, epoch), attempt)


@pytest.mark.parametrize(
    ("main", "whole", "witness", "lack"),
    [
        (None, view(Mark.CLOSED, 0), NOBODY, None),
        (view(Mark.CLOSED, 3), view(Mark.CLOSED, 3), NOBODY, None),
        (view(Mark.CLOSED, 3), view(Mark.ARMED, 4), NOBODY, None),
        (view(Mark.ARMED, 4), view(Mark.OPEN, 4, 9), Witness("j", 4, opened=True, attempt=9), None),
        (view(Mark.ARMED, 4), view(Mark.CLOSED, 4, 9), NOBODY, None),
        (view(Mark.ARMED, 4), view(Mark.ARMED, 5, 9), NOBODY, None),
        (view(Mark.OPEN, 4, 9), view(Mark.OPEN, 4, 9), Witness("j", 4, opened=True, attempt=9), None),
        (view(Mark.ARMED, 4), view(Mark.ARMED, 4), Witness("j", 4, opened=False), None),
        (view(Mark.ARMED, 4), view(Mark.ARMED, 4), Witness("j", 4, opened=True), Lack.WAL_LOST),
        (view(Mark.ARMED, 4), view(Mark.ARMED, 4), Witness("j", 3, opened=False), Lack.WAL_LOST),
        (view(Mark.ARMED, 4), view(Mark.ARMED, 4), Witness("j", 3, opened=True, arming=True), None),
        (view(Mark.ARMED, 4), view(Mark.ARMED, 4), Witness("j", 4, opened=True, arming=True), Lack.WAL_LOST),
        (view(Mark.ARMED, 4), view(Mark.ARMED, 4), Witness("other", 4, opened=False), Lack.WAL_LOST),
        (view(Mark.ARMED, 4), view(Mark.ARMED, 4), NOBODY, Lack.WAL_LOST),
        (view(Mark.ARMED, 4), view(Mark.OPEN, 3), NOBODY, Lack.WAL_FOREIGN),
        (view(Mark.CLOSED, 4), view(Mark.OPEN, 6), NOBODY, Lack.WAL_FOREIGN),
        (view(Mark.CLOSED, 4), view(Mark.OPEN, 5, 9), Witness("j", 5, opened=True, attempt=9), Lack.WAL_FOREIGN),
        (view(Mark.ARMED, 4), view(Mark.OPEN, 5, 9), Witness("j", 5, opened=True, attempt=9), Lack.WAL_FOREIGN),
        (view(Mark.ARMED, 4), view(Mark.CLOSED, 5, 9), NOBODY, None),
        (view(Mark.CLOSED, 4), view(Mark.CLOSED, 4, journal="k"), NOBODY, Lack.WAL_FOREIGN),
        (view(Mark.CLOSED, 4), view(Mark.CLOSED, 4, 8), Witness("j", 4, opened=False, attempt=9), Lack.OUTDATED),
        (view(Mark.CLOSED, 4), view(Mark.CLOSED, 4, 9), Witness("j", 5, opened=False, attempt=9), Lack.OUTDATED),
        (view(Mark.CLOSED, 4), view(Mark.CLOSED, 4, 8), Witness("other", 9, opened=False, attempt=9), None),
        (view(Mark.ARMED, 4), view(Mark.OPEN, 4, 9), NOBODY, Lack.LOCK_LOST),
        (view(Mark.ARMED, 4), view(Mark.OPEN, 4, 9), Witness("other", 4, opened=True, attempt=9), Lack.LOCK_LOST),
        (view(Mark.OPEN, 4, 9), view(Mark.OPEN, 4, 9), NOBODY, Lack.LOCK_LOST),
    ],
)
def test_what_the_files_say_together(main: _View | None, whole: _View, witness: Witness, lack: Lack | None) -> None:
    assert judge(main, whole, witness) is lack


@POSIX
@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_a_whole_journal_and_a_lost_log_is_known(tmp_path: Path) -> None:
    path = planned(tmp_path / "planned.db", 5)
    subprocess.run([sys.executable, "-m", "tests.unit.journal.kill_everywhere", str(path), "200"], check=True)
    killed = sorted(tmp_path.glob("killed-*"), key=lambda place: int(place.name.partition("-")[2]))
    assert len(killed) > 20
    for place in killed[:-1]:
        for how in ("as it is", "after another program", "log lost", "log and lock lost"):
            copy = tmp_path / "copy"
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(place, copy)
            journal = copy / "a.journal.db"
            sent = len(list(copy.glob("sent-*")))
            if how == "after another program":
                query(journal, "SELECT 1")
            elif how.startswith("log"):
                wal_of(journal).unlink(missing_ok=True)
                journal.with_name("a.journal.db-shm").unlink(missing_ok=True)
            if how == "log and lock lost":
                lock_file(journal).unlink(missing_ok=True)
            lack = find_lack(journal)
            if how in ("as it is", "after another program"):
                assert lack is None, (place.name, how)
            else:  # refused, or all that was sent is on record
                on_record = query(journal, "SELECT count(*) FROM attempt")[0][0] if lack is None else sent
                assert isinstance(on_record, int)
                assert on_record >= sent, (place.name, how)


def deliver(journal: SqliteJournal, rows: range) -> None:
    async def work() -> None:
        session = journal.begin_session(1)
        async with journal.attempt_log(1, session=session) as log:
            for seq in rows:
                log.record_outcome(seq, await log.begin(seq, NOON), "sent", SENT)
        journal.end_session(session, None)

    asyncio.run(work())


def test_a_long_log_is_moved_into_the_main_file_while_a_run_is_delivered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "CHECKPOINT_AT", 60_000)
    path, epochs, sizes = planned(tmp_path / "a.journal.db", 60), [], []

    async def work(journal: SqliteJournal) -> None:
        session = journal.begin_session(1)
        async with journal.attempt_log(1, session=session) as log:
            for seq in range(1, 61):
                log.record_outcome(seq, await log.begin(seq, NOON), "sent", SENT)
                epochs.append(query(path, "SELECT epoch FROM place")[0][0])
                sizes.append(wal_of(path).stat().st_size)
                assert find_lack(path) is None
        journal.end_session(session, None)

    with SqliteJournal.open(path) as journal, journal.exclusive():
        asyncio.run(work(journal))
        assert journal.tally(1).count(State.SENT) == 60
    assert len(set(epochs)) > 3
    assert max(sizes) < 150_000
    assert find_lack(path) is None


def test_a_reader_that_stays_holds_up_no_delivery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "CHECKPOINT_AT", 60_000)
    monkeypatch.setattr(guard, "SHORT_WAIT", 1)
    path = planned(tmp_path / "a.journal.db", 40)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader, SqliteJournal.open(path) as journal:
        with journal.exclusive():
            session = journal.begin_session(1)

            async def work() -> None:
                async with journal.attempt_log(1, session=session) as log:
                    reader.execute("BEGIN")
                    reader.execute("SELECT * FROM run").fetchall()
                    for seq in range(1, 41):
                        log.record_outcome(seq, await log.begin(seq, NOON), "sent", SENT)

            asyncio.run(work())
            reader.execute("COMMIT")
            journal.end_session(session, None)
        assert journal.tally(1).count(State.SENT) == 40
    assert find_lack(path) is None


def test_after_a_clean_end_the_main_file_is_all(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 9)
    with SqliteJournal.open(path) as journal, journal.exclusive():
        deliver(journal, range(1, 6))
        alone = shutil.copy(path, tmp_path / "alone.db")
    assert query(Path(alone), "SELECT count(*) FROM status WHERE state = 'sent'") == [(5,)]
    assert read_witness(path).attempt == 5


def test_a_foreign_log_is_set_aside_and_never_replayed(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 9)
    other = planned(tmp_path / "b.journal.db", 9)
    with SqliteJournal.open(other) as journal:
        journal.begin_session(1)
        shutil.copy(wal_of(other), wal_of(path))
    with pytest.raises(JournalError, match="is not of this journal"):
        SqliteJournal.open(path)
    with SqliteJournal.open(path, Accepted(recover=True)) as journal:
        journal.recover(1)
        assert {result.state for result in journal.results(1)} == {State.SENDING}
    assert (tmp_path / "a.journal.db-wal.aside-1").exists()


def test_a_peek_into_a_closed_journal_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = delivered(tmp_path / "a.journal.db")
    files = set(tmp_path.iterdir())
    peeked = peek_journal(path)
    assert peeked is not None
    assert peeked[1].count(State.SENT) == 5
    assert set(tmp_path.iterdir()) == files
    with SqliteJournal.open(path) as journal:
        journal.begin_session(1)
        assert peek_journal(path) is not None


@POSIX
def test_nothing_begins_in_a_journal_that_went_away_before_the_first_send(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 2)
    with SqliteJournal.open(path) as journal:
        path.rename(tmp_path / "b.journal.db")
        with pytest.raises(JournalWriteError, match="removed, moved or replaced"):
            journal.begin_session(1)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"[1, 2, 3, 4]", b'["a", true, true, 1]', b"\xff" * 99])
def test_a_lock_file_that_says_nothing_readable_says_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.journal.db"
    lock_file(path).write_bytes(b" " * AT + content)
    assert read_witness(path) == Witness()


def test_a_reservation_that_is_taken_back_is_not_missed(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 9)

    async def work(journal: SqliteJournal) -> None:
        session = journal.begin_session(1)
        async with journal.attempt_log(1, session=session) as log:
            reserved = log.reserve([1, 2, 3], NOON)
            await log.begin_reserved(reserved[0])
            assert read_witness(path).attempt == 3
            for each in reserved[1:]:
                log.withdraw(each)
            log.record_outcome(1, reserved[0].attempt, "sent", SENT)
        assert read_witness(path).attempt == 1

    with SqliteJournal.open(path) as journal, journal.exclusive():
        asyncio.run(work(journal))
    assert find_lack(path) is None


def test_opening_a_journal_again_in_one_process_takes_no_lock_from_the_first(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 9)
    with SqliteJournal.open(path) as journal, suppress(JournalError):
        session = journal.begin_session(1)
        SqliteJournal.open(path).__exit__(None, None, None)
        reads = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT 1 FROM run').fetchall()"
        subprocess.run([sys.executable, "-c", reads, str(path)], check=True)
        assert wal_of(path).exists()  # the other program was not the last one
        journal.end_session(session, None)


def test_a_journal_that_is_not_whole_sends_nothing_before_it_was_recovered(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 9)
    older = path.read_bytes()
    with SqliteJournal.open(path) as journal, journal.exclusive():
        deliver(journal, range(1, 6))
    path.write_bytes(older)
    with SqliteJournal.open(path, Accepted(recover=True)) as journal, journal.exclusive():
        with pytest.raises(JournalError, match="older than the last delivery"):
            journal.begin_session(1)
        journal.recover(1)
        journal.end_session(journal.begin_session(1), None)
    assert find_lack(path) is None


def test_a_file_that_was_recovered_is_known_when_it_is_put_back(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 9)
    older = path.read_bytes()
    with SqliteJournal.open(path) as journal, journal.exclusive():
        deliver(journal, range(1, 6))
    path.write_bytes(older)
    with SqliteJournal.open(path, Accepted(recover=True)) as journal, journal.exclusive():
        journal.recover(1)
    path.write_bytes(older)
    assert find_lack(path) is Lack.OUTDATED


def test_a_copy_can_be_read_and_not_held_until_it_is_accepted(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 2)
    copy = Path(shutil.copy(path, tmp_path / "b.journal.db"))
    with SqliteJournal.open(copy) as journal:
        assert journal.last_run() is not None
        assert "is a copy of " in str(journal.displaced)
        with pytest.raises(JournalError, match="is a copy of"), journal.exclusive():
            pytest.fail("held")
        journal.accept_place()
        with journal.exclusive():
            pass
    with SqliteJournal.open(copy) as journal:
        assert journal.displaced is None
    with SqliteJournal.open(path) as journal:
        assert journal.displaced is None


def elsewhere(path: Path, monkeypatch: pytest.MonkeyPatch, **other: str) -> None:
    """Make the file system of a journal seem to be another one."""
    identity = identity_of(path)._replace(device="4711", **other)
    monkeypatch.setattr("campaign.journal.sqlite.opening.identity_of", lambda _: identity)


def delivered(path: Path) -> Path:
    with SqliteJournal.open(planned(path, 9)) as journal, journal.exclusive():
        deliver(journal, range(1, 6))
    return path


def test_a_file_system_that_was_mounted_anew_is_noted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = delivered(tmp_path / "a.journal.db")
    elsewhere(path, monkeypatch)
    with SqliteJournal.open(path) as journal:
        assert journal.displaced is None
        assert [note.code for note in journal.notes] == ["journal-remounted"]
        with journal.exclusive():
            pass
    with SqliteJournal.open(path) as journal:
        assert (journal.displaced, list(journal.notes)) == (None, [])


def test_a_machine_that_died_while_delivering_and_mounts_anew_may_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = delivered(tmp_path / "a.journal.db")
    said = lock_file(path).read_bytes()
    lock_file(path).write_bytes(said.replace(b", 5, ", b", 4, "))  # the last attempt is on record in the journal alone
    assert read_witness(path).attempt == 4
    elsewhere(path, monkeypatch)
    with SqliteJournal.open(path) as journal:
        assert journal.displaced is None


def test_a_copy_on_another_device_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = delivered(tmp_path / "a.journal.db")
    (tmp_path / "b").mkdir()
    copy = Path(shutil.copy(path, tmp_path / "b" / path.name))
    shutil.copy(lock_file(path), lock_file(copy))
    with monkeypatch.context() as patched:  # the same inode by chance, but in another place
        elsewhere(copy, patched, inode=identity_of(path).inode, generation=identity_of(path).generation)
        with SqliteJournal.open(copy) as journal:
            assert "is a copy of " in str(journal.displaced)
    for other in ({"inode": "4712"}, {"generation": "4713"}):
        with monkeypatch.context() as patched:
            elsewhere(path, patched, **other)
            with SqliteJournal.open(path) as journal:
                assert "is a copy" in str(journal.displaced)


def test_another_device_without_the_lock_file_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = delivered(tmp_path / "a.journal.db")
    lock_file(path).unlink()
    elsewhere(path, monkeypatch)
    with SqliteJournal.open(path) as journal:
        assert "is a copy" in str(journal.displaced)


@POSIX
def test_a_file_put_back_with_the_same_inode_is_known_where_the_system_counts_them(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 2)
    content, inode = path.read_bytes(), path.stat().st_ino
    path.unlink()
    path.write_bytes(content)
    path.chmod(0o600)
    with SqliteJournal.open(path) as journal:
        known = identity_of(path).generation or path.stat().st_ino != inode
        assert bool(known) is (journal.displaced is not None)
