"""Telling people something."""

from __future__ import annotations

import click

from campaign.review.preview_text import harmless


def say(text: str, *, color: str | None = None) -> None:
    r"""Tell people something, on stderr.

    A cell, a header or a server's answer may hold what a terminal obeys: it is spelt out, an escape character as
    `\x1b`.
    """
    shown = "\n".join(map(harmless, text.split("\n")))
    click.echo(click.style(shown, fg=color) if color else shown, err=True)
