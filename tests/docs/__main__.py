"""Writes the pages of docs/ that are made from the code: `python -m tests.docs`."""

from __future__ import annotations

from tests.docs.pages import DOCS, PAGES

for name, page in PAGES.items():
    path = DOCS / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(page(), encoding="utf-8", newline="\n")
    print(path.relative_to(DOCS.parent))
