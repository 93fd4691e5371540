"""The API key on its way: to one server, in one header, and nowhere else, whatever a server says."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.integration.conftest import FAST, Campaign, RunningSandbox, kitechat_list

KEY = "ab/cd+ef&gh==SECRET"
FOUND = ("cd+ef&gh==SECRET", "ef%26gh", "ef&amp;gh", r"cd\u002bef")


class Echo(HTTPServer):
    """Answers every request with the same bytes."""

    status = 400
    location = ""
    body = b""


class Handler(BaseHTTPRequestHandler):
    server: Echo

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.respond()

    def do_GET(self) -> None:
        self.respond()

    def respond(self) -> None:
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.server.body)))
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> Iterator[Echo]:
    monkeypatch.setenv("KITECHAT_API_KEY", KEY)
    with Echo(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


REPEATED = pytest.mark.parametrize(
    ("status", "body", "location"),
    [
        pytest.param(401, rb'{"error":"invalid apikey ab\/cd+ef&gh==SECRET"}', "", id="JSON slash"),
        pytest.param(400, b'{"error":"invalid apikey ab%2Fcd%2Bef%26gh%3D%3DSECRET"}', "", id="percent"),
        pytest.param(400, b'{"error":"invalid apikey ab/cd+ef&amp;gh==SECRET"}', "", id="HTML"),
        pytest.param(302, b"", "/login?key=ab%2Fcd%2Bef%26gh%3D%3DSECRET", id="Location"),
        pytest.param(200, b'{"success":true,"id":"ab/cd+ef&gh==SECRET"}', "", id="message id"),
    ],
)


@REPEATED
def test_a_key_that_a_server_repeats_is_kept_nowhere(
    command: Campaign, echo: Echo, tmp_path: Path, *, status: int, body: bytes, location: str
) -> None:
    echo.status, echo.body, echo.location = status, body, location
    recipients = kitechat_list(tmp_path / "list.csv", 2)
    url = f"http://127.0.0.1:{echo.server_port}"
    said = command("run", recipients, "--template", "kitechat-text", "--server", url, "-v", *FAST)
    kept = said.stdout + said.stderr
    for left in tmp_path.iterdir():
        if left.suffix == ".xlsx":
            with zipfile.ZipFile(left) as book:
                kept += "".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
        else:
            kept += left.read_bytes().decode("utf-8", "replace")
    assert "[the API key]" in kept
    for part in FOUND:
        assert part.lower() not in kept.lower()


@REPEATED
def test_a_key_that_a_server_repeats_is_not_shown_by_doctor(
    command: Campaign, echo: Echo, tmp_path: Path, *, status: int, body: bytes, location: str
) -> None:
    echo.status, echo.body, echo.location = status, body, location
    recipients = kitechat_list(tmp_path / "list.csv", 2)
    url = f"http://127.0.0.1:{echo.server_port}"
    said = command("doctor", recipients, "--template", "kitechat-text", "--server", url, "--json")
    assert any(each["name"] == "server" for each in said.json["checks"])
    assert not [each for each in FOUND if each in said.stdout + said.stderr]


def test_a_journal_does_not_decide_where_a_key_is_sent(
    command: Campaign, server: RunningSandbox, tmp_path: Path, api_key: str
) -> None:
    recipients = kitechat_list(tmp_path / "list.csv", 4)
    command("run", recipients, "--template", "kitechat-text", "--server", server.url, "--limit", "1", *FAST)
    journal = sqlite3.connect(tmp_path / "list.journal.db")
    with journal:
        [(facts,)] = journal.execute("SELECT facts FROM run").fetchall()
        changed = {**json.loads(facts), "server": server.url.replace("127.0.0.1", "0.0.0.0")}  # noqa: S104
        journal.execute("UPDATE run SET facts = ?", (json.dumps(changed),))
    journal.close()
    resumed = command("resume", recipients, *FAST)
    assert resumed.code == 2
    assert "is not encrypted, and the API key must not travel in the clear; use https://" in resumed.stderr
    assert "list.journal.db, run 1: " in resumed.stderr
    assert api_key not in resumed.stderr
    assert len(server.ledger.entries) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="files have no mode there")
@pytest.mark.parametrize(("mode", "warned"), [(0o644, True), (0o602, True), (0o600, False), (0o640, False)])
def test_a_key_file_that_everybody_can_read_is_warned_of(
    command: Campaign,
    server: RunningSandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    mode: int,
    warned: bool,
) -> None:
    key = tmp_path / "key.txt"
    key.write_text("secret-key-123")
    key.chmod(mode)
    monkeypatch.setenv("KITECHAT_API_KEY", "")
    monkeypatch.setenv("KITECHAT_API_KEY_FILE", str(key))
    recipients = kitechat_list(tmp_path / "list.csv", 1)
    said = command("run", recipients, "--template", "kitechat-text", "--server", server.url, "-q", *FAST)
    assert said.code == 0
    assert ("everybody on this computer can read" in said.stderr) is warned
    assert "secret-key-123" not in said.stderr


def test_on_windows_nothing_is_said_about_modes(
    command: Campaign, server: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "key.txt"
    key.write_text("secret-key-123")
    key.chmod(0o644)
    monkeypatch.setenv("KITECHAT_API_KEY_FILE", str(key))
    monkeypatch.delenv("KITECHAT_API_KEY", raising=False)
    monkeypatch.setattr("campaign.cli.credentials.os", type("Windows", (), {"name": "nt", "environ": os.environ}))
    recipients = kitechat_list(tmp_path / "list.csv", 1)
    said = command("run", recipients, "--template", "kitechat-text", "--server", server.url, "-q", *FAST)
    assert (said.code, said.stderr) == (0, "")
