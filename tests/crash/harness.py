"""Kills the real command at random moments, resumes it, and compares the server's ledger with the list.

The command and the sandbox run in separate processes; the sandbox survives every kill and records what it took.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

RATES = {
    "reset-before": 0.01,
    "reset-after": 0.01,
    "500-before": 0.01,
    "500-after": 0.01,
    "502-before": 0.01,
    "502-after": 0.01,
    "stall-before": 0.003,
    "stall-after": 0.003,
    "truncated-after": 0.01,
    "html-after": 0.005,
    "not-json-after": 0.005,
    "throttled-before": 0.01,
    "throttled-seconds-before": 0.002,
}
"""The probability of each fault: one request in ten fails."""

KILLED_WITHIN, KILLED_WITHIN_LOOKING = 0.8, 2.0
"""A process is killed within this many seconds after it starts work: while it plans, sends or writes the results. Where
it begins by looking up rows in doubt it gets longer, or most would be killed before they send anything."""


class Size(NamedTuple):
    """The number of rows of a list, and its messages per second."""

    rows: int
    pace: int


SIZES = (Size(200, pace=150), Size(600, pace=1500))
"""The sizes of alternate lists. At the faster pace, attempts of channels that read back are reserved."""

LONGEST_RUN = 900.0
"""Time limit in seconds for one list with all its kills; only a defect takes longer."""


@dataclass(frozen=True)
class Chat:
    """The properties in which the channels differ."""

    name: str
    template: str
    header: str
    row: str
    key: str
    on_doubt: str = "ask"
    has_list: bool = False
    """Whether the server lists messages, so that rows in doubt can be looked up."""
    reads_back: bool = True
    """Whether the server can be asked about one message, so that no row may be left in doubt."""

    @property
    def label(self) -> str:
        return f"{self.name}, looked up, {self.on_doubt}" if self.has_list else self.name

    def written(self, number: int) -> str:
        return self.row.format(n=number)


CHATS = {
    "livechat": Chat("livechat", "livechat-text", "token,rid,msg", "token{n},room{n},message {n}", "msg"),
    "kitechat": Chat(
        "kitechat",
        "kitechat-text",
        "page_id,conversation_id,text",
        "1,conversation{n},message {n}",
        "text",
        reads_back=False,
    ),
    "rocketchat": Chat("rocketchat", "rocketchat-text", "rid,msg", "room{n},message {n}", "msg"),
}

LOOKED_UP = {
    chat.label: chat
    for chat in (replace(CHATS["kitechat"], on_doubt=on_doubt, has_list=True) for on_doubt in ("ask", "look"))
}
"""The same with a server that lists its messages: what it took is sent, so what it did not take is in doubt at most."""

SETTLE = "400ms"
"""The sandbox's list is complete at once; a message whose response is lost is stored before the connection breaks."""


@dataclass
class Figures:
    """The totals of the test."""

    rows: int = 0
    kills: int = 0
    faults: int = 0
    lost: int = 0
    duplicated: int = 0
    in_doubt: int = 0
    cut_off: int = 0
    """The largest number of rows found in flight after a kill."""
    why_in_doubt: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Figures) -> None:
        for name in ("rows", "kills", "faults", "lost", "duplicated", "in_doubt"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.cut_off = max(self.cut_off, other.cut_off)
        self.why_in_doubt += other.why_in_doubt
        self.wrong += other.wrong

    def __str__(self) -> str:
        doubt = f"{self.in_doubt} in doubt"
        if self.why_in_doubt:
            doubt += " (" + ", ".join(f"{count} {why}" for why, count in self.why_in_doubt.most_common()) + ")"
        return (
            f"{self.rows} rows, {self.kills} kills, {self.faults} faults: "
            f"{self.lost} lost, {self.duplicated} duplicated, {doubt}; up to {self.cut_off} cut off by one kill"
        )


@contextlib.contextmanager
def running_sandbox(
    seed: int, rates: Mapping[str, float] = RATES, *, has_list: bool = False, latency: float = 0.0
) -> Iterator[str]:
    """A sandbox with faults at some rates, in its own process."""
    options = [*([] if has_list else ["--no-look-up"]), *(["--latency", str(latency)] if latency else [])]
    process = subprocess.Popen(
        [sys.executable, "-m", "campaign", "sandbox", "--port", "0", *options],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        assert process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stderr.readline())
        assert found is not None
        plan = {"rates": dict(rates), "seed": seed, "on_read_back": True, "stall_seconds": 5.0, "retry_after": 1}
        ask(found[0] + "/sandbox/faults", "PUT", json.dumps(plan).encode())
        yield found[0]
    finally:
        process.terminate()
        process.communicate()


def prove(chat: Chat, folder: Path, kills: int, seed: int) -> Figures:
    """Deliver lists until `kills` processes have been killed; prints the progress after each list."""
    dice = random.Random(seed)
    figures = Figures()
    with running_sandbox(seed, has_list=chat.has_list) as url:
        number = 0
        while figures.kills < kills:
            number += 1
            place = folder / f"{chat.name}-{chat.has_list}-{chat.on_doubt}-{number}"
            place.mkdir()
            within = KILLED_WITHIN_LOOKING if chat.has_list else KILLED_WITHIN
            left = _Kills(dice, kills - figures.kills, within)
            figures.add(_one_list(chat, place, url, left, SIZES[number % len(SIZES)]))
            print(f"{chat.label}: {figures}", *figures.wrong, sep="\n  ", flush=True)
    return figures


@dataclass
class _Kills:
    """The number of kills left, and the time of each."""

    dice: random.Random
    left: int
    within: float
    done: int = 0
    cut_off: int = 0

    def moment(self) -> float | None:
        """Seconds of work until the next kill; None after the last."""
        return self.dice.uniform(0, self.within) if self.done < self.left else None


def _one_list(chat: Chat, place: Path, url: str, kills: _Kills, size: Size) -> Figures:
    """Plan, kill and resume one list until it is finished; then compare."""
    ask(url + "/sandbox/ledger", "DELETE")
    lines = [chat.header, *(chat.written(number) for number in range(size.rows))]
    (place / "list.csv").write_text("\n".join(lines) + "\n")
    (place / "c.toml").write_text(
        f'template = "{chat.template}"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{url}"\n'
        f'[throttle]\nrate = "{size.pace}/s"\n[delivery]\ntimeout = "300ms"\nstop_after_refusals = 0\n'
        f'on_doubt = "{chat.on_doubt}"\nsettle = "{SETTLE}"\n'
    )
    report = None
    started = time.monotonic()
    while report is None or report["state"] != "finished":
        if time.monotonic() - started > LONGEST_RUN:
            wrong = f"{place.name} did not finish: {Counter(each.state for each in row_states(place).values())}"
            return Figures(rows=size.rows, kills=kills.done, lost=size.rows, wrong=[wrong])
        report = _deliver(place, kills) or report
        # The list is deleted once it is planned: after that, messages come from the journal.
        if is_planned(place):
            (place / "list.csv").unlink(missing_ok=True)
    figures = compare(chat, place, url, size.rows, report)
    figures.kills, figures.cut_off = kills.done, kills.cut_off
    return figures


def _deliver(place: Path, kills: _Kills) -> dict[str, Any] | None:
    """Run or resume once, and perhaps kill the process. Returns its report if it was not killed."""
    arguments = ["resume"] if is_planned(place) else ["run"]
    process = subprocess.Popen(
        [sys.executable, "-m", "campaign", *arguments, str(place / "c.toml"), "--yes", "--json", "-q"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    moment = kills.moment()
    if moment is not None:
        _wait_for_work(place, process)
    try:
        stdout, stderr = process.communicate(timeout=LONGEST_RUN if moment is None else moment)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        kills.done += 1
        if is_planned(place):
            kills.cut_off = max(kills.cut_off, [each.state for each in row_states(place).values()].count("sending"))
        return None
    assert process.returncode in (0, 1, 3), stderr
    report = json.loads(stdout)
    assert isinstance(report, dict)
    return report


def _wait_for_work(place: Path, process: subprocess.Popen[str]) -> None:
    """Wait until the process holds the journal: before that there is nothing to interrupt."""
    lock = place / "c.journal.db.lock"
    signature = f"process {process.pid} on".encode()
    while process.poll() is None and not (lock.exists() and signature in lock.read_bytes()):
        time.sleep(0.005)


def is_planned(place: Path) -> bool:
    """Whether there is a run that `resume` would continue."""
    if not (place / "c.journal.db").exists():
        return False
    with contextlib.closing(sqlite3.connect(place / "c.journal.db")) as journal:
        try:
            return bool(journal.execute("SELECT count(*) FROM run WHERE planned").fetchone()[0])
        except sqlite3.OperationalError:  # killed before the tables were created
            return False


def compare(chat: Chat, place: Path, url: str, rows: int, report: dict[str, Any]) -> Figures:
    """Compare the ledger with the list and the journal."""
    entries: list[dict[str, Any]] = json.loads(ask(url + "/sandbox/ledger"))["entries"]
    posts = [entry for entry in entries if entry["method"] == "POST"]
    taken = Counter(text_of(entry, chat) for entry in posts if entry["taken"])
    states = row_states(place)
    figures = Figures(rows=rows, faults=sum(entry["fault"] is not None for entry in entries))
    for number in range(rows):
        text = f"message {number}"
        state, kind, reason = states[number + 2]
        requests = [entry for entry in posts if text_of(entry, chat) == text]
        figures.duplicated += max(0, taken[text] - 1)
        if state == "in_doubt":
            figures.in_doubt += 1
            if chat.has_list and taken[text]:
                figures.wrong.append(f"{place.name}: row {number + 2} is in doubt, and the server took it: {reason}")
            elif chat.on_doubt == "look":
                figures.wrong.append(f"{place.name}: row {number + 2} is in doubt: {reason}")
            figures.why_in_doubt[_why(kind, requests)] += 1
        elif state != "sent" or not taken[text]:
            figures.lost += 1
            figures.wrong.append(f"{place.name}: row {number + 2} is {state}, taken {taken[text]} times")
    if report["sent"] + report["in_doubt"] != rows:
        figures.wrong.append(f"{place.name}: the report says {report}")
    return figures


def _why(kind: str, requests: list[dict[str, Any]]) -> str:
    """Why it is unknowable whether a row in doubt was sent."""
    if kind == "cut off":
        return "killed while sending" if requests else "killed between record and request"
    lost = [entry for entry in requests if entry["status"] is None or entry["fault"] is not None]
    return "response lost" if lost else "WITHOUT CAUSE"


class RowState(NamedTuple):
    """A row's state as it is on record."""

    state: str
    kind: str
    reason: str


def row_states(place: Path) -> dict[int, RowState]:
    with contextlib.closing(sqlite3.connect(place / "c.journal.db")) as journal:
        found = journal.execute("SELECT row, state, kind, reason FROM status JOIN message USING (run, seq)").fetchall()
    return {row: RowState(*rest) for row, *rest in found}


def text_of(entry: dict[str, Any], chat: Chat) -> str:
    body = entry["body"]
    return str((body if chat.name == "livechat" else body["message"])[chat.key])


CREDENTIALS = {
    "KITECHAT_API_KEY": "key-of-the-tests",
    "ROCKETCHAT_AUTH_TOKEN": "token-of-the-tests",
    "ROCKETCHAT_USER_ID": "user-of-the-tests",
}


def environment() -> dict[str, str]:
    """The environment without the variables that make the killed processes measure coverage."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    return {**kept, **CREDENTIALS}


def ask(url: str, method: str = "GET", body: bytes | None = None) -> bytes:
    request = urllib.request.Request(url, data=body, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        content = response.read()
    assert isinstance(content, bytes)
    return content
