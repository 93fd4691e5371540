"""Write a plan to the journal, with an id for each of its messages."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from campaign.plan_rows import PlanCounts
from campaign.planning import plan_batches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.channels import Payload
    from campaign.journal import JournalStore, PlannedRow, RunRecord
    from campaign.plan_findings import FindingCollector
    from campaign.planning import LeaveOut, Plan


def message_id(secret: bytes, row: int) -> str:
    """The id of a row's message: the same at every attempt and after every crash, and unguessable.

    Args:
        secret: the run's secret.
        row: the row's number.
    """
    return hmac.digest(secret, b"%d" % row, "sha256").hex()[:32]


def write_plan(
    plan: Plan,
    journal: JournalStore,
    run: RunRecord,
    leave_out: LeaveOut | None = None,
    collector: FindingCollector | None = None,
) -> Iterator[tuple[PlannedRow, PlanCounts]]:
    """Write a run's whole plan to the journal; yields each row with the counts so far.

    Raises:
        RecipientsError: the list is damaged further down, has no rows, or was changed since it was opened. The plan is
            then not complete.
        JournalError: the journal cannot be written.
    """
    channel, counts, seq = plan.channel, PlanCounts(), 1

    def stamp(payload: Payload, row: int) -> Payload:
        return channel.stamp(payload, message_id(run.secret, row))

    for batch in plan_batches(plan, stamp, collector, leave_out):
        journal.add(run.number, seq, batch)
        seq += len(batch)
        for row in batch:
            counts.add(row)
            yield row, counts
