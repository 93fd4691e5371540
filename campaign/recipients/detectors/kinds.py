"""The kinds of findings: how grave each is, what it says, and what settles it (DESIGN of the project, section 11a)."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Severity = Literal["stop", "note"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding.

    Attributes:
        code: its name for programs, for `--accept` and `[checks] accept`.
        severity: "stop" for what a person has to decide on before anything is sent, "note" for the rest.
        singular: the message about one row or cell, in words after “1 ”.
        plural: the same about several, after their number.
        remedy: what to do about it in the list or the template; "" if nothing has to be done.
        setting: the line of the campaign file that settles it, with its section; "" if only `accept` does.
        option: the option that settles it, for a run without a campaign file; "" if only `--accept` does.
    """

    code: str
    severity: Severity
    singular: str
    plural: str
    remedy: str = ""
    setting: str = ""
    option: str = ""

    def message(self, count: int) -> str:
        """Say how many there are, in a sentence."""
        return f"{count:,} {self.singular if count == 1 else self.plural}"

    @property
    def accept_setting(self) -> str:
        """The line of the campaign file that accepts the finding as it is."""
        return f'[checks] accept = ["{self.code}"]'

    @property
    def accept_option(self) -> str:
        """The option that accepts the finding as it is."""
        return f"--accept {self.code}"

    def advice(self) -> str:
        """All that settles it, in a sentence: the remedy, the setting or its option, else the code to accept."""
        if self.severity == "note":
            return self.remedy
        if self.setting:
            choice = f"put {self.setting} into the campaign file, or give {self.option}"
        else:
            choice = f"if it is meant, put {self.accept_setting} into the campaign file, or give {self.accept_option}"
        return f"{self.remedy}; {choice}" if self.remedy else choice


_STOPS = (
    Kind(
        "hidden-rows",
        "stop",
        "row that is hidden in the sheet would be sent",
        "rows that are hidden in the sheet would be sent",
        setting='[recipients] hidden_rows = "skip" (or "send")',
        option="--hidden-rows skip (or send)",
    ),
    Kind(
        "guessed-encoding",
        "stop",
        "file whose encoding is a guess",
        "files whose encoding is a guess",
        'save the list as a workbook or as "CSV UTF-8"',
        '[recipients] encoding = "NAME"',
        "--encoding NAME",
    ),
    Kind(
        "lost-letters",
        "stop",
        "cell in which letters were lost: they are question marks now",
        "cells in which letters were lost: they are question marks now",
        "export the list again from its source, as a workbook or as CSV UTF-8",
    ),
    Kind(
        "mojibake",
        "stop",
        "cell whose letters were read in a wrong encoding",
        "cells whose letters were read in a wrong encoding",
        "export the list again from its source, as a workbook or as CSV UTF-8",
    ),
    Kind(
        "legacy-font",
        "stop",
        "cell typed for a font that shows other letters than the cell contains",
        "cells typed for a font that shows other letters than the cells contain",
        "",
        '[recipients] legacy_font = "convert"',
        "--legacy-font convert",
    ),
    Kind(
        "ruined-number",
        "stop",
        "number that is no longer the id that was entered",
        "numbers that are no longer the ids that were entered",
        "format the column as text, and enter the ids again; the number format 0 shows those of up to 15 digits whole",
    ),
    Kind(
        "blank-value",
        "stop",
        "row with a blank in the middle of its text",
        "rows with a blank in the middle of their text",
        'fill the cells in, or give the variable a default in the template: {{ name | default("…") }}',
    ),
    Kind(
        "placeholder-left",
        "stop",
        "placeholder of another program that is not replaced",
        "placeholders of another program that are not replaced",
        "write {{ name }} in the template, with two braces; in a cell, put the value in its place",
    ),
    Kind(
        "null-word",
        "stop",
        "cell with a program's word for nothing",
        "cells with a program's word for nothing",
        "clear the cells",
    ),
    Kind(
        "other-sheet",
        "stop",
        "other sheet has the same headers, and was open when the workbook was saved",
        "other sheets have the same headers, and one was open when the workbook was saved",
        "",
        '[recipients] sheet = "NAME"',
        "--sheet NAME",
    ),
    Kind(
        "csv-apostrophe",
        "stop",
        "cell that begins with an apostrophe, which a program put there as a guard",
        "cells that begin with an apostrophe, which a program put there as a guard",
        "delete the apostrophes, or export the list without them",
    ),
    Kind(
        "backslash-quotes",
        "stop",
        'cell whose quotation marks were written as \\", which is not CSV as spreadsheet programs write it',
        'cells whose quotation marks were written as \\", which is not CSV as spreadsheet programs write it',
        'export the list with doubled quotation marks (""), or as a workbook',
    ),
)

_NOTES = (
    Kind(
        "trimmed",
        "note",
        "id with blanks at its ends, which are left out",
        "ids with blanks at their ends, which are left out",
    ),
    Kind(
        "same-destination",
        "note",
        "conversation gets more than one message",
        "conversations get more than one message",
    ),
    Kind(
        "duplicates", "note", "row repeats an earlier row and is skipped", "rows repeat an earlier row and are skipped"
    ),
    Kind("empty-rows", "note", "empty row is left out", "empty rows are left out"),
    Kind("unused-columns", "note", "column is not used", "columns are not used"),
)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.code: kind for kind in (*_STOPS, *_NOTES)})
"""Every kind by its code, in the order of harm."""
