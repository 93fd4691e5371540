"""Findings as lines of text, for a terminal and a log."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from campaign.findings import codes_of, how_to_accept, undecided
from campaign.review.terminal_text import hanging, wrapped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from campaign.errors import Problem
    from campaign.findings import Finding

BLOCKING, CAUTION = "red", "yellow"
"""Colours of what stops a run, and of what may be a mistake."""

HARMLESS = ("same-destination", "converted", "trimmed", "duplicates", "merged-cells", "empty-rows", "unused-columns")
"""Notes that are no sign of a mistake by themselves."""


class StyledLine(NamedTuple):
    """A line without control characters, and its colour on a terminal."""

    text: str
    color: str | None = None


def problem_lines(problems: Iterable[Problem], width: int) -> Iterator[StyledLine]:
    """Problems of rows, one after the other."""
    for problem in problems:
        yield from (StyledLine(line, BLOCKING) for line in hanging("", str(problem), width, indent=2))


def finding_lines(
    findings: Sequence[Finding], accepted: Collection[str], width: int, *, rehearsal: bool = False, notes: bool = True
) -> Iterator[StyledLine]:
    """The findings with their remedies: those that stop a run first.

    Args:
        findings: the findings, the most harmful first.
        accepted: codes that are accepted.
        width: columns of a line.
        rehearsal: whether nothing is stopped, because no message leaves this machine.
        notes: whether to show also what is no mistake, or was decided.
    """
    still = undecided(findings, accepted)
    yield from blocking_lines(still, width, rehearsal=rehearsal)
    others = [each for each in findings if each not in still and (notes or not (each.stops or each.code in HARMLESS))]
    if others:
        yield StyledLine("Good to know:")
    for finding in others:
        word = f"{finding.code} (accepted)" if finding.stops else finding.code
        text = f"{finding.message}; {finding.fix}" if finding.fix and not finding.stops else finding.message
        color = CAUTION if finding.stops else None
        yield from (StyledLine(line, color) for line in hanging(f"  – {word}: ", text, width, indent=6))


def blocking_lines(still: Sequence[Finding], width: int, *, rehearsal: bool = False) -> Iterator[StyledLine]:
    """The findings that have to be decided, each with its remedy, and how to accept them all."""
    if not still:
        return
    some = "1 finding has" if len(still) == 1 else f"{len(still)} findings have"
    when = "before the real run" if rehearsal else "before anything is sent"
    for line in wrapped(f"{some} to be decided {when}:", width):
        yield StyledLine(line, BLOCKING)
    for finding, following in zip(still, (*still[1:], None), strict=True):
        for line in hanging(f"  ✗ {finding.code}: ", finding.message, width, indent=6):
            yield StyledLine(line, BLOCKING)
        if following is None or following.fix != finding.fix:
            for line in hanging("      → ", finding.fix, width):
                yield StyledLine(line)
    for line in hanging("  To send as it is: ", how_to_accept(codes_of(still)), width, indent=6):
        yield StyledLine(line)
