"""One thing that was looked at, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from campaign.review.findings_text import BLOCKING, CAUTION, StyledLine
from campaign.review.terminal_text import hanging

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from campaign.errors import CampaignError


class CheckState(StrEnum):
    """What came of a check."""

    OK = "ok"
    WARNING = "warning"
    """Messages can be sent; something is worth knowing."""
    PROBLEM = "problem"
    """A run would not begin, would stop, or would send at another time than it should."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what; a name may occur more than once.
        state: what came of it.
        message: what was found.
        remedy: what to do about it; "" where nothing is wrong.
    """

    name: str
    state: CheckState
    message: str
    remedy: str = ""


def fine(name: str, message: str) -> Check:
    """A check that found nothing wrong."""
    return Check(name, CheckState.OK, message)


def warning(name: str, message: str, remedy: str) -> Check:
    """A check that found something worth knowing."""
    return Check(name, CheckState.WARNING, message, remedy)


def problem(name: str, message: str, remedy: str) -> Check:
    """A check that found what would stop a run."""
    return Check(name, CheckState.PROBLEM, message, remedy)


def refused(name: str, error: CampaignError) -> list[Check]:
    """The problems of an error, as a run would raise it."""
    found = []
    for each in error.problems:
        where = f"{each.where}: " if each.where else ""
        found.append(problem(name, f"{where}{each.what}", each.remedy or "put that right, and look again"))
    return found


def has_problem(checks: Sequence[Check]) -> bool:
    """Whether one of the checks found what would stop a run."""
    return any(each.state is CheckState.PROBLEM for each in checks)


def as_json(checks: Sequence[Check]) -> dict[str, object]:
    """The object of `campaign doctor --json`."""
    return {
        "checks": [
            {"name": each.name, "state": each.state.value, "message": each.message, "remedy": each.remedy}
            for each in checks
        ]
    }


_COLORS = {CheckState.OK: "green", CheckState.WARNING: CAUTION, CheckState.PROBLEM: BLOCKING}


def check_lines(checks: Sequence[Check], width: int) -> Iterator[StyledLine]:
    """The checks in their order, each with its remedy, and their sum."""
    longest = max((len(each.name) for each in checks), default=0)
    blank = " " * (len("problem") + 2 + longest + 2)
    for each in checks:
        begin = f"{each.state:<7}  {each.name:<{longest}}  "
        for line in hanging(begin, each.message, width):
            yield StyledLine(line, _COLORS[each.state])
        if each.remedy:
            for line in hanging(f"{blank}what to do: ", each.remedy, width):
                yield StyledLine(line)
    yield StyledLine(_sum(checks), BLOCKING if has_problem(checks) else None)


def _sum(checks: Sequence[Check]) -> str:
    problems = sum(each.state is CheckState.PROBLEM for each in checks)
    warnings = sum(each.state is CheckState.WARNING for each in checks)
    counted = [
        f"{count} {word}{'' if count == 1 else 's'}"
        for count, word in ((problems, "problem"), (warnings, "warning"))
        if count
    ]
    return f"{' and '.join(counted) or 'Nothing wrong'}. No message was sent."
