"""Shared parts of the preview, report and inbox pages: bubbles, lists of rows, styles, content security policy."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib import resources


def shared_style() -> str:
    """The style sheet of the bubbles and of the page."""
    return read_part(__name__, "bubbles.css") + read_part(__name__, "page.css")


def shared_script() -> str:
    """The script that draws a `MessagePreview` as bubbles."""
    return read_part(__name__, "bubbles.js")


def listing_script() -> str:
    """The shared script, and the one of pages that list rows: search, pages, keys, cells."""
    return shared_script() + read_part(__name__, "listing.js")


def read_part(package: str, name: str) -> str:
    """Read a text file of a package."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def content_policy(style: str, script: str, *more: str) -> str:
    """Return a policy that allows a page's own style and script, by their hashes, and no other sources.

    Args:
        style: the text of the page's style element.
        script: the text of its script element.
        more: further directives.
    """
    own = ("default-src 'none'", f"style-src {_hash(style)}", f"script-src {_hash(script)}")
    return "; ".join((*own, "base-uri 'none'", "form-action 'none'", *more))


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
