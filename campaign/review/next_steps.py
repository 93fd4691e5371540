"""What to do now that a run has ended, for the terminal and the results workbook: sentences with commands to copy."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign.journal import State
from campaign.journal.decisions import LIST_SUSPECTED
from campaign.review.phrases import are, rows_of, waiting_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from campaign.journal import JournalStore, ReasonCount, RunRecord, Tally

PUT_BACK = "Put the journal's files back, or restore them from a copy, before any other command: they say who got it."

MOST_RANGES = 6
"""Ranges of rows that a command to copy names; of more, the sheet In doubt has all."""

FORGOTTEN = "The messages of this run were deleted by `campaign forget`, so none of its rows can be sent again from it"


@dataclass(frozen=True, slots=True)
class NextCommands:
    """The commands that next steps name.

    Attributes:
        file: what to type after `campaign run` and `campaign resume`.
        workbook: the results workbook as an argument; None where there is none.
        options: further options of `campaign run`, and remarks on them.
    """

    file: str
    workbook: str | None
    options: str = ""

    def resume(self, retry: str = "") -> str:
        """The command that continues the run."""
        return f"campaign resume {self.file}" + (f" --retry {retry}" if retry else "")

    def run(self) -> str:
        """The command that sends the list."""
        return f"campaign run {self.file}{self.options}"

    def run_fixed(self) -> str:
        """The command that sends the corrected rows of the sheet To fix."""
        return f'campaign run {self.file} --recipients {self.workbook} --sheet "To fix"{self.options}'

    def run_again(self) -> str:
        """The command that gives up the rows that wait, and sends the corrected list without those that were sent."""
        return f"campaign run {self.file} --skip-sent{self.options}"

    def resolve(self, rows: str) -> str:
        """The command that settles rows in doubt by hand."""
        return f"campaign resolve {self.file} --rows {rows} --as sent"

    def watch(self) -> str:
        """The command that shows how far a run is."""
        return f"campaign status {self.file} --watch"


IN_WORKBOOK = NextCommands("…", "(this workbook)")
"""The workbook knows neither the campaign file nor, once it is moved, its own name."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the next steps depend on besides a run's figures.

    Attributes:
        rehearsal: whether no message left this machine.
        trial: whether the messages went to a conversation of the operator's own.
        stopped: why the run is not finished; None where it is.
        doubtful: the numbers of some rows in doubt, in the order of the sheet.
        looks: whether rows in doubt are looked up and sent again (`on_doubt = "look"`).
        forgotten: whether its messages were deleted.
        elsewhere: whether another process delivers it now.
    """

    rehearsal: bool = False
    trial: bool = False
    stopped: str | None = None
    doubtful: tuple[int, ...] = ()
    looks: bool = False
    forgotten: bool = False
    elsewhere: bool = False

    @classmethod
    def of(
        cls, journal: JournalStore, run: RunRecord, tally: Tally, reasons: Iterable[ReasonCount], *, stopped: str | None
    ) -> Outlook:
        """What a journal says of it.

        Args:
            journal: the journal.
            run: the run.
            tally: its figures.
            reasons: why rows were not sent.
            stopped: why it is not finished; None where it is.

        Raises:
            JournalError: the journal cannot be read.
        """
        return cls(
            rehearsal=run.manifest.rehearsal,
            trial=run.manifest.trial,
            stopped=stopped,
            doubtful=in_doubt(reasons),
            looks=run.manifest.settings.on_doubt == "look" and not run.manifest.rehearsal,
            forgotten=any(decision.what == "forget" for decision in journal.decisions(run.number)),
            elsewhere=is_delivered_elsewhere(journal, tally),
        )


def is_delivered_elsewhere(journal: JournalStore, tally: Tally) -> bool:
    """Whether another process, which is known to live, is at work on a run."""
    if tally.finished or not tally.unended:
        return False
    holder = journal.holder()
    if holder is None or holder.workers:
        return holder is not None
    return holder.is_local and holder.process != os.getpid()


def in_doubt(reasons: Iterable[ReasonCount]) -> tuple[int, ...]:
    """The numbers of rows in doubt, of those that reasons name."""
    return tuple(sorted(row for reason in reasons if reason.state is State.IN_DOUBT for row in reason.rows))


def row_ranges(rows: Iterable[int], count: int) -> str:
    """Rows as an option takes them: "3,9-12"; "…" at the end where there are more.

    Args:
        rows: the numbers of some rows, in ascending order.
        count: how many there are.
    """
    ranges: list[list[int]] = []
    named = 0
    for row in rows:
        if ranges and ranges[-1][1] == row - 1:
            ranges[-1][1] = row
        elif len(ranges) == MOST_RANGES:
            break
        else:
            ranges.append([row, row])
        named += 1
    texts = [str(first) if first == last else f"{first}-{last}" for first, last in ranges]
    return ",".join([*texts, *(["…"] if named < count else [])])


def next_steps(tally: Tally, commands: NextCommands, outlook: Outlook) -> Iterator[str]:
    """What to do now, a sentence or two for each thing; a command to copy comes last.

    Args:
        tally: the run's figures.
        commands: what to type.
        outlook: what else it depends on.
    """
    if outlook.rehearsal or outlook.trial:
        yield from _after_trial(tally, commands) if outlook.trial else _after_rehearsal(tally)
        return
    if outlook.elsewhere:
        yield f"Another process delivers this run now: leave it to that. How far it is: {commands.watch()}"
        return
    yield from _waiting(tally, commands, outlook.stopped)
    if outlook.forgotten:
        if tally.count(State.FAILED, State.INVALID, State.IN_DOUBT):
            yield f"{FORGOTTEN}: send them from a list of their own."
        return
    yield from _doubtful(tally, commands, outlook)
    failed, invalid = tally.count(State.FAILED), tally.count(State.INVALID)
    if failed:
        yield (
            f"{rows_of(failed)} failed: the server refused {'it' if failed == 1 else 'them'}. If the cause is on the "
            f"server, have it fixed there; then, to send all failed rows again: {commands.resume('failed')}"
        )
    if tally.finished and (failed or invalid) and commands.workbook:
        yield (
            "To send corrected rows: on the sheet “To fix”, fix the rows; save the workbook, then: "
            f"{commands.run_fixed()}"
        )


def _waiting(tally: Tally, commands: NextCommands, stopped: str | None) -> Iterator[str]:
    waiting = waiting_rows(tally)
    sheets = ["“To fix”"] if tally.count(State.FAILED) else []
    sheets += ["“In doubt”"] if tally.count(State.IN_DOUBT) else []
    if waiting and sheets and stopped and stopped.endswith(LIST_SUSPECTED):
        where = f"the sheet {sheets[0]}" if len(sheets) == 1 else f"the sheets {' and '.join(sheets)}"
        yield (
            f"Look first: read the reasons on {where}, and look at the list and the template. "
            f"{rows_of(waiting)} {are(waiting)} not sent yet, with the messages as they were planned. If those are "
            f"wrong, correct the list or the template, then: {commands.run_again()}"
        )
        yield f"Only if the messages are right and the others are to go out as they are: {commands.resume()}"
    elif waiting:
        yield f"{rows_of(waiting)} {are(waiting)} not sent yet. Next: {commands.resume()}"


def _doubtful(tally: Tally, commands: NextCommands, outlook: Outlook) -> Iterator[str]:
    doubtful = tally.count(State.IN_DOUBT)
    if not doubtful:
        return
    doubt = f"{rows_of(doubtful)} {are(doubtful)} in doubt: the server may have taken the message."
    these = "this conversation" if doubtful == 1 else "these conversations"
    if outlook.looks:
        yield (
            f"{doubt} To look {'it' if doubtful == 1 else 'them'} up again, and to send again what the server’s list "
            f"shows that it did not take: {commands.resume()}"
        )
        doubt = "What stays in doubt:"
    yield (
        f"{doubt} Look into {these} first; then settle each row (as sent or as not-sent): "
        f"{commands.resolve(row_ranges(outlook.doubtful, doubtful))}; or, to send all rows in doubt again: "
        f"{commands.resume('in-doubt')}"
    )


def without_journal(tally: Tally, workbook: Path | None) -> Iterator[str]:
    """What to do where the journal is gone or damaged: no command can go on from it."""
    yield PUT_BACK
    if workbook is not None:
        yield f"If there is no copy, the workbook says it too: {workbook}"
    else:
        sent = f"{rows_of(tally.count(State.SENT))} {are(tally.count(State.SENT))}"
        yield f"If there is no copy, nothing here says which rows these are: {sent} sent, as counted while sending."


def _after_rehearsal(tally: Tally) -> Iterator[str]:
    nothing_left = "Nothing left this machine: the messages went to the sandbox, and no recipient got one."
    if tally.count(State.INVALID, State.FAILED, State.IN_DOUBT):
        yield f"{nothing_left} Next: fix the rows that the sheet “To fix” names in the list itself, and rehearse again."
    else:
        yield f"{nothing_left} Next: the same command without --sandbox sends for real, and asks first."


def _after_trial(tally: Tally, commands: NextCommands) -> Iterator[str]:
    apart = "No recipient on the list got a message, and nothing of this counts as sent."
    if tally.count(State.SENT) < tally.rows - tally.count(State.SKIPPED):
        yield f"{apart} Next: remove the reasons, then test again."
    else:
        yield f"{apart} Look at the messages in your conversation. Next: {commands.run()}"
