"""Add styles for dates to the styles of a workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from campaign.review.annotation.xml_edits import elements_of, encoded, prefix_of, replacement, spliced, with_attributes
from campaign.review.workbook.cells import DATE_TIME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from campaign.review.annotation.xml_edits import Edit, Element

_FIRST_OWN_FORMAT = 164
"""The numbers below are those of built-in formats (ECMA-376-1, 18.8.30)."""
_MOST_STYLES = 65_490
"""Cell formats of a workbook (Microsoft, "Excel specifications and limits")."""


class DatedStyles(NamedTuple):
    """Styles of a workbook.

    Attributes:
        xml: the part.
        styles: the number of the style that shows a date and a time, by that of the style that it is made from.
    """

    xml: bytes
    styles: Mapping[str, str]


def with_date_styles(part: bytes, wanted: Iterable[str], where: str) -> DatedStyles:
    """Add copies of styles that show a date and a time, at the end, so that the other styles keep their numbers.

    Args:
        part: the styles.
        wanted: the numbers of the styles to copy; one that there is not means the first, as in Excel.
        where: the file, for errors.

    Returns:
        The part as it is, and no styles, where it has no room for more.

    Raises:
        RecipientsError: the part is damaged.
        ResultsError: nothing can be added to it.
    """
    elements = elements_of(part, where)
    lists = {element.name: element for element in reversed(elements)}
    cells = lists.get("cellXfs")
    existing = _formats_of(elements, cells)
    copied = sorted(set(wanted), key=_number)
    if cells is None or not existing or len(existing) + len(copied) > _MOST_STYLES:
        return DatedStyles(part, {})
    number, edits = _date_format(elements, lists.get("numFmts"))
    copies = []
    for style in copied:
        place = _number(style)
        xf = existing[place if place < len(existing) else 0]
        shown = {"numFmtId": number, "applyNumberFormat": "1"}
        copies.append(with_attributes(part[xf.start : xf.after], shown).decode("latin-1"))
    total = len(existing) + len(copies)
    edits += cells.extended("".join(copies), count=f"{total}")
    return DatedStyles(spliced(part, edits), {style: f"{len(existing) + at}" for at, style in enumerate(copied)})


def _formats_of(elements: list[Element], cells: Element | None) -> list[Element]:
    """The cell formats, by their numbers. Of one that has alternatives, the last is for all programs."""
    inside = [each for each in elements if cells is not None and cells.contains(each)]
    own = min((each.depth for each in inside), default=0)
    found: list[Element] = []
    for each in inside:
        if each.depth == own:
            found.append(each)
        elif each.name == "xf":
            found[-1] = each
    return found


def _number(style: str) -> int:
    return int(style) if style.isdecimal() else 0


def _date_format(elements: list[Element], formats: Element | None) -> tuple[str, list[Edit]]:
    """The number of the format for dates, and the edits that add it where there is none."""
    known = [each for each in elements if formats is not None and each.name == "numFmt" and formats.contains(each)]
    for each in known:
        if each.attributes.get("formatCode") == DATE_TIME:
            return each.attributes.get("numFmtId", "0"), []
    numbers = [_number(each.attributes.get("numFmtId", "")) for each in elements if each.name == "numFmt"]
    number, p = f"{max([_FIRST_OWN_FORMAT - 1, *numbers]) + 1}", prefix_of(elements)
    added = f'<{p}numFmt numFmtId="{number}" formatCode="{DATE_TIME}"/>'
    if formats is not None:
        return number, formats.extended(added, count=f"{len(known) + 1}")
    root = elements[0]
    first = f'<{p}numFmts count="1">{added}</{p}numFmts>'
    return number, [replacement(root.inside, root.inside, encoded(first))]
