"""Whether a run is left to workers, and how that is put on record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from campaign.errors import Problem, RunStateError
from campaign.journal.cluster import Order
from campaign.runs.holds import gate_is_passed
from campaign.runs.watching import early_end_of
from campaign.schedule import ANY_TIME
from campaign.text import rough_duration
from campaign.time_zone import own_time_zone

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.journal import JournalStore, RunRecord
    from campaign.journal.orders import Orders
    from campaign.runs.options import RunObserver, RunOptions
    from campaign.runs.run import Run
    from campaign.schedule import Schedule
    from campaign.settings import DeliverySettings


def orders_for(journal: JournalStore, settings: DeliverySettings, options: RunOptions) -> Orders | None:
    """How a run is left to workers; None where this process delivers it itself.

    That is so in a journal for one process, and where no worker is at work.

    Args:
        journal: the journal.
        settings: how the run is delivered.
        options: what is asked for.

    Raises:
        RunStateError: it is to be left to workers, and cannot be.
    """
    if (orders := journal.orders()) is None:
        return None
    workers = orders.workers()
    if not workers and not options.watch_only:
        return None
    _refuse_long_timeout(orders, settings)
    _in_own_zone(settings.schedule)
    return orders


def say_who_delivers(journal: JournalStore, orders: Orders | None, observer: RunObserver) -> None:
    """Say that a run that goes on now is delivered by this process alone, or waits for a worker, where that is so.

    Args:
        journal: the journal.
        orders: how the run is left to workers; None: this process delivers it.
        observer: learns of it.
    """
    if orders is not None and not orders.workers():
        observer.told(
            "No worker is at work for this database yet, and the run waits for one. On each machine that is to deliver "
            "it: campaign worker --journal URL"
        )
    elif orders is None and journal.orders() is not None:
        observer.told(
            "No worker is at work for this database, so this process delivers the run itself. For a run on many "
            "machines, start `campaign worker` on each of them first."
        )


def _in_own_zone(schedule: Schedule) -> Schedule:
    """A schedule that means the same on every machine: where it names no time zone, it means this machine's.

    Raises:
        RunStateError: the name of that cannot be found out.
    """
    if not schedule.needs_zone:
        return schedule
    zone = own_time_zone()
    if zone is None:
        what = "workers may be in other time zones, and the name of this machine's is not known"
        raise RunStateError(Problem("[schedule] time_zone", what, 'name it: time_zone = "Asia/Ho_Chi_Minh"'))
    return replace(schedule, time_zone=zone)


def _refuse_long_timeout(orders: Orders, settings: DeliverySettings) -> None:
    """Refuse a run whose requests may take longer than a worker's lease allows.

    Raises:
        RunStateError: they may.
    """
    longest = orders.times().longest_timeout
    if settings.timeout > longest:
        what = f"timeout = {rough_duration(settings.timeout)} is too long for workers with a lease of"
        what += f" {rough_duration(orders.times().lease)}"
        remedy = f"at most {rough_duration(longest)}; `campaign journal upgrade --lease SECONDS` changes the lease"
        raise RunStateError(Problem("[delivery] timeout", what, remedy))


def seal_run(
    run: Run, journal: JournalStore, unfinished: RunRecord | None, seal: Callable[[Run], object] | None
) -> None:
    """Declare the plan of a run complete, and put it in the place of an unfinished one.

    Args:
        run: the run.
        journal: its journal.
        unfinished: the run that it takes the place of.
        seal: does it, and more; None: it is only declared complete.
    """
    if unfinished is not None:
        journal.leave_unsent(unfinished.number, f"left unsent: run {run.number} started over")
    if seal is not None:
        seal(run)
    else:
        journal.seal(run.number)


def leave_to_workers(run: Run, orders: Orders, settings: DeliverySettings) -> None:
    """Put on record what the run asks of the workers; the caller holds the journal.

    Raises:
        JournalError: nothing is on record.
    """
    gate = None
    if settings.gate is not None and not gate_is_passed(run.journal, run.number):
        gate = run.journal.first_rows(run.number, settings.gate.after).last
    lists, settings = run.suppression.rules, replace(settings, schedule=_in_own_zone(settings.schedule))
    manifest = replace(run.record.manifest, settings=settings, server=run.server, suppress=lists)
    orders.place(
        run.number,
        Order(
            manifest,
            retry=run.to_retry,
            rows=run.retry_rows,
            limit=settings.limit,
            gate=gate,
            early_end=early_end_of(settings),
            by=run.by,
            reads_lists=bool(lists) and settings.schedule != ANY_TIME,
        ),
    )
