"""What is shown with the question whether to send: on one screen of 80 columns."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

from campaign.cli.question_when import gate_text, is_scheduled, pace_text, when_lines
from campaign.findings import codes_of
from campaign.review.findings_text import BLOCKING, CAUTION, StyledLine, blocking_lines, finding_lines
from campaign.review.phrases import left_out, rows_of
from campaign.review.terminal_text import box, hanging, wrapped
from campaign.runs.earlier import who_gets_it_again
from campaign.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.runs import SendConfirmation
    from campaign.runs.confirmation import ShownMessage

WIDEST = 100
"""Columns up to which the facts are as wide as the terminal."""

PREVIEWED = 10
"""Messages that `p` shows."""

_FIRST_LINES, _FIRST_CHARACTERS = 4, 400
_REMEDIES = 3
"""Findings up to which each is shown with its remedy: more of them would not fit on the screen."""


def question_of(confirmation: SendConfirmation) -> str:
    """The question, in one sentence."""
    kind = "test message" if confirmation.trial else "message"
    messages = f"1 {kind}" if confirmation.messages == 1 else f"{confirmation.messages:,} {kind}s"
    now = " now" if confirmation.is_late(time.time()) and not is_scheduled(confirmation) else ""
    return f"Send {messages} to {confirmation.server}{now}?"


def notes_of(confirmation: SendConfirmation, width: int, *, quiet: bool) -> Iterator[StyledLine]:
    """What is said where nobody is asked."""
    accepted = {finding.code for finding in confirmation.findings if finding not in confirmation.undecided}
    rehearsal = confirmation.server == "the sandbox"
    shown = () if rehearsal else accepted
    yield from finding_lines(confirmation.findings, shown, width, rehearsal=rehearsal, notes=not quiet)
    for fact in _consequences(confirmation):
        yield from (StyledLine(line, CAUTION) for line in wrapped(fact, width))
    for when in () if quiet else when_lines(confirmation):
        yield from (StyledLine(line, when.color) for line in wrapped(f"When: {when.text}", width))


def facts_of(confirmation: SendConfirmation, width: int) -> Iterator[StyledLine]:
    """What an operator should know before saying yes."""
    yield from fact_lines("List", confirmation.recipients, width)
    yield from fact_lines("Template", confirmation.template, width)
    for message in confirmation.first(1) if confirmation.trial else ():
        yield from fact_lines("To", f"{message.destination}, whatever the list says", width)
    yield from fact_lines("Left out", left_out(confirmation.left_out), width)
    for finding in confirmation.findings:
        if finding.code == "same-destination":
            yield from fact_lines("Several", finding.message, width)
    for fact in _consequences(confirmation):
        yield from fact_lines("Again", fact, width, CAUTION)
    yield from fact_lines("Pace", pace_text(confirmation), width)
    yield from schedule_facts(confirmation, width)
    others = [each for each in confirmation.findings if not each.stops and each.code != "same-destination"]
    accepted = [each for each in confirmation.findings if each.stops and each not in confirmation.undecided]
    yield from fact_lines("Accepted", ", ".join(codes_of(accepted)), width, CAUTION)
    yield from fact_lines("Notes", ", ".join(codes_of(others)) + " (see campaign check)" if others else "", width)
    for message in confirmation.first(1):
        yield from _first(message, width)
    yield from _decisions(confirmation, width)


def schedule_facts(confirmation: SendConfirmation, width: int) -> Iterator[StyledLine]:
    """When the messages go out, and where the run holds, as far as a schedule or a gate has a say in it."""
    for when in when_lines(confirmation):
        yield from fact_lines("When", when.text, width, when.color)
    yield from fact_lines("Gate", gate_text(confirmation), width)


def _decisions(confirmation: SendConfirmation, width: int) -> Iterator[StyledLine]:
    found = confirmation.undecided
    if len(found) <= _REMEDIES:
        yield from blocking_lines(found, width)
    else:
        yield StyledLine(f"{len(found)} findings that a yes accepts (campaign check has the remedies):", BLOCKING)
        for finding in found:
            first, *rest = wrapped(f"✗ {finding.code}: {finding.message}", width - 3)
            yield StyledLine(f"  {first}{'…' if rest else ''}", BLOCKING)
    if 0 < len(found) <= _REMEDIES:
        yield StyledLine("A yes accepts what is shown here.", BLOCKING)


def preview_of(confirmation: SendConfirmation, width: int) -> Iterator[StyledLine]:
    """The first messages, as their recipients will see them."""
    for message in confirmation.first(min(PREVIEWED, confirmation.messages)):
        for line in wrapped(f"Row {message.row}{_called(message)}, to {message.destination}", width):
            yield StyledLine(line)
        for title, bubble in message.preview.titled():
            yield from (StyledLine(f"  {line}") for line in box(title, bubble.sections, width - 2))
    more = confirmation.messages - PREVIEWED
    if more > 0:
        yield StyledLine(f"… and {more:,} more: campaign preview shows all of them.")


def fact_lines(name: str, text: str, width: int, color: str | None = None) -> Iterator[StyledLine]:
    """A fact under its name; none where there is no text."""
    if text:
        yield from (StyledLine(line, color) for line in hanging(f"{name:<10}", text, width))


def _first(message: ShownMessage, width: int) -> Iterator[StyledLine]:
    texts = [text for bubble in message.preview.bubbles for section in bubble.sections for text in section]
    whole = "\n".join(texts)[:_FIRST_CHARACTERS]
    lines = list(hanging(f"{'First':<10}", f"row {message.row}{_called(message)}: {whole}", width))
    yield from map(StyledLine, lines[:_FIRST_LINES])
    if len(lines) > _FIRST_LINES:
        yield StyledLine(f"{' ' * 10}…")


def _called(message: ShownMessage) -> str:
    return f" ({one_line(message.label, 40)})" if message.label else ""


def _consequences(confirmation: SendConfirmation) -> Iterator[str]:
    """What sending means for the recipients and rows of earlier runs."""
    if confirmation.repeated or confirmation.repeated_in_doubt:
        runs = ", ".join(
            f"run {each.run} of {datetime.fromtimestamp(each.at).astimezone():%Y-%m-%d %H:%M} to {each.rows:,} of them"
            for each in confirmation.earlier
        )
        yield f"{who_gets_it_again(confirmation.repeated, confirmation.repeated_in_doubt)}."
        if runs:
            yield f"It was sent by {runs}."
    if confirmation.abandoned:
        yield f"The run before is unfinished: {rows_of(confirmation.abandoned)} of it will be left unsent."
