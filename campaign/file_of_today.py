"""Sections of a campaign file that hold as they are at the time of a command, rather than when its run was planned."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from campaign.campaign_file import is_spreadsheet
from campaign.config import AfterSection, JournalSection, PaceSections, Section, delivery_of, pace_of, problem_of
from campaign.errors import CampaignFileError
from campaign.toml_text import read_toml

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.settings import DeliverySettings, PaceSettings

S = TypeVar("S", bound=Section)


def pace_in_file(file: Path) -> PaceSettings | None:
    """How fast and when a campaign file has messages sent; None where FILE is a spreadsheet or gone.

    Raises:
        CampaignFileError: every problem of its sections about the delivery; or it cannot be read.
    """
    sections = _sections(file)
    return pace_of(sections) if sections else None


def delivery_in_file(file: Path) -> DeliverySettings | None:
    """How a campaign file has messages delivered; None where FILE is a spreadsheet or gone.

    Raises:
        CampaignFileError: every problem of its sections about the delivery; or it cannot be read.
    """
    sections = _sections(file)
    return delivery_of(sections) if sections else None


def _sections(file: Path) -> PaceSections | None:
    if is_spreadsheet(file) or not file.exists():
        return None
    given = read_toml(file)
    named = {name: given[name] for name in PaceSections.model_fields if name in given}
    try:
        return PaceSections.model_validate(named)
    except ValidationError as error:
        raise CampaignFileError(*(problem_of(file, each) for each in error.errors(include_url=False))) from error


def after_in_file(file: Path) -> AfterSection:
    """What a campaign file tells of the end of a run; nothing where FILE is a spreadsheet or gone.

    Raises:
        CampaignFileError: the campaign file is there and cannot be read, or this section is wrong.
    """
    return _section_in_file(file, "after", AfterSection)


def journal_in_file(file: Path) -> str | None:
    """The address of the database that a campaign file names for its journal; None where it names none.

    Raises:
        CampaignFileError: the campaign file is there and cannot be read, or this section is wrong.
    """
    return _section_in_file(file, "journal", JournalSection).url


def _section_in_file(file: Path, name: str, section: type[S]) -> S:
    """A section of a campaign file; as if it were empty where FILE is a spreadsheet or gone."""
    if is_spreadsheet(file) or not file.exists():
        return section()
    try:
        return section.model_validate(read_toml(file).get(name, {}))
    except ValidationError as error:
        found = [{**each, "loc": (name, *each["loc"])} for each in error.errors(include_url=False)]
        raise CampaignFileError(*(problem_of(file, each) for each in found)) from error  # type: ignore[arg-type] # as it came
