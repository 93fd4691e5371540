"""How `campaign rooms` ended: the counts, the reasons, and the list with the conversations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import CampaignError
from campaign.journal.room_records import KNOWN, VisitState
from campaign.recipients import variable_name
from campaign.review.list_workbook import write_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from campaign.delivery import Progress, StopReason
    from campaign.errors import Problem
    from campaign.findings import Finding
    from campaign.journal.room_records import Visit
    from campaign.review.list_workbook import WrittenFiles
    from campaign.runs.asking_session import AskingSession
    from campaign.runs.visitors import ListedRow
    from campaign.sheets import Column

TOKEN, RID, STATUS = "token", "rid", "room_status"
"""The columns that are written, also over those of the list."""

SHEET = "Rooms"

WORDS = {
    VisitState.FOUND: "found",
    VisitState.OPENED: "opened",
    VisitState.WAITING: "not asked yet",
    VisitState.REGISTERED: "registered, not asked yet",
}


class RoomReason(NamedTuple):
    """Why rows have no conversation, and which.

    Attributes:
        reason: why.
        invalid: whether the rows name no person, rather than the server having refused.
        rows: their numbers.
    """

    reason: str
    invalid: bool
    rows: tuple[int, ...]


class LookedUp(NamedTuple):
    """A list with what is known of its visitors.

    Attributes:
        columns: the columns of the list.
        rows: its rows.
        visits: the visitors, by what tells them apart.
        findings: what may be wrong with it.
        sharing: the numbers of the rows that are about the visitor of an earlier row.
    """

    columns: Sequence[Column]
    rows: Sequence[ListedRow]
    visits: Mapping[str, Visit]
    findings: tuple[Finding, ...] = ()
    sharing: tuple[int, ...] = ()

    def visit(self, row: ListedRow) -> Visit | None:
        """The visitor of a row; None where the row names no person."""
        return self.visits[row.identity] if row.identity else None


@dataclass(frozen=True, slots=True)
class RoomReport:
    """How it ended. Rows are counted by what they have: a conversation, a refusal, no name, nothing yet.

    Attributes:
        sent: rows with a conversation.
        opened: of these, those whose conversation was opened for us.
        failed: rows that the server refused.
        invalid: rows that name no person.
        skipped: rows that are left out on purpose.
        seconds: how long it took.
        stopped: why it ended early; None where it did not.
        reasons: why rows have no conversation.
        findings: what may be wrong with the list.
        sharing: the numbers of the rows that are about the visitor of an earlier row.
        variables: what the list's own columns say.
        results: the list with the conversations; None where it could not be written.
        trouble: why it could not.
    """

    rows: int
    sent: int
    opened: int
    failed: int
    invalid: int
    skipped: int
    progress: Progress
    seconds: float
    stopped: StopReason | None
    reasons: tuple[RoomReason, ...]
    findings: tuple[Finding, ...]
    sharing: tuple[int, ...]
    variables: frozenset[str]
    results: Path | None
    trouble: Problem | None = None

    @property
    def pending(self) -> int:
        """Rows that were not settled."""
        return self.rows - self.sent - self.failed - self.invalid - self.skipped


def report_of(found: LookedUp, out: Path, written: WrittenFiles, session: AskingSession, seconds: float) -> RoomReport:
    """Write the list, and report.

    Args:
        found: the list.
        out: where to write it.
        written: which files are the command's own.
        session: the session that asked.
        seconds: how long it took.
    """
    states = [visit.state if (visit := found.visit(row)) else None for row in found.rows]
    skipped = sum(row.skipped for row in found.rows)
    results, trouble = None, None
    try:
        results = _write(found, out, written)
    except CampaignError as error:
        trouble = error.problems[0]
    return RoomReport(
        rows=len(states),
        sent=sum(state in KNOWN for state in states),
        opened=states.count(VisitState.OPENED),
        failed=states.count(VisitState.REFUSED),
        invalid=states.count(None) - skipped,
        skipped=skipped,
        progress=session.progress,
        seconds=seconds,
        stopped=session.stopped,
        reasons=tuple(_reasons(found)),
        findings=found.findings,
        sharing=found.sharing,
        variables=frozenset(variable_name(column.header) for column in found.columns),
        results=results,
        trouble=trouble,
    )


def _reasons(found: LookedUp) -> Iterator[RoomReason]:
    rows: dict[tuple[str, bool], list[int]] = {}
    for row in found.rows:
        visit = found.visit(row)
        if row.skipped:
            continue
        if visit is None:
            rows.setdefault((row.problem, True), []).append(row.number)
        elif visit.state is VisitState.REFUSED:
            rows.setdefault((visit.reason, False), []).append(row.number)
    for (reason, invalid), numbers in rows.items():
        yield RoomReason(reason, invalid, tuple(numbers))


def _write(found: LookedUp, out: Path, written: WrittenFiles) -> Path:
    """Write the list with token, conversation and status; its other columns as they are displayed."""
    headers = [column.header for column in found.columns]
    token, rid, status = (_place(headers, header) for header in (TOKEN, RID, STATUS))

    def rows() -> Iterator[list[str]]:
        for row in found.rows:
            texts = [*row.texts, *[""] * len(headers)][: len(headers)]
            visit = found.visit(row)
            texts[rid], texts[status] = visit.rid if visit else "", _status(row, visit)
            if visit is not None and visit.state in (*KNOWN, VisitState.REGISTERED):
                texts[token] = visit.token
            yield texts

    return write_list(out, SHEET, headers, rows(), written)


def _place(headers: list[str], header: str) -> int:
    """The place of the column that becomes a variable, which is added where there is none."""
    found = next((place for place, each in enumerate(headers) if variable_name(each) == header), None)
    if found is None:
        headers.append(header)
        return len(headers) - 1
    return found


def _status(row: ListedRow, visit: Visit | None) -> str:
    if visit is None:
        return f"{'skipped' if row.skipped else 'not asked'}: {row.problem}"
    return f"refused: {visit.reason}" if visit.state is VisitState.REFUSED else WORDS[visit.state]
