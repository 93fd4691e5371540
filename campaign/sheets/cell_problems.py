"""Texts of cells that are no text of anybody's: errors of formulas, and formulas that show a picture.

A workbook marks an error by the type of its cell. A CSV file, and a cell whose values were pasted, contain its text
alone, so the texts are compared in every kind of file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from campaign.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from campaign.sheets.table import Column

UNREADABLE = "unreadable-cell"
"""The code of these problems, and of others of a single cell."""

_ERRORS = """
    #NULL! #DIV/0! #VALUE! #REF! #NAME? #NUM! #N/A #N/A! #GETTING_DATA #SPILL! #CONNECT! #BLOCKED! #UNKNOWN! #FIELD!
    #CALC! #EXTERNAL! #BUSY! #PYTHON! #TIMEOUT! #ERROR!
    #NV #BEZUG! #WERT! #ZAHL! #NULL #ÜBERLAUF! #KALK!
    #VALEUR! #NOM? #NOMBRE! #NUL! #PROPAGATION!
    #¡VALOR! #¡REF! #¿NOMBRE? #¡NUM! #¡DIV/0! #¡NULO! #¡DESBORDAMIENTO! #VALOR! #NOME? #NÚM! #NULO! #N/D #N/DISP
    #VALORE! #RIF! #NULLO! #ESPANSIONE!
    #Н/Д #ЗНАЧ! #ССЫЛКА! #ДЕЛ/0! #ИМЯ? #ЧИСЛО! #ПУСТО! #ПЕРЕНОС! #ВЫЧИСЛ!
    #YOK #DEĞER! #BAŞV! #SAYI/0! #SAYI! #AD? #BOŞ! #TAŞMA!
    #ARG! #ADR! #BŁĄD! #DZIEL/0! #LICZBA! #NAZWA? #ZERO! #N/D!
    #N/B #WAARDE! #VERW! #DEEL/0! #GETAL! #NAAM? #LEEG! #OVERLOOP!
"""
ERROR_TEXTS = frozenset(_ERRORS.split())
"""Error values as Excel displays them (Microsoft, ERROR.TYPE and “How to correct a #… error”): in English, and in
German, French, Spanish, Portuguese, Italian, Russian, Turkish, Polish and Dutch, whose CSV files contain the
translations. #ERROR! is Google Sheets'.
"""

_OTHER_ERROR = re.compile(r"Err:5\d\d")
"""LibreOffice's numbered errors."""

_PICTURE = re.compile(r"=\s*(?:_xlfn\.)*(?:DISPIMG|IMAGE)\s*\(", re.IGNORECASE)
"""WPS Office stores a picture in a cell as DISPIMG, whose value is the formula as text; Excel and Google Sheets have
IMAGE."""

_TOO_NARROW = re.compile("#{4,}")
"""What Excel displays for a number or a date in a column that is too narrow, and saves in a CSV file in its place."""

NO_TEXT = "shows a picture, which is no text"
_REMEDY_ERROR = "correct it in the sheet"
_NO_ROOM = "contains #### in place of a number or a date, for which its column was too narrow"
REMEDY_PICTURE = "enter a text in its place, or use another column"
_REMEDIES = {NO_TEXT: REMEDY_PICTURE, _NO_ROOM: "make the column wider, and save the list again"}


def is_suspect(together: str) -> bool:
    """Whether the texts of a row, put together, can contain one that `problems_of_texts` finds. Takes no time."""
    return "#" in together or "=" in together or "Err:5" in together


def problems_of_texts(
    columns: Sequence[Column], number: int, texts: Sequence[str], known: Collection[str] = (), *, in_csv: bool
) -> Iterator[Problem]:
    """Yield a problem for each cell whose text is an error or a formula for a picture.

    Args:
        columns: the columns of the row.
        number: the row's number.
        texts: its cells as displayed.
        known: references of the cells that have a problem already.
        in_csv: whether they are of a CSV file, which has what was displayed.
    """
    for column, text in zip(columns, texts, strict=True):
        what = fault_of(text.strip(), in_csv=in_csv) if text else None
        if what is not None and (where := f"{column.letter}{number}") not in known:
            yield Problem(where, what, _REMEDIES.get(what, _REMEDY_ERROR), UNREADABLE)


def fault_of(text: str, *, in_csv: bool) -> str | None:
    """Return what is wrong with a text without blanks at its ends, None if nothing is."""
    if text.upper() in ERROR_TEXTS or _OTHER_ERROR.fullmatch(text):
        return f"contains the error {text[:20]}"
    if in_csv and _TOO_NARROW.fullmatch(text):
        return _NO_ROOM
    return NO_TEXT if text[:1] == "=" and _PICTURE.match(text) else None
