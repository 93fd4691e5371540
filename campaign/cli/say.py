"""Telling people something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from campaign.review.preview_text import harmless

if TYPE_CHECKING:
    from campaign.errors import Problem


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
