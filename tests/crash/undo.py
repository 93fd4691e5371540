"""Kills the real command while it takes a run back, and holds the server's ledger against the journal.

Every message that is said to be deleted has to be gone, none may be deleted that was not asked for, and none may be
left without a word. The runs that are taken back were finished, stopped by a limit, or killed while they were sending;
some have a second run beside them. Some conversations keep their messages.
"""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tests.crash.harness import LONGEST_RUN, RATES, ask, environment, is_planned, running_sandbox


class Undone(NamedTuple):
    """A channel whose messages can be taken back: its template, the columns of its list, and a row."""

    name: str
    template: str
    header: str
    row: str

    def id_of(self, body: dict[str, Any]) -> str:
        """The id of a message."""
        return str((body if self.name == "livechat" else body["message"])["_id"])

    def deleted_by(self, entry: dict[str, Any]) -> str | None:
        """The id of the message that a request deletes; None where it is another request."""
        if self.name == "livechat":
            return str(entry["message_id"]) if entry["method"] == "DELETE" else None
        found: str | None = (entry["body"] or {}).get("msgId")
        return found


UNDONE = {
    "livechat": Undone("livechat", "livechat-text", "token,rid,msg", "t{n},{room}{n},message {n}"),
    "rocketchat": Undone("rocketchat", "rocketchat-text", "rid,msg", "{room}{n},message {n}"),
}

SIZES = ((150, 150), (400, 1500))
"""Rows, and messages a second, of alternate lists."""

KILLED_WITHIN, MOST_KILLS = 1.0, 5
"""Seconds of work within which an undo is killed, and how often for one list."""

KEPT_EVERY = 23
"""Of so many rows, one is in a conversation whose messages the server keeps."""


@dataclass
class UndoFigures:
    """What the proof comes to."""

    lists: int = 0
    messages: int = 0
    """Messages that were to be deleted."""
    deleted: int = 0
    kept: int = 0
    kills: int = 0
    faults: int = 0
    deletions: int = 0
    """Requests that reached the server."""
    said_and_there: int = 0
    not_asked_for: int = 0
    silent: int = 0
    duplicated: int = 0
    unrecorded: int = 0
    """Requests without an attempt on record."""
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.messages} messages of {self.lists} runs, {self.kills} kills, {self.faults} faults, "
            f"{self.deletions} requests: {self.deleted} deleted, {self.kept} kept by the server; "
            f"{self.said_and_there} said to be deleted and still there, {self.not_asked_for} deleted unasked, "
            f"{self.silent} left silently, {self.duplicated} duplicated, {self.unrecorded} requests not on record"
        )

    @property
    def holds(self) -> bool:
        """Whether everything that was promised is so."""
        failed = self.said_and_there + self.not_asked_for + self.silent + self.duplicated + self.unrecorded
        return not failed and not self.wrong


class Row(NamedTuple):
    """A row of a journal, by its message."""

    run: int
    row: int
    state: str
    kind: str
    undos: int


def prove_undo(folder: Path, kills: int, seed: int, undone: Undone) -> UndoFigures:
    """Take runs of a channel back until so many processes have been killed; prints the figures after each."""
    figures, dice = UndoFigures(), random.Random(f"{seed} undo")
    with running_sandbox(seed, {}) as url:
        while figures.kills < kills:
            figures.lists += 1
            place = folder / f"undo-{undone.name}-{figures.lists}"
            place.mkdir()
            _Undo(undone, place, url, dice, figures, seed).prove(kills)
            print(f"undo, {undone.name}: {figures}", *figures.wrong, sep="\n  ", flush=True)
    return figures


class _Undo:
    """One list, its runs, and the undo of one of them."""

    def __init__(  # noqa: PLR0917 - in the order in which they are made
        self, undone: Undone, place: Path, url: str, dice: random.Random, figures: UndoFigures, seed: int
    ) -> None:
        self.undone, self.place, self.url, self.dice, self.figures = undone, place, url, dice, figures
        self.rows, pace = SIZES[figures.lists % len(SIZES)]
        self.seed = seed + figures.lists
        ask(url + "/sandbox/ledger", "DELETE")
        self._strike({})
        rooms = ["kept-" if n % KEPT_EVERY == 0 else "room" for n in range(self.rows)]
        lines = [undone.header, *(undone.row.format(n=n, room=room) for n, room in enumerate(rooms))]
        (place / "list.csv").write_text("\n".join(lines) + "\n")
        (place / "c.toml").write_text(
            f'template = "{undone.template}"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{url}"\n'
            f'[throttle]\nrate = "{pace}/s"\n[delivery]\ntimeout = "300ms"\nstop_after_refusals = 0\n'
        )

    def prove(self, kills: int) -> None:
        how = self.dice.choice(("finished", "limited", "killed", "two runs"))
        self._send(how)
        run = self.dice.choice((1, 2)) if how == "two runs" else 1
        chosen = self._chosen()
        self._strike(RATES)
        report = self._undo(run, chosen, kills)
        self._strike({})
        undone = self._journal()
        if how in ("limited", "killed"):
            self._command("resume")
        if report is not None:
            self._look_for_silence(undone, run, chosen)
            self._compare(run, chosen, report, how)

    def _send(self, how: str) -> None:
        if how == "killed":
            self._killed("run", within=1.5)
            if is_planned(self.place):
                return
        self._command("run", *(["--limit", str(self.rows // 2)] if how == "limited" else []))
        if how == "two runs":
            self._command("run", "--new")

    def _chosen(self) -> range:
        """All rows, or some in the middle."""
        if self.dice.random() < 0.6:
            return range(2, self.rows + 2)
        first = self.dice.randint(2, self.rows // 2)
        return range(first, self.dice.randint(first + 10, self.rows + 1))

    def _undo(self, run: int, chosen: range, kills: int) -> dict[str, Any] | None:
        """Undo, and kill the process again and again until it ends by itself. Returns its report."""
        words = ["undo", "--run", str(run)]
        if len(chosen) < self.rows:
            words += ["--rows", f"{chosen.start}-{chosen.stop - 1}"]
        started, left = time.monotonic(), min(self.dice.randint(1, MOST_KILLS), kills - self.figures.kills)
        while time.monotonic() - started < LONGEST_RUN:
            if left and self._killed(*words, within=KILLED_WITHIN):
                self.figures.kills += 1
                left -= 1
                continue
            code, stdout, stderr = self._ended(*words)
            if code == 2:  # killed before anything was sent
                assert "there is nothing to delete" in stderr, stderr
                return None
            assert code in (0, 1, 3), stderr
            report: dict[str, Any] = json.loads(stdout)
            if report["state"] == "finished":
                return {**report, "code": code}
        self.figures.wrong.append(f"{self.place.name} did not finish")
        return None

    # The command

    def _command(self, word: str, *more: str) -> None:
        code, _, stderr = self._ended(word, *more)
        assert code in (0, 1, 3), stderr

    def _start(self, word: str, *more: str) -> subprocess.Popen[str]:
        words = [word, str(self.place / "c.toml"), *more, "--yes", "--json", "-q"]
        return subprocess.Popen(
            [sys.executable, "-m", "campaign", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )

    def _ended(self, word: str, *more: str) -> tuple[int, str, str]:
        process = self._start(word, *more)
        stdout, stderr = process.communicate(timeout=LONGEST_RUN)
        return process.returncode, stdout, stderr

    def _killed(self, word: str, *more: str, within: float) -> bool:
        """Start a command and kill it some time after it has begun to work; False where it ended before."""
        process, lock = self._start(word, *more), self.place / "c.journal.db.lock"
        signature = f"process {process.pid} on".encode()
        while process.poll() is None and not (lock.exists() and signature in lock.read_bytes()):
            time.sleep(0.005)
        try:
            process.communicate(timeout=self.dice.uniform(0, within))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return True
        return False

    def _strike(self, rates: dict[str, float]) -> None:
        plan = {"rates": rates, "seed": self.seed, "on_read_back": True, "stall_seconds": 5.0, "retry_after": 1}
        ask(self.url + "/sandbox/faults", "PUT", json.dumps(plan).encode())

    # The proof

    def _journal(self) -> dict[str, Row]:
        """Every row by the id of its message."""
        statement = (
            "SELECT run, row, body, state, kind, (SELECT count(*) FROM attempt WHERE attempt.run = status.run "
            "AND attempt.seq = status.seq AND what = 'undo') FROM status JOIN message USING (run, seq)"
        )
        with contextlib.closing(sqlite3.connect(self.place / "c.journal.db")) as journal:
            try:
                found = journal.execute(statement).fetchall()
            except sqlite3.OperationalError:  # killed before the tables were created
                return {}
        return {self.undone.id_of(json.loads(body)): Row(run, row, *rest) for run, row, body, *rest in found}

    def _look_for_silence(self, undone: dict[str, Row], run: int, chosen: range) -> None:
        """Once the undo has ended, every row that was asked for is deleted, kept with a reason, or was never sent."""
        for row in undone.values():
            said = row.state in ("deleted", "pending") or row.kind.startswith("not deleted")
            if row.run == run and row.row in chosen and not said:
                self.figures.silent += 1
                self.figures.wrong.append(f"{self.place.name}: {row}: left without a word")

    def _compare(self, run: int, chosen: range, report: dict[str, Any], how: str) -> None:
        figures = self.figures
        entries: list[dict[str, Any]] = json.loads(ask(self.url + "/sandbox/ledger"))["entries"]
        figures.faults += sum(entry["fault"] is not None for entry in entries)
        taken = Counter(each["message_id"] for each in entries if each["method"] == "POST" and each["taken"])
        gone = {each["message_id"] for each in entries if each["deleted"]}
        asked = Counter(filter(None, map(self.undone.deleted_by, entries)))
        figures.deletions += asked.total()
        where = f"{self.place.name} ({how}, run {run}, rows {chosen.start}-{chosen.stop - 1})"
        for message_id, row in self._journal().items():
            wrong = self._wrong(row, run, chosen, is_gone=message_id in gone, taken=taken[message_id])
            if asked[message_id] > row.undos:
                figures.unrecorded += 1
                wrong.append(f"{asked[message_id]} requests to delete, {row.undos} on record")
            figures.wrong += [f"{where}: {row}: {each}" for each in wrong]
        deleted = sum(row.state == "deleted" for row in self._journal().values())
        left = any(row.kind.startswith("not deleted") for row in self._journal().values())
        if report["deleted"] != deleted or report["code"] != int(left):
            figures.wrong.append(f"{where}: {deleted} are deleted, and the report says {report}")

    def _wrong(self, row: Row, run: int, chosen: range, *, is_gone: bool, taken: int) -> list[str]:
        """What is wrong with one row."""
        figures, wrong = self.figures, []
        is_asked = row.run == run and row.row in chosen
        if taken > 1:
            figures.duplicated += taken - 1
            wrong.append(f"taken {taken} times")
        if row.state == "deleted":
            figures.deleted += 1
            if not is_gone:
                figures.said_and_there += 1
                wrong.append("said to be deleted, and there")
        if is_gone and not is_asked:
            figures.not_asked_for += 1
            wrong.append("deleted, and not asked for")
        if is_gone and row.state != "deleted":
            wrong.append("gone, and not said to be deleted")
        is_kept = row.kind.startswith("not deleted")
        figures.kept += is_kept
        figures.messages += is_asked and (row.state == "deleted" or is_kept)
        return wrong
