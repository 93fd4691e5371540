"""`campaign help`."""

from __future__ import annotations

import click

from campaign.cli.console import show_help


@click.command(name="help", short_help="Show the help of a command.")
@click.argument("command", required=False)
@click.pass_context
def help(ctx: click.Context, command: str | None) -> None:  # noqa: A001 - commands are found by their name
    """Show what COMMAND does and takes, or all commands.

    \b
    campaign help run
    """
    group = ctx.find_root()
    assert isinstance(group.command, click.Group)  # noqa: S101 - a command has no other root
    if command is None:
        show_help(group.get_help())
        return
    name, found, _ = group.command.resolve_command(group, [command])
    if found is not None:
        show_help(found.get_help(click.Context(found, info_name=name, parent=group)))
