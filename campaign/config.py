"""The settings of a campaign as a typed model, with every problem named by its key."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from campaign.config_values import (
    Command,
    Concurrency,
    DatabaseAddress,
    Days,
    DayWindow,
    FilePath,
    Moment,
    Name,
    OneOrMore,
    Rate,
    Seconds,
    Share,
    TemplateName,
    Texts,
    TimeZone,
    WebHook,
    Word,
    finding_codes,
    in_words,
)
from campaign.errors import Problem
from campaign.schedule import EVERY_DAY, Schedule
from campaign.settings import DeliverySettings, GateSettings, PaceSettings
from campaign.sheets.table import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

DEFAULTS = DeliverySettings()


class Section(BaseModel):
    """A section of the campaign file: known keys only, strict types, immutable."""

    # An address may contain a password, which a traceback must not show.
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True, hide_input_in_errors=True
    )


class RecipientsSection(Section):
    """The list of recipients and how to read it.

    Attributes:
        file: .xlsx, .xlsm, .csv or .tsv.
        sheet: the sheet to read; None: the first visible one.
        header_row: the row that contains the headers, from 1.
        encoding: of a CSV, as Python names it; None: detect it.
        delimiter: of a CSV: a character, or comma, semicolon, tab, pipe; None: detect it.
        short_date: the number format of dates whose format follows the computer's regional settings.
        hidden_rows: "send" or "skip" rows that the sheet hides; None: that is to be decided where there are any.
        label: the header of the column by whose text rows are called; None: by their number alone.
        where: expressions over the variables of a row; a row is sent if all of them are true.
        key: the variables or headers that make two rows the same, also from run to run; (): what is sent to whom.
        legacy_font: "convert" text of TCVN3 and VNI fonts to Unicode; None: that is to be decided where there is any.
    """

    file: FilePath
    sheet: str | None = None
    header_row: int = Field(default=1, ge=1, le=1_048_576)
    encoding: str | None = None
    delimiter: str | None = None
    short_date: str = "dd/mm/yyyy"
    hidden_rows: Literal["send", "skip"] | None = None
    label: str | None = None
    where: Texts = ()
    key: Texts = ()
    legacy_font: Literal["convert"] | None = None

    @property
    def read_options(self) -> ReadOptions:
        """How the file is read."""
        return ReadOptions(
            self.sheet, self.header_row, self.encoding, self.delimiter, self.short_date, self.legacy_font
        )


class ChecksSection(Section):
    """Which findings are accepted; `findings.KINDS` has their codes."""

    accept: Annotated[Texts, AfterValidator(finding_codes)] = ()


class SuppressSection(Section):
    """A list of those who get nothing: rows whose value is in it are skipped.

    Attributes:
        file: .xlsx, .xlsm, .csv or .tsv.
        column: the header of the column to look in; None: the only one, or the one that is called as the variable.
        variable: the variable or the header of the recipients to look for; None: the one that the column is called as.
        sheet, header_row, encoding, delimiter: as in `RecipientsSection`.
    """

    file: FilePath
    sheet: str | None = None
    column: Name | None = None
    variable: Name | None = None
    header_row: int = Field(default=1, ge=1, le=1_048_576)
    encoding: str | None = None
    delimiter: str | None = None


class ServerSection(Section):
    """The server; `url` is its base URL, without the API's path."""

    url: str | None = None


class ThrottleSection(Section):
    """Speed: `rate` in requests per second (None: auto), `concurrency` in requests in flight at once."""

    rate: Rate = DEFAULTS.rate
    concurrency: Concurrency = DEFAULTS.concurrency


class DeliverySection(Section):
    """Handling of failures; `settings.DeliverySettings` describes the keys. Times are in seconds."""

    timeout: Seconds = DEFAULTS.timeout
    give_up_after: Seconds = DEFAULTS.give_up_after
    on_doubt: Literal["ask", "look", "retry"] = DEFAULTS.on_doubt
    settle: Seconds = DEFAULTS.settle
    stop_after_refusals: int = Field(default=DEFAULTS.stop_after_refusals, ge=0)


class ScheduleSection(Section):
    """When messages may be sent; `schedule.Schedule` describes the keys."""

    not_before: Moment | None = None
    window: DayWindow | None = None
    days: Days = EVERY_DAY
    time_zone: TimeZone | None = None

    @property
    def schedule(self) -> Schedule:
        """The schedule."""
        return Schedule(self.not_before, self.window, self.days, self.time_zone)


class GateSection(Section):
    """Where a run waits for the outcomes of its first rows; `settings.GateSettings` describes the keys."""

    after: int = Field(ge=1)
    max_failed: Share = 0.05

    @property
    def gate(self) -> GateSettings:
        """The gate."""
        return GateSettings(self.after, self.max_failed)


class PaceSections(Section):
    """The sections of a campaign file that say how fast and when messages go out, and what is done about trouble."""

    throttle: ThrottleSection = ThrottleSection()
    delivery: DeliverySection = DeliverySection()
    schedule: ScheduleSection = ScheduleSection()
    gate: GateSection | None = None


class AfterSection(Section):
    """What gets the JSON summary at the end of a run.

    Attributes:
        command: a program and its arguments, on whose standard input it is; a relative path is relative to the file.
        webhook: an address that it is posted to.
    """

    command: Command | None = None
    webhook: WebHook | None = None


class JournalSection(Section):
    """Where the journal is, if not in a file beside the campaign.

    Attributes:
        url: the address of a PostgreSQL database.
    """

    url: DatabaseAddress | None = Field(None, repr=False)


class Campaign(Section):
    """A campaign: the list of recipients, the template, the server and the settings.

    Attributes:
        name: the name of the journal and the results workbook.
        folder: the folder of both, to which relative paths in the file are relative.
        file: the campaign file, or the list if there is none; None if the campaign was made in Python.
        template: a path, or the name of a shipped template.
        columns: variable to header, if the header does not already match the variable.
        values: variable to text, the same for every row.
        suppress: lists of those who get nothing.
    """

    name: str = Field(pattern=r"^[^/\\:*?\"<>|\x00-\x1f]*[^/\\:*?\"<>|\x00-\x1f. ]$")
    folder: Path
    file: Path | None = None
    template: TemplateName
    recipients: RecipientsSection
    columns: Mapping[str, str] = Field(default_factory=dict)
    values: Mapping[str, Word] = Field(default_factory=dict)
    server: ServerSection = ServerSection()
    throttle: ThrottleSection = ThrottleSection()
    delivery: DeliverySection = DeliverySection()
    checks: ChecksSection = ChecksSection()
    suppress: OneOrMore[SuppressSection] = ()
    schedule: ScheduleSection = ScheduleSection()
    gate: GateSection | None = None
    after: AfterSection = AfterSection()
    journal: JournalSection = JournalSection()

    @property
    def delivery_settings(self) -> DeliverySettings:
        """The settings of the delivery of its runs."""
        return delivery_of(self)


def pace_of(sections: PaceSections | Campaign) -> PaceSettings:
    """How fast and when messages go out."""
    gate = sections.gate.gate if sections.gate else None
    return PaceSettings(sections.throttle.rate, sections.throttle.concurrency, sections.schedule.schedule, gate)


def delivery_of(sections: PaceSections | Campaign) -> DeliverySettings:
    """How messages are delivered."""
    pace, delivery = pace_of(sections), sections.delivery.model_dump()
    return DeliverySettings(pace.rate, pace.concurrency, **delivery, schedule=pace.schedule, gate=pace.gate)


def problem_of(file: Path, error: ErrorDetails) -> Problem:
    """Convert a pydantic error of a campaign file to a `Problem`."""
    path = tuple(part for part in error["loc"] if part != "[key]")
    where = f"{file}: {_dotted(path)}"
    if error["type"] == "extra_forbidden":
        return unknown_key(file, path)
    if error["type"] == "missing":
        return Problem(where, "is missing", _remedy_for_missing(path))
    if path[0] == "journal":
        error = {**error, "input": "…"}
    what, remedy = in_words(error, str(path[-1]))
    return Problem(where, what, remedy)


def unknown_key(file: Path, path: Sequence[str | int]) -> Problem:
    """The problem of an unknown key, with the nearest known key."""
    known = _keys_at(path[:-1])
    close = difflib.get_close_matches(str(path[-1]), known, n=1)
    hint = f"did you mean “{close[0]}”?" if close else f"known here: {', '.join(known)}"
    return Problem(f"{file}: {_dotted(path)}", "there is no such setting", hint)


def _dotted(path: Sequence[str | int]) -> str:
    """The name of a key; sections of one name are counted from 1."""
    return ".".join(str(part + 1 if isinstance(part, int) else part) for part in path)


def _keys_at(path: Sequence[str | int]) -> list[str]:
    fields = Campaign.model_fields
    if path:
        annotation = SuppressSection if path[0] == "suppress" else fields[str(path[0])].annotation
        section = next((each for each in get_args(annotation) if isinstance(each, type)), annotation)
        fields = section.model_fields if isinstance(section, type) and issubclass(section, BaseModel) else {}
    return [name for name in fields if path or name not in ("folder", "file")]


def _remedy_for_missing(path: Sequence[str | int]) -> str:
    if path[-1] == "after":
        return "say after how many rows: after = 20"
    if path[-1] == "template":
        return 'name a template: template = "livechat-text"'
    if path[0] == "suppress":
        return 'name the list: file = "stop.xlsx" under [[suppress]]'
    return 'name the spreadsheet: [recipients] file = "customers.xlsx"'
