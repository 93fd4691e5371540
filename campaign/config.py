"""The settings of a campaign as a typed model, with every problem named by its key."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from campaign.errors import CampaignFileError, Problem
from campaign.settings import DeliverySettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

DEFAULTS = DeliverySettings()

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
    """Refuse a name of nothing but blanks."""
    if isinstance(value, str) and not value.strip():
        raise ValueError("is blank")
    return value


def _text(value: object) -> object:
    """Take a whole number for its digits: page_id = 108600123 without quotes."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def parse_rate(rate: str | float) -> float | None:
    """A rate in requests per second, of "10/s", "600/min" or a number; None for "auto".

    Raises:
        CampaignFileError: it is none.
    """
    try:
        return _RATE.validate_python(rate)
    except ValidationError as error:
        what, remedy = _in_words(error.errors(include_url=False)[0], "rate")
        raise CampaignFileError(Problem("rate", what, remedy)) from error


Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=30 * 86400)]
Rate = Annotated[Annotated[float, Field(gt=0, le=100_000)] | None, BeforeValidator(_per_second)]
Word = Annotated[str, BeforeValidator(_text)]
_RATE: TypeAdapter[float | None] = TypeAdapter(Rate)
FilePath = Annotated[Path, Field(strict=False), BeforeValidator(_not_blank)]
TemplateName = Annotated[str, BeforeValidator(_not_blank)]


class Section(BaseModel):
    """A part of the campaign file: known keys only, of the right types, never changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)


class RecipientsSection(Section):
    """Where the rows are, and what the file does not say of itself.

    Attributes:
        file: .xlsx, .xlsm, .csv or .tsv.
        sheet: the sheet to read; None: the first visible one.
        header_row: the row that holds the headers, from 1.
        encoding: of a CSV, as Python names it; None: find out.
        delimiter: of a CSV: a character, or comma, semicolon, tab, pipe; None: find out.
        short_date: how dates are shown whose format follows the computer's settings, as a number format.
    """

    file: FilePath
    sheet: str | None = None
    header_row: int = Field(default=1, ge=1, le=1_048_576)
    encoding: str | None = None
    delimiter: str | None = None
    short_date: str = "dd/mm/yyyy"


class ServerSection(Section):
    """Where the messages go; `url` is the base URL, without the API's path."""

    url: str | None = None


class ThrottleSection(Section):
    """How fast: `rate` in requests per second (None: auto), `concurrency` in requests in flight at once."""

    rate: Rate = DEFAULTS.rate
    concurrency: int = Field(default=DEFAULTS.concurrency, ge=1, le=1000)


class DeliverySection(Section):
    """How to deal with trouble; `settings.DeliverySettings` describes the keys. Times are in seconds."""

    timeout: Seconds = DEFAULTS.timeout
    give_up_after: Seconds = DEFAULTS.give_up_after
    on_doubt: Literal["ask", "retry"] = DEFAULTS.on_doubt
    stop_after_refusals: int = Field(default=DEFAULTS.stop_after_refusals, ge=0)


class Campaign(Section):
    """One campaign: which rows, which template, which server.

    Attributes:
        name: names the journal and the results workbook.
        folder: where these are, and what relative paths start from.
        file: the campaign file, or the list where there is none; None where the campaign was made in Python.
        template: a path, or the name of a shipped template.
        columns: variable to header, where the header is not already the variable's name.
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

    @property
    def delivery_settings(self) -> DeliverySettings:
        """How its runs are delivered."""
        return DeliverySettings(**self.throttle.model_dump(), **self.delivery.model_dump())


def problem_of(file: Path, error: ErrorDetails) -> Problem:
    """One pydantic error of a campaign file, in plain words."""
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
    if kind in ("string_type", "path_type"):
        return f"is {given}, and must be text", "put it in quotation marks"
    message = error["msg"].removeprefix("Input ").removeprefix("String ")
    return (f"{message}, and is {given}" if message.startswith("should") else message), ""


def unknown_key(file: Path, path: Sequence[str | int]) -> Problem:
    """The problem of a key that does not exist, with the nearest one that does."""
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
