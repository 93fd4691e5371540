"""Reports, and the page that shows one in a browser."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from campaign.journal import open_journal
from campaign.review.next_steps import NextCommands
from campaign.review.report_page import write_report_page
from tests.integration.preview_page.pages import Page
from tests.unit.journal.planning import plan
from tests.unit.review.report_runs import with_every_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.journal import PlannedRow

COMMANDS = NextCommands("offer.toml", '"offer.results.xlsx"')


class ReportPage(Page):
    """A report page, open in the browser."""

    async def open_run(self, *, forgotten: bool = False) -> None:
        """Open the report on a run with rows in every state, whose personal data may be deleted."""
        await asyncio.to_thread(self._write_every_state, forgotten)
        await self.tab.open(self.address)

    async def open_rows(self, rows: Sequence[PlannedRow]) -> None:
        """Open the report on a run whose rows wait."""
        self.write_rows(rows)
        await self.tab.open(self.address)

    def write_rows(self, rows: Sequence[PlannedRow]) -> None:
        with open_journal(":memory:") as journal:
            run = plan(journal, rows)
            write_report_page(journal, run, self.path, COMMANDS)

    async def found(self) -> None:
        """Wait until a search has come to its end."""
        await self.tab.until("!/so far|Searching/.test(document.getElementById('place').textContent)")

    async def choose_state(self, label: str) -> None:
        choice = f"[...state.options].find((each) => each.text === {json.dumps(label)}).value"
        await self.tab.run(f"state.value = {choice}, state.dispatchEvent(new Event('change'))")
        await self.found()

    async def click(self, selector: str, text: str) -> None:
        """Click on the first element with a text in it."""
        await self.tab.run(
            f"[...document.querySelectorAll({json.dumps(selector)})]"
            f".find((each) => each.textContent.includes({json.dumps(text)})).click()"
        )
        await self.found()

    def _write_every_state(self, forgotten: bool) -> None:  # noqa: FBT001 - of a thread
        with open_journal(":memory:") as journal:
            run = with_every_state(journal)
            if forgotten:
                journal.forget(run.number)
                journal.record_decision(run.number, "forget", "lan@office")
            write_report_page(journal, run, self.path, COMMANDS, stopped="interrupted")
