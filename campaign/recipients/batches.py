"""The rows of a list by the batch, so that neither planning nor the journal handles them one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.errors import RecipientsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.sheets import Row, Sheet

BATCH, BATCH_CELLS, BATCH_CHARACTERS = 500, 1_000_000, 4_000_000
"""Rows planned together: as many, or fewer where they are very wide or hold very long texts."""


def batches(recipients: Sheet) -> Iterator[list[Row]]:
    """Rows by the batch; where the list turns out to be damaged, the rows before that place come before the error."""
    most = max(1, min(BATCH, BATCH_CELLS // max(1, len(recipients.columns))))
    batch: list[Row] = []
    characters = 0
    try:
        for row in recipients.rows():
            batch.append(row)
            characters += sum(map(len, row.texts))
            if len(batch) == most or characters > BATCH_CHARACTERS:
                yield batch
                batch, characters = [], 0
    except RecipientsError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch
