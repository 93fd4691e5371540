"""What a run and a resume tell others at their end, and that nothing of it changes how they end."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from campaign.sandbox import Fault, FaultPlan
from tests.integration.conftest import FAST, kitechat_list, livechat_list

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Campaign, RunningSandbox

TELL = "import os, pathlib, sys; pathlib.Path('told.json').write_bytes(sys.stdin.buffer.read())"


def campaign_file(folder: Path, server: RunningSandbox, program: str = TELL, template: str = "livechat-text") -> Path:
    file = folder / "c.toml"
    command = json.dumps([sys.executable, "-c", program])
    file.write_text(
        f'template = "{template}"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{server.url}"\n'
        f"[after]\ncommand = {command}\n",
        encoding="utf-8",
    )
    file.chmod(0o600)
    return file


def told(folder: Path) -> dict[str, Any]:
    found = json.loads((folder / "told.json").read_text())
    (folder / "told.json").unlink()
    assert isinstance(found, dict)
    return found


def test_a_run_and_a_resume_tell_what_json_says(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    livechat_list(tmp_path / "list.csv", 4)
    file = campaign_file(tmp_path, server)
    stopped = command("run", file, *FAST, "--limit", "2")
    assert stopped.code == 3
    assert told(tmp_path) == stopped.json
    assert stopped.json["state"] == "stopped"
    finished = command("resume", file, *FAST)
    assert (finished.code, finished.json["sent"]) == (0, 4)
    assert told(tmp_path) == finished.json
    quiet = command("resume", file, "--yes", "-q")
    assert (quiet.code, quiet.stdout, quiet.stderr) == (0, "", "")
    assert told(tmp_path)["sent"] == 4


def test_a_stop_by_server_trouble_is_told_too(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    livechat_list(tmp_path / "list.csv", 3)
    server.sandbox.set_faults(FaultPlan(script=(Fault.UNAUTHORIZED_BEFORE,)))
    said = command("run", campaign_file(tmp_path, server), *FAST, "--concurrency", "1")
    assert said.code == 3
    assert "refuses access" in told(tmp_path)["reason"]


@pytest.mark.parametrize(
    ("program", "warning"),
    [
        pytest.param("import sys; sys.exit('no channel')", "ended with exit code 1: no channel", id="it fails"),
        pytest.param("import sys; sys.exit(0)", "", id="it does not"),
    ],
)
def test_a_failure_is_a_warning_and_changes_no_exit_code(
    command: Campaign, server: RunningSandbox, tmp_path: Path, program: str, warning: str
) -> None:
    livechat_list(tmp_path / "list.csv", 2)
    said = command("run", campaign_file(tmp_path, server, program), *FAST)
    assert (said.code, said.json["sent"]) == (0, 2)
    assert (f"Warning: [after] command {sys.executable}: {warning}" in said.stderr) is bool(warning)


def test_a_command_in_a_file_that_others_can_write_is_not_run(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    if os.name != "posix":
        pytest.skip("modes of POSIX")
    livechat_list(tmp_path / "list.csv", 2)
    file = campaign_file(tmp_path, server)
    file.chmod(0o666)
    said = command("run", file, *FAST)
    assert said.code == 0
    assert f"was not run: others can write the campaign file, {file}" in said.stderr
    assert not (tmp_path / "told.json").exists()


def test_a_rehearsal_a_test_and_an_undo_tell_nobody(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    livechat_list(tmp_path / "list.csv", 2)
    file = campaign_file(tmp_path, server)
    assert command("run", file, "--sandbox", *FAST).code == 0
    assert command("test", file, *FAST, "--to", "token=a", "--to", "rid=b").code == 0
    assert command("run", file).code == 2  # there is nobody to ask, so nothing was sent
    assert not (tmp_path / "told.json").exists()
    assert command("run", file, *FAST).code == 0
    told(tmp_path)
    assert command("undo", file, *FAST).code == 0
    assert command("results", file).code == 0
    assert not (tmp_path / "told.json").exists()


def test_the_key_is_in_nothing_that_the_command_gets(
    command: Campaign, server: RunningSandbox, api_key: str, tmp_path: Path
) -> None:
    kitechat_list(tmp_path / "list.csv", 2)
    program = (
        "import json, os, pathlib, sys; "
        "pathlib.Path('all').write_text(json.dumps([sys.argv, dict(os.environ), sys.stdin.read()]))"
    )
    said = command("run", campaign_file(tmp_path, server, program, "kitechat-text"), *FAST)
    assert (said.code, said.json["sent"]) == (0, 2)
    found = (tmp_path / "all").read_text()
    assert "PATH" in found
    assert api_key not in found
    assert "KITECHAT" not in found


def test_a_resume_takes_what_the_file_says_today_and_refuses_what_is_wrong_before_it_sends(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    livechat_list(tmp_path / "list.csv", 4)
    file = campaign_file(tmp_path, server)
    command("run", file, *FAST, "--limit", "1")
    told(tmp_path)
    right = file.read_text()
    file.write_text(right.replace("command =", "comand ="))
    said = command("resume", file, *FAST)
    assert (said.code, "after.comand: there is no such setting; did you mean “command”?" in said.stderr) == (2, True)
    assert len(server.ledger.taken()) == 1
    file.write_text(right.partition("[after]")[0])
    assert command("resume", file, *FAST).json["sent"] == 4
    assert not (tmp_path / "told.json").exists()


def test_a_campaign_without_a_file_tells_nobody(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 2)
    assert command("run", recipients, "--template", "livechat-text", "--server", server.url, *FAST).code == 0
    assert command("resume", recipients, *FAST).code == 0
