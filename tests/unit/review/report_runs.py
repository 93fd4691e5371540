"""Runs on record with rows in every state, for the report page."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from campaign.journal import Outcome, State
from campaign.journal.cells import encode_cells
from campaign.journal.deletions import TAKEN_BACK
from tests.unit.journal.planning import NOON, message, plan

if TYPE_CHECKING:
    from campaign.journal import JournalStore, PlannedRow, RunRecord

REASON = "the server refused it: no such room"
SENT = Outcome(State.SENT, message_id="m1", http_status=200, at=NOON + 3.25, latency=0.25)
REFUSED = Outcome(State.FAILED, "invalid-room", REASON, http_status=400, at=NOON + 1)
LOST = Outcome(State.IN_DOUBT, "timeout", "no answer within 30 s", at=NOON + 30)
DELETED = Outcome(State.DELETED, TAKEN_BACK, "deleted by `campaign undo`", "m9", 200, NOON + 60)


def row(
    number: int,
    name: str,
    text: str = "Xin chào",
    state: State = State.PENDING,
    reason: tuple[str, str] = ("", ""),
) -> PlannedRow:
    """A livechat row; an invalid one has no message. `reason` is its kind and its text."""
    body = json.dumps({"token": "t", "rid": f"r{number}", "msg": f"{text} {name}"}, ensure_ascii=False)
    return message(number, state, *reason)._replace(
        body=None if state is State.INVALID else body.encode("utf-8", "replace"),
        cells=encode_cells((name, str(number)), (), ()),
    )


EVERY_STATE = [
    row(2, "Nguyễn Thị Lan"),
    row(3, "Đỗ Minh"),
    row(4, "Hà"),
    row(5, "Quyên"),
    row(6, "", state=State.INVALID, reason=("blank", "A6: “Tên” is blank; fill it in")),
    row(7, "Đỗ Minh", state=State.SKIPPED, reason=("duplicate", "exact duplicate of row 3")),
    row(8, "Anh"),
    row(9, "Thu"),
]


def with_every_state(journal: JournalStore) -> RunRecord:
    """Row 2 was sent at the second attempt, 3 refused, 4 is in doubt, 5 waits, 8 was deleted, and 9 cut off."""
    run = plan(journal, EVERY_STATE)
    session = journal.begin_session(run.number)
    asyncio.run(_deliver(journal))
    journal.end_session(session, "interrupted")
    found = journal.run(run.number)
    assert found is not None
    return found


async def _deliver(journal: JournalStore) -> None:
    async with journal.attempt_log(1) as log:
        first = await log.begin(1, NOON)
        asked_to_wait = Outcome(State.PENDING, "limit", "try again in 2 s", http_status=429, at=NOON + 1)
        log.record_outcome(1, first, "not_taken", asked_to_wait)
        log.record_look_up(NOON + 2, "listed", Outcome(State.PENDING, at=NOON + 2))
        log.record_outcome(1, await log.begin(1, NOON + 3), "sent", SENT)
        log.record_outcome(2, await log.begin(2, NOON), "refused", REFUSED)
        log.record_outcome(3, await log.begin(3, NOON), "unclear", LOST)
        log.record_outcome(7, await log.begin(7, NOON), "deleted", DELETED)
        await log.begin(8, NOON)
