"""The sheet Summary: how the run went, in words, figures and charts."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from campaign.journal import State, Tally
from campaign.review.next_steps import IN_WORKBOOK, Outlook, next_steps
from campaign.review.phrases import rate, verdict
from campaign.review.results_workbook import write_results
from campaign.review.workbook.cells import local_time, time_zone
from campaign.review.workbook.charts import pace_points

from .results_journals import MORNING, facts, failed, in_doubt, opened, plan, planned, sent, simple_rows, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from openpyxl.cell import Cell
    from openpyxl.chart.bar_chart import BarChart
    from openpyxl.worksheet.worksheet import Worksheet


def summary(path: Path) -> Worksheet:
    return opened(path)["Summary"]


def lines(sheet: Worksheet) -> dict[object, tuple[object, ...]]:
    """The columns B to D by the text of column A; the first line of each name."""
    found: dict[object, tuple[object, ...]] = {}
    for name, *rest in sheet.iter_rows(max_col=4, values_only=True):
        found.setdefault(name, tuple(rest))
    return found


def charted(sheet: Worksheet, number: int) -> list[tuple[object, object]]:
    """Categories and values of a chart, read from the cells that it draws."""
    [series] = charts(sheet)[number].series
    categories = series.cat.strRef or series.cat.numRef
    places = [reference.f.rpartition("!")[2].replace("$", "") for reference in (categories, series.val.numRef)]
    columns = [[cell.value for row in rows_at(sheet, place) for cell in row] for place in places]
    return list(zip(*columns, strict=True))


def rows_at(sheet: Worksheet, place: str) -> Iterator[tuple[Cell, ...]]:
    first, _, last = place.partition(":")
    yield from sheet[f"{first}:{last or first}"]


def charts(sheet: Worksheet) -> list[BarChart]:
    found: list[BarChart] = sheet._charts  # type: ignore[attr-defined] # openpyxl has no public way to read charts
    return found


def tally(seconds: float = 0.0, **states: int) -> Tally:
    return Tally({State(state): count for state, count in states.items()}, 0, 0, seconds, None, None)


def test_it_comes_first_and_begins_with_name_and_verdict(tmp_path: Path) -> None:
    book = opened(written(tmp_path, simple_rows(3), {1: sent(), 2: sent()}))
    assert book.sheetnames[0] == "Summary"
    assert book.active is book["Summary"]
    assert book["Summary"]["A1"].value == "offer, run 1"
    assert book["Summary"]["A2"].value == "2 of 3 rows are sent, 1 waits."


def test_it_counts_the_rows_by_state(tmp_path: Path) -> None:
    rows = [*simple_rows(4), planned(6, ("a", "b", "c"), refused=(State.INVALID, "is empty", "B6: is empty"))]
    found = lines(summary(written(tmp_path, rows, {1: sent(), 2: sent(), 3: failed()})))
    assert found["sent"] == (2, 0.4, "the server took the message")
    assert found["pending"] == (1, 0.2, "still to be sent")
    assert (found["in doubt"][0], found["skipped"][0]) == (0, 0)
    assert "cut off" not in found


def test_the_chart_of_states_draws_these_counts(tmp_path: Path) -> None:
    path = written(tmp_path, simple_rows(6), {1: sent(), 2: sent(), 3: sent(), 4: in_doubt(), 5: None})
    assert charted(summary(path), 0) == [
        ("sent", 3),
        ("failed", 0),
        ("in doubt", 1),
        ("invalid", 0),
        ("skipped", 0),
        ("pending", 1),
        ("cut off", 1),
    ]


def test_the_axes_of_the_charts_are_drawn(tmp_path: Path) -> None:
    states, pace = charts(summary(written(tmp_path, simple_rows(1), {1: sent()})))
    assert (states.x_axis.delete, pace.x_axis.delete, pace.y_axis.delete) == (False, False, False)


def test_the_chart_of_the_pace_draws_messages_per_minute_with_the_idle_minutes(tmp_path: Path) -> None:
    moments = [MORNING, MORNING + 59, MORNING + 60, MORNING + 2400]
    path = written(tmp_path, simple_rows(4), {seq: sent(at) for seq, at in enumerate(moments, start=1)})
    first = local_time(MORNING)
    minutes = [first + timedelta(minutes=minute) for minute in range(41)]
    assert charted(summary(path), 1) == list(zip(minutes, [2, 1, *[0] * 38, 1], strict=True))


def test_the_pace_of_a_run_of_seconds_is_drawn_in_seconds(tmp_path: Path) -> None:
    moments = [MORNING, MORNING + 0.5, MORNING + 3]
    path = written(tmp_path, simple_rows(3), {seq: sent(at) for seq, at in enumerate(moments, start=1)})
    seconds = [local_time(MORNING) + timedelta(seconds=second) for second in range(4)]
    assert charted(summary(path), 1) == list(zip(seconds, [2, 0, 0, 1], strict=True))
    assert lines(summary(path))["Second"][0] == "Messages"


def test_the_summary_begins_with_large_figures_and_their_share_of_the_list(tmp_path: Path) -> None:
    sheet = summary(written(tmp_path, simple_rows(8), {1: sent(), 2: sent(), 3: failed(), 4: in_doubt(), 5: None}))
    figures, captions, base = ([cell.value for cell in sheet[row][:4]] for row in (4, 5, 6))
    assert figures == [2, 1, 1, 4]
    assert captions == ["sent, 25.0%", "failed, 12.5%", "in doubt, 12.5%", "pending, 50.0%"]
    assert base[0] == "of 8 rows of the list"


def test_without_a_message_sent_there_is_no_chart_of_the_pace(tmp_path: Path) -> None:
    assert len(charts(summary(written(tmp_path, simple_rows(1))))) == 1


def test_a_run_over_midnight_has_days_below_its_chart(tmp_path: Path) -> None:
    at_once = written(tmp_path, simple_rows(2), {1: sent(), 2: sent()})
    assert charts(summary(at_once))[1].x_axis.number_format.formatCode == "hh:mm:ss"
    (tmp_path / "long").mkdir()
    for_days = written(tmp_path / "long", simple_rows(2), {1: sent(), 2: sent(MORNING + 2 * 86_400)})
    assert charts(summary(for_days))[1].x_axis.number_format.formatCode == "mm-dd hh:mm"


def test_reasons_have_their_counts_and_first_rows(tmp_path: Path) -> None:
    outcomes = {seq: failed("no such room: r1") for seq in range(1, 8)} | {8: in_doubt()}
    sheet = summary(written(tmp_path, simple_rows(8), outcomes))
    reasons = [row[:4] for row in sheet.iter_rows(values_only=True)]
    start = next(index for index, row in enumerate(reasons) if row[0] == "Not sent, or in doubt")
    assert reasons[start + 1 : start + 3] == [
        ("failed", 7, "2, 3, 4, 5, 6, …", "no such room: r1"),
        ("in doubt", 1, "9", "no answer within 30 s"),
    ]


def test_of_very_many_reasons_the_commonest_are_listed(tmp_path: Path) -> None:
    outcomes = {seq: failed(f"reason {seq}", f"kind {seq}") for seq in range(1, 46)}
    sheet = summary(written(tmp_path, simple_rows(45), outcomes))
    shown = Counter(cell.value for cell in sheet["A"])
    assert shown["failed"] == 1 + 40
    assert "5 more reasons: see the sheet “Results”" in {cell.value for cell in sheet["D"]}


def test_a_long_reason_is_shortened_here(tmp_path: Path) -> None:
    sheet = summary(written(tmp_path, simple_rows(1), {1: failed("x" * 5000)}))
    assert "x" * 499 + "…" in {cell.value for cell in sheet["D"]}


def test_where_when_and_how_fast_is_said(tmp_path: Path) -> None:
    found = lines(summary(written(tmp_path, simple_rows(2), {1: sent(), 2: sent()})))
    assert found["Server"][0] == "https://chat.example.com"
    assert found["Recipients"][0] == "customers.xlsx, sheet “List”"
    assert found["Requests"][0] == 2
    assert found["Time zone of all times"][0] == time_zone(MORNING)
    assert str(found["Rate"][0]).endswith("messages a second")
    assert "Stopped because" not in found


def test_without_a_message_sent_there_is_no_rate(tmp_path: Path) -> None:
    assert "Rate" not in lines(summary(written(tmp_path, simple_rows(1), {1: failed()})))


def test_a_list_without_sheets_is_named_by_its_file(tmp_path: Path) -> None:
    found = lines(summary(written(tmp_path, simple_rows(1), about=facts(sheet=None))))
    assert found["Recipients"][0] == "customers.xlsx"
    assert "Delivery began" not in found


def test_a_stopped_run_says_why(tmp_path: Path) -> None:
    journal, run = plan(tmp_path / "offer.journal.db", simple_rows(1))
    with journal:
        session = journal.begin_session(run.number)
        journal.end_session(session, "=the server is down")
        stopped = journal.run(run.number)
        assert stopped is not None
        sheet = summary(write_results(journal, stopped, tmp_path / "offer.results.xlsx"))
    assert lines(sheet)["Stopped because"][0] == "=the server is down"
    assert {cell.data_type for row in sheet for cell in row} <= {"s", "n", "d"}


@pytest.mark.parametrize(
    ("states", "words"),
    [
        pytest.param({"sent": 1}, "1 of 1 row is sent", id="the only one"),
        pytest.param({"sent": 5, "skipped": 1}, "all 5 rows are sent, 1 is skipped", id="some skipped"),
        pytest.param({"sent": 1000, "failed": 2}, "1,000 of 1,002 rows are sent, 2 are not", id="some failed"),
        pytest.param({"sent": 3, "in_doubt": 4}, "3 of 7 rows are sent, 4 are in doubt", id="some in doubt"),
        pytest.param({"sent": 1, "pending": 1, "invalid": 1}, "1 of 3 rows is sent, 1 is not, 1 waits", id="one each"),
        pytest.param({"sending": 2, "pending": 3}, "0 of 5 rows are sent, 5 wait", id="cut off"),
        pytest.param({"failed": 1}, "0 of 1 row is sent, 1 is not", id="the only one not"),
    ],
)
def test_the_verdict_says_what_became_of_every_row(states: dict[str, int], words: str) -> None:
    assert verdict(tally(**states)) == words


@pytest.mark.parametrize(
    ("states", "words", "next_step"),
    [
        pytest.param({"sent": 5}, "all 5 rows are sent to the sandbox", "sends for real", id="all"),
        pytest.param(
            {"sent": 5, "failed": 1}, "5 of 6 rows are sent to the sandbox, 1 is not", "rehearse again", id="not all"
        ),
    ],
)
def test_a_rehearsal_is_called_one(states: dict[str, int], words: str, next_step: str) -> None:
    assert verdict(tally(**states), rehearsal=True) == words
    [only] = next_steps(tally(**states), IN_WORKBOOK, Outlook(rehearsal=True))
    assert "no recipient got one" in only
    assert next_step in only


@pytest.mark.parametrize(
    ("state", "words"),
    [
        pytest.param("pending", "3 rows are not sent yet. Next: campaign resume …", id="pending"),
        pytest.param("sending", "3 rows are not sent yet. Next: campaign resume …", id="cut off"),
        pytest.param("in_doubt", "3 rows are in doubt: the server may have taken the message.", id="in doubt"),
        pytest.param("failed", "3 rows failed: the server refused them.", id="failed"),
        pytest.param("invalid", "To send corrected rows: on the sheet “To fix”, fix the rows", id="invalid"),
    ],
)
def test_what_to_do_names_the_next_step(state: str, words: str) -> None:
    first, *_ = next_steps(tally(**{state: 3}), IN_WORKBOOK, Outlook())
    assert first.startswith(words)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        pytest.param("pending", "1 row is not sent yet.", id="pending"),
        pytest.param("in_doubt", "1 row is in doubt: the server may have taken the message.", id="in doubt"),
        pytest.param("failed", "1 row failed: the server refused it.", id="failed"),
    ],
)
def test_of_a_single_row_the_words_agree(state: str, words: str) -> None:
    first, *_ = next_steps(tally(**{state: 1}), IN_WORKBOOK, Outlook())
    assert first.startswith(words)


def test_a_run_that_is_whole_leaves_nothing_to_do(tmp_path: Path) -> None:
    found = [cell.value for cell in summary(written(tmp_path, simple_rows(1), {1: sent()}))["A"]]
    assert found[found.index("What to do") + 1] == "Nothing."


@pytest.mark.parametrize("state", ["failed", "invalid"])
def test_what_to_do_says_how_to_send_what_was_corrected(state: str) -> None:
    *_, last = next_steps(tally(**{state: 1}), IN_WORKBOOK, Outlook())
    assert last.endswith('campaign run … --recipients (this workbook) --sheet "To fix"')


def test_rows_are_not_corrected_before_the_others_are_sent() -> None:
    steps = list(next_steps(tally(failed=1, pending=1), IN_WORKBOOK, Outlook()))
    assert steps
    assert not any("campaign run" in step for step in steps)


def test_the_rate_is_that_of_messages_sent() -> None:
    assert rate(tally(60, sent=600, failed=5)) == "10.0 messages a second"
    assert rate(tally(120, sent=20)) == "10.0 messages a minute"
    assert rate(tally(0, sent=600)) is rate(tally(60, failed=5)) is None


def test_a_long_pause_is_shown_by_its_first_and_last_span() -> None:
    minute = 60.0
    points = list(pace_points(60, [(0, 5), (3 * minute, 1), (1000 * minute, 7)]))
    assert [(began / minute, messages) for began, messages in points] == [
        (0, 5),
        (1, 0),
        (2, 0),
        (3, 1),
        (4, 0),
        (999, 0),
        (1000, 7),
    ]


def test_over_long_spans_messages_are_counted_per_minute() -> None:
    assert [point.messages for point in pace_points(300, [(0, 100), (300, 50)])] == [20, 10]


def test_the_pace_of_a_long_run_is_counted_over_longer_spans(tmp_path: Path) -> None:
    moments = [MORNING + 60 * minute for minute in range(241)]
    path = written(tmp_path, simple_rows(241), {seq: sent(at) for seq, at in enumerate(moments, start=1)})
    sheet = summary(path)
    assert lines(sheet)["2 minutes from"][0] == "Per minute"
    assert [messages for _, messages in charted(sheet, 1)] == [1] * 120 + [0.5]
