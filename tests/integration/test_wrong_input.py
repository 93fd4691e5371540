"""Wrong input gets one clear paragraph and the right exit code; never a traceback, and nothing is sent."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from openpyxl import Workbook

from tests.integration.conftest import FAST, Campaign, RunningSandbox, livechat_list, write_csv, write_workbook

LIVECHAT = ("--template", "livechat-text", "--yes")


def test_a_missing_column_is_named_with_the_nearest_header(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = write_csv(tmp_path / "list.csv", [["token", "room_id", "mesage"], ["t", "r", "x"]])
    result = command("run", recipients, *LIVECHAT, "--server", server.url)
    assert result.code == 2
    assert "“rid” has no column, no value and no default" in result.stderr
    assert "the nearest header is “mesage”" in result.stderr
    assert not server.ledger.entries


def test_garbled_headers_are_named_with_what_they_were(command: Campaign, tmp_path: Path) -> None:
    garbled = "Mã hội thoại,Tên,text\n1,Lan,x\n".encode().decode("latin-1")
    (tmp_path / "list.csv").write_text(garbled, encoding="utf-8", newline="")
    mapped = ("--map", "conversation_id=Mã hội thoại", "--set", "page_id=1")
    said = command("check", tmp_path / "list.csv", "--template", "kitechat-text", *mapped)
    assert said.code == 2
    assert said.stderr.startswith(
        "list.csv, row 1: headers are garbled, because UTF-8 was read in another encoding: “M"
    )
    assert "for “Mã hội thoại”, “TÃªn” for “Tên”; save the list once more where it comes from" in said.stderr
    assert len(said.stderr.splitlines()) == 1


def test_a_mapped_header_that_does_not_exist_is_named(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 1)
    result = command("run", recipients, *LIVECHAT, "--map", "msg=Mesage", "--server", server.url)
    assert result.code == 2
    assert "columns.msg: there is no column with the header “Mesage”" in result.stderr


@pytest.mark.parametrize("separator", [",", ";"], ids=["commas", "semicolons"])
def test_headers_below_a_title_are_found_by_the_hint(
    command: Campaign, server: RunningSandbox, tmp_path: Path, separator: str
) -> None:
    rows: list[list[str]] = [["Customers in May"], [], ["token", "rid", "msg"], ["t", "r", "Hi"]]
    (tmp_path / "list.csv").write_text("\n".join(separator.join(row) for row in rows), encoding="utf-8")
    file = tmp_path / "c.toml"
    text = f'template = "livechat-text"\n[server]\nurl = "{server.url}"\n[recipients]\nfile = "list.csv"\n'
    file.write_text(text, encoding="utf-8")
    result = command("check", file)
    assert result.code == 2
    assert result.stderr.splitlines() == [
        (
            "list.csv: the headers “token”, “rid” and “msg” are in row 3, and not in row 1; "
            "set header_row = 3 under [recipients], or add --header-row 3"
        )
    ]
    assert command("check", file, "--header-row", "3").code == 0
    file.write_text(f"{text}header_row = 3\n", encoding="utf-8")
    assert command("check", file).code == 0


def test_headers_on_another_sheet_are_found_by_the_hint(command: Campaign, tmp_path: Path) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.title = "Export Summary"
    book.active.append(["x" * 230])
    sheet = book.create_sheet("Khách hàng")
    for row in (["Customers"], [], ["token", "rid", "msg"], ["t", "r", "Hi"]):
        sheet.append(row)
    book.save(tmp_path / "list.xlsx")
    given = (tmp_path / "list.xlsx", *LIVECHAT[:2], "--server", "https://chat.example.com")
    result = command("check", *given)
    assert result.code == 2
    assert result.stderr.splitlines() == [
        (
            "list.xlsx: the headers “token”, “rid” and “msg” are in row 3 of sheet “Khách hàng”, and not in row 1 of "
            'sheet “Export Summary”; set sheet = "Khách hàng" and header_row = 3 under [recipients], '
            'or add --sheet "Khách hàng" --header-row 3'
        )
    ]
    assert command("check", *given, "--sheet", "Khách hàng", "--header-row", "3").code == 0


@pytest.mark.parametrize(
    ("kind", "setting", "says"),
    [
        pytest.param(
            "csv",
            "header_row = 1_048_577",
            "should be less than or equal to 1048576, and is “1048577”",
            id="header_row",
        ),
        pytest.param(
            "csv", 'encoding = "klingon"', "encoding: “klingon” is not an encoding; use a name such as", id="encoding"
        ),
        pytest.param(
            "csv", 'delimiter = "ab"', "delimiter: “ab” cannot separate fields; use one character", id="delimiter"
        ),
        pytest.param(
            "csv",
            'short_date = "d.m.yyyy"',
            "list.csv: is a text file, and its dates are not reformatted; leave out the short_date",
            id="short_date of a CSV",
        ),
        pytest.param(
            "xlsx",
            'short_date = "0.00"',
            "short_date: “0.00” is not a date format; use a date format such",
            id="short_date",
        ),
        pytest.param(
            "xlsx",
            'encoding = "utf-8"\ndelimiter = ";"',
            "list.xlsx: is a workbook and has no encoding and no delimiter; leave out the encoding and the delimiter",
            id="settings of a CSV",
        ),
    ],
)
def test_a_setting_that_does_not_fit_the_list_is_refused_in_a_sentence(
    command: Campaign, tmp_path: Path, kind: str, setting: str, says: str
) -> None:
    livechat_list(tmp_path / "list.csv", 1)
    write_workbook(tmp_path / "list.xlsx", [["token", "rid", "msg"], ["t", "r", "Hi"]])
    file = tmp_path / "c.toml"
    server = '[server]\nurl = "https://chat.example.com"\n'
    file.write_text(f'template = "livechat-text"\n{server}[recipients]\nfile = "list.{kind}"\n{setting}\n', "utf-8")
    result = command("check", file)
    assert result.code == 2
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_livechat_campaign_without_a_server_says_where_to_set_it(command: Campaign, tmp_path: Path) -> None:
    result = command("run", livechat_list(tmp_path / "list.csv", 1), *LIVECHAT)
    assert result.code == 2
    assert "server.url: livechat needs the address of your server" in result.stderr


@pytest.mark.parametrize("url", ["chat.example.com", "ftp://chat.example.com", "https://", "https://a b"])
def test_a_bad_url_is_refused(command: Campaign, tmp_path: Path, url: str) -> None:
    result = command("run", livechat_list(tmp_path / "list.csv", 1), *LIVECHAT, "--server", url)
    assert result.code == 2
    assert "write it as https://chat.example.com" in result.stderr


def test_a_missing_key_names_the_variable(command: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KITECHAT_API_KEY", raising=False)
    recipients = write_csv(tmp_path / "list.csv", [["page_id", "conversation_id", "text"], ["1", "2", "x"]])
    result = command("run", recipients, "--template", "kitechat-text", "--yes")
    assert result.code == 2
    assert "set KITECHAT_API_KEY" in result.stderr


def test_an_unreachable_server_stops_the_run_with_every_row_pending(command: Campaign, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        file = tmp_path / "c.toml"
        livechat_list(tmp_path / "list.csv", 5)
        file.write_text(
            f'template = "livechat-text"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{url}"\n'
            '[delivery]\ngive_up_after = "300ms"\n'
        )
        result = command("run", file, "--yes", "--json")
    assert result.code == 3
    assert (result.json["state"], result.json["pending"], result.json["sent"]) == ("stopped", 5, 0)
    assert "cannot be reached" in result.json["reason"]
    assert "campaign resume" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "missing.toml"), "there is no such file"),
        (("run", "missing.xlsx", "--template", "livechat-text", "--server", "https://x.y"), "missing.xlsx"),
        (("run", "list.csv"), "a spreadsheet needs a template"),
        (("run", "list.csv", "--template", "livechat-txt"), "did you mean “livechat-text”?"),
        (("run", "list.csv", "--template", "livechat-text", "--map", "msg"), "has no ="),
        (("run", "list.csv", "--template", "livechat-text", "--rate", "fast", "--server", "https://x.y"), "not a rate"),
        (("run", "list.csv", "--template", "livechat-text", "--server", "https://x.y", "--results", "no/such/x.xlsx"),
         "no such folder"),
        (("resume", "list.csv"), "no run of this campaign on record"),
        (("results", "list.csv"), "no run of this campaign on record"),
        (("check", "empty.csv", "--template", "livechat-text", "--server", "https://x.y"), "no row below the header"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value)[:40],
)  # fmt: skip
def test_wrong_arguments_are_refused_in_a_sentence(
    command: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    livechat_list(Path("list.csv"), 1)
    write_csv(Path("empty.csv"), [["token", "rid", "msg"]])
    result = command(*arguments)
    assert result.code == 2
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_verbose_shows_where_an_error_came_from(command: Campaign, tmp_path: Path) -> None:
    assert "Traceback" in command("check", tmp_path / "missing.toml", "-v").stderr


def test_a_rehearsal_sends_nothing_to_the_real_server(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 2)
    result = command("run", recipients, "--template", "livechat-text", "--server", server.url, "--sandbox", *FAST)
    assert (result.code, result.json["sent"]) == (0, 2)
    assert not server.ledger.entries
