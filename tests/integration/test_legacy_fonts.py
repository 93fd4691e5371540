"""Text of TCVN3 and VNI fonts, from the finding to the sheet To fix."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from openpyxl import load_workbook
from openpyxl.styles import Font

from tests.integration.conftest import FAST, RunningSandbox, write_csv
from tests.integration.conftest import Campaign as Command

TEMPLATE = 'channel = "livechat"\n[payload]\ntoken = "{{ token }}"\nrid = "{{ rid }}"\nmsg = "Chào {{ name }}"\n'
FILE = 'name = "c"\ntemplate = "t.toml"\n[recipients]\nfile = "%s"\n[server]\nurl = "%s"\n'
REMEDY = 'legacy_font = "convert" under [recipients], or --legacy-font convert'
ROWS = [["token", "rid", "name"], ["t1", "r1", "NguyÔn V¨n B×nh"], ["t2", "", "Hång"], ["t3", "r3", "Lan"]]


def campaign_with(folder: Path, server: RunningSandbox, recipients: str) -> Path:
    (folder / "t.toml").write_text(TEMPLATE, encoding="utf-8")
    file = folder / "c.toml"
    file.write_text(FILE % (recipients, server.url), encoding="utf-8")
    return file


@pytest.fixture
def book(tmp_path: Path, server: RunningSandbox) -> Path:
    """A campaign whose list has names in the font .VnTime, one of them in an invalid row."""
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    for row in ROWS:
        sheet.append(row)
    for cell in ("C2", "C3"):
        sheet[cell].font = Font(name=".VnTime")
    workbook.save(tmp_path / "list.xlsx")
    return campaign_with(tmp_path, server, "list.xlsx")


@pytest.fixture
def text(tmp_path: Path, server: RunningSandbox) -> Path:
    """The same as a CSV, which has no fonts."""
    write_csv(tmp_path / "list.csv", ROWS)
    return campaign_with(tmp_path, server, "list.csv")


def test_the_finding_of_a_workbook_names_the_font_and_the_remedy(command: Command, book: Path) -> None:
    said = command("check", book)
    assert said.code == 1
    what = "is typed for a font that shows other letters (1 cell: C2 “NguyÔn V¨n B×nh”, which the font .VnTime shows as"
    assert f"✗ legacy-font: column C “name” {what} “Nguyễn Văn Bình”)" in said.stdout
    assert f"→ {REMEDY}\n" in said.stdout


def test_the_finding_of_a_csv_is_made_by_its_letters(command: Command, server: RunningSandbox, text: Path) -> None:
    said = command("run", text, "--skip-invalid", *FAST)
    assert (said.code, said.json["reason"]) == (2, "findings have to be decided: legacy-font")
    (found,) = [each for each in said.json["warnings"] if each["code"] == "legacy-font"]
    what = "is typed for a TCVN3 font, as its letters show (1 cell: C2 “NguyÔn V¨n B×nh”, which would be"
    assert found["message"] == f"column C “name” {what} “Nguyễn Văn Bình”)"
    assert found["remedy"].startswith(REMEDY)
    assert (found["count"], found["cells"]) == (1, ["C2"])
    assert not server.ledger.entries


@pytest.mark.parametrize("kind", ["book", "text"])
def test_converted_it_is_sent_as_shown_and_told_everywhere(
    command: Command, server: RunningSandbox, kind: str, request: pytest.FixtureRequest
) -> None:
    file: Path = request.getfixturevalue(kind)
    file.write_text(file.read_text("utf-8").replace("[server]", 'legacy_font = "convert"\n[server]'), encoding="utf-8")
    note = "converted: column C “name” is in Unicode now, as its legacy font showed it (1 cell: C2 “Nguyễn Văn Bình”,"
    for arguments in (("check", file), ("preview", file), ("run", file, "--dry-run")):
        said = command(*arguments)
        assert said.code == 1  # row 3 is invalid
        assert note in said.stdout + said.stderr
        assert "legacy-font" not in said.stdout + said.stderr
    said = command("run", file, "--skip-invalid", *FAST)
    assert (said.code, [each["code"] for each in said.json["warnings"]]) == (1, ["converted"])
    assert [body["msg"] for body in server.bodies()] == ["Chào Nguyễn Văn Bình", "Chào Lan"]
    book = load_workbook(file.with_name("c.results.xlsx"))
    assert "Nguyễn Văn Bình" in [cell.value for row in book["Results"].iter_rows() for cell in row]
    to_fix = [cell.value for row in book["To fix"].iter_rows() for cell in row]
    assert "Hồng" in to_fix


def test_the_sheet_to_fix_is_not_converted_again(command: Command, server: RunningSandbox, book: Path) -> None:
    options = ("--legacy-font", "convert")
    assert command("run", book, "--skip-invalid", *options, *FAST).code == 1
    results = book.with_name("c.results.xlsx")
    corrected = load_workbook(results)
    sheet = corrected["To fix"]
    place = [cell.value for cell in sheet[1]].index("rid") + 1
    sheet.cell(2, place).value = "r2"
    corrected.save(results)
    said = command("run", book, "--recipients", results, "--sheet", "To fix", "--new", *options, *FAST)
    assert said.code == 0, said.stderr
    assert [body["msg"] for body in server.bodies()][2:] == ["Chào Hồng"]
    assert [each["code"] for each in said.json["warnings"]] == ["unused-columns"]


def test_headers_in_such_a_font_are_named_with_the_remedy(
    command: Command, server: RunningSandbox, tmp_path: Path
) -> None:
    write_csv(tmp_path / "list.csv", [["token", "rid", "Hä tªn"], ["t1", "r1", "TrÇn ThÞ Hång"]])
    file = campaign_with(tmp_path, server, "list.csv")
    (tmp_path / "t.toml").write_text(TEMPLATE.replace("name", "ho_ten"), encoding="utf-8")
    said = command("check", file)
    assert said.code == 2
    assert said.stderr == (
        "list.csv, row 1: headers are typed for a font that shows other letters: “Hä tªn” for “Họ tên”; set "
        'legacy_font = "convert" under [recipients], or add --legacy-font convert\n'
    )
    converted = command("check", file, "--legacy-font", "convert", "--label", "Họ tên")
    assert converted.code == 0
    assert "ho_ten ← column C “Họ tên” ← “Trần Thị Hồng”" in converted.stdout


def test_a_preview_names_the_rows_of_such_text(command: Command, text: Path) -> None:
    said = command("preview", text, "--json", "--rows", "2,4")
    assert '"findings": ["legacy-font"]' in said.stdout
