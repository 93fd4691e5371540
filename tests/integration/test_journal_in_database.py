"""The commands with a journal in PostgreSQL: named by an option, the campaign file or the environment."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

import psycopg
import pytest

import campaign
from campaign.journal import shown_address
from campaign.runs import RunObserver, RunOptions, SendConfirmation
from campaign.runs.confirmation import Pace
from campaign.runs.whole_run import run_plan
from tests.integration.conftest import FAST, Campaign, RunningSandbox, livechat_list

PASSWORD = "s3cret"


@pytest.fixture
def name() -> str:
    """A campaign's name that no other test has."""
    return f"c{uuid.uuid4().hex}"


@pytest.fixture
def file(tmp_path: Path, server: RunningSandbox, name: str) -> Path:
    """A campaign file, without an address."""
    livechat_list(tmp_path / "list.csv", 5)
    return write(tmp_path / "offer.toml", name, server.url)


def write(path: Path, name: str, url: str, more: str = "") -> Path:
    text = (
        f'name = "{name}"\ntemplate = "livechat-text"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{url}"\n{more}'
    )
    path.write_text(text, encoding="utf-8")
    return path


def with_password(address: str) -> str:
    """The same address with a password, which a server that trusts its users does not ask for."""
    user, at, rest = address.partition("@")
    return address if user.count(":") > 1 else f"{user}:{PASSWORD}{at}{rest}"


def test_a_campaign_is_run_resumed_and_told_from_the_database(
    command: Campaign, server: RunningSandbox, postgres: str, file: Path, name: str
) -> None:
    journal = ("--journal", with_password(postgres))
    said = [
        command("run", file, *FAST, "--limit", "2", *journal),
        command("status", file, "--json", *journal),
        command("run", file, *FAST, *journal),
        command("resume", file, *FAST, *journal),
        command("results", file, "--run", "1", *journal),
        command("status", file, *journal),
    ]
    assert [each.code for each in said] == [3, 0, 2, 0, 0, 0]
    assert (said[0].json["sent"], said[0].json["pending"], said[3].json["sent"]) == (2, 3, 5)
    assert said[1].json["runs"][0]["state"] == "stopped"
    assert "is unfinished: 2 of 5 rows are sent, 3 wait" in said[2].stderr
    assert f"campaign resume {file} --journal {shown_address(postgres)}" in said[0].stderr
    assert PASSWORD not in "".join(each.stdout + each.stderr for each in said)
    assert len(server.ledger.taken()) == 5
    assert not list(file.parent.glob("*.db*"))
    assert (file.parent / f"{name}.results.xlsx").exists()
    assert command("undo", file, "--yes", "--json", *journal).json["deleted"] == 5
    forgotten = command("forget", file, "--yes", *journal)
    assert f"are deleted from {shown_address(postgres)}, campaign {name};" in forgotten.stderr
    assert command("stop", file, *journal).code == 2


@pytest.mark.parametrize("named", ["file", "environment"])
def test_the_file_or_the_environment_names_the_database(
    command: Campaign,
    server: RunningSandbox,
    postgres: str,
    *,
    file: Path,
    name: str,
    named: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if named == "file":
        write(file, name, server.url, f'[journal]\nurl = "{postgres}"\n')
        monkeypatch.setenv("CAMPAIGN_JOURNAL", "postgresql://127.0.0.1:1/another")  # the file comes first
    else:
        monkeypatch.setenv("CAMPAIGN_JOURNAL", postgres)
    first = command("run", file, *FAST, "--limit", "2")
    assert (first.code, command("run", file, "--dry-run", "--skip-sent").code) == (3, 0)
    assert "--journal" not in first.stderr
    assert command("abandon", file, "--yes").code == 0
    assert command("results", file, "--json").json["skipped"] == 3
    assert not list(file.parent.glob("*.db*"))


def test_a_rehearsal_stays_on_this_machine(command: Campaign, file: Path, name: str) -> None:
    assert command("run", file, *FAST, "--sandbox", "--journal", "postgresql://127.0.0.1:1/x").code == 0
    assert (file.parent / f"{name}.sandbox.journal.db").exists()


def test_a_first_dry_run_needs_no_tables(command: Campaign, postgres: str, file: Path) -> None:
    assert command("run", file, "--dry-run", "--journal", postgres).code == 0
    assert command("resume", file, *FAST, "--journal", postgres).code == 2


def test_a_database_beside_a_journal_file_with_runs_is_refused(command: Campaign, postgres: str, file: Path) -> None:
    assert command("run", file, *FAST, "--limit", "2").code == 3
    for refused in (
        command("run", file, *FAST, "--new", "--journal", postgres),
        command("resume", file, *FAST, "--journal", postgres),
        command("status", file, "--journal", postgres),
    ):
        assert refused.code == 2
        assert (
            f"contains run 1 of this campaign, and its journal is to be in {shown_address(postgres)}" in refused.stderr
        )
    assert command("resume", file, *FAST).code == 0


@pytest.mark.parametrize(
    ("arguments", "setting"),
    [(("--journal", f"db.example.com/{PASSWORD}"), ""), ((), f'[journal]\nurl = "mysql://an:{PASSWORD}@db/x"\n')],
    ids=["option", "file"],
)
def test_what_is_no_address_is_refused_and_not_quoted(
    command: Campaign, server: RunningSandbox, *, file: Path, name: str, arguments: tuple[str, ...], setting: str
) -> None:
    write(file, name, server.url, setting)
    for which in ("run", "resume", "status"):
        refused = command(which, file, *arguments, "-v")
        assert refused.code == 2
        assert "is not the address of a PostgreSQL database; write postgresql://USER@HOST/DATABASE" in refused.stderr
        assert PASSWORD not in refused.stderr


@pytest.mark.parametrize(
    "line", [f'journal = "postgresql://an:{PASSWORD}@db/x"', f'[journal]\nurl = "postgresql://an:{PASSWORD}@db/x']
)
def test_a_password_is_not_quoted_where_the_file_is_written_wrongly(
    command: Campaign, server: RunningSandbox, file: Path, name: str, line: str
) -> None:
    write(file, name, server.url)
    file.write_text(f"{line}\n{file.read_text(encoding='utf-8')}", encoding="utf-8")
    refused = command("run", file, *FAST, "-v")
    assert refused.code == 2
    assert PASSWORD not in refused.stdout + refused.stderr


def test_another_campaign_of_the_same_name_is_not_gone_on_with(
    command: Campaign, server: RunningSandbox, postgres: str, *, file: Path, name: str, tmp_path: Path
) -> None:
    journal = ("--journal", postgres)
    assert command("run", file, *FAST, *journal).code == 0
    other = tmp_path / "other"
    other.mkdir()
    livechat_list(other / "list.csv", 7)
    write(other / "offer.toml", name, server.url, "# another one\n")
    for which in (("run", "--new"), ("resume",)):
        refused = command(*which, other / "offer.toml", *FAST, *journal)
        assert refused.code == 2
        assert "was planned from another offer.toml, with another list and template" in refused.stderr
    moved = tmp_path / "moved"
    shutil.copytree(tmp_path, moved, ignore=shutil.ignore_patterns("other", "moved"))
    assert command("resume", moved / "offer.toml", *FAST, *journal).code == 0
    assert command("run", other / "offer.toml", *FAST, "--new", "--moved", *journal).code == 0
    assert len(server.ledger.taken()) == 12


def test_a_database_from_an_older_backup_sends_nothing_before_it_is_recovered(
    command: Campaign, server: RunningSandbox, postgres: str, file: Path, name: str
) -> None:
    journal = ("--journal", postgres)
    assert command("run", file, *FAST, "--limit", "4", *journal).code == 3
    with psycopg.connect(postgres) as connection:
        connection.execute(
            "UPDATE campaign.status SET state = 'pending', attempts = 0 WHERE seq > 1 AND run IN "
            "(SELECT run FROM campaign.run WHERE campaign = %s)",
            (name,),
        )
    refused = command("resume", file, *FAST, *journal)
    assert (refused.code, "--recover" in refused.stderr) == (2, True)
    assert command("resume", file, *FAST, "--recover", *journal).json["sent"] == 5
    assert len(server.ledger.taken()) == 5


def test_deliveries_behind_one_address_share_its_limits(
    command: Campaign, server: RunningSandbox, postgres: str, file: Path
) -> None:
    journal = ("--journal", postgres)
    assert command("run", file, *FAST, "--limit", "2", "--egress", " office ", *journal).code == 3
    assert command("resume", file, *FAST, "--egress", "annex", *journal).code == 0
    with psycopg.connect(postgres) as connection:
        keys = connection.execute("SELECT key FROM campaign.budget WHERE starts_with(key, %s)", (f"ip:{server.url}",))
        assert {key for (key,) in keys} == {f"ip:{server.url}:send:{name}" for name in ("office", "annex")}
    again = command("run", file, *FAST, "--new", "--egress", "office", *journal)
    assert again.code == 0
    assert command("undo", file, "--yes", "--egress", "office", *journal).code == 0


@pytest.mark.parametrize(
    ("egress", "more", "error"),
    [
        (" ", ["--journal", "postgresql://127.0.0.1:1/x"], "has a name of 1 to 100 printable characters"),
        ("a\nb", ["--journal", "postgresql://127.0.0.1:1/x"], "has a name of 1 to 100 printable characters"),
        ("office", [], "a journal in a file is one machine's"),
    ],
    ids=["blank", "two lines", "no database"],
)
def test_an_egress_that_is_none_or_shares_nothing_is_refused(
    command: Campaign, file: Path, egress: str, more: list[str], error: str
) -> None:
    refused = command("run", file, *FAST, "--egress", egress, *more)
    assert refused.code == 2
    assert error in refused.stderr


class Asked(RunObserver):
    """Notes the pace that the question names, and answers no."""

    pace: Pace | None = None

    def confirm(self, confirmation: SendConfirmation) -> bool:
        self.pace = confirmation.pace
        return False


def test_before_sending_it_is_said_what_all_addresses_may_send_together(postgres: str, tmp_path: Path) -> None:
    url = f"https://{uuid.uuid4().hex}.example"
    livechat_list(tmp_path / "list.csv", 25)
    plan = campaign.plan(campaign.load(tmp_path / "list.csv", template="livechat-text", server=url))
    paces = []
    for egress in ("office", "annex"):
        asked = Asked()
        run_plan(plan, lambda _channel: {}, RunOptions(journal=postgres, egress=egress), asked)
        paces.append(asked.pace)
        with psycopg.connect(postgres) as connection:  # as if it had sent something by then
            now = "extract(epoch FROM clock_timestamp())"
            key = f"ip:{url}:send:{egress}"
            connection.execute(f"INSERT INTO campaign.budget (key, due) VALUES (%s, {now})", (key,))  # noqa: S608 - a test's own
    assert [pace and pace.words for pace in paces] == [
        "10 a minute, until the server tells its own limit",
        "2 machines: 20 a minute, until the server tells its own limit",
    ]


def test_a_rehearsal_shares_nothing(command: Campaign, file: Path) -> None:
    assert command("run", file, *FAST, "--sandbox", "--egress", "office").code == 0
