"""Whether the record is of this campaign, and what differs from what a run was planned with: said before sending."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.campaign_file import NamedFiles, is_spreadsheet, named_in
from campaign.errors import CampaignFileError, Problem, RunStateError
from campaign.journal import Origin, State, peek_journal
from campaign.review.phrases import rows_of
from campaign.runs.options import REHEARSAL_SUFFIX, TRIAL_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from campaign.journal import JournalStore, RunRecord
    from campaign.planning import Plan
    from campaign.runs.options import RunObserver, RunOptions, RunPaths

JOURNALS = "*.journal.db"
OTHER_SUFFIXES = tuple(f"{suffix}.journal.db" for suffix in (REHEARSAL_SUFFIX, TRIAL_SUFFIX))

LONGEST_TEMPLATE = 20_000
"""Characters of a template that are recorded."""

AS_PLANNED = "what is sent stays as it was planned"
NEW_ROWS = (
    "what the list has beyond that gets a run of its own, when this one is finished: `campaign run` with --skip-sent"
)


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
    named = named_in(file) if file is not None else NamedFiles()
    recipients = plan.campaign.recipients
    return Origin(
        campaign=file.name if file else "",
        campaign_digest=file_digest(file) if file else "",
        template_named=named.template,
        template=str(template),
        template_digest=file_digest(template),
        template_text=_beginning(template),
        recipients_digest=file_digest(plan.recipients.path),
        recipients_named=named.recipients,
        header_row=recipients.header_row,
        encoding=recipients.encoding or "",
        delimiter=recipients.delimiter or "",
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
    elif file_digest(template) != origin.template_digest:
        found.append(Difference(_changed(template, f"the template was edited after run {record.number} was planned")))
    if not recipients.exists():
        found.append(_note(recipients, f"the list of run {record.number} is gone", AS_PLANNED))
    elif file_digest(recipients) != origin.recipients_digest:
        what = f"the list was edited after run {record.number} was planned"
        found.append(_note(recipients, what, f"{AS_PLANNED}; {NEW_ROWS}"))
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
    if workbook.exists() and not paths.are_separate:
        what = f"the journal has no run, although {workbook.name} beside it says that there was one"
        remedy = "put the journal back from a copy; or, where everybody may get the message again, add --new"
        raise RunStateError(Problem(journal.where, what, remedy))


def refuse_other_name(paths: RunPaths) -> None:
    """Refuse where runs of this campaign file are on record under another name, also where the file was renamed.

    Raises:
        RunStateError: they are.
    """
    if paths.file is None or paths.are_separate:
        return
    others = [path for path in sorted(paths.folder.glob(JOURNALS)) if not path.name.endswith(OTHER_SUFFIXES)]
    peeked = [(path, found) for path in others if path != paths.journal and (found := peek_journal(path)) is not None]
    for told in (_own, _renamed, _similar):  # what is certain counts first
        for path, (record, tally) in peeked:
            name, sent = path.name.removesuffix(".journal.db"), f"{tally.count(State.SENT)} of {rows_of(tally.rows)}"
            if (said := told(record, paths.file, name)) is not None:
                what = f"there is no run under the name “{paths.name}”, but {path.name} has run {record.number} of "
                what += f"{said[0]}: {sent} {'is' if tally.count(State.SENT) == 1 else 'are'} sent"
                remedy = f"to go on with it, {said[1]}; to message everyone anew, `campaign run` with --new"
                raise RunStateError(Problem(str(paths.file), what, remedy))


def _own(record: RunRecord, file: Path, name: str) -> tuple[str, str] | None:
    """What a run was planned from, and how to go on with it, where that was a file of this name."""
    if record.manifest.origin.campaign != file.name:
        return None
    return f"this campaign file under the name “{name}”", f'set name = "{name}"'


def _renamed(record: RunRecord, file: Path, name: str) -> tuple[str, str] | None:
    """The same, where it was this very file when it had another name."""
    former, digest = record.manifest.origin.campaign, record.manifest.origin.campaign_digest
    if not former or not digest or (file.parent / former).exists() or digest != file_digest(file):
        return None
    return f"this campaign file under the name “{name}”", f"give the file its former name back, {former}"


def _similar(record: RunRecord, file: Path, _name: str) -> tuple[str, str] | None:
    """The same, where it was a file that is gone and had this one's list or template: it may have been edited since.

    Shipped templates say nothing: many campaigns use them.
    """
    origin, planned = record.manifest.origin, Path(record.manifest.recipients)
    if not origin.campaign or record.manifest.rehearsal or (file.parent / origin.campaign).exists():
        return None
    try:
        named = named_in(file)
    except CampaignFileError:
        return None
    a_copy = named.recipients and file_digest(file.parent / named.recipients) == origin.recipients_digest != ""
    if _is_list(file, named, planned) or a_copy:
        shared = "list"
    elif named.template and (file.parent / named.template).resolve() == Path(origin.template):
        shared = "template"
    else:
        return None
    go_on = f"if this is that file, give it its former name back, {origin.campaign}"
    return f"{origin.campaign}, which is gone and had the same {shared}", go_on


def _shares_nothing(record: RunRecord, file: Path) -> bool:
    """Whether a file of the same name seems to be another one: a database contains campaigns of many folders."""
    origin, planned = record.manifest.origin, Path(record.manifest.recipients)
    if file_digest(file) in ("", origin.campaign_digest):
        return False
    named = named_in(file)
    has_template = named.template and (file.parent / named.template).resolve() == Path(origin.template)
    a_copy = named.recipients and file_digest(file.parent / named.recipients) == origin.recipients_digest != ""
    return not (_is_list(file, named, planned) or has_template or a_copy)


def _is_list(file: Path, named: NamedFiles, planned: Path) -> bool:
    """Whether a campaign file names the list that a run was planned with, by whichever spelling."""
    return bool(named.recipients) and (file.parent / named.recipients).resolve() == planned


def _place(record: RunRecord, paths: RunPaths, file: Path) -> Iterable[Difference]:
    """Whether a run was planned from another campaign file."""
    planned = record.manifest.origin.campaign
    if planned == file.name and paths.address is not None and _shares_nothing(record, file):
        what = (
            f"run {record.number} in that database was planned from another {planned}, with another list and template"
        )
        remedy = 'give this campaign a name of its own (name = "…"); or, if it is the same one, say so with --moved'
        yield Difference(Problem(str(file), what, remedy), is_place=True)
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
    """Whether the campaign file names another template or list than when a run was planned."""
    origin = record.manifest.origin
    if is_spreadsheet(file) or not file.exists() or file_digest(file) == origin.campaign_digest:
        return
    try:
        named = named_in(file)
    except CampaignFileError:
        return
    if named.template != origin.template_named:
        what = f"names the template “{named.template}”; run {record.number} was planned with “{origin.template_named}”"
        yield Difference(_changed(file, what))
    planned = Path(record.manifest.recipients)
    if named.recipients not in ("", origin.recipients_named) and not _is_list(file, named, planned):
        what = f"names the list “{named.recipients}”; run {record.number} was planned with “{planned.name}”"
        yield _note(file, what, f"the rest of “{planned.name}” is sent, and nothing of the other; {NEW_ROWS}")


def _changed(where: Path, what: str) -> Problem:
    remedy = f"{AS_PLANNED}: agree to that on a terminal, put it back, or plan anew with `campaign run --new`"
    return Problem(str(where), what, remedy)


def _note(where: Path, what: str, more: str) -> Difference:
    return Difference(Problem(str(where), what, more), asks=False)


def file_digest(path: Path) -> str:
    """The SHA-256 of a file; "" where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _beginning(path: Path) -> str:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return file.read(LONGEST_TEMPLATE)


def refuse_old_run(journal: JournalStore, record: RunRecord) -> None:
    """Refuse to deliver a run after which another one was started.

    Raises:
        RunStateError: there is a newer one.
    """
    last = journal.last_run()
    if last is not None and last.number != record.number:
        where = f"{journal.where}: run {record.number}"
        raise RunStateError(Problem(where, f"run {last.number} has been started since", "deliver that one"))
