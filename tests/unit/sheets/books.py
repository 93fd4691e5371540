"""Workbooks made by hand, part by part: what no library writes, and what other programs do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"

SHEET_PART = "xl/worksheets/sheet1.xml"
WORKBOOK_PART = "xl/workbook.xml"
STRINGS_PART = "xl/sharedStrings.xml"
STYLES_PART = "xl/styles.xml"


def saved(path: Path, *rows: list[Any], formats: dict[str, str] | None = None) -> Path:
    """A workbook as openpyxl writes it."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for cells in rows:
        sheet.append(cells)
    for reference, code in (formats or {}).items():
        sheet[reference].number_format = code
    book.save(path)
    return path


def text(reference: str, value: str) -> str:
    """A cell with its text in place."""
    place = f' r="{reference}"' if reference else ""
    return f'<c{place} t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def row(number: int | None, *cells: str, attributes: str = "") -> str:
    place = f' r="{number}"' if number else ""
    return f"<row{place} {attributes}>{''.join(cells)}</row>"


def sheet_xml(*rows: str, before: str = "", after: str = "", namespace: str = MAIN) -> str:
    return f'<worksheet xmlns="{namespace}">{before}<sheetData>{"".join(rows)}</sheetData>{after}</worksheet>'


def workbook_xml(names: Iterable[str] = ("Data",), *, properties: str = "", states: Sequence[str] = ()) -> str:
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{index}" r:id="rId{index}"'
        f"{f' state={quoteattr(states[index - 1])}' if states else ''}/>"
        for index, name in enumerate(names, 1)
    )
    return f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">{properties}<sheets>{sheets}</sheets></workbook>'


def relations_xml(targets: Mapping[str, tuple[str, str]]) -> str:
    """Relations by id: kind and target."""
    entries = "".join(
        f'<Relationship Id="{name}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for name, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{PACKAGE_RELATIONS}">{entries}</Relationships>'


def styles_xml(*codes: str) -> str:
    """Styles 1, 2, … show the number formats given; style 0 is General."""
    formats = "".join(
        f'<numFmt numFmtId="{number}" formatCode={quoteattr(code)}/>' for number, code in enumerate(codes, 164)
    )
    used = "".join(f'<xf numFmtId="{number}"/>' for number in (0, *range(164, 164 + len(codes))))
    return f'<styleSheet xmlns="{MAIN}"><numFmts>{formats}</numFmts><cellXfs>{used}</cellXfs></styleSheet>'


def strings_xml(*strings: str) -> str:
    entries = "".join(f'<si><t xml:space="preserve">{escape(string)}</t></si>' for string in strings)
    return f'<sst xmlns="{MAIN}">{entries}</sst>'


def parts(sheet: str, **others: str) -> dict[str, str | bytes]:
    """The parts of a whole workbook of one sheet; strings, styles and workbook replace or add those parts."""
    whole: dict[str, str | bytes] = {
        "_rels/.rels": relations_xml({"rId1": ("officeDocument", WORKBOOK_PART)}),
        WORKBOOK_PART: workbook_xml(),
        "xl/_rels/workbook.xml.rels": relations_xml(
            {
                "rId1": ("worksheet", "worksheets/sheet1.xml"),
                "rId8": ("sharedStrings", "sharedStrings.xml"),
                "rId9": ("styles", "styles.xml"),
            }
        ),
        SHEET_PART: sheet,
    }
    named = {"strings": STRINGS_PART, "styles": STYLES_PART, "workbook": WORKBOOK_PART}
    return {**whole, **{named[name]: content for name, content in others.items()}}


def save(path: Path, contents: Mapping[str, str | bytes]) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path
