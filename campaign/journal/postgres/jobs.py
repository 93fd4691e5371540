"""The jobs of runs: Procrastinate hands them to workers. The only module that uses it.

A job says that shards of a run are to be delivered, and nothing more: what a worker may do is decided by the journal,
so a job that is lost, or is handed out twice, costs a moment. The names carry a version, so that an older worker takes
none that it does not know.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any, LiteralString, NamedTuple

import procrastinate
import psycopg
from procrastinate import exceptions, jobs
from psycopg import errors

from campaign.errors import JournalWriteError, Problem
from campaign.journal.postgres.errors import reason_of
from campaign.journal.postgres.rights import GRANTS, grants

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from campaign.journal.cluster import OpenRun
    from campaign.journal.postgres.address import Address
    from campaign.journal.postgres.database import Connection, Database

for _name in ("procrastinate", "psycopg.pool"):  # what matters of theirs is said by the worker
    logging.getLogger(_name).setLevel(logging.CRITICAL)

TASK, QUEUE = "deliver_shards_v1", "shards-v1"

PLACE = "campaign"
"""The schema of Procrastinate's tables in a new database. An older campaign made them where its role's names led to: in
a schema of the role's name, else in `public`."""

# Read from the tables themselves: what the server's functions know of names may be older.
_FIND: LiteralString = f"""
SELECT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relname = 'procrastinate_jobs' AND relkind = 'r' AND nspname IN ('{PLACE}', 'public', pg_get_userbyid(relowner))
ORDER BY nspname <> '{PLACE}', nspname <> 'public', nspname LIMIT 1
"""

# Its functions name its tables without their schema, so the path has to lead to them, for whichever role.
_LEAD_THERE: LiteralString = f"""
SELECT set_config('search_path', quote_ident(coalesce(({_FIND}), '{PLACE}')), %s)
"""

_NOT_FOUND = (errors.InsufficientPrivilege, errors.UndefinedFunction, errors.UndefinedTable)
"""What a role is answered that lacks rights: names of a schema that it may not use are not found."""

_MAKING = 0x63616D7000000002
"""The advisory lock that is held while Procrastinate's tables are made; "camp" and a number."""


class Job(NamedTuple):
    """A job that a worker has taken.

    Attributes:
        number: which of the run's jobs it is.
        taken: the same, as Procrastinate knows it.
    """

    number: int
    taken: Any

    @property
    def id(self) -> int:
        """Its number among all jobs."""
        return int(self.taken.id)


def make_tables(database: Database) -> None:
    """Give a database Procrastinate's tables, if it has none.

    Raises:
        JournalWriteError: they cannot be made, perhaps because only the owner of the schema may do that.
    """
    if database.row(_FIND) is not None:
        return
    try:
        _make_tables(database)
    except JournalWriteError as error:
        if not isinstance(error.__cause__, errors.InsufficientPrivilege):
            raise
        what = "has no tables for the jobs of workers yet, and only the owner of its journals may make them"
        remedy = f"let the owner run `campaign journal upgrade`, and then {GRANTS}"
        raise JournalWriteError(Problem(database.address.shown, what, remedy)) from error.__cause__


def _make_tables(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKING,))
        if connection.execute(_FIND).fetchone() is None:
            connection.execute(_LEAD_THERE, (True,))
            connection.execute(procrastinate.schema.SchemaManager.get_schema())


def defer_jobs(connection: Connection, address: Address, run: int, order: int, count: int) -> None:
    """Queue the jobs of a run's order, within the caller's transaction, and as the last of it.

    Raises:
        JournalWriteError: they cannot be queued.
    """
    app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
    connection.execute(_LEAD_THERE, (True,))
    try:
        for number in range(count):
            app.configure_task(TASK, **_configured(order, number), connection=connection).defer(run=run, job=number)
    except exceptions.ConnectorException as error:
        raise _cannot_write(address, error) from None


def _configured(order: int, number: int) -> dict[str, Any]:
    lock = f"{order}:{number}"
    return {"queue": _queue(order), "lock": lock, "queueing_lock": lock}


def _queue(order: int) -> str:
    return f"{QUEUE}/{order}"


class JobQueue:
    """A worker's view of the jobs. Use with `async with`.

    Attributes:
        worker: the worker's number at Procrastinate; None before it has one.
    """

    def __init__(self, address: Address, lease: float) -> None:
        """Open nothing yet.

        Args:
            address: of the database.
            lease: seconds without a heartbeat after which a worker's jobs are another's.
        """
        self._address = address
        self._lease = lease
        connector = procrastinate.PsycopgConnector(
            kwargs={**address.parameters, "autocommit": True},
            configure=_lead_there,
            min_size=1,
            max_size=2,
            timeout=5.0,
        )
        self._app = procrastinate.App(connector=connector)
        self.worker: int | None = None

    async def __aenter__(self) -> Self:
        """Connect."""
        with self._errors():
            await self._app.open_async()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Sign off, and close."""
        with contextlib.suppress(JournalWriteError):
            await self._sign_off()
        await self._app.close_async()

    async def _sign_off(self) -> None:
        if self.worker is not None:
            with self._errors():
                await self._app.job_manager.unregister_worker(self.worker)

    async def beat(self) -> None:
        """Say that the worker lives; it gets a number if it has none.

        Raises:
            JournalWriteError: it is not on record.
        """
        with self._errors():
            if self.worker is None:
                await self._app.job_manager.prune_stalled_workers(self._lease)
                self.worker = await self._app.job_manager.register_worker()
            else:
                await self._app.job_manager.update_heartbeat(self.worker)

    async def fetch(self, run: OpenRun) -> Job | None:
        """Take the next job of a run; None where there is none.

        Raises:
            JournalWriteError: none can be taken, perhaps because the worker was taken for dead.
        """
        if self.worker is None:
            await self.beat()
        with self._errors():
            assert self.worker is not None  # noqa: S101 - `beat` gave it one
            taken = await self._app.job_manager.fetch_job([_queue(run.order)], self.worker)
        return None if taken is None else _job(taken)

    async def finish(self, job: Job) -> None:
        """Remove a job that was done."""
        with self._errors(), _unless_gone():
            await self._app.job_manager.finish_job(job.taken, jobs.Status.SUCCEEDED, delete_job=True)

    async def put_back(self, job: Job) -> None:
        """Let another worker take a job at once."""
        with self._errors(), _unless_gone():
            try:
                await self._app.job_manager.retry_job(job.taken)
            except exceptions.UniqueViolation:  # it was queued anew
                await self._app.job_manager.finish_job(job.taken, jobs.Status.FAILED, delete_job=True)

    async def queue(self, run: OpenRun, number: int) -> None:
        """Queue a job, unless it is queued already."""
        with self._errors(), contextlib.suppress(exceptions.AlreadyEnqueued):
            await self._app.configure_task(TASK, **_configured(run.order, number)).defer_async(run=run.key, job=number)

    async def put_stalled_back(self) -> bool:
        """Let the jobs of dead workers be taken by others; returns whether there were any."""
        with self._errors():
            stalled = await self._app.job_manager.get_stalled_jobs(task_name=TASK, seconds_since_heartbeat=self._lease)
        found = False
        for each in stalled:
            await self.put_back(_job(each))
            found = True
        return found

    async def own(self) -> list[Job]:
        """The jobs that this worker has by the database; it need not know of all: an answer may have been lost."""
        if self.worker is None:
            return []
        with self._errors():
            found = await self._app.job_manager.list_jobs_async(task=TASK, status="doing", worker_id=self.worker)
        return [_job(each) for each in found]

    async def orders(self) -> set[int]:
        """The orders that have jobs waiting."""
        with self._errors():
            waiting = await self._app.job_manager.list_jobs_async(task=TASK, status="todo")
        return {int(each.queue.rpartition("/")[2]) for each in waiting}

    async def clear(self, order: int) -> None:
        """Remove the jobs that wait for an order that has ended."""
        with self._errors():
            for each in await self._app.job_manager.list_jobs_async(queue=_queue(order), status="todo"):
                await self._app.job_manager.cancel_job_by_id_async(each.id or 0, delete_job=True)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (exceptions.ConnectorException, psycopg.Error) as error:
            if isinstance(error.__cause__, errors.ForeignKeyViolation):
                self.worker = None  # it was taken for dead
            raise _cannot_write(self._address, error) from None


async def _lead_there(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.execute(_LEAD_THERE, (False,))


def _cannot_write(address: Address, error: Exception) -> JournalWriteError:
    cause = error.__cause__ or error
    reason, remedy = type(cause).__name__, "see to the database"
    if isinstance(cause, _NOT_FOUND):
        reason, remedy = reason_of(address, cause), grants(address)
    what = f"the jobs of the workers cannot be read or written ({reason})"
    return JournalWriteError(Problem(address.shown, what, remedy))


def _job(taken: jobs.Job) -> Job:
    return Job(int(str(taken.task_kwargs["job"])), taken)


@contextlib.contextmanager
def _unless_gone() -> Iterator[None]:
    """Let nothing happen to a job that another worker has taken or removed meanwhile, which its functions refuse."""
    try:
        yield
    except exceptions.ConnectorException as error:
        if not isinstance(error.__cause__, errors.RaiseException):
            raise
