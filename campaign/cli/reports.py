"""Printing the results of `check` and of a dry run, and the report of a run."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from campaign.campaign_file import is_spreadsheet
from campaign.channels import CHANNELS
from campaign.cli.console import Listing, say, warn
from campaign.cli.exit_codes import ALL_SENT, NOTHING_SENT, SOME_NOT_SENT, exit_code
from campaign.cli.json_output import JsonArray, print_json, print_json_object
from campaign.journal import State
from campaign.plan_rows import PlanCounts
from campaign.planning import planned_rows, prepare
from campaign.recipients import Linter
from campaign.review.summary import RunSummary, as_json, as_text
from campaign.runs.earlier import looking_back
from campaign.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from campaign.config import Campaign
    from campaign.errors import Problem
    from campaign.journal import PlannedRow
    from campaign.planning import Plan
    from campaign.runs import Report
    from campaign.sheets import Column


def check_campaign(campaign: Campaign, *, json_wanted: bool, quiet: bool) -> int:
    """Plan, and print the mapping, every problem and the counts.

    Returns:
        The exit code.
    """
    plan = prepare(campaign)
    count = PlanCounts()
    linter = Linter(plan.recipients.columns, plan.template.destination_columns)
    first: PlannedRow | None = None
    with JsonArray() as problems:
        with Listing() as listing:
            for row in planned_rows(plan, linter=linter):
                count.add(row)
                if first is None:
                    first = row
                    if not quiet:
                        _print_mapping(plan, row)
                for problem in row.problems:
                    listing.add(problem)
                    if json_wanted:
                        problems.add(asdict(problem))
        warnings = (*plan.warnings, *linter.warnings())
        _print_findings(plan, linter, warnings, quiet=quiet)
        if not quiet:
            say(_counts(count))
        if json_wanted:
            columns = list(_columns(plan, linter, first))
            print_json_object(_as_json(plan, count, columns, warnings), problems=problems)
    return SOME_NOT_SENT if count.invalid else ALL_SENT


def dry_run(campaign: Campaign, given: Mapping[str, Any]) -> int:
    """Plan, and print what a run would do; write no files.

    Returns:
        `NOTHING_SENT` if a run would refuse to start, else 0.
    """
    plan = prepare(campaign, rehearsal=given["sandbox"])
    count = PlanCounts()
    with Listing() as listing, looking_back(plan, skip_sent=given["skip_sent"]) as leave_out:
        for row in planned_rows(plan, leave_out=leave_out):
            count.add(row)
            for problem in row.problems:
                listing.add(problem)
    for warning in plan.warnings:
        warn(warning)
    if not given["quiet"]:
        limit = given["limit"]
        first = f", the first {limit} of them before a resume" if limit else ""
        say(f"Dry run: {_counts(count)} They would go to {plan.server_name}{first}. Nothing was sent.")
    if given["as_json"]:
        print_json(
            {
                "run": None,
                "state": "stopped",
                "reason": "dry run",
                **_numbers(count),
                "requests": 0,
                "throttled": 0,
                "seconds": 0.0,
                "results": None,
            }
        )
    return NOTHING_SENT if count.invalid and not given["skip_invalid"] else ALL_SENT


def show_report(report: Report | None, file: Path, *, json_wanted: bool, quiet: bool, options: bool = False) -> int:
    """Print a report, or that nothing was sent: text on stderr, JSON on stdout.

    Args:
        report: the report; None where sending was not confirmed.
        file: what the command was given.
        json_wanted: whether to print JSON.
        quiet: whether to print only what went wrong.
        options: whether options were given that change the messages.

    Returns:
        The exit code.
    """
    if report is None:
        say("Nothing was sent.")
        return NOTHING_SENT
    manifest = report.run.manifest
    summary = RunSummary(
        run=report.run.number,
        tally=report.tally,
        reasons=report.reasons,
        stopped=report.reason,
        results=report.results,
        file=_quoted(str(file)),
        server=None if manifest.server == CHANNELS.find(manifest.channel).default_url else manifest.server,
        options=options or is_spreadsheet(file),
        rehearsal=manifest.rehearsal,
        lost=report.lost,
    )
    if not quiet:
        for line in as_text(summary):
            say(line)
    if report.trouble and report.lost:
        say(str(report.trouble), color="red")
    elif report.trouble:
        say(f"{report.trouble}; write it again with: campaign results {summary.file}", color="red")
    if json_wanted:
        print_json(as_json(summary))
    return exit_code(report.tally, interrupted=report.interrupted, fault=report.fault, lost=report.lost)


def _quoted(text: str) -> str:
    return f'"{text}"' if any(character in text for character in " '&()") else text


def _as_json(
    plan: Plan, count: PlanCounts, columns: list[dict[str, str | None]], warnings: Iterable[Problem]
) -> dict[str, object]:
    """The JSON of `check`, without the problems of rows."""
    return {
        **_numbers(count),
        "columns": columns,
        "notes": list(plan.recipients.notes),
        "warnings": [asdict(warning) for warning in warnings],
    }


def _numbers(count: PlanCounts) -> dict[str, int]:
    """The row counts of the JSON object, for rows that were not sent."""
    states = ("sent", "failed", "in_doubt", "invalid", "skipped", "pending")
    return {"rows": count.rows, **{name: count.states[State(name)] for name in states}}


def _counts(count: PlanCounts) -> str:
    parts = [f"{count.states[State.PENDING]} of {count.rows} rows can be sent"]
    for state, word in ((State.INVALID, "invalid"), (State.SKIPPED, "skipped (exact duplicates, or sent already)")):
        if count.states[state]:
            parts.append(f"{count.states[state]} {word}")
    return ", ".join(parts) + "."


def _mapping(plan: Plan, row: PlannedRow | None) -> Iterator[dict[str, str | None]]:
    binding = plan.template.binding
    for variable, column in binding.columns.items():
        yield _mapped(variable, column, row)
    for variable, text in binding.values.items():
        yield {"variable": variable, "column": None, "header": None, "example": text}


def _mapped(variable: str | None, column: Column, row: PlannedRow | None) -> dict[str, str | None]:
    example = row.texts[column.position] if row else None
    return {"variable": variable, "column": column.letter, "header": column.header, "example": example}


def _columns(plan: Plan, linter: Linter, first: PlannedRow | None) -> Iterator[dict[str, str | None]]:
    """The mapping, then the columns without a variable; each with the linter's example."""
    examples = {column.letter: example._asdict() for column, example in linter.examples().items()}
    mapping = list(_mapping(plan, first))
    mapped = {found["column"] for found in mapping}
    others = [column for column in plan.recipients.columns if column.letter not in mapped]
    for found in [*mapping, *(_mapped(None, column, first) for column in others)]:
        yield {**found, **examples.get(found["column"] or "", {"stored": None, "displayed": None})}


def _print_mapping(plan: Plan, row: PlannedRow) -> None:
    recipients = plan.recipients
    sheet = f", sheet “{recipients.sheet}”" if recipients.sheet else ""
    say(f"{recipients.path.name}{sheet} → {plan.template_file.path.name} → {plan.server_name}")
    for found in _mapping(plan, row):
        source = f"column {found['column']} {_short(found['header'])}" if found["column"] else "the same for every row"
        say(f"  {found['variable']} ← {source} ← {_short(found['example'])}")


def _print_findings(plan: Plan, linter: Linter, warnings: Iterable[Problem], *, quiet: bool) -> None:
    """Print values displayed differently than stored, the warnings, and how the file was read."""
    if not quiet:
        for column, example in linter.examples().items():
            shown = f"{_short(example.stored)} is shown as {_short(example.displayed)}"
            say(f"  column {column.letter} “{column.label}”: {shown}")
    for warning in warnings:
        warn(warning)
    if not quiet:
        for note in plan.recipients.notes:
            say(f"Read: {note}")


def _short(text: str | None, length: int = 50) -> str:
    return f"“{one_line(text or '', length)}”"
