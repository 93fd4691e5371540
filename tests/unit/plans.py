"""Recipients without a file, and campaigns prepared from a few lines of CSV."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from campaign.campaign_file import load_campaign
from campaign.journal import RunManifest
from campaign.planning import Plan, prepare
from campaign.sheets import Column, Row, SheetFacts, SheetMatch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

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
    facts: SheetFacts = field(default_factory=SheetFacts)

    def sheets_with(self, headers: Collection[str]) -> tuple[SheetMatch, ...]:  # noqa: ARG002 - no other sheets
        return ()

    def rows(self) -> Iterator[Row]:
        yield from self.given


def prepared(folder: Path, text: str, **overrides: Mapping[str, Any] | str) -> Plan:
    """A livechat campaign with this CSV."""
    (folder / "list.csv").write_text(text, encoding="utf-8")
    given = {"template": "livechat-text", "server": {"url": URL}, **overrides}
    return prepare(load_campaign(folder / "list.csv", given))


def planned(campaign: Plan) -> list[PlannedRow]:
    return list(campaign.rows)
