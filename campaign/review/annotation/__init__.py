"""A copy of the operator's own list with a status beside each row.

Nothing of the list is read into a model and written again: its bytes are copied, and what is added is spliced in. So
formats, formulas, charts, pictures and other sheets are in the copy as they are in the list.
"""

from __future__ import annotations

from campaign.review.annotation.list_copy import annotate
from campaign.review.annotation.marks import Mark, added_headers, latest_marks

__all__ = ["Mark", "added_headers", "annotate", "latest_marks"]
