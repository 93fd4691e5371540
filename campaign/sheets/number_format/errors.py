"""Why a value cannot be shown; `cell_text` turns these into a fallback and a note."""

from __future__ import annotations


class NotUnderstoodError(ValueError):
    """A format code that Excel would refuse, or a value that the code cannot show."""


class NotShownError(NotUnderstoodError):
    """A value that its format code has no text for: Excel fills the cell with number signs."""


class UnsupportedError(NotUnderstoodError):
    """A format code that Excel understands and this package does not."""
