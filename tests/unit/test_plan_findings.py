"""What is found while a plan is read, counted over the rows that would be sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font

from campaign.campaign_file import load_campaign
from campaign.errors import RecipientsError
from campaign.findings import Finding
from campaign.journal import State
from campaign.planning import Plan, prepare
from tests.unit.plans import URL, prepared

TEMPLATE = 'channel = "livechat"\n[payload]\ntoken = "{{ token }}"\nrid = "{{ rid }}"\nmsg = "%s"\n'


def plan_of(folder: Path, rows: str, msg: str = "Hello {{ name }}", **overrides: Any) -> Plan:  # noqa: ANN401 - settings
    template = folder / "t.toml"
    template.write_text(TEMPLATE % msg, encoding="utf-8")
    return prepared(folder, rows, template=str(template), **overrides)


def workbook_plan(folder: Path, book: openpyxl.Workbook, **recipients: object) -> Plan:
    book.save(folder / "list.xlsx")
    (folder / "t.toml").write_text(TEMPLATE % "Hello {{ name }}", encoding="utf-8")
    overrides = {"template": str(folder / "t.toml"), "server": {"url": URL}, "recipients": recipients}
    return prepare(load_campaign(folder / "list.xlsx", overrides))


def book_of(*rows: tuple[str, ...]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (("token", "rid", "name"), *rows):
        book.active.append(row)
    return book


def found(plan: Plan, code: str) -> list[Finding]:
    return [finding for finding in plan.findings if finding.code == code]


def test_a_list_in_good_order_has_no_findings(tmp_path: Path) -> None:
    assert plan_of(tmp_path, "token,rid,name\nt1,r1,An\nt2,r2,Bình?\nt3,r3,Müller\nt4,r4,أحمد\n").findings == ()


def test_blank_cells_in_the_middle_of_a_text_are_counted_by_variable(tmp_path: Path) -> None:
    (blank,) = found(plan_of(tmp_path, "token,rid,name\nt1,r1,\nt2,r2,An\nt3,r3, \n"), "blank-value")
    assert blank.message == "“name” is blank in 2 rows (2, 4), in the middle of a text"
    assert (blank.count, blank.rows, blank.cells) == (2, (2, 4), ("C2", "C4"))


@pytest.mark.parametrize("unseen", ["\u200b", "\ufeff", "\u200e", "\u2800", "\u3164", " \xa0", "\u3000"], ids=ascii)
def test_a_cell_of_which_nobody_sees_anything_is_blank(tmp_path: Path, unseen: str) -> None:
    rows = f'token,rid,name\nt1,r1,"{unseen}"\nt2,r2,An\n'
    (blank,) = found(plan_of(tmp_path, rows), "blank-value")
    assert blank.rows == (2,)
    for msg in ("Hello {{ name | default('you') }}", "Hello {% if name %}{{ name }}{% else %}you{% endif %}"):
        made = plan_of(tmp_path, rows, msg)
        assert made.findings == ()
        assert [row.payload for row in made.rows] == [
            {"token": "t1", "rid": "r1", "msg": "Hello you"},
            {"token": "t2", "rid": "r2", "msg": "Hello An"},
        ]


def test_a_blank_cell_counts_only_where_its_place_is_rendered(tmp_path: Path) -> None:
    rows = "token,rid,name,vip\nt1,r1,,\nt2,r2,,x\nt3,r3,An,x\n"
    (blank,) = found(plan_of(tmp_path, rows, "Hello{% if vip %} {{ name }}{% endif %}"), "blank-value")
    assert blank.rows == (3,)


def test_only_rows_that_would_be_sent_are_counted(tmp_path: Path) -> None:
    rows = "token,rid,name\n,r1,\nt2,r2,\nt2,r2,\n"
    (blank,) = found(plan_of(tmp_path, rows), "blank-value")
    assert blank.rows == (3,)


def test_hidden_rows_have_to_be_decided_and_a_setting_does(tmp_path: Path) -> None:
    book = book_of(("t1", "r1", "An"), ("t2", "r2", "Bình"))
    assert book.active is not None
    book.active.row_dimensions[3].hidden = True
    (hidden,) = found(workbook_plan(tmp_path, book), "hidden-rows")
    assert (hidden.stops, hidden.message) == (True, "row 3 is hidden in the sheet and would be sent too")
    assert found(workbook_plan(tmp_path, book, hidden_rows="send"), "hidden-rows") == []
    skipping = workbook_plan(tmp_path, book, hidden_rows="skip")
    assert [(row.number, row.state, row.reason) for row in skipping.rows] == [
        (2, State.PENDING, ""),
        (3, State.SKIPPED, "hidden in the sheet"),
    ]


def test_another_sheet_that_was_on_screen_is_a_finding_unless_the_sheet_is_named(tmp_path: Path) -> None:
    book = book_of(("t1", "r1", "An"))
    book.copy_worksheet(book.worksheets[0]).title = "2026"
    book.active = 1
    (other,) = found(workbook_plan(tmp_path, book), "other-sheet")
    assert other.fix == 'sheet = "2026" (or "Sheet") under [recipients], or --sheet "2026"'
    assert found(workbook_plan(tmp_path, book, sheet="Sheet"), "other-sheet") == []


def test_an_open_sheet_with_other_headers_is_no_finding(tmp_path: Path) -> None:
    book = book_of(("t1", "r1", "An"))
    book.create_sheet("Notes").append(["something", "else"])
    book.active = 1
    assert workbook_plan(tmp_path, book).findings == ()


def test_a_guessed_encoding_counts_where_letters_depend_on_it(tmp_path: Path) -> None:
    made = plan_of(tmp_path, "token,rid,name\nt1,r1,An\n")
    made.recipients.path.write_bytes("token,rid,name\nt1,r1,An\nt2,r2,José\n".encode("cp1252"))
    overrides = {"template": str(tmp_path / "t.toml"), "server": {"url": URL}}
    again = prepare(load_campaign(tmp_path / "list.csv", overrides))
    (guess,) = found(again, "guessed-encoding")
    assert (guess.rows, guess.cells) == ((3,), ("C3",))
    assert "“José”" in guess.message
    named = prepare(load_campaign(tmp_path / "list.csv", {**overrides, "recipients": {"encoding": "cp1252"}}))
    assert named.findings == ()


@pytest.mark.parametrize("left", ["{name}", "<<name>>", "%name%", "[name]"])
def test_a_placeholder_of_another_program_in_the_template_is_a_finding(tmp_path: Path, left: str) -> None:
    (finding,) = found(plan_of(tmp_path, "token,rid,name\nt1,r1,An\n", f"Hello {left}"), "placeholder-left")
    assert f"“{left}”" in finding.message
    assert finding.fix == f"write {{{{ name }}}} for {left}"


def test_the_placeholders_of_a_template_are_named_with_what_to_write(tmp_path: Path) -> None:
    text = "Hi {Name}, {hotline}, <<a>>, %b%"
    (finding,) = found(plan_of(tmp_path, "token,rid,name\nt1,r1,An\n", text), "placeholder-left")
    assert "placeholders of another program: “{Name}”, “{hotline}” and “<<a>>”, … in “Hi {Name}," in finding.message
    assert finding.fix == "write {{ name }} for {Name}, {{ hotline }} for {hotline}, {{ a }} for <<a>>, …"


def test_a_numbered_variable_of_another_program_is_a_placeholder(tmp_path: Path) -> None:
    (finding,) = found(plan_of(tmp_path, "token,rid,name\nt1,r1,An\n", "Hi {{1}}, {{ 2 }}!"), "placeholder-left")
    assert finding.message == "t.toml has placeholders of another program: “{{1}}” and “{{2}}”"
    assert finding.fix == "write a variable such as {{ name }} for {{1}}, a variable such as {{ name }} for {{2}}"
    assert found(plan_of(tmp_path, "token,rid,name\nt1,r1,An\n", "{{ 'a' }} {{ 1 + 1 }}"), "placeholder-left") == []


@pytest.mark.parametrize("text", ["[Shop An] hello", "50% off, 20% more", "{{ name }} {# note #}", "a < b << c"])
def test_other_brackets_in_a_template_are_none(tmp_path: Path, text: str) -> None:
    assert found(plan_of(tmp_path, "token,rid,name\nt1,r1,An\n", text), "placeholder-left") == []


def test_conversations_with_several_messages_are_counted(tmp_path: Path) -> None:
    rows = "token,rid,name\nt1,r1,An\nt2,r2,Bình\nt1,r1,Chi\nt1,r1,Dũng\nt2,r2,An\nt3,r3,An\n"
    (several,) = found(plan_of(tmp_path, rows), "same-destination")
    said = "2 conversations get more than one message, 5 in all (begin in rows 2, 3)"
    assert (several.stops, several.message, several.rows) == (False, said, (2, 3))
    (labelled,) = found(plan_of(tmp_path, rows, recipients={"label": "name"}), "same-destination")
    assert labelled.message.endswith("(begin in rows 2 (An), 3 (Bình))")


def test_duplicates_blank_rows_and_unused_columns_are_notes(tmp_path: Path) -> None:
    made = plan_of(tmp_path, "token,rid,name,note\nt1,r1,An,x\n,,,\n,,,\nt1,r1,An,y\n")
    assert [(each.code, each.count) for each in made.findings] == [
        ("duplicates", 1),
        ("empty-rows", 2),
        ("unused-columns", 1),
    ]


def test_a_row_is_called_by_its_label(tmp_path: Path) -> None:
    made = plan_of(tmp_path, "token,rid,name\nt1,r1,An\n", recipients={"label": "Name"})
    assert [row.label for row in made.rows] == ["An"]
    with pytest.raises(RecipientsError, match="label: there is no column with the header “Tên”"):
        plan_of(tmp_path, "token,rid,name\nt1,r1,An\n", recipients={"label": "Tên"})


def test_rows_are_called_by_their_label_beside_their_numbers(tmp_path: Path) -> None:
    rows = "token,rid,name\nt1,r1,\nt1,r2,Bình\nt3,r3,NULL\nt3,r3,NULL\nt 4 ,r4,\n"
    plan = plan_of(tmp_path, rows, "Hello {{ name }}, {{ token }}", recipients={"label": "rid"})
    said = {finding.code: finding.message for finding in plan.findings}
    assert "blank in 2 rows (2, 6: r1, r4), in the middle" in said["blank-value"]
    assert "(1 cell: C4 (r3) “NULL”)" in said["null-word"]
    assert "(1 cell: A6 (r4) “t 4”)" in said["trimmed"]
    assert said["duplicates"].startswith("row 5 (r3) is an exact duplicate")


def test_a_cell_that_is_the_label_itself_is_not_called_by_it(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "token,rid,name\nt1,r1,NULL\n", recipients={"label": "name"})
    assert "(1 cell: C2 “NULL”)" in found(plan, "null-word")[0].message


def test_a_fault_of_several_columns_is_one_finding(tmp_path: Path) -> None:
    (finding,) = found(plan_of(tmp_path, "token,rid,name\nt1,nan,\nt2,r2,NULL\nt3,NULL,NULL\n"), "null-word")
    assert finding.message == (
        "column B “rid” has a program's word for “nothing” (2 cells: B2 “nan”, B4); likewise column C “name” "
        "(2 cells: C3 “NULL”, C4)"
    )
    assert (finding.count, finding.rows, finding.cells) == (4, (2, 3, 4), ("B2", "B4", "C3", "C4"))


def test_columns_of_a_character_set_are_found_by_their_letters_but_for_those_with_a_font(tmp_path: Path) -> None:
    book = book_of(("t1", "r1", "NguyÔn V¨n B×nh"), ("t2", "r2", "TrÇn ThÞ Hång"), ("t3", "r3", "Lan"))
    assert book.active is not None
    book.active["C2"].font = Font(name=".VnTime")
    by_font, by_letters = found(workbook_plan(tmp_path, book), "legacy-font")
    assert (by_font.cells, by_letters.cells) == (("C2",), ("C3",))
    assert "is typed for a TCVN3 font, as its letters show" in by_letters.message


def test_the_encodings_that_read_words_as_words_are_named(tmp_path: Path) -> None:
    made = plan_of(tmp_path, "token,rid,name\n")
    made.recipients.path.write_bytes("token,rid,name\nt1,r1,An\nt2,r2,André Lefèvre\n".encode("cp850"))
    again = prepare(
        load_campaign(tmp_path / "list.csv", {"template": str(tmp_path / "t.toml"), "server": {"url": URL}})
    )
    (guess,) = found(again, "guessed-encoding")
    assert guess.message.endswith("“Andr‚ LefŠvre”; read as cp850: “André” and “Lefèvre”")
    assert 'if those of cp850 are, encoding = "cp850";' in guess.fix
