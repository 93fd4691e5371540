"""Annotated copies of workbooks, and what is in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from zipfile import ZipFile

from defusedxml.ElementTree import fromstring

from campaign.review.annotation import Mark, annotate
from campaign.sheets import ReadOptions
from tests.unit.sheets import books
from tests.unit.sheets.books import SHEET_PART, STYLES_PART

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

HEADERS = ("Status", "Reason", "Sent at")
NOON = 1_767_614_400.0  # 2026-01-05 12:00 UTC
SENT = Mark("sent", "", NOON)
FAILED = Mark("failed", "no such room")


def annotated(
    source: Path, marks: Mapping[int, Mark], options: ReadOptions | None = None, headers: tuple[str, ...] = HEADERS
) -> Path:
    """A copy beside a list, with these marks by row number."""
    target = source.with_stem(f"{source.stem}-annotated")
    return annotate(source, options or ReadOptions(), headers, iter(sorted(marks.items())), target)


def part_of(path: Path, part: str = SHEET_PART) -> str:
    with ZipFile(path) as archive:
        return archive.read(part).decode()


def parts_that_differ(one: Path, other: Path) -> list[str]:
    """The parts that are not the same in two archives, which have the same parts in the same order."""
    with ZipFile(one) as first, ZipFile(other) as second:
        assert first.namelist() == second.namelist()
        return [name for name in first.namelist() if first.read(name) != second.read(name)]


class FoundCell(NamedTuple):
    """A cell as it is in the XML: its reference, style and text."""

    reference: str
    style: str
    text: str


def cells_of(sheet: str, row: int) -> list[FoundCell]:
    """The cells of a row of a worksheet, in their order."""
    found = [each for each in fromstring(sheet).iter() if each.tag.endswith("}row")]
    (chosen,) = (each for at, each in enumerate(found, 1) if int(each.get("r") or at) == row)
    return [FoundCell(cell.get("r", ""), cell.get("s", ""), "".join(cell.itertext())) for cell in chosen]


def columns_of(sheet: str) -> list[dict[str, str]]:
    """The attributes of the columns of a worksheet."""
    return [dict(each.attrib) for each in fromstring(sheet).iter() if each.tag.endswith("}col")]


def list_xml(*rows: str, before: str = "", after: str = "") -> str:
    """A worksheet with the headers Id and Name, and rows."""
    header = books.row(1, books.text("A1", "Id"), books.text("B1", "Name"))
    return books.sheet_xml(header, *rows, before=before, after=after)


PERSON = books.row(2, books.text("A2", "1"), books.text("B2", "An"))


def copy_of(path: Path, sheet: str, marks: Mapping[int, Mark] | None = None, **others: str) -> str:
    """The worksheet of the annotated copy of a workbook made by hand, after a check that nothing else was changed."""
    contents = books.parts(sheet, **{"styles": books.styles_xml(), "strings": books.strings_xml(), **others})
    books.save(path, contents)
    copy = annotated(path, marks or {2: FAILED})
    assert set(parts_that_differ(path, copy)) <= {SHEET_PART, STYLES_PART}
    return part_of(copy)


def without_added(sheet: str, references: Sequence[str]) -> str:
    """A worksheet without the cells that were added."""
    for reference in references:
        sheet = re.sub(rf'<(\w*:?)c r="{reference}"[^>]*?(/>|>.*?</\1c>)', "", sheet)
    return sheet
