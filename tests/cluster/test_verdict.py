"""The verdict of `python -m tests.cluster.chaos` finds what is planted, and says why rows are in doubt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.cluster.chaos.events import Events, Happening, History
from tests.cluster.chaos.verdict import (
    SLACK,
    WITHOUT_CAUSE,
    Arrival,
    Asked,
    Attempt,
    Figures,
    Ledgers,
    Row,
    cause_of,
    judge,
)

NOON = 1_800_000_000.0
ASKED = Asked("offer", rows=4, destinations=2, rate=10.0, timeout=0.8, under_way=1, reads_back=False)
SENT = Row("sent", "", 0, 3, 1)
ARRIVED = [Arrival(NOON + n, f"offer {n}", taken=True, status=200, fault=None) for n in range(4)]
REPORT = {"state": "finished", "sent": 4, "failed": 0, "in_doubt": 0}
GOOD = Ledgers([SENT] * 4, ARRIVED, report=REPORT, tally={"sent": 4, "pending": 0})


def test_ledgers_that_agree_are_in_order() -> None:
    figures = judge(ASKED, GOOD)
    assert figures.hold, figures.wrong
    assert str(figures) == (
        "4 rows, 0 twice, 0 lost, 0 of 2 destinations out of order, 0 of 1 lists over their rate, 0 in doubt"
    )


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        (replace(GOOD, arrivals=[*ARRIVED, ARRIVED[2]]), "row 4 was taken 2 times"),
        (replace(GOOD, arrivals=ARRIVED[:3]), "row 5 is sent (), taken 0 times"),
        (replace(GOOD, rows=[SENT, SENT._replace(state="failed"), SENT, SENT]), "row 3 is failed (), taken 1 times"),
        (replace(GOOD, rows=[SENT, SENT._replace(state="sending"), SENT, SENT]), "row 3 is sending"),
        (replace(GOOD, rows=[SENT] * 3), "3 rows are on record, not 4"),
        (
            replace(GOOD, arrivals=[*ARRIVED, ARRIVED[0]._replace(text="gift 1")]),
            "a message that is not in the list: gift 1",
        ),
        (replace(GOOD, tally={"sent": 3, "pending": 1}), "the tally says"),
        (replace(GOOD, report={**REPORT, "sent": 3}), "the report says"),
        (replace(GOOD, report={**REPORT, "state": "stopped"}), "the report says"),
        (replace(GOOD, left=["1 jobs are left"]), "1 jobs are left"),
    ],
    ids=[
        "a row taken twice",
        "a row that never came",
        "a row that failed",
        "a row that is left",
        "a row that is not on record",
        "a message of another list",
        "a wrong tally",
        "a wrong report",
        "a run that has not finished",
        "a job that is left",
    ],
)
def test_a_planted_fault_is_found(planted: Ledgers, found: str) -> None:
    figures = judge(ASKED, planted)
    assert not figures.hold
    assert found in " ".join(figures.wrong)


def test_messages_of_a_destination_in_another_order_are_found() -> None:
    planted = replace(GOOD, arrivals=[ARRIVED[each] for each in (0, 3, 2, 1)])
    assert judge(ASKED, planted).out_of_order == 1
    assert not judge(ASKED, planted).hold


@pytest.mark.parametrize(("step", "over"), [(0.11, 0), (0.05, 1)], ids=["as asked", "twice as fast"])
def test_a_run_that_is_over_its_rate_is_found(step: float, over: int) -> None:
    looks = [Arrival(NOON + 10 + n * step, None, taken=False, status=200, fault=None) for n in range(60)]
    figures = judge(ASKED, replace(GOOD, arrivals=[*ARRIVED, *looks]))
    assert (figures.over_rate, figures.hold) == (over, not over)


KILL = Happening("a kill", "w1-2", NOON + 0.5, NOON + 0.5)
FREEZE = Happening("a freeze", "w1-2", NOON + 0.2, NOON + 4.0)
WAY = Happening("trouble on the way", "w1", NOON - 1.0, NOON + 4.0)
RESTART = Happening("a restart", None, NOON + 1.0, NOON + 2.0)
FAULT = Arrival(NOON + 0.1, "offer 0", taken=True, status=500, fault="500-after")
CLEAN = FAULT._replace(status=200, fault=None)
GONE = CLEAN._replace(status=None)


def doubt(kind: str, *happenings: Happening, ended: float | None = None, requests: tuple[Arrival, ...] = ()) -> str:
    """The cause of a row in doubt whose last attempt began at noon."""
    attempt = Attempt(NOON, None if ended is None else NOON + ended)
    found = Ledgers(
        [Row("in_doubt", kind, 5, 3, 2, ended)],
        requests,
        {(0, 2): attempt},
        {(5, 3): "w1-2"},
        happenings,
    )
    return cause_of(ASKED, found, 0, requests)


@pytest.mark.parametrize(
    ("happening", "what"),
    [(KILL, "a kill"), (FREEZE, "a freeze"), (WAY, "trouble on the way"), (RESTART, "a restart")],
    ids=["kill", "freeze", "way", "restart"],
)
def test_what_happened_to_its_worker_during_an_attempt_cuts_it_off(happening: Happening, what: str) -> None:
    assert doubt("cut off", happening) == f"cut off by {what}"


@pytest.mark.parametrize(
    "happening",
    [
        replace(KILL, worker="w2-1"),
        replace(KILL, worker="w1-3"),
        replace(KILL, begins=NOON - 5, ends=NOON - 5),
        replace(FREEZE, begins=NOON + 0.8 + SLACK + 1, ends=NOON + 60),
    ],
    ids=["to another worker", "to another life of it", "before", "long after"],
)
def test_what_happened_elsewhere_or_at_another_time_is_no_cause(happening: Happening) -> None:
    assert doubt("cut off", happening) == WITHOUT_CAUSE
    assert doubt("unclear", happening, ended=0.5, requests=(CLEAN,)) == WITHOUT_CAUSE


def test_an_attempt_that_others_have_locked_out_may_be_cut_off_later() -> None:
    late = replace(KILL, begins=NOON + 6, ends=NOON + 6)
    assert doubt("cut off", late) == WITHOUT_CAUSE
    assert doubt("cut off", late, replace(FREEZE, worker="w2-1")) == "cut off by a kill"


@pytest.mark.parametrize(
    ("requests", "ended", "happenings", "cause"),
    [
        ((FAULT,), 0.3, (), "response lost by the server"),
        ((FAULT, CLEAN._replace(at=NOON + 0.2)), 0.3, (), WITHOUT_CAUSE),
        ((FAULT._replace(at=NOON - 9),), 0.3, (), WITHOUT_CAUSE),
        ((GONE,), 0.9, (), "response too late"),
        ((GONE,), 0.3, (), WITHOUT_CAUSE),
        ((CLEAN,), 0.9, (), WITHOUT_CAUSE),
        ((CLEAN,), 0.9, (FREEZE,), "response lost to a freeze"),
        ((), 0.9, (FREEZE,), "response lost to a freeze"),
        ((CLEAN,), 0.05, (FREEZE,), WITHOUT_CAUSE),
        ((CLEAN,), 0.9, (KILL, WAY, RESTART), WITHOUT_CAUSE),
        ((), 0.9, (), WITHOUT_CAUSE),
    ],
    ids=[
        "a fault of the server",
        "of an earlier request",
        "of an earlier attempt",
        "no response in time",
        "given up too soon",
        "answered well",
        "answered well, while it was frozen",
        "never arrived, while it was frozen",
        "frozen after its end",
        "what cannot lose a response",
        "nothing",
    ],
)
def test_a_lost_response_is_the_server_s_or_a_freeze_s(
    requests: tuple[Arrival, ...], ended: float, happenings: tuple[Happening, ...], cause: str
) -> None:
    assert doubt("unclear", *happenings, ended=ended, requests=requests) == cause


def test_a_row_that_never_left_was_not_taken() -> None:
    assert doubt("never left", ended=0.1) == "held back before they left"
    assert doubt("never left", ended=0.1, requests=(CLEAN,)) == WITHOUT_CAUSE


def test_a_row_of_a_server_that_can_be_asked_is_never_in_doubt() -> None:
    found = Ledgers([Row("in_doubt", "unclear", 5, 3, 1)], [FAULT], {(0, 1): Attempt(NOON, NOON + 1)}, {(5, 3): "w1-2"})
    assert cause_of(replace(ASKED, reads_back=True), found, 0, [FAULT]) == WITHOUT_CAUSE
    assert cause_of(ASKED, found, 0, [FAULT]) == "response lost by the server"


def test_a_doubt_without_cause_is_wrong_in_the_totals() -> None:
    total, row = Figures(), Row("in_doubt", "unclear", 5, 3, 1)
    report = {**REPORT, "sent": 3, "in_doubt": 1}
    total.add(
        judge(ASKED, replace(GOOD, rows=[row, SENT, SENT, SENT], report=report, tally={"sent": 3, "in_doubt": 1}))
    )
    assert not total.hold
    assert "1 in doubt (1 WITHOUT CAUSE), 1 WRONG" in str(total)


def test_events_are_done_as_often_as_they_are_wanted() -> None:
    events = Events({"kills": 2, "terms": 0})
    assert [events.take(kind) for kind in ("kills", "terms", "kills", "kills")] == [True, False, True, False]
    assert not events.are_left


def test_the_history_is_quiet_once_what_began_has_ended() -> None:
    history = History()
    freeze = history.begin("a freeze", "w1-1")
    assert history.is_quiet_since(freeze.begins - 1)
    assert not history.is_quiet_since(freeze.begins)
    history.end(freeze)
    assert history.is_quiet_since(freeze.begins)
