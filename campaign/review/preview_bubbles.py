"""A payload as bubbles of plain text. The page draws the same from the payload itself, in bubbles.js."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Bubble(NamedTuple):
    """One bubble: who it is from, and its paragraphs in sections (the words, then the buttons)."""

    title: str
    sections: tuple[tuple[str, ...], ...]


def bubbles(payload: dict[str, Any]) -> Iterator[Bubble]:
    """What the recipient of a valid payload sees: one bubble, and one for each card of a carousel."""
    if "rid" in payload:
        yield _livechat(payload)
    else:
        yield from _kitechat(payload)


def _livechat(payload: dict[str, Any]) -> Bubble:
    """Rocket.Chat stores the message under the visitor's identity, whatever agent is named (sendMessage.ts)."""
    agent = payload.get("agent")
    title = f"Visitor · agent {agent['username']}" if agent else "Visitor"
    return Bubble(title, ((payload["msg"],),))


def _kitechat(payload: dict[str, Any]) -> Iterator[Bubble]:
    sender, message = f"Page {payload['pageId']}", payload["message"]
    if message["type"] != "template":
        yield Bubble(sender, (tuple(_content(message)),))
        return
    template = message["template"]
    cards = template.get("cards") or []
    if own := _sections(template):
        yield Bubble(sender, own)
    for number, card in enumerate(cards, 1):
        yield Bubble(f"{sender} · card {number} of {len(cards)}", _sections(card))


def _sections(card: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    words = [*_content(card["header"])] if card.get("header") else []
    words += [card[part] for part in ("body", "footer") if card.get(part)]
    buttons = [_button(button) for button in card.get("buttons") or []]
    return tuple(tuple(section) for section in (words, buttons) if section)


def _content(part: dict[str, Any]) -> Iterator[str]:
    """A message or a header: text, or a file; the API lets each carry the other's field as well."""
    if part["type"] == "text":
        yield part["text"]
        if part.get("url"):
            yield part["url"]
    else:
        yield f"[{part['type']}] {part['url']}"
        if part.get("text"):
            yield part["text"]


def _button(button: dict[str, Any]) -> str:
    does = f"opens {button['url']}" if button["type"] == "web_url" else f"answers {button['payload']}"
    return f"[{button['text']}] {does}"
