"""`campaign preview`."""

from __future__ import annotations

import shutil
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any, Self

import click

from campaign.cli.console import say, show_lines, warn, width_of
from campaign.cli.exit_codes import ALL_SENT, SOME_NOT_SENT
from campaign.cli.json_output import JsonArray, print_json_array
from campaign.cli.options import ROWS, campaign_options, load, output_options, row_options
from campaign.cli.parameters import FilePath
from campaign.errors import Problem, UsageError
from campaign.findings import undecided
from campaign.planning import planned_rows, prepare
from campaign.review.findings_text import finding_lines
from campaign.review.page_file import PAGE_SUFFIXES
from campaign.review.preview import PreviewContext, note
from campaign.review.preview_page import write_page
from campaign.review.preview_terminal import terminal_preview
from campaign.runs import RunPaths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from campaign.findings import Finding
    from campaign.journal import PlannedRow
    from campaign.planning import Plan

WITHOUT_ROWS = 10
"""Number of messages shown on the terminal without --rows."""


@click.command(short_help="Show the messages as recipients will see them.")
@campaign_options
@row_options
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
    with _Shown(plan, rows) as shown:
        if given["as_json"]:
            with JsonArray() as found:
                for row in shown:
                    found.add(_as_json(row, shown.codes_of(row)))
                print_json_array(found)
        elif html:
            _write_page(plan, shown, html)
        else:
            shown.at_most = None if rows else WITHOUT_ROWS
            for line in terminal_preview(_context(plan), shown, shutil.get_terminal_size().columns):
                say(line, out=True)
            if shown.left_out:
                say("These are the first rows; --rows 2-500 shows others, --html OUT.html all of them.")
        if not given["as_json"]:
            findings = finding_lines(shown.findings, plan.accepted, width_of(sys.stdout), notes=not given["quiet"])
            show_lines(findings, out=not html)
            if shown.read_to is not None:
                say(f"The list was read as far as row {shown.read_to:,}; campaign check looks at all rows.")
        if rows and not shown.count:
            raise UsageError(Problem("--rows", "the list has no such row", "number them as the spreadsheet does"))
        sys.exit(SOME_NOT_SENT if shown.problems or undecided(shown.findings, plan.accepted) else ALL_SENT)


def _write_page(plan: Plan, shown: _Shown, page: Path) -> None:
    written = write_page(_context(plan), shown, page, shown)
    if written != page:
        warn(Problem(str(page), NO_PREVIEW, f"it is kept, and the new page is {written}"))
    say(f"Written: {written}, with {shown.said}.")


NO_PREVIEW = "is no preview that campaign wrote there, or another program has it open"
"""Why the file that a preview was to be written to got a numbered name."""


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
    """The rows to show, with the findings about each, and those of the list as far as it was read.

    The list is read no further than the last of them: a page and the JSON array can have all rows, a terminal has few.

    Attributes:
        findings: what was found.
        at_most: how many rows to show; None: all that are wanted.
        problems: how many of the rows shown have problems.
        count: how many rows were shown.
        left_out: whether there are rows beyond `at_most`.
        read_to: the number of the last row that was read; None: all were.
    """

    def __init__(self, plan: Plan, wanted: tuple[range, ...] | None) -> None:
        self._plan = plan
        self._wanted = wanted
        self._codes: dict[int, list[str]] = {}
        self._collector = plan.collector(self._note)
        self.findings: tuple[Finding, ...] = ()
        self.at_most: int | None = None
        self.problems = 0
        self.count = 0
        self.left_out = False
        self.read_to: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._collector.__exit__(kind, error, trace)

    def _note(self, row: int, code: str) -> None:
        self._codes.setdefault(row, []).append(code)

    def codes_of(self, row: PlannedRow) -> list[str]:
        """The codes of the findings about a row that is being shown."""
        return list(dict.fromkeys(self._codes.get(row.number, ())))

    def __iter__(self) -> Iterator[PlannedRow]:
        """Yield the rows in sheet order."""
        last = None if self._wanted is None else max(rows.stop for rows in self._wanted) - 1
        known = 0  # the last row of those that were read together with the last row to show
        with closing(planned_rows(self._plan, collector=self._collector)) as planned:
            for number, row in enumerate(planned):
                if known and row.number > known:
                    self.read_to = self._collector.last_row
                    break
                if self.at_most is not None and number >= self.at_most:
                    self.left_out = True
                    known = known or self._collector.last_row
                elif last is not None and row.number > last:
                    known = known or self._collector.last_row
                elif self._wanted is None or any(row.number in rows for rows in self._wanted):
                    self.count += 1
                    self.problems += bool(row.problems)
                    yield row
                self._codes.pop(row.number, None)
        self.findings = self._collector.findings()

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


def _as_json(row: PlannedRow, codes: list[str]) -> dict[str, object]:
    return {
        "row": row.number,
        "label": row.label,
        "destination": row.destination,
        "payload": row.payload,
        "problems": [str(problem) for problem in row.problems],
        "note": note(row),
        "findings": codes,
    }
