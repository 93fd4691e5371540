"""Which listed messages are those of rows in doubt: one table of lists, and what becomes of each row."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from campaign.channels.look_up import ListedMessage, Sought
from campaign.delivery.matching import (
    INCOMPLETE,
    MAYBE_BEFORE,
    NO_CLOCK,
    OTHER_MESSAGE,
    Absent,
    ClockBounds,
    DoubtfulMessage,
    Found,
    Match,
    SentMessage,
    Unclear,
    clock_of,
    match,
)

T = 1_800_000_000.0
"""When the first attempt began, by the local clock."""

NEAR = ClockBounds(-0.5, 0.6)
"""The clocks agree, as far as one `Date` tells."""

HERE = ("page", "conversation")
ELSEWHERE = ("page", "another conversation")


def doubtful(seq: int = 1, text: str = "hello", began: float = T, until: float = float("inf")) -> DoubtfulMessage:
    return DoubtfulMessage(seq, Sought(HERE, frozenset({text})), began, until)


def sent(
    message_id: str | None = None,
    text: str = "hello",
    began: float = T,
    *,
    ended: float | None = T + 0.2,
    where: tuple[str, str] = HERE,
    must_be_listed: bool = False,
) -> SentMessage:
    return SentMessage(Sought(where, frozenset({text})), message_id, began, ended, must_be_listed)


def listed(
    message_id: str = "m1",
    created: float | None = T + 1,
    *texts: str,
    outbound: bool | None = True,
    where: tuple[str, str] = HERE,
    error: str = "",
) -> ListedMessage:
    return ListedMessage(message_id, where, outbound, created, 0.001, frozenset(texts or {"hello"}), error)


class Case(NamedTuple):
    """Rows in doubt, other sent messages, a list, and what is to become of the rows."""

    rows: list[DoubtfulMessage]
    messages: list[ListedMessage]
    expected: list[Match]
    sent: tuple[SentMessage, ...] = ()
    clock: ClockBounds = NEAR
    whole: bool = True


FOUND = Found(1, "m1", "")

CASES = {
    "an equal message afterwards": Case([doubtful()], [listed()], [FOUND]),
    "an empty list": Case([doubtful()], [], [Absent(1)]),
    "an equal message in another conversation": Case([doubtful()], [listed(where=ELSEWHERE)], [Absent(1)]),
    "an equal message of the customer": Case([doubtful()], [listed(outbound=False)], [Absent(1)]),
    "an equal message of unknown direction": Case([doubtful()], [listed(outbound=None)], [Unclear(1, MAYBE_BEFORE)]),
    "a part of the content": Case(
        [DoubtfulMessage(1, Sought(HERE, frozenset({"a", "b"})), T)],
        [listed("m1", T + 1, "a")],
        [Unclear(1, OTHER_MESSAGE)],
    ),
    "more than the content": Case([doubtful()], [listed("m1", T + 1, "hello", "a button")], [FOUND]),
    "a message with an error": Case([doubtful()], [listed(error="(#551)")], [Found(1, "m1", "(#551)")]),
    "an equal message a minute before": Case([doubtful()], [listed("m1", T - 60)], [Unclear(1, MAYBE_BEFORE)]),
    "one before and one afterwards": Case([doubtful()], [listed("m0", T - 60), listed()], [FOUND]),
    "at the beginning of the attempt": Case([doubtful()], [listed("m1", T)], [FOUND]),
    "an equal message whose time is not known": Case([doubtful()], [listed("m1", None)], [Unclear(1, MAYBE_BEFORE)]),
    "another message afterwards": Case([doubtful()], [listed("m1", T + 1, "bye")], [Unclear(1, OTHER_MESSAGE)]),
    "another message before": Case([doubtful()], [listed("m1", T - 60, "bye")], [Absent(1)]),
    "another message long afterwards": Case([doubtful(until=T + 120)], [listed("m1", T + 200, "bye")], [Absent(1)]),
    "a list that was not read to its end": Case([doubtful()], [], [Unclear(1, INCOMPLETE)], whole=False),
    "found in a list that was not read to its end": Case([doubtful()], [listed()], [FOUND], whole=False),
    "two rows and two messages": Case(
        [doubtful(1), doubtful(2, began=T + 5)],
        [listed("m2", T + 6), listed("m1", T + 1)],
        [FOUND, Found(2, "m2", "")],
    ),
    "two rows and one message": Case(
        [doubtful(1), doubtful(2, began=T + 5)], [listed("m1", T + 6)], [FOUND, Absent(2)]
    ),
    "two rows, and a message that is too early for one": Case(
        [doubtful(1, began=T + 5), doubtful(2)], [listed("m1", T + 1)], [Absent(1), Found(2, "m1", "")]
    ),
    "two rows with different texts": Case(
        [doubtful(1), doubtful(2, "bye", T + 5)], [listed("m2", T + 6, "bye")], [Absent(1), Found(2, "m2", "")]
    ),
    "a message whose id another row knows": Case([doubtful()], [listed()], [Absent(1)], (sent("m1"),)),
    "a message that a row without an id was sent as": Case([doubtful()], [listed()], [Absent(1)], (sent(),)),
    "a message of a row whose id is of another kind": Case([doubtful()], [listed()], [Absent(1)], (sent("x9"),)),
    "one message for the row that was sent, and one more": Case(
        [doubtful(began=T + 5)], [listed("m0", T + 0.1), listed("m1", T + 6)], [FOUND], (sent(),)
    ),
    "a message too late for the row that was sent": Case(
        [doubtful(began=T + 100)], [listed("m1", T + 101)], [FOUND], (sent(),)
    ),
    "a row settled by hand takes the first": Case([doubtful()], [listed()], [Absent(1)], (sent(ended=None),)),
    "a message that must be there is missing": Case(
        [doubtful()], [], [Unclear(1, INCOMPLETE)], (sent("m9", where=ELSEWHERE, must_be_listed=True),)
    ),
    "a message that must be there is there by its content": Case(
        [doubtful()],
        [listed("m9", T + 0.1, where=ELSEWHERE)],
        [Absent(1)],
        (sent("x9", where=ELSEWHERE, must_be_listed=True),),
    ),
    "no clock, a message": Case([doubtful()], [listed()], [Unclear(1, MAYBE_BEFORE)], clock=ClockBounds()),
    "no clock, no message": Case([doubtful()], [], [Unclear(1, NO_CLOCK)], clock=ClockBounds()),
    "a vague clock, a message surely afterwards": Case(
        [doubtful()], [listed("m1", T + 61)], [FOUND], clock=ClockBounds(-60, 60)
    ),
    "a server 90 s ahead": Case([doubtful()], [listed("m1", T + 90.2)], [FOUND], clock=ClockBounds(89.5, 90.5)),
    "a server 90 s ahead, a message from before": Case(
        [doubtful()], [listed("m1", T + 60)], [Unclear(1, MAYBE_BEFORE)], clock=ClockBounds(89.5, 90.5)
    ),
    "a server 90 s behind": Case([doubtful()], [listed("m1", T - 89.8)], [FOUND], clock=ClockBounds(-90.5, -89.5)),
    "a Date that is a proxy's, and a message that tells the server's clock": Case(
        [doubtful(began=T + 5)],
        [listed("m0", T + 90.1, "bye"), listed("m1", T + 95.2)],
        [FOUND],
        (sent("m0", "bye"),),
    ),
    "a message within the uncertainty of a Date, which another one rules out": Case(
        [doubtful(began=T + 5)],
        [listed("m0", T + 0.1, "bye"), listed("m1", T + 4.6)],
        [Unclear(1, MAYBE_BEFORE)],
        (sent("m0", "bye"),),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_rows_are_matched_by_evidence_alone(case: Case) -> None:
    assert match(case.rows, case.sent, case.messages, case.clock, whole=case.whole) == case.expected


def test_the_order_of_the_list_does_not_matter() -> None:
    case = CASES["two rows and two messages"]
    assert match(case.rows, (), case.messages[::-1], NEAR, whole=True) == case.expected


def test_equal_messages_are_as_many_as_the_rows_that_they_settle() -> None:
    rows = [doubtful(seq, began=T + seq) for seq in range(1, 8)]
    messages = [listed(f"m{number}", T + 10 + number) for number in range(4)]
    found = match(rows, (), messages, NEAR, whole=True)
    assert found == [*(Found(seq, f"m{seq - 1}", "") for seq in range(1, 5)), *map(Absent, range(5, 8))]


def test_bounds_that_contradict_each_other_make_the_clock_vague() -> None:
    assert ClockBounds(0, 1).narrowed(0.5, 2) == ClockBounds(0.5, 1)
    assert ClockBounds(0, 1).narrowed(90, 91) == ClockBounds(0, 91)
    assert not ClockBounds(0, 1).narrowed(90, 91).known


def test_messages_from_before_and_after_a_clock_was_set_make_it_vague() -> None:
    pairs = [(sent(), listed("a", T + 0.1)), (sent(began=T + 50, ended=T + 50.1), listed("b", T + 140))]
    bounds = clock_of(pairs)
    assert bounds is not None
    assert not bounds.known
    assert bounds.least < 0
    assert bounds.most > 90


def test_a_slow_attempt_says_nothing_of_the_clock() -> None:
    assert clock_of([(sent(ended=T + 30), listed())]) is None
