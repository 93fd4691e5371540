"""Journals with many runs in every state, made up from a number; and all that a journal tells."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

from campaign.finding_kinds import Severity
from campaign.findings import Finding
from campaign.journal import Activity, Omission, Outcome, PlannedRow, State
from campaign.journal.deletions import MAY_BE_THERE, TAKEN_BACK, UNDO
from campaign.journal.doubts import FOUND, Settlement
from campaign.journal.records import ABSENT

from .planning import FACTS, NOON, message, plan

if TYPE_CHECKING:
    from campaign.journal import JournalStore

SERVER = "https://chat.example.com"
FINDING = Finding("mixed-case", Severity.STOP, 3, (2, 3), ("B2", "B3"), "3 cells are", "--accept mixed-case")
OUTCOMES = (
    ("sent", Outcome(State.SENT, message_id="id \N{SNOWMAN}", http_status=200, latency=0.25)),
    ("sent", Outcome(State.SENT)),
    ("not_taken", Outcome(State.FAILED, "http 400", "the room is closed", http_status=400, latency=0.5)),
    ("not_taken", Outcome(State.PENDING, "throttled", "try later", http_status=429)),
    ("unclear", Outcome(State.IN_DOUBT, "no response", "no response within 12 s", latency=12.0)),
    ("unclear", Outcome(State.PENDING, ABSENT)),
)


class MadeUp:
    """Fills a journal; what it contains depends on the seed alone, but for the times of sessions and decisions."""

    def __init__(self, journal: JournalStore, seed: int) -> None:
        self._journal = journal
        self._random = Random(seed)
        self._now = NOON + seed

    def fill(self) -> None:
        """Runs in which every kind of record occurs; some deliveries are cut off."""
        with self._journal.exclusive():
            self._fill()

    def _fill(self) -> None:
        for number in range(1, self._random.randint(2, 4)):
            self._plan(number)
            for _ in range(self._random.randint(1, 3)):
                self._deliver(number)
            self._decide(number)
        self._plan(self._journal.runs()[-1].number + 1)
        self._journal.record_quota(SERVER, 10, 60.0)
        self._journal.begin_run(replace(FACTS, by="an@host"))  # whose planning was cut off

    def _plan(self, number: int) -> None:
        keyed = self._random.random() < 0.5
        rows = [self._row(row, number, keyed=keyed) for row in range(2, self._random.randint(20, 60))]
        manifest = replace(FACTS, key=("order",) if keyed else (), by="an@host")
        plan(self._journal, rows, manifest)
        self._journal.record_findings(number, [FINDING])
        self._journal.accept(number, ["mixed-case"], "an@host (--accept)")

    def _row(self, row: int, run: int, *, keyed: bool) -> PlannedRow:
        state = self._random.choices((State.PENDING, State.INVALID, State.SKIPPED), (8, 1, 1))[0]
        made = message(row, state, *(("", "") if state is State.PENDING else ("no text", f"row {row} has no text")))
        if run > 1 and self._random.random() < 0.2:
            made = made._replace(origin=(1, row))
        to = f"t/r{row % 7}" if made.destination else ""
        return made._replace(destination=to, key=b"key %d" % row if keyed else None)

    def _deliver(self, run: int) -> None:
        journal, random = self._journal, self._random
        retry = random.choice(((), (State.FAILED,)))
        session = journal.begin_session(run, retry, by=random.choice(("", "an@host")))
        journal.record_activity(session, Activity(9.5, 12.0, None, None, self._now, "", 1.5))
        asyncio.run(self._attempts(run, session, retry))
        if random.random() < 0.7:
            journal.end_session(session, random.choice((None, "interrupted")))

    async def _attempts(self, run: int, session: int, retry: tuple[State, ...]) -> None:
        async with self._journal.attempt_log(run, retry, session) as log:
            for row in await log.waiting(0, 1000):
                if self._random.random() < 0.7:
                    began = self._tick()
                    attempt = await log.begin(row.seq, began)
                    if self._random.random() < 0.9:
                        word, outcome = self._random.choice(OUTCOMES)
                        log.record_outcome(row.seq, attempt, word, outcome._replace(at=self._tick()))
                        if outcome.kind == ABSENT:
                            log.record_read_back(row.seq, self._tick(), "absent", outcome._replace(at=self._tick()))
            log.record_look_up(self._tick(), "listed", Outcome(State.PENDING, at=self._tick(), http_status=200))
        async with self._journal.attempt_log(run, MAY_BE_THERE, session, waiting=()) as log:
            for row in await log.waiting(0, 3):
                attempt = await log.begin(row.seq, began := self._tick(), UNDO)
                gone = Outcome(State.DELETED, TAKEN_BACK, "deleted", at=self._tick())
                log.record_undo(row.seq, attempt, began, "deleted", gone)

    def _decide(self, run: int) -> None:
        journal = self._journal
        doubtful = journal.doubtful_rows(run, 0, 100, 12.0)
        for row in doubtful[::2]:
            state = self._random.choice((State.IN_DOUBT, State.SENT))
            looked_at = self._tick() if state is State.IN_DOUBT else None
            found = Settlement(row.seq, row.attempts, state, FOUND, "looked for", "an id", looked_at)
            journal.settle_doubts(run, [found])
        journal.settle(run, [range(2, 6)], State.SENT, "settled as sent")
        left_out = [Omission(each.seq, each.row, "suppressed", "is on the list") for each in self._waiting(run)[:2]]
        journal.leave_out(run, left_out, (State.PENDING,))
        journal.record_decision(run, "resolve", "an@host", "rows 2-5 as sent")
        journal.record_workbook(run, b"digest %d" % run)
        if self._random.random() < 0.3:
            journal.leave_unsent(run, "abandoned")
            journal.forget(run)
            journal.record_decision(run, "forget", "an@host")

    def _waiting(self, run: int) -> list[Any]:
        return list(self._journal.selected_rows(run, (State.PENDING,)))

    def _tick(self) -> float:
        self._now += self._random.choice((0.125, 0.5, 3.0))
        return self._now


def told(journal: JournalStore) -> dict[str, object]:
    """All that a journal tells through its protocol, but for its place and the numbers of its sessions."""
    runs = [record.number for record in journal.runs()]
    return {
        "runs": journal.runs(),
        "last run": journal.last_run(),
        "activity": journal.activity(),
        "coverage": [journal.coverage(runs[:count]) for count in range(len(runs) + 1)],
        "quota": journal.stated_quota(SERVER),
        "workbooks": [journal.wrote_workbook(b"digest %d" % run) for run in (*runs, 99)],
        "sent rows": sorted(journal.sent_rows([f"t/r{number}" for number in range(7)], NOON)),
        "delivered": _delivered(journal, runs),
        "each run": [_of_run(journal, run) for run in runs],
    }


def _of_run(journal: JournalStore, run: int) -> dict[str, object]:
    states = tuple(State)
    return {
        "record": journal.run(run),
        "tally": journal.tally(run),
        "results": list(journal.results(run)),
        "reasons": journal.reasons(run),
        "attempts": list(journal.attempts(run)),
        "sessions": [session._replace(session=0) for session in journal.sessions(run)],
        "by time": journal.sent_by_time(run),
        "findings": journal.findings(run),
        "accepted": journal.accepted(run),
        "decisions": journal.decisions(run),
        "doubtful": journal.doubtful_rows(run, 0, 1000, 12.0),
        "around": journal.rows_around(run, [(NOON, NOON + 20), (NOON + 30, NOON + 40)]),
        "first rows": journal.first_rows(run, 10),
        "next messages": journal.next_messages(run, states, 1000),
        "selected": list(journal.selected_rows(run, states)),
        "row states": journal.row_states(run, [range(1, 1000)]),
        "waiting": asyncio.run(_waiting(journal, run)),
    }


async def _waiting(journal: JournalStore, run: int) -> list[object]:
    async with journal.attempt_log(run, (State.FAILED, State.IN_DOUBT)) as log:
        return list(await log.waiting(0, 1000))


def _delivered(journal: JournalStore, runs: list[int]) -> dict[str, object]:
    newest = sorted(runs, reverse=True)
    rows = range(2, 60)
    with (
        journal.delivered_messages(newest) as by_message,
        journal.delivered_rows(newest) as by_row,
        journal.delivered_keys(newest, set(runs), lambda _run, _texts: None) as by_key,
    ):
        return {
            "messages": [by_message(message(row).digest or b"") for row in rows],
            "rows": [by_row((run, row)) for run in runs for row in rows],
            "keys": [by_key(b"key %d" % row, message(row).digest) for row in rows],
        }
