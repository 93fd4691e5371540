"""Text for people, on stderr: the only module that writes to a terminal or asks on one."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Self

import click

from campaign.problem_groups import ProblemGroups
from campaign.review.preview_terminal import harmless

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import TextIO

    from campaign.errors import Problem


def say(text: str, *, color: str | None = None) -> None:
    r"""Print text for people, on stderr.

    A cell, a header or a response may contain control characters; they are escaped, ESC as `\x1b`.
    """
    shown = "\n".join(map(harmless, text.split("\n")))
    with contextlib.suppress(OSError, ValueError):  # nobody reads it: a reason to say no more, not to stop
        click.echo(click.style(shown, fg=color) if color else shown, err=True)


def say_problem(problem: Problem) -> None:
    """Print what an error says: a path or a cell in it on one line; a remedy may show lines of a file."""
    say(str(replace(problem, where=harmless(problem.where), what=harmless(problem.what))), color="red")


def show_help(text: str) -> None:
    """Print a help text, on standard output as --help does."""
    click.echo(text)


def confirm(question: str) -> bool:
    """Ask a question on the terminal; its end, as by Ctrl-D, is a no.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    try:
        return click.confirm(harmless(question), err=True)
    except click.Abort as error:
        if isinstance(error.__context__, KeyboardInterrupt):  # click makes one error of both
            raise KeyboardInterrupt from error
        say("")
        return False


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a standard stream is a terminal; a program without a console has none, and a service a closed one."""
    try:
        return stream is not None and stream.isatty()
    except (OSError, ValueError):
        return False


def warn(warning: Problem) -> None:
    """Print a warning: a possible mistake that does not stop the command."""
    say(f"Warning: {warning}", color="yellow")


class Listing:
    """Prints the problems of rows, those of one kind as one line, when the `with` block ends, even by an exception."""

    def __init__(self) -> None:
        self._groups = ProblemGroups()
        self._said: list[Problem] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for problem in self._groups.problems():
            if problem not in self._said:
                say(str(problem))

    def add(self, problem: Problem) -> None:
        """Add a problem; a damaged line is said at once, because it may be the cause of all that is below it."""
        if self._groups.add(problem) and problem.code == "malformed-line":
            self._said.append(problem)
            say(str(problem))


def key_prompt() -> Callable[[str], str] | None:
    """Return a function that prompts for a key without showing it; None if stdin is not a terminal."""
    if not is_terminal(sys.stdin):
        return None
    return _ask_hidden


def _ask_hidden(text: str) -> str:
    try:
        return str(click.prompt(harmless(text), hide_input=True, err=True))
    except click.Abort as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        return ""
