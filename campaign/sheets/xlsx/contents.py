"""The table of contents of a workbook, and the choice of a worksheet."""

from __future__ import annotations

import difflib
import posixpath
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import Problem, RecipientsError
from campaign.sheets.xlsx.package import PartLimit
from campaign.sheets.xlsx.xml_stream import is_true, local, start_tags
from campaign.text import caseless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.sheets.xlsx.package import Package


_LIMIT = PartLimit(free_bytes=8_000_000, max_ratio=0)
"""Real lists of sheets or relations have some kilobytes."""


class Worksheet(NamedTuple):
    """A worksheet: its name, the part that contains it, and whether it is hidden."""

    name: str
    part: str
    hidden: bool


class Contents(NamedTuple):
    """The table of contents of a workbook.

    Attributes:
        sheets: its worksheets in the order of their tabs, without chart sheets and macro sheets.
        strings: the part with the shared strings, or None.
        styles: the part with the number formats, or None.
        date1904: whether dates count from 1904 instead of 1900.
        recalculates: whether formulas are to be calculated when the file is opened; stored results may be stale.
        active: the name of the sheet that was open when the workbook was saved (`activeTab`, ECMA-376 part 1, 18.2.30);
            "" if the workbook does not say.
        part: the part that contains it.
    """

    sheets: tuple[Worksheet, ...]
    strings: str | None
    styles: str | None
    date1904: bool
    recalculates: bool
    active: str = ""
    part: str = "xl/workbook.xml"


class Relation(NamedTuple):
    """What a part refers to: the kind of it, and the part."""

    kind: str
    part: str


def read_contents(package: Package) -> Contents:
    """Read the table of contents of a workbook.

    Raises:
        RecipientsError: the zip archive is not a workbook.
    """
    workbook = _workbook_part(package)
    related = relations(package, workbook)
    by_kind = {relation.kind: relation.part for relation in related.values()}
    folder = posixpath.dirname(workbook)
    sheets: list[Worksheet] = []
    names: list[str] = []
    date1904 = recalculates = False
    tab = ""
    with package.open(workbook, _LIMIT) as stream:
        tags = start_tags(stream, package.label)
        if next(tags)[0] != "workbook":
            raise _not_a_workbook(package)
        for name, attributes in tags:
            if name == "sheet":
                names.append(attributes.get("name", ""))
                sheets.extend(_sheet(package, attributes, related))
            elif name == "workbookView":
                tab = tab or attributes.get("activeTab", "0")
            elif name == "workbookPr":
                # Excel also writes an element of this name in an extension, without this attribute.
                date1904 = date1904 or is_true(attributes.get("date1904"))
            elif name == "calcPr":
                recalculates = is_true(attributes.get("fullCalcOnLoad"))
    return Contents(
        tuple(sheets),
        _first_existing(package, by_kind.get("sharedStrings"), f"{folder}/sharedStrings.xml"),
        _first_existing(package, by_kind.get("styles"), f"{folder}/styles.xml"),
        date1904,
        recalculates,
        names[int(tab)] if tab.isdecimal() and len(tab) < 6 and int(tab) < len(names) else "",
        workbook,
    )


def _workbook_part(package: Package) -> str:
    documents = [r.part for r in relations(package, "").values() if r.kind == "officeDocument"]
    part = _first_existing(package, *documents, "xl/workbook.xml")
    if part is None or not part.lower().endswith(".xml"):
        raise _not_a_workbook(package)
    return part


def _not_a_workbook(package: Package) -> RecipientsError:
    remedy = "open it in the program it comes from and save or export it as .xlsx"
    return RecipientsError(Problem(package.label, f"is {_kind_of_archive(package)}", remedy))


def _kind_of_archive(package: Package) -> str:
    kinds = {
        "xl/workbook.bin": "a binary workbook (.xlsb)",
        "content.xml": "an OpenDocument file (.ods)",
        "Index/Document.iwa": "a Numbers spreadsheet",
        "Index.zip": "a Numbers spreadsheet",
        "word/document.xml": "a Word document",
        "ppt/presentation.xml": "a PowerPoint presentation",
    }
    return next((kind for part, kind in kinds.items() if package.has(part)), "a zip archive and not a workbook")


def relations(package: Package, source: str) -> dict[str, Relation]:
    """The parts that a part refers to, by the id of the relation; for "" those that the package itself does.

    Raises:
        RecipientsError: the list of them is damaged.
    """
    folder, name = posixpath.split(source)
    part = posixpath.join(folder, "_rels", f"{name}.rels")
    if not package.has(part):
        return {}
    with package.open(part, _LIMIT) as stream:
        return {
            attributes.get("Id", ""): Relation(
                attributes.get("Type", "").rpartition("/")[2],
                posixpath.join(folder, attributes.get("Target", "").replace("\\", "/")),
            )
            for name, attributes in start_tags(stream, package.label)
            if name == "Relationship" and attributes.get("TargetMode") != "External"
        }


def _sheet(package: Package, attributes: dict[str, str], related: dict[str, Relation]) -> list[Worksheet]:
    relation_id = next((value for key, value in attributes.items() if ":" in key and local(key) == "id"), "")
    relation = related.get(relation_id)
    if relation is None or relation.kind != "worksheet" or not package.has(relation.part):
        return []
    hidden = attributes.get("state", "visible") != "visible"
    return [Worksheet(attributes.get("name", ""), relation.part, hidden)]


def _first_existing(package: Package, *parts: str | None) -> str | None:
    return next((part for part in parts if part and package.has(part)), None)


_LISTED = 12


def choose_sheet(sheets: Sequence[Worksheet], name: str | None, label: str) -> Worksheet:
    """Choose the sheet with a name, ignoring case if no name is equal; without a name, the first visible sheet.

    Args:
        sheets: the workbook's worksheets.
        name: the name to find, or None.
        label: the file, for errors.

    Raises:
        RecipientsError: there is no such sheet; lists those there are.
    """
    if not sheets:
        remedy = "open it in a spreadsheet program and save it as .xlsx"
        raise RecipientsError(Problem(label, "contains no readable worksheet", remedy))
    if name is None:
        return next((sheet for sheet in sheets if not sheet.hidden), sheets[0])
    exact = [sheet for sheet in sheets if sheet.name == name]
    similar = [sheet for sheet in sheets if caseless(sheet.name) == caseless(name)]
    if exact or similar:
        return (exact or similar)[0]
    names = [sheet.name for sheet in sheets]
    near = difflib.get_close_matches(name, names, n=1)
    remedy = (
        f"did you mean “{near[0]}”? Its sheets are {_listed(names)}" if near else f"its sheets are {_listed(names)}"
    )
    raise RecipientsError(Problem(label, f"has no sheet “{name}”", remedy))


def describe_choice(chosen: Worksheet, sheets: Sequence[Worksheet]) -> str:
    """Return a note on which sheet is read, and of how many."""
    hidden = sum(1 for sheet in sheets if sheet.hidden)
    others = f" (of {len(sheets)}{f'; {hidden} hidden' if hidden else ''})" if len(sheets) > 1 else ""
    return f"sheet “{chosen.name}”{others}{', which is hidden' if chosen.hidden else ''}"


def empty_sheet_remedy(empty: Worksheet, sheets: Sequence[Worksheet]) -> str:
    """Return what to do about a sheet that is empty."""
    others = [sheet.name for sheet in sheets if sheet is not empty]
    if others:
        return f"choose another sheet: {_listed(others)}"
    return "put the headers in the first row and the data in the rows below"


def _listed(names: Sequence[str]) -> str:
    more = ", …" if len(names) > _LISTED else ""
    return ", ".join(f"“{name}”" for name in names[:_LISTED]) + more
