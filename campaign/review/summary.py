"""A run in a few lines, and as one JSON object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign.journal import State
from campaign.review.run_words import reason_of, rows_of, times
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
        server: where the messages went; None where that is the channel's own default.
        options: whether the run was made with options that another one needs as well.
        rehearsal: whether nothing left this machine.
    """

    run: int
    tally: Tally
    reasons: Sequence[ReasonCount]
    stopped: str | None
    results: Path | None
    file: str
    server: str | None = None
    options: bool = False
    rehearsal: bool = False

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
    tally, name = summary.tally, f"{'Rehearsal' if summary.rehearsal else 'Run'} {summary.run}"
    if not tally.finished:
        rows = f"{sent} of {rows_of(expected)} {_are(sent)} sent, {summary.waiting} wait"
        return f"{name} stopped: {summary.stopped}. {rows}."
    if sent == expected:
        all_rows = "its 1 row" if sent == 1 else f"all {rows_of(sent)}"
        if summary.rehearsal:
            return f"{name} is finished: the sandbox took {all_rows}."
        return f"{name} is finished: {all_rows} {_are(sent)} sent."
    doubtful = tally.count(State.IN_DOUBT)
    missing = expected - sent - doubtful
    parts = [f"{sent} of {rows_of(expected)} {_are(sent)} sent"]
    if missing:
        parts.append(f"{missing} {_are(missing)} not")
    if doubtful:
        parts.append(f"{doubtful} {_are(doubtful)} in doubt")
    return f"{name} is finished: {', '.join(parts)}."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _reason_lines(reason: ReasonCount) -> Iterator[str]:
    rows = ", ".join(map(str, reason.rows)) + (", …" if reason.count > len(reason.rows) else "")
    first, *_ = reason_of(reason).splitlines()
    yield f"  {reason.count} {LOOKS[reason.state].label} (row{'s' if reason.count > 1 else ''} {rows}): {first}"


def _figures(tally: Tally) -> str:
    rate = tally.count(State.SENT) / tally.seconds if tally.seconds else 0.0
    slowed = f"; told {times(tally.throttled)} to slow down" if tally.throttled else ""
    requests = "1 request" if tally.requests == 1 else f"{tally.requests} requests"
    return f"{requests} in {tally.seconds:.1f} s ({rate:.1f} messages a second){slowed}."


def _next_steps(summary: Summary) -> Iterator[str]:
    tally, file = summary.tally, summary.file
    if summary.rehearsal:
        yield _after_rehearsal(tally)
        return
    if summary.waiting:
        yield f"Next: campaign resume {file}"
    doubtful = tally.count(State.IN_DOUBT)
    if doubtful:
        yield (
            "In doubt means that the server may have taken the message; look there first, then, to send those again: "
            f"campaign resume {file} --retry in-doubt"
        )
    if tally.finished and tally.count(State.INVALID, State.FAILED) and summary.results:
        delete = "delete the rows in doubt that the server has, and mend the others" if doubtful else "mend the rows"
        server = f" --server {summary.server}" if summary.server else ""
        yield (
            f"Next: on the sheet “To fix”, {delete}; then: campaign run {file} "
            f'--recipients "{summary.results}" --sheet "To fix"{server}'
            + (" (with the same --template and other options)" if summary.options else "")
        )


def _after_rehearsal(tally: Tally) -> str:
    if tally.count(State.INVALID, State.FAILED, State.IN_DOUBT):
        return "Nothing left this machine. Next: mend those rows in the list itself, and rehearse again."
    return "Nothing left this machine. Next: the same command without --sandbox sends for real, and asks first."
