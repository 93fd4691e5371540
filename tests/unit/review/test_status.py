"""The status of a campaign as text for people and as JSON."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from campaign.journal import Activity, Coverage, State, Tally
from campaign.journal.decisions import LIST_SUSPECTED
from campaign.review.next_steps import NextCommands
from campaign.review.status import ActiveRun, CampaignStatus, RunKind, RunState, RunStatus, as_json
from campaign.review.status_text import progress_line, status_lines
from campaign.review.terminal_text import columns
from campaign.text import UNLIMITED

if TYPE_CHECKING:
    from collections.abc import Mapping

NINE = 1_795_744_800.0  # 2026-11-27 09:00:00 in Asia/Ho_Chi_Minh, where the tests are set

COMMANDS = NextCommands("offer.toml", None)


@pytest.fixture(autouse=True)
def vietnam(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not hasattr(time, "tzset"):
        pytest.skip("Windows keeps the time zone that the process began with")
    monkeypatch.setenv("TZ", "Asia/Ho_Chi_Minh")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def tally(**states: int) -> Tally:
    return Tally({State(state): count for state, count in states.items()}, 40, 2, 9.0, NINE, NINE + 60)


def run_of(state: RunState, tally: Tally, **others: object) -> RunStatus:
    made = RunStatus(2, RunKind.REAL, state, NINE, None, "lan@ops-pc", tally, recipients="customers.xlsx")
    return replace(made, **others)  # type: ignore[arg-type] # names and types are the tests' own


def status_of(*runs: RunStatus, coverage: Coverage | None = None, active: ActiveRun | None = None) -> CampaignStatus:
    return CampaignStatus("offer", runs, coverage, active, NINE + 30)


def shown(status: CampaignStatus, width: int = UNLIMITED, most_runs: int | None = None) -> list[str]:
    return [line.text for line in status_lines(status, COMMANDS, width, most_runs)]


FINISHED = run_of(RunState.FINISHED, tally(sent=1180, failed=12, in_doubt=8), number=1, ended_at=NINE + 60)
SENDING = run_of(RunState.SENDING, tally(sent=310, pending=930, sending=10))
FLOWING = Activity(9.8, 96.0, None, None, NINE + 25)


def active(activity: Activity | None = FLOWING, run: RunStatus = SENDING, stopping: str = "") -> ActiveRun:
    return ActiveRun(run, "ops-pc", 4711, NINE + 5, "lan@ops-pc", activity, stopping)


# Text


def test_a_campaign_is_one_table_with_what_is_under_way_and_what_comes_next() -> None:
    rehearsal = run_of(RunState.FINISHED, tally(sent=5), number=1, kind=RunKind.REHEARSAL, started_at=NINE - 86400)
    status = status_of(rehearsal, FINISHED, SENDING, coverage=Coverage(2, 1250, 1190, 8), active=active(run=SENDING))
    assert shown(status) == [
        "offer: 2 runs, 1 rehearsal",
        "",
        "Run          Started           By          State      Rows   Sent  Failed  In doubt  Pending",
        "rehearsal 1  2026-11-26 09:00  lan@ops-pc  finished      5      5       0         0        0",
        "1            2026-11-27 09:00  lan@ops-pc  finished  1,200  1,180      12         8        0",
        "2            2026-11-27 09:00  lan@ops-pc  sending   1,250    310       0         0      940",
        "",
        "Of customers.xlsx (1,250 rows), over all runs: 1,190 sent, 8 in doubt, 52 not sent.",
        (
            "Run 2 is sending: 310 of 1,250 rows done, 9.8 messages a second, about 91 s left. "
            "Process 4711 on ops-pc (lan@ops-pc) is at work since 09:00:05."
        ),
        "Next: nothing, it goes on by itself; to end it: campaign stop offer.toml",
    ]


def test_what_an_undo_has_deleted_has_a_column() -> None:
    lines = shown(status_of(run_of(RunState.FINISHED, tally(sent=1, deleted=5))))
    assert lines[2].split()[-3:] == ["Rows", "Sent", "Deleted"]
    assert lines[3].split()[-3:] == ["6", "1", "5"]


def test_a_campaign_without_a_run_says_how_to_begin() -> None:
    assert shown(status_of()) == ["offer: no run is on record", "Next: campaign run offer.toml"]


@pytest.mark.parametrize(
    ("activity", "stopping", "words"),
    [
        pytest.param(None, "", "310 of 1,250 rows done. Process", id="nothing known yet"),
        pytest.param(FLOWING._replace(rate=0.1), "", "done, 6.0 messages a minute, about 91 s left.", id="slow"),
        pytest.param(
            Activity(1.0, 5.0, "limit", NINE + 50, NINE),
            "",
            "done, 1.0 messages a second, waiting for the limit until 09:00:50.",
            id="a limit, and an estimate that is over",
        ),
        pytest.param(
            Activity(None, None, "server", None, NINE), "", "done, waiting for the server. Process", id="the server"
        ),
        pytest.param(
            Activity(None, None, "window", NINE + 86400, NINE),
            "",
            "done, waiting for its window until 2026-11-28 09:00.",
            id="a window of another day",
        ),
        pytest.param(Activity(None, None, "gate", None, NINE), "", "waiting for its gate.", id="a gate"),
        pytest.param(Activity(None, None, "tide", None, NINE), "", "waiting for tide.", id="what a later version adds"),
        pytest.param(
            FLOWING._replace(waiting_for="limit"),
            "stopped by `campaign stop` (lan@ops)",
            "Run 2 is stopping: 310 of 1,250 rows done, 9.8 messages a second. "
            "Why: stopped by `campaign stop` (lan@ops). Process",
            id="stopping",
        ),
    ],
)
def test_what_is_under_way_is_said_in_words(activity: Activity | None, stopping: str, words: str) -> None:
    at_work = active(activity, stopping=stopping)
    assert words in "\n".join(shown(status_of(SENDING, active=at_work)))


def test_a_run_that_is_stopping_is_so_in_the_table_too() -> None:
    lines = shown(status_of(SENDING, active=active(stopping="interrupted")))
    assert lines[3].split()[4] == "stopping"
    assert lines[-1] == "Next: once it has stopped, campaign resume offer.toml"
    rehearsal = replace(SENDING, kind=RunKind.REHEARSAL)
    assert shown(status_of(rehearsal, active=active(run=rehearsal, stopping="interrupted")))[-1].endswith(
        "campaign status offer.toml"
    )


def test_a_plan_under_way_says_how_far_it_is() -> None:
    planning = run_of(RunState.PLANNING, tally(pending=2000), planned=False)
    line = shown(status_of(planning, active=active(None, planning)))[5]
    assert line.startswith("Run 2 is planning, 2,000 rows so far. Process 4711")


@pytest.mark.parametrize(
    ("run", "words"),
    [
        pytest.param(
            run_of(RunState.STOPPED, tally(sent=1, pending=2), reason="interrupted"),
            ["Run 2 stopped: interrupted.", "2 rows of run 2 are not sent yet. Next: campaign resume offer.toml"],
            id="stopped",
        ),
        pytest.param(
            run_of(RunState.STOPPED, tally(sent=1, failed=1, pending=1), reason=f"20 rows: {LIST_SUSPECTED}"),
            [
                f"Run 2 stopped: 20 rows: {LIST_SUSPECTED}",
                "Next: look at the list, the template and the reasons first: campaign results offer.toml",
            ],
            id="stopped because the list is suspected",
        ),
        pytest.param(
            run_of(RunState.STOPPED, tally(sent=2, pending=1), reason=f"1 is in doubt: {LIST_SUSPECTED}"),
            [
                f"Run 2 stopped: 1 is in doubt: {LIST_SUSPECTED}",
                "1 row of run 2 is not sent yet. Next: campaign resume offer.toml",
            ],
            id="what was suspected is settled",
        ),
        pytest.param(
            run_of(RunState.STOPPED, tally(pending=9), planned=False, reason="the plan was cut off"),
            ["Run 2 stopped: the plan was cut off.", "Next: campaign run offer.toml"],
            id="a plan that was cut off",
        ),
        pytest.param(
            run_of(RunState.FINISHED, tally(sent=1, in_doubt=1)),
            [
                (
                    "1 row of run 2 is in doubt. Next: campaign results offer.toml says which; look into their "
                    "conversations, then: campaign resolve offer.toml --rows … --as sent"
                )
            ],
            id="in doubt",
        ),
        pytest.param(
            run_of(RunState.FINISHED, tally(sent=1, failed=2, invalid=1)),
            [
                (
                    "3 rows of run 2 are not sent. Next: campaign results offer.toml says why, and how to send them "
                    "once they are corrected"
                )
            ],
            id="failed and invalid",
        ),
        pytest.param(
            run_of(RunState.FINISHED, tally(sent=1, skipped=2)),
            ["Next: nothing is left to send; campaign results offer.toml writes the workbook again"],
            id="all sent",
        ),
        pytest.param(
            run_of(RunState.STOPPED, tally(pending=2), kind=RunKind.REHEARSAL, reason="interrupted"),
            ["Rehearsal 2 stopped: interrupted.", "There was no real run yet. Next: campaign run offer.toml"],
            id="a rehearsal alone",
        ),
    ],
)
def test_the_last_line_says_what_to_do_next(run: RunStatus, words: list[str]) -> None:
    assert shown(status_of(run))[5:] == words


def test_the_reasons_are_those_of_the_last_run_and_of_what_was_done_last() -> None:
    first = run_of(RunState.STOPPED, tally(pending=2), number=1, reason="first")
    real = run_of(RunState.STOPPED, tally(pending=2), reason="second")
    rehearsal = run_of(RunState.STOPPED, tally(pending=2), kind=RunKind.REHEARSAL, reason="third")
    text = "\n".join(shown(status_of(first, real, rehearsal)))
    assert "first" not in text
    assert "Run 2 stopped: second.\nRehearsal 2 stopped: third.\n" in text


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_sentence_is_wider_than_the_terminal_nor_the_table_where_it_can_be_narrower(width: int) -> None:
    large = run_of(RunState.SENDING, tally(sent=1_000_000, failed=99_999, in_doubt=9_999, pending=1_000_000))
    status = status_of(FINISHED, large, coverage=Coverage(2, 2_109_998, 1_000_000, 9_999), active=active(run=large))
    lines = shown(status, width)
    table, sentences = lines[2:5], [*lines[:2], *lines[5:]]
    assert all(columns(line) <= width for line in sentences)
    assert all(columns(line) <= max(width, 79) for line in table)
    assert ("lan@ops-pc" in table[1]) is (width >= 100)


def test_a_narrow_terminal_gets_less_of_each_run() -> None:
    wide, narrower, narrow, narrowest = (shown(status_of(FINISHED), width)[3] for width in (90, 70, 65, 60))
    assert "2026-11-27 09:00  lan@ops-pc" in wide
    assert "2026-11-27 09:00  lan " in narrower
    assert "  11-27 09:00  lan " in narrow
    assert "lan" not in narrowest


def test_of_many_runs_a_screen_shows_the_latest() -> None:
    runs = [run_of(RunState.FINISHED, tally(sent=1), number=number) for number in range(1, 41)]
    lines = shown(status_of(*runs), most_runs=3)
    assert lines[2] == "… 37 earlier"
    assert [line.split()[0] for line in lines[4:7]] == ["38", "39", "40"]


def test_control_characters_of_a_name_are_escaped() -> None:
    run = run_of(RunState.FINISHED, tally(sent=1), by="\x1b[2Jlan@x", recipients="a\x1bb.csv")
    text = "\n".join(shown(replace(status_of(run, coverage=Coverage(2, 1, 1, 0)), campaign="\x07offer")))
    assert "\x1b" not in text
    assert "\x07" not in text


def test_colours_are_those_of_the_states() -> None:
    stopped = run_of(RunState.STOPPED, tally(pending=2), reason="interrupted")
    clean = run_of(RunState.FINISHED, tally(sent=2))
    lines = status_lines(status_of(FINISHED, clean, SENDING, stopped), COMMANDS, 120)
    assert [line.color for line in lines][2:7] == [None, "yellow", None, "cyan", "yellow"]


def test_a_line_for_a_log_says_how_far_the_run_is() -> None:
    assert progress_line(status_of(SENDING, active=active())) == (
        "09:00:30 Run 2 is sending: 310 of 1,250 rows done, 9.8 messages a second, about 91 s left "
        "(310 sent, 0 failed, 0 in doubt, 940 pending)"
    )
    assert progress_line(status_of(FINISHED)) == "09:00:30 nothing is under way"


# JSON


def test_the_json_is_as_the_contract_says() -> None:
    status = status_of(FINISHED, SENDING, coverage=Coverage(2, 1250, 1190, 8), active=active())
    found = as_json(status)
    assert list(found) == ["campaign", "runs", "coverage", "active"]
    assert found["campaign"] == "offer"
    first, second = runs_of(found)
    assert first == {
        "run": 1,
        "state": "finished",
        "rehearsal": False,
        "started_at": "2026-11-27T09:00:00+07:00",
        "ended_at": "2026-11-27T09:01:00+07:00",
        "by": "lan@ops-pc",
        "rows": 1200,
        "sent": 1180,
        "failed": 12,
        "in_doubt": 8,
        "invalid": 0,
        "skipped": 0,
        "pending": 0,
        "deleted": 0,
        "requests": 40,
        "throttled": 2,
    }
    assert (second["state"], second["ended_at"], second["pending"]) == ("sending", None, 940)
    assert found["coverage"] == {"rows": 1250, "sent": 1190, "in_doubt": 8, "not_sent": 52}
    assert found["active"] == {
        "run": 2,
        "host": "ops-pc",
        "process": 4711,
        "since": "2026-11-27T09:00:05+07:00",
        "rate": 9.8,
        "eta_seconds": 91,
        "waiting_for": None,
    }


def test_what_is_not_known_is_null() -> None:
    run = run_of(RunState.PLANNING, tally(), by="", kind=RunKind.TEST)
    found = as_json(status_of(run, active=active(None, run)))
    (first,) = runs_of(found)
    assert (first["by"], first["rehearsal"], first["rows"]) == (None, True, 0)
    assert found["coverage"] == {"rows": 0, "sent": 0, "in_doubt": 0, "not_sent": 0}
    at_work = found["active"]
    assert isinstance(at_work, dict)
    assert [at_work[name] for name in ("rate", "eta_seconds", "waiting_for")] == [None, None, None]
    assert as_json(status_of())["active"] is None


def runs_of(found: Mapping[str, object]) -> list[dict[str, object]]:
    runs = found["runs"]
    assert isinstance(runs, list)
    return runs
