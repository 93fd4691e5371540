"""Rows in doubt of a run are looked up at the server: one list covers them all."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from campaign.delivery.absence import NEAR
from campaign.delivery.doubtful import Absent, DoubtfulMessage, Found, SentMessage, Unclear
from campaign.delivery.look_up import MARGIN, ListReader
from campaign.delivery.matching import EQUAL, match
from campaign.journal.doubts import FOUND, UNDELIVERED, DoubtfulRow, SentRow, Settlement, not_taken, still_in_doubt
from campaign.journal.records import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.channels.look_up import LookUp
    from campaign.delivery import DeliveryContext
    from campaign.delivery.doubtful import Match
    from campaign.delivery.look_up import MessageList
    from campaign.journal import JournalStore

MOST_ROWS = 50_000
"""Rows that are looked up with one reading of the list; what is kept of each is a few hundred bytes."""

MOST_SENT_AGAIN = 5
"""How often a row is sent again because look-ups did not find it: where one request in ten fails, so many attempts of
one row are lost by chance in one case in 100 million. A server that takes its message each time, and lists it nowhere,
would get it for ever."""

VANISHED = f"{EQUAL} was there before, and is not any more"

CLOCK_SET = 3600.0
"""Seconds by which a period is longer at least where this machine's clock was set back after the attempts."""


@dataclass(slots=True)
class Looked:
    """What looking up the rows in doubt came to. Times in seconds since the epoch.

    Attributes:
        settled: rows that are sent or failed now, with their new state.
        again: how many rows wait to be sent again.
        due: when a further look-up may let rows be sent again; None where none would.
        unavailable: why the server has no list for us; "" where it has.
        trouble: why the list was not read to its end; "" where it was.
    """

    settled: list[tuple[DoubtfulRow, Settlement]] = field(default_factory=list)
    again: int = 0
    due: float | None = None
    unavailable: str = ""
    trouble: str = ""


class DoubtSettler:
    """Looks up the rows in doubt of one run, and records what became of them."""

    def __init__(self, journal: JournalStore, run: int, look_up: LookUp | None, session: int | None) -> None:
        self._journal = journal
        self._run = run
        self._look_up = look_up
        self._session = session

    async def has_doubts(self) -> bool:
        """Whether any row is in doubt, and the server has a list of messages."""
        return self._look_up is not None and await asyncio.to_thread(self._journal.has_doubts, self._run)

    async def settle(self, context: DeliveryContext) -> Looked:
        """Look up every row in doubt once; sends nothing.

        Raises:
            JournalError: the journal cannot be read or written.
        """
        look_up = self._look_up
        looked, after = Looked(), 0
        while look_up is not None and not looked.unavailable and not looked.trouble:
            rows = self._journal.doubtful_rows(self._run, after, MOST_ROWS, context.settings.timeout)
            if not rows:
                break
            after = rows[-1].seq
            await self._settle_rows(context, look_up, rows, looked)
        return looked

    async def _settle_rows(
        self, context: DeliveryContext, look_up: LookUp, rows: Sequence[DoubtfulRow], looked: Looked
    ) -> None:
        now, settle = context.clock.epoch(), context.settings.settle
        around = self._around(rows)
        first = min(map(_began, around), default=math.inf)
        doubtful = [_doubtful(look_up, row, settle, now, is_first=row.began <= first) for row in rows]
        since = _since(rows, around)
        sent = self._sent(look_up, rows, around, _Seen(since, now, settle))
        wanted = {each.sought.conversation for each in doubtful} | {each.sought.conversation for each in sent}
        own = self._journal.tally(self._run).requests
        listed = await ListReader(context, look_up, beginning(since, now), wanted, own).read()
        looked.unavailable, looked.trouble = listed.unavailable, listed.trouble
        messages = listed.messages.values()
        matches = match(doubtful, sent, messages, listed.clock, whole=listed.whole, at=listed.began_at)
        verdict = _Verdict(context, listed)
        settled = [(row, verdict.of(row, each)) for row, each in zip(rows, matches, strict=True)]
        changed = [(row, settlement) for row, settlement in settled if settlement is not None]
        self._journal.settle_doubts(self._run, [settlement for _, settlement in changed], self._session)
        looked.settled += [each for each in changed if each[1].state in (State.SENT, State.FAILED)]
        looked.again += sum(settlement.state is State.PENDING for _, settlement in changed)
        if verdict.due is not None:
            looked.due = verdict.due if looked.due is None else min(looked.due, verdict.due)

    def _around(self, rows: Sequence[DoubtfulRow]) -> list[SentRow]:
        """Rows of the run that were sent around the attempts that are in doubt: they show what the list is worth."""
        spans = {(began, row.ended) for row in rows if row.ended is not None for began in (row.began, row.last)}
        return self._journal.rows_around(self._run, sorted(spans))

    def _sent(
        self, look_up: LookUp, rows: Sequence[DoubtfulRow], around: Sequence[SentRow], seen: _Seen
    ) -> list[SentMessage]:
        """Other messages that the list may contain."""
        there = self._journal.sent_rows([row.destination for row in rows], seen.since - MARGIN)
        known = {(row.run, row.seq): row for row in (*around, *there)}
        return [_sent(look_up, row, seen) for row in known.values()]


class _Seen(NamedTuple):
    """What a list is of.

    Attributes:
        since: the beginning of its period, without the margin.
        now: when it is asked for.
        settle: seconds after which a complete one contains a message.
    """

    since: float
    now: float
    settle: float


def _since(rows: Sequence[DoubtfulRow], around: Sequence[SentRow]) -> float:
    """When the period of a list begins: some of the messages around the attempts are in it, if they are near."""
    first = min(row.began for row in rows)
    return min([first, *(began for began in map(_began, around) if began >= first - NEAR)])


def beginning(since: float, now: float) -> float:
    """The beginning of a period that contains attempts, also where the clock was set back since they were made.

    Args:
        since: when the earliest of them began, by the clock as it was.
        now: what it says now.
    """
    return since if since <= now else now - max(CLOCK_SET, since - now)


def _doubtful(look_up: LookUp, row: DoubtfulRow, settle: float, now: float, *, is_first: bool) -> DoubtfulMessage:
    until = math.inf if row.looked_at is None or row.looked_at > now else row.looked_at + settle
    ended = math.inf if row.ended is None else row.ended
    return DoubtfulMessage(row.seq, look_up.sought(row.body), row.began, row.last, ended, until, is_first)


def _sent(look_up: LookUp, row: SentRow, seen: _Seen) -> SentMessage:
    began = _began(row)
    ended = None if row.latency is None else row.at
    sought = look_up.sought(row.body)
    confirmed = not row.kind and ended is not None
    if not confirmed and row.at < seen.since - MARGIN:  # from before the period: it can only be named by its id
        sought = sought._replace(content=frozenset())
    is_known = confirmed or row.kind == FOUND
    is_within = is_known and seen.since - MARGIN / 2 <= began and row.at <= seen.now
    is_due = row.at <= seen.now - seen.settle
    must, may = is_within and is_due, is_within and not is_due
    return SentMessage(sought, row.message_id, began, ended, confirmed, must, may)


def _began(row: SentRow) -> float:
    return row.at - (row.latency or 0.0)


class _Verdict:
    """What the matches of one list mean for the rows.

    Attributes:
        due: when a further look-up may let a row be sent again; None where none would.
    """

    def __init__(self, context: DeliveryContext, listed: MessageList) -> None:
        self._listed = listed
        self._redacted = context.redaction.text
        self._settle = context.settings.settle
        self._sends_again = context.settings.on_doubt == "look"
        self._at = f"at {datetime.fromtimestamp(listed.began_at).astimezone():%Y-%m-%d %H:%M:%S}"
        self._tries_one = False
        self.due: float | None = None

    def of(self, row: DoubtfulRow, found: Match) -> Settlement | None:
        """The row's state from now on; None where the list says nothing about it."""
        why = found.why if isinstance(found, Unclear) else ""
        if EQUAL in row.reason and EQUAL not in why and not isinstance(found, Found):
            found = Unclear(row.seq, VANISHED)  # whatever the list says now, it does not say what it said
        match found:
            case Found():
                return self._found(row, found)
            case Absent():
                return self._absent(row, found)
            case Unclear() if self._listed.trouble or self._listed.unavailable:
                return None
            case Unclear(why=why, later=later):
                now = self._listed.began_at
                may_come = row.ended is not None and row.ended <= now < row.ended + self._settle
                if self._sends_again and (later or may_come):
                    self._look_again(now + self._settle)
                return still_in_doubt(row, f"{self._at}: {why}", row.looked_at)

    def _found(self, row: DoubtfulRow, found: Found) -> Settlement:
        message_id, error = self._redacted(found.message_id), self._redacted(found.error)
        if error:
            reason = f"the server took the message and could not deliver it: {error}"
            return Settlement(row.seq, row.attempts, State.FAILED, UNDELIVERED, reason, message_id)
        return Settlement(row.seq, row.attempts, State.SENT, FOUND, "", message_id)

    def _absent(self, row: DoubtfulRow, absent: Absent) -> Settlement:
        """In doubt after the first look-up, and to be sent again after one that began long enough afterwards."""
        now = self._listed.began_at
        first = now if row.looked_at is None or row.looked_at > now else row.looked_at
        if self._sends_again and row.lost > MOST_SENT_AGAIN:
            if row.ended is not None and now < row.ended + self._settle:
                self._look_again(now + self._settle)  # it may have been taken this time
            often = f"{self._at}, and not found, after {row.lost} attempts without a response"
            return still_in_doubt(row, often, first)
        # If the list was believed too early, the next absence has to be longer.
        due = first + max(self._settle * 2 ** (row.lost - 1), absent.apart)
        if self._sends_again:
            # If the list ends just before this row, it shows that once one more message is sent: no second one is lost.
            if now >= due and not (absent.last and self._tries_one):
                self._tries_one = self._tries_one or absent.last
                return not_taken(row)
            self._look_again(due)
        return still_in_doubt(row, f"{self._at}, and not found", first)

    def _look_again(self, due: float) -> None:
        self.due = due if self.due is None else min(self.due, due)
