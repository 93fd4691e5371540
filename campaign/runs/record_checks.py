"""Whether the record is of this campaign, and what differs from what a run was planned with: said before sending."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.campaign_file import is_spreadsheet, named_in
from campaign.errors import CampaignFileError, Problem, RunStateError
from campaign.journal import Origin, State, peek_journal
from campaign.runs.options import REHEARSAL_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from campaign.journal import JournalStore, RunRecord
    from campaign.planning import Plan
    from campaign.runs.options import RunObserver, RunOptions, RunPaths

JOURNALS = "*.journal.db"
OTHER_SUFFIXES = (f"{REHEARSAL_SUFFIX}.journal.db", ".test.journal.db")

AS_PLANNED = "what is sent stays as it was planned"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that differs from what a run was planned with.

    Attributes:
        problem: what, in words.
        asks: whether the operator has to agree before anything is sent.
        is_place: whether it concerns where the campaign's files are, which `--moved` agrees to.
    """

    problem: Problem
    asks: bool = True
    is_place: bool = False


def origin_of(plan: Plan) -> Origin:
    """The files that a plan is made from."""
    file, template = plan.campaign.file, plan.template_file.path.resolve()
    return Origin(
        campaign=file.name if file else "",
        campaign_digest=_digest(file) if file else "",
        template_named=named_in(file) if file is not None and not is_spreadsheet(file) else "",
        template=str(template),
        template_digest=_digest(template),
        recipients_digest=_digest(plan.recipients.path),
    )


def differences(record: RunRecord, paths: RunPaths) -> list[Difference]:
    """What differs today from what a run was planned with.

    Args:
        record: the run.
        paths: where the campaign's files are.

    Raises:
        RunStateError: the run is of another campaign file, which is there.
    """
    origin, manifest, file = record.manifest.origin, record.manifest, paths.file
    if manifest.rehearsal or not origin.campaign or file is None:
        return []
    found = [*_place(record, paths, file), *_named(record, file)]
    template, recipients = Path(origin.template), Path(manifest.recipients)
    if not template.exists():
        found.append(_note(template, f"the template of run {record.number} is gone", AS_PLANNED))
    elif _digest(template) != origin.template_digest:
        found.append(Difference(_changed(template, f"the template was edited after run {record.number} was planned")))
    if not recipients.exists():
        found.append(_note(recipients, f"the list of run {record.number} is gone", AS_PLANNED))
    elif _digest(recipients) != origin.recipients_digest:
        what = f"the list was edited after run {record.number} was planned"
        found.append(_note(recipients, what, AS_PLANNED))
    return found


def settle_differences(found: Iterable[Difference], observer: RunObserver, *, moved: bool) -> None:
    """Say what differs, and ask where the operator has to agree.

    Raises:
        RunStateError: the operator did not agree, or there was no terminal to ask on.
    """
    for each in found:
        if not each.asks or (moved and each.is_place):
            observer.warned(each.problem)
        elif not observer.accepts(each.problem):
            raise RunStateError(each.problem)


def settle_place(journal: JournalStore, observer: RunObserver) -> None:
    """Say what is worth knowing of the journal's files, and ask where it may not be the one that belongs here.

    Raises:
        RunStateError: the operator did not agree, or there was no terminal to ask on.
    """
    for note in journal.notes:
        observer.warned(note)
    if journal.displaced is not None:
        if not observer.accepts(journal.displaced):
            raise RunStateError(journal.displaced)
        journal.accept_place()


def check_record(journal: JournalStore, paths: RunPaths, options: RunOptions, observer: RunObserver) -> None:
    """Check before a run that the journal is this campaign's, and that an empty one is a fresh start.

    Raises:
        RunStateError: it is not, or another journal has runs of this campaign file.
    """
    last = journal.last_run()
    if last is not None:
        places = [] if paths.file is None or last.manifest.rehearsal else list(_place(last, paths, paths.file))
        settle_differences(places, observer, moved=options.moved)
        return
    if options.new:
        return
    refuse_other_name(paths)
    workbook = paths.folder / f"{paths.name}.results.xlsx"
    if workbook.exists() and not paths.is_rehearsal:
        what = f"the journal has no run, although {workbook.name} beside it says that there was one"
        remedy = "put the journal back from a copy; or, where everybody may get the message again, add --new"
        raise RunStateError(Problem(str(paths.journal), what, remedy))


def refuse_other_name(paths: RunPaths) -> None:
    """Refuse where runs of this campaign file are on record under another name, also where the file was renamed.

    Raises:
        RunStateError: they are.
    """
    if paths.file is None or paths.is_rehearsal:
        return
    for path in sorted(paths.folder.glob(JOURNALS)):
        if path == paths.journal or path.name.endswith(OTHER_SUFFIXES):
            continue
        peeked = peek_journal(path)
        if peeked is None:
            continue
        record, tally = peeked
        name, origin = path.name.removesuffix(".journal.db"), record.manifest.origin
        if origin.campaign == paths.file.name:
            go_on = f'set name = "{name}"'
        elif _was_renamed(origin, paths.file):
            go_on = f"give the file its former name back, {origin.campaign}"
        else:
            continue
        what = (
            f"there is no run under the name “{paths.name}”, but {path.name} has run {record.number} of this campaign "
            f"file under the name “{name}”: {tally.count(State.SENT)} of {tally.rows} rows are sent"
        )
        remedy = f"to go on with it, {go_on}; to message everyone anew, `campaign run` with --new"
        raise RunStateError(Problem(str(paths.file), what, remedy))


def _was_renamed(origin: Origin, file: Path) -> bool:
    """Whether a run was planned from this very file, when it had another name."""
    if not origin.campaign or not origin.campaign_digest or (file.parent / origin.campaign).exists():
        return False
    return _digest(file) == origin.campaign_digest


def _place(record: RunRecord, paths: RunPaths, file: Path) -> Iterable[Difference]:
    """Whether a run was planned from another campaign file."""
    planned = record.manifest.origin.campaign
    if planned in ("", file.name):
        return
    other = paths.folder / planned
    if not other.exists():
        what = f"run {record.number} was planned from {planned}, which is gone"
        yield Difference(Problem(str(file), what, "if this is the same campaign, say so with --moved"), is_place=True)
    elif not (file.exists() and other.samefile(file)):
        what = f"run {record.number} in {paths.journal.name} is of {planned}, which has the same name “{paths.name}”"
        remedy = f'give this one a name of its own (name = "…"), or go on with `campaign resume {planned}`'
        raise RunStateError(Problem(str(file), what, remedy))


def _named(record: RunRecord, file: Path) -> Iterable[Difference]:
    """Whether the campaign file names another template than when a run was planned."""
    origin = record.manifest.origin
    if is_spreadsheet(file) or not file.exists() or _digest(file) == origin.campaign_digest:
        return
    try:
        template = named_in(file)
    except CampaignFileError:
        return
    if template != origin.template_named:
        what = f"names the template “{template}”; run {record.number} was planned with “{origin.template_named}”"
        yield Difference(_changed(file, what))


def _changed(where: Path, what: str) -> Problem:
    remedy = f"{AS_PLANNED}: agree to that on a terminal, put it back, or plan anew with `campaign run --new`"
    return Problem(str(where), what, remedy)


def _note(where: Path, what: str, more: str) -> Difference:
    return Difference(Problem(str(where), what, more), asks=False)


def _digest(path: Path) -> str:
    """The SHA-256 of a file; "" where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
