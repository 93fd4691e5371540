"""The campaign file: a TOML file as a typed model, with every problem named by its key."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from campaign.errors import CampaignFileError, Problem
from campaign.settings import DeliverySettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

DEFAULTS = DeliverySettings()

TEXT_FILES = (".csv", ".tsv", ".txt")

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
        template: a path, or the name of a shipped template.
        columns: variable to header, where the header is not already the variable's name.
        values: variable to text, the same for every row.
    """

    name: str = Field(pattern=r"^[^/\\:*?\"<>|\x00-\x1f]*[^/\\:*?\"<>|\x00-\x1f. ]$")
    folder: Path
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


def load_campaign(file: Path, overrides: Mapping[str, Any] | None = None) -> Campaign:
    """Read a campaign file, or make a campaign from a spreadsheet.

    Args:
        file: a campaign file; or a spreadsheet, and then `overrides` must name the template.
        overrides: settings that win over the file's, in its own shape ({"server": {"url": …}}).

    Raises:
        CampaignFileError: every problem of the file, by key.
    """
    overrides = overrides or {}
    if file.is_dir():
        raise CampaignFileError(Problem(str(file), "is a folder", "name the campaign file in it"))
    if is_spreadsheet(file):
        given: dict[str, Any] = {"recipients": {"file": file.name}}
        if "template" not in overrides:
            raise CampaignFileError(
                Problem(
                    str(file), "a spreadsheet needs a template", "name one with --template, or write a campaign file"
                )
            )
    else:
        given = _read_toml(file)
    merged = _merge(_without_list_settings(_without_overridden_values(given, overrides), overrides), overrides)
    merged.setdefault("name", file.stem)
    return _validate(file, {**merged, "folder": file.parent}, given)


def campaign_name(file: Path) -> str:
    """The name of a campaign's journal and results, also where the campaign file is gone.

    Raises:
        CampaignFileError: the campaign file is there and cannot be read.
    """
    if is_spreadsheet(file) or not file.exists():
        return file.stem
    return str(_read_toml(file).get("name", file.stem))


def is_spreadsheet(file: Path) -> bool:
    """Whether FILE is a list of recipients rather than a campaign file."""
    return file.suffix.lower() != ".toml"


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise CampaignFileError(
            Problem(str(file), "there is no such file", "`campaign new DIR` makes a campaign to start from")
        ) from error
    except OSError as error:
        raise CampaignFileError(Problem(str(file), f"cannot be read ({error.strerror})")) from error
    except UnicodeDecodeError as error:
        raise CampaignFileError(Problem(str(file), "is not UTF-8 text", "save it as UTF-8")) from error
    except (ValueError, RecursionError) as error:  # no TOML, or TOML beyond what Python reads
        raise CampaignFileError(Problem(str(file), f"is not valid TOML: {error}")) from error


def _without_list_settings(given: Mapping[str, Any], overrides: Mapping[str, Any]) -> Mapping[str, Any]:
    """The file's settings without those that describe its own list, where the overrides name another list."""
    section, other = given.get("recipients"), overrides.get("recipients", {}).get("file")
    if other is None or not isinstance(section, dict):
        return given
    kept = () if Path(other).suffix.lower() in TEXT_FILES else ("short_date",)  # a text file has no dates to show
    return {**given, "recipients": {name: section[name] for name in kept if name in section}}


def _without_overridden_values(given: Mapping[str, Any], overrides: Mapping[str, Any]) -> Mapping[str, Any]:
    """The file's settings without values of variables for which the overrides name a column."""
    values, mapped = given.get("values"), overrides.get("columns", {})
    if not isinstance(values, dict):
        return given
    return {**given, "values": {name: text for name, text in values.items() if name not in mapped}}


def _merge(given: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(given)
    for key, value in overrides.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, Mapping) else value
    return merged


def _validate(file: Path, merged: dict[str, Any], given: Mapping[str, Any]) -> Campaign:
    if "folder" in given:
        raise CampaignFileError(_unknown_key(file, ("folder",)))
    try:
        campaign = Campaign.model_validate(merged)
    except ValidationError as error:
        raise CampaignFileError(*(_problem(file, each) for each in error.errors(include_url=False))) from error
    resolved = campaign.recipients.model_copy(update={"file": campaign.folder / campaign.recipients.file})
    return campaign.model_copy(update={"recipients": resolved})


def _problem(file: Path, error: ErrorDetails) -> Problem:
    path = tuple(part for part in error["loc"] if part != "[key]")
    where = f"{file}: {'.'.join(map(str, path))}"
    if error["type"] == "extra_forbidden":
        return _unknown_key(file, path)
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


def _unknown_key(file: Path, path: Sequence[str | int]) -> Problem:
    known = _keys_at(path[:-1])
    close = difflib.get_close_matches(str(path[-1]), known, n=1)
    hint = f"did you mean “{close[0]}”?" if close else f"known here: {', '.join(known)}"
    return Problem(f"{file}: {'.'.join(map(str, path))}", "there is no such setting", hint)


def _keys_at(path: Sequence[str | int]) -> list[str]:
    fields = Campaign.model_fields
    if path:
        section = fields[str(path[0])].annotation
        fields = section.model_fields if isinstance(section, type) and issubclass(section, BaseModel) else {}
    return [name for name in fields if name != "folder"]


def _remedy_for_missing(path: Sequence[str | int]) -> str:
    if path[-1] == "template":
        return 'name a template: template = "livechat-text"'
    return 'name the spreadsheet: [recipients] file = "customers.xlsx"'
