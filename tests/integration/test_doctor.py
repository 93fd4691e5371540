"""`campaign doctor` finds what would stop a run, and sends nothing."""

from __future__ import annotations

import errno
import json
import os
import re
import socket
import sqlite3
import tempfile
from collections.abc import Iterator
from inspect import signature
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from campaign.channels.base import Response
from campaign.channels.kitechat.probe import KitechatProbe
from campaign.channels.probe import FirstPage
from campaign.channels.rocketchat import ROCKETCHAT
from campaign.channels.sandbox_api import RateLimit
from campaign.cli.main import campaign
from campaign.doctor import versions
from campaign.sandbox import Fault, FaultPlan, ListSettings, SandboxSettings

from .conftest import FAST, Campaign, RunningSandbox, Said, StartSandbox, livechat_list

TOKEN = "ab/cd+ef&gh==SECRET"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "KITECHAT_API_KEY", "CAMPAIGN_JOURNAL"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def livechat(folder: Path, server: str, more: str = "") -> Path:
    livechat_list(folder / "list.csv", 3)
    file = folder / "tet.toml"
    text = f'template = "livechat-text"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{server}"\n{more}'
    file.write_text(text, encoding="utf-8")
    return file


def kitechat(folder: Path, server: str) -> Path:
    (folder / "list.csv").write_text("page_id,conversation_id,text\n1,2,hello\n", encoding="utf-8")
    file = folder / "tet.toml"
    text = f'template = "kitechat-text"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{server}"\n'
    file.write_text(text, encoding="utf-8")
    return file


def rocketchat(folder: Path, server: str, monkeypatch: pytest.MonkeyPatch, token: str = TOKEN) -> Path:
    monkeypatch.setenv("ROCKETCHAT_AUTH_TOKEN", token)
    monkeypatch.setenv("ROCKETCHAT_USER_ID", "u1-kim")
    (folder / "list.csv").write_text("rid,msg\nroom,hello\n", encoding="utf-8")
    file = folder / "tet.toml"
    text = f'template = "rocketchat-text"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{server}"\n'
    file.write_text(text, encoding="utf-8")
    return file


def state_of(said: Said, name: str) -> str:
    """The worst state of the checks of a name; fails where none is told of it or a remedy is missing."""
    found: list[dict[str, str]] = [each for each in said.json["checks"] if each["name"] == name]
    assert all(set(each) == {"name", "state", "message", "remedy"} for each in found)
    assert all(bool(each["remedy"]) == (each["state"] != "ok") for each in found)
    return max((each["state"] for each in found), key=["ok", "warning", "problem"].index)


def message_of(said: Said, name: str) -> str:
    return " ".join(each["message"] for each in said.json["checks"] if each["name"] == name)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_nothing_is_wrong_with_a_campaign_that_can_be_run(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    file = livechat(tmp_path, server.url)
    said = command("doctor", file, "--json")
    assert {each["state"] for each in said.json["checks"]} == {"ok"}, said.stdout
    names = [each["name"] for each in said.json["checks"]]
    assert names == [
        *("python", "libraries", "sqlite", "encoding", "terminal", "campaign"),
        *("folder", "journal", "key", "proxy", "server", "clock", "limit"),
    ]
    assert said.code == 0
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "doctor.md").read_text(encoding="utf-8")
    assert [name for name in names if f"`{name}`" not in page] == []
    assert not server.bodies()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["list.csv", "tet.toml"]


def test_the_text_names_every_check_and_that_nothing_was_sent(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    file = livechat(tmp_path, server.url)
    said = command("doctor", file)
    assert said.stdout.splitlines()[-1] == "Nothing wrong. No message was sent."
    assert command("doctor", file, "-q").stdout == ""


def test_without_a_campaign_what_concerns_every_campaign_is_looked_at(
    command: Campaign, server: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = command("doctor", "--json", "--server", server.url)
    assert said.code == 0
    assert state_of(said, "server") == "warning"  # something answers, and nothing was asked of an API
    assert command("doctor", "--server", "no address").code == 2
    assert command("doctor", "--journal", "no address").code == 2


def test_the_sandbox_with_a_list_shows_that_the_key_is_taken(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path, api_key: str
) -> None:
    server = start_sandbox(SandboxSettings(listing=ListSettings()))
    said = command("doctor", kitechat(tmp_path, server.url), "--json")
    assert state_of(said, "server") == "ok"
    assert "takes the key" in message_of(said, "server")
    assert api_key not in said.stdout + said.stderr
    assert said.code == 0


def test_a_server_without_a_list_is_reached_all_the_same(
    command: Campaign, server: RunningSandbox, tmp_path: Path, api_key: str
) -> None:
    said = command("doctor", kitechat(tmp_path, server.url), "--json")
    assert (state_of(said, "server"), said.code) == ("warning", 0)
    assert api_key not in said.stdout


def test_a_user_that_is_logged_in_is_told_of_and_sends_nothing(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_sandbox(
        SandboxSettings(credentials={"auth_token": TOKEN, "user_id": "u1-kim"}, limit=RateLimit(10, 60.0))
    )
    said = command("doctor", rocketchat(tmp_path, server.url, monkeypatch), "--json")
    assert (said.code, state_of(said, "server"), state_of(said, "key")) == (0, "ok", "ok")
    assert "takes the token and the user id" in message_of(said, "server")
    assert message_of(said, "key") == "the personal access token and user id of rocketchat are set (and not shown)"
    assert "10 requests in 60 s" in message_of(said, "limit")
    assert [(entry.method, entry.taken) for entry in server.ledger.entries] == [("GET", False)]
    assert TOKEN not in said.stdout + said.stderr


def test_a_token_that_the_server_does_not_accept_is_found(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_sandbox(SandboxSettings(credentials={"auth_token": "another", "user_id": "u1-kim"}))
    said = command("doctor", rocketchat(tmp_path, server.url, monkeypatch), "--json")
    assert (said.code, state_of(said, "server")) == (1, "problem")
    assert "ROCKETCHAT_AUTH_TOKEN and ROCKETCHAT_USER_ID have to be" in message_of(said, "server")
    (check,) = (each for each in said.json["checks"] if each["name"] == "server")
    assert check["remedy"].startswith("check that the credentials are those of this server")
    assert TOKEN not in said.stdout + said.stderr


def test_a_missing_key_is_found(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    said = command("doctor", kitechat(tmp_path, server.url), "--json")
    assert (state_of(said, "key"), said.code) == ("problem", 1)


def test_a_key_file_that_cannot_be_read_is_found(
    command: Campaign, server: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITECHAT_API_KEY_FILE", str(tmp_path))  # a folder: nobody can read it as a file
    said = command("doctor", kitechat(tmp_path, server.url), "--json")
    assert (state_of(said, "key"), said.code) == ("problem", 1)
    assert "cannot be read" in message_of(said, "key")


def test_a_server_that_cannot_be_reached_is_found(command: Campaign, tmp_path: Path) -> None:
    said = command("doctor", livechat(tmp_path, f"http://127.0.0.1:{free_port()}"), "--json")
    assert (state_of(said, "server"), said.code) == ("problem", 1)
    assert "clock" not in said.stdout


@pytest.mark.parametrize(
    "fault", [Fault.HTML_BEFORE, Fault.REDIRECT_BEFORE, Fault.UNAUTHORIZED_BEFORE, Fault.BAD_GATEWAY_BEFORE]
)
def test_a_server_that_answers_as_another_would_is_found(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path, fault: Fault
) -> None:
    server = start_sandbox(SandboxSettings(faults=FaultPlan({fault: 1.0}, on_read_back=True)))
    said = command("doctor", livechat(tmp_path, server.url), "--json")
    assert (state_of(said, "server"), said.code) == ("problem", 1)
    assert not [each for each in said.json["checks"] if each["name"] == "limit"]  # another program states none


@pytest.mark.parametrize("skew", [300.0, -300.0], ids=["ahead", "behind"])
def test_a_clock_that_is_off_by_minutes_is_found(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path, skew: float
) -> None:
    server = start_sandbox(SandboxSettings(clock_skew=skew))
    said = command("doctor", livechat(tmp_path, server.url), "--json")
    assert (state_of(said, "clock"), said.code) == ("problem", 1)
    assert "5 min" in message_of(said, "clock")


def delivered(command: Campaign, server: RunningSandbox, folder: Path) -> tuple[Path, Path]:
    """A campaign that was run, and its journal."""
    file = livechat(folder, server.url)
    assert command("run", file, *FAST).code == 0
    return file, folder / "tet.journal.db"


def test_a_damaged_journal_is_found(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    file, journal = delivered(command, server, tmp_path)
    said = command("doctor", file, "--json")
    assert (state_of(said, "journal"), said.code) == ("ok", 0)
    assert "1 run on record" in message_of(said, "journal")
    content = bytearray(journal.read_bytes())
    content[len(content) // 2 :] = os.urandom(len(content) - len(content) // 2)
    journal.write_bytes(content)
    said = command("doctor", file, "--json")
    assert (state_of(said, "journal"), said.code) == ("problem", 1)


def test_a_journal_whose_write_ahead_log_is_missing_is_found(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    file, journal = delivered(command, server, tmp_path)
    with sqlite3.connect(journal) as connection:  # as a delivery that was killed leaves it, without its log
        connection.execute("UPDATE place SET mark = 1, epoch = epoch + 1")
    connection.close()
    said = command("doctor", file, "--json")
    assert (state_of(said, "journal"), said.code) == ("problem", 1)
    assert "-wal" in message_of(said, "journal")


def test_a_journal_that_is_gone_is_found(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    file, journal = delivered(command, server, tmp_path)
    journal.unlink()
    assert state_of(command("doctor", file, "--json"), "journal") == "problem"


@pytest.mark.skipif(os.name != "posix", reason="Windows has access lists in place of modes")
def test_a_journal_that_others_can_read_is_found_and_left_as_it_is(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    file, journal = delivered(command, server, tmp_path)
    journal.chmod(0o644)
    said = command("doctor", file, "--json")
    assert (state_of(said, "journal"), said.code) == ("warning", 0)
    assert journal.stat().st_mode & 0o777 == 0o644


def test_a_copied_journal_is_found(command: Campaign, server: RunningSandbox, disk_path: Path) -> None:
    file, journal = delivered(command, server, disk_path)
    copy = journal.read_bytes()
    journal.rename(journal.with_name("before"))
    journal.write_bytes(copy)
    journal.chmod(0o600)
    said = command("doctor", file, "--json")
    assert state_of(said, "journal") == "warning"
    assert "copy" in message_of(said, "journal")


def test_a_folder_that_cannot_be_written_is_found(
    command: Campaign, server: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = livechat(tmp_path, server.url)

    def refuse(**_: object) -> Iterator[None]:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)  # modes do not bind an administrator
    said = command("doctor", file, "--json")
    assert (state_of(said, "folder"), said.code) == ("problem", 1)
    assert "Permission denied" in message_of(said, "folder")


@pytest.mark.parametrize("charset", ["cp1252", "cp1258", "ascii"])
def test_a_terminal_that_cannot_show_vietnamese_is_found(server: RunningSandbox, tmp_path: Path, charset: str) -> None:
    streams: dict[str, Any] = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
    result = CliRunner(charset=charset, **streams).invoke(
        campaign, ["doctor", str(livechat(tmp_path, server.url)), "--json"]
    )
    found = {each["name"]: each["state"] for each in json.loads(result.stdout_bytes)["checks"]}
    assert (found["encoding"], result.exit_code) == ("warning", 0)


def test_a_proxy_that_does_not_answer_is_found(
    command: Campaign, server: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = livechat(tmp_path, server.url)
    monkeypatch.setenv("HTTP_PROXY", f"http://somebody:a-password@127.0.0.1:{free_port()}")
    said = command("doctor", file, "--json")
    assert (state_of(said, "proxy"), said.code) == ("problem", 1)
    assert "a-password" not in said.stdout + said.stderr
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert state_of(command("doctor", file, "--json"), "proxy") == "ok"
    monkeypatch.setenv("HTTP_PROXY", "socks5://127.0.0.1:1")
    assert state_of(command("doctor", file, "--json"), "proxy") == "problem"


def test_a_limit_below_the_rate_of_the_campaign_is_found(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(limit=RateLimit(10, 60.0)))
    file = livechat(tmp_path, server.url, '[throttle]\nrate = "10/s"\n')
    said = command("doctor", file, "--json")
    assert (state_of(said, "limit"), said.code) == ("warning", 0)
    assert "10 requests in 60 s" in message_of(said, "limit")


def test_a_library_that_is_too_old_is_found(
    command: Campaign, server: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "_installed", lambda name: "1.0" if name == "aiohttp" else "99")
    said = command("doctor", livechat(tmp_path, server.url), "--json")
    assert (state_of(said, "libraries"), said.code) == ("problem", 1)
    assert "aiohttp 1.0 is older than" in message_of(said, "libraries")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("template = 1", "campaign", id="a wrong value"),
        pytest.param('template = "livechat-text"\n[recipients]\nfile = "a.csv"\n', "server", id="no server"),
        pytest.param('template = "a.json"\n[recipients]\nfile = "a.csv"\n', "campaign", id="no such template"),
        pytest.param("= 1", "journal", id="no TOML"),
    ],
)
def test_a_campaign_file_that_cannot_be_used_is_found(command: Campaign, tmp_path: Path, text: str, name: str) -> None:
    file = tmp_path / "tet.toml"
    file.write_text(text, encoding="utf-8")
    said = command("doctor", file, "--json")
    assert (state_of(said, name), said.code) == ("problem", 1)


def test_a_database_that_cannot_be_reached_is_found(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    file = livechat(tmp_path, server.url)
    address = f"postgresql://an:a-password@127.0.0.1:{free_port()}/campaigns"
    said = command("doctor", file, "--journal", address, "--json")
    assert (state_of(said, "journal"), said.code) == ("problem", 1)
    assert "a-password" not in said.stdout + said.stderr
    assert state_of(command("doctor", "--journal", "postgresql://a@b@c/d", "--json"), "journal") == "problem"


def test_a_database_is_looked_at(command: Campaign, server: RunningSandbox, tmp_path: Path, postgres: str) -> None:
    file = livechat(tmp_path, server.url)
    said = command("doctor", file, "--journal", postgres, "--json")
    assert (state_of(said, "journal"), said.code) == ("ok", 0)
    assert "fsync on" in message_of(said, "journal")
    assert re.search(r"(no )?TLS, timeline [1-9]", message_of(said, "journal"))


def test_a_run_that_may_lack_attempts_is_found(
    command: Campaign, server: RunningSandbox, tmp_path: Path, postgres: str
) -> None:
    file = livechat(tmp_path, server.url)
    file = file.rename(file.with_name("moved-to-a-standby.toml"))
    assert command("run", file, "--journal", postgres, *FAST, "--limit", "1").code == 3
    with psycopg.connect(postgres) as connection:
        connection.execute("UPDATE campaign.run SET server = '1///' WHERE campaign = 'moved-to-a-standby'")
    said = command("doctor", file, "--journal", postgres, "--json")
    assert state_of(said, "journal") == "warning"
    assert "attempts that were on record may be missing" in message_of(said, "journal")
    assert command("resume", file, "--journal", postgres, *FAST, "--recover").code == 0
    assert state_of(command("doctor", file, "--journal", postgres, "--json"), "journal") == "ok"


def test_the_runs_of_a_campaign_in_a_database_are_counted(
    command: Campaign, server: RunningSandbox, tmp_path: Path, postgres: str
) -> None:
    file = livechat(tmp_path, server.url)
    file = file.rename(file.with_name("looked-at-by-doctor.toml"))
    assert command("run", file, "--journal", postgres, *FAST).code == 0
    said = command("doctor", file, "--json", "--journal", postgres)
    assert "1 run on record" in message_of(said, "journal")
    assert state_of(command("doctor", "--json", "--journal", postgres), "journal") == "ok"


def test_a_database_that_may_forget_what_it_has_committed_is_found(
    command: Campaign, server: RunningSandbox, tmp_path: Path, postgres: str
) -> None:
    sign = "&" if "?" in postgres else "?"
    address = f"{postgres}{sign}options=-csynchronous_commit%3Doff"
    said = command("doctor", livechat(tmp_path, server.url), "--journal", address, "--json")
    assert (state_of(said, "journal"), said.code) == ("problem", 1)
    assert "synchronous_commit = off" in message_of(said, "journal")


@pytest.mark.parametrize(
    ("status", "kind"), [(200, "Answered"), (302, "Answered"), (404, "Answered"), (429, "Throttled"), (502, "Indeter")]
)
def test_the_first_page_of_a_server_shows_that_something_is_there(status: int, kind: str) -> None:
    assert type(FirstPage().read(Response(status))).__name__.startswith(kind)


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        pytest.param(Response(200, body=b'{"success": true, "data": {"sessions": []}}'), "Answered", id="a list"),
        pytest.param(Response(200, body=b"{}"), "Answered", id="no list"),
        pytest.param(Response(400, body=b'{"success": false, "message": "times"}'), "Answered", id="another form"),
        pytest.param(Response(403), "Answered", id="forbidden"),
        pytest.param(Response(404, body=b"<html>"), "Answered", id="no such route"),
        pytest.param(Response(401, body=b"{}"), "Fatal", id="the key is refused"),
        pytest.param(Response(503), "Throttled", id="over the limit"),
        pytest.param(Response(200, body=b"<html>"), "Indeterminate", id="a page"),
    ],
)
def test_what_a_kitechat_server_answers_is_read(response: Response, kind: str) -> None:
    assert type(KitechatProbe().read(response)).__name__ == kind


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        pytest.param(Response(400, body=b'{"success": false}'), "Answered", id="no such message"),
        pytest.param(Response(400, body=b'{"success": false, "error": "x"}'), "Indeterminate", id="another failure"),
        pytest.param(Response(401, body=b'{"status": "error"}'), "Fatal", id="not logged in"),
        pytest.param(Response(404, body=b"<html>"), "Indeterminate", id="no such route"),
        pytest.param(Response(200, body=b"<html>"), "Indeterminate", id="a page"),
        pytest.param(Response(429), "Throttled", id="over the limit"),
    ],
)
def test_what_a_rocketchat_server_answers_is_read(response: Response, kind: str) -> None:
    assert type(ROCKETCHAT.probe.read(response)).__name__ == kind
