"""Rows in doubt of a run are looked up at the server: one list covers them all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from campaign.delivery.look_up import MARGIN, ListReader
from campaign.delivery.matching import Absent, DoubtfulMessage, Found, SentMessage, Unclear, match
from campaign.journal.doubts import FOUND, UNDELIVERED, DoubtfulRow, SentRow, Settlement, not_taken, still_in_doubt
from campaign.journal.records import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.channels.look_up import LookUp
    from campaign.delivery import DeliveryContext
    from campaign.delivery.look_up import MessageList
    from campaign.delivery.matching import Match
    from campaign.journal import JournalStore

MOST_ROWS = 50_000
"""Rows that are looked up with one reading of the list; what is kept of each is a few hundred bytes."""

SAMPLE = 20
"""Sent messages of other conversations that the list must contain before anything else is taken for absent."""

MOST_ATTEMPTS = 10
"""Attempts after which a row stays in doubt: a server that loses every response would get its message for ever."""


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

    def has_doubts(self) -> bool:
        """Whether any row is in doubt, and the server has a list of messages."""
        return self._look_up is not None and self._journal.tally(self._run).count(State.IN_DOUBT) > 0

    async def settle(self, context: DeliveryContext) -> Looked:
        """Look up every row in doubt once; sends nothing.

        Raises:
            JournalError: the journal cannot be read or written.
        """
        look_up = self._look_up
        looked, after = Looked(), 0
        while look_up is not None and not looked.unavailable and not looked.trouble:
            rows = self._journal.doubtful_rows(self._run, after, MOST_ROWS)
            if not rows:
                break
            after = rows[-1].seq
            await self._settle_rows(context, look_up, rows, looked)
        return looked

    async def _settle_rows(
        self, context: DeliveryContext, look_up: LookUp, rows: Sequence[DoubtfulRow], looked: Looked
    ) -> None:
        since = min(row.began for row in rows)
        doubtful = [_doubtful(look_up, row, context.settings.settle) for row in rows]
        sent = self._sent(context, look_up, rows, since)
        wanted = {each.sought.conversation for each in doubtful} | {each.sought.conversation for each in sent}
        listed = await ListReader(context, look_up, since, wanted).read()
        looked.unavailable, looked.trouble = listed.unavailable, listed.trouble
        matches = match(doubtful, sent, listed.messages.values(), listed.clock, whole=listed.whole)
        verdict = _Verdict(context, listed)
        settled = [(row, verdict.of(row, each)) for row, each in zip(rows, matches, strict=True)]
        changed = [(row, settlement) for row, settlement in settled if settlement is not None]
        self._journal.settle_doubts(self._run, [settlement for _, settlement in changed], self._session)
        looked.settled += [each for each in changed if each[1].state in (State.SENT, State.FAILED)]
        looked.again += sum(settlement.state is State.PENDING for _, settlement in changed)
        if verdict.due is not None:
            looked.due = verdict.due if looked.due is None else min(looked.due, verdict.due)

    def _sent(
        self, context: DeliveryContext, look_up: LookUp, rows: Sequence[DoubtfulRow], since: float
    ) -> list[SentMessage]:
        """Other messages in the list: those of the same conversations, and a few to test it by."""
        destinations = [row.destination for row in rows]
        known = self._journal.sent_rows(self._run, destinations, since - MARGIN, SAMPLE)
        complete = context.clock.epoch() - context.settings.settle
        return [_sent(look_up, row, since, complete) for row in known]


def _doubtful(look_up: LookUp, row: DoubtfulRow, settle: float) -> DoubtfulMessage:
    until = float("inf") if row.looked_at is None else row.looked_at + settle
    return DoubtfulMessage(row.seq, look_up.sought(row.body), row.began, until)


def _sent(look_up: LookUp, row: SentRow, since: float, complete: float) -> SentMessage:
    began = row.at - (row.latency or 0.0)
    ended = row.at if row.confirmed and row.latency is not None else None
    sought = look_up.sought(row.body)
    if row.at < since - MARGIN:  # its own message is from before the period: it can only be named by its id
        sought = sought._replace(content=frozenset())
    must_be_listed = ended is not None and since - MARGIN / 2 <= began and ended <= complete
    return SentMessage(sought, row.message_id, began, ended, must_be_listed)


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
        self.due: float | None = None

    def of(self, row: DoubtfulRow, found: Match) -> Settlement | None:
        """The row's state from now on; None where the list says nothing about it."""
        match found:
            case Found():
                return self._found(row, found)
            case Absent():
                return self._absent(row)
            case Unclear() if self._listed.trouble or self._listed.unavailable:
                return None
            case Unclear(why=why):
                return still_in_doubt(row, f"{self._at}: {why}", row.looked_at)

    def _found(self, row: DoubtfulRow, found: Found) -> Settlement:
        message_id, error = self._redacted(found.message_id), self._redacted(found.error)
        if error:
            reason = f"the server took the message and could not deliver it: {error}"
            return Settlement(row.seq, row.attempts, State.FAILED, UNDELIVERED, reason, message_id)
        return Settlement(row.seq, row.attempts, State.SENT, FOUND, "", message_id)

    def _absent(self, row: DoubtfulRow) -> Settlement:
        """In doubt after the first look-up, and to be sent again after one that began `settle` later."""
        first = self._listed.began_at if row.looked_at is None else row.looked_at
        due = first + self._settle
        if self._sends_again and row.attempts < MOST_ATTEMPTS:
            if self._listed.began_at >= due:
                return not_taken(row)
            self.due = due if self.due is None else min(self.due, due)
        return still_in_doubt(row, f"{self._at}, and not found", first)
