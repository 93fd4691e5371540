"""The kinds of findings: every code with its severity, what it means and what to do about it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Severity(StrEnum):
    """Whether a finding has to be decided before anything is sent."""

    STOP = "stop"
    NOTE = "note"


class Kind(NamedTuple):
    """What is true of every finding of a code.

    Attributes:
        severity: whether it has to be decided.
        meaning: what it is, in a sentence without a full stop.
        fix: what to do about it; may contain names in braces, which `make` fills in. "" where nothing needs doing.
    """

    severity: Severity
    meaning: str
    fix: str


def _stop(meaning: str, fix: str) -> Kind:
    return Kind(Severity.STOP, meaning, fix)


def _note(meaning: str, fix: str = "") -> Kind:
    return Kind(Severity.NOTE, meaning, fix)


_ENTER_AGAIN = "format the column as text, and enter them again"
_SAVE_INTACT = "save the list again from a file whose letters are intact: as a workbook, or as CSV UTF-8"

KINDS: Mapping[str, Kind] = {
    "ruined-number": _stop("numbers that Excel has shortened", f"Excel has lost digits: {_ENTER_AGAIN}"),
    "other-sheet": _stop(
        "another sheet has the same headers and was the one on screen",
        "sheet = {other} (or {sheet}) under [recipients], or --sheet {other_typed}",
    ),
    "hidden-rows": _stop(
        "rows that are hidden in the sheet would be sent too",
        'hidden_rows = "skip" (or "send") under [recipients], or --hidden-rows skip (or send)',
    ),
    "guessed-encoding": _stop(
        "the encoding of the file is a guess",
        'if these words are right, encoding = "{codec}" under [recipients], or --encoding {codec};{others} else the '
        "encoding that the file was saved in, or save it as CSV UTF-8",
    ),
    "lost-letters": _stop("letters were lost before the file came here", _SAVE_INTACT),
    "mojibake": _stop("text that was read in the wrong encoding when the file was made", _SAVE_INTACT),
    "legacy-font": _stop(
        "text typed for a font that shows other letters",
        'legacy_font = "convert" under [recipients], or --legacy-font convert',
    ),
    "placeholder-left": _stop("a placeholder of another program is left in a text", "{fix}"),
    "null-word": _stop("a program's word for “nothing” stands in a cell", "clear the cells, or correct them"),
    "blank-value": _stop(
        "a blank cell leaves a gap in a text",
        'fill the cells, or write {{{{ {variable} | default("…") }}}}, or an {{% if %}} around it',
    ),
    "csv-apostrophe": _stop(
        "an apostrophe that protects a spreadsheet program from formulas is part of the text",
        "export the list without it, or remove it from the cells",
    ),
    "backslash-quotes": _stop(
        'quotation marks are written as \\" where CSV doubles them', 'export the list with "" for a quotation mark'
    ),
    "scientific-text": _note("texts that look like shortened numbers", _ENTER_AGAIN),
    "long-numbers": _note("numbers of 16 or more digits that end in zeros", f"Excel keeps 15 digits: {_ENTER_AGAIN}"),
    "id-format": _note("ids are shown with more than digits", "give the column the number format 0"),
    "id-dates": _note("dates where ids belong", "format the column as text, and enter the ids again"),
    "lost-zeros": _note(
        "numbers among texts with leading zeros",
        f"Excel drops the zeros before a number: {_ENTER_AGAIN}",
    ),
    "numbers-as-text": _note(
        "numbers as text, which do not show the number format of the others",
        "turn them into numbers in a spreadsheet program",
    ),
    "unreadable-cell": _note("cells of unused columns that cannot be read", "{fix}"),
    "changed-row": _note(
        "rows that were sent already with another text, by their key",
        "to send the new text, give the row another key, or send it from a list of its own with --new",
    ),
    "same-destination": _note("conversations that get more than one message"),
    "converted": _note("text of legacy fonts was converted to Unicode"),
    "trimmed": _note("blanks around ids are left out"),
    "duplicates": _note("exact duplicates of earlier rows are skipped"),
    "header-row": _note(
        "another row may be the header row", "header_row = {row} under [recipients], or --header-row {row}"
    ),
    "merged-cells": _note("only the first cell of a merged area has its text", "unmerge the cells and fill them all"),
    "unused-setting": _note("a name in the campaign file or an option that the template does not use"),
    "empty-rows": _note("blank rows within the list are left out"),
    "unused-columns": _note("columns that the template does not use"),
}
"""Every code, in the order in which findings are shown: the most harmful first."""
