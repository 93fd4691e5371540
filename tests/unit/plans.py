"""Recipients without a file, and campaigns prepared from a few lines of CSV."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from campaign.campaign_file import load_campaign
from campaign.journal import RunManifest
from campaign.planning import Plan, prepare
from campaign.sheets import Column, ReadFacts, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from campaign.journal import PlannedRow

URL = "https://chat.example.com"
FACTS = RunManifest("livechat", URL, "message.json", "list.csv", None, ("token", "rid", "msg"))


@dataclass
class Rows:
    """Recipients without a file."""

    path: Path
    columns: tuple[Column, ...]
    given: Sequence[Row]
    sheet: str | None = None
    notes: tuple[str, ...] = ()
    header_warning: str = ""
    facts: ReadFacts = field(default_factory=ReadFacts)

    def rows(self) -> Iterator[Row]:
        yield from self.given


def prepared(folder: Path, text: str, **overrides: Mapping[str, Any] | str) -> Plan:
    """A livechat campaign with this CSV."""
    (folder / "list.csv").write_text(text, encoding="utf-8")
    given = {"template": "livechat-text", "server": {"url": URL}, **overrides}
    return prepare(load_campaign(folder / "list.csv", given))


def planned(campaign: Plan) -> list[PlannedRow]:
    return list(campaign.rows)
