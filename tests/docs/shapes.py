"""What commands print for programs, as models: the source of the page about it, of its schemas, and of their test."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, RootModel

from campaign.finding_kinds import Severity
from campaign.journal import State


class Shape(BaseModel):
    """An object with exactly these members."""

    model_config = ConfigDict(extra="forbid")


Count = Annotated[int, Field(ge=0)]


class Problem(Shape):
    """One thing that is wrong."""

    where: str = Field(description="The cell, the row, the file or the key.")
    what: str = Field(description="What is wrong there, for people.")
    remedy: str = Field(description='What to do about it; "" where that is plain.')
    code: str = Field(description="The kind of problem, for programs: see [Errors](errors.md).")


class Finding(Shape):
    """One kind of thing that may go wrong."""

    code: str = Field(description="The kind: see [Findings](findings.md).")
    severity: Severity = Field(description='"stop": it has to be decided; "note": it is good to know.')
    count: Count = Field(description="How many rows or cells; or columns, conversations, settings.")
    rows: list[int] = Field(description="The numbers of the first few rows.")
    cells: list[str] = Field(description="The references of the first few cells.")
    message: str = Field(description="What was found and where, for people.")
    remedy: str = Field(description="What to do: the line for the campaign file and the option to type.")


class Rows(Shape):
    """How many rows are in each state; they add up to `rows`."""

    rows: Count = Field(description="Rows of the list.")
    sent: Count = Field(description="The server confirmed the message.")
    failed: Count = Field(description="The server refused the row for good.")
    in_doubt: Count = Field(description="It is not known whether the server took the message.")
    invalid: Count = Field(description="The row cannot be sent as it is.")
    skipped: Count = Field(description="Left out on purpose.")
    pending: Count = Field(description="Not sent yet; a row that was cut off counts here.")
    deleted: Count = Field(description="Sent, and deleted on the server since.")


class RunHead(Shape):
    """How a run ended."""

    run: int | None = Field(description="The run's number; null where nothing was begun.")
    state: Literal["finished", "stopped"] = Field(description="Whether every row has a final state.")
    reason: str | None = Field(description="Why it is stopped, for people; null where it is finished.")


class RunObject(Rows, RunHead):
    """A run."""

    requests: Count = Field(description="Requests that were made.")
    throttled: Count = Field(description="How often the server asked to slow down.")
    seconds: float = Field(description="How long the deliveries took, without their waits for a window or an answer.")
    results: str | None = Field(description="The path of the results workbook; null where there is none.")
    annotated: str = Field("", description="The path of the copy of the list. Present only with `--annotate`.")
    page: str = Field("", description="The path of the report as a page. Present only with `--html`.")
    warnings: list[Finding] = Field(description="What was found when the run was planned.")


class LeftOut(Shape):
    """Rows that are left out for one reason."""

    reason: str = Field(description="Why, for people.")
    count: Count = Field(description="How many.")
    rows: list[int] = Field(description="The numbers of the first few.")


class Column(Shape):
    """A variable with its column, or a column without a variable."""

    variable: str | None = Field(description="The variable; null for a column that the template does not use.")
    column: str | None = Field(description="The column's letter; null for a value that is the same for every row.")
    header: str | None = Field(description="The column's header.")
    example: str | None = Field(description="The text of the first row.")
    stored: str | None = Field(description="An example of a value that is displayed differently than stored.")
    displayed: str | None = Field(description="How that value is displayed.")


class CheckObject(Rows):
    """What `check` found."""

    left_out: list[LeftOut] = Field(description="Rows that are left out on purpose, by reason.")
    columns: list[Column] = Field(description="The mapping of variables to columns.")
    notes: list[str] = Field(description="How the list was read, for people.")
    warnings: list[Finding] = Field(description="The findings.")
    problems: list[Problem] = Field(description="Every problem of every row.")


class PreviewRow(Shape):
    """A message."""

    row: int = Field(description="The row's number in the list.")
    label: str = Field(description='What the row is called besides its number; "" for nothing.')
    destination: str = Field(description="Where the message goes.")
    payload: dict[str, Any] | None = Field(description="The JSON body; null where the row has none.")
    problems: list[str] = Field(description="What is wrong with the row, for people.")
    note: str = Field(description='Why it is not sent, for people; "" where it is.')
    findings: list[str] = Field(description="The codes of findings that concern the row.")


class StatusHead(Shape):
    """Where a run is, and whose it is."""

    run: int = Field(description="The run's number.")
    state: Literal["planning", "waiting", "sending", "stopped", "finished"] = Field(description="Where it is.")
    rehearsal: bool = Field(description="Whether it is a rehearsal, or a test to oneself.")
    started_at: str = Field(description="When it began: ISO 8601, with the local offset.")
    ended_at: str | None = Field(description="When it ended; null while it is under way.")
    by: str | None = Field(description="Who started it, as user@host; null where that is not on record.")


class StatusRun(Rows, StatusHead):
    """A run or a rehearsal, as `status` shows it."""

    requests: Count = Field(description="Requests that were made.")
    throttled: Count = Field(description="How often the server asked to slow down.")


class Coverage(Shape):
    """How much of the latest list has its messages, over all runs."""

    rows: Count = Field(description="Rows of the list.")
    sent: Count = Field(description="Sent by any run.")
    in_doubt: Count = Field(description="In doubt.")
    not_sent: Count = Field(description="The others.")


class Active(Shape):
    """The process that is at work on a run."""

    run: int = Field(description="On which run.")
    host: str = Field(description="The machine.")
    process: int = Field(description="The number of the process on it.")
    since: str = Field(description="Since when.")
    rate: float | None = Field(
        description="Rows a second, lately; null where that is not known yet, or its workers deliver other runs too."
    )
    eta_seconds: int | None = Field(description="Seconds until no row is waiting any more; null if it is not known.")
    waiting_for: Literal["window", "limit", "server", "gate", "worker"] | None = Field(
        description="What no message leaves for at the moment; null while they do."
    )


class StatusObject(Shape):
    """How the runs of a campaign are."""

    campaign: str = Field(description="Its name.")
    runs: list[StatusRun] = Field(description="Every run and rehearsal, in the order in which they were planned.")
    coverage: Coverage = Field(description="How much of the latest list has its messages.")
    active: Active | None = Field(description="The process that is at work; null if there is none.")


class StopObject(Shape):
    """A delivery that was asked to stop."""

    holder: str = Field(description="Who delivers, for people.")
    stopping: bool = Field(description="Whether it has noticed.")


class ForgetObject(Shape):
    """Data that were deleted."""

    run: int = Field(description="The run whose data are deleted.")
    rows: Count = Field(description="Its rows.")
    with_data: list[int] = Field(description="Other runs that still have their data.")
    workbook: str | None = Field(description="The path of a results workbook that still has them; null where none is.")


class ConversationsObject(Shape):
    """Conversations that were listed."""

    state: Literal["finished", "stopped"] = Field(description="Whether the list is whole.")
    reason: str | None = Field(description="Why it is stopped, for people; null where it is finished.")
    conversations: Count = Field(description="Conversations of the period.")
    contacts: Count = Field(description="How many of them have a contact.")
    unread: Count = Field(description="Entries of the server's list that were not understood.")
    requests: Count = Field(description="Requests that were made.")
    throttled: Count = Field(description="How often the server asked to slow down.")
    seconds: float = Field(description="How long it took.")
    results: str | None = Field(description="The path of the list; null where there is none.")
    notes: list[str] = Field(description="What is worth knowing, for people.")


class DoctorCheck(Shape):
    """What was looked at."""

    name: str = Field(description="What: see [Look for what would stop a run](../how-to/doctor.md).")
    state: Literal["ok", "warning", "problem"] = Field(description="How it is.")
    message: str = Field(description="What was found, for people.")
    remedy: str = Field(description='What to do about it; "" where nothing needs doing.')


class DoctorObject(Shape):
    """What `doctor` found."""

    checks: list[DoctorCheck] = Field(description="What was looked at; a name may occur more than once.")


class WorkerObject(Shape):
    """A worker."""

    name: str = Field(description="By which an operator calls it.")
    host: str = Field(description="The name of its machine.")
    process: int = Field(description="The number of its process.")
    version: str = Field(description="Of campaign.")
    campaign: str | None = Field(description="The campaign that it works for; null: any.")
    started_at: float = Field(description="When it started, in seconds since the epoch.")
    last_sign_seconds: float = Field(description="Seconds since its last sign of life.")
    rate: float | None = Field(description="Rows a second; null where that is not known yet.")
    shards: Count = Field(description="The shards of runs that it has.")
    leaving: bool = Field(description="Whether it ends what it has, and leaves.")


class WorkersObject(Shape):
    """The workers of a database."""

    workers: list[WorkerObject] = Field(description="Those that are at work.")


class DrainObject(Shape):
    """Workers that were asked to leave."""

    name: str = Field(description="What they are called.")
    workers: Count = Field(description="How many they are.")


class WorkerEventObject(Shape):
    """Something that happened to a worker. Members other than the first three belong to some events alone."""

    time: str = Field(description="When: ISO 8601, in UTC.")
    event: Literal[
        "started", "took", "took_over", "settled_in_doubt", "gave_back", "run_ended", "paused", "lease_lost",
        "database_lost", "database_back", "leaving", "left", "warning",
    ] = Field(description="What happened: see [Many machines](../how-to/many-machines.md).")  # fmt: skip
    worker: str = Field(description="By which name an operator calls the worker.")
    version: str = Field("", description="`started`: of campaign.")
    lease_seconds: float = Field(0, description="`started`: for how long others wait for a worker that is silent.")
    campaign: str | None = Field(None, description="The campaign; `started`: the only one it works for, null: any.")
    run: int = Field(0, description="The run's number, where the event is about one.")
    shards: list[int] = Field([], description="`took`, `gave_back`: the shards.")
    epochs: list[int] = Field([], description="`took`: the epoch of each; it rises whenever a shard is taken.")
    workers: list[str] = Field([], description="`took_over`: who held some of the shards until the lease was lost.")
    rows: Count = Field(0, description="`settled_in_doubt`: rows that were cut off, and are in doubt now.")
    done: bool | None = Field(None, description="`gave_back`: nothing in them waits; null: that could not be recorded.")
    finished: bool = Field(default=True, description="`run_ended`: no row waits; else it was stopped.")
    seconds: float = Field(0, description="`paused`: for how long; `database_back`: how long it was lost.")
    all_workers: bool = Field(
        default=True, description="`paused`: because of the server; else it is not reached from here."
    )
    silent_seconds: float = Field(0, description="`lease_lost`: how long ago the last beat was.")
    reason: str = Field("", description='`leaving`: "signal", "drain" or "idle".')
    where: str = Field("", description="`warning`: what it is about.")
    what: str = Field("", description="`warning`: what is wrong there, for people.")
    remedy: str = Field("", description='`warning`: what to do about it; "" where that is plain.')


class LeaseObject(Shape):
    """What the workers of a database count on."""

    lease_seconds: float = Field(description="For how long others wait for a worker that is silent.")
    longest_timeout_seconds: float = Field(description="The longest time-out of a run that workers deliver.")
    synchronous_standby: bool = Field(description="Whether it is stated that a standby which takes over lacks nothing.")


class ImportObject(Shape):
    """An import of a journal file."""

    campaign: str = Field(description="By which name the database knows the campaign.")
    database: str = Field(description="The database's address, without a password.")
    state: Literal["imported", "already", "undone"] = Field(
        description="Whether it was imported now, was there already, or was taken back."
    )
    runs: int = Field(description="How many runs were imported.")
    rows: int = Field(description="How many rows they have.")


class Attempt(Shape):
    """A request that was made for a row."""

    what: Literal["send", "read-back", "undo"] = Field(description="What it was for.")
    started_at: str = Field(description="When it was recorded, before it left.")
    ended_at: str | None = Field(description="When its outcome was known.")
    result: str | None = Field(description="What came of it.")
    http_status: int | None = Field(description="The status of the response.")
    detail: str | None = Field(description="More about it, for people.")


class ExportedRow(Shape):
    """A row of a run; [Every row as CSV or JSON](results.md) says more."""

    version: Literal[1] = Field(description="The version of this form.")
    run: int = Field(description="The run's number.")
    row: int = Field(description="The row's number in the list.")
    state: State = Field(description="What became of it.")
    kind: str = Field(description='The cause, the same word for all rows that have it; "" for none.')
    reason: str = Field(description="Why it was not sent, for people.")
    destination: str = Field(description="Where the message goes.")
    message: str | None = Field(description="The message as plain text.")
    message_id: str | None = Field(description="The server's id of it.")
    http_status: int | None = Field(description="Of the last response.")
    sent_at: str | None = Field(description="When the server took it: ISO 8601, in UTC.")
    latency_ms: float | None = Field(description="Of the last request.")
    attempts: list[Attempt] = Field(description="Every request, in their order.")
    payload: dict[str, Any] | None = Field(description="The JSON body.")
    cells: dict[str, str] = Field(description="The cells of the row as displayed, by header.")


class PreviewRows(RootModel[list[PreviewRow]]):
    """The messages."""


class Output(NamedTuple):
    """What commands print.

    Attributes:
        name: the name of its schema.
        title: what it is, as a heading.
        commands: what is typed for it.
        model: its form.
        text: what the page says of it.
        typed: what is typed for it, where that is not a command with `--json` alone.
    """

    name: str
    title: str
    commands: tuple[str, ...]
    model: type[BaseModel]
    text: str
    typed: str = ""


OUTPUTS = (
    Output(
        "run",
        "A run",
        ("run", "test", "resume", "abandon", "resolve", "undo", "results", "rooms"),
        RunObject,
        "One object. Of a run that was refused, or of a dry run, `run` is null and `reason` says why. With `undo`, "
        "`state` and `reason` are those of the undo. With `rooms`, `sent` are rows with a conversation.",
    ),
    Output("check", "What `check` found", ("check",), CheckObject, "One object."),
    Output("preview", "Messages", ("preview",), PreviewRows, "An array with an object for each message."),
    Output("status", "How the runs stand", ("status",), StatusObject, "One object; with `--watch`, at the end."),
    Output("stop", "A delivery that was asked to stop", ("stop",), StopObject, "One object."),
    Output("forget", "Data that were deleted", ("forget",), ForgetObject, "One object."),
    Output("conversations", "Conversations of a period", ("conversations",), ConversationsObject, "One object."),
    Output("doctor", "What `doctor` found", ("doctor",), DoctorObject, "One object."),
    Output("workers", "The workers of a database", ("workers",), WorkersObject, "One object."),
    Output("drain", "Workers that leave", ("worker",), DrainObject, "With `--drain`, one object; else events."),
    Output("lease", "The lease of workers", ("journal upgrade",), LeaseObject, "One object."),
    Output("import", "An import of a journal", ("journal import",), ImportObject, "One object."),
    Output(
        "event",
        "What happens to a worker",
        (),
        WorkerEventObject,
        "One such object on a line for each event, until the worker has left. What servers say and destinations are "
        "not among them.",
        "`campaign worker --json`",
    ),
    Output(
        "row",
        "A row of a run",
        (),
        ExportedRow,
        "`campaign results FILE --format jsonl` prints one such object on a line for each row; see "
        "[Every row as CSV or JSON](results.md).",
        "`campaign results --format jsonl`",
    ),
)
