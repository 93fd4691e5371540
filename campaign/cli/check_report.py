"""Printing the results of `check` and of a dry run."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from campaign.cli.console import say, show_lines, width_of
from campaign.cli.exit_codes import ALL_SENT, SOME_NOT_SENT
from campaign.cli.json_output import JsonArray, print_json, print_json_object
from campaign.cli.question import schedule_facts
from campaign.findings import undecided
from campaign.journal import State
from campaign.plan_rows import PlanCounts
from campaign.planning import planned_rows, prepare
from campaign.problem_groups import ProblemGroups
from campaign.recipients.destinations import with_unseen_named
from campaign.review.findings_text import StyledLine, finding_lines, problem_lines
from campaign.review.phrases import left_out, reason_of, rows_of
from campaign.review.terminal_text import hanging
from campaign.runs.confirmation import forecast_of
from campaign.runs.earlier import looking_back
from campaign.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from campaign.config import Campaign
    from campaign.findings import Finding
    from campaign.journal import PlannedRow
    from campaign.planning import Plan
    from campaign.recipients import Linter
    from campaign.sheets import Column


def check_campaign(campaign: Campaign, *, json_wanted: bool, quiet: bool, rows: Sequence[range] = ()) -> int:
    """Plan, and print what has to be decided, every problem, the mapping and the counts.

    Returns:
        The exit code.
    """
    plan = prepare(campaign, rows=rows)
    count, groups = PlanCounts(), ProblemGroups()
    first: PlannedRow | None = None
    with JsonArray() as problems, plan.collector() as collector:
        for row in planned_rows(plan, collector=collector):
            count.add(row)
            first = first or row
            groups.add(row.number, row.problems, row.label)
            if json_wanted:
                for problem in row.problems:
                    problems.add(asdict(problem))
        findings = collector.findings()
        width = width_of(sys.stderr if json_wanted else sys.stdout)
        lines = _check_lines(plan, groups, findings, width, quiet=quiet)
        show_lines(lines, out=not json_wanted)
        if not quiet:
            show_lines(_mapping_lines(plan, collector.linter, first, width), out=not json_wanted)
            show_lines(_left_out_lines(count, width), out=not json_wanted)
            verdict = hanging("", _verdict(count, undecided(findings, plan.accepted)), width, indent=2)
            show_lines(map(StyledLine, verdict), out=not json_wanted)
        if json_wanted:
            columns = list(_columns(plan, collector.linter, first))
            print_json_object(_as_json(plan, count, columns, findings), problems=problems)
    return SOME_NOT_SENT if count.invalid or undecided(findings, plan.accepted) else ALL_SENT


def _check_lines(
    plan: Plan, groups: ProblemGroups, findings: tuple[Finding, ...], width: int, *, quiet: bool
) -> Iterator[StyledLine]:
    """What is wrong with rows, then what has to be decided, then what is good to know."""
    if not quiet:
        recipients = plan.recipients
        sheet = f", sheet “{recipients.sheet}”" if recipients.sheet else ""
        way = f"{recipients.path.name}{sheet} → {plan.template_file.path.name} → {plan.server_name}"
        yield from (StyledLine(line) for line in hanging("", way, width, indent=2))
    yield from problem_lines(groups.problems(), width)
    yield from finding_lines(findings, plan.accepted, width, notes=not quiet)


def dry_run(campaign: Campaign, given: Mapping[str, Any], address: str | None = None) -> int:
    """Plan, and print what a run would do; write no files.

    Args:
        campaign: the campaign.
        given: the options of `run`.
        address: the database that contains the journal; None where that is a file.

    Returns:
        As `check`: `SOME_NOT_SENT` if some row is invalid or, but for a rehearsal, findings have to be decided; else 0.
    """
    plan = prepare(campaign, rehearsal=given["sandbox"], rows=given["rows"] or ())
    count, groups = PlanCounts(), ProblemGroups()
    with plan.collector() as collector, looking_back(plan, skip_sent=given["skip_sent"], address=address) as leave_out:
        for row in planned_rows(plan, collector=collector, leave_out=leave_out):
            count.add(row)
            groups.add(row.number, row.problems, row.label)
        findings = collector.findings()
    still = () if plan.rehearsal else undecided(findings, plan.accepted)
    width, quiet = width_of(sys.stderr), given["quiet"]
    show_lines(problem_lines(groups.problems(), width))
    show_lines(finding_lines(findings, plan.accepted, width, rehearsal=plan.rehearsal, notes=not quiet))
    if not quiet:
        show_lines(_left_out_lines(count, width))
        limit = given["limit"]
        messages = count.pending if limit is None else min(limit, count.pending)
        show_lines(schedule_facts(forecast_of(plan, messages), width) if messages else ())
        first = f", the first {limit} of them before a resume" if limit else ""
        refused = 0 if given["skip_invalid"] else count.invalid
        they = "It" if count.pending == 1 else "They"
        go = list(_conditions(refused, count.pending, still)) or [f"{they} would go to {plan.server_name}{first}."]
        say(f"Dry run: {' '.join([_counts(count), *go])} Nothing was sent.")
    if given["as_json"]:
        print_json(nothing_sent("dry run", _numbers(count), findings))
    return SOME_NOT_SENT if count.invalid or still else ALL_SENT


def _left_out_lines(count: PlanCounts, width: int) -> Iterator[StyledLine]:
    """How many rows are left out on purpose, and why."""
    if count.left_out:
        yield from (StyledLine(line) for line in hanging("Left out: ", left_out(count.left_out), width, indent=2))


def nothing_sent(reason: str, rows: Mapping[str, int], findings: tuple[Finding, ...]) -> dict[str, object]:
    """The JSON object of a run that was not begun.

    Args:
        reason: why not.
        rows: the counts of the object.
        findings: what was found.
    """
    return {
        "run": None,
        "state": "stopped",
        "reason": reason,
        **rows,
        "requests": 0,
        "throttled": 0,
        "seconds": 0.0,
        "results": None,
        "warnings": [finding.as_json() for finding in findings],
    }


def numbers_of(states: Mapping[str, int]) -> dict[str, int]:
    """The row counts of the JSON object, for rows that were not sent."""
    names = ("sent", "failed", "in_doubt", "invalid", "skipped", "pending", "deleted")
    return {"rows": sum(states.values()), **{name: states.get(name, 0) for name in names}}


def _numbers(count: PlanCounts) -> dict[str, int]:
    return numbers_of({str(state): number for state, number in count.states.items()})


def _as_json(
    plan: Plan, count: PlanCounts, columns: list[dict[str, str | None]], findings: tuple[Finding, ...]
) -> dict[str, object]:
    """The JSON of `check`, without the problems of rows."""
    return {
        **_numbers(count),
        "left_out": [
            {"reason": reason_of(each), "count": each.count, "rows": list(each.rows)} for each in count.left_out
        ],
        "columns": columns,
        "notes": list(plan.recipients.notes),
        "warnings": [finding.as_json() for finding in findings],
    }


def _verdict(count: PlanCounts, still: tuple[Finding, ...]) -> str:
    return " ".join([_counts(count), *_conditions(count.invalid, count.pending, still)])


def _conditions(invalid: int, valid: int, still: tuple[Finding, ...]) -> Iterator[str]:
    """What has to be done before anything is sent."""
    parts = []
    if invalid:
        rows = "the invalid row is" if invalid == 1 else "the invalid rows are"
        parts.append(f"{rows} corrected{', or left out with --skip-invalid,' if valid else ''}")
    if still:
        parts.append(f"the {_findings(len(still))} above {_is(len(still))} decided")
    if parts:
        yield f"Nothing is sent before {' and '.join(parts).rstrip(',')}."


def _findings(count: int) -> str:
    return "finding" if count == 1 else f"{count} findings"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _counts(count: PlanCounts) -> str:
    parts = [f"{count.pending:,} of {rows_of(count.rows)} can be sent"]
    for state, word in ((State.INVALID, "invalid"), (State.SKIPPED, "skipped")):
        if count.states[state]:
            parts.append(f"{count.states[state]:,} {_is(count.states[state])} {word}")
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


def _mapping_lines(plan: Plan, linter: Linter, row: PlannedRow | None, width: int) -> Iterator[StyledLine]:
    """Where each variable comes from, values displayed differently than stored, and how the file was read."""
    texts = []
    ids = {column.letter for column in plan.template.destination_columns}
    for found in _mapping(plan, row):
        source = f"column {found['column']} {_short(found['header'])}" if found["column"] else "the same for every row"
        text = found["example"] or ""
        text = with_unseen_named(text) if found["column"] in ids else text
        texts.append(f"{found['variable']} ← {source} ← {_short(text)}")
    for column, example in linter.examples().items():
        shown = f"{_short(example.stored)} is shown as {_short(example.displayed)}"
        texts.append(f"column {column.letter} “{column.label}”: {shown}")
    for text in texts:
        yield from (StyledLine(line) for line in hanging("  ", text, width, indent=6))
    for note in plan.recipients.notes:
        if note != plan.recipients.header_warning:  # which is a finding
            yield from (StyledLine(line) for line in hanging("Read: ", note, width, indent=2))


def _short(text: str | None, length: int = 50) -> str:
    return f"“{one_line(text or '', length)}”"
