"""Any text in a cell arrives unchanged and is in the results unchanged; it is never executed or markup."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from zipfile import ZipFile

from defusedxml.ElementTree import fromstring
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from campaign.finding_kinds import KINDS, Severity
from campaign.sheets.cell_problems import fault_of
from campaign.text import is_blank
from tests.integration.conftest import Campaign, RunningSandbox

TEMPTING = (
    *("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("https://example.com")', "=cmd|' /C calc'!A0", "{=A1}", "'=1"),
    *("an #N/A", "#REF! x", "TRUE", "0012", "1E+14", "12.0", "3-1", "https://example.com", "mailto:an@example.com"),
    *("{{ 7 * 7 }}", "{% raw %}", "{# gone #}", "{{ msg }}", "{{ ''.__class__ }}", "{{", "%}", "{0}", "%(a)s"),
    *("<b>bold</b>", "</script><script>alert(1)</script>", "<!--", "]]>", "&amp;", "&#65;", "\u2028", "'\"", "\\u003c"),
    *("_x0041_", "_x005F_x0041_", "__x000D_", "_X0041_", "a\r\nb", "a\rb", "a\n\nb\t", " a "),
    *("\x07", "\x00\x1f", "\x7f\x85"),
    *("Nguyễn Thị Ánh", "e\u0301", "👩‍👩‍👧", "שלום", "\u202eright", "\ufeff", "\ufffe\uffff", "\u200b."),
)  # fmt: skip
CHARACTERS = st.characters(exclude_categories=["Cs"])
SEEN = st.one_of(
    st.text(CHARACTERS, max_size=30),
    st.sampled_from(TEMPTING),
    st.lists(st.sampled_from(TEMPTING), min_size=2, max_size=4).map("".join),
).filter(
    lambda text: not is_blank(text) and fault_of(text.strip(), in_csv=True) is None
)  # an error is a problem of its row
NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
CSV_CANNOT = re.compile(r"[\x00-\x08\x0b-\x1f]")  # NUL is a problem of its row; others make it binary
WRAPPED = re.compile(r'\s*=".*"\s*', re.DOTALL)  # a text as a formula, of which a CSV's reader takes the text

batches = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def texts(unlike: re.Pattern[str] | None = None) -> st.SearchStrategy[list[str]]:
    one = (
        SEEN
        if unlike is None
        else SEEN.map(lambda text: unlike.sub("", text)).filter(
            lambda text: (
                not is_blank(text) and not WRAPPED.fullmatch(text) and fault_of(text.strip(), in_csv=True) is None
            )
        )
    )
    return st.lists(one, min_size=30, max_size=50)


def rows_of(batch: list[str]) -> list[list[str]]:
    return [["token", "rid", "msg"], *([f"t{number}", f"r{number}", text] for number, text in enumerate(batch))]


def as_excel_stores(text: str) -> str:
    """A text as Excel writes it: `_xHHHH_` for characters outside XML, and for an underscore that looks like one."""
    text = re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)
    return re.sub(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]", lambda match: f"_x{ord(match[0]):04X}_", text)


def write_xlsx(path: Path, batch: list[str]) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows_of(batch):
        sheet.append(["", "", ""])
        for column, text in enumerate(row, start=1):
            cell = sheet.cell(sheet.max_row, column)
            cell.value = as_excel_stores(text)
            cell.data_type = "s"
    book.save(path)
    return path


def write_csv(path: Path, batch: list[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows_of(batch))
    return path


def results(path: Path) -> list[str]:
    """The texts of the message column in the results workbook, read from the XML without `campaign.sheets`."""
    with ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if "externalLink" in name]
        sheets = [fromstring(archive.read(f"xl/worksheets/sheet{number}.xml")) for number in (1, 2, 3)]
    name = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    for sheet in sheets:
        assert {cell.get("t", "n") for cell in sheet.iter(f"{name}c")} <= {"s", "inlineStr", "n", "b"}
        assert [each for each in sheet.iter() if each.tag in (f"{name}f", f"{name}hyperlink")] == []
    cells = {cell.get("r"): "".join(cell.itertext()) for cell in sheets[1].iter(f"{name}c")}
    unescaped = (re.sub(r"_x([0-9A-F]{4})_", lambda match: chr(int(match[1], 16)), text) for text in cells.values())
    shown = dict(zip(cells, unescaped, strict=True))
    rows = len({place for place in shown if place and place.startswith("A")})
    return [shown[f"D{row}"] for row in range(2, rows + 1)]


def visibly(text: str) -> str:
    return NO_XML.sub(lambda match: f"\\x{ord(match[0]):02x}" if match[0] < "\x80" else f"\\u{ord(match[0]):04x}", text)


STOPS = [code for code, kind in KINDS.items() if kind.severity is Severity.STOP]
ANYTHING = [word for code in STOPS for word in ("--accept", code)]
"""The texts are any, and not those that findings are about."""


def send(command: Campaign, server: RunningSandbox, recipients: Path) -> tuple[list[str], list[str]]:
    """The texts that arrived at the server, in sheet order, and those in the results workbook."""
    server.ledger.clear()
    options = ("--server", server.url, "--template", "livechat-text", "--yes", "--new", "--rate", "5000/s", "--json")
    result = command("run", recipients, *options, *ANYTHING)
    assert result.code == 0, result.stderr
    arrived = {body["token"]: body["msg"] for body in server.bodies()}
    return [arrived[f"t{number}"] for number in range(len(arrived))], results(Path(result.json["results"]))


@batches
@given(texts())
def test_any_text_of_a_workbook_arrives_and_is_in_the_results(
    command: Campaign, server: RunningSandbox, tmp_path: Path, batch: list[str]
) -> None:
    for old in tmp_path.iterdir():
        old.unlink()
    arrived, shown = send(command, server, write_xlsx(tmp_path / "list.xlsx", batch))
    assert arrived == batch
    assert shown == [visibly(text) for text in batch]


@batches
@given(texts(unlike=CSV_CANNOT))
def test_any_text_of_a_csv_arrives_and_is_in_the_results(
    command: Campaign, server: RunningSandbox, tmp_path: Path, batch: list[str]
) -> None:
    for old in tmp_path.iterdir():
        old.unlink()
    arrived, shown = send(command, server, write_csv(tmp_path / "list.csv", batch))
    assert arrived == batch
    assert shown == [visibly(text) for text in batch]


class Markup(HTMLParser):
    """The elements of a page in order, and the rows that it contains as data."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self._data: list[str] | None = None
        self.rows: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self._data = [] if ("type", "application/json") in attrs else None

    def handle_endtag(self, tag: str) -> None:
        if self._data is not None:
            self.rows = [row["payload"]["msg"] for row in json.loads("".join(self._data))["rows"]]
        self.elements.append((f"/{tag}", ()))
        self._data = None

    def handle_data(self, data: str) -> None:
        if self._data is not None:
            self._data.append(data)

    def handle_comment(self, data: str) -> None:
        self.elements.append(("comment", (data,)))


def preview(command: Campaign, folder: Path, batch: list[str]) -> Markup:
    page = folder / "preview.html"
    options = ("--server", "https://chat.example.com", "--template", "livechat-text", "--html", page)
    assert command("preview", write_xlsx(folder / "list.xlsx", batch), *options, *ANYTHING).code == 0
    return Markup(page)


@batches
@given(texts())
def test_no_text_becomes_markup_of_the_preview_page(command: Campaign, tmp_path: Path, batch: list[str]) -> None:
    harmless = preview(command, tmp_path, ["text"])
    tempted = preview(command, tmp_path, batch)
    assert tempted.elements == harmless.elements
    assert tempted.rows == batch
