"""The rules for rows: from the campaign file and the options, and what becomes of the rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from campaign.campaign_file import load, load_campaign, suppress_in, suppress_sections
from campaign.errors import CampaignError, CampaignFileError, RecipientsError
from campaign.journal import PlannedRow, State
from campaign.planning import Plan, prepare
from tests.unit.plans import URL, planned

LEAST = f'template = "livechat-text"\n[server]\nurl = "{URL}"\n[recipients]\nfile = "list.csv"\n'
LIST = """token,rid,msg,Order,Phone,Status
t1,r1,one,A1,0901234561,new
t2,r2,two,A2,0901234562,new
,r3,three,A3,0901234563,old
t4,r4,four,A4,+84 90 123 4564,new
t5,r5,five,A1,0901234565,new
t1,r1,one,A6,0901234566,new
"""

Write = Callable[[str, object], Path]


@pytest.fixture
def plan(write: Write) -> Callable[..., Plan]:
    """A plan of the list, with further lines of the campaign file and further options."""
    write("list.csv", LIST)
    write("stop.csv", "Phone\n0901234562\n84901234564\n")

    def made(settings: str = "", rows: tuple[range, ...] = (), **overrides: Any) -> Plan:  # noqa: ANN401 - settings
        return prepare(load(write("c.toml", f"{LEAST}{settings}"), **overrides), rows=rows)

    return made


def skipped(rows: Plan | list[PlannedRow]) -> dict[int, str]:
    given = planned(rows) if isinstance(rows, Plan) else rows
    return {row.number: row.reason for row in given if row.state is State.SKIPPED}


def test_rows_that_do_not_meet_a_condition_are_skipped_before_they_are_validated(plan: Callable[..., Plan]) -> None:
    made = plan("where = 'Status == \"new\"'\n".replace("Status", "status"))
    assert skipped(made) == {4: 'left out by where: status == "new"', 7: "exact duplicate of row 2"}
    assert made.counts.invalid == 0
    assert [(each.kind, each.count, each.rows) for each in made.counts.left_out] == [
        ("duplicate", 1, (7,)),
        ('left out by where: status == "new"', 1, (4,)),
    ]


def test_conditions_of_the_file_and_the_options_must_all_hold(plan: Callable[..., Plan]) -> None:
    made = plan("where = ['order != \"A2\"', 'rid != \"r4\"']\n", where=['status == "new"', "token"])
    assert sorted(skipped(made)) == [3, 4, 5, 7]
    assert sorted(skipped(plan("", where='order == "A1"'))) == [3, 4, 5, 7]


def test_a_condition_that_cannot_be_answered_makes_the_row_invalid(plan: Callable[..., Plan]) -> None:
    made = plan("where = 'order[1:] | int / (order[1:] | int - 2) != 9'\n")
    (bad, blank) = [row for row in made.rows if row.state is State.INVALID]
    assert (bad.number, bad.problems[0].where, bad.problems[0].code) == (3, "D3", "condition-error")
    assert blank.number == 4


def test_only_the_rows_that_are_asked_for_are_taken(plan: Callable[..., Plan]) -> None:
    made = plan(rows=(range(2, 4), range(6, 7)))
    assert skipped(made) == dict.fromkeys((4, 5, 7), "not among --rows")
    with pytest.raises(RecipientsError, match="the list has no row 9-11"):
        planned(plan(rows=(range(2, 3), range(9, 12))))


def test_rows_that_stand_in_a_suppression_list_are_skipped(plan: Callable[..., Plan]) -> None:
    expected = {3: "stands in stop.csv, column Phone, row 2", 5: "stands in stop.csv, column Phone, row 3"}
    for made in (
        plan("[[suppress]]\nfile = 'stop.csv'\n"),
        plan("[suppress]\nfile = 'stop.csv'\ncolumn = 'Phone'\nvariable = 'phone'\n"),
        plan("[[suppress]]\nfile = 'stop.csv'\nvariable = 'Phone'\n"),
        plan("[columns]\nmobile = 'Phone'\n[[suppress]]\nfile = 'stop.csv'\nvariable = 'mobile'\n"),
    ):
        assert {row: why for row, why in skipped(made).items() if row != 7} == expected
        assert made.warnings == ()


def test_lists_of_the_file_and_the_options_both_count(plan: Callable[..., Plan], write: Write, tmp_path: Path) -> None:
    more = write("more.csv", "Who\nA6\n")
    made = plan("[[suppress]]\nfile = 'stop.csv'\n", suppress=[f"order={more}", {"file": str(tmp_path / "stop.csv")}])
    assert sorted(skipped(made)) == [3, 5, 7]
    assert len(made.rules.lists) == 2
    alone = plan("", suppress=[write("Order=.csv", "Order\nA2\n")])
    assert skipped(alone)[3] == "stands in Order=.csv, column Order, row 2"


def test_a_value_that_is_the_same_for_every_row_may_be_looked_for(plan: Callable[..., Plan], write: Write) -> None:
    write("pages.csv", "page\n7\n")
    made = plan("[values]\npage = '7'\n[[suppress]]\nfile = 'pages.csv'\n")
    assert len(skipped(made)) == 6


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        pytest.param("file = 'nix.csv'", "suppression list .*nix.csv: there is no such file", id="no file"),
        pytest.param("file = 'stop.csv'\ncolumn = 'Mail'", "has no column “Mail”", id="no column"),
        pytest.param("file = 'stop.csv'\nvariable = 'mail'", "no column with the header “mail”", id="no variable"),
        pytest.param("file = 'other.csv'", "no column of the recipients is called as one of its own", id="no match"),
        pytest.param("file = 'list.csv'", "has several columns that the recipients have too", id="several"),
    ],
)
def test_a_suppression_list_that_does_not_fit_is_refused(
    plan: Callable[..., Plan], write: Write, settings: str, problem: str
) -> None:
    write("other.csv", "Who\nA6\n")
    with pytest.raises(CampaignError, match=problem):
        plan(f"[[suppress]]\n{settings}\n")


def test_a_list_that_is_damaged_further_down_stops_the_plan(plan: Callable[..., Plan], write: Write) -> None:
    write("stop.csv", "Phone\n1\n#REF!\n")
    with pytest.raises(RecipientsError, match=r"suppression list stop\.csv, A3: contains the error #REF!"):
        planned(plan("[[suppress]]\nfile = 'stop.csv'\n"))


def test_a_list_is_read_again_for_each_reading_of_the_plan_once_it_has_changed(
    plan: Callable[..., Plan], write: Write
) -> None:
    made = plan("[[suppress]]\nfile = 'stop.csv'\n")
    assert 2 not in skipped(made)
    write("stop.csv", "Phone\n0901234561\n")
    assert skipped(made)[2] == "stands in stop.csv, column Phone, row 2"


def test_rows_with_the_same_key_are_the_same_and_others_are_not(plan: Callable[..., Plan]) -> None:
    made = plan("key = 'order'\n", rows=(range(2, 4), range(5, 8)))
    assert skipped(made) == {4: "not among --rows", 6: "has the “order” of row 2"}
    rows = planned(made)
    assert rows[0].key == rows[4].key is not None
    assert rows[5].state is State.PENDING  # the same message as row 2, for another order
    assert sorted(skipped(plan("", key=["Status", "order"], where="token"))) == [4, 6]


def test_a_row_whose_key_is_blank_is_known_by_its_message(plan: Callable[..., Plan], write: Write) -> None:
    write("list.csv", "token,rid,msg,order\nt,r,a,\nt,r,b,\nt,r,a,\nt,r,a,A1\n")
    assert skipped(plan("key = ['order']\n")) == {4: "exact duplicate of row 2"}


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        pytest.param("key = ['ordr', 'x']\n", "recipients.key: “ordr”: there is no column", id="unknown"),
        pytest.param("key = ['page']\n[values]\npage = '1'\n", "is the same for every row", id="value"),
    ],
)
def test_a_key_that_tells_no_rows_apart_is_refused(plan: Callable[..., Plan], settings: str, problem: str) -> None:
    with pytest.raises(CampaignFileError, match=problem):
        plan(settings)


def test_columns_that_decide_which_rows_are_sent_are_used(plan: Callable[..., Plan]) -> None:
    settings = "where = 'status'\nkey = ['order']\n[[suppress]]\nfile = 'stop.csv'\n[columns]\nstatus = 'Status'\n"
    made = plan(settings)
    assert not {"unused-columns", "unused-setting"} & {finding.code for finding in made.findings}
    assert "unused-columns" in {finding.code for finding in plan("", where="token").findings}


def test_another_list_keeps_conditions_and_key(plan: Callable[..., Plan], write: Write) -> None:
    other = write("other.csv", LIST.replace("r1", "r9"))
    made = plan("where = 'token'\nkey = ['order']\n", recipients=other)
    assert sorted(skipped(made)) == [4, 6]


def test_the_lists_of_a_campaign_file_are_read_whatever_else_is_in_it(write: Write, tmp_path: Path) -> None:
    file = write("c.toml", "nam = 1\n[recipients]\nfil = 2\n[columns]\na = 'B'\n[[suppress]]\nfile = 'stop.csv'\n")
    named = suppress_in(file)
    assert ([each.file for each in named.lists], named.columns) == ([tmp_path / "stop.csv"], {"a": "B"})
    with pytest.raises(CampaignFileError, match=r"suppress\.1\.fil: there is no such setting"):
        suppress_in(write("c.toml", "[[suppress]]\nfil = 'stop.csv'\n"))


def test_lists_of_the_options_are_paths_with_or_without_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = suppress_sections(["stop.csv", "phone=~/stop.csv"])
    assert [(each.file, each.variable) for each in found] == [
        (tmp_path / "stop.csv", None),
        (Path("~/stop.csv").expanduser(), "phone"),
    ]
    with pytest.raises(CampaignFileError, match="is a web address"):
        suppress_sections(["phone=https://example.com/stop.csv"])
    with pytest.raises(CampaignFileError, match="is blank"):
        suppress_sections([""])


def test_rules_that_are_no_rules_are_named_with_those_of_the_options(write: Write) -> None:
    write("list.csv", LIST)
    with pytest.raises(CampaignFileError, match=r"recipients\.where: is “3”"):
        load(write("c.toml", f"{LEAST}where = 3\n"), where=["token"])
    with pytest.raises(CampaignFileError, match="suppress: is “3”"):
        load(write("c.toml", f"suppress = 3\n{LEAST}"), suppress=["stop.csv"])
    assert load_campaign(write("c.toml", f"{LEAST}where = 'token'\n")).recipients.where == ("token",)


def test_a_hidden_row_may_be_among_those_that_are_asked_for(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for cells in (("token", "rid", "msg"), ("t", "r", "a"), ("t", "s", "b")):
        book.active.append(cells)
    book.active.row_dimensions[2].hidden = True
    book.save(tmp_path / "list.xlsx")
    loaded = load(tmp_path / "list.xlsx", template="livechat-text", server=URL, hidden_rows="skip")
    assert skipped(prepare(loaded, rows=[range(2, 3)])) == {2: "hidden in the sheet", 3: "not among --rows"}
