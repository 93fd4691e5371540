"""Make tables and filters wider that end where columns are added.

Excel sorts and filters a table, or what a filter covers, apart from the cells beside it: a status beside it would then
stand beside another row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from campaign.review.annotation.xml_edits import elements_of, encoded, prefix_of, replacement, spliced
from campaign.sheets.xlsx.xml_stream import local

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaign.review.annotation.areas import AddedColumns

_FILTER_NAME = "_xlnm._FilterDatabase"
_FROM_ELSEWHERE = {"queryTable", "xml"}
"""Types of tables whose columns are those of their source (ECMA-376-1, 18.18.78)."""


def with_columns(table: bytes, added: AddedColumns, where: str) -> bytes | None:
    """A table with the added columns.

    Args:
        table: the part.
        added: the columns.
        where: the file, for errors.

    Returns:
        None where the table stays as it is: they are not beside it, or its columns are those of a source elsewhere.

    Raises:
        RecipientsError: the part is damaged.
        ResultsError: nothing can be added to it.
    """
    elements = elements_of(table, where)
    root, first = elements[0], {element.name: element for element in reversed(elements)}
    area, columns = added.widened(root.attributes.get("ref", "")), first.get("tableColumns")
    is_own = added.first == added.used + 1 and root.attributes.get("tableType", "") not in _FROM_ELSEWHERE
    if area is None or columns is None or not is_own or root.attributes.get("headerRowCount") == "0":
        return None
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
    return spliced(table, edits)


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
