"""Where a journal in PostgreSQL is: its address, what is shown of it, and which servers must not keep a journal."""

from __future__ import annotations

import sys
import traceback

import pytest

from campaign.errors import CampaignError, JournalError
from campaign.journal import open_journal
from campaign.journal.postgres.address import parse_address
from campaign.journal.postgres.database import Database, unfit
from campaign.journal.postgres.planned import shard_of
from campaign.journal.postgres.texts import text_of
from campaign.paths import is_address

FIT = ("on", "on", False, "UTF8", 150004)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://an:s3cret@db.example.com:5433/sends", "postgresql://an@db.example.com:5433/sends"),
        ("postgres://db.example.com/sends?sslmode=verify-full", "postgresql://db.example.com/sends"),
        ("postgresql://an@/sends?host=/run/pg&password=s3cret", "postgresql://an@/sends?host=/run/pg"),
        ("postgresql:///sends", "postgresql://localhost/sends"),
        ("postgresql://a.b,c.d/x?port=5433", "postgresql://a.b:5433,c.d:5433/x"),
        ("postgresql://an@:5433/x?host=/run/pg", "postgresql://an@:5433/x?host=/run/pg"),
        ("postgresql://an:p%40ss%2Fs3cret@a.b:5432,c.d:5433/x", "postgresql://an@a.b:5432,c.d:5433/x"),
        ("postgresql://an:a:s3cret@[::1]/x", "postgresql://an@[::1]/x"),
    ],
)
def test_an_address_is_shown_without_its_password_and_options(url: str, shown: str) -> None:
    address = parse_address(url)
    assert address.shown == shown
    assert "s3cret" not in repr(address) + repr(Database(address))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://an:s3cr@et@db/x",
        "postgresql://an:12/s3cret@db/x",
        "postgresql://an:s3#cret@db/x",
        "postgresql://an:12?s3cret@db/x",
        "postgresql://an:s3cret",
        "postgresql://an:%zzs3cret@db/x",
        "postgresql://db/x?s3cret=1",
        "postgresql://[s3cret/x",
    ],
)
def test_an_address_that_is_not_understood_is_quoted_nowhere(url: str) -> None:
    with pytest.raises(JournalError, match="is not one of a PostgreSQL database; write postgresql://USER@") as caught:
        open_journal(url)
    assert "cret" not in "".join(traceback.format_exception(caught.value))


def test_a_text_of_the_server_is_shown_without_the_password() -> None:
    address = parse_address("postgresql://an:p%40ss@db/x")
    assert address.blanked("no “p@ss”,\n  nor “p%40ss”") == "no “***”, nor “***”"
    assert parse_address("postgresql://db/x").blanked("as it is") == "as it is"


def test_a_database_that_cannot_be_reached_says_where_it_was_sought_and_not_with_which_password() -> None:
    url = "postgresql://an:s3cret@127.0.0.1:1/sends"
    with pytest.raises(JournalError, match="the database cannot be reached") as caught:
        open_journal(url)
    text = "".join(traceback.format_exception(caught.value))
    assert "postgresql://an@127.0.0.1:1/sends" in text
    assert "s3cret" not in text


def test_only_the_address_of_a_database_is_one() -> None:
    assert [is_address(each) for each in ("postgresql://x/y", "postgres:///y", "a.journal.db", ":memory:")] == [
        True,
        True,
        False,
        False,
    ]


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("campaign.journal.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(CampaignError) as caught:
        open_journal("postgresql://an:s3cret@db/x")
    assert str(caught.value) == (
        'the journal: one in PostgreSQL needs psycopg, which is not installed; pip install ".[cluster]", or with pipx: '
        'pipx install --force ".[cluster]"'
    )


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [
        (0, "off", "runs with fsync = off, so what it has committed may be lost"),
        (1, "off", "synchronous_commit = off"),
        (2, True, "is a standby"),
        (3, "LATIN1", "its encoding is LATIN1"),
        (4, 120016, "has version 12"),
    ],
    ids=["fsync", "synchronous_commit", "standby", "encoding", "version"],
)
def test_a_server_that_may_forget_or_cannot_store_is_refused(place: int, value: object, why: str) -> None:
    facts = [*FIT[:place], value, *FIT[place + 1 :]]
    found = unfit(*facts)  # type: ignore[arg-type] # one of them is of the type that belongs there
    assert found is not None
    assert why in found[0]


@pytest.mark.parametrize("durable", ["on", "remote_write", "remote_apply", "local"])
def test_a_server_that_keeps_what_it_commits_is_not(durable: str) -> None:
    assert unfit("on", durable, is_standby=False, encoding="UTF8", version=130000) is None


def test_rows_of_one_destination_are_in_one_shard_and_others_spread() -> None:
    shards = {shard_of(f"conversation {number}") for number in range(5000)}
    assert shards == set(range(256))
    assert shard_of("Nguyễn") == shard_of("Nguyễn")


def test_a_text_is_stored_without_what_the_server_cannot_store() -> None:
    assert text_of("a\0b \ud83d Trần") == "a\N{REPLACEMENT CHARACTER}b ? Trần"


def test_a_server_that_is_gone_without_a_word_is_noticed_within_about_a_minute() -> None:
    found = {name: int(value) for name, value in parse_address("postgresql://h/d").parameters.items() if "live" in name}
    assert found["keepalives_idle"] + found["keepalives_interval"] * found["keepalives_count"] == 60
    own = parse_address("postgresql://h/d?tcp_user_timeout=5000&keepalives_count=9").parameters
    assert (own["tcp_user_timeout"], own["keepalives_count"]) == ("5000", "9")
    assert parse_address("postgresql://h/d").parameters["tcp_user_timeout"] == 60_000
