"""The native charts of the sheet Summary, and the data points of the chart of messages per minute."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openpyxl.chart import BarChart, Reference
from openpyxl.chart.axis import ChartLines
from openpyxl.chart.data_source import AxDataSource, StrRef
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.marker import DataPoint
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.chart.title import title_maker
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties, RichTextProperties

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from openpyxl.worksheet.worksheet import Worksheet

_WIDTH, _HEIGHT = 17, 8
"""Centimetres."""
_FEW = 12
_LABELS = 10
_DEGREE = 60_000
_PACE = "0072B2"
_GRID = "D9D9D9"
_MOST_POINTS = 240
_MINUTE = 60
_SHOWN_OF_A_PAUSE = 2


class Point(NamedTuple):
    """A span of time: its beginning in seconds since the epoch, and its messages per second or per minute."""

    began: float
    messages: float


def states_chart(sheet: Worksheet, first: int, last: int, colours: Sequence[str]) -> BarChart:
    """Bars for the states: their names in column A, their rows in column B.

    Args:
        sheet: the sheet with the figures.
        first: the row of the first state.
        last: the row of the last.
        colours: of the bars.
    """
    chart = _chart("Rows by state", sheet, first, last)
    chart.type = "bar"
    chart.gapWidth = 40
    chart.x_axis.scaling.orientation = "maxMin"  # the first on top, as in the table
    chart.y_axis.delete = True
    chart.y_axis.majorGridlines = None
    [series] = chart.series
    series.cat = AxDataSource(strRef=StrRef(f"'{sheet.title}'!$A${first}:$A${last}"))
    # Excel shows every label that is not switched off.
    series.dLbls = DataLabelList(
        showVal=True, showSerName=False, showCatName=False, showLegendKey=False, showPercent=False
    )
    for index, colour in enumerate(colours):
        fill = GraphicalProperties(solidFill=colour)
        series.dPt.append(DataPoint(idx=index, invertIfNegative=False, spPr=fill))
    return chart


def pace_unit(span: int) -> int:
    """Seconds: whether spans of this length are told in messages per second or per minute."""
    return 1 if span < _MINUTE else _MINUTE


def pace_chart(sheet: Worksheet, rows: range, span: int, time_format: str) -> BarChart:
    """Columns for the messages per second or per minute: times in column A, messages in column B.

    Args:
        sheet: the sheet with the figures.
        rows: the rows of the figures.
        span: what each of them covers, in seconds.
        time_format: the number format of the times below the columns.
    """
    first, last = rows[0], rows[-1]
    unit = "second" if pace_unit(span) == 1 else "minute"
    chart = _chart(f"Messages per {unit}", sheet, first, last)
    chart.type = "col"
    chart.gapWidth = 150 if last - first < _FEW else 10
    chart.x_axis.number_format = time_format
    if last - first >= _FEW:
        chart.x_axis.txPr = _slanted()
    chart.x_axis.tickLblSkip = (last - first) // _LABELS + 1
    chart.x_axis.auto = False  # otherwise Excel makes it an axis of days, with one column for each day
    chart.y_axis.scaling.min = 0
    chart.y_axis.number_format = "#,##0"
    chart.y_axis.majorGridlines = ChartLines(spPr=GraphicalProperties(ln=LineProperties(solidFill=_GRID)))
    [series] = chart.series
    series.graphicalProperties = GraphicalProperties(solidFill=_PACE)
    return chart


def pace_points(span: int, sent: Sequence[tuple[float, int]]) -> Iterator[Point]:
    """Add the spans without messages; where that makes too many points, only the first and last of each pause.

    Args:
        span: seconds.
        sent: beginnings (seconds since the epoch) and numbers of messages, in order of time.
    """
    if not sent:
        return
    whole = round((sent[-1][0] - sent[0][0]) / span) < _MOST_POINTS
    before = sent[0][0]
    for began, count in sent:
        missing = round((began - before) / span) - 1
        if missing > _SHOWN_OF_A_PAUSE and not whole:
            yield Point(before + span, 0)
            yield Point(began - span, 0)
        else:
            yield from (Point(before + place * span, 0) for place in range(1, missing + 1))
        yield Point(began, count * pace_unit(span) / span)
        before = began


def _slanted() -> RichText:
    return RichText(
        bodyPr=RichTextProperties(rot=-45 * _DEGREE),
        p=[Paragraph(pPr=ParagraphProperties(defRPr=CharacterProperties()), endParaRPr=CharacterProperties())],
    )


def _chart(title: str, sheet: Worksheet, first: int, last: int) -> BarChart:
    chart = BarChart(varyColors=False)
    heading = title_maker(title)
    heading.overlay = False
    chart.title = heading
    chart.add_data(Reference(sheet, min_col=2, min_row=first, max_row=last))
    chart.set_categories(Reference(sheet, min_col=1, min_row=first, max_row=last))
    chart.legend = None
    chart.width, chart.height = _WIDTH, _HEIGHT
    # openpyxl omits whether there are axes, and Excel then draws none.
    chart.x_axis.delete = chart.y_axis.delete = False
    return chart
