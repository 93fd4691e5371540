"""Reading a campaign: a TOML file or a spreadsheet, with overrides."""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, Unpack

from pydantic import ValidationError

from campaign.config import Campaign, ChecksSection, SuppressSection, problem_of, unknown_key
from campaign.errors import CampaignFileError, Problem
from campaign.findings import known_codes
from campaign.more_rules import NO_MORE, MoreRules, more_rules, with_more_rules
from campaign.paths import DOWNLOAD, SAVE_TEMPLATE, is_device, path_of, real_file, with_paths
from campaign.text import shorten
from campaign.toml_text import read_toml

if TYPE_CHECKING:
    from datetime import datetime


TEXT_FILES = (".csv", ".tsv", ".txt")

LIST_SETTINGS = ("sheet", "header_row", "encoding", "delimiter", "hidden_rows", "label", "legacy_font")
"""Settings of the list that can be overridden by name."""

RESERVED_ENDINGS = (".sandbox", ".test")

LONGEST_NAME = 200
"""Bytes: file systems keep 255 for a name, and `.sandbox.results-12 (1).annotated.xlsx` may be added to it."""
"""What the names of rehearsals and tests end in: their journals are not those of a campaign."""


class Overrides(TypedDict, total=False):
    """Settings that replace those of a campaign file.

    Attributes:
        template: a path, or the name of a shipped template.
        recipients: the list.
        sheet: the sheet to read.
        header_row: the number of the header row.
        encoding: of a CSV, as Python names it.
        delimiter: of a CSV.
        hidden_rows: "send" or "skip" rows that the sheet hides.
        label: the header of the column by whose text rows are called.
        where: expressions that a row has to meet besides those of the file.
        key: the variables or headers that make two rows the same.
        suppress: further lists of those who get nothing: paths, "VARIABLE=FILE", or the settings of [[suppress]].
        legacy_font: "convert" text of TCVN3 and VNI fonts to Unicode.
        accept: codes of findings to accept besides those of the file.
        columns: variable to header.
        values: variable to text, the same for every row.
        server: the server's base URL.
        rate: "10/s", "600/min", "auto" or requests per second.
        concurrency: requests in flight at once.
        not_before: the earliest moment to send at, such as "2026-11-27T09:00".
        window: the part of the day to send in, such as "08:00-20:00".
    """

    template: str | Path | None
    recipients: str | Path | None
    sheet: str | None
    header_row: int | None
    encoding: str | None
    delimiter: str | None
    hidden_rows: str | None
    label: str | None
    where: str | Collection[str]
    key: str | Collection[str] | None
    suppress: Collection[str | Path | Mapping[str, Any]]
    legacy_font: str | None
    accept: Collection[str]
    columns: Mapping[str, str]
    values: Mapping[str, str]
    server: str | None
    rate: str | float | None
    concurrency: int | None
    not_before: str | datetime | None
    window: str | None


def load(file: str | Path, **overrides: Unpack[Overrides]) -> Campaign:
    """Read a campaign file, or make a campaign from a spreadsheet.

    Args:
        file: a campaign file; or a spreadsheet, and then `template` is needed. A path in `overrides` is relative to the
            working directory.
        overrides: settings that replace the file's; `Overrides` describes them. Codes in `accept` are added to it.

    Raises:
        CampaignFileError: every problem of the file, by key; or an override that does not exist.
    """
    unknown = next((name for name in overrides if name not in Overrides.__annotations__), None)
    if unknown is not None:
        close = difflib.get_close_matches(unknown, Overrides.__annotations__, n=1)
        hint = f"did you mean “{close[0]}”?" if close else f"known here: {', '.join(Overrides.__annotations__)}"
        raise CampaignFileError(Problem(unknown, "there is no such setting to override", hint))
    template = path_of(overrides.get("template"), SAVE_TEMPLATE)
    recipients = path_of(overrides.get("recipients"), DOWNLOAD)
    nested: dict[str, Any] = {
        "template": str(template.absolute()) if template and template.is_file() else overrides.get("template"),
        "recipients": {
            "file": str(recipients.absolute()) if recipients else None,
            **{name: overrides.get(name) for name in LIST_SETTINGS},
            "key": overrides.get("key") or None,
        },
        "columns": dict(overrides.get("columns", {})),
        "values": dict(overrides.get("values", {})),
        "server": {"url": overrides.get("server")},
        "throttle": {name: overrides.get(name) for name in ("rate", "concurrency")},
        "schedule": {name: overrides.get(name) for name in ("not_before", "window")},
    }
    more = more_rules(overrides.get("where", ()), overrides.get("suppress", ()))
    loaded = load_campaign(Path(file), _without_blanks(nested), more)
    accepted = known_codes(overrides.get("accept") or ())
    both = tuple(dict.fromkeys((*loaded.checks.accept, *sorted(accepted))))
    return loaded.model_copy(update={"checks": ChecksSection(accept=both)})


def _without_blanks(settings: Mapping[str, Any]) -> dict[str, Any]:
    given = {key: _without_blanks(value) if isinstance(value, dict) else value for key, value in settings.items()}
    return {key: value for key, value in given.items() if value is not None and value != {}}


def load_campaign(file: Path, overrides: Mapping[str, Any] | None = None, more: MoreRules = NO_MORE) -> Campaign:
    """Read a campaign file, or make a campaign from a spreadsheet.

    Args:
        file: a campaign file; or a spreadsheet, and then `overrides` must name the template.
        overrides: settings that replace the file's, in its own structure ({"server": {"url": …}}).
        more: rules to add to the file's.

    Raises:
        CampaignFileError: every problem of the file, by key.
    """
    overrides = overrides or {}
    file = path_of(file, DOWNLOAD) or file
    home = real_file(file)
    if file.is_dir():
        raise CampaignFileError(Problem(str(file), "is a folder", "name the campaign file in it"))
    if is_spreadsheet(file):
        given: dict[str, Any] = {"recipients": {"file": home.name}}
        if "template" not in overrides:
            raise CampaignFileError(
                Problem(
                    str(file), "a spreadsheet needs a template", "name one with --template, or write a campaign file"
                )
            )
    else:
        given = with_paths(file, read_toml(file))
    merged = _merge(_without_list_settings(_without_overridden_values(given, overrides), overrides), overrides)
    merged = with_more_rules(merged, more)
    merged.setdefault("name", home.stem)
    _check_name(file, str(merged["name"]))
    return _validate(file, {**merged, "folder": home.parent, "file": home}, given)


class NamedFiles(NamedTuple):
    """The template and the list as a campaign file names them; "" where it names none."""

    template: str = ""
    recipients: str = ""


def named_in(file: Path) -> NamedFiles:
    """What a campaign file names, apart from options. A list that is used without one names itself.

    Raises:
        CampaignFileError: it cannot be read.
    """
    if is_spreadsheet(file):
        return NamedFiles("", file.name)
    given = read_toml(file)
    section = given.get("recipients")
    return NamedFiles(str(given.get("template", "")), str(section.get("file", "")) if isinstance(section, dict) else "")


class NamedLists(NamedTuple):
    """The suppression lists that a campaign file names, and where its variables come from."""

    lists: tuple[SuppressSection, ...] = ()
    columns: Mapping[str, str] = MappingProxyType({})
    values: Mapping[str, str] = MappingProxyType({})


def suppress_in(file: Path) -> NamedLists:
    """The suppression lists of a campaign file, whatever else is in it.

    Raises:
        CampaignFileError: it cannot be read, or they are not written as they should be.
    """
    given = with_paths(file, read_toml(file))
    names = ("suppress", "columns", "values")
    least = {"name": "x", "folder": file.parent, "template": "x", "recipients": {"file": "x"}}
    read = _validate(file, {**least, **{name: given[name] for name in names if name in given}}, {})
    return NamedLists(read.suppress, read.columns, read.values)


def suppress_sections(given: Collection[str]) -> tuple[SuppressSection, ...]:
    """The suppression lists that options name: paths, or "VARIABLE=FILE".

    Raises:
        CampaignFileError: one is a web address, or blank.
    """
    least = {"name": "x", "folder": Path(), "template": "x", "recipients": {"file": "x"}}
    return _validate(Path("--suppress"), with_more_rules(least, more_rules((), given)), {}).suppress


def _check_name(file: Path, name: str) -> None:
    if is_device(name):
        what = f"“{name}” is the name of a device on Windows, and no file can be called so"
        raise CampaignFileError(Problem(f"{file}: name", what, "choose another name"))
    if len(os.fsencode(name)) > LONGEST_NAME:
        what = f"“{shorten(name, 60)}” is too long to name the journal and the results"
        by_list = "give the list a shorter name, or write a campaign file with a `name`"
        remedy = by_list if is_spreadsheet(file) else f"choose a name of at most {LONGEST_NAME // 3} characters"
        raise CampaignFileError(Problem(f"{file}: name", what, remedy))
    if name.lower().endswith(RESERVED_ENDINGS):
        what = f"“{name}” ends as the names of rehearsals and tests do, and would share their journal"
        remedy = "choose a name that does not end in .sandbox or .test"
        raise CampaignFileError(Problem(f"{file}: name", what, remedy))


def campaign_name(file: Path) -> str:
    """The name of a campaign's journal and results, even if the campaign file no longer exists.

    Raises:
        CampaignFileError: the campaign file exists and cannot be read, or the name is that of a rehearsal.
    """
    home = real_file(file)
    name = home.stem
    if not is_spreadsheet(file) and file.exists():
        name = str(read_toml(file).get("name", name))
    _check_name(file, name)
    return name


def server_in_file(file: Path) -> str | None:
    """The server's address as a campaign file names it; None where it names none, or FILE is a spreadsheet or gone.

    Raises:
        CampaignFileError: the campaign file is there and cannot be read.
    """
    if is_spreadsheet(file) or not file.exists():
        return None
    section = read_toml(file).get("server")
    url = section.get("url") if isinstance(section, dict) else None
    return url if isinstance(url, str) else None


def is_spreadsheet(file: Path) -> bool:
    """Whether FILE is a list of recipients rather than a campaign file."""
    return real_file(file).suffix.lower() != ".toml"


def _without_list_settings(given: Mapping[str, Any], overrides: Mapping[str, Any]) -> Mapping[str, Any]:
    """The file's settings without those that describe its own list, if the overrides name another list."""
    section, other = given.get("recipients"), overrides.get("recipients", {}).get("file")
    if other is None or not isinstance(section, dict):
        return given
    no_dates = Path(other).suffix.lower() in TEXT_FILES
    kept = ("hidden_rows", "label", "legacy_font", "where", "key", *(() if no_dates else ("short_date",)))
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
    for key in ("folder", "file"):
        if key in given:
            raise CampaignFileError(unknown_key(file, (key,)))
    try:
        campaign = Campaign.model_validate(merged)
    except ValidationError as error:
        raise CampaignFileError(*(problem_of(file, each) for each in error.errors(include_url=False))) from error
    resolved = campaign.recipients.model_copy(update={"file": campaign.folder / campaign.recipients.file})
    lists = tuple(each.model_copy(update={"file": campaign.folder / each.file}) for each in campaign.suppress)
    return campaign.model_copy(update={"recipients": resolved, "suppress": lists})
