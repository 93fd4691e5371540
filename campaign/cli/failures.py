"""The one place where errors end: each becomes a few lines on stderr and an exit code, never a traceback unasked."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import traceback
from typing import TYPE_CHECKING

import click

from campaign.cli.console import say, say_problem, show_lines, width_of
from campaign.cli.exit_codes import INTERNAL_FAULT, INTERRUPTED
from campaign.errors import CampaignError, fault_text
from campaign.findings import UndecidedFindingsError
from campaign.review.findings_text import finding_lines

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def exits_by_error(*, verbose: bool) -> Iterator[None]:
    """Turn an error into what is said of it and an exit code.

    Args:
        verbose: whether to say where it came from as well.
    """
    try:
        yield
    except UndecidedFindingsError as error:
        _trace(verbose=verbose)
        show_lines(finding_lines(error.findings, error.accepted, width_of(sys.stderr)))
        say("Nothing was sent.", color="red")
        sys.exit(error.exit_code)
    except CampaignError as error:
        _trace(verbose=verbose)
        for problem in error.problems:
            say_problem(problem)
        sys.exit(error.exit_code)
    except click.ClickException as error:  # of the command line; it repeats what was typed
        shown = io.StringIO()
        error.show(shown)
        say(shown.getvalue().rstrip("\n"))
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        say("interrupted")
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - whatever it is, people are told in a sentence
        _trace(verbose=verbose)
        say(fault_text(error) + ("" if verbose else ", with what -v adds"), color="red")
        sys.exit(INTERNAL_FAULT)


def _trace(*, verbose: bool) -> None:
    if verbose:
        say(traceback.format_exc().rstrip("\n"))


@contextlib.contextmanager
def log_to_terminal(*, verbose: bool) -> Iterator[None]:
    """Show the log and warnings of libraries with -v alone, and escaped: Python's own way prints them raw."""
    handler = _SayHandler() if verbose else logging.NullHandler()
    root = logging.getLogger()
    root.addHandler(handler)
    logging.captureWarnings(capture=True)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        root.removeHandler(handler)


class _SayHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        say(self.format(record))
