"""What makes two rows the same from run to run, where the campaign says so: the texts of some columns."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class RowKey:
    """The columns whose texts tell rows apart.

    Attributes:
        names: the variables or headers, as the campaign names them.
        positions: the places of their columns in a row, from 0.
        headers: the headers of these columns.
    """

    names: tuple[str, ...]
    positions: tuple[int, ...]
    headers: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The names for people."""
        return " and ".join(f"“{name}”" for name in self.names)

    def of(self, texts: Sequence[str]) -> bytes | None:
        """The digest of a row's key: the same in every run in which the key has these names.

        Args:
            texts: the row's cells as displayed; one that is missing is blank.

        Returns:
            None where all cells of the key are blank: such rows are told apart by what is sent to whom.
        """
        values = [texts[position].strip() if position < len(texts) else "" for position in self.positions]
        if not any(values):
            return None
        plain = unicodedata.normalize("NFC", json.dumps([self.names, values], ensure_ascii=False))
        return blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=16, person=b"campaign row key").digest()

    def within(self, headers: Sequence[str]) -> RowKey | None:
        """The same key in another list; None where that has not all its headers."""
        places = {header: place for place, header in reversed(list(enumerate(headers)))}
        if not all(header in places for header in self.headers):
            return None
        return RowKey(self.names, tuple(places[header] for header in self.headers), self.headers)
