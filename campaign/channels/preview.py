"""What a recipient sees of a message, in a form that every channel can give and every preview can draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

PartKind: TypeAlias = Literal["text", "head", "foot", "link", "image", "video", "audio", "document"]
"""How a part is drawn: text of three weights, an address, or a file by its address."""

TEXTS = ("text", "head", "foot")


class Part(NamedTuple):
    """A paragraph, a link or a file of a bubble; `value` is the text or the address."""

    kind: PartKind
    value: str

    def __str__(self) -> str:
        """The part as plain text."""
        return self.value if self.kind in (*TEXTS, "link") else f"[{self.kind}] {self.value}"


class Button(NamedTuple):
    """A button that opens an address (`link`) or sends a text back (`reply`); `value` is the address or the text."""

    kind: Literal["link", "reply"]
    label: str
    value: str

    def __str__(self) -> str:
        """The button as plain text."""
        return f"[{self.label}] {'opens' if self.kind == 'link' else 'answers'} {self.value}"


class Bubble(NamedTuple):
    """One bubble: its parts from top to bottom, and its buttons below them."""

    parts: tuple[Part, ...] = ()
    buttons: tuple[Button, ...] = ()

    @property
    def sections(self) -> tuple[tuple[str, ...], ...]:
        """The bubble as plain text: the parts, then the buttons; a section without content is left out."""
        return tuple(tuple(map(str, section)) for section in (self.parts, self.buttons) if section)

    def as_json(self) -> dict[str, object]:
        """The bubble as `bubbles.js` draws it: each part and button is an array of its fields."""
        return {"parts": self.parts, "buttons": self.buttons}


class MessagePreview(NamedTuple):
    """A message as its recipient sees it.

    Attributes:
        sender: whom the message is from, and what else is known of the sender.
        side: the side of the conversation that the message is shown on.
        bubbles: bubbles below each other.
        cards: bubbles side by side, below the others.
    """

    sender: tuple[str, ...]
    side: Literal["left", "right"]
    bubbles: tuple[Bubble, ...]
    cards: tuple[Bubble, ...] = ()

    @property
    def text(self) -> str:
        """The message as plain text: bubbles and cards below each other, with a blank line between two."""
        return "\n\n".join(
            "\n".join(line for section in bubble.sections for line in section)
            for bubble in (*self.bubbles, *self.cards)
        )

    def titled(self) -> Iterator[tuple[str, Bubble]]:
        """Every bubble with a title that says whom it is from, and which card it is."""
        sender = " · ".join(self.sender)
        for bubble in self.bubbles:
            yield sender, bubble
        for number, card in enumerate(self.cards, 1):
            yield f"{sender} · card {number} of {len(self.cards)}", card

    def as_json(self) -> dict[str, object]:
        """The message as `bubbles.js` draws it."""
        return {
            "sender": self.sender,
            "side": self.side,
            "bubbles": [bubble.as_json() for bubble in self.bubbles],
            "cards": [card.as_json() for card in self.cards],
        }
