"""The elements of a page."""

from __future__ import annotations

from html.parser import HTMLParser


class Elements(HTMLParser):
    """The text inside of each element of some kinds, and the attributes of all."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.content: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.content.append((tag, dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        self.content.append((f"after {tag}", {}, ""))

    def handle_data(self, data: str) -> None:
        if self.content:
            tag, attributes, text = self.content[-1]
            self.content[-1] = (tag, attributes, text + data)

    def of(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(attributes, text) for name, attributes, text in self.content if name == tag]
