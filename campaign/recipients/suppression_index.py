"""The values of a suppression list, compactly: for a million of them, and a question for each row of another list."""

from __future__ import annotations

import unicodedata
from array import array
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from campaign.recipients import phone_numbers
from campaign.text import without_invisible

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

T = TypeVar("T")

_BUCKETS = 1 << 18
_MASK = _BUCKETS - 1

_NO_SEPARATORS = str.maketrans("", "", phone_numbers.SEPARATORS)
_BEGINS_AS_PHONE = frozenset("+0123456789" + phone_numbers.SEPARATORS)
_TAIL = itemgetter(slice(-phone_numbers.SHORTEST_NATIONAL, None))


def folded(text: str) -> str:
    """A value as it is compared: trimmed, without invisible characters, composed (NFC), without differences of case."""
    if text.isascii():
        return text.strip().lower()
    plain = without_invisible(unicodedata.normalize("NFC", text)).strip()
    return unicodedata.normalize("NFC", plain.casefold())


class Hashed(NamedTuple):
    """Some cells that are not blank, as they are compared.

    Attributes:
        places: their places among the cells.
        common: for each the hash of what all ways of writing its value have in common.
        values: for each its value: a canonical phone number, or folded text.
    """

    places: Sequence[int]
    common: Sequence[int]
    values: Sequence[str]


def hashed(texts: Sequence[str]) -> Hashed:
    """Prepare cells for comparison; fast where all of them are phone numbers without a country code."""
    values = _phones(texts)
    if values is not None:
        return Hashed(range(len(values)), list(map(hash, map(_TAIL, values))), values)
    places, common, kept = [], [], []
    for place, value in enumerate(map(folded, texts)):
        if value:
            number = _number(value)
            places.append(place)
            kept.append(number or value)
            common.append(hash(phone_numbers.tail(number)) if number else hash(value))
    return Hashed(places, common, kept)


def _phones(texts: Sequence[str]) -> Sequence[str] | None:
    """The canonical numbers of cells that all contain one; None where that needs a look at each."""
    together = "\n".join(texts)
    if together.count("\n") != len(texts) - 1 or not together.isascii():
        return None
    values = texts
    if not together.replace("\n", "").isdecimal():
        if phone_numbers.has_decimals(together):
            return None
        together = together.translate(_NO_SEPARATORS)
        values = together.split("\n")
        digits = f"\n{together}".replace("\n+", "\n").replace("\n", "")
        if not digits.isdecimal():
            return None
    lengths = set(map(len, values))
    fewest = phone_numbers.SHORTEST_NATIONAL + 1 if "+" in together else phone_numbers.FEWEST_DIGITS
    has_zeros = max(lengths) >= phone_numbers.SHORTEST_WITH_ZEROS and "\n00" in f"\n{together}"
    are_numbers = fewest <= min(lengths) and max(lengths) <= phone_numbers.MOST_DIGITS
    return values if are_numbers and not has_zeros else None


def _number(value: str) -> str:
    first = value[0]
    return phone_numbers.canonical(value) if first in _BEGINS_AS_PHONE or not first.isascii() else ""


def _at(items: Sequence[T], places: Sequence[int]) -> Sequence[T]:
    return [items[place] for place in places]


class SuppressionIndex:
    """Which values a list has, and in which row.

    A value takes 24 bytes: two hashes of 64 bits, its row, and a link to another value with a similar hash. That a text
    is taken for another one, because both have the same hash, has a chance of 1 in 10 million for lists of a million.
    """

    def __init__(self, wanted: Collection[int] | None = None) -> None:
        """Make an index of no values.

        Args:
            wanted: the hashes (`Hashed.common`) of the values that will be asked for, so that no other is kept; None:
                they are not known.
        """
        self._wanted = None if wanted is None else frozenset(wanted)
        self._first = array("i", [-1]) * _BUCKETS
        self._next = array("i")
        self._common = array("q")
        self._values = array("q")
        self._rows = array("i")
        self._codes = list(phone_numbers.COUNTRY_CODES)  # those that were met come first

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, rows: Sequence[int], texts: Sequence[str]) -> None:
        """Add some cells of the list; blank ones are left out."""
        places, common, values = hashed(texts)
        if self._wanted is not None:
            found = self._wanted.intersection(common)
            kept = [at for at, each in enumerate(common) if each in found] if found else []
            places, common, values = _at(places, kept), _at(common, kept), _at(values, kept)
        first, link, at = self._first, self._next.append, len(self._rows)
        self._rows.extend([rows[place] for place in places])
        self._common.extend(common)
        self._values.extend(map(hash, values))
        for each in common:
            bucket = each & _MASK
            link(first[bucket])
            first[bucket] = at
            at += 1

    def find(self, text: str) -> int | None:
        """The row in which a value is; None where it is in none.

        Args:
            text: the value as displayed.
        """
        value = folded(text) if self._rows else ""
        if not value:
            return None
        number = _number(value)
        wanted = hash(phone_numbers.tail(number)) if number else hash(value)
        at, common = self._first[wanted & _MASK], self._common
        while at >= 0:
            if common[at] == wanted and self._is(at, number or value, is_phone=bool(number)):
                return self._rows[at]
            at = self._next[at]
        return None

    def _is(self, at: int, value: str, *, is_phone: bool) -> bool:
        found = self._values[at]
        if found == hash(value) or not is_phone:
            return found == hash(value)
        for way, code in phone_numbers.other_ways(value, self._codes):
            if hash(way) == found:
                if code and self._codes[0] != code:
                    self._codes.remove(code)
                    self._codes.insert(0, code)
                return True
        return False
