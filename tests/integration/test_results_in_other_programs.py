"""What is written as text into Results, To fix and In doubt is what other programs read, cell by cell."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.datetime import to_excel

from campaign.journal import PlannedRow
from tests.unit.review.results_journals import failed, in_doubt, planned, sent, written

pytestmark = pytest.mark.slow

LIBREOFFICE = shutil.which("soffice")
NODE, SHEETJS = shutil.which("node"), os.environ.get("CAMPAIGN_SHEETJS", "")

TEXTS = (
    "Nguyễn Thị Hằng",
    "=1+1",
    "+84 90 123",
    "00417",
    " leading and trailing ",
    "two\nlines\tand a tab",
    "<b>&amp;</b> ]]> \"'",
    "😀 שלום ไทย 日本語",
    "_x0041_",
    "a\u200bb\u00a0c",
    "x" * 2000,
    "1.5",
    "TRUE",
)
SCRIPT = """
const xlsx = require(process.argv[1] + '/xlsx');
const book = xlsx.readFile(process.argv[2], {cellFormula: true});
const sheets = {};
for (const name of book.SheetNames) {
  const sheet = book.Sheets[name];
  sheets[name] = {};
  for (const at of Object.keys(sheet)) if (at[0] !== '!') sheets[name][at] = [sheet[at].t, sheet[at].v, sheet[at].f];
}
process.stdout.write(JSON.stringify(sheets));
"""


def rows() -> list[PlannedRow]:
    """Texts of every kind, with a number of 16 digits, a fraction, a date and a truth value in turn."""
    others = (
        (1234567890123456, "0"),
        (0.1, "0.00"),
        (datetime.fromisoformat("2026-02-03 00:00:00"), "dd/mm/yyyy"),
        (True, "General"),
    )
    found = []
    for number, text in enumerate(TEXTS, 2):
        value, form = others[number % len(others)]
        found.append(planned(number, (text, str(value), ""), (text, value, None), ("General", form, "General")))
    return found


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """A results workbook with sent, failed and doubtful rows, each of them with every third of the texts."""
    outcomes = {seq: (sent, failed, in_doubt)[seq % 3]() for seq in range(1, len(TEXTS) + 1)}
    return written(tmp_path, rows(), outcomes)


def cells(path: Path) -> dict[str, dict[str, object]]:
    """Every cell that holds something, by sheet and reference, as Excel reads it: openpyxl keeps one escape."""
    book = openpyxl.load_workbook(path)
    return {
        sheet.title: {
            cell.coordinate: cell.value.replace("_x005F_", "_") if isinstance(cell.value, str) else cell.value
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        }
        for sheet in book.worksheets
    }


DATA = ("Results", "To fix", "In doubt")


@pytest.mark.skipif(LIBREOFFICE is None, reason="LibreOffice is not installed")
def test_libreoffice_reads_every_cell(workbook: Path, tmp_path: Path) -> None:
    out = tmp_path / "converted"
    home = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    subprocess.run(
        [str(LIBREOFFICE), home, "--headless", "--convert-to", "xlsx", "--outdir", str(out), str(workbook)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    own, theirs = cells(workbook), cells(out / workbook.name)
    for name in DATA:
        assert {at: same(value) for at, value in theirs[name].items()} == {
            at: same(value) for at, value in own[name].items()
        }


@pytest.mark.skipif(not (NODE and SHEETJS), reason="CAMPAIGN_SHEETJS names no folder with SheetJS")
def test_sheetjs_reads_every_cell(workbook: Path) -> None:
    said = subprocess.run(
        [str(NODE), "-e", SCRIPT, SHEETJS, str(workbook)], check=True, capture_output=True, timeout=60
    ).stdout
    theirs = json.loads(said)
    for name in DATA:
        own = cells(workbook)[name]
        assert set(theirs[name]) == set(own)
        for at, value in own.items():
            kind, read, formula = theirs[name][at]
            assert formula is None
            if isinstance(value, bool):
                assert (kind, read) == ("b", value)
            elif isinstance(value, datetime | date):
                assert (kind, read) == ("n", pytest.approx(float(to_excel(value))))  # type: ignore[no-untyped-call]
            elif isinstance(value, int | float):
                assert (kind, read) == ("n", value)
            else:
                assert (kind, read) == ("s", value)


def same(value: object) -> object:
    """A value as both programs have it: LibreOffice keeps 15 digits of a number, and whole numbers are no fractions."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(f"{value:.15g}")
    return value
