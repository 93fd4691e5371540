"""Make tables and filters wider that end where columns are added.

Excel sorts and filters a table, or what a filter covers, apart from the cells beside it: a status beside it would then
stand beside another row.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from campaign.review.annotation.areas import area_of
from campaign.review.annotation.xml_edits import elements_of, encoded, prefix_of, replacement, spliced
from campaign.sheets.xlsx.xml_stream import local

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaign.review.annotation.areas import AddedColumns
    from campaign.review.annotation.xml_edits import Edit, Element

_FILTER_NAME = "_xlnm._FilterDatabase"
_FROM_ELSEWHERE = {"queryTable", "xml"}
"""Types of tables whose columns are those of their source (ECMA-376-1, 18.18.78)."""


def with_columns_of_list(tables: Mapping[str, bytes], added: AddedColumns, where: str) -> tuple[str, bytes] | None:
    """The table that is the list, with the added columns; of several side by side, the list is the leftmost.

    Args:
        tables: the tables of the sheet, by the names of their parts.
        added: the columns.
        where: the file, for errors.

    Returns:
        The name of the part, and the table. None where all tables stay as they are: the columns are not beside the
        list's, or its columns are those of a source elsewhere.

    Raises:
        RecipientsError: a table is damaged.
        ResultsError: nothing can be added to it.
    """
    found = []
    for part, table in tables.items():
        elements = elements_of(table, where)
        area = area_of(elements[0].attributes.get("ref", ""))
        if area is not None and area.first_row == added.header_row:
            found.append((area.first_column, part, elements))
    if not found:
        return None
    _, part, elements = min(found, key=itemgetter(0))
    edits = _column_edits(elements, added)
    return (part, spliced(tables[part], edits)) if edits else None


def _column_edits(elements: list[Element], added: AddedColumns) -> list[Edit]:
    """The edits that add columns to a table; none where it stays as it is."""
    root, first = elements[0], {element.name: element for element in reversed(elements)}
    area, columns = added.widened(root.attributes.get("ref", "")), first.get("tableColumns")
    is_own = added.first == added.used + 1 and root.attributes.get("tableType", "") not in _FROM_ELSEWHERE
    if area is None or columns is None or not is_own or root.attributes.get("headerRowCount") == "0":
        return []
    known = [each for each in elements if each.name == "tableColumn"]
    numbers = [int(each.attributes.get("id", "0")) for each in known]
    p, start = prefix_of(elements), max(numbers, default=0) + 1
    new = "".join(
        f'<{p}tableColumn id="{number}" name={quoteattr(header)}/>'
        for number, header in enumerate(added.headers, start)
    )
    edits = [root.changed(ref=f"{area}"), *columns.extended(new, count=f"{len(known) + len(added.headers)}")]
    own_filter = first.get("autoFilter")
    if own_filter is not None and (filtered := added.widened(own_filter.attributes.get("ref", ""))) is not None:
        edits.append(own_filter.changed(ref=f"{filtered}"))
    return edits


def with_filter_name(workbook: bytes, relation_ids: set[str], added: AddedColumns, where: str) -> bytes | None:
    """The table of contents of a workbook where the hidden name of a sheet's filter covers the added columns.

    Args:
        workbook: the part.
        relation_ids: by which it refers to the sheet.
        added: the columns.
        where: the file, for errors.

    Returns:
        None where there is no such name, or it means another area.

    Raises:
        RecipientsError: the part is damaged.
        ResultsError: nothing can be added to it.
    """
    elements = elements_of(workbook, where)
    sheets = [each.attributes for each in elements if each.name == "sheet"]
    place = next((at for at, sheet in enumerate(sheets) if relation_ids & _relation_ids(sheet)), None)
    for each in elements:
        if each.name == "definedName" and each.attributes.get("name") == _FILTER_NAME:
            sheet, mark, reference = workbook[each.inside : each.end].rpartition(b"!")
            area = added.widened(reference.decode("ascii", "replace"))
            if each.attributes.get("localSheetId") == str(place) and area is not None:
                named = sheet + mark + encoded(area.absolute)
                return spliced(workbook, [replacement(each.inside, each.end, named)])
    return None


def _relation_ids(sheet: Mapping[str, str]) -> set[str]:
    return {value for name, value in sheet.items() if ":" in name and local(name) == "id"}
