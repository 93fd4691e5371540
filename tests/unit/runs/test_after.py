"""What is told of the end of a run: real commands, a real web hook, and what becomes of those that fail."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import IO, Any

import pytest

from campaign import operating_system
from campaign.config import AfterSection
from campaign.delivery.proxies import NO_PROXIES, ProxySettings
from campaign.errors import Problem
from campaign.operating_system import WINDOWS, grants_write_to_many, others_can_write
from campaign.runs.after import AfterContext, environment_without_secrets, notify

SUMMARY = {"run": 1, "state": "finished", "reason": None, "sent": 3, "results": "kết quả.xlsx", "warnings": []}

POSIX = pytest.mark.skipif(WINDOWS, reason="modes of POSIX")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A campaign file that is its owner's alone."""
    made = tmp_path / "c.toml"
    made.write_text("")
    made.chmod(0o600)
    return made


Tell = Callable[..., list[Problem]]


@pytest.fixture
def told(file: Path) -> Tell:
    """Tell, and return the warnings."""

    def run(*, environment: dict[str, str] | None = None, patience: float = 20.0, **after: object) -> list[Problem]:
        warnings: list[Problem] = []
        context = AfterContext(file, environment or dict(os.environ), NO_PROXIES, patience)
        notify(AfterSection.model_validate(after), SUMMARY, context, warnings.append)
        return warnings

    return run


def python(program: str, *words: str) -> list[str]:
    return [sys.executable, "-c", program, *words]


COPY = "import pathlib, sys; pathlib.Path('told.json').write_bytes(sys.stdin.buffer.read())"
"""Writes what it is told into the folder that it runs in."""


# A command


def test_a_command_gets_the_summary_on_its_standard_input_beside_the_campaign_file(told: Tell, file: Path) -> None:
    assert told(command=python(COPY)) == []
    assert json.loads((file.parent / "told.json").read_text()) == SUMMARY


def test_no_shell_reads_the_words_of_a_command(told: Tell, file: Path) -> None:
    program = "import pathlib, sys; pathlib.Path('words').write_text(chr(10).join(sys.argv[1:]))"
    words = ["$HOME", "; rm -rf .", "*", "a b", "%PATH%", "`id`"]
    assert told(command=python(program, *words)) == []
    assert (file.parent / "words").read_text().splitlines() == words


def test_a_command_that_reads_nothing_is_no_failure(told: Tell) -> None:
    assert told(command=python("pass")) == []


def test_what_a_command_says_is_not_shown(told: Tell, capfd: pytest.CaptureFixture[str]) -> None:
    assert told(command=python("import sys; print('out'); print('err', file=sys.stderr)")) == []
    assert capfd.readouterr() == ("", "")


def test_a_command_that_fails_is_a_warning_with_its_last_words(told: Tell) -> None:
    program = "import sys; print('first', flush=True); print('no such channel', file=sys.stderr); sys.exit(7)"
    (warning,) = told(command=python(program))
    assert warning.where == f"[after] command {sys.executable}"
    assert warning.what == "ended with exit code 7: no such channel"
    assert warning.code == "after-failed"


def test_a_command_that_is_not_there_is_a_warning(told: Tell) -> None:
    (warning,) = told(command=["no-such-program-anywhere"])
    assert warning.what == "cannot be started (No such file or directory)"


def test_a_command_may_say_more_than_a_disk_holds_and_its_last_line_is_shown(
    told: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[int] = []
    made = tempfile.TemporaryFile

    def noted() -> IO[bytes]:
        files.append(1)
        return made()

    monkeypatch.setattr(tempfile, "TemporaryFile", noted)
    lines = "[sys.stdout.write('x' * 99 + chr(10)) for _ in range(200_000)]"
    program = f"import sys; {lines}; sys.stdout.flush(); sys.exit('the end')"
    (warning,) = told(command=python(program))
    assert warning.what == "ended with exit code 1: the end"
    assert files == [1]  # what it is told


def test_a_command_that_leaves_something_running_is_not_waited_for(told: Tell) -> None:
    child = "import time; time.sleep(5)"
    program = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}]); sys.exit('left it')"
    began = time.monotonic()
    (warning,) = told(command=python(program))
    assert warning.what == "ended with exit code 1: left it"
    assert time.monotonic() - began < 4


@POSIX
def test_a_command_that_a_signal_ended_says_which(told: Tell) -> None:
    (warning,) = told(command=python("import os; os.kill(os.getpid(), 9)"))
    assert warning.what == "was ended by SIGKILL"


@pytest.mark.slow
def test_a_command_that_does_not_end_is_ended_with_all_it_has_started(told: Tell, file: Path) -> None:
    later = "import pathlib, time; time.sleep(3); pathlib.Path('later').touch()"
    program = (
        f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {later!r}]); "
        "print('waiting', flush=True); time.sleep(60)"
    )
    began = time.monotonic()
    (warning,) = told(command=python(program), patience=1.0)
    assert time.monotonic() - began < 10
    assert warning.what == "had not ended after 1 s and was ended: waiting"
    time.sleep(2.5)
    assert not (file.parent / "later").exists()


def test_an_interrupt_ends_the_command_and_not_the_program(told: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    start = operating_system.start_apart

    def interrupted(_seconds: float) -> int:
        monkeypatch.undo()
        raise KeyboardInterrupt

    def start_and_interrupt(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401 - as it came
        started.append(start(command, **options))
        monkeypatch.setattr(started[0], "wait", interrupted)
        return started[0]

    monkeypatch.setattr("campaign.runs.after.start_apart", start_and_interrupt)
    (warning,) = told(command=python("import time; time.sleep(60)"))
    assert warning.what == "was interrupted"
    assert started[0].returncode


@POSIX
def test_a_path_is_relative_to_the_campaign_file_wherever_the_command_is_given(
    told: Tell, file: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = file.parent / "tools" / "notify"
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\n{COPY}\n")
    (file.parent / "notify").symlink_to(script)
    script.chmod(0o700)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    for word in ("tools/notify", "./notify"):
        assert told(command=[word]) == []
        (file.parent / "told.json").unlink()


def test_a_campaign_file_may_be_named_by_a_relative_path(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent.parent)
    warnings: list[Problem] = []
    context = AfterContext(Path(file.parent.name) / file.name, dict(os.environ), NO_PROXIES)
    notify(AfterSection.model_validate({"command": python(COPY)}), SUMMARY, context, warnings.append)
    assert warnings == []
    assert (file.parent / "told.json").exists()


def test_a_command_gets_no_key_and_nothing_that_says_where_one_is(told: Tell, file: Path) -> None:
    secrets = {
        "KITECHAT_API_KEY": "the-key",
        "KITECHAT_API_KEY_FILE": "/etc/key",
        "ROCKETCHAT_AUTH_TOKEN": "the-token",
        "ROCKETCHAT_AUTH_TOKEN_FILE": "/etc/token",
        "ROCKETCHAT_USER_ID": "u1",
        "CAMPAIGN_JOURNAL": "postgresql://me:password@db/campaign",
    }
    program = "import json, os, pathlib; pathlib.Path('env').write_text(json.dumps(dict(os.environ)))"
    assert told(command=python(program), environment={**os.environ, **secrets, "LANG": "vi_VN"}) == []
    given = json.loads((file.parent / "env").read_text())
    assert given.keys().isdisjoint(secrets)
    assert given["LANG"] == "vi_VN"
    assert not any(value in json.dumps(given) for value in secrets.values() if len(value) > 2)


def test_names_of_variables_are_compared_in_any_case() -> None:
    assert environment_without_secrets({"Kitechat_Api_Key": "x", "rocketchat_user_id": "y", "Path": "z"}) == {
        "Path": "z"
    }


# Who can write the campaign file


@POSIX
@pytest.mark.parametrize(
    ("mode", "of"),
    [
        pytest.param(0o620, "file", id="its group"),
        pytest.param(0o602, "file", id="everybody"),
        pytest.param(0o770, "folder", id="the folder's group"),
        pytest.param(0o707, "folder", id="everybody, in the folder"),
    ],
)
def test_a_command_in_a_file_that_others_can_write_is_not_run(told: Tell, file: Path, mode: int, of: str) -> None:
    place = file if of == "file" else file.parent
    place.chmod(mode)
    (warning,) = told(command=python(COPY))
    assert warning.what.startswith("was not run: others can write the ")
    assert str(place) in warning.what
    assert warning.remedy.startswith("take the right to write from the others: chmod go-w ")
    assert warning.code == "after-not-run"
    assert not (file.parent / "told.json").exists()


@POSIX
@pytest.mark.parametrize("words", [["tools/notify"], [sys.executable, "tools/notify"]], ids=["program", "script"])
@pytest.mark.parametrize("of", ["program", "folder"])
def test_a_program_that_others_can_write_is_not_run(told: Tell, file: Path, words: list[str], of: str) -> None:
    script = file.parent / "tools" / "notify"
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\n{COPY}\n")
    script.chmod(0o700)
    assert told(command=words) == []
    place = script if of == "program" else script.parent
    place.chmod(0o777)
    (warning,) = told(command=words)
    assert warning.code == "after-not-run"
    assert str(warning.remedy).endswith(f"chmod go-w {place}")


@POSIX
def test_a_folder_in_which_each_removes_only_its_own_files_is_no_reason(told: Tell, file: Path) -> None:
    file.parent.chmod(0o1777)
    assert told(command=python(COPY)) == []


@POSIX
def test_a_file_of_another_user_is_one_that_others_can_write(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not others_can_write(file)
    own = file.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    assert others_can_write(file) is (own != 0)


def test_a_campaign_file_that_is_gone_has_no_command(told: Tell, file: Path) -> None:
    file.unlink()
    (warning,) = told(command=python(COPY))
    assert warning.what.startswith("was not run: it is unknown who can write the campaign file")


@pytest.mark.parametrize(
    ("access_list", "open_to_many"),
    [
        pytest.param("D:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;FA;;;S-1-5-21-1-2-3-1001)", False, id="a user's own"),
        pytest.param("D:AI(A;ID;FA;;;SY)(A;ID;0x1301bf;;;AU)(A;ID;0x1200a9;;;BU)", True, id="below C:\\"),
        pytest.param("D:AI(A;ID;FA;;;BA)(A;ID;0x1200a9;;;BU)", False, id="users may read"),
        pytest.param("D:(A;;FA;;;WD)", True, id="everyone"),
        pytest.param("D:(A;;FR;;;WD)", False, id="everyone may read"),
        pytest.param("D:(A;;FRFW;;;S-1-1-0)", True, id="everyone, by number"),
        pytest.param("D:(D;;FA;;;WD)(A;;FA;;;SY)", False, id="everyone is denied"),
        pytest.param("D:(A;OICIIO;GA;;;WD)(A;;FA;;;SY)", False, id="inherited by what is within, only"),
        pytest.param("D:(A;;0x2;;;BG)", True, id="guests may write"),
        pytest.param("D:NO_ACCESS_CONTROL", True, id="no list"),
        pytest.param("D:", False, id="an empty list"),
        pytest.param("", True, id="nothing"),
        pytest.param("D:(XA;;FA;;;WD;(a==b))", False, id="a conditional entry"),
    ],
)
def test_an_access_list_of_windows_says_whether_many_can_write(access_list: str, *, open_to_many: bool) -> None:
    assert grants_write_to_many(access_list) is open_to_many


# A web hook


class Hook:
    """A web hook on loopback."""

    def __init__(self) -> None:
        self.status = 200
        self.delay = 0.0
        self.posts: list[tuple[str, dict[str, str], bytes]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.posts.append((self.path, dict(self.headers.items()), body))
                time.sleep(hook.delay)
                self.send_response(hook.status)
                self.send_header("Content-Length", "0")
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_web_hook_is_posted_the_summary(told: Tell, hook: Hook) -> None:
    assert told(webhook=f"{hook.url}/services/T0/secret?to=ops") == []
    ((path, headers, body),) = hook.posts
    assert path == "/services/T0/secret?to=ops"
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == SUMMARY
    assert told(webhook=hook.url) == []
    assert hook.posts[1][0] == "/"


@pytest.mark.parametrize("status", [302, 400, 404, 500])
def test_a_web_hook_that_does_not_take_it_is_a_warning_without_its_address(told: Tell, hook: Hook, status: int) -> None:
    hook.status = status
    (warning,) = told(webhook=f"{hook.url}/services/secret")
    assert (warning.where, warning.what) == ("[after] webhook 127.0.0.1", f"answered HTTP {status}")
    assert "secret" not in str(warning)
    assert len(hook.posts) == 1


def test_a_web_hook_that_does_not_answer_is_a_warning(told: Tell, hook: Hook) -> None:
    hook.delay = 0.6
    (warning,) = told(webhook=f"{hook.url}/services/secret", patience=0.3)
    assert "no answer" in warning.what
    hook.server.server_close()
    (refused,) = told(webhook="http://127.0.0.1:1/secret")
    assert "secret" not in str(refused)
    assert refused.code == "after-failed"


def test_a_web_hook_is_reached_through_the_proxy(file: Path, hook: Hook) -> None:
    warnings: list[Problem] = []
    context = AfterContext(file, {}, ProxySettings(http=hook.url), 5.0)
    notify(AfterSection(webhook="http://hooks.example/x"), SUMMARY, context, warnings.append)
    assert warnings == []
    assert hook.posts[0][0] == "http://hooks.example/x"


@POSIX
def test_a_web_hook_needs_no_file_of_ones_own_and_both_are_told(told: Tell, hook: Hook, file: Path) -> None:
    assert told(command=python(COPY), webhook=hook.url) == []
    assert (file.parent / "told.json").exists()
    file.chmod(0o666)
    (warning,) = told(command=python(COPY), webhook=hook.url)
    assert warning.code == "after-not-run"
    assert len(hook.posts) == 2


def test_an_interrupt_ends_the_wait_for_a_web_hook(told: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(work: object) -> str:
        work.close()  # type: ignore[attr-defined] # a coroutine
        raise KeyboardInterrupt

    monkeypatch.setattr(asyncio, "run", interrupted)
    (warning,) = told(webhook="http://127.0.0.1:1/")
    assert warning.what == "was interrupted"


def test_where_nothing_is_named_nothing_happens(told: Tell) -> None:
    assert told() == []
