"""Removes, moves, copies, links and restores the journal's files between kills, and holds the ledger against the list.

Whatever happens to the files, no message may be taken twice and none may be lost: the command goes on, or it stops
with a question. The harness answers as an operator would: it puts back what it can, and else takes the way out named.
Not played are a rollback of all files at once, in place, and the removal of all of them: no trace of these is left.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.crash.harness import Chat, ask, environment, running_sandbox, text_of

ROWS, PACE = 300, 120
WORK = 0.7
"""Seconds at most between the beginning of work and a kill or an event."""

LONGEST_LIST = 900.0
MAIN, WAL, SHM, LOCK = "", "-wal", "-shm", ".lock"
NAME = "c.journal.db"

NOTHING_LEFT = ("the journal is gone", "the journal was emptied", "says that there was one", "the journal is damaged")


@dataclass
class FileFigures:
    """What the proof comes to."""

    rows: int = 0
    lists: int = 0
    events: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    questions: int = 0
    unanswered: int = 0
    """Lists that ended with a question to which nothing could be put back."""
    lost: int = 0
    duplicated: int = 0
    in_doubt: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        what = ", ".join(f"{count} {name}" for name, count in sorted(self.events.items()))
        return (
            f"{self.rows} rows in {self.lists} lists, {self.kills} kills, {sum(self.events.values())} events ({what}), "
            f"{self.questions} questions: {self.lost} lost, {self.duplicated} duplicated, {self.in_doubt} in doubt; "
            f"{self.unanswered} lists ended with a question"
        )


def prove_files(chat: Chat, folder: Path, events: int, seed: int) -> FileFigures:
    """Deliver lists until so many events have been played."""
    figures, dice = FileFigures(), random.Random(f"{seed} {chat.name}")
    with running_sandbox(seed, {}) as url:
        while sum(figures.events.values()) < events:
            figures.lists += 1
            place = folder / f"{chat.name}-files-{figures.lists}"
            place.mkdir()
            _List(chat, place, url, dice, figures).deliver(events)
            print(f"{chat.name}: {figures}", flush=True)
    return figures


class _List:
    """One list, and the folder that its campaign is in now."""

    def __init__(self, chat: Chat, place: Path, url: str, dice: random.Random, figures: FileFigures) -> None:
        self.chat, self.place, self.url, self.dice, self.figures = chat, place, url, dice, figures
        self.saved: Path | None = None
        self.course: list[str] = []
        self.touched = ""
        self.name = place.name
        ask(url + "/sandbox/ledger", "DELETE")
        lines = [chat.header, *(chat.written(number) for number in range(ROWS))]
        (place / "list.csv").write_text("\n".join(lines) + "\n")
        (place / "c.toml").write_text(
            f'template = "{chat.template}"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{url}"\n'
            f'[throttle]\nrate = "{PACE}/s"\n[delivery]\ntimeout = "2s"\nstop_after_refusals = 0\n'
        )

    def file(self, ending: str) -> Path:
        return self.place / f"{NAME}{ending}"

    # The course of one list

    def deliver(self, events: int) -> None:
        started, report, words = time.monotonic(), None, ["run"]
        while report is None or report["state"] != "finished":
            if time.monotonic() - started > LONGEST_LIST:
                self.figures.wrong.append(f"{self.name} did not finish")
                break
            more = sum(self.figures.events.values()) < events
            code, stdout, stderr = self._command(words, harm=more)
            if code == 2:
                answer = self._answer(stderr, words)
                if answer is None:
                    self.figures.unanswered += 1
                    report = None
                    break
                words = answer
                continue
            if code is not None and not stdout:
                self.figures.wrong.append(f"{self.name}: {code}: {stderr}")
                break
            report = json.loads(stdout) if code is not None else report
            words = ["resume"]
            if more and (report is None or report["state"] != "finished"):
                self._play(self.dice.choice(BETWEEN))
        self._compare(report)

    def _command(self, words: list[str], *, harm: bool) -> tuple[int | None, str, str]:
        """Run a command; kill it at some moment, or take a file from it while it works. A killed one's code is None."""
        given = [words[0], str(self.place / "c.toml"), *words[1:], "--yes", "--json", "-q"]
        process = subprocess.Popen(
            [sys.executable, "-m", "campaign", *given],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        if harm:
            while process.poll() is None and not self._is_at_work(process.pid):
                time.sleep(0.005)
            try:
                process.wait(self.dice.uniform(0, WORK))
            except subprocess.TimeoutExpired:
                if self.dice.random() < 0.25:
                    self._play(self.dice.choice(WHILE_RUNNING))
                else:
                    process.kill()
                    self.figures.kills += 1
                    self.course.append("killed")
                    process.communicate()
                    return None, "", ""
        stdout, stderr = process.communicate(timeout=LONGEST_LIST)
        self.course.append(f"{' '.join(words)}: {process.returncode} {stderr.strip()[-150:]}")
        return process.returncode, stdout, stderr

    def _is_at_work(self, pid: int) -> bool:
        try:
            return f"process {pid} on".encode() in self.file(LOCK).read_bytes()
        except OSError:
            return False

    def _answer(self, stderr: str, words: list[str]) -> list[str] | None:
        """What an operator does about a question; None where there is nothing to do."""
        self.figures.questions += 1
        if "hard link" in stderr:
            (self.place / "second-name").unlink()
            return ["resume"]
        if "symbolic link" in stderr:
            self._unlink_symbolic()
            return ["resume"]
        if self._put_back():
            return ["resume"]
        for said, answer in (
            ("disk I/O error", words),  # the files were taken away just then; the next command says which
            ("--recover", ["resume", "--recover", "--moved"]),
            ("--moved", [*words, "--moved"]),
            ("`campaign run` starts", ["run"]),
            ("there is no such journal", ["run"]),
        ):
            if said in stderr:
                return answer
        if not any(said in stderr for said in NOTHING_LEFT):
            self.figures.wrong.append(f"{self.name}: unexpected: {words} {stderr} after {self.course}")
        return None

    # What happens to the files

    def _play(self, event: Callable[[_List], bool]) -> None:
        name = event.__name__.strip("_")
        if event(self):
            self.figures.events[name] += 1
            self.course.append(f"{name} {self.touched}".strip())
        self.touched = ""

    def _removed(self) -> bool:
        there = [ending for ending in (WAL, SHM, LOCK) if self.file(ending).exists()]
        gone = self.dice.sample(there, self.dice.randint(1, len(there))) if there else []
        self.touched = " ".join(gone)
        for ending in gone:
            self.file(ending).unlink(missing_ok=True)
        return bool(gone)

    def _main_removed(self) -> bool:
        """Rare, because nothing is left to go on with."""
        if self.dice.random() > 0.1 or not self.file(MAIN).exists() or not self._was_sent_from():
            return False
        self.file(MAIN).unlink()
        return True

    def _emptied(self) -> bool:
        if self.dice.random() > 0.1 or not self.file(MAIN).exists() or not self._was_sent_from():
            return False
        self.file(MAIN).write_bytes(b"")
        return True

    def _moved(self) -> bool:
        """Away; the operator puts them back when asked."""
        away = self.place / "away"
        away.mkdir(exist_ok=True)
        for ending in self.dice.choice([(MAIN,), (MAIN, WAL), (MAIN, WAL, SHM), (WAL,), (WAL, SHM)]):
            if self.file(ending).exists() and self._was_sent_from():
                self.file(ending).rename(away / f"{NAME}{ending}")
                self.touched += f" main{ending}"
        return any(away.iterdir())

    def _saved(self) -> bool:
        """Copied aside, to be restored later."""
        self.saved = self.place / "saved"
        shutil.rmtree(self.saved, ignore_errors=True)
        self.saved.mkdir()
        for ending in (MAIN, WAL, SHM):
            if self.file(ending).exists():
                shutil.copy2(self.file(ending), self.saved)
        return True

    def _restored(self) -> bool:
        """The older files over the newer: in place, or as new files."""
        if self.saved is None or not self._was_sent_from():
            return False
        in_place = self.dice.random() < 0.5
        self.touched = "in place" if in_place else "as new files"
        for ending in (MAIN, WAL, SHM):
            if not in_place:
                self.file(ending).unlink(missing_ok=True)
            if (self.saved / f"{NAME}{ending}").exists():
                shutil.copy(self.saved / f"{NAME}{ending}", self.file(ending))
        return True

    def _copied(self) -> bool:
        """The whole folder; from now on the campaign is delivered from the copy."""
        copy = self.place.with_name(f"{self.place.name}-copy")
        shutil.copytree(self.place, copy, symlinks=True)
        self.place, self.saved = copy, None
        return True

    def _renamed(self) -> bool:
        self.place = self.place.rename(self.place.with_name(f"{self.place.name}-renamed"))
        self.saved = None
        return True

    def _linked(self) -> bool:
        if not self.file(MAIN).exists() or (self.place / "second-name").exists():
            return False
        (self.place / "second-name").hardlink_to(self.file(MAIN))
        return True

    def _symbolically_linked(self) -> bool:
        if not self.file(MAIN).exists() or self.file(MAIN).is_symlink():
            return False
        self.file(MAIN).symlink_to(self.file(MAIN).rename(self.place / "real.db"))
        return True

    def _unlink_symbolic(self) -> None:
        self.file(MAIN).unlink()
        (self.place / "real.db").rename(self.file(MAIN))

    def _put_back(self) -> bool:
        """Put back what was moved away, where nothing has taken its place."""
        away = list((self.place / "away").glob("*")) if (self.place / "away").exists() else []
        for file in away:
            file.replace(self.place / file.name)
        return bool(away)

    def _was_sent_from(self) -> bool:
        """Whether the lock file knows of messages: what it does not know of cannot be told from a fresh start."""
        lock = self.file(LOCK)
        found = re.search(rb'\["\w+", \d+, \w+, ([1-9]\d*), \w+\]', lock.read_bytes()) if lock.exists() else None
        return found is not None

    # The proof

    def _compare(self, report: dict[str, Any] | None) -> None:
        entries: list[dict[str, Any]] = json.loads(ask(self.url + "/sandbox/ledger"))["entries"]
        taken = Counter(text_of(each, self.chat) for each in entries if each["method"] == "POST" and each["taken"])
        figures = self.figures
        figures.rows += ROWS
        twice = {text: count for text, count in taken.items() if count > 1}
        figures.duplicated += sum(count - 1 for count in twice.values())
        if twice:
            figures.wrong.append(f"{self.name}: twice: {sorted(twice)[:5]} of {len(twice)} after {self.course}")
        if report is None:
            return
        figures.in_doubt += report["in_doubt"]
        if report["sent"] + report["in_doubt"] != ROWS or len(taken) < report["sent"]:
            figures.lost += ROWS - report["sent"] - report["in_doubt"]
            figures.wrong.append(f"{self.name}: {len(taken)} taken, and the report says {report} after {self.course}")


BETWEEN: tuple[Callable[[_List], bool], ...] = (
    _List._removed,
    _List._main_removed,
    _List._emptied,
    _List._moved,
    _List._saved,
    _List._saved,
    _List._restored,
    _List._restored,
    _List._copied,
    _List._renamed,
    _List._linked,
    _List._symbolically_linked,
)
WHILE_RUNNING: tuple[Callable[[_List], bool], ...] = (
    _List._removed,
    _List._moved,
    _List._saved,
    _List._linked,
    _List._symbolically_linked,
)
