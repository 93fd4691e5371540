"""What is looked at before a run is resumed: the address of its server, and the rows to send again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from campaign.channels.address import base_url
from campaign.channels.look_up import look_up_of
from campaign.errors import Problem, RunStateError
from campaign.journal.records import State
from campaign.runs.run import channel_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from campaign.journal import JournalStore, RunRecord
    from campaign.runs.options import RunObserver, RunOptions


def changed_server(
    journal: JournalStore, record: RunRecord, options: RunOptions, observer: RunObserver
) -> str | Literal[False] | None:
    """The address to send to where the campaign file names another one than when the run was planned.

    Returns:
        The new address; None where nothing differs, or nothing is left to send; False where the observer refuses.

    Raises:
        CampaignFileError: the new address is none.
    """
    manifest = record.manifest
    if options.server_in_file is None or manifest.rehearsal:
        return None
    channel = channel_of(record)
    now = base_url(channel, options.server_in_file)
    # A run may have been planned with --server: then only a change of the file itself says anything.
    named = {manifest.server, *([base_url(channel, manifest.server_in_file)] if manifest.server_in_file else ())}
    waiting = journal.tally(record.number).count(State.PENDING, State.SENDING, *options.retry)
    if now in named or not waiting:
        return None
    return now if observer.confirm_server(manifest.server, now) else False


def check_retries(journal: JournalStore, record: RunRecord, options: RunOptions) -> None:
    """Check that the rows to send again are there.

    Raises:
        RunStateError: their messages were deleted, or rows that were named are in another state.
    """
    if not options.retry:
        return
    where = f"{journal.where}: run {record.number}"
    if any(decision.what == "forget" for decision in journal.decisions(record.number)):
        what = "its messages were deleted by `campaign forget`"
        raise RunStateError(Problem(where, what, "send these rows from a list of their own"))
    doubts_cut_off = not channel_of(record).can_read_back and State.IN_DOUBT in options.retry
    allowed = (*options.retry, State.SENDING) if doubts_cut_off else options.retry
    refuse_other_states(journal, record, options.rows, allowed)


def check_look_up(journal: JournalStore, record: RunRecord) -> None:
    """Check that rows in doubt can be looked up without sending anything.

    Raises:
        RunStateError: the channel has no list of messages, or the run was a rehearsal.
    """
    channel = channel_of(record)
    if record.manifest.rehearsal:
        what, remedy = "was a rehearsal, whose sandbox has ended", "rehearse again"
    elif look_up_of(channel) is None:
        what = f"{channel.name} has no list of messages in which rows in doubt can be looked up"
        remedy = "leave out --look"
    else:
        return
    raise RunStateError(Problem(f"{journal.where}: run {record.number}", what, remedy))


def refuse_other_states(
    journal: JournalStore, record: RunRecord, rows: Sequence[range], allowed: Collection[State]
) -> None:
    """Refuse rows that a run does not have, or that are in other states.

    Raises:
        RunStateError: names each of them, up to ten.
    """
    found = journal.row_states(record.number, rows)
    where = f"{journal.where}: run {record.number}"
    problems = _missing_rows(where, found, rows)
    wanted = " or ".join(state.replace("_", " ") for state in allowed)
    problems += [
        Problem(where, f"row {number} is {state.replace('_', ' ')}, not {wanted}")
        for number, state in found
        if state not in allowed
    ]
    if problems:
        raise RunStateError(*problems[:10])


def refuse_missing_rows(journal: JournalStore, record: RunRecord, rows: Sequence[range]) -> None:
    """Refuse rows that a run does not have.

    Raises:
        RunStateError: names each of them, up to ten.
    """
    found = journal.row_states(record.number, rows)
    if problems := _missing_rows(f"{journal.where}: run {record.number}", found, rows):
        raise RunStateError(*problems[:10])


def _missing_rows(where: str, found: Sequence[tuple[int, State]], rows: Sequence[range]) -> list[Problem]:
    numbers = {number for number, _ in found}
    missing = [each for each in rows if numbers.isdisjoint(each)]
    return [Problem(where, f"there is no row {_range_text(each)}") for each in missing]


def named_rows(rows: Sequence[range]) -> str:
    """Rows as they are typed: "3,9-12"."""
    return ",".join(str(each.start) if len(each) == 1 else f"{each.start}-{each.stop - 1}" for each in rows)


def _range_text(rows: range) -> str:
    return str(rows.start) if len(rows) == 1 else f"{rows.start} to {rows.stop - 1}"
