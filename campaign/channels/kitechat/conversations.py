"""Kitechat's conversations of a period, and the people behind them.

The conversations are those of `GET /messages`, whose sessions have `pageId`, `conversationId`, `leadId`, `createdAt`
and `messages` with a `channel` (AntBuddy's page "19. API get Omni Messages"; see `look_up.py` for what it leaves open).
People are asked for with `GET /contacts?contactType=lead&leadId=…`, which answers an array of objects with `name`,
`phones`, `emails`, `tags` and `leadId` (AntBuddy's page "1. API customer"); what an entry of these arrays is, a text or
an object, the page does not say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from campaign.channels.base import Fatal, NoResponse, NotFound, Request
from campaign.channels.conversations import Contact, ConversationPage, ListedConversation
from campaign.channels.kitechat.content import text_of_listed
from campaign.channels.kitechat.listed import conversation_of, moment_of, time_of
from campaign.channels.kitechat.look_up import KitechatLookUp, read_trouble, sessions_of
from campaign.channels.look_up import Unavailable
from campaign.channels.responses import excerpt, is_page, not_json, one_line, without_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaign.channels.base import Quota, Response
    from campaign.channels.conversations import ContactResult, PageResult
    from campaign.channels.look_up import Period

CONTACTS = "/contacts"

LONGEST_TEXT = 300
"""Characters of a last message: enough to recognise the conversation."""

LONGEST_ID = 1_000
"""Characters of an id that is believed; real ones have some tens."""

VALUE_FIELDS = ("phone", "phoneNumber", "number", "email", "address", "name", "value", "label", "title")
"""Fields that may hold the value, where an entry of `phones`, `emails` or `tags` is an object."""


class KitechatConversations:
    """Lists conversations by the messages of a period."""

    headers = ("page_id", "conversation_id")
    forms = KitechatLookUp.forms

    def __init__(self) -> None:
        self._look_up = KitechatLookUp()

    def request(self, period: Period, offset: int, form: int) -> Request:
        """The documented GET."""
        return self._look_up.request(period, offset, form)

    def read(self, response: Response | NoResponse) -> PageResult:
        """The page, or what is in its way."""
        sessions = sessions_of(response)
        if not isinstance(sessions, list):
            return sessions
        found = [_listed(session) for session in sessions]
        read = tuple(each for each in found if each is not None)
        return ConversationPage(read, len(sessions), len(found) - len(read))

    def contact_request(self, lead: str) -> Request:
        """The documented GET."""
        query = {"contactType": "lead", "leadId": lead, "page": "1", "limit": "1"}
        return Request("GET", f"{CONTACTS}?{urlencode(query)}")

    def read_contact(self, response: Response | NoResponse, lead: str) -> ContactResult:
        """The person, or what is in the way; a person with another id than ours is not the one."""
        if isinstance(response, NoResponse):
            verdict = without_response(response)
            return Unavailable(verdict.reason) if isinstance(verdict, Fatal) else verdict
        if not 200 <= response.status < 300:
            unknown = response.status in (400, 404) and not is_page(response)
            return NotFound() if unknown else read_trouble(response, "contacts")
        answer = response.json()
        if answer is None:
            return NotFound() if response.body.strip() == b"null" else not_json(response)
        people = _people(answer)
        if people is None:
            return Unavailable(f"the server's list of contacts is not in the documented form: {excerpt(response, 60)}")
        person = next((each for each in people if str(each.get("leadId") or each.get("_id")) == lead), None)
        return NotFound() if person is None else _contact(person)

    def quota(self, response: Response) -> Quota | None:  # noqa: ARG002 - nothing to read
        """None: Kitechat does not state its limit before it is reached."""
        return None


def _listed(session: object) -> ListedConversation | None:
    """A session as a conversation, with its last message; None where it is not in the documented form."""
    place = conversation_of(session) if isinstance(session, dict) else None
    if place is None or not isinstance(session, dict) or not all(map(_is_id, place)):
        return None
    listed = session.get("messages")
    messages = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    times = [time_of(message) for message in messages]
    last = max(range(len(messages)), key=lambda index: (times[index] or 0.0, index), default=None)
    created = moment_of(session.get("createdAt"))
    at = times[last] if last is not None else None
    return ListedConversation(
        account=place[0],
        conversation=place[1],
        lead=_id(session.get("leadId")),
        medium=next((_id(each.get("channel")) for each in reversed(messages) if each.get("channel")), ""),
        text="" if last is None else one_line(text_of_listed(messages[last]), LONGEST_TEXT),
        at=at if at is not None else created.earliest if created else None,
    )


def _is_id(text: str) -> bool:
    """Whether a text can be written into a list and back: a message would go elsewhere if a character were changed."""
    return text.isprintable() and text == text.strip() and 0 < len(text) <= LONGEST_ID


def _id(value: object) -> str:
    """An id on one line; "" for none."""
    return one_line(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _people(answer: object) -> list[Mapping[str, object]] | None:
    """The people of an answer: a bare array, as documented, or one in `data`, or one person; None for anything else."""
    if isinstance(answer, dict) and "data" in answer:
        answer = answer["data"]
    if isinstance(answer, dict):
        listed = next((answer[name] for name in ("contacts", "items", "rows") if name in answer), [answer])
        answer = listed
    if not isinstance(answer, list):
        return None
    return [each for each in answer if isinstance(each, dict)]


def _contact(person: Mapping[str, object]) -> Contact:
    return Contact(
        name=_value(person.get("name")),
        phone=_values(person.get("phones")),
        email=_values(person.get("emails")),
        tags=_values(person.get("tags")),
    )


def _values(entries: object) -> str:
    listed = entries if isinstance(entries, list) else [entries]
    return ", ".join(dict.fromkeys(filter(None, map(_value, listed))))


def _value(entry: object) -> str:
    if isinstance(entry, dict):
        entry = next((entry[name] for name in VALUE_FIELDS if entry.get(name)), None)
    return one_line(str(entry)) if isinstance(entry, str | int) and not isinstance(entry, bool) else ""
