"""What the inbox page is told when it asks for news."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from campaign.sandbox.ledger import Entry, Ledger

AT_MOST = 300
"""How many messages the page is given and shows."""

_LOOKED_AT_IN_ONE_GO = 25
_MARKS = re.compile("[\u0300-\u036f]+")


async def news(ledger: Ledger, after: int, wanted: str, is_asked: Callable[[], bool]) -> dict[str, object]:
    """What has been stored since, as JSON tells it.

    Args:
        ledger: what has reached the sandbox.
        after: the number up to which the page knows the messages; 0 for none.
        wanted: a text that the messages have to contain, whatever its case and accents; blank for any.
        is_asked: whether somebody still waits for the answer; a long search ends when nobody does.

    Returns:
        `begun`, `requests` and `taken`: as the ledger has them; `messages`: the newest `AT_MOST` of them, oldest first;
        `at_most`: that number; `newest`: the number up to which the page knows the messages now.
    """
    last = ledger.latest(1)
    told = {
        "begun": ledger.begun,
        "requests": len(ledger.entries),
        "taken": ledger.taken_count,
        "at_most": AT_MOST,
        "newest": last[0].number if last else 0,
    }
    needle = _folded(wanted.strip())
    found = await _find(ledger, after, needle, is_asked) if needle else ledger.latest(AT_MOST, after)
    return {**told, "messages": [entry.as_json() for entry in found]}


async def _find(ledger: Ledger, after: int, needle: str, is_asked: Callable[[], bool]) -> list[Entry]:
    """The newest messages that contain the needle, looked for in small steps: others are taken meanwhile."""
    found: list[Entry] = []
    for count, entry in enumerate(reversed(ledger.taken()), start=1):
        if entry.number <= after or len(found) == AT_MOST or not is_asked():
            break
        if needle in _folded("\n".join(_texts_of(entry))):
            found.append(entry)
        if count % _LOOKED_AT_IN_ONE_GO == 0:
            await asyncio.sleep(0)
    return found[::-1]


def _texts_of(entry: Entry) -> Iterator[str]:
    """Every text that the page shows of a message."""
    yield from (entry.channel, *entry.destination, entry.message_id or "", entry.fault or "")
    yield from _leaves(entry.body)


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)


def _folded(text: str) -> str:
    """The text as it is searched: someone who types “nguyen” means “Nguyễn” as well."""
    if text.isascii():
        return text.lower()
    # “đ” is a letter of its own, which does not decompose.
    return _MARKS.sub("", normalize("NFD", text)).lower().replace("đ", "d")
