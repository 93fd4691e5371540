"""What a format code takes from a locale: built-in formats, the system's date and time, names of months and days."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from campaign.sheets.number_format.syntax import Kind, UnsupportedError, sections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.sheets.number_format.syntax import Token


_SYSTEM_DATE = "mm-dd-yy"
_ACCOUNTING = '_({0}* #,##0{1}_);_({0}* \\(#,##0{1}\\);_({0}* "-"{2}_);_(@_)'

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
    # East Asian dates and times: elsewhere they are the system's date and h:mm:ss.
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

# openpyxl hands over these two ids under codes that Excel does not have: the first lacks its semicolons, the second is
# a misprint of the standard.
MISSPELT = {
    '_("$"* #,##0.00_)_("$"* \\(#,##0.00\\)_("$"* "-"??_)_(@_)': _BUILTIN[44],
    "mmss.0": _BUILTIN[47],
}


def builtin_format(format_id: int) -> str | None:
    """The format code of a built-in format; None where Excel has none of that number.

    14 and 22 follow the system's settings: their codes here, "mm-dd-yy" and "m/d/yy h:mm", are the names by which
    `CellText` knows them and not what it shows.
    """
    return _BUILTIN.get(format_id)


SHORT_DATE = "dd/mm/yyyy"
"""What is shown for the system's date: as Windows has it in Vietnam."""

TIME = "hh:mm:ss"
"""What is shown for the system's time."""

_TIME_OF_DAY = "hh:mm"
_DATE = "mm-dd-yy"  # openpyxl's name of format 14
_DATE_AND_TIME = "m/d/yy h:mm"  # and of format 22
_DATE_LOCALES = frozenset({"f800", "x-sysdate"})
_TIME_LOCALES = frozenset({"f400", "x-systime"})


def with_system_locale(code: str, short_date: str) -> tuple[list[Sequence[Token]], bool]:
    """The sections of a format code, those for the system's date and time spelt out; and whether any was.

    Raises:
        NotUnderstoodError: the code cannot be cut into tokens.
    """
    if code == _DATE:
        return [*sections(short_date)], True
    if code == _DATE_AND_TIME:
        return [*sections(f"{short_date} {_TIME_OF_DAY}")], True
    found: list[Sequence[Token]] = []
    follows = False
    for section in sections(code):
        locales = {token.text.lower() for token in section if token.kind is Kind.LOCALE}
        spelling = short_date if locales & _DATE_LOCALES else TIME if locales & _TIME_LOCALES else None
        follows = follows or spelling is not None
        found.append(section if spelling is None else sections(spelling)[0])
    return found, follows


class Names(NamedTuple):
    """What a locale calls the months (from January), the weekdays (from Sunday) and the halves of the day."""

    months: tuple[str, ...]
    short_months: tuple[str, ...]
    weekdays: tuple[str, ...]
    short_weekdays: tuple[str, ...]
    halves: tuple[str, str]


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
ENGLISH = Names(
    months=_MONTHS,
    short_months=tuple(name[:3] for name in _MONTHS),
    weekdays=_WEEKDAYS,
    short_weekdays=tuple(name[:3] for name in _WEEKDAYS),
    halves=("AM", "PM"),
)

# As Windows has them (National Language Support), which is where Excel takes them from.
_VIETNAMESE = Names(
    months=tuple(
        f"Tháng {name}"
        for name in ("Giêng", "Hai", "Ba", "Tư", "Năm", "Sáu", "Bảy", "Tám", "Chín", "Mười", "Mười Một", "Mười Hai")
    ),
    short_months=_numbered("Thg"),
    weekdays=("Chủ Nhật", "Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy"),
    short_weekdays=("CN", "T2", "T3", "T4", "T5", "T6", "T7"),
    halves=("SA", "CH"),
)
_JAPANESE = Names(
    months=_numbered("", "月"),
    short_months=_numbered(""),
    weekdays=tuple(f"{day}曜日" for day in "日月火水木金土"),
    short_weekdays=tuple("日月火水木金土"),
    halves=("午前", "午後"),
)
_KOREAN = Names(
    months=_numbered("", "월"),
    short_months=_numbered(""),
    weekdays=tuple(f"{day}요일" for day in "일월화수목금토"),
    short_weekdays=tuple("일월화수목금토"),
    halves=("오전", "오후"),
)
_CHINESE = Names(
    months=tuple(f"{month}月" for month in (*"一二三四五六七八九十", "十一", "十二")),
    short_months=_numbered("", "月"),
    weekdays=tuple(f"星期{day}" for day in "日一二三四五六"),
    short_weekdays=tuple(f"周{day}" for day in "日一二三四五六"),
    halves=("上午", "下午"),
)
_TAIWANESE = _CHINESE._replace(
    short_months=_CHINESE.months, short_weekdays=tuple(f"週{day}" for day in "日一二三四五六")
)

_BY_LANGUAGE = {"": ENGLISH, "en": ENGLISH, "vi": _VIETNAMESE, "ja": _JAPANESE, "ko": _KOREAN, "zh": _CHINESE}
_BY_REGION = {"zh-tw": _TAIWANESE, "zh-hk": _TAIWANESE, "zh-mo": _TAIWANESE}
# Windows language identifiers (MS-LCID); of most, the lower ten bits name the language.
_REGIONS = {0x0404: "zh-tw", 0x0C04: "zh-hk", 0x1404: "zh-mo"}
_LANGUAGES = {0x00: "", 0x04: "zh", 0x09: "en", 0x11: "ja", 0x12: "ko", 0x2A: "vi"}
_ERAS = {"ja", "zh-tw"}


class Locale(NamedTuple):
    """What `[$-...]` says of a section.

    Attributes:
        tag: the language, with the region where it matters; "" is the system's own, "?" one that is not known here.
        is_western: whether dates are Gregorian and digits 0 to 9.
    """

    tag: str
    is_western: bool

    @property
    def names(self) -> Names:
        """The names of months, weekdays and halves of the day.

        Raises:
            UnsupportedError: they are not known here.
        """
        names = _BY_REGION.get(self.tag) or _BY_LANGUAGE.get(self.tag)
        if names is None:
            raise UnsupportedError("the names of days and months in that language are not known")
        return names

    @property
    def counts_eras(self) -> bool:
        """Whether `e` is the year of an emperor's reign or of the republic, not of the common era."""
        return self.tag in _ERAS


def locale(code: str) -> Locale:
    """What the part after the hyphen of `[$-409]`, `[$₫-42A]`, `[$-101042A]` or `[$-vi-VN]` says.

    A hexadecimal code holds a language identifier in its lower 16 bits, above it one byte for the calendar and one for
    the digits; 0 and 1 in those are the Gregorian calendar and western digits.
    """
    try:
        number = int(code or "0", 16)
    except ValueError:
        tag, _, calendar = code.lower().partition(",")
        return Locale(tag if tag in _BY_REGION else tag.partition("-")[0], is_western=not calendar)
    tag = _REGIONS.get(number & 0xFFFF) or _LANGUAGES.get(number & 0x3FF, "?")
    return Locale(tag, is_western=number >> 24 <= 1 and number >> 16 & 0xFF <= 1)
