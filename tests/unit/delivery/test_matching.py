"""Which listed messages are those of rows in doubt: one table of lists, and what becomes of each row."""

from __future__ import annotations

import math
from typing import NamedTuple

import pytest

from campaign.channels.look_up import ListedMessage, Sought
from campaign.delivery.absence import CLOCK_SET_BACK, NEAR, NO_EVIDENCE, NOT_ON_RECORD, UNDER_WAY
from campaign.delivery.doubtful import Absent, DoubtfulMessage, Found, Match, SentMessage, Unclear
from campaign.delivery.list_clock import ClockBounds, clock_of
from campaign.delivery.matching import INCOMPLETE, MAYBE_OTHER, NO_CLOCK, OTHER_MESSAGE, SEVERAL, match

T = 1_800_000_000.0
"""When the first attempt began, by the local clock."""

AT = T + 2000
"""When the list was asked for."""

NEAR_CLOCK = ClockBounds(-0.5, 0.6)
"""The clocks agree, as far as one `Date` tells."""

HERE = ("page", "conversation")
ELSEWHERE = ("page", "another conversation")
THIRD = ("page", "a third conversation")
FOREIGN = ("another page", "conversation")


def sought(text: str = "hello", where: tuple[str, str] = HERE, *more: str, kind: str = "text") -> Sought:
    return Sought(where, frozenset({text}), frozenset({text, *more}), kind)


def doubtful(
    seq: int = 1, text: str = "hello", began: float = T, until: float = math.inf, took: float = 0.2
) -> DoubtfulMessage:
    return DoubtfulMessage(seq, sought(text), began, began, began + took, until)


def sent(
    message_id: str | None = None,
    text: str = "hello",
    began: float = T,
    *,
    ended: float | None = 0.2,
    where: tuple[str, str] = HERE,
    confirmed: bool = True,
    must_be_listed: bool = False,
    may_come: bool = False,
    kind: str = "text",
) -> SentMessage:
    until = None if ended is None else began + ended
    return SentMessage(sought(text, where, kind=kind), message_id, began, until, confirmed, must_be_listed, may_come)


def listed(
    message_id: str = "m1",
    created: float | None = T + 1,
    *texts: str,
    outbound: bool | None = True,
    where: tuple[str, str] = HERE,
    error: str = "",
    zoned: bool = True,
) -> ListedMessage:
    content = frozenset(texts or {"hello"})
    return ListedMessage(message_id, where, outbound, created, 0.001, content, content, error, zoned)


def before(began: float = T - 10, **more: object) -> SentMessage:
    return sent("before", "first", began, where=THIRD, **more)  # type: ignore[arg-type]


def after(began: float = T + 500, **more: object) -> SentMessage:
    return sent("after", "last", began, where=THIRD, **more)  # type: ignore[arg-type]


BOTH = (before(), after())
OTHER_IDS = (BOTH[0]._replace(message_id="x1"), BOTH[1]._replace(message_id="x2"))
LISTED_BEFORE = listed("before", T - 9.9, "first", where=THIRD)
LISTED_AFTER = listed("after", T + 500.1, "last", where=THIRD)


class Case(NamedTuple):
    """Rows in doubt, other sent messages, a list, and what is to become of the rows.

    `witnessed`: the list also contains two messages that the server has confirmed, from before and afterwards.
    """

    rows: list[DoubtfulMessage]
    messages: list[ListedMessage]
    expected: list[Match]
    sent: tuple[SentMessage, ...] = ()
    clock: ClockBounds = NEAR_CLOCK
    whole: bool = True
    witnessed: bool = True

    def matches(self, *, reverse: bool = False) -> list[Match]:
        known = (*self.sent, *(BOTH if self.witnessed else ()))
        messages = [*self.messages, *([LISTED_BEFORE, LISTED_AFTER] if self.witnessed else [])]
        order = messages[::-1] if reverse else messages
        return match(self.rows, known, order, self.clock, whole=self.whole, at=AT)


FOUND = Found(1, "m1", "")

FINDING = {
    "an equal message afterwards": Case([doubtful()], [listed()], [FOUND]),
    "an empty list": Case([doubtful()], [], [Absent(1)]),
    "an equal message in another conversation": Case([doubtful()], [listed(where=ELSEWHERE)], [Absent(1)]),
    "an equal message of the customer": Case([doubtful()], [listed(outbound=False)], [Absent(1)]),
    "an equal message of unknown direction": Case([doubtful()], [listed(outbound=None)], [Unclear(1, MAYBE_OTHER)]),
    "a part of the content": Case(
        [doubtful()._replace(sought=Sought(HERE, frozenset({"a", "b"}), frozenset({"a", "b"}), "text"))],
        [listed("m1", T + 1, "a")],
        [Unclear(1, OTHER_MESSAGE)],
    ),
    "a part that is its own beside the content": Case(
        [doubtful()._replace(sought=sought("hello", HERE, "a button"))],
        [listed("m1", T + 1, "hello", "a button")],
        [FOUND],
    ),
    "a part that is not its own beside the content": Case(
        [doubtful()], [listed("m1", T + 1, "hello", "a button")], [Unclear(1, OTHER_MESSAGE)]
    ),
    "a part that is not its own, before": Case([doubtful()], [listed("m1", T - 60, "hello", "a button")], [Absent(1)]),
    "the text in a field that is no content": Case(
        [doubtful()],
        [listed("m1", T - 60)._replace(content=frozenset())],
        [Unclear(1, MAYBE_OTHER)],
    ),
    "the text beside other content": Case(
        [doubtful()],
        [listed("m1", T + 1, "hello", "bye")._replace(content=frozenset({"bye"}))],
        [Unclear(1, OTHER_MESSAGE)],
    ),
    "a message with an error": Case([doubtful()], [listed(error="(#551)")], [Found(1, "m1", "(#551)")]),
    "a message with an error, and then without": Case(
        [doubtful()], [listed("m0", T + 0.5, error="(#551)"), listed("m1", T + 9)], [FOUND]
    ),
    "an equal message a minute before": Case([doubtful()], [listed("m1", T - 60)], [Unclear(1, MAYBE_OTHER)]),
    "one before and one afterwards": Case([doubtful()], [listed("m0", T - 60), listed()], [FOUND]),
    "at the beginning of the attempt": Case([doubtful()], [listed("m1", T)], [FOUND]),
    "an equal message whose time is not known": Case([doubtful()], [listed("m1", None)], [Unclear(1, MAYBE_OTHER)]),
    "another message afterwards": Case([doubtful()], [listed("m1", T + 1, "bye")], [Unclear(1, OTHER_MESSAGE)]),
    "another message before": Case([doubtful()], [listed("m1", T - 60, "bye")], [Absent(1)]),
    "another message long afterwards": Case([doubtful(until=T + 120)], [listed("m1", T + 200, "bye")], [Absent(1)]),
    "a list that was not read to its end": Case([doubtful()], [], [Unclear(1, INCOMPLETE)], whole=False),
    "found in a list that was not read to its end": Case([doubtful()], [listed()], [FOUND], whole=False),
}

SHARING = {
    "two rows and two messages": Case(
        [doubtful(1), doubtful(2, began=T + 5)],
        [listed("m2", T + 6), listed("m1", T + 1)],
        [FOUND, Found(2, "m2", "")],
    ),
    "two rows and one message that both can have": Case(
        [doubtful(1), doubtful(2, began=T + 5)], [listed("m1", T + 6)], [Unclear(1, SEVERAL), Unclear(2, SEVERAL)]
    ),
    "two rows and one message that is too early for the second": Case(
        [doubtful(1), doubtful(2, began=T + 5)], [listed("m1", T + 1)], [FOUND, Absent(2)]
    ),
    "two rows, and a message that is too early for the first": Case(
        [doubtful(1, began=T + 5), doubtful(2)], [listed("m1", T + 1)], [Absent(1), Found(2, "m1", "")]
    ),
    "two rows with different texts": Case(
        [doubtful(1), doubtful(2, "bye", T + 5)], [listed("m2", T + 6, "bye")], [Absent(1), Found(2, "m2", "")]
    ),
    "two rows, of which the list shows one part alone": Case(
        [
            doubtful(1)._replace(sought=sought("hello", HERE, "order 1")),
            doubtful(2, began=T + 5)._replace(sought=sought("hello", HERE, "order 2")),
        ],
        [listed("m2", T + 6)],
        [Unclear(1, SEVERAL), Unclear(2, SEVERAL)],
    ),
    "two rows, of which the list shows what they differ in": Case(
        [
            doubtful(1, until=T + 3)._replace(sought=sought("hello", HERE, "order 1")),
            doubtful(2, began=T + 5)._replace(sought=sought("hello", HERE, "order 2")),
        ],
        [listed("m2", T + 6, "hello", "order 2")],
        [Absent(1), Found(2, "m2", "")],
    ),
    "two rows, one error and one message": Case(
        [doubtful(1), doubtful(2, began=T + 5)],
        [listed("m1", T + 6, error="(#551)"), listed("m2", T + 7)],
        [Unclear(1, SEVERAL), Unclear(2, SEVERAL)],
    ),
    "a message whose id another row knows": Case([doubtful()], [listed()], [Absent(1)], (sent("m1"),)),
    "a message whose id a row of another conversation knows": Case(
        [doubtful()], [listed()], [FOUND], (sent("m1", where=ELSEWHERE),)
    ),
    "a message that a row without an id was sent as": Case([doubtful()], [listed()], [Absent(1)], (sent(),)),
    "a message of a row whose id is not there, as others are": Case(
        [doubtful()], [listed()], [Unclear(1, SEVERAL)], (sent("x9"),)
    ),
    "messages of rows whose ids are of another kind": Case(
        [doubtful()],
        [listed(), LISTED_BEFORE, LISTED_AFTER],
        [Absent(1)],
        (sent("x9"), *OTHER_IDS),
        witnessed=False,
    ),
    "one message for the row that was sent, and one more": Case(
        [doubtful(began=T + 5)], [listed("m0", T + 0.1), listed("m1", T + 6)], [FOUND], (sent(),)
    ),
    "a message too late for the row that was sent": Case(
        [doubtful(began=T + 100)], [listed("m1", T + 101)], [FOUND], (sent(),)
    ),
    "a row settled by hand takes the first": Case([doubtful()], [listed()], [Absent(1)], (sent(ended=None),)),
    "an error of the row that was sent, and a message that may be the same tried again": Case(
        [doubtful(began=T + 5)],
        [listed("m0", T + 0.1, error="(#551)"), listed("m1", T + 6)],
        [Unclear(1, SEVERAL)],
        (sent("m0"),),
    ),
    "an error of the row that was sent, and a message that it may have become much later": Case(
        [doubtful(began=T + 95)],
        [listed("m0", T + 0.1, error="(#551)"), listed("m1", T + 96)],
        [Unclear(1, SEVERAL)],
        (sent("m0"),),
    ),
    "an error of the row that was sent, and messages for both": Case(
        [doubtful(began=T + 5)],
        [listed("m0", T + 0.1, error="(#551)"), listed("m1", T + 6), listed("m2", T + 7)],
        [Found(1, "m2", "")],
        (sent("m0"),),
    ),
}

EVIDENCE = {
    "a message that must be there is missing": Case(
        [doubtful()], [], [Unclear(1, INCOMPLETE)], (sent("m9", where=ELSEWHERE, must_be_listed=True),)
    ),
    "a message that must be there is there by its content": Case(
        [doubtful()],
        [listed("m9", T + 0.1, where=ELSEWHERE), LISTED_BEFORE, LISTED_AFTER],
        [Absent(1)],
        (sent("x9", where=ELSEWHERE, must_be_listed=True), *OTHER_IDS),
        witnessed=False,
    ),
    "a message that must be there, and another one with its content": Case(
        [doubtful()],
        [listed("m9", T + 0.1, where=ELSEWHERE)],
        [Unclear(1, INCOMPLETE)],
        (sent("x9", where=ELSEWHERE, must_be_listed=True),),
    ),
    "nothing is known of any other message": Case([doubtful()], [], [Unclear(1, NO_EVIDENCE)], witnessed=False),
    "other messages may still come": Case(
        [doubtful()], [], [Unclear(1, NO_EVIDENCE, later=True)], (before(may_come=True),), witnessed=False
    ),
    "one from before, which the server confirmed": Case(
        [doubtful()], [LISTED_BEFORE], [Absent(1, T + 0.2 - (T - 10 + 0.2), last=True)], (before(),), witnessed=False
    ),
    "one from long before": Case(
        [doubtful()],
        [listed("before", T - NEAR - 9.9, "first", where=THIRD)],
        [Unclear(1, NO_EVIDENCE)],
        (before(T - NEAR - 10),),
        witnessed=False,
    ),
    "one from just after, which the server confirmed": Case(
        [doubtful()],
        [listed("after", T + 50.1, "last", where=THIRD)],
        [Absent(1)],
        (after(T + 50),),
        witnessed=False,
    ),
    "one from just after, and others are known from before": Case(
        [doubtful()._replace(is_first=False)],
        [listed("after", T + 50.1, "last", where=THIRD)],
        [Unclear(1, NO_EVIDENCE)],
        (after(T + 50),),
        witnessed=False,
    ),
    "one from after, and it is not the next": Case(
        [doubtful()], [LISTED_AFTER], [Unclear(1, NO_EVIDENCE)], (after(),), witnessed=False
    ),
    "one from just after the first attempt, and one from before the second": Case(
        [doubtful()._replace(last=T + 400, ended=T + 400.2)],
        [listed("m8", T + 50.1, where=ELSEWHERE), listed("m9", T + 300.1, where=ELSEWHERE)],
        [Absent(1, T + 400.2 - (T + 300.2), last=True)],
        (sent("m8", began=T + 50, where=ELSEWHERE), sent("m9", began=T + 300, where=ELSEWHERE)),
        witnessed=False,
    ),
    "one from just after the first attempt, and none near the second": Case(
        [doubtful()._replace(last=T + 50 + 2 * NEAR, ended=T + 51 + 2 * NEAR)],
        [listed("m8", T + 50.1, where=ELSEWHERE)],
        [Unclear(1, NO_EVIDENCE)],
        (sent("m8", began=T + 50, where=ELSEWHERE),),
        witnessed=False,
    ),
    "one from before, and one from long after": Case(
        [doubtful()],
        [LISTED_BEFORE, listed("after", T + NEAR + 10.1, "last", where=THIRD)],
        [Absent(1)],
        (before(), after(T + NEAR + 10)),
        witnessed=False,
    ),
    "one sent at the same time": Case(
        [doubtful()],
        [listed("m9", T + 0.2, where=ELSEWHERE)],
        [Unclear(1, NO_EVIDENCE)],
        (sent("m9", began=T + 0.1, where=ELSEWHERE),),
        witnessed=False,
    ),
    "those of another page": Case(
        [doubtful()],
        [listed("m8", T - 9.9, where=FOREIGN), listed("m9", T + 9.1, where=FOREIGN)],
        [Unclear(1, NO_EVIDENCE)],
        (sent("m8", began=T - 10, where=FOREIGN), sent("m9", began=T + 9, where=FOREIGN)),
        witnessed=False,
    ),
    "those of another kind": Case(
        [doubtful()],
        [listed("m8", T - 9.9, where=THIRD), listed("m9", T + 9.1, where=THIRD)],
        [Unclear(1, NO_EVIDENCE)],
        (sent("m8", began=T - 10, where=THIRD, kind="image"), sent("m9", began=T + 9, where=THIRD, kind="image")),
        witnessed=False,
    ),
    "those that were found on both sides, and none that the server confirmed": Case(
        [doubtful(seq, f"text {seq}", T + 5 * seq) for seq in (1, 2, 3)],
        [listed("m1", T + 5.1, "text 1"), listed("m3", T + 15.1, "text 3")],
        [FOUND, Unclear(2, NO_EVIDENCE), Found(3, "m3", "")],
        witnessed=False,
    ),
    "those that were found on both sides, and one that the server confirmed long before": Case(
        [
            doubtful(1),
            doubtful(2, "two", T + 5)._replace(sought=sought("two", ELSEWHERE)),
            doubtful(3, "three", T + 10)._replace(sought=sought("three", THIRD)),
        ],
        [
            listed("before", T - NEAR - 9.9, "first", where=THIRD),
            listed("m1", T + 0.1),
            listed("m3", T + 10.1, "three", where=THIRD),
        ],
        [FOUND, Absent(2), Found(3, "m3", "")],
        (before(T - NEAR - 10),),
        witnessed=False,
    ),
    "one that was found before, and one that the server confirmed long before": Case(
        [doubtful(1), doubtful(2, "two", T + 5)._replace(sought=sought("two", ELSEWHERE))],
        [listed("before", T - NEAR - 9.9, "first", where=THIRD), listed("m1", T + 0.1)],
        [FOUND, Unclear(2, NO_EVIDENCE)],
        (before(T - NEAR - 10),),
        witnessed=False,
    ),
    "an attempt that is not on record": Case([doubtful(took=math.inf)], [], [Unclear(1, NOT_ON_RECORD)]),
    "an attempt that may not have ended": Case([doubtful(took=2030)], [], [Unclear(1, UNDER_WAY, later=True)]),
    "an attempt in the future": Case(
        [doubtful(began=AT + 60)],
        [listed("after", AT + 99.1, "last", where=THIRD)],
        [Unclear(1, CLOCK_SET_BACK)],
        (after(AT + 99),),
        witnessed=False,
    ),
    "a second attempt, near a message that the server confirmed": Case(
        [doubtful()._replace(last=T + 400, ended=T + 400.2)],
        [LISTED_BEFORE, listed("m9", T + 300.1, where=ELSEWHERE)],
        [Absent(1, T + 400.2 - (T + 300.2), last=True)],
        (before(), sent("m9", began=T + 300, where=ELSEWHERE)),
        witnessed=False,
    ),
}

ONE, TWO = sent(None, "one", T + 1, where=ELSEWHERE), sent(None, "two", T + 2, where=THIRD)
"""Two messages that the server confirmed without an id."""


def one(ahead: float, **more: object) -> ListedMessage:
    return listed("x8", T + 1.1 + ahead, "one", where=ELSEWHERE, **more)  # type: ignore[arg-type]


def two(ahead: float, **more: object) -> ListedMessage:
    return listed("x9", T + 2.1 + ahead, "two", where=THIRD, **more)  # type: ignore[arg-type]


CLOCKS = {
    "no other message": Case([doubtful()], [listed("m1", T + 0.1)], [Unclear(1, MAYBE_OTHER)], witnessed=False),
    "no other message, and times without a zone": Case(
        [doubtful()], [listed("m1", T + 0.1, zoned=False)], [Unclear(1, MAYBE_OTHER)], witnessed=False
    ),
    "two rows in doubt whose messages agree": Case(
        [doubtful(1), doubtful(2, "bye", T + 5)],
        [listed("m1", T + 90.1), listed("m2", T + 95.1, "bye")],
        [FOUND, Found(2, "m2", "")],
        witnessed=False,
    ),
    "messages of another sender from before, in the same course": Case(
        [doubtful(1), doubtful(2, "bye", T + 5)],
        [listed("m1", T - 99.9), listed("m2", T - 94.9, "bye")],
        [Unclear(1, MAYBE_OTHER), Unclear(2, MAYBE_OTHER)],
        witnessed=False,
    ),
    "such messages, in an unknown zone": Case(
        [doubtful(1), doubtful(2, "bye", T + 5)],
        [listed("m1", T - 3699.9, zoned=False), listed("m2", T - 3694.9, "bye", zoned=False)],
        [Unclear(1, MAYBE_OTHER), Unclear(2, MAYBE_OTHER)],
        witnessed=False,
    ),
    "messages of the same course in an unknown zone behind UTC": Case(
        [doubtful(1), doubtful(2, "bye", T + 5)],
        [listed("m1", T - 3599.9, zoned=False), listed("m2", T - 3594.9, "bye", zoned=False)],
        [FOUND, Found(2, "m2", "")],
        witnessed=False,
    ),
    "such messages, of which the server has confirmed one so long ago that it must be listed": Case(
        [doubtful(), doubtful(2, "bye", T + 5)],
        [listed("m1", T - 99.9), listed("m2", T - 94.9, "bye"), one(-100)],
        [FOUND, Found(2, "m2", "")],
        (ONE._replace(must_be_listed=True),),
        witnessed=False,
    ),
    "many rows whose attempts are not on record, and whose messages agree with the Date": Case(
        [doubtful(seq, f"text {seq}", took=math.inf) for seq in range(1, 7)],
        [listed(f"m{seq}", T + 20 + seq, f"text {seq}") for seq in range(1, 6)],
        [*(Found(seq, f"m{seq}", "") for seq in range(1, 6)), Unclear(6, NOT_ON_RECORD)],
        witnessed=False,
    ),
    "a few rows whose attempts are not on record": Case(
        [doubtful(seq, f"text {seq}", took=math.inf) for seq in range(1, 5)],
        [listed(f"m{seq}", T + 20 + seq, f"text {seq}") for seq in range(1, 5)],
        [Unclear(seq, MAYBE_OTHER) for seq in range(1, 5)],
        witnessed=False,
    ),
    "many rows whose attempts are not on record, and whose messages are from before": Case(
        [doubtful(seq, f"text {seq}", took=math.inf) for seq in range(1, 7)],
        [listed(f"m{seq}", T - 20 - seq, f"text {seq}") for seq in range(1, 7)],
        [Unclear(seq, MAYBE_OTHER) for seq in range(1, 7)],
        witnessed=False,
    ),
    "two rows in doubt after a long wait, and whose messages agree with the Date": Case(
        [doubtful(1, took=30.0), doubtful(2, "bye", T + 5, took=30.0)],
        [listed("m1", T + 20), listed("m2", T + 20, "bye")],
        [FOUND, Found(2, "m2", "")],
        witnessed=False,
    ),
    "two rows in doubt whose messages do not agree": Case(
        [doubtful(1), doubtful(2, "bye", T + 5)],
        [listed("m1", T + 90.1), listed("m2", T + 65.1, "bye")],
        [Unclear(1, MAYBE_OTHER), Unclear(2, MAYBE_OTHER)],
        witnessed=False,
    ),
    "a Date that is a proxy's, and a message that tells the server's clock": Case(
        [doubtful(began=T + 5)],
        [listed("m0", T + 90.1, "bye"), listed("m1", T + 95.2)],
        [FOUND],
        (sent("m0", "bye"),),
        witnessed=False,
    ),
    "times without a zone, and a message that tells it": Case(
        [doubtful(began=T + 5)],
        [listed("m0", T + 25_200.1, "bye", zoned=False), listed("m1", T + 25_205.2, zoned=False)],
        [FOUND],
        (sent("m0", "bye"),),
        witnessed=False,
    ),
    "times without a zone, a message that tells it, and one from before": Case(
        [doubtful(began=T + 5)],
        [listed("m0", T + 25_200.1, "bye", zoned=False), listed("m1", T + 25_145, zoned=False)],
        [Unclear(1, MAYBE_OTHER)],
        (sent("m0", "bye"),),
        witnessed=False,
    ),
    "a message within the uncertainty of a Date, which another one rules out": Case(
        [doubtful(began=T + 5)],
        [listed("m0", T + 0.1, "bye"), listed("m1", T + 4.6)],
        [Unclear(1, MAYBE_OTHER)],
        (sent("m0", "bye"),),
        witnessed=False,
    ),
    "a list ahead of its Date, as two messages without an id tell": Case(
        [doubtful()], [listed("m1", T + 30), one(90), two(90)], [Unclear(1, MAYBE_OTHER)], (ONE, TWO), witnessed=False
    ),
    "a list ahead of its Date, and one message without an id": Case(
        [doubtful()], [listed("m1", T + 30), one(90)], [Unclear(1, MAYBE_OTHER)], (ONE,), witnessed=False
    ),
    "a list ahead of its Date, as the row in doubt and one message without an id tell": Case(
        [doubtful()], [listed("m1", T + 90.1), one(90)], [FOUND], (ONE,), witnessed=False
    ),
    "one message without an id, as the Date tells, and a late one": Case(
        [doubtful()], [listed("m1", T + 90.1), one(0)], [FOUND], (ONE,), witnessed=False
    ),
    "one message without an id, as the Date tells, and times without a zone": Case(
        [doubtful()],
        [listed("m1", T + 90.1, zoned=False), one(0, zoned=False)],
        [Unclear(1, MAYBE_OTHER)],
        (ONE,),
        witnessed=False,
    ),
    "one message that two rows can be, and no other": Case(
        [doubtful()],
        [listed("m1", T + 0.1), one(0)],
        [Unclear(1, MAYBE_OTHER)],
        (ONE, ONE._replace(began=T + 3)),
        witnessed=False,
    ),
    "a response that took too long to tell a clock, and agrees with the Date": Case(
        [doubtful()],
        [listed("m1", T + 0.1), one(3)],
        [FOUND],
        (ONE._replace(message_id="x8", ended=T + 20),),
        witnessed=False,
    ),
    "a response that took too long to tell a clock, and contradicts the Date": Case(
        [doubtful()],
        [listed("m1", T + 0.1), one(95)],
        [Unclear(1, MAYBE_OTHER)],
        (ONE._replace(message_id="x8", ended=T + 20),),
        witnessed=False,
    ),
    "a response that took too long to tell a clock, and no Date": Case(
        [doubtful()],
        [LISTED_BEFORE, one(3)],
        [Unclear(1, NO_CLOCK)],
        (before(ended=9.0), ONE._replace(message_id="x8", ended=T + 20)),
        clock=ClockBounds(),
        witnessed=False,
    ),
}

CASES = {**FINDING, **SHARING, **EVIDENCE, **CLOCKS}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_rows_are_matched_by_evidence_alone(case: Case) -> None:
    assert case.matches() == case.expected


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_order_of_the_list_does_not_matter(case: Case) -> None:
    assert case.matches(reverse=True) == case.expected


def test_as_many_equal_messages_as_rows_settle_them_in_their_order() -> None:
    rows = [doubtful(seq, began=T + seq) for seq in range(1, 8)]
    messages = [listed(f"m{number}", T + 10 + number) for number in range(1, 9)]
    found = match(rows, BOTH, [LISTED_BEFORE, *messages], NEAR_CLOCK, whole=True, at=AT)
    assert found == [Found(seq, f"m{seq}", "") for seq in range(1, 8)]
    fewer = match(rows, BOTH, [LISTED_BEFORE, *messages[:6]], NEAR_CLOCK, whole=True, at=AT)
    assert fewer == [Unclear(seq, SEVERAL) for seq in range(1, 8)]


def test_very_many_equal_rows_stay_unclear() -> None:
    rows = [doubtful(seq) for seq in range(1, 400)]
    messages = [listed(f"m{number}", T + 1 + number / 1000) for number in range(1, 400)]
    assert match(rows, (), messages, NEAR_CLOCK, whole=True, at=AT) == [Unclear(row.seq, SEVERAL) for row in rows]


def test_bounds_that_contradict_each_other_make_the_clock_vague() -> None:
    assert ClockBounds(0, 1).narrowed(0.5, 2) == ClockBounds(0.5, 1)
    assert ClockBounds(0, 1).narrowed(90, 91) == ClockBounds(0, 91)
    assert not ClockBounds(0, 1).narrowed(90, 91).known


def test_messages_from_before_and_after_a_clock_was_set_make_it_vague() -> None:
    pairs = [(sent(), listed("a", T + 0.1)), (sent(began=T + 50), listed("b", T + 140))]
    bounds = clock_of(pairs)
    assert bounds is not None
    assert not bounds.known
    assert bounds.least < 0
    assert bounds.most > 90


def test_a_slow_attempt_says_little_of_the_clock() -> None:
    bounds = clock_of([(sent(ended=30.0), listed())])
    assert bounds is not None
    assert not bounds.known


def test_most_messages_have_to_agree_on_a_clock() -> None:
    rows = [doubtful(seq, f"text {seq}") for seq in range(1, 11)]
    messages = [listed(f"m{seq}", T + 0.1, f"text {seq}") for seq in range(1, 11)]
    early = listed("m10", T - 60, "text 10")
    found = match(rows, (), [*messages[:9], early], ClockBounds(), whole=True, at=AT)
    assert found == [*(Found(seq, f"m{seq}", "") for seq in range(1, 10)), Unclear(10, MAYBE_OTHER)]
    two_of_three = match(rows[7:], (), [*messages[7:9], early], ClockBounds(), whole=True, at=AT)
    assert two_of_three == [Unclear(seq, MAYBE_OTHER) for seq in (8, 9, 10)]
