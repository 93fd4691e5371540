"""What a journal keeps of findings, in both stores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.findings import make
from campaign.journal import JournalStore, State

from .planning import message, plan
from .stores import STORES, open_store

HIDDEN = make("hidden-rows", "2 rows are hidden", 2)
BLANK = make("blank-value", "“name” is blank in row 2", 1, variable="name")


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JournalStore]:
    with open_store(request, tmp_path) as journal:
        plan(journal, [message(2), message(3)])
        yield journal


def test_findings_are_kept_in_their_order(store: JournalStore) -> None:
    store.record_findings(1, [HIDDEN, BLANK])
    assert store.findings(1) == (HIDDEN, BLANK)


def test_an_acceptance_is_kept_with_its_operator_and_time_and_the_first_one_stays(store: JournalStore) -> None:
    store.accept(1, ["hidden-rows"], "an@host, on the terminal")
    store.accept(1, ["hidden-rows", "blank-value"], "chi@host")
    assert [(each.code, each.by, each.at > 0) for each in store.accepted(1)] == [
        ("blank-value", "chi@host", True),
        ("hidden-rows", "an@host, on the terminal", True),
    ]


def test_forgetting_a_run_deletes_its_findings_which_quote_cells(store: JournalStore) -> None:
    store.record_findings(1, [BLANK])
    store.accept(1, ["blank-value"], "an@host")
    store.forget(1)
    assert store.findings(1) == ()
    assert [each.code for each in store.accepted(1)] == ["blank-value"]


def test_a_discarded_plan_leaves_no_findings(store: JournalStore) -> None:
    store.record_findings(1, [BLANK])
    store.discard(1)
    plan(store, [message(2)])
    assert store.findings(1) == ()
    assert store.accepted(1) == []


def test_the_limit_that_a_server_stated_last_is_known(store: JournalStore) -> None:
    assert store.stated_quota("https://x.y") is None
    store.record_quota("https://x.y", 10, 60.0)
    store.record_quota("https://x.y", 60, 60.0)
    stated = store.stated_quota("https://x.y")
    assert stated is not None
    assert stated[:2] == (60, 60.0)


def test_the_first_messages_that_wait_are_in_sheet_order(store: JournalStore) -> None:
    waiting = store.next_messages(1, (State.PENDING,), 1)
    assert [(each.row, each.body, each.cells[0].text) for each in waiting] == [(2, b'{"msg":"2"}', "name 2")]
    assert store.next_messages(1, (State.FAILED,), 5) == []
