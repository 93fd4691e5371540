"""`campaign sandbox`."""

from __future__ import annotations

import asyncio
import re

import click

from campaign.cli.console import say
from campaign.cli.parameters import Amount, WholeNumber
from campaign.sandbox import ListSettings, RateLimit, SandboxSettings, serve


@click.command(short_help="Run a local server that speaks the channels' APIs.")
@click.option("--port", type=WholeNumber(0, 65535), default=3000, show_default=True, help="0: any free port.")
@click.option("--limit", metavar="COUNT/SECONDS", help="A rate limit for each route, such as 10/60.")
@click.option("--latency", type=Amount(0), default=0.0, metavar="SECONDS", help="Delay of each response.")
@click.option("--lag", type=Amount(0), default=0.0, metavar="SECONDS", help="Delay of the message list.")
@click.option("--no-look-up", is_flag=True, help="Have no list of messages to look up rows in doubt.")
def sandbox(port: int, limit: str | None, latency: float, lag: float, *, no_look_up: bool) -> None:
    """Run a local server that speaks the API of every channel; its first page shows what arrived.

    \b
    campaign sandbox --port 3000 --limit 10/60
    campaign run tet-offer.toml --server http://127.0.0.1:3000
    """
    found = re.fullmatch(r"(\d+)/(\d+(?:\.\d+)?)s?", limit or "")
    if limit and not found:
        raise click.BadParameter("write it as 10/60: ten requests in sixty seconds", param_hint="--limit")
    window = RateLimit(int(found[1]), float(found[2])) if found else None
    listing = None if no_look_up else ListSettings(lag=lag)
    settings = SandboxSettings(port=port, limit=window, latency=latency, listing=listing)

    def ready(url: str) -> None:
        say(f"The sandbox listens on {url}; open it in a browser to see what arrives. Ctrl-C ends it.")

    try:
        asyncio.run(serve(settings, ready))
    except KeyboardInterrupt:
        say("The sandbox has ended.")
