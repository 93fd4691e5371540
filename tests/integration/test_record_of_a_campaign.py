"""Whose record it is, and what differs from what a run was planned with: said before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.integration.conftest import Campaign, RunningSandbox, livechat_list

FAST = ("--rate", "1000/s", "--yes", "--json")


@pytest.fixture
def started(command: Campaign, server: RunningSandbox, tmp_path: Path) -> Path:
    """A campaign file of which three of ten rows are sent."""
    livechat_list(tmp_path / "list.csv", 10)
    (tmp_path / "t.toml").write_text(
        'channel = "livechat"\n[payload]\ntoken = "{{ token }}"\nrid = "{{ rid }}"\nmsg = "{{ msg }}"\n'
    )
    file = tmp_path / "c.toml"
    file.write_text(
        f'name = "c"\ntemplate = "t.toml"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{server.url}"\n'
    )
    assert command("run", file, "--limit", "3", *FAST).json["sent"] == 3
    return file


def edit(file: Path, old: str, new: str) -> None:
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_two_campaign_files_of_one_name_do_not_finish_each_others_runs(
    command: Campaign, server: RunningSandbox, started: Path
) -> None:
    second = started.with_name("second.toml")
    second.write_text(started.read_text())
    for words in (("resume",), ("resume", "--moved"), ("run",), ("run", "--new")):
        said = command(words[0], second, *words[1:], "--yes")
        assert said.code == 2
        assert "is of c.toml, which has the same name “c”; give this one a name of its own" in said.stderr
    assert len(server.bodies()) == 3


def test_a_campaign_file_that_was_renamed_asks(command: Campaign, started: Path) -> None:
    second = started.rename(started.with_name("second.toml"))
    said = command("resume", second, "--yes")
    assert (said.code, "was planned from c.toml, which is gone" in said.stderr) == (2, True)
    assert command("resume", second, "--moved", *FAST).json["sent"] == 10


@pytest.mark.parametrize("words", [("resume",), ("run",)], ids=["resume", "run"])
def test_a_name_that_was_edited_is_said(
    command: Campaign, server: RunningSandbox, started: Path, words: tuple[str]
) -> None:
    edit(started, 'name = "c"', 'name = "other"')
    said = command(*words, started, "--yes")
    assert said.code == 2
    assert "c.journal.db has run 1 of this campaign file under the name “c”: 3 of 10 rows are sent" in said.stderr
    assert 'set name = "c"' in said.stderr
    assert len(server.bodies()) == 3
    if words == ("run",):
        assert command("run", started, "--new", *FAST).json["sent"] == 10


@pytest.mark.parametrize("words", [("resume",), ("run",)], ids=["resume", "run"])
def test_a_file_whose_name_is_the_campaigns_and_that_was_renamed_is_no_fresh_start(
    command: Campaign, server: RunningSandbox, started: Path, words: tuple[str]
) -> None:
    unnamed = started.with_name("offer.toml")
    unnamed.write_text(started.read_text().replace('name = "c"\n', ""))
    started.unlink()
    assert command("run", unnamed, "--limit", "2", "--new", *FAST).json["sent"] == 2
    renamed = unnamed.rename(unnamed.with_name("tet.toml"))
    said = command(*words, renamed, "--yes")
    assert (said.code, len(server.bodies())) == (2, 5)
    assert "offer.journal.db has run 1 of this campaign file under the name “offer”: 2 of 10 rows" in said.stderr
    assert "give the file its former name back, offer.toml" in said.stderr
    assert command("resume", renamed.rename(unnamed), *FAST).json["sent"] == 10


def test_a_name_that_was_edited_is_said_again_after_a_run_was_refused(
    command: Campaign, server: RunningSandbox, started: Path
) -> None:
    edit(started, 'name = "c"', 'name = "other"')
    assert command("run", started, "--yes").code == 2
    said = command("resume", started, "--yes")
    assert (said.code, 'set name = "c"' in said.stderr) == (2, True)
    assert len(server.bodies()) == 3


EDITS: dict[str, tuple[Callable[[Path], None], str]] = {
    "template": (lambda file: edit(file.with_name("t.toml"), "{{ msg }}", "Dear {{ msg }}"), "the template was edited"),
    "another template": (lambda file: edit(file, "t.toml", "livechat-text"), "names the template “livechat-text”"),
    "server": (
        lambda file: edit(file, "http://127.0.0.1", "http://localhost"),
        "the campaign file now says http://localhost",
    ),
}


@pytest.mark.parametrize("what", EDITS)
def test_a_template_or_server_that_was_edited_asks(
    command: Campaign, server: RunningSandbox, started: Path, what: str
) -> None:
    change, sentence = EDITS[what]
    change(started)
    said = command("resume", started, "--yes")
    assert (said.code, len(server.bodies())) == (2, 3)
    assert sentence in said.stderr


def test_a_terminal_is_asked_and_may_go_on(
    command: Campaign, server: RunningSandbox, started: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(started.with_name("t.toml"), "{{ msg }}", "Dear {{ msg }}")
    answers = [False, True]
    asked: list[str] = []

    def confirm(question: str, *, err: bool) -> bool:
        assert err
        asked.append(question)
        return answers.pop(0)

    streams = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True), stderr=SimpleNamespace(isatty=lambda: False))
    monkeypatch.setattr("campaign.cli.observer.sys", streams)
    monkeypatch.setattr("click.confirm", confirm)
    monkeypatch.setattr("click.prompt", lambda *_, **__: "y")
    assert command("resume", started).code == 2
    assert command("resume", started, "--json").json["sent"] == 10
    assert asked[:2] == ["Go on?", "Go on?"]
    assert {body["msg"] for body in server.bodies()} == {f"message {number}" for number in range(10)}  # as planned


def test_an_address_that_is_given_needs_no_question(command: Campaign, server: RunningSandbox, started: Path) -> None:
    edit(started, "http://127.0.0.1", "http://localhost")
    assert command("resume", started, "--server", server.url, *FAST).json["sent"] == 10


def test_a_list_that_was_edited_or_is_gone_is_noted(command: Campaign, started: Path) -> None:
    edit(started.with_name("list.csv"), "message 9", "another text")
    said = command("resume", started, "--limit", "1", *FAST)
    assert (said.code, said.json["sent"]) == (3, 4)
    assert "the list was edited after run 1 was planned; what is sent stays as it was planned" in said.stderr
    started.with_name("list.csv").unlink()
    said = command("resume", started, *FAST)
    assert (said.code, said.json["sent"]) == (0, 10)
    assert "the list of run 1 is gone" in said.stderr


def test_options_of_the_run_are_no_difference(command: Campaign, server: RunningSandbox, started: Path) -> None:
    started.with_name("c.journal.db").unlink()
    started.with_name("c.journal.db.lock").unlink()
    started.with_name("c.results.xlsx").unlink()
    given = ("--template", "livechat-text", "--server", server.url, "--limit", "2", "--new")
    assert command("run", started, *given, *FAST).json["sent"] == 2
    said = command("resume", started, *FAST)
    assert (said.code, said.stderr.count("Warning")) == (0, 0)


def test_a_name_that_is_too_long_for_a_file_is_refused(command: Campaign, started: Path) -> None:
    list_of_it = started.with_name("list.csv")
    long = list_of_it.with_name(f"{'ế' * 75}.csv")  # 225 bytes and the ending
    long.write_bytes(list_of_it.read_bytes())
    edit(started, 'name = "c"', f'name = "{long.stem}"')
    for file, remedy in ((started, "at most 66 characters"), (long, "give the list a shorter name")):
        for words in ("run", "check", "resume", "status"):
            said = command(words, file, *(("--template", "livechat-text") if words in ("run", "check") else ()))
            assert said.code == 2
            assert "is too long to name the journal and the results" in said.stderr
            assert remedy in said.stderr


@pytest.mark.parametrize("ending", [".sandbox", ".test", ".Sandbox"])
def test_a_name_that_is_a_rehearsals_is_refused(command: Campaign, started: Path, ending: str) -> None:
    edit(started, 'name = "c"', f'name = "c{ending}"')
    for words in ("run", "check", "resume", "results"):
        said = command(words, started)
        assert said.code == 2
        assert f"“c{ending}” ends as the names of rehearsals and tests do" in said.stderr


def test_a_rehearsal_beside_a_run_is_none_of_these(command: Campaign, started: Path) -> None:
    assert command("run", started, "--sandbox", "--json").json["sent"] == 10
    assert command("run", started, "--sandbox", "--json").json["run"] == 2
    assert command("resume", started, *FAST).json["sent"] == 10


@pytest.mark.parametrize("words", [("--yes",), ()], ids=["invalid rows", "no terminal"])
def test_a_run_that_was_refused_leaves_no_journal(
    command: Campaign, server: RunningSandbox, tmp_path: Path, words: tuple[str, ...]
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 3)
    if words:
        edit(recipients, "room1", "")
    options = ("--template", "livechat-text", "--server", server.url)
    said = command("run", recipients, *options, *words)
    assert said.code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]
    assert command("run", recipients, *options, "--skip-invalid", *FAST).json["sent"] == (2 if words else 3)
    assert command("run", recipients, *options, *words).code == 2  # a journal with a run stays
    assert (tmp_path / "list.journal.db").exists()


def test_another_list_in_the_campaign_file_is_said_and_the_planned_one_is_finished(
    command: Campaign, server: RunningSandbox, started: Path
) -> None:
    livechat_list(started.with_name("other.csv"), 12)
    edit(started, 'file = "list.csv"', 'file = "other.csv"')
    said = command("resume", started, "--limit", "1", *FAST)
    assert (said.code, said.json["sent"], said.json["rows"]) == (3, 4, 10)
    assert "names the list “other.csv”; run 1 was planned with “list.csv”" in said.stderr
    assert "the rest of “list.csv” is sent, and nothing of the other" in said.stderr
    assert "`campaign run` with --skip-sent" in said.stderr
    assert command("resume", started, *FAST).code == 0
    more = command("run", started, "--skip-sent", *FAST)
    assert (more.json["sent"], more.json["skipped"]) == (2, 10)
    assert len(server.bodies()) == 12


def test_rows_added_to_the_list_are_said_to_need_a_run_of_their_own(command: Campaign, started: Path) -> None:
    livechat_list(started.with_name("list.csv"), 12)
    said = command("resume", started, *FAST)
    assert said.json["sent"] == 10
    assert "the list was edited after run 1 was planned" in said.stderr
    assert "`campaign run` with --skip-sent" in said.stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('file = "list.csv"', 'file = "./list.csv"', id="another spelling"),
        pytest.param('name = "c"', 'name = "c"  # a comment', id="another line"),
    ],
)
def test_the_same_list_is_no_difference(command: Campaign, started: Path, old: str, new: str) -> None:
    edit(started, old, new)
    assert "Warning" not in command("resume", started, *FAST).stderr


def test_a_list_that_was_given_as_an_option_is_no_difference(command: Campaign, started: Path) -> None:
    other = livechat_list(started.with_name("other.csv"), 5)
    given = ("--recipients", other, "--new", "--limit", "2")
    assert command("run", started, *given, *FAST).json["rows"] == 5
    assert "Warning" not in command("resume", started, "--limit", "1", *FAST).stderr
    edit(started, 'file = "list.csv"', 'file = "other.csv"')
    assert "Warning" not in command("resume", started, *FAST).stderr


RENAMED_AND_EDITED: dict[str, Callable[[Path], None]] = {
    "the same list and template": lambda file: edit(file, "[server]", "[throttle]\nconcurrency = 2\n[server]"),
    "the same list": lambda file: edit(file, "t.toml", "livechat-text"),
    "the same template": lambda file: edit(file, "list.csv", "more.csv"),
    "a copy of the list": lambda file: edit(edited_to(file, "t.toml", "livechat-text"), "list.csv", "copy.csv"),
}


def edited_to(file: Path, old: str, new: str) -> Path:
    edit(file, old, new)
    return file


@pytest.mark.parametrize("words", [("resume",), ("run",)], ids=["resume", "run"])
@pytest.mark.parametrize("what", RENAMED_AND_EDITED)
def test_a_campaign_file_that_was_renamed_and_edited_is_no_fresh_start(
    command: Campaign, server: RunningSandbox, started: Path, words: tuple[str], what: str
) -> None:
    livechat_list(started.with_name("more.csv"), 12)
    started.with_name("copy.csv").write_bytes(started.with_name("list.csv").read_bytes())
    unnamed = started.with_name("offer.toml")
    unnamed.write_text(started.read_text().replace('name = "c"\n', ""))
    started.unlink()
    started.with_name("c.journal.db").unlink()
    assert command("run", unnamed, "--limit", "2", "--new", *FAST).json["sent"] == 2
    renamed = unnamed.rename(unnamed.with_name("tet.toml"))
    RENAMED_AND_EDITED[what](renamed)
    said = command(*words, renamed, "--yes")
    assert (said.code, len(server.bodies())) == (2, 5)
    assert "offer.journal.db has run 1 of offer.toml, which is gone and had the same " in said.stderr
    assert "give it its former name back, offer.toml; to message everyone anew, `campaign run`" in said.stderr


def test_another_campaign_beside_a_file_that_is_gone_is_a_fresh_start(command: Campaign, started: Path) -> None:
    livechat_list(started.with_name("more.csv"), 12)
    other = started.rename(started.with_name("other.toml"))
    edit(edited_to(edited_to(other, 'name = "c"\n', ""), "t.toml", "livechat-text"), "list.csv", "more.csv")
    assert command("run", other, *FAST).json["sent"] == 12
