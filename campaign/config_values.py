"""Values of the campaign file that are written as text (durations, rates, names), and what is wrong with one."""

from __future__ import annotations

import difflib
import re
import zoneinfo
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from campaign.errors import CampaignFileError, Problem
from campaign.findings import unknown_code
from campaign.paths import NOT_AN_ADDRESS, is_address
from campaign.schedule import Window, parse_days, parse_window

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_core import ErrorDetails

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


def _share(value: object) -> object:
    """Turn "5%" into 0.05."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", value) if isinstance(value, str) else None
    if found is None or float(found[1]) > 100:
        raise ValueError(f"“{value}” is not a share; write it as “5%”")
    return float(found[1]) / 100


def _moment(value: object) -> object:
    """Turn a date, or a text such as "2026-11-27T09:00", into a moment."""
    moment: object = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            moment = None
    elif isinstance(value, date) and not isinstance(value, datetime):
        moment = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - midnight by the schedule's clock
    if not isinstance(moment, datetime) or not 2000 <= moment.year < 3000:
        raise ValueError(f"“{value}” is not a date and time; write it as 2026-11-27T09:00:00")
    return moment


def _time_zone(value: object) -> object:
    """Refuse a name that is no time zone of this machine."""
    if not isinstance(value, str):
        return value
    try:
        zoneinfo.ZoneInfo(value)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError) as error:  # OSError: a folder of the zones
        known = {name.lower(): name for name in zoneinfo.available_timezones()}
        if not known:
            raise ValueError("this machine has no list of time zones; install the package tzdata") from error
        close = difflib.get_close_matches(value.lower(), known, n=1, cutoff=0.7)
        hint = f"did you mean “{known[close[0]]}”?" if close else "name a place, such as “Asia/Ho_Chi_Minh”"
        raise ValueError(f"there is no time zone “{value}”; {hint}") from error
    return value


def _parsed(parse: Callable[[str], object], example: str) -> BeforeValidator:
    """Parse a text, and refuse anything else."""

    def parsed(value: object) -> object:
        if not isinstance(value, str):
            raise ValueError(f"is “{value}”, and must be text such as “{example}”")  # noqa: TRY004 - pydantic's way
        return parse(value)

    return BeforeValidator(parsed)


def _not_blank(value: object) -> object:
    """Refuse a blank name."""
    if isinstance(value, str) and not value.strip():
        raise ValueError("is blank")
    return value


def _text(value: object) -> object:
    """Turn an integer into its digits: page_id = 108600123 without quotes."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _one_or_more(value: object) -> object:
    """Turn a single text into a list of one, so that both may be written."""
    return (value,) if isinstance(value, str) else value


def _none_blank(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a blank text among several."""
    if not all(text.strip() for text in texts):
        raise ValueError("is blank")
    return texts


def _one_section_or_more(value: object) -> object:
    """Turn a single section into a list of one: [suppress] is as good as [[suppress]]."""
    return (value,) if isinstance(value, Mapping) else value


def _words(value: object) -> object:
    """Refuse a command in one string: there is no shell that would take it apart."""
    if isinstance(value, str):
        what = 'must be a list, as no shell takes a text apart: command = ["notify", "--title", "Campaign"]'
        raise ValueError(what)  # noqa: TRY004 - which pydantic reports
    return value


def _command(words: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a command that cannot be started."""
    if not words or not words[0].strip():
        raise ValueError("names no program")
    if any("\0" in word for word in words):
        raise ValueError("holds a NUL character, which no program can be given")
    return words


def _web_hook(address: str) -> str:
    """Refuse what is no address that a request can be posted to."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"is no web address ({error})") from error
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise ValueError("must be a web address that begins with https:// or http://")
    if parts.username is not None or any(character.isspace() or not character.isprintable() for character in address):
        raise ValueError("holds a user name or characters that no web address has")
    return address


def finding_codes(codes: tuple[str, ...]) -> tuple[str, ...]:
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


def parse_schedule_window(window: str) -> Window:
    """A part of the day, such as "08:00-20:00".

    Raises:
        CampaignFileError: it is not one.
    """
    return _validated(_WINDOW, window, "window")


def parse_not_before(moment: str | datetime) -> datetime:
    """A moment, such as "2026-11-27T09:00".

    Raises:
        CampaignFileError: it is not one.
    """
    return _validated(_MOMENT, moment, "not_before")


def _validated(adapter: TypeAdapter[T], value: object, where: str) -> T:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        what, remedy = in_words(error.errors(include_url=False)[0], where)
        raise CampaignFileError(Problem(where, what, remedy)) from error


def _database(value: str) -> str:
    """An address, which the error does not quote: it may contain a password."""
    if not is_address(value):
        raise ValueError(NOT_AN_ADDRESS)
    return value


Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=30 * 86400)]
Rate = Annotated[Annotated[float, Field(gt=0, le=100_000)] | None, BeforeValidator(_per_second)]
Share = Annotated[float, BeforeValidator(_share)]
DayWindow = Annotated[Window, _parsed(parse_window, "08:00-20:00")]
Days = Annotated[frozenset[int], _parsed(parse_days, "mon-sat")]
Moment = Annotated[datetime, BeforeValidator(_moment)]
TimeZone = Annotated[str, BeforeValidator(_time_zone)]
Word = Annotated[str, BeforeValidator(_text)]
Concurrency = Annotated[int, Field(ge=1, le=1000)]
_RATE: TypeAdapter[float | None] = TypeAdapter(Rate)
_CONCURRENCY: TypeAdapter[int] = TypeAdapter(Concurrency, config=ConfigDict(strict=True))
_LIMIT: TypeAdapter[int] = TypeAdapter(Annotated[int, Field(ge=1)], config=ConfigDict(strict=True))
_WINDOW: TypeAdapter[Window] = TypeAdapter(DayWindow)
_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)
FilePath = Annotated[Path, Field(strict=False), BeforeValidator(_not_blank)]
Command = Annotated[tuple[str, ...], Field(strict=False), BeforeValidator(_words), AfterValidator(_command)]
WebHook = Annotated[str, AfterValidator(_web_hook)]
DatabaseAddress = Annotated[str, AfterValidator(_database)]
TemplateName = Annotated[str, BeforeValidator(_not_blank)]
Name = Annotated[str, BeforeValidator(_not_blank)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_more), Field(strict=False), AfterValidator(_none_blank)]
OneOrMore = Annotated[tuple[T, ...], BeforeValidator(_one_section_or_more), Field(strict=False)]


_REMEDIES = {
    "string_type": ("text", "put it in quotation marks"),
    "path_type": ("text", "put it in quotation marks"),
    "tuple_type": ("a list", 'write it as {key} = ["…", "…"], and a section as [[{key}]]'),
}


def in_words(error: ErrorDetails, key: str) -> tuple[str, str]:
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
    if kind in _REMEDIES:
        return f"is {given}, and must be {_REMEDIES[kind][0]}", _REMEDIES[kind][1].format(key=key)
    message = error["msg"].removeprefix("Input ").removeprefix("String ")
    return (f"{message}, and is {given}" if message.startswith("should") else message), ""
