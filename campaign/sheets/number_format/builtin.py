"""The formats that a workbook names by number alone (ECMA-376 part 1, 18.8.30), as Excel in English (US) has them."""

from __future__ import annotations

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
