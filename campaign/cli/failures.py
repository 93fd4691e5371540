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
from campaign.refusals import InvalidRowsError, RefusedPlanError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.review.findings_text import StyledLine


@contextlib.contextmanager
def exits_by_error(*, verbose: bool) -> Iterator[None]:
    """Turn an error into what is said of it and an exit code.

    Args:
        verbose: whether to say where it came from as well.
    """
    try:
        yield
    except RefusedPlanError as error:
        _trace(verbose=verbose)
        show_lines(_refusal_lines(error, width_of(sys.stderr)))
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


def _refusal_lines(error: RefusedPlanError, width: int) -> Iterator[StyledLine]:
    """What is wrong with rows, then what was found, then the sum."""
    from campaign.review.findings_text import finding_lines, problem_lines  # noqa: PLC0415 - `--help` needs none of it

    invalid = error if isinstance(error, InvalidRowsError) else None
    if invalid:
        yield from problem_lines(invalid.invalid, width)
    yield from finding_lines(error.findings, error.accepted, width, rehearsal=invalid is not None and invalid.rehearsal)
    if invalid:
        yield from problem_lines(invalid.problems[-1:], width)


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
