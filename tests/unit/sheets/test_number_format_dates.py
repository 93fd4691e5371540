"""Dates, times and durations, from serial numbers."""

from __future__ import annotations

import pytest

from campaign.sheets.number_format import CellText

# 41129.957... is Wednesday 8 August 2012, 22:59 less a second; 45351.4375 is Thursday 29 February 2024, 10:30.
DATES = [
    (45351, "d/m/yyyy", "29/2/2024"),
    (45351, "dd/mm/yyyy", "29/02/2024"),
    (45351, "DD/MM/YYYY", "29/02/2024"),
    (45351, "m/d/yy", "2/29/24"),
    (45351, "yyyy-mm-dd", "2024-02-29"),
    (45351, "yyyymmdd", "20240229"),
    (45351, "d-mmm-yy", "29-Feb-24"),
    (45351, "d-mmm", "29-Feb"),
    (45351, "mmm-yy", "Feb-24"),
    (45351, "mmmm d, yyyy", "February 29, 2024"),
    (45351, "dddd, mmmm dd, yyyy", "Thursday, February 29, 2024"),
    (45351, "ddd dd mmmmm", "Thu 29 F"),
    (45351, "mmmmmm", "February"),
    (45351, "aaa aaaa", "Thu Thursday"),
    (45351, "y", "24"),
    (45351, "yyy", "2024"),
    (45351, "e", "2024"),
    (45351, "b bbbb", "67 2567"),
    (45351, "B1yyyy", "2024"),
    (45351, 'yyyy"年"m"月"d"日"', "2024年2月29日"),
    (45351, '"Ngày "dd" tháng "mm" năm "yyyy', "Ngày 29 tháng 02 năm 2024"),
    (45351, "dd.mm.yyyy;@", "29.02.2024"),
    (45351, "d\\ m\\ yyyy", "29 2 2024"),
    (45351, "yyyy\\-mm\\-dd\\Thh:mm:ss\\Z", "2024-02-29T00:00:00Z"),
    (45351, "[$-409]d\\-mmm\\-yyyy;@", "29-Feb-2024"),
    (45351, "[$-1010409]dddd, mmmm dd, yyyy", "Thursday, February 29, 2024"),
    (45351, "[$-en-US]mmmm d, yyyy;@", "February 29, 2024"),
    (45351, '0"%";d"%"m', "45351%"),
    (45351, 'd"%"m', "29%2"),
    (45351, "[>40000]dd/mm/yyyy;0", "29/02/2024"),
    (12, "[>40000]dd/mm/yyyy;0", "12"),
    (39324, "mm/dd/yyyy", "08/30/2007"),
    (2958465, "d/m/yyyy", "31/12/9999"),
]

EARLY = [
    (0, "d/m/yyyy", "0/1/1900"),
    (0, "dddd d mmmm yyyy", "Saturday 0 January 1900"),
    (1, "dddd d mmmm yyyy", "Sunday 1 January 1900"),
    (31, "d/m/yyyy", "31/1/1900"),
    (32, "d/m/yyyy", "1/2/1900"),
    (59, "d/m/yyyy", "28/2/1900"),
    (60, "dddd d mmmm yyyy", "Wednesday 29 February 1900"),
    (61, "dddd d mmmm yyyy", "Thursday 1 March 1900"),
    (0.5, "d/m/yyyy h:mm", "0/1/1900 12:00"),
    (12.3, "d/m/yyyy hh:mm:ss", "12/1/1900 07:12:00"),
]

TIMES = [
    (0.4375, "h:mm", "10:30"),
    (0.4375, "hh:mm:ss", "10:30:00"),
    (0.4375, "h:mm AM/PM", "10:30 AM"),
    (0.75, "hh:mm am/pm", "06:00 PM"),
    (0.5, "h AM/PM", "12 PM"),
    (0, "h AM/PM", "12 AM"),
    (0.75, "h A/P", "6 P"),
    (0.75, "h a/p", "6 p"),
    (0.75, "h A/p", "6 p"),
    (0.25, "h A/p", "6 A"),
    (0.25, "AM/PM", "AM"),
    (0.75, '上午/下午h"时"mm"分"', "下午6时00分"),
    (45351.4375, "dd/mm/yyyy hh:mm", "29/02/2024 10:30"),
    (45351.4375, "hh:mm dd/mm/yyyy", "10:30 29/02/2024"),
    (45351.4375, 'hh"h"mm', "10h30"),
    (45351.4375, "m/d/yy\\ h:mm;@", "2/29/24 10:30"),
    (45351.4375, "d/m h", "29/2 10"),
    (45351.4375, "mm", "02"),
    (45351.4375, "hhmm", "1030"),
    (45351.4375, "h:mm:mm", "10:30:02"),
    (45351.4375, "h mmm", "10 Feb"),
    (0.4375, "h:mm AM/PM mm", "10:30 AM 01"),
    (12345.6789, "h:mm:ss", "16:17:37"),
    (12345.6789, "mm:ss", "17:37"),
    (12345.6789, "m:s", "17:37"),
    (12345.6789, "ss mm", "37 17"),
    (123.45, "mm:ss.0", "48:00.0"),
    (0.70707, "hh:mm:ss.000", "16:58:10.848"),
    (0.70707, "hh:mm:ss.00", "16:58:10.85"),
    (0.70707, "ss.0", "10.8"),
    (0.70707, "hh .00 .000", "16 .84 .848"),
    (0.70707, "hh.mm", "16.58"),
    (0.70707, "s.", "11."),
]

ROUNDING = [
    (59.7 / 86400, "h:mm", "0:01"),
    (59.7 / 86400, "h:mm:ss.0", "0:00:59.7"),
    (0.5 / 86400, "s", "1"),
    (0.4 / 86400, "s", "0"),
    (45351.9999999, "dd/mm/yyyy", "01/03/2024"),
    (45351.9999999, "dd/mm/yyyy hh:mm:ss", "01/03/2024 00:00:00"),
    (45351.99, "dd/mm/yyyy", "29/02/2024"),
    (45351 + 86399 / 86400, "hh:mm:ss", "23:59:59"),
    (2.9999999999999996, "[h]:mm:ss", "72:00:00"),
]

ELAPSED = [
    (12.3, "[h]:mm:ss", "295:12:00"),
    (12.3, "[hh]:mm", "295:12"),
    (0.05, "[h]:mm", "1:12"),
    (0.05, "[hh]:mm", "01:12"),
    (1, "[hhh]", "024"),
    (1.5, "[m]", "2160"),
    (0.001, "[mm]:ss", "01:26"),
    (12.3, "[S]", "1062720"),
    (123.456, "[ss]", "10666598"),
    (0.00001, "[s].000", "0.864"),
    (40000, "[h]", "960000"),
    (1.5, 'd "ngày" [h]', "1 ngày 36"),
    (-0.5, "[h]", "########"),
    (-11.99999, "[hh]", "########"),
    (2958465.5, "[h]", "71003172"),
    (2958466, "[h]", "########"),
]

LANGUAGES = [
    (45351, "[$-42A]dddd, dd mmmm yyyy", "Thứ Năm, 29 Tháng Hai 2024"),
    (45351, "[$-101042A]ddd d mmm;@", "T5 29 Thg2"),
    (45351, "[$-vi-VN]mmmmm", "T"),
    (0.75, "[$-42A]h:mm AM/PM", "6:00 CH"),
    (0.25, "[$-42A]h:mm A/P", "6:00 SA"),
    (45351, "[$-411]m月d日 aaaa", "2月29日 木曜日"),
    (45351, "[$-411]mmm mmmm", "2 2月"),
    (0.25, "[$-411]AM/PM h:mm", "午前 6:00"),
    (45351, "[$-804]mmmm ddd", "二月 周四"),
    (45351, "[$-404]mmm ddd", "二月 週四"),
    (45351, "[$-zh-TW]ddd", "週四"),
    (45351, "[$-412]dddd", "목요일"),
    (45351, "[$-809]mmmm", "February"),
    (45351, "[$-40C]dd/mm/yyyy", "29/02/2024"),
    (45351, "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "29/02/2024"),
    (45351.4375, "[$-F400]h:mm:ss\\ AM/PM", "10:30:00"),
    (45351, "[$-x-sysdate]dddd, mmmm dd, yyyy", "29/02/2024"),
    (45351.4375, "[$-x-systime]h:mm", "10:30:00"),
]


@pytest.mark.parametrize(
    ("serial", "code", "text"),
    [
        pytest.param(serial, code, text, id=f"{serial!r} in {code}")
        for serial, code, text in (*DATES, *EARLY, *TIMES, *ROUNDING, *ELAPSED, *LANGUAGES)
    ],
)
def test_a_serial_number_is_shown_as_a_date(serial: float, code: str, text: str) -> None:
    cells = CellText()

    assert cells.display(serial, code) == text
    assert cells.not_understood == {}


@pytest.mark.parametrize(
    ("serial", "code", "text"),
    [
        pytest.param(0, "d/m/yyyy", "1/1/1904", id="day 0"),
        pytest.param(43889, "dd/mm/yyyy", "29/02/2024", id="a whole day"),
        pytest.param(43889.4375, "dd/mm/yyyy hh:mm", "29/02/2024 10:30", id="with a time"),
        pytest.param(0.4375, "h:mm", "10:30", id="a time alone"),
        pytest.param(12.3, "[h]:mm", "295:12", id="elapsed"),
        pytest.param(-0.5, "h:mm", "-12:00", id="a negative time"),
        pytest.param(-1, "d/m/yyyy", "-2/1/1904", id="a negative date"),
        pytest.param(2957003, "d/m/yyyy", "31/12/9999", id="the last day"),
    ],
)
def test_days_are_counted_from_1904_where_the_workbook_says_so(serial: float, code: str, text: str) -> None:
    assert CellText(date1904=True).display(serial, code) == text
