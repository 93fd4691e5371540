"""Printing what a plan comes to: for `check`, and for `run --dry-run`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from campaign.cli.json_output import JsonArray, print_json, print_json_object
from campaign.cli.say import Listing, say, warn
from campaign.cli.show import ALL_SENT, NOTHING_SENT, SOME_NOT
from campaign.journal import SANDBOX, State
from campaign.plan import PlanCount, planned_rows, prepare
from campaign.recipients import Linter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from campaign.campaign_file import Campaign
    from campaign.errors import Problem
    from campaign.plan import Prepared
    from campaign.sheets import Column, Row


def check_campaign(campaign: Campaign, *, json_wanted: bool, quiet: bool) -> int:
    """Plan, and print the mapping, every problem and the counts.

    Returns:
        The exit code.
    """
    prepared = prepare(campaign)
    count = PlanCount()
    linter = Linter(prepared.recipients.columns, prepared.template.destination_columns)
    first: Row | None = None
    with JsonArray() as problems:
        with Listing() as listing:
            for row, message, planned in planned_rows(prepared):
                count.states[planned.state] += 1
                linter.add(row)
                if first is None:
                    first = row
                    if not quiet:
                        _print_mapping(prepared, row)
                for problem in message.problems:
                    listing.add(problem)
                    if json_wanted:
                        problems.add(asdict(problem))
        warnings = (*prepared.template.binding.unused, *linter.warnings())
        _print_findings(prepared, linter, warnings, quiet=quiet)
        if not quiet:
            say(_counts(count))
        if json_wanted:
            columns = list(_columns(prepared, linter, first))
            print_json_object(_as_json(prepared, count, columns, warnings), problems=problems)
    return SOME_NOT if count.states[State.INVALID] else ALL_SENT


def dry_run(campaign: Campaign, given: Mapping[str, Any]) -> int:
    """Plan, and say what a run would do; leaves nothing behind.

    Returns:
        The exit code that a run would refuse to begin with, or 0.
    """
    prepared = prepare(campaign, SANDBOX if given["sandbox"] else None)
    count = PlanCount()
    with Listing() as listing:
        for _, message, planned in planned_rows(prepared):
            count.states[planned.state] += 1
            for problem in message.problems:
                listing.add(problem)
    for warning in prepared.template.binding.unused:
        warn(warning)
    if not given["quiet"]:
        limit = given["limit"]
        first = f", the first {limit} of them before a resume" if limit else ""
        say(f"Dry run: {_counts(count)} They would go to {prepared.server}{first}. Nothing was sent.")
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
    return NOTHING_SENT if count.states[State.INVALID] and not given["skip_invalid"] else ALL_SENT


def _as_json(
    prepared: Prepared, count: PlanCount, columns: list[dict[str, str | None]], warnings: Iterable[Problem]
) -> dict[str, object]:
    """What `check` tells programs, but for the problems of rows."""
    return {
        **_numbers(count),
        "columns": columns,
        "notes": list(prepared.recipients.notes),
        "warnings": [asdict(warning) for warning in warnings],
    }


def _numbers(count: PlanCount) -> dict[str, int]:
    """The row counts of the contract's JSON object, of rows of which none was sent."""
    states = ("sent", "failed", "in_doubt", "invalid", "skipped", "pending")
    return {"rows": count.rows, **{name: count.states[State(name)] for name in states}}


def _counts(count: PlanCount) -> str:
    parts = [f"{count.states[State.PENDING]} of {count.rows} rows can be sent"]
    for state, word in ((State.INVALID, "invalid"), (State.SKIPPED, "exact duplicates, which would be skipped")):
        if count.states[state]:
            parts.append(f"{count.states[state]} {word}")
    return ", ".join(parts) + "."


def _mapping(prepared: Prepared, row: Row | None) -> Iterator[dict[str, str | None]]:
    binding = prepared.template.binding
    for variable, column in binding.columns.items():
        yield _mapped(variable, column, row)
    for variable, text in binding.values.items():
        yield {"variable": variable, "column": None, "header": None, "example": text}


def _mapped(variable: str | None, column: Column, row: Row | None) -> dict[str, str | None]:
    example = row.texts[column.position] if row else None
    return {"variable": variable, "column": column.letter, "header": column.header, "example": example}


def _columns(prepared: Prepared, linter: Linter, first: Row | None) -> Iterator[dict[str, str | None]]:
    """The mapping, then the columns that no variable stands for; each with what the linter found in it."""
    examples = {column.letter: example._asdict() for column, example in linter.examples().items()}
    mapping = list(_mapping(prepared, first))
    mapped = {found["column"] for found in mapping}
    others = [column for column in prepared.recipients.columns if column.letter not in mapped]
    for found in [*mapping, *(_mapped(None, column, first) for column in others)]:
        yield {**found, **examples.get(found["column"] or "", {"stored": None, "displayed": None})}


def _print_mapping(prepared: Prepared, row: Row) -> None:
    recipients = prepared.recipients
    sheet = f", sheet “{recipients.sheet}”" if recipients.sheet else ""
    say(f"{recipients.path.name}{sheet} → {prepared.template_file.path.name} → {prepared.server}")
    for found in _mapping(prepared, row):
        source = f"column {found['column']} {_short(found['header'])}" if found["column"] else "the same for every row"
        say(f"  {found['variable']} ← {source} ← {_short(found['example'])}")


def _print_findings(prepared: Prepared, linter: Linter, warnings: Iterable[Problem], *, quiet: bool) -> None:
    """What is shown otherwise than stored, what seems to be ruined, and how the file was read."""
    if not quiet:
        for column, example in linter.examples().items():
            shown = f"{_short(example.stored)} is shown as {_short(example.displayed)}"
            say(f"  column {column.letter} “{column.label}”: {shown}")
    for warning in warnings:
        warn(warning)
    if not quiet:
        for note in prepared.recipients.notes:
            say(f"Read: {note}")


def _short(text: str | None, length: int = 50) -> str:
    line = " ".join((text or "").split())
    return f"“{line}”" if len(line) <= length else f"“{line[: length - 1]}…”"
