"""What reading a list finds out for a person to decide on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest

from campaign.sheets import EncodingFact, ReadOptions, open_sheet
from campaign.sheets.facts import MergedAreas
from campaign.sheets.text_encoding import _words_beyond_ascii

from . import books
from .books import row, sheet_xml, text

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "list.xlsx"


@pytest.mark.parametrize(
    ("attributes", "hidden"),
    [
        pytest.param('hidden="1"', True, id="by hand or a filter"),
        pytest.param('hidden="true" outlineLevel="1"', True, id="in a closed group"),
        pytest.param('ht="0" customHeight="1"', True, id="of height 0"),
        pytest.param('ht="0.0"', True, id="of height 0.0"),
        pytest.param('ht="0.75"', False, id="low"),
        pytest.param('outlineLevel="1"', False, id="in an open group"),
        pytest.param("", False, id="plain"),
    ],
)
def test_a_row_tells_whether_it_is_shown(path: Path, attributes: str, hidden: bool) -> None:  # noqa: FBT001 - a table
    sheet = sheet_xml(row(1, text("A1", "a")), row(2, text("A2", "x"), attributes=attributes))
    assert [each.hidden for each in open_sheet(books.save(path, books.parts(sheet))).rows()] == [hidden]


def workbook(path: Path, active: int, *sheets: tuple[str, list[list[str]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for cells in rows:
            sheet.append(cells)
    book.active = active
    book.save(path)
    return path


def test_the_sheet_that_was_open_is_told(path: Path) -> None:
    people = [["token", "name"], ["t", "An"]]
    notes = [["a", "b"], ["c", "d"]]
    titled = [["Khách hàng", ""], ["Name", "Token", "note"], ["An", "t", ""]]
    opened = open_sheet(workbook(path, 2, ("2025", people), ("notes", notes), ("2026", people), ("titled", titled)))
    assert opened.facts.active_sheet == "2026"
    assert not opened.facts.named
    assert [start.sheet for start in opened.starts()] == ["2025", "notes", "2026", "titled"]


def test_a_sheet_that_is_named_is_told(path: Path) -> None:
    opened = open_sheet(
        workbook(path, 0, ("2025", [["a"], ["x"]]), ("2026", [["a"], ["x"]])), ReadOptions(sheet="2026")
    )
    assert opened.facts.named


@pytest.mark.parametrize(
    ("position", "number", "area"),
    [
        pytest.param(2, 2, "C2:C3", id="the first cell"),
        pytest.param(2, 3, "C2:C3", id="a cell below"),
        pytest.param(2, 4, "", id="below the area"),
        pytest.param(1, 3, "", id="another column"),
        pytest.param(4, 9, "D8:E9", id="the last cell"),
        pytest.param(2, 31, "C30:C31", id="another area of the column"),
    ],
)
def test_the_area_of_a_merged_cell_is_found(position: int, number: int, area: str) -> None:
    merged = MergedAreas(["C30:C31", "C2:C3", "D8:E9", "nonsense"])
    assert merged.area_of(position, number) == area


def test_merged_areas_are_complete_when_the_rows_were_read(path: Path) -> None:
    sheet = sheet_xml(
        row(1, text("A1", "a")),
        row(2, text("A2", "x")),
        after='<mergeCells><mergeCell ref="A2:A3"/></mergeCells>',
    )
    opened = open_sheet(books.save(path, books.parts(sheet)))
    list(opened.rows())
    assert opened.facts.merged.area_of(0, 3) == "A2:A3"


@pytest.mark.parametrize(
    ("content", "encoding", "fact"),
    [
        pytest.param("a\nสมชาย ใจดี\n", "cp874", True, id="Thai"),
        pytest.param("a\nAndré Lefèvre\n", "cp850", True, id="DOS, where é is a low quotation mark"),
        pytest.param("a\nMüller\n", "cp1252", True, id="German"),
        pytest.param("a\nMüller\n", "utf-8", False, id="UTF-8"),
        pytest.param("a\nMüller\n", "utf-8-sig", False, id="UTF-8 with a mark"),
        pytest.param("a\nMüller\n", "utf-16", False, id="UTF-16"),
    ],
)
def test_an_encoding_tells_whether_it_is_guessed(tmp_path: Path, content: str, encoding: str, fact: bool) -> None:  # noqa: FBT001 - a table
    path = tmp_path / "a.csv"
    path.write_bytes(content.encode(encoding))
    found = open_sheet(path).facts.encoding
    assert found is not None
    assert found.guessed is fact
    assert bool(found.words) is fact


def test_an_encoding_that_is_set_is_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("a\nสมชาย\n".encode("cp874"))
    assert open_sheet(path, ReadOptions(encoding="cp874")).facts.encoding == EncodingFact("cp874")


def test_the_first_guessed_words_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("a,b\nMüller,x\nMüller,y\nSchröder,z\nJürgens,\n".encode("cp1252"))
    words = ("Müller", "Schröder", "Jürgens")
    assert open_sheet(path).facts.encoding == EncodingFact("cp1252", guessed=True, words=words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("Andr‚ An", ("Andr‚",), id="é of cp850"),
        pytest.param("€elik", ("€elik",), id="Ç of cp850"),
        pytest.param("“a” – 5 €, don’t… 20€;10°", (), id="marks that mean the same in each encoding"),
        pytest.param("ﾊﾁｪﾒﾂ,罟ｴﾕ,x", ("ﾊﾁｪﾒﾂ", "罟ｴﾕ"), id="Thai as Japanese"),
    ],
)
def test_marks_alone_do_not_make_an_encoding_doubtful(text: str, words: tuple[str, ...]) -> None:
    assert _words_beyond_ascii(text) == words
