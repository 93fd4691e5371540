"""Text for people: the only module that writes to a terminal or asks on one."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from typing import TYPE_CHECKING, Self

import click

from campaign.review.findings_text import UNLIMITED
from campaign.review.preview_terminal import harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType
    from typing import TextIO

    from campaign.errors import Problem
    from campaign.review.findings_text import StyledLine

_LINES_TOGETHER, _CHARACTERS_TOGETHER = 1000, 1_000_000


def say(text: str, *, color: str | None = None, out: bool = False) -> None:
    r"""Print text for people, on stderr, or on stdout where it is what the command was asked for.

    A cell, a header or a response may contain control characters; they are escaped, ESC as `\x1b`. There is colour on a
    terminal alone, and none where the environment has NO_COLOR (no-color.org).
    """
    shown = "\n".join(map(harmless, text.split("\n")))
    with contextlib.suppress(OSError, ValueError):  # nobody reads it: a reason to say no more, not to stop
        click.echo(click.style(shown, fg=color) if color and not os.environ.get("NO_COLOR") else shown, err=not out)


def show_lines(lines: Iterable[StyledLine], *, out: bool = False) -> None:
    """Print lines in their colours."""
    for line in lines:
        say(line.text, color=line.color, out=out)


def width_of(stream: TextIO | None) -> int:
    """The columns of a terminal; without end where the stream is a file or a pipe, whose lines are not wrapped."""
    return shutil.get_terminal_size().columns if is_terminal(stream) else UNLIMITED


def ask(question: str, keys: Mapping[str, Callable[[], object]]) -> bool:
    """Ask a question on the terminal, at which keys do something and the question is asked again.

    Args:
        question: the question, with the keys.
        keys: what to do for an answer other than yes or no.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    while True:
        try:
            answer = str(click.prompt(harmless(question), default="", show_default=False, prompt_suffix=" ", err=True))
        except click.Abort as error:
            if isinstance(error.__context__, KeyboardInterrupt):
                raise KeyboardInterrupt from error
            say("")
            return False
        key = answer.strip().lower()
        if key not in keys:
            return key in ("y", "yes")
        keys[key]()


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
    """Prints a long list of problems in blocks of a thousand lines: a million rows can have one each.

    The rest is printed when the `with` block ends, even by an exception.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._characters = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._print()

    def add(self, problem: Problem) -> None:
        """Add a problem."""
        line = str(problem)
        self._lines.append(line)
        self._characters += len(line)
        if len(self._lines) == _LINES_TOGETHER or self._characters > _CHARACTERS_TOGETHER:
            self._print()

    def _print(self) -> None:
        if self._lines:
            say("\n".join(self._lines))
            self._lines.clear()
            self._characters = 0


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
