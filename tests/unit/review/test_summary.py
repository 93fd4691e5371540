"""A run in a few lines: did everyone get it, who did not, and what to type next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from campaign.journal import ReasonCount, State, Tally
from campaign.review.next_steps import Outlook, row_ranges
from campaign.review.summary import RunSummary, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping


def lines(
    states: Mapping[str, int],
    *,
    stopped: str | None = None,
    server: str | None = None,
    options: bool = False,
    rehearsal: bool = False,
    doubtful: tuple[int, ...] = (),
    looks: bool = False,
) -> list[str]:
    tally = Tally({State(state): count for state, count in states.items()}, 9, 0, 1.5, 0.0, 1.5)
    return list(
        as_text(
            RunSummary(
                run=1,
                tally=tally,
                reasons=(),
                outlook=Outlook(rehearsal=rehearsal, stopped=stopped, doubtful=doubtful, looks=looks),
                results=Path("offer.results.xlsx"),
                file="offer.toml",
                server=server,
                options=options,
            )
        )
    )


@pytest.mark.parametrize(
    ("states", "words"),
    [
        pytest.param({"sent": 60}, "Run 1 is finished: all 60 rows are sent.", id="all"),
        pytest.param({"sent": 1}, "Run 1 is finished: 1 of 1 row is sent.", id="one"),
        pytest.param(
            {"sent": 3, "skipped": 2}, "Run 1 is finished: all 3 rows are sent, 2 are skipped.", id="some skipped"
        ),
        pytest.param({"skipped": 1}, "Run 1 is finished: no row was to be sent, 1 is skipped.", id="all skipped"),
        pytest.param({"sent": 3, "failed": 2}, "Run 1 is finished: 3 of 5 rows are sent, 2 are not.", id="some not"),
        pytest.param(
            {"sent": 1, "failed": 1, "in_doubt": 2},
            "Run 1 is finished: 1 of 4 rows is sent, 1 is not, 2 are in doubt.",
            id="some in doubt",
        ),
        pytest.param({"in_doubt": 1}, "Run 1 is finished: 0 of 1 row is sent, 1 is in doubt.", id="all in doubt"),
    ],
)
def test_the_first_line_says_whether_everyone_got_it(states: dict[str, int], words: str) -> None:
    assert lines(states)[0] == words


def test_a_stopped_run_says_why_and_how_to_go_on() -> None:
    said = lines({"sent": 3, "pending": 7}, stopped="the limit of 3 rows is reached")
    assert said[0] == "Run 1 stopped: the limit of 3 rows is reached. 3 of 10 rows are sent, 7 wait."
    assert said[-1] == "7 rows are not sent yet. Next: campaign resume offer.toml"


def test_rows_to_fix_come_with_the_command_that_sends_them() -> None:
    assert lines({"sent": 3, "failed": 1}, server="https://chat.example.com")[-1] == (
        "To send corrected rows: on the sheet “To fix”, fix the rows; save the workbook, then: campaign run offer.toml "
        '--recipients "offer.results.xlsx" --sheet "To fix" --server https://chat.example.com'
    )


def test_that_other_options_are_needed_again_is_said() -> None:
    assert lines({"sent": 3, "failed": 1}, options=True)[-1].endswith(" (with the same --template and other options)")


def test_rows_in_doubt_are_settled_by_hand_or_sent_again_and_never_from_a_sheet() -> None:
    said = lines({"in_doubt": 2}, doubtful=(7, 21))[-1]
    assert "Look into these conversations first; then settle each row" in said
    assert "campaign resolve offer.toml --rows 7,21 --as sent" in said
    assert "--rows 7-11,… --as sent" in lines({"sent": 1, "in_doubt": 40}, doubtful=(7, 8, 9, 10, 11))[-1]
    assert said.endswith("campaign resume offer.toml --retry in-doubt")
    assert not any("campaign run" in line for line in lines({"in_doubt": 2}))


def test_where_rows_in_doubt_are_looked_up_a_resume_comes_first() -> None:
    *_, look, resolve = lines({"in_doubt": 1}, doubtful=(7,), looks=True)
    assert look.startswith("1 row is in doubt: the server may have taken the message. To look it up again")
    assert look.endswith(": campaign resume offer.toml")
    assert resolve.startswith("What stays in doubt: Look into this conversation first")


@pytest.mark.parametrize(
    ("rows", "count", "text"),
    [
        pytest.param([3], 1, "3", id="one"),
        pytest.param([3, 4, 5, 9], 4, "3-5,9", id="ranges"),
        pytest.param([3, 4], 9, "3-4,…", id="more than are known"),
        pytest.param([1, 3, 5, 7, 9, 11, 13, 15], 8, "1,3,5,7,9,11,…", id="many ranges"),
        pytest.param([], 2, "…", id="none that is known"),
    ],
)
def test_rows_are_named_in_ranges_and_at_most_a_few(rows: list[int], count: int, text: str) -> None:
    assert row_ranges(rows, count) == text


def test_where_the_list_may_be_wrong_the_next_step_is_to_look_and_not_to_send_the_rest() -> None:
    stopped = "20 rows in a row were refused for the same reason (room-closed): is the list or the template wrong?"
    first, _, _, look, only_if, *_ = lines({"failed": 20, "pending": 40}, stopped=stopped)
    assert first.endswith("is the list or the template wrong? 0 of 60 rows are sent, 20 are not, 40 wait.")
    assert look.startswith("Look first: read the reasons on the sheet “To fix”")
    assert look.endswith("campaign run offer.toml --skip-sent")
    assert only_if.startswith("Only if the messages are right")


@pytest.mark.parametrize(
    ("states", "said"),
    [
        pytest.param({"in_doubt": 2, "pending": 4}, "read the reasons on the sheet “In doubt”", id="in doubt"),
        pytest.param({"failed": 1, "in_doubt": 1, "pending": 4}, "on the sheets “To fix” and “In doubt”", id="both"),
        pytest.param({"sent": 2, "pending": 4}, "4 rows are not sent yet. Next: campaign resume", id="settled since"),
    ],
)
def test_after_a_gate_the_sheets_to_look_at_are_those_that_have_the_rows(states: Mapping[str, int], said: str) -> None:
    assert said in "\n".join(lines(states, stopped="of the first 20 rows: is the list or the template wrong?"))


@pytest.mark.parametrize(
    "states", [{"sent": 3}, {"sent": 3, "failed": 1}, {"sent": 1, "pending": 2}, {"in_doubt": 1}], ids=str
)
def test_a_rehearsal_names_no_command_that_sends_for_real(states: dict[str, int]) -> None:
    said = lines(states, rehearsal=True, stopped="x" if "pending" in states else None)
    assert said[0].startswith("Rehearsal 1 ")
    assert said[-1].startswith("Nothing left this machine: ")
    assert not any("campaign run" in line or "campaign resume" in line for line in said)


def test_where_nothing_was_sent_no_rate_is_given() -> None:
    assert "9 requests in 1.5 s." in lines({"failed": 3})
    assert "9 requests in 1.5 s (2.0 messages a second)." in lines({"sent": 3})


def test_duplicates_of_several_rows_are_not_called_those_of_one() -> None:
    tally = Tally({State.SENT: 1, State.SKIPPED: 2}, 1, 0, 1.0, 0.0, 1.0)
    reasons = (ReasonCount(State.SKIPPED, "duplicate", "exact duplicate of row 2", 2, (3, 5)),)
    said = as_text(RunSummary(run=1, tally=tally, reasons=reasons, outlook=Outlook(), results=None, file="offer.toml"))
    assert "  2 skipped (rows 3, 5): exact duplicates of earlier rows" in list(said)
