"""The settings of a campaign as a typed model, with every problem named by its key."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from campaign.errors import CampaignFileError, Problem
from campaign.findings import unknown_code
from campaign.settings import DeliverySettings
from campaign.sheets.table import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

DEFAULTS = DeliverySettings()

T = TypeVar("T")

SECONDS = {"ms": 0.001, "s": 1, "sec": 1, "second": 1, "min": 60, "m": 60, "minute": 60, "h": 3600, "hour": 3600}


def _seconds(value: object) -> object:
    """Turn "30s", "10min" or a number of seconds into seconds."""
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*", value.lower())
        if found is None or found[2] not in SECONDS:
            raise ValueError(f"“{value}” is not a time; write it as “30s”, “10min” or “1h”")
        return float(found[1]) * SECONDS[found[2]]
    return value


def _per_second(value: object) -> object:
    """Turn "10/s" or "600/min" into requests per second, and "auto" into None."""
    if not isinstance(value, str):
        return value
    if value.strip().lower() == "auto":
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*/\s*([a-z]+)\s*", value.lower())
    if found is None or found[2] not in SECONDS or float(found[1]) == 0:
        raise ValueError(f"“{value}” is not a rate; write it as “auto”, “10/s” or “600/min”")
    return float(found[1]) / SECONDS[found[2]]


def _not_blank(value: object) -> object:
    """Refuse a blank name."""
    if isinstance(value, str) and not value.strip():
        raise ValueError("is blank")
    return value


def _text(value: object) -> object:
    """Turn an integer into its digits: page_id = 108600123 without quotes."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _finding_codes(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a code that no finding has."""
    wrong = unknown_code(codes)
    if wrong is not None:
        raise ValueError(f"“{wrong[0]}” is not the code of a finding; {wrong[1]}")
    return codes


def parse_rate(rate: str | float) -> float | None:
    """Parse a rate such as "10/s", "600/min" or a number into requests per second; None for "auto".

    Raises:
        CampaignFileError: it is not a rate.
    """
    return _validated(_RATE, rate, "rate")


def parse_concurrency(concurrency: int) -> int:
    """A number of requests in flight at once.

    Raises:
        CampaignFileError: it is not a whole number from 1 to 1,000.
    """
    return _validated(_CONCURRENCY, concurrency, "concurrency")


def parse_limit(limit: int) -> int:
    """A number of rows to deliver.

    Raises:
        CampaignFileError: it is not a whole number from 1 on.
    """
    return _validated(_LIMIT, limit, "limit")


def _validated(adapter: TypeAdapter[T], value: object, where: str) -> T:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        what, remedy = _in_words(error.errors(include_url=False)[0], where)
        raise CampaignFileError(Problem(where, what, remedy)) from error


Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=30 * 86400)]
Rate = Annotated[Annotated[float, Field(gt=0, le=100_000)] | None, BeforeValidator(_per_second)]
Word = Annotated[str, BeforeValidator(_text)]
Concurrency = Annotated[int, Field(ge=1, le=1000)]
_RATE: TypeAdapter[float | None] = TypeAdapter(Rate)
_CONCURRENCY: TypeAdapter[int] = TypeAdapter(Concurrency, config=ConfigDict(strict=True))
_LIMIT: TypeAdapter[int] = TypeAdapter(Annotated[int, Field(ge=1)], config=ConfigDict(strict=True))
FilePath = Annotated[Path, Field(strict=False), BeforeValidator(_not_blank)]
TemplateName = Annotated[str, BeforeValidator(_not_blank)]


class Section(BaseModel):
    """A section of the campaign file: known keys only, strict types, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)


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
    """

    file: FilePath
    sheet: str | None = None
    header_row: int = Field(default=1, ge=1, le=1_048_576)
    encoding: str | None = None
    delimiter: str | None = None
    short_date: str = "dd/mm/yyyy"
    hidden_rows: Literal["send", "skip"] | None = None
    label: str | None = None

    @property
    def read_options(self) -> ReadOptions:
        """How the file is read."""
        return ReadOptions(self.sheet, self.header_row, self.encoding, self.delimiter, self.short_date)


class ChecksSection(Section):
    """Which findings are accepted; `findings.KINDS` has their codes."""

    accept: Annotated[tuple[str, ...], Field(strict=False), AfterValidator(_finding_codes)] = ()


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


class Campaign(Section):
    """A campaign: the list of recipients, the template, the server and the settings.

    Attributes:
        name: the name of the journal and the results workbook.
        folder: the folder of both, to which relative paths in the file are relative.
        file: the campaign file, or the list if there is none; None if the campaign was made in Python.
        template: a path, or the name of a shipped template.
        columns: variable to header, if the header does not already match the variable.
        values: variable to text, the same for every row.
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

    @property
    def delivery_settings(self) -> DeliverySettings:
        """The settings of the delivery of its runs."""
        return DeliverySettings(**self.throttle.model_dump(), **self.delivery.model_dump())


def problem_of(file: Path, error: ErrorDetails) -> Problem:
    """Convert a pydantic error of a campaign file to a `Problem`."""
    path = tuple(part for part in error["loc"] if part != "[key]")
    where = f"{file}: {'.'.join(map(str, path))}"
    if error["type"] == "extra_forbidden":
        return unknown_key(file, path)
    if error["type"] == "missing":
        return Problem(where, "is missing", _remedy_for_missing(path))
    what, remedy = _in_words(error, str(path[-1]))
    return Problem(where, what, remedy)


def _in_words(error: ErrorDetails, key: str) -> tuple[str, str]:
    """What is wrong with a value, and what to do about it."""
    kind, given = error["type"], f"“{error['input']}”"
    if kind == "string_pattern_mismatch":
        return f"{given} cannot name a file", 'leave out / \\ : * ? " < > | and a final dot'
    if kind == "value_error":
        return str(error["ctx"]["error"]), ""
    if kind in ("model_type", "mapping_type", "dict_type"):
        return f"is {given} where a section belongs", f"write it as [{key}]"
    if kind == "literal_error":
        return f"is {given}, and must be {error['ctx']['expected']}", ""
    if kind in ("string_type", "path_type"):
        return f"is {given}, and must be text", "put it in quotation marks"
    message = error["msg"].removeprefix("Input ").removeprefix("String ")
    return (f"{message}, and is {given}" if message.startswith("should") else message), ""


def unknown_key(file: Path, path: Sequence[str | int]) -> Problem:
    """The problem of an unknown key, with the nearest known key."""
    known = _keys_at(path[:-1])
    close = difflib.get_close_matches(str(path[-1]), known, n=1)
    hint = f"did you mean “{close[0]}”?" if close else f"known here: {', '.join(known)}"
    return Problem(f"{file}: {'.'.join(map(str, path))}", "there is no such setting", hint)


def _keys_at(path: Sequence[str | int]) -> list[str]:
    fields = Campaign.model_fields
    if path:
        section = fields[str(path[0])].annotation
        fields = section.model_fields if isinstance(section, type) and issubclass(section, BaseModel) else {}
    return [name for name in fields if path or name not in ("folder", "file")]


def _remedy_for_missing(path: Sequence[str | int]) -> str:
    if path[-1] == "template":
        return 'name a template: template = "livechat-text"'
    return 'name the spreadsheet: [recipients] file = "customers.xlsx"'
