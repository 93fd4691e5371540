"""`campaign preview`."""

from __future__ import annotations

import shutil
import sys
from math import inf
from typing import TYPE_CHECKING, Any

import click

from campaign.cli.console import say
from campaign.cli.exit_codes import ALL_SENT, SOME_NOT_SENT
from campaign.cli.json_output import JsonArray, print_json_array
from campaign.cli.options import ROWS, campaign_options, load, output_options
from campaign.cli.parameters import FilePath
from campaign.errors import Problem, UsageError
from campaign.planning import prepare
from campaign.review.preview import PreviewContext, note
from campaign.review.preview_page import write_page
from campaign.review.preview_terminal import terminal_preview
from campaign.runs import RunPaths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from campaign.journal import PlannedRow
    from campaign.planning import Plan

PAGE_SUFFIXES = (".html", ".htm")

WITHOUT_ROWS = 10
"""Number of messages shown on the terminal without --rows."""


@click.command(short_help="Show the messages as recipients will see them.")
@campaign_options
@ROWS
@click.option("--html", type=FilePath(dir_okay=False), metavar="OUT.html", help="Write a page instead.")
@output_options
def preview(file: Path, rows: tuple[range, ...] | None, html: Path | None, **given: Any) -> None:  # noqa: ANN401 - as click gives
    """Show FILE's messages, and send nothing.

    \b
    campaign preview tet-offer.toml --rows 2-5
    campaign preview tet-offer.toml --rows 74,84
    campaign preview tet-offer.toml --html preview.html
    """
    plan = prepare(load(file, given))
    if html:
        check_page_path(html, file, plan)
    shown = _Shown(plan, rows)
    context = _context(plan)
    if given["as_json"]:
        with JsonArray() as found:
            for row in shown:
                found.add(_as_json(row))
            print_json_array(found)
    elif html:
        write_page(context, shown, html)
        say(f"Written: {html}, with {shown.said}.")
    else:
        shown.at_most = None if rows else WITHOUT_ROWS
        for line in terminal_preview(context, shown, shutil.get_terminal_size().columns):
            say(line)
        if shown.left_out:
            say("These are the first rows; --rows 2-500 shows others, --html OUT.html all of them.")
    if rows and not shown.count:
        raise UsageError(Problem("--rows", "the list has no such row", "number them as the spreadsheet does"))
    sys.exit(SOME_NOT_SENT if shown.problems else ALL_SENT)


def check_page_path(page: Path, file: Path, plan: Plan) -> None:
    """Check that a page is written over no file of the campaign.

    Raises:
        UsageError: it would be, or it has a name that no page has.
    """
    if page.suffix.lower() not in PAGE_SUFFIXES:
        what = "the preview is a web page, and this is no name of one"
        raise UsageError(Problem(f"--html {page}", what, f"choose a name such as {page.stem}.html"))
    paths = RunPaths(plan.campaign.folder, plan.campaign.name)
    files = {
        "the list": plan.recipients.path,
        "the template": plan.template_file.path,
        "the campaign file": file,
        "the journal": paths.journal,
        "the results workbook": paths.workbook(1),
    }
    for name, own in files.items():
        if page.resolve() == own.resolve() or (page.exists() and own.exists() and page.samefile(own)):
            raise UsageError(Problem(f"--html {page}", f"the page would replace {name}", "choose another name"))


class _Shown:
    """The rows to show, and whether any of them has a problem."""

    def __init__(self, plan: Plan, wanted: tuple[range, ...] | None) -> None:
        self._plan = plan
        self._wanted = wanted
        self._end = inf if wanted is None else max(rows.stop for rows in wanted)
        self.at_most: int | None = None
        self.problems = 0
        self.count = 0
        self.left_out = False

    def __iter__(self) -> Iterator[PlannedRow]:
        """Yield the rows in sheet order."""
        for number, row in enumerate(self._plan.rows):
            if self.at_most is not None and number >= self.at_most:
                self.left_out = True
                return
            if row.number >= self._end:
                return
            if self._wanted is None or any(row.number in rows for rows in self._wanted):
                self.count += 1
                self.problems += bool(row.problems)
                yield row

    @property
    def said(self) -> str:
        """How many rows, and how many with problems."""
        rows = "1 row" if self.count == 1 else f"{self.count:,} rows"
        return f"{rows}, {self.problems:,} of them with problems" if self.problems else rows


def _context(plan: Plan) -> PreviewContext:
    recipients = plan.recipients
    return PreviewContext(
        campaign=plan.campaign.name,
        channel=plan.channel,
        server=plan.server_name,
        recipients=recipients.path.name + (f" ({recipients.sheet})" if recipients.sheet else ""),
        template=plan.template_file.path.name,
        headers=tuple(column.header for column in recipients.columns),
    )


def _as_json(row: PlannedRow) -> dict[str, object]:
    return {
        "row": row.number,
        "destination": row.destination,
        "payload": row.payload,
        "problems": [str(problem) for problem in row.problems],
        "note": note(row),
    }
