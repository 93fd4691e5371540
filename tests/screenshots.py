"""Makes the pictures of the README and of docs/ from the code as it is: `python -m tests.screenshots`.

It needs Chromium, LibreOffice and poppler-utils, and sends nothing: the messages go to sandboxes of its own.
"""

from __future__ import annotations

import asyncio
import base64
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import campaign
from campaign.sandbox import Sandbox, SandboxSettings
from tests.integration.chromium import PROGRAM, open_tab

if TYPE_CHECKING:
    from tests.integration.chromium import Tab

ROOT = Path(__file__).parents[1]
PICTURES = ("samples/preview.png", "samples/results.png", "docs/images/inbox.png", "docs/images/report.png")
WIDTH = 1280
LIBREOFFICE, PDF_TO_PICTURE = shutil.which("soffice"), shutil.which("pdftoppm")
DOTS_PER_INCH = 120
PART = ("-x", "80", "-y", "110", "-W", "1190", "-H", "530")
"""What of the first sheet is shown: without its margins and the details below."""


async def take_pictures(target: Path) -> None:
    """Make every picture below a folder."""
    for name in PICTURES:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Chromium may still write to its profile
        work = Path(folder)
        samples = shutil.copytree(ROOT / "samples", work / "samples", ignore=shutil.ignore_patterns("*.journal.db*"))
        async with open_tab(work / "profile") as tab:
            await tab.look(width=WIDTH, scheme="light")
            await tab.ask("Emulation.setScrollbarsHidden", hidden=True)
            _preview(samples, work / "preview.html")
            await _picture(tab, (work / "preview.html").as_uri(), target / "samples/preview.png")
            await _results(samples, work / "livechat-agent", target / "samples/results.png")
            await _picture(tab, (work / "livechat-agent.html").as_uri(), target / "docs/images/report.png")
            await _inbox(tab, samples, work, target / "docs/images/inbox.png")


def _preview(samples: Path, page: Path) -> None:
    """Write the preview of the first three rows of the sample with cards."""
    rows, file = "2-4", samples / "kitechat-cards.toml"
    command = [sys.executable, "-m", "campaign", "preview", str(file), "--rows", rows, "--html", str(page), "-q"]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)


async def _results(samples: Path, name: Path, picture: Path) -> None:
    """Rehearse the sample of which some rows fail; its report as a workbook, whose first sheet is the picture."""
    plan = campaign.plan(campaign.load(samples / "livechat-agent.toml"), sandbox=True)
    async with campaign.open_journal(name.with_suffix(".journal.db")) as journal:
        run = await campaign.start(plan, journal=journal)
        async for _ in run.deliver(rate="9/s"):
            pass
        report = await run.report()
        report.to_html(name.with_suffix(".html"))
        report.to_xlsx(name.with_suffix(".xlsx"))
    await asyncio.to_thread(_first_sheet, name.with_suffix(".xlsx"), picture)


def _first_sheet(workbook: Path, picture: Path) -> None:
    assert LIBREOFFICE is not None
    assert PDF_TO_PICTURE is not None
    profile = f"-env:UserInstallation={(workbook.parent / 'office').as_uri()}"
    convert = [LIBREOFFICE, profile, "--headless", "--convert-to", "pdf", "--outdir", str(workbook.parent)]
    subprocess.run([*convert, str(workbook)], check=True, capture_output=True)
    pages = ["-f", "1", "-l", "1", "-singlefile", "-png", "-r", str(DOTS_PER_INCH), *PART]
    document, target = workbook.with_suffix(".pdf"), picture.with_suffix("")
    subprocess.run([PDF_TO_PICTURE, *pages, str(document), str(target)], check=True)


async def _inbox(tab: Tab, samples: Path, work: Path, picture: Path) -> None:
    """Send the first rows of the sample with cards to a sandbox, and look at its first page."""
    async with Sandbox(SandboxSettings()) as sandbox:
        settings = campaign.load(samples / "kitechat-cards.toml", server=sandbox.url)
        async with campaign.open_journal(work / "cards.journal.db") as journal:
            run = await campaign.start(campaign.plan(settings), journal=journal, api_key="of-the-sandbox")
            async for _ in run.deliver(rate="100/s", limit=4):
                pass
        await _picture(tab, f"{sandbox.url}/", picture)
        await tab.open("about:blank")


async def _picture(tab: Tab, address: str, picture: Path) -> None:
    await tab.open(address)
    await asyncio.sleep(1.5)  # the inbox asks for what arrived once a second
    taken = await tab.ask("Page.captureScreenshot", format="png")
    await asyncio.to_thread(picture.write_bytes, base64.b64decode(taken["data"]))


if __name__ == "__main__":
    if None in (PROGRAM, LIBREOFFICE, PDF_TO_PICTURE):
        sys.exit("the pictures need Debian's packages chromium, libreoffice-calc and poppler-utils")
    asyncio.run(take_pictures(ROOT))
