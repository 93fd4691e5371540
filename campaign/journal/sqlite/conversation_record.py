"""The record of `campaign conversations`: what was read so far, until the list is written as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from campaign.journal.sqlite.record_file import RecordFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class RecordedConversation(NamedTuple):
    """A conversation; `channels.conversations.ListedConversation` describes it."""

    account: str
    conversation: str
    lead: str
    medium: str
    text: str
    at: float | None


class RecordedContact(NamedTuple):
    """A person; blank where the server knows none."""

    name: str = ""
    phone: str = ""
    email: str = ""
    tags: str = ""


class Reading(NamedTuple):
    """How far the list was read.

    Attributes:
        until: the end of the period, in seconds since the epoch.
        offset: of the next page.
        form: how the parameters are written.
        unread: entries that were not understood.
        whole: whether there is no further page.
        repeats: whether the server repeated a page, so that what it has beyond is not known.
    """

    until: float
    offset: int = 0
    form: int = 0
    unread: int = 0
    whole: bool = False
    repeats: bool = False


class ConversationRecord(RecordFile):
    """An open record of `campaign conversations`."""

    application_id = 0x63636F6E  # "ccon"
    command = "conversations"
    schema = """
    CREATE TABLE conversation (
        account TEXT NOT NULL,
        conversation TEXT NOT NULL,
        lead TEXT NOT NULL,
        medium TEXT NOT NULL,
        last_text TEXT NOT NULL,
        last_at REAL,
        PRIMARY KEY (account, conversation)
    );
    CREATE TABLE contact (
        lead TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        phone TEXT NOT NULL,
        email TEXT NOT NULL,
        tags TEXT NOT NULL
    )
    """

    def begin(self, asked: str, now: float) -> Reading:
        """Go on with what was asked, or begin anew where that was something else or is done.

        Args:
            asked: server, channel and period.
            now: the end of a new period without an end, in seconds since the epoch.
        """
        if self.fact("asked") != asked:
            self.clear()
            self.note(asked=asked, until=repr(now), offset="0", form="0", unread="0", whole="", repeats="")
        number = {name: self.fact(name) or "0" for name in ("until", "offset", "form", "unread")}
        return Reading(
            float(number["until"]),
            int(number["offset"]),
            int(number["form"]),
            int(number["unread"]),
            bool(self.fact("whole")),
            bool(self.fact("repeats")),
        )

    def add_page(self, conversations: Iterable[RecordedConversation], reading: Reading) -> None:
        """Put a page on record, and how far the list was read with it. The latest message of a conversation counts."""
        facts = {
            "offset": str(reading.offset),
            "form": str(reading.form),
            "unread": str(reading.unread),
            "whole": "yes" if reading.whole else "",
            "repeats": "yes" if reading.repeats else "",
        }
        self.write(
            *((_ADD, tuple(each)) for each in conversations),
            *(("INSERT OR REPLACE INTO fact VALUES (?, ?)", fact) for fact in facts.items()),
        )

    def add_contact(self, lead: str, contact: RecordedContact) -> None:
        """Put a person on record."""
        self.write(("INSERT OR REPLACE INTO contact VALUES (?, ?, ?, ?, ?)", (lead, *contact)))

    def leads_to_ask(self) -> list[str]:
        """The people who are not on record yet."""
        rows = self.rows(
            "SELECT DISTINCT lead FROM conversation WHERE lead <> '' AND lead NOT IN (SELECT lead FROM contact) "
            "ORDER BY lead"
        )
        return [lead for (lead,) in rows]

    def conversations(self) -> Sequence[tuple[RecordedConversation, RecordedContact]]:
        """Every conversation with its person, the latest first."""
        rows = self.rows(
            "SELECT c.account, c.conversation, c.lead, c.medium, c.last_text, c.last_at, "
            "coalesce(p.name, ''), coalesce(p.phone, ''), coalesce(p.email, ''), coalesce(p.tags, '') "
            "FROM conversation AS c LEFT JOIN contact AS p ON p.lead = c.lead "
            "ORDER BY c.last_at IS NULL, c.last_at DESC, c.account, c.conversation"
        )
        return [(RecordedConversation(*row[:6]), RecordedContact(*row[6:])) for row in rows]

    @property
    def count(self) -> int:
        """How many conversations are on record."""
        return int(self.rows("SELECT count(*) FROM conversation")[0][0])

    def clear(self) -> None:
        """Forget what was read; which files were written stays."""
        self.write(("DELETE FROM conversation", ()), ("DELETE FROM contact", ()), ("DELETE FROM fact", ()))


_ADD = """
INSERT INTO conversation VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (account, conversation) DO UPDATE SET
    lead = CASE WHEN excluded.lead <> '' THEN excluded.lead ELSE lead END,
    medium = CASE WHEN excluded.medium <> '' THEN excluded.medium ELSE medium END,
    last_text = CASE WHEN coalesce(excluded.last_at, 0) >= coalesce(last_at, 0)
        THEN excluded.last_text ELSE last_text END,
    last_at = CASE WHEN coalesce(excluded.last_at, 0) >= coalesce(last_at, 0)
        THEN excluded.last_at ELSE last_at END
"""
