"""Telling people something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import click

from campaign.review.preview_text import harmless

if TYPE_CHECKING:
    from types import TracebackType

    from campaign.errors import Problem

_TOLD_TOGETHER, _CHARACTERS_TOGETHER = 1000, 1_000_000


def say(text: str, *, color: str | None = None) -> None:
    r"""Tell people something, on stderr.

    A cell, a header or a server's answer may hold what a terminal obeys: it is spelt out, an escape character as
    `\x1b`.
    """
    shown = "\n".join(map(harmless, text.split("\n")))
    click.echo(click.style(shown, fg=color) if color else shown, err=True)


def warn(warning: Problem) -> None:
    """Tell people of what may be a mistake, and stops nothing."""
    say(f"Warning: {warning}", color="yellow")


class Listing:
    """A long list of problems for people, told by the thousand: a million rows can have one in each.

    What it has been given is told when the block ends at the latest, with an error too.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._characters = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tell()

    def add(self, problem: Problem) -> None:
        """Add a problem."""
        line = str(problem)
        self._lines.append(line)
        self._characters += len(line)
        if len(self._lines) == _TOLD_TOGETHER or self._characters > _CHARACTERS_TOGETHER:
            self._tell()

    def _tell(self) -> None:
        if self._lines:
            say("\n".join(self._lines))
            self._lines.clear()
            self._characters = 0
