"""A run that workers deliver and no process watches any more: `campaign resume` watches it again, and asks nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from campaign.runs.run import Run
from campaign.runs.start import check_workbook_path

if TYPE_CHECKING:
    from campaign.journal import JournalStore
    from campaign.runs.options import RunObserver, RunOptions, RunPaths


class WatchedRun(NamedTuple):
    """A run to watch.

    Attributes:
        run: the run, with the settings and lists by which it is delivered.
        early_end: why rows are waiting once it ends as planned.
    """

    run: Run
    early_end: str


def run_to_watch(
    journal: JournalStore, paths: RunPaths, options: RunOptions, observer: RunObserver
) -> WatchedRun | None:
    """The run that workers deliver and that no process watches; None where it is to be resumed, or that is refused.

    Args:
        journal: the journal, which the caller does not hold.
        paths: of the results workbook.
        options: what is asked for; what would change the delivery is not done while workers are at work.
        observer: learns of it.

    Raises:
        RecipientsError: a list cannot be read that has to be read again.
        ResultsError: the results workbook has no place.
    """
    orders, last = journal.orders(), journal.last_run()
    changes = (
        options.retry, options.rows, options.suppress, options.look, options.server, options.recover, options.limit,
        options.rate, options.concurrency, options.not_before, options.window,
    )  # fmt: skip
    if orders is None or last is None or any(changes):
        return None
    found = orders.under_way(last.number)
    if found is None:
        return None
    check_workbook_path(paths.workbook(last.number), Path(found.record.manifest.recipients))
    run = Run(journal, found.record, {}, retry=found.retry, proxies=options.proxies)
    run.retry_rows, run.by, run.decide_gate = found.rows, options.by, observer.passes_gate
    state = orders.state(run.number)
    if state.lists_good_until is not None:
        run.suppression.read()
    observer.told(f"Workers deliver run {run.number} ({', '.join(state.workers)}); this process watches it again.")
    return WatchedRun(run, found.early_end)
