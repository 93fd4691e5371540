"""Look for the headers that a template needs on other rows and sheets, if the list does not have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import Problem, RecipientsError
from campaign.recipients.detectors.mojibake import undone
from campaign.recipients.variables import variable_name
from campaign.sheets import headers_as_shown
from campaign.text import caseless, one_line, quoted, shell_word, toml_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from campaign.sheets import Sheet, SheetStart

_LONGEST_HEADER = 500
"""Characters that are compared: the cells of a list that was read wrongly may hold whole messages."""


def how_it_was_read(recipients: Sheet, header_row: int, wanted: Sequence[str]) -> list[Problem]:
    """Explain how a list was read, for an error about missing columns.

    Args:
        recipients: the list.
        header_row: the row that was read as its header row.
        wanted: the variables and headers that the template needs.

    Raises:
        RecipientsError: another row has the columns, or they are garbled or typed for a legacy font: one sentence says
            so, in place of an error for each of them.
    """
    name, headers = recipients.path.name, [column.header for column in recipients.columns]
    shown = headers_as_shown(recipients)
    if len(_missing(wanted, shown)) < len(_missing(wanted, headers)):
        raise RecipientsError(_typed_for_a_font(f"{name}, row {header_row}", headers, shown))
    read_right = [undone(header) or header for header in headers]
    if len(_missing(wanted, read_right)) < len(_missing(wanted, headers)):
        raise RecipientsError(_garbled(f"{name}, row {header_row}", headers, read_right))
    place = find_headers(recipients.starts(), wanted, headers)
    if place is not None and (place.sheet, place.row) != (recipients.sheet, header_row):
        raise RecipientsError(elsewhere(name, place, wanted, sheet=recipients.sheet, header_row=header_row))
    return [Problem(f"{name}, as it was read", note) for note in recipients.notes]


def _typed_for_a_font(where: str, headers: Sequence[str], shown: Sequence[str]) -> Problem:
    """Say that headers are typed for a font that shows other letters."""
    what = f"headers are typed for a font that shows other letters: {_pairs(headers, shown)}"
    remedy = 'set legacy_font = "convert" under [recipients], or add --legacy-font convert'
    return Problem(where, what, remedy)


def _garbled(where: str, headers: Sequence[str], read_right: Sequence[str]) -> Problem:
    """Say that headers are UTF-8 that was read in another encoding, here or by the program that saved the list."""
    what = f"headers are garbled, because UTF-8 was read in another encoding: {_pairs(headers, read_right)}"
    remedy = "save the list once more where it comes from, as .xlsx or CSV UTF-8; leave out any encoding set here"
    return Problem(where, what, remedy)


def _pairs(headers: Sequence[str], instead: Sequence[str]) -> str:
    pairs = [(old, new) for old, new in zip(headers, instead, strict=True) if old != new]
    examples = ", ".join(f"“{one_line(old, 40)}” for “{one_line(new, 40)}”" for old, new in pairs[:3])
    return f"{examples}{', …' if len(pairs) > 3 else ''}"


class HeaderPlace(NamedTuple):
    """A row that has headers which a template needs.

    Attributes:
        sheet: the sheet that it is on; None for a text file.
        row: its number.
        missing: the names that it does not have.
    """

    sheet: str | None
    row: int
    missing: tuple[str, ...]


def find_headers(starts: Iterable[SheetStart], wanted: Sequence[str], present: Iterable[str]) -> HeaderPlace | None:
    """Find the row that has most of the headers, if it has at least half of them and more than the header row has.

    Args:
        starts: the first rows of each sheet; of rows with equally many, the first one is found.
        wanted: the variables and headers that a template needs.
        present: the headers of the list as it was read.
    """
    best, fewest = None, min(len(_missing(wanted, present)), len(wanted) // 2 + 1)
    for start in starts:
        for number, texts in start.rows:
            missing = _missing(wanted, texts)
            if len(missing) < fewest:
                best, fewest = HeaderPlace(start.sheet, number, missing), len(missing)
    return best


def _missing(wanted: Sequence[str], texts: Iterable[str]) -> tuple[str, ...]:
    there = {form for text in texts if text.strip() for form in _forms(text)}
    return tuple(name for name in wanted if there.isdisjoint(_forms(name)))


def _forms(name: str) -> set[str]:
    """A name as a variable and as a header: a template may have either."""
    name = name[:_LONGEST_HEADER]
    return {variable_name(name), caseless(name)} - {""}


def elsewhere(where: str, place: HeaderPlace, wanted: Sequence[str], *, sheet: str | None, header_row: int) -> Problem:
    """Say in one sentence where the headers are, with the settings and the options that read them there.

    Args:
        where: the file's name.
        place: where they are.
        wanted: the variables and headers that the template needs.
        sheet: the sheet that was read.
        header_row: the row that was read as the header row.
    """
    other_sheet, other_row = place.sheet != sheet, place.row != header_row
    settings, options = [], []
    if other_sheet and place.sheet is not None:
        settings.append(f"sheet = {toml_text(place.sheet)}")
        options.append(f"--sheet {shell_word(place.sheet)}")
    if other_row:
        settings.append(f"header_row = {place.row}")
        options.append(f"--header-row {place.row}")
    there, here = (
        f"in row {row} of sheet “{one_line(name or '', 80)}”" if other_sheet else f"in row {row}"
        for name, row in ((place.sheet, place.row), (sheet, header_row))
    )
    found = [name for name in wanted if name not in place.missing]
    headers = f"the header {quoted(found)} is" if len(found) == 1 else f"the headers {quoted(found)} are"
    what = f"{headers} {there}, and not {here}"
    if place.missing:
        what += f"; {quoted(place.missing)} {'is' if len(place.missing) == 1 else 'are'} in neither"
    remedy = f"set {' and '.join(settings)} under [recipients], or add {' '.join(options)}"
    return Problem(where, what, remedy)
