"""What an operator has to see of a list before anything of it leaves, where there is no template and no plan.

The detectors are those of `campaign check`, over the columns that are used here.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from campaign.findings import Occurrences, in_order, make
from campaign.recipients.detectors import CellDetector, LetterDetector
from campaign.recipients.lint import Linter
from campaign.recipients.row_batch import RowBatch
from campaign.text import one_line, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from campaign.findings import Finding
    from campaign.sheets import Column, Row, Sheet

_AT_ONCE = 1000
_SHOWN_LENGTH = 60


def findings_of(
    sheet: Sheet, rows: Iterable[Row], used: Collection[Column], ids: Collection[Column], *, hidden_decided: bool
) -> tuple[Finding, ...]:
    """What is found in a list, the most harmful first.

    Args:
        sheet: the list.
        rows: the rows that are used.
        used: the columns that are used.
        ids: those of them that are ids.
        hidden_decided: whether it was said what becomes of hidden rows.
    """
    columns = sorted(used)
    linter, detector = Linter(sheet.columns, ids, columns), CellDetector(columns, ids, sheet.columns)
    letters, hidden, guessed = LetterDetector(columns), Occurrences(), Occurrences()
    encoding = sheet.facts.encoding
    remaining = iter(rows)
    while some := list(islice(remaining, _AT_ONCE)):
        batch = RowBatch(some)
        linter.check(batch)
        for found in detector.check(batch):
            linter.note(found)
        letters.check(batch)
        for row in some:
            if row.hidden:
                hidden.add(row.number)
            if encoding is not None and encoding.guessed:
                _note_guess(guessed, row, columns)
    of_rows = _of_rows(sheet, Occurrences() if hidden_decided else hidden, guessed)
    return in_order([*linter.findings(), *letters.findings(), *of_rows])


def _note_guess(guessed: Occurrences, row: Row, columns: Sequence[Column]) -> None:
    """Count a row that would read otherwise in another encoding."""
    column = next((each for each in columns if not row.texts[each.position].isascii()), None)
    if column is not None:
        shown = one_line(row.texts[column.position], _SHOWN_LENGTH)
        guessed.add(row.number, f"{column.letter}{row.number}", shown)


def _of_rows(sheet: Sheet, hidden: Occurrences, guessed: Occurrences) -> Iterator[Finding]:
    if hidden.count:
        are = "is hidden in the sheet and would be" if hidden.count == 1 else "are hidden in the sheet and would be"
        yield make("hidden-rows", f"{hidden.named()} {are} asked for too", hidden)
    encoding = sheet.facts.encoding
    if guessed.count and encoding is not None:
        has = "has" if guessed.count == 1 else "have"
        message = f"the encoding is a guess ({encoding.codec}), and {guessed.named()} {has} letters that depend on it: "
        read = "".join(f"; read as {other.codec}: {quoted(other.words[:2])}" for other in encoding.others)
        also = "".join(f' if those of {other.codec} are, encoding = "{other.codec}";' for other in encoding.others)
        yield make("guessed-encoding", f"{message}{guessed.quoted()}{read}", guessed, codec=encoding.codec, others=also)
