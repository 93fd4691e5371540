"""Text for people: the only module that writes to a terminal or asks on one."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from campaign.text import UNLIMITED, harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TextIO

    from campaign.errors import Problem
    from campaign.review.findings_text import StyledLine


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


def rewind(lines: int) -> None:
    """Let the next lines on stdout, a terminal, take the place of the last ones."""
    if lines:
        with contextlib.suppress(OSError, ValueError):
            click.echo(f"\r\x1b[{lines}A\x1b[J", nl=False)


def size_of_terminal() -> tuple[int, int]:
    """The columns and lines of the terminal."""
    return shutil.get_terminal_size()


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


def confirm_aside(question: str) -> bool:
    """Ask a question on the terminal from a thread that nobody has to wait for.

    It reads the terminal itself rather than `sys.stdin`: whoever gives up on the answer may end the process, which
    must not have to wait for a lock of that stream.
    """
    with contextlib.suppress(OSError, ValueError):
        click.echo(f"{harmless(question)} [y/N]: ", nl=False, err=True)
        return os.read(sys.stdin.fileno(), 1024).decode(errors="replace").strip().lower() in ("y", "yes")
    return False


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
