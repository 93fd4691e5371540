"""Sections for dates, times and elapsed time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from campaign.sheets.number_format.date_fields import MICROSECONDS_IN_SECOND, Piece, pieces
from campaign.sheets.number_format.errors import NotShownError
from campaign.sheets.number_format.serial_date import (
    MICROSECONDS_IN_DAY,
    is_plain,
    microseconds,
    microseconds_of,
    moment,
    whole_day,
)
from campaign.sheets.number_format.tokens import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.sheets.number_format.decimals import Number
    from campaign.sheets.number_format.names import Locale
    from campaign.sheets.number_format.serial_date import DateLike
    from campaign.sheets.number_format.tokens import Token

# A serial number is a binary fraction of a day, so half a second may come out some microseconds short of it.
_SLACK = 5


class DateSection:
    """How a section with a date, a time or a duration shows a value.

    Excel rounds to the last unit of a second shown and cuts off from there: 16:59:59.7 is 17:00 in `hh:mm`.

    Raises:
        NotUnderstoodError: digits, percent signs or text stand among the dates, or names in a language not known.
    """

    def __init__(self, tokens: Sequence[Token], locale: Locale, *, date1904: bool) -> None:
        shown: list[Piece] = pieces(tokens, locale)
        self._template = "".join(piece.template for piece in shown)
        self._getters = tuple(piece.getter for piece in shown if piece.getter)
        decimals = max((piece.decimals for piece in shown), default=0)
        self._unit: int = MICROSECONDS_IN_SECOND // 10**decimals
        self._date1904 = date1904
        kinds = {token.kind for token in tokens}
        self._is_elapsed = Kind.ELAPSED in kinds

    def number(self, value: Number, sign: str = "") -> str:
        """The text of a serial number that is not negative.

        Raises:
            NotShownError: Excel would show `########`.
        """
        if isinstance(value, int) and not self._is_elapsed and (day := whole_day(value, date1904=self._date1904)):
            return f"{sign}{self._template % tuple([getter(day, 0) for getter in self._getters])}"
        return sign + self._since(microseconds(value))

    def negative(self, value: Number, sign: str) -> str:
        """The text of a negative serial number, given without its sign: only the 1904 system has it.

        Raises:
            NotShownError: Excel would show `########`.
        """
        if not self._date1904:
            raise NotShownError("Excel shows no negative date or time")
        return self.number(value, sign)

    def date(self, value: DateLike) -> str:
        """The text of a date, time or duration.

        Raises:
            NotShownError: Excel would show `########`.
        """
        if isinstance(value, datetime) and not self._is_elapsed and is_plain(value):
            return self._datetime(value)
        since = microseconds_of(value, date1904=self._date1904)
        if since < 0:
            return self.negative(-since / MICROSECONDS_IN_DAY, "-")
        return self._since(since)

    def _datetime(self, value: datetime) -> str:
        if value.microsecond:
            try:
                value += timedelta(microseconds=self._rounded(value.microsecond) - value.microsecond)
            except OverflowError as error:
                raise NotShownError("Excel shows no date after 9999") from error
        return self._template % tuple([getter(value, 0) for getter in self._getters])

    def _since(self, since: int) -> str:
        since = self._rounded(since)
        when = moment(since, date1904=self._date1904)
        return self._template % tuple([getter(when, since) for getter in self._getters])

    def _rounded(self, since: int) -> int:
        return (since + self._unit // 2 + _SLACK) // self._unit * self._unit
