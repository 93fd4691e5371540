"""A run in a few lines, and as one JSON object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign.journal import State
from campaign.review.state_look import LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from campaign.journal import ReasonCount, Tally


@dataclass(frozen=True, slots=True)
class Summary:
    """What there is to say of a run.

    Attributes:
        run: its number.
        tally: its figures.
        reasons: why rows did not go out.
        stopped: why it is not finished; None where it is.
        results: the workbook; None where there is none.
        file: what to type after `campaign resume`.
        is_spreadsheet: whether that is a list rather than a campaign file.
    """

    run: int
    tally: Tally
    reasons: Sequence[ReasonCount]
    stopped: str | None
    results: Path | None
    file: str
    is_spreadsheet: bool = False

    @property
    def waiting(self) -> int:
        """Rows that `resume` would take care of: not begun, or cut off while sending."""
        return self.tally.count(State.PENDING, State.SENDING)


def as_json(summary: Summary) -> Mapping[str, object]:
    """The object of `--json`; its rows add up, as a row that was cut off counts as pending until resume asks."""
    tally = summary.tally
    return {
        "run": summary.run,
        "state": "finished" if tally.finished else "stopped",
        "reason": summary.stopped,
        "rows": tally.rows,
        "sent": tally.count(State.SENT),
        "failed": tally.count(State.FAILED),
        "in_doubt": tally.count(State.IN_DOUBT),
        "invalid": tally.count(State.INVALID),
        "skipped": tally.count(State.SKIPPED),
        "pending": summary.waiting,
        "requests": tally.requests,
        "throttled": tally.throttled,
        "seconds": round(tally.seconds, 3),
        "results": str(summary.results) if summary.results else None,
    }


def as_text(summary: Summary) -> Iterator[str]:
    """Did everyone get it; who did not, and why; what is in doubt; where the workbook is; what to type next."""
    tally = summary.tally
    sent, expected = tally.count(State.SENT), tally.rows - tally.count(State.SKIPPED)
    yield _verdict(summary, sent, expected)
    for reason in summary.reasons:
        yield from _reason_lines(reason)
    yield _figures(tally)
    if summary.results:
        yield f"Results: {summary.results}"
    yield from _next_steps(summary)


def _verdict(summary: Summary, sent: int, expected: int) -> str:
    if not summary.tally.finished:
        return (
            f"Run {summary.run} stopped: {summary.stopped}. {sent} of {expected} rows are sent, {summary.waiting} wait."
        )
    if sent == expected:
        return f"Run {summary.run} is finished: all {sent} rows are sent."
    return f"Run {summary.run} is finished: {sent} of {expected} rows are sent, {expected - sent} are not."


def _reason_lines(reason: ReasonCount) -> Iterator[str]:
    rows = ", ".join(map(str, reason.rows)) + (", …" if reason.count > len(reason.rows) else "")
    look = LOOKS[reason.state]
    first, *_ = reason.example.splitlines() or [look.meaning]
    yield f"  {reason.count} {look.label} (row{'s' if reason.count > 1 else ''} {rows}): {first}"


def _figures(tally: Tally) -> str:
    rate = tally.count(State.SENT) / tally.seconds if tally.seconds else 0.0
    slowed = f"; told {tally.throttled} times to slow down" if tally.throttled else ""
    return f"{tally.requests} requests in {tally.seconds:.1f} s ({rate:.1f} messages a second){slowed}."


def _next_steps(summary: Summary) -> Iterator[str]:
    tally, file = summary.tally, summary.file
    if summary.waiting:
        yield f"Next: campaign resume {file}"
    if tally.count(State.IN_DOUBT):
        yield (
            "In doubt means that the server may have taken the message; look there first, then, to send those again: "
            f"campaign resume {file} --retry in-doubt"
        )
    if tally.finished and tally.count(State.INVALID, State.FAILED) and summary.results:
        yield (
            f"Next: mend the rows on the sheet “To fix”, then: "
            f'campaign run {file} --recipients "{summary.results}" --sheet "To fix"'
            + (" (with the same --template and other options)" if summary.is_spreadsheet else "")
        )
        if tally.count(State.IN_DOUBT):
            yield "Take the rows in doubt off that sheet first, if the server has them."
