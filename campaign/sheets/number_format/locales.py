"""Locale-dependent parts of number formats: built-in formats, system dates, names of months and weekdays.

Excel's formats 14 and 22, `[$-F800]` and `[$-F400]` depend on the computer: the same file displays 30/08/2007 in
Hanoi and 8/30/2007 in New York. Here a setting says how they are displayed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from campaign.sheets.number_format.syntax import Kind, UnsupportedError, sections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.sheets.number_format.syntax import Token


_SYSTEM_DATE = "mm-dd-yy"
_ACCOUNTING = '_({0}* #,##0{1}_);_({0}* \\(#,##0{1}\\);_({0}* "-"{2}_);_(@_)'

# ECMA-376 part 1, 18.8.30, as in Excel in English (US).
_BUILTIN = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: '"$"#,##0_);\\("$"#,##0\\)',
    6: '"$"#,##0_);[Red]\\("$"#,##0\\)',
    7: '"$"#,##0.00_);\\("$"#,##0.00\\)',
    8: '"$"#,##0.00_);[Red]\\("$"#,##0.00\\)',
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: _SYSTEM_DATE,
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "m/d/yy h:mm",
    **dict.fromkeys(range(23, 27), "General"),
    # Dates and times of East Asian locales; in other locales, the system's date and h:mm:ss.
    **dict.fromkeys(range(27, 32), _SYSTEM_DATE),
    **dict.fromkeys(range(32, 36), "h:mm:ss"),
    36: _SYSTEM_DATE,
    37: "#,##0_);\\(#,##0\\)",
    38: "#,##0_);[Red]\\(#,##0\\)",
    39: "#,##0.00_);\\(#,##0.00\\)",
    40: "#,##0.00_);[Red]\\(#,##0.00\\)",
    41: _ACCOUNTING.format("", "", ""),
    42: _ACCOUNTING.format('"$"', "", ""),
    43: _ACCOUNTING.format("", ".00", "??"),
    44: _ACCOUNTING.format('"$"', ".00", "??"),
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
    **dict.fromkeys(range(50, 59), _SYSTEM_DATE),
}

# openpyxl's codes for these two ids are not Excel's: the first lacks its semicolons, the second is a misprint of the
# standard.
MISSPELLED_CODES = {
    '_("$"* #,##0.00_)_("$"* \\(#,##0.00\\)_("$"* "-"??_)_(@_)': _BUILTIN[44],
    "mmss.0": _BUILTIN[47],
}


def builtin_format(format_id: int) -> str | None:
    """Return the format code of a built-in format; None if there is none with that id.

    14 and 22 depend on the system's settings: "mm-dd-yy" and "m/d/yy h:mm" only identify them, and `CellText` displays
    its `short_date` for them.
    """
    return _BUILTIN.get(format_id)


SHORT_DATE = "dd/mm/yyyy"
"""The default format of the system's date: that of Windows in Vietnam."""

TIME = "hh:mm:ss"
"""The format of the system's time."""

_TIME_OF_DAY = "hh:mm"
_DATE = "mm-dd-yy"  # identifies format 14
_DATE_AND_TIME = "m/d/yy h:mm"  # identifies format 22
_DATE_LOCALES = frozenset({"f800", "x-sysdate"})
_TIME_LOCALES = frozenset({"f400", "x-systime"})


def expand_system_formats(code: str, short_date: str) -> tuple[list[Sequence[Token]], bool]:
    """Split a format code into sections, and expand those for the system's date and time.

    Returns:
        the sections, and whether any was expanded.

    Raises:
        NotUnderstoodError: the code cannot be split into tokens.
    """
    if code == _DATE:
        return [*sections(short_date)], True
    if code == _DATE_AND_TIME:
        return [*sections(f"{short_date} {_TIME_OF_DAY}")], True
    found: list[Sequence[Token]] = []
    follows = False
    for section in sections(code):
        locales = {token.text.lower() for token in section if token.kind is Kind.LOCALE}
        expanded = short_date if locales & _DATE_LOCALES else TIME if locales & _TIME_LOCALES else None
        follows = follows or expanded is not None
        found.append(section if expanded is None else sections(expanded)[0])
    return found, follows


class LocaleNames(NamedTuple):
    """A locale's names of months (from January), weekdays (from Sunday) and AM and PM."""

    months: tuple[str, ...]
    short_months: tuple[str, ...]
    weekdays: tuple[str, ...]
    short_weekdays: tuple[str, ...]
    am_pm: tuple[str, str]


def _numbered(before: str, after: str = "") -> tuple[str, ...]:
    return tuple(f"{before}{month}{after}" for month in range(1, 13))


_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
ENGLISH = LocaleNames(
    months=_MONTHS,
    short_months=tuple(name[:3] for name in _MONTHS),
    weekdays=_WEEKDAYS,
    short_weekdays=tuple(name[:3] for name in _WEEKDAYS),
    am_pm=("AM", "PM"),
)

# The names of Windows (National Language Support), which Excel uses.
_VIETNAMESE = LocaleNames(
    months=tuple(
        f"Tháng {name}"
        for name in ("Giêng", "Hai", "Ba", "Tư", "Năm", "Sáu", "Bảy", "Tám", "Chín", "Mười", "Mười Một", "Mười Hai")
    ),
    short_months=_numbered("Thg"),
    weekdays=("Chủ Nhật", "Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy"),
    short_weekdays=("CN", "T2", "T3", "T4", "T5", "T6", "T7"),
    am_pm=("SA", "CH"),
)
_JAPANESE = LocaleNames(
    months=_numbered("", "月"),
    short_months=_numbered(""),
    weekdays=tuple(f"{day}曜日" for day in "日月火水木金土"),
    short_weekdays=tuple("日月火水木金土"),
    am_pm=("午前", "午後"),
)
_KOREAN = LocaleNames(
    months=_numbered("", "월"),
    short_months=_numbered(""),
    weekdays=tuple(f"{day}요일" for day in "일월화수목금토"),
    short_weekdays=tuple("일월화수목금토"),
    am_pm=("오전", "오후"),
)
_CHINESE = LocaleNames(
    months=tuple(f"{month}月" for month in (*"一二三四五六七八九十", "十一", "十二")),
    short_months=_numbered("", "月"),
    weekdays=tuple(f"星期{day}" for day in "日一二三四五六"),
    short_weekdays=tuple(f"周{day}" for day in "日一二三四五六"),
    am_pm=("上午", "下午"),
)
_TAIWANESE = _CHINESE._replace(
    short_months=_CHINESE.months, short_weekdays=tuple(f"週{day}" for day in "日一二三四五六")
)

_BY_LANGUAGE = {"": ENGLISH, "en": ENGLISH, "vi": _VIETNAMESE, "ja": _JAPANESE, "ko": _KOREAN, "zh": _CHINESE}
_BY_REGION = {"zh-tw": _TAIWANESE, "zh-hk": _TAIWANESE, "zh-mo": _TAIWANESE}
# Windows language identifiers (MS-LCID); for most, the lower ten bits identify the language.
_REGIONS = {0x0404: "zh-tw", 0x0C04: "zh-hk", 0x1404: "zh-mo"}
_LANGUAGES = {0x00: "", 0x04: "zh", 0x09: "en", 0x11: "ja", 0x12: "ko", 0x2A: "vi"}
_ERAS = {"ja", "zh-tw"}


class Locale(NamedTuple):
    """The locale of a section, as `[$-...]` gives it.

    Attributes:
        tag: the language, with the region where it matters; "" for the system's locale, "?" for an unknown one.
        is_western: whether dates are Gregorian and digits 0 to 9.
    """

    tag: str
    is_western: bool

    @property
    def names(self) -> LocaleNames:
        """The names of months, weekdays, AM and PM.

        Raises:
            UnsupportedError: they are not known.
        """
        names = _BY_REGION.get(self.tag) or _BY_LANGUAGE.get(self.tag)
        if names is None:
            raise UnsupportedError("the names of days and months in that language are not known")
        return names

    @property
    def counts_eras(self) -> bool:
        """Whether `e` is the year of an era rather than of the Gregorian calendar."""
        return self.tag in _ERAS


def parse_locale(code: str) -> Locale:
    """Parse the part after the hyphen of `[$-409]`, `[$₫-42A]`, `[$-101042A]` or `[$-vi-VN]`.

    A hexadecimal code has a language identifier in its lower 16 bits, above it one byte for the calendar and one for
    the digits; 0 and 1 mean the Gregorian calendar and western digits.
    """
    try:
        number = int(code or "0", 16)
    except ValueError:
        tag, _, calendar = code.lower().partition(",")
        return Locale(tag if tag in _BY_REGION else tag.partition("-")[0], is_western=not calendar)
    tag = _REGIONS.get(number & 0xFFFF) or _LANGUAGES.get(number & 0x3FF, "?")
    return Locale(tag, is_western=number >> 24 <= 1 and number >> 16 & 0xFF <= 1)
