"""What Kitechat's messages consist of: those that are sent, and those in the server's list.

AntBuddy's page of the list ("19. API get Omni Messages", docs.antbuddy.com, AntCRM) breaks off before the fields that
hold the content. So these are recognised by their names, of which the last word counts: `messageText` holds a text and
`contentType` does not. A text in any other field proves nothing, and keeps a message from being called absent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from campaign.channels.base import Payload

MEDIA = frozenset({"image", "video", "audio", "document", "file"})

CONTENT_WORDS = frozenset(
    {"text", "message", "msg", "body", "content", "contents", "caption", "title", "subtitle", "header", "footer"}
    | {"url", "link", "href", "src", "payload"}
)
"""Last words of the names of fields that hold what a recipient reads, or the address of what they see."""

NAMES_OF_FILES = frozenset({"title", "text", "caption"})
"""What an attachment calls a file, unless it is the message's own text."""

OTHER_MESSAGES = frozenset(
    {"reply", "replied", "quote", "quoted", "parent", "forwarded", "referral", "referenced", "context", "previous"}
)
"""Words in the names of fields that hold another message, or a part of one."""

NOT_CONTENT = OTHER_MESSAGES | frozenset(
    {"error", "errors", "status", "sender", "from", "user", "agent", "lead", "customer", "tags"}
)
"""Words in the names of fields whose texts are not what the message says."""

SMALLER = frozenset({"preview", "thumb", "thumbnail", "icon", "avatar", "poster", "profile"})
"""Words in the names of addresses of other pictures of the same file, or of none that was sent."""

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_ADDRESS = re.compile(r"https?://\S+")


def folded(text: str) -> str:
    """A text for comparison: composed (NFC), each run of white space one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def content_of(message: Payload) -> frozenset[str]:
    """What a message in the list must show to be this one.

    A text has its text and a file its address. A template has the text of its body: header, footer and buttons may be
    left out. Without a body, its cards' bodies count, and without those all that it shows.
    """
    if message["type"] == "template":
        template = message["template"]
        bodies = [part["body"] for part in (template, *template.get("cards", ())) if part.get("body")]
        return _folded_all(bodies or _shown(template))
    return _folded_all([message["text"] if message["type"] == "text" else message["url"]])


def parts_of(message: Payload) -> frozenset[str]:
    """All that a message in the list can show of this one; the addresses within its texts are shown as pages."""
    own = [message[name] for name in ("text", "url") if message.get(name)]
    if message["type"] == "template":
        own += _shown(message["template"])
    return _folded_all([*own, *(address for text in own for address in _ADDRESS.findall(text))])


def _shown(template: Payload) -> Iterator[str]:
    """Texts and addresses of a template and its cards."""
    for part in (template, *template.get("cards", ())):
        header = part.get("header") or {}
        yield from (header[name] for name in ("text", "url") if header.get(name))
        yield from (part[name] for name in ("body", "footer") if part.get(name))
        for button in part.get("buttons") or ():
            yield from (button[name] for name in ("text", "url", "payload") if button.get(name))


def listed_texts(message: Mapping[str, object]) -> frozenset[str]:
    """Every text of a listed message, in whichever field."""
    return _folded_all(text for _, text in _leaves(message))


def listed_content(message: Mapping[str, object]) -> frozenset[str]:
    """The texts and addresses of a listed message that are what its recipient reads."""
    return _folded_all(text for names, text in _leaves(message) if _is_content(names))


def text_of_listed(message: Mapping[str, object]) -> str:
    """What the recipient of a listed message reads, for people: its first text, else an address in it; "" for none."""
    shown = [text for names, text in reversed(list(_leaves(message))) if _is_content(names) and text.strip()]
    return next((text for text in shown if not _ADDRESS.match(text)), next(iter(shown), ""))


def _is_content(names: tuple[str, ...]) -> bool:
    """Whether the field with this name, in those before it, holds content."""
    words = [_words(name) for name in names]
    if not words or not words[-1] or words[-1][-1] not in CONTENT_WORDS:
        return False
    return NOT_CONTENT.isdisjoint(word for each in words for word in each) and SMALLER.isdisjoint(words[-1])


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


def _leaves(value: object) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text in a value, and the names that lead to it; the depth is that of JSON which a parser has accepted."""
    waiting: list[tuple[tuple[str, ...], object]] = [((), value)]
    while waiting:
        names, each = waiting.pop()
        if isinstance(each, str):
            yield names, each
        elif isinstance(each, Mapping):
            is_file = len(names) > 0 and each.get("type") in MEDIA and names[-1] != "header"
            waiting.extend(
                ((*names, str(name), "name") if is_file and name in NAMES_OF_FILES else (*names, str(name)), part)
                for name, part in each.items()
            )
        elif isinstance(each, list):
            waiting.extend((names, part) for part in each)


def _folded_all(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(filter(None, map(folded, texts)))
