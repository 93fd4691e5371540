"""The journal's files removed, moved, copied, linked and emptied: nobody is messaged twice, and people are told."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from openpyxl import load_workbook

from campaign.sandbox import SandboxSettings
from tests.integration.conftest import Campaign, RunningSandbox, StartSandbox, kitechat_list, livechat_list
from tests.integration.test_processes import POSIX, UNMEASURED, after_messages, start_process, wait_for_messages

pytestmark = [
    pytest.mark.usefixtures("api_key"),
    pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps open files in their place"),
]

FAST = ("--rate", "1000/s", "--yes", "--json")
TEXTS: dict[str, Callable[[dict[str, dict[str, str]]], str]] = {
    "livechat": lambda body: str(body["msg"]),
    "kitechat": lambda body: body["message"]["text"],
}
LISTS = {"livechat": livechat_list, "kitechat": kitechat_list}


@pytest.fixture
def tmp_path(disk_path: Path) -> Path:
    return disk_path


def tell_from_elsewhere(journal: Path, statement: str) -> None:
    """Change or read the journal as another program would, which moves the log into the main file when it ends.

    No connection of this process may be open: to close another drops its locks.
    """
    with closing(sqlite3.connect(journal, isolation_level=None)) as connection:
        connection.execute(statement)


class Folder:
    """A campaign of forty rows, c.toml, in a folder of its own."""

    def __init__(self, place: Path, channel: str, server: RunningSandbox) -> None:
        self.place, self.channel, self.server = place, channel, server
        self.file, self.journal = place / "c.toml", place / "c.journal.db"
        LISTS[channel](place / "list.csv", 40)
        self.file.write_text(
            f'template = "{channel}-text"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{server.url}"\n'
        )

    def taken(self) -> Counter[str]:
        """How many times the server took each message."""
        return Counter(TEXTS[self.channel](body) for body in self.server.bodies())

    def killed(self, after: int = 10) -> int:
        """Run and kill it after so many messages. Gives how many the server took."""
        process = start_process("run", str(self.file), "--yes", "--rate", "100/s", "--concurrency", "2")
        wait_for_messages(self.server, after)
        process.kill()
        process.communicate()
        self.server.answer_at_once()
        return sum(self.taken().values())

    def remove(self, *endings: str) -> None:
        for ending in endings:
            (self.place / f"c.journal.db{ending}").unlink()


@pytest.fixture
def make(start_sandbox: StartSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Folder]:
    monkeypatch.setitem(UNMEASURED, "KITECHAT_API_KEY", "key-of-the-tests")
    return lambda channel: Folder(tmp_path, channel, start_sandbox(SandboxSettings(latency=0.03)))


@pytest.fixture
def kitechat(make: Callable[[str], Folder]) -> Folder:
    return make("kitechat")


@pytest.mark.slow
@pytest.mark.parametrize("channel", LISTS)
@pytest.mark.parametrize("lock", ["with its lock", "without its lock"])
def test_a_journal_that_lost_its_log_sends_nothing_until_it_is_recovered(
    command: Campaign, make: Callable[[str], Folder], channel: str, lock: str
) -> None:
    folder = make(channel)
    before = folder.killed()
    folder.remove("-wal", "-shm", *([".lock"] if lock == "without its lock" else []))
    for words in (("resume",), ("run",), ("run", "--new"), ("results",)):
        said = command(words[0], folder.file, *words[1:], *([] if words[0] == "results" else ["--yes"]))
        assert said.code == 2
        assert "the journal is not whole" in said.stderr
        assert "campaign resume FILE --recover" in said.stderr
    assert sum(folder.taken().values()) == before
    recovered = command("resume", folder.file, "--recover", *FAST)
    assert set(folder.taken().values()) == {1}
    if channel == "livechat":
        assert (recovered.code, recovered.json["sent"]) == (0, 40)
    else:
        assert (recovered.code, recovered.json["pending"], sum(folder.taken().values())) == (1, 0, before)
    assert command("resume", folder.file, *FAST).json["pending"] == 0


def test_a_journal_that_only_its_main_file_was_copied_of_is_not_whole(command: Campaign, kitechat: Folder) -> None:
    before = kitechat.killed()
    away = kitechat.place / "copy"
    away.mkdir()
    for name in ("c.toml", "list.csv", "c.journal.db"):
        shutil.copy(kitechat.place / name, away / name)
    said = command("resume", away / "c.toml", "--yes", "--moved")
    assert (said.code, sum(kitechat.taken().values())) == (2, before)
    assert "the journal is not whole" in said.stderr


@pytest.mark.slow
def test_a_journal_that_another_program_has_read_after_a_kill_is_whole(command: Campaign, kitechat: Folder) -> None:
    kitechat.killed()
    tell_from_elsewhere(kitechat.journal, "SELECT 1 FROM run")
    resumed = command("resume", kitechat.file, *FAST)
    assert resumed.json["pending"] == 0
    assert set(kitechat.taken().values()) == {1}


@pytest.mark.parametrize("act", ["removed", "moved", "replaced", "log removed"])
def test_a_journal_that_goes_away_while_running_stops_the_run(command: Campaign, kitechat: Folder, act: str) -> None:
    journal, place = kitechat.journal, kitechat.place
    at = 0

    def go_away() -> None:
        nonlocal at
        if act == "removed":
            kitechat.remove("", "-wal", "-shm")
        elif act == "moved":
            journal.rename(place / "elsewhere.db")
        elif act == "replaced":
            # Not in this process, where to close the file would drop SQLite's locks.
            subprocess.run(["/bin/cp", journal, place / "copy.db"], check=True)
            (place / "copy.db").replace(journal)
        else:
            kitechat.remove("-wal")
        at = len(kitechat.server.ledger.entries)

    with after_messages(kitechat.server, 6, go_away):
        said = command("run", kitechat.file, "--yes", "--json", "--rate", "40/s", "--concurrency", "2")
    assert said.code == 3
    assert len(kitechat.server.ledger.entries) <= at + 4
    assert "removed, moved or replaced" in said.json["reason"]
    if act in ("removed", "moved"):  # no command can go on from what is there
        assert "Next: campaign" not in said.stderr
        assert "Put the journal's files back" in said.stderr
    before = kitechat.taken()
    said = command("run", kitechat.file, "--yes")
    assert said.code == 2
    assert kitechat.taken() == before


def test_a_journal_that_was_emptied_is_no_fresh_start(command: Campaign, kitechat: Folder) -> None:
    assert command("run", kitechat.file, *FAST).json["sent"] == 40
    kitechat.journal.write_bytes(b"")
    for lock in (True, False):
        if not lock:
            kitechat.remove(".lock")
        for words in (("run",), ("resume",)):
            said = command(*words, kitechat.file, "--yes")
            assert said.code == 2, said.stderr
    assert sum(kitechat.taken().values()) == 40
    assert "c.results.xlsx beside it says that there was one" in command("run", kitechat.file, "--yes").stderr
    assert command("run", kitechat.file, "--new", *FAST).json["sent"] == 40


def test_a_journal_that_was_removed_is_no_fresh_start(command: Campaign, kitechat: Folder) -> None:
    kitechat.killed()
    kitechat.remove("", "-wal", "-shm")
    said = command("run", kitechat.file, "--yes")
    assert said.code == 2
    assert "the journal is gone, although messages were sent from here" in said.stderr
    assert "--new" in said.stderr
    assert command("run", kitechat.file, "--new", "--limit", "2", *FAST).json["sent"] == 2
    assert command("resume", kitechat.file, *FAST).json["sent"] == 40


def test_an_older_copy_put_back_in_place_is_known(command: Campaign, kitechat: Folder) -> None:
    command("run", kitechat.file, "--limit", "5", *FAST)
    older = kitechat.journal.read_bytes()
    command("resume", kitechat.file, "--limit", "5", *FAST)
    kitechat.journal.write_bytes(older)
    said = command("resume", kitechat.file, "--yes")
    assert said.code == 2
    assert "older than the last delivery from here" in said.stderr
    assert sum(kitechat.taken().values()) == 10


def test_a_workbook_of_a_later_time_than_the_journal_is_a_witness(command: Campaign, kitechat: Folder) -> None:
    """Where the lock file was put back as well, nothing else says that the journal is an older copy of itself."""
    command("run", kitechat.file, "--limit", "5", *FAST)
    older = {file: file.read_bytes() for file in kitechat.place.glob("c.journal.db*")}
    command("resume", kitechat.file, "--limit", "5", *FAST)
    results = kitechat.place / "c.results.xlsx"
    edited = load_workbook(results)
    edited["Results"]["C2"] = "a note"
    edited.save(results)
    for file, content in older.items():
        file.write_bytes(content)
    for words in (("resume",), ("run",), ("run", "--skip-sent")):
        said = command(words[0], kitechat.file, "--yes", *words[1:])
        assert said.code == 2
        assert "the journal is older than c.results.xlsx, which says of 10 rows of run 1" in said.stderr
        assert "campaign resume FILE --recover" in said.stderr
    assert sum(kitechat.taken().values()) == 10
    recovered = command("resume", kitechat.file, "--recover", *FAST)
    assert (recovered.json["sent"], recovered.json["in_doubt"]) == (5, 35)
    rest = command("resolve", kitechat.file, "--rows", "12-41", "--as", "not-sent")
    assert rest.code == 0
    assert command("resume", kitechat.file, *FAST).json["sent"] == 35
    assert set(kitechat.taken().values()) == {1}


@pytest.mark.parametrize("which", ["campaign file", "list"])
def test_one_campaign_through_a_link_is_one_campaign(command: Campaign, kitechat: Folder, which: str) -> None:
    other = kitechat.place / "other"
    other.mkdir()
    file, more = kitechat.file, ()
    link = other / "x.toml"
    if which == "list":
        file, link = kitechat.place / "list.csv", other / "y.csv"
        more = ("--template", "kitechat-text", "--server", kitechat.server.url)  # type: ignore[assignment]
    link.symlink_to(file)
    assert command("run", file, *more, "--limit", "3", *FAST).json["sent"] == 3
    assert command("run", link, *more, "--yes").code == 2
    assert command("resume", link, *FAST).json["sent"] == 40
    assert set(kitechat.taken().values()) == {1}
    assert list(other.iterdir()) == [link]


def test_a_copied_campaign_asks_and_a_renamed_folder_does_not(command: Campaign, kitechat: Folder) -> None:
    inner = kitechat.place / "inner"
    inner.mkdir()
    folder = Folder(inner, "kitechat", kitechat.server)
    command("run", folder.file, "--limit", "3", *FAST)
    renamed = inner.rename(kitechat.place / "renamed")
    said = command("resume", renamed / "c.toml", "--limit", "3", *FAST)
    assert (said.code, said.json["sent"]) == (3, 6)
    assert "it is the same file" in said.stderr
    copy = kitechat.place / "copy"
    shutil.copytree(renamed, copy)
    refused = command("resume", copy / "c.toml", "--yes")
    assert refused.code == 2
    assert "is a copy of" in refused.stderr
    assert "--moved" in refused.stderr
    assert command("resume", copy / "c.toml", "--moved", *FAST).json["sent"] == 40
    assert command("resume", copy / "c.toml", *FAST).code == 0


def test_links_and_other_peoples_files_are_refused(
    command: Campaign, kitechat: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("run", kitechat.file, "--limit", "3", *FAST)
    os.link(kitechat.journal, kitechat.place / "second.db")
    said = command("resume", kitechat.file, "--yes")
    assert (said.code, "has a second name (a hard link)" in said.stderr) == (2, True)
    (kitechat.place / "second.db").unlink()
    away = kitechat.journal.rename(kitechat.place / "away.db")
    kitechat.journal.symlink_to(away)
    said = command("resume", kitechat.file, "--yes")
    assert (said.code, "is a symbolic link" in said.stderr) == (2, True)
    kitechat.journal.unlink()
    away.rename(kitechat.journal)
    with monkeypatch.context() as somebody:
        somebody.setattr(os, "geteuid", lambda: 4711)
        said = command("resume", kitechat.file, "--yes")
    assert (said.code, "belongs to another user" in said.stderr) == (2, True)
    assert sum(kitechat.taken().values()) == 3


@pytest.mark.parametrize("ending", ["", "-wal", ".lock"])
@pytest.mark.parametrize("put", [Path.mkdir, pytest.param(getattr(os, "mkfifo", None), marks=POSIX)])
def test_what_is_no_file_in_the_place_of_one_is_refused(
    command: Campaign, kitechat: Folder, ending: str, put: Callable[[Path], None]
) -> None:
    put(kitechat.place / f"c.journal.db{ending}")
    said = command("run", kitechat.file, "--yes")
    assert said.code == 2
    assert f"c.journal.db{ending}: is not a file; move it out of the way" in said.stderr
    assert command("resume", kitechat.file, "--yes").code == 2
    assert command("status", kitechat.file).code in (0, 2)
    kitechat.file.rename(kitechat.place / "d.toml")  # whose journal is looked for among those of other names
    assert command("resume", kitechat.place / "d.toml", "--yes").code == 2
    assert not kitechat.taken()


def test_a_journal_open_to_others_is_closed_and_that_is_said(command: Campaign, kitechat: Folder) -> None:
    command("run", kitechat.file, "--limit", "3", *FAST)
    kitechat.journal.chmod(0o644)
    said = command("resume", kitechat.file, *FAST)
    assert (said.code, kitechat.journal.stat().st_mode & 0o777) == (0, 0o600)
    assert "other users could read or write it; now only its owner can" in said.stderr


@pytest.mark.slow
def test_a_lock_that_is_removed_while_running_lets_nobody_else_in(command: Campaign, kitechat: Folder) -> None:
    first = start_process("run", str(kitechat.file), "--yes", "--json", "--rate", "30/s")
    wait_for_messages(kitechat.server, 5)
    kitechat.remove(".lock")
    second = command("resume", kitechat.file, "--yes")
    assert second.code == 2
    assert f"is being worked on by process {first.pid} on " in second.stderr
    stdout, _ = first.communicate(timeout=30)
    assert (first.returncode, json.loads(stdout)["sent"]) == (0, 40)
    assert set(kitechat.taken().values()) == {1}


@pytest.mark.slow
def test_a_delivery_whose_session_ended_elsewhere_sends_nothing_more(kitechat: Folder) -> None:
    first = start_process("run", str(kitechat.file), "--yes", "--json", "--rate", "20/s", "--concurrency", "1")
    wait_for_messages(kitechat.server, 5)
    first.send_signal(signal.SIGSTOP)
    # A file system without locks, and another machine, of which nobody here knows whether its processes live:
    lock = kitechat.place / "c.journal.db.lock"
    Path(shutil.copy(lock, kitechat.place / "copy")).replace(lock)
    tell_from_elsewhere(kitechat.journal, "UPDATE place SET host = 'elsewhere'")
    second = start_process("resume", str(kitechat.file), "--yes", "--json", "--rate", "20/s")
    wait_for_messages(kitechat.server, 9)
    first.send_signal(signal.SIGCONT)
    stdout, said = first.communicate(timeout=30)
    stopped = json.loads(stdout)
    assert (first.returncode, stopped["state"], stopped["pending"] > 0) == (3, "stopped", True)
    assert "another process is at work on it" in stopped["reason"]
    assert "Another process delivers this run now: leave it to that." in said
    assert "campaign resume" not in said
    stdout, _ = second.communicate(timeout=30)
    assert json.loads(stdout)["pending"] == 0
    assert set(kitechat.taken().values()) == {1}


@pytest.mark.slow
@pytest.mark.parametrize("cut", [True, False], ids=["log cut short", "log whole"])
def test_a_lock_that_is_gone_after_a_kill_sends_nothing_until_it_is_recovered(
    command: Campaign, kitechat: Folder, *, cut: bool
) -> None:
    before = kitechat.killed()
    kitechat.remove(".lock", "-shm")
    if cut:
        log = kitechat.place / "c.journal.db-wal"
        log.write_bytes(log.read_bytes()[: log.stat().st_size // 2])
    for words in (("resume",), ("run",)):
        said = command(*words, kitechat.file, "--yes")
        assert said.code == 2
        assert "the file that ends in .lock" in said.stderr
        assert "campaign resume FILE --recover" in said.stderr
    assert command("resume", kitechat.file, "--recover", *FAST).json["pending"] == 0
    assert (sum(kitechat.taken().values()), set(kitechat.taken().values())) == (before, {1})


def test_a_whole_journal_is_not_recovered(command: Campaign, kitechat: Folder) -> None:
    command("run", kitechat.file, "--limit", "10", *FAST)
    said = command("resume", kitechat.file, "--recover", *FAST)
    assert (said.code, said.json["sent"], said.json["in_doubt"]) == (0, 40, 0)
    assert "the journal is whole, so --recover changes nothing" in said.stderr


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("abandon",), id="abandon"),
        pytest.param(("resolve", "--rows", "2", "--as", "sent"), id="resolve"),
        pytest.param(("forget",), id="forget"),
    ],
)
def test_what_is_decided_by_hand_in_a_copy_is_agreed_to(
    command: Campaign, make: Callable[[str], Folder], words: tuple[str, ...]
) -> None:
    folder = make("kitechat")
    limit = [] if words[0] == "forget" else ["--limit", "1"]
    command("run", folder.file, *limit, *FAST)
    tell_from_elsewhere(folder.journal, "UPDATE status SET state = 'in_doubt' WHERE seq = 1")
    shutil.copytree(folder.place, folder.place / "copy")
    copy = folder.place / "copy" / "c.toml"
    said = command(words[0], copy, *words[1:], "--yes")
    assert said.code == 2
    assert "is a copy" in said.stderr
    assert "say so with --moved" in said.stderr
    assert command(words[0], copy, *words[1:], "--yes", "--moved").code == 0


@pytest.mark.slow
def test_results_say_what_became_of_a_delivery_that_has_no_end_on_record(command: Campaign, kitechat: Folder) -> None:
    process = start_process("run", str(kitechat.file), "--yes", "--rate", "100/s", "--concurrency", "2")
    wait_for_messages(kitechat.server, 5)
    page = kitechat.place / "report.html"
    said = command("results", kitechat.file, "--html", page).stdout
    assert said.startswith(f"Run 1 is under way: it is being delivered by process {process.pid} on ")
    assert "Another process delivers this run now: leave it to that." in said
    assert "campaign resume" not in said
    assert "It is under way: it is being delivered" in page.read_text(encoding="utf-8")
    assert "campaign resume" not in page.read_text(encoding="utf-8")
    process.kill()
    process.communicate()
    assert (
        command("results", kitechat.file, "--json").json["reason"] == "cut off: the process that delivered it is gone"
    )
    tell_from_elsewhere(kitechat.journal, "UPDATE place SET host = 'elsewhere'")
    assert f"process {process.pid} on elsewhere" in command("results", kitechat.file, "--json").json["reason"]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE run SET facts = '{}'",
        "UPDATE run SET facts = 'no JSON'",
        "UPDATE run SET facts = '[1]'",
        "UPDATE run SET secret = 7",
        "UPDATE status SET state = 'odd' WHERE seq = 9",
        "UPDATE status SET attempts = 'x' WHERE seq = 9",
        "UPDATE message SET cells = '{' WHERE seq = 9",
        "UPDATE message SET cells = '7' WHERE seq = 9",
        "UPDATE message SET cells = '[[1,2]]' WHERE seq = 9",
        "DELETE FROM place",
    ],
)
def test_damaged_rows_end_in_one_sentence(command: Campaign, kitechat: Folder, damage: str) -> None:
    command("run", kitechat.file, "--limit", "1", *FAST)
    tell_from_elsewhere(kitechat.journal, damage)
    said = command("results", kitechat.file)
    assert said.code == 2
    assert "c.journal.db: the journal is damaged (" in said.stderr
    if "facts" in damage or "place" in damage:
        assert command("resume", kitechat.file, "--yes").code == 2


def test_a_file_system_without_locks_is_said_in_one_line(
    command: Campaign, kitechat: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", flock)
    said = command("run", kitechat.file, *FAST)
    assert (said.code, said.json["sent"]) == (0, 40)
    assert said.stderr.count("this file system has no locks") == 1
    assert "flock" not in said.stderr
