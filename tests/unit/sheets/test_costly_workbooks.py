"""Workbooks that pass the limits to a part's size but would take long to read; the limits are lowered where needed."""

from __future__ import annotations

import random
import re
from typing import IO, TYPE_CHECKING
from zipfile import ZipFile

import pytest

from campaign.errors import RecipientsError
from campaign.sheets import limits, open_sheet
from campaign.sheets.xlsx import strings, styles, workbook, xml_stream
from campaign.sheets.xlsx.package import PartLimit

from . import books
from .books import SHEET_PART, STYLES_PART, row, sheet_xml, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from campaign.sheets.table import Row

HEADER = row(1, text("A1", "name"), text("B1", "note"))
PLAIN = sheet_xml(HEADER, row(2, text("A2", "An"), text("B2", "hello")))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "costly.xlsx"


def read_all(path: Path) -> list[Row]:
    return list(open_sheet(path).rows())


def sheet_of_one_number_per_format(count: int) -> str:
    numbers = [
        row(n + 1, text(f"A{n + 1}", "An"), f'<c r="B{n + 1}" s="{n}"><v>7</v></c>') for n in range(1, count + 1)
    ]
    return sheet_xml(HEADER, *numbers)


def test_number_formats_beyond_the_first_thousand_are_general_and_noted_once(path: Path) -> None:
    codes = [f"0.0 x{number}" for number in range(1_003)]
    contents = books.parts(sheet_of_one_number_per_format(1_003), styles=books.styles_xml(*codes))
    sheet = open_sheet(books.save(path, contents))
    assert [found.texts[1] for found in sheet.rows()][998:] == ["7.0 x998", "7.0 x999", "7", "7", "7"]
    assert [note for note in sheet.notes if "number format" in note] == [
        "number formats beyond the first 1,000 of the workbook are shown as General"
    ]


def test_of_many_number_formats_that_are_not_understood_ten_are_named(path: Path) -> None:
    codes = [f"0 [oops{number}" for number in range(25)]
    contents = books.parts(sheet_of_one_number_per_format(25), styles=books.styles_xml(*codes))
    opened = open_sheet(books.save(path, contents))
    assert len(list(opened.rows())) == 25
    notes = [note for note in opened.notes if "not understood" in note]
    assert len(notes) == 11
    assert notes[-1] == "and 15 more number formats are not understood"


def test_one_number_format_under_many_numbers_is_one(path: Path) -> None:
    codes = ["000"] * 1_001 + ["00"]
    contents = books.parts(sheet_of_one_number_per_format(len(codes)), styles=books.styles_xml(*codes))
    found = read_all(books.save(path, contents))
    assert [line.texts[1] for line in found] == ["007"] * 1_001 + ["07"]


class Run(str):
    """A piece of text that counts the characters that are copied when it is added to what was there before."""

    __slots__ = ()
    copied = 0

    def __add__(self, other: str) -> Run:
        Run.copied += len(self) + len(other)
        return Run(str.__add__(self, other))

    def __radd__(self, other: str) -> Run:
        return Run(other) + self


@pytest.mark.parametrize("where", ["in a cell", "in a shared string"])
def test_a_text_in_many_runs_is_put_together_once(path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    def parse(stream: IO[bytes], handler: xml_stream.Handler, label: str) -> Iterator[None]:
        take = handler.text
        monkeypatch.setattr(handler, "text", lambda run: take(Run(run)))
        yield from xml_stream.parse(stream, handler, label)

    monkeypatch.setattr(Run, "copied", 0)
    monkeypatch.setattr(workbook, "parse", parse)
    monkeypatch.setattr(strings, "parse", parse)
    runs = "<t>a</t>" * 500
    inline, shared = f'<c t="inlineStr"><is>{runs}</is></c>', '<c t="s"><v>0</v></c>'
    lines = sheet_xml(HEADER, row(2, inline if where == "in a cell" else shared))
    contents = books.parts(lines, strings=f'<sst xmlns="{books.MAIN}"><si>{runs}</si></sst>')
    assert read_all(books.save(path, contents))[0].texts[0] == "a" * 500
    assert Run.copied < 2_000


@pytest.mark.parametrize("where", ["in a cell", "in a shared string"])
def test_the_length_of_a_text_is_that_of_all_its_runs(path: Path, where: str) -> None:
    runs = f"<r><t>{'ab' * 20_000}</t></r>" * 26
    inline = sheet_xml(HEADER, row(2, f'<c r="A2" t="inlineStr"><is>{runs}</is></c>'))
    shared = f'<sst xmlns="{books.MAIN}"><si>{runs}</si></sst>'
    contents = books.parts(inline) if where == "in a cell" else books.parts(PLAIN, strings=shared)
    with pytest.raises(RecipientsError, match="a cell contains more than 1,000,000 characters; shorten it"):
        read_all(books.save(path, contents))


def test_a_cell_after_one_of_many_runs_has_its_own_text_only(path: Path) -> None:
    runs = '<c r="A2" t="inlineStr"><is><r><t>A</t></r><r><t>n</t></r></is></c>'
    (found,) = read_all(books.save(path, books.parts(sheet_xml(HEADER, row(2, runs, text("B2", "x"))))))
    assert found.texts == ("An", "x")


def test_shared_strings_that_would_fill_the_memory_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strings, "_MAX_BYTES", 1_000_000)
    contents = books.parts(PLAIN, strings=books.strings_xml(*["ab"] * 15_000))
    message = r"^costly\.xlsx: its texts use more than 1 MB; copy the rows that are needed into a new workbook$"
    with pytest.raises(RecipientsError, match=message):
        read_all(books.save(path, contents))


def test_a_million_names_would_fit_the_memory_for_shared_strings(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strings, "_MAX_BYTES", strings._MAX_BYTES // 1_000)
    names = [f"Nguyễn Thị Hồng {number:04}" for number in range(1_000)]
    contents = books.parts(
        sheet_xml(HEADER, row(2, '<c r="A2" t="s"><v>999</v></c>')), strings=books.strings_xml(*names)
    )
    assert read_all(books.save(path, contents))[0].texts[0] == "Nguyễn Thị Hồng 0999"


TAGS_THAT_ARE_NO_CELLS = [
    pytest.param(sheet_xml(HEADER, after="<a/>" * 200), id="after the rows"),
    pytest.param(sheet_xml(HEADER, row(2, "<c>" + "<a/>" * 200 + "</c>")), id="in a cell"),
    pytest.param(sheet_xml(HEADER, row(2, "<c><is>" + "<rPh/>" * 200 + "</is></c>")), id="phonetic hints"),
]


@pytest.mark.parametrize("costly", TAGS_THAT_ARE_NO_CELLS)
def test_a_flood_of_tags_that_are_no_cells_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch, costly: str) -> None:
    monkeypatch.setattr(xml_stream, "MAX_TAGS", 150)
    with pytest.raises(RecipientsError, match="sheet “Data”: contains over 150 tags that are not cells; open"):
        read_all(books.save(path, books.parts(costly)))


def test_a_flood_of_tags_in_the_styles_leaves_the_workbook_without_formats(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml_stream, "MAX_TAGS", 150)
    flooded = books.styles_xml("0").replace("<cellXfs>", "<a/>" * 200 + "<cellXfs>")
    opened = open_sheet(books.save(path, books.parts(PLAIN, styles=flooded)))
    assert "contains over 150 tags that are not cells" in opened.notes[1]


@pytest.mark.parametrize("flood", ["<a/>", "<t/>", "<rPh/>"], ids=["unknown", "blank texts", "phonetic hints"])
def test_a_flood_of_tags_in_the_shared_strings_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch, flood: str
) -> None:
    monkeypatch.setattr(strings, "_MAX_TAGS", 150)
    contents = books.parts(PLAIN, strings=books.strings_xml("An").replace("<si>", "<si>" + flood * 200))
    with pytest.raises(RecipientsError, match="its shared strings: contains over 150 tags that are not cells; open"):
        read_all(books.save(path, contents))


TIGHT = "".join(row(n, *["<c><v>1</v></c>"] * 6) for n in range(2, 402))


def test_cells_beyond_what_a_part_of_its_size_can_tell_apart_are_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "_FREE_CELLS", 1_000)
    books.save(path, books.parts(sheet_xml(HEADER, TIGHT)))
    with pytest.raises(RecipientsError, match="sheet “Data”: contains too many cells for its packed size"):
        read_all(path)


def test_few_cells_may_be_packed_as_tightly_as_they_can(path: Path) -> None:
    assert len(read_all(books.save(path, books.parts(sheet_xml(HEADER, TIGHT))))) == 400


def test_a_text_that_many_cells_refer_to_is_read_so_many_times_and_no_more(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_MAX_CHARACTERS", 10_000)
    lines = [row(n, f'<c r="A{n}" t="s"><v>0</v></c>') for n in range(2, 200)]
    contents = books.parts(sheet_xml(HEADER, *lines), strings=books.strings_xml("x" * 100))
    coming = open_sheet(books.save(path, contents)).rows()
    assert len([next(coming) for _ in range(100)]) == 100
    with pytest.raises(RecipientsError, match="sheet “Data”: its cells display over 10,000 characters in total"):
        next(coming)


def test_ready_made_messages_that_differ_in_a_name_are_read(path: Path) -> None:
    offer = "Dear {}, " + "our offer for you this spring is the same as it was for all others. " * 15
    texts = [offer.format(f"customer {number}") for number in range(2, 60_002)]
    lines = [row(n, f'<c r="A{n}" t="s"><v>{n - 2}</v></c>') for n in range(2, 60_002)]
    books.save(path, books.parts(sheet_xml(HEADER, *lines), strings=books.strings_xml(*texts)))
    assert [found.texts[0] for found in open_sheet(path).rows()] == texts


EMPTY = [
    pytest.param("<c/>" * 200, id="cells"),
    pytest.param('<c r="A2" s="1"/>' * 200, id="cells with a place and a style"),
    pytest.param("<c>" + "<v/>" * 200 + "</c>", id="values"),
    pytest.param("<c><v>1</v>" + "<v/>" * 200 + "</c>", id="values beside one that is not"),
    pytest.param('<c t="inlineStr">' + "<is/>" * 200 + "</c>", id="texts"),
    pytest.param("<c>" + "<f/>" * 200 + "</c>", id="formulas"),
]


@pytest.mark.parametrize("cells", EMPTY)
def test_a_flood_of_blank_cells_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch, cells: str) -> None:
    monkeypatch.setattr(workbook, "_MAX_BLANKS", 150)
    message = "sheet “Data”: contains over 150 blank cells; delete the rows and columns that are not needed"
    with pytest.raises(RecipientsError, match=message):
        read_all(books.save(path, books.parts(sheet_xml(HEADER, row(2, cells)))))


def test_cells_that_hold_something_are_no_flood(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_stream, "MAX_TAGS", 150)
    monkeypatch.setattr(workbook, "_MAX_BLANKS", 150)
    lines = [
        row(n, text(f"A{n}", "An"), f'<c r="B{n}"><f>1+1</f><v>2</v></c>', f'<c r="C{n}"><v>3</v></c>')
        for n in range(2, 302)
    ]
    assert len(read_all(books.save(path, books.parts(sheet_xml(HEADER, *lines))))) == 300


@pytest.mark.parametrize("part", [SHEET_PART, STYLES_PART])
def test_a_part_that_packs_tighter_than_any_workbook_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    limit = PartLimit(free_bytes=10_000, max_ratio=40)
    monkeypatch.setattr(workbook, "_SHEET_LIMIT", limit)
    monkeypatch.setattr(styles, "_LIMIT", limit)
    contents = books.parts(PLAIN, styles=books.styles_xml("0"))
    noise = "".join(random.Random(1).choices("abcdefgh", k=2_000))
    contents[part] = f"{contents[part]!s}<!--{noise}-->" + " " * 70_000
    books.save(path, contents)
    with ZipFile(path) as archive:
        packed = archive.getinfo(part)
        assert 40 < packed.file_size / packed.compress_size < 100
    said = f"{part} would unpack to 0 MB, .* times its packed size; copy the rows that are needed"
    if part == STYLES_PART:
        assert re.search(said, open_sheet(path).notes[1])
        return
    with pytest.raises(RecipientsError, match=said):
        read_all(path)


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param("9" * 400, id="400 digits"),
        pytest.param("-" + "9" * 400, id="negative"),
        pytest.param("9" * 5_000, id="5,000 digits"),
        pytest.param("1e999", id="1e999"),
    ],
)
def test_a_number_beyond_all_numbers_is_a_problem_of_its_cell(path: Path, stored: str) -> None:
    (found,) = read_all(books.save(path, books.parts(sheet_xml(HEADER, row(2, f'<c r="B2"><v>{stored}</v></c>')))))
    (problem,) = found.problems
    assert (problem.where, found.texts[1]) == ("B2", "")
    assert problem.what.startswith("is damaged: its type is “n” and it contains “")
