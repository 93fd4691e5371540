"""The group of commands, each loaded when it is called."""

from __future__ import annotations

import difflib
import gc
import importlib
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from campaign.cli.console import say
from campaign.cli.exit_codes import INTERRUPTED
from campaign.cli.failures import exits_by_error, log_to_terminal
from campaign.cli.powershell import offer_powershell
from campaign.cli.signals import interrupted_by_signals
from campaign.errors import Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "new": "Make a campaign to start from.",
    "check": "Plan without sending: the mapping, the counts, every problem by cell.",
    "preview": "Show the messages as recipients will see them.",
    "test": "Send a few messages to a conversation of your own.",
    "run": "Plan, ask, deliver, and write the results workbook.",
    "resume": "Continue an unfinished run.",
    "status": "Show how every run stands, also while it is delivered.",
    "stop": "Stop the delivery of another process.",
    "abandon": "End a run without its waiting rows.",
    "resolve": "Settle rows in doubt by hand.",
    "undo": "Delete what a run has sent, where the server allows it.",
    "results": "Show the summary and write the workbook again.",
    "forget": "Delete a run's personal data from the journal.",
    "doctor": "Look for what would stop a run; send no message.",
    "rooms": "Find or open the conversation of each visitor of a list.",
    "conversations": "Write the conversations of a period as a list.",
    "sandbox": "Run a local server that speaks the channels' APIs.",
    "help": "Show the help of a command.",
}
"""Every command with its short help, so that `campaign --help` need not load them."""

OTHER_WORDS = {
    "abort": "stop",
    "cancel": "stop",
    "continue": "resume",
    "create": "new",
    "delete": "undo",
    "deliver": "run",
    "diagnose": "doctor",
    "dry-run": "check",
    "init": "new",
    "lint": "check",
    "recall": "undo",
    "report": "results",
    "revert": "undo",
    "send": "run",
    "server": "sandbox",
    "show": "preview",
    "start": "run",
    "progress": "status",
    "try": "test",
    "unsend": "undo",
    "validate": "check",
    "watch": "status",
}
"""What other programs call the same; a command of campaign's own goes first."""

FILE_ENDINGS = (".toml", ".xlsx", ".xlsm", ".csv", ".tsv")


class Commands(click.Group):
    """Loads a command when it is called; turns a `CampaignError` into one paragraph and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands, in the order in which a campaign uses them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Load a command."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(f"campaign.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101 - each module holds its command
        if not gc.isenabled():  # `__main__` left it to this place
            gc.freeze()
            gc.enable()
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called.

        Raises:
            click.UsageError: there is none of this name; says which one may be meant.
        """
        name = args[0]
        if name not in COMMANDS and name[:1] != "-" and not ctx.resilient_parsing:
            raise click.UsageError(unknown_command(name), ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the name of a command without loading the commands."""
        found = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> Any:  # noqa: ANN401 - click's
        """Run the command line."""
        verbose = _is_verbose(args)
        offer_powershell()
        with log_to_terminal(verbose=verbose), exits_by_error(verbose=verbose):
            code = super().main(args, *rest, **{**options, "standalone_mode": False})
            sys.exit(code or 0)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's
        """Run one command, and handle interrupts outside a delivery; one during a delivery ends in a report.

        Raises:
            UsageError: the current folder is gone, so that a path says nothing.
        """
        try:
            os.getcwd()  # noqa: PTH109 - only whether there is one
        except OSError as error:
            problem = Problem("the current folder", "was removed, or may not be entered", "change to another one")
            raise UsageError(problem) from error
        try:
            with interrupted_by_signals():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            sends = ctx.invoked_subcommand in ("run", "resume", "undo")
            say("interrupted" + ("; `campaign results` says how far the run is" if sends else ""))
            ctx.exit(INTERRUPTED)


def unknown_command(name: str) -> str:
    """Say that there is no such command, and which one may be meant."""
    if name.lower().endswith(FILE_ENDINGS):
        return f"“{name}” is a file, and a command comes first: `campaign check {name}`"
    close = difflib.get_close_matches(name.lower(), [*COMMANDS, *OTHER_WORDS], n=1, cutoff=0.7)
    if not close:
        return f"there is no command “{name}”; the commands are: {', '.join(COMMANDS)}"
    meant = close[0] if close[0] in COMMANDS else OTHER_WORDS[close[0]]
    return f"there is no command “{name}”; did you mean `campaign {meant}`?"


def _is_verbose(args: Sequence[str] | None) -> bool:
    given = sys.argv[1:] if args is None else args
    return "--verbose" in given or any(re.fullmatch(r"-[a-z]*v[a-z]*", word) for word in given)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="campaign")
def campaign() -> None:
    """Send a personalised chat message to every row of a spreadsheet, and know what became of each.

    \b
    campaign new my-campaign                      make a campaign to start from
    campaign check my-campaign/campaign.toml      see what it would do
    campaign run my-campaign/campaign.toml --sandbox
    """
