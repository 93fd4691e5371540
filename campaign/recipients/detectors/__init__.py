"""Detectors: cells that would be sent as nobody meant them.

    detector = CellDetector(used, ids, sheet.columns)
    for rows in batches(sheet):
        found = detector.check(RowBatch(rows))     # a finding for each cell that is not in good order

Each kind looks at the displayed text, and at the stored value or the font where that tells more. Most lists are in good
order, so a batch is searched column by column for the few characters that every kind needs, and only a cell that has
them is looked at.
"""

from __future__ import annotations

from campaign.recipients.detectors.cells import CellDetector, CellFinding
from campaign.recipients.detectors.letters import LetterDetector
from campaign.recipients.detectors.placeholders import column_names, placeholders_in_template

__all__ = ["CellDetector", "CellFinding", "LetterDetector", "column_names", "placeholders_in_template"]
