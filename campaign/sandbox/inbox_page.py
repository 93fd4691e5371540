"""The inbox page: one document, put together from the preview's bubbles and looks and from parts of its own."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_STYLES = ("review/bubbles.css", "review/preview.css", "sandbox/inbox.css")
_SCRIPTS = ("review/bubbles.js", "sandbox/inbox.js")


class InboxPage(NamedTuple):
    """The page, and the headers to send with it."""

    text: str
    headers: Mapping[str, str]


def inbox_page() -> InboxPage:
    """Put the page together."""
    style, script = _joined(_STYLES), _joined(_SCRIPTS)
    page = _part("sandbox/inbox.html")
    page = page.replace("<style></style>", f"<style>{style}</style>")
    return InboxPage(page.replace("<script></script>", f"<script>{script}</script>"), _headers(style, script))


def _joined(names: tuple[str, ...]) -> str:
    return "".join(map(_part, names))


def _part(name: str) -> str:
    return resources.files("campaign").joinpath(*name.split("/")).read_text(encoding="utf-8")


def _headers(style: str, script: str) -> dict[str, str]:
    """Headers that let the page use its own style and script and ask its own server, and nothing from elsewhere."""
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
