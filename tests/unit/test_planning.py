"""The plan: every row is read, rendered and validated before anything is sent."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.campaign_file import load_campaign
from campaign.errors import Problem, RecipientsError
from campaign.journal import State
from campaign.journal.sqlite import SqliteJournal
from campaign.plan_record import message_id, write_plan
from campaign.planning import planned_rows, prepare
from campaign.recipients.batches import BATCH
from campaign.sheets import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

from tests.unit.plans import FACTS, Rows, planned, prepared


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with SqliteJournal.open_or_create(tmp_path / "list.journal.db") as opened:
        yield opened


def test_a_row_is_planned_with_its_frozen_body(tmp_path: Path) -> None:
    [message] = planned(prepared(tmp_path, "token,rid,msg\n007,r,Chào bạn 🎉\n"))
    assert message.number == 2
    assert message.destination == "007/r"
    assert message.body == '{"token":"007","rid":"r","msg":"Chào bạn 🎉"}'.encode()
    assert (message.state, message.kind, message.reason) == (State.PENDING, "", "")


def test_an_invalid_row_is_kept_with_all_its_problems_and_no_body(tmp_path: Path) -> None:
    [good, bad] = planned(prepared(tmp_path, "token,rid,msg\nt,r,Hi\n,r, \n"))
    assert good.state is State.PENDING
    assert (bad.number, bad.state, bad.body, bad.digest, bad.destination) == (3, State.INVALID, None, None, "")
    assert bad.reason.splitlines() == [
        "A3: “token” is blank, and token needs it; fill it in",
        "C3: “msg” is blank, and msg needs it; fill it in",
    ]
    assert bad.kind == "“token” is blank, and token needs it"


def test_rows_keep_their_cells_only_in_a_plan_for_a_journal(tmp_path: Path) -> None:
    campaign = prepared(tmp_path, "token,rid,msg\nt,r,Hi\n,r, \n")
    stamped = list(planned_rows(campaign, stamp=lambda payload, _: payload))
    assert [json.loads(each.cells) for each in stamped] == [["t", "r", "Hi"], ["", "r", " "]]
    assert [each.cells for each in planned(campaign)] == ["", ""]


def test_rows_with_the_same_problem_are_of_one_kind(tmp_path: Path) -> None:
    messages = planned(prepared(tmp_path, "token,rid,msg\na,r,\nb,r,\n"))
    assert {message.kind for message in messages} == {"“msg” is blank, and msg needs it"}


def test_a_wide_list_is_planned_a_few_rows_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.recipients.batches.BATCH_CELLS", 7)
    messages = planned(prepared(tmp_path, "token,rid,msg\n" + "t,r,Hi\nt,r,Ho\n" * 3))
    assert [(message.number, message.state) for message in messages] == [
        (2, State.PENDING),
        (3, State.PENDING),
        *((row, State.SKIPPED) for row in range(4, 8)),
    ]


def test_a_planned_row_has_its_row_and_its_message(tmp_path: Path) -> None:
    [row] = prepared(tmp_path, "token,rid,msg\nt,r,Hi\n").rows
    assert (row.number, row.texts) == (2, ("t", "r", "Hi"))
    assert row.payload == {"token": "t", "rid": "r", "msg": "Hi"}


def test_a_list_without_rows_is_refused(tmp_path: Path) -> None:
    campaign = prepared(tmp_path, "token,rid,msg\n\n  ,,\n")
    with pytest.raises(RecipientsError, match=r"list\.csv: there is no row below the header; add the recipients"):
        planned(campaign)


def test_a_lone_surrogate_makes_a_row_invalid_and_can_be_recorded(tmp_path: Path, journal: SqliteJournal) -> None:
    campaign = prepared(tmp_path, "token,rid,msg\nt,r,Hi\n")
    texts = ("t", "r", "\ud83d")
    damaged = Rows(campaign.recipients.path, campaign.recipients.columns, [Row(2, texts, texts)])
    run = journal.begin_run(FACTS)
    [(message, _)] = write_plan(replace(campaign, recipients=damaged), journal, run)
    assert message.state is State.INVALID
    assert "C2: msg holds half of a character, which no server can take" in message.reason
    [result] = journal.results(run.number)
    assert result.reason == message.reason
    assert result.cells[2].text == "\ud83d"


@pytest.mark.parametrize(
    ("msg", "state"),
    [
        pytest.param("{{ row.msg }}", State.INVALID, id="used column"),
        pytest.param("Hi", State.PENDING, id="unused column"),
    ],
)
def test_an_error_cell_matters_only_where_the_template_uses_its_column(tmp_path: Path, msg: str, state: State) -> None:
    (tmp_path / "message.json").write_text(
        json.dumps({"token": "{{ token }}", "rid": "{{ rid }}", "msg": msg}), encoding="utf-8"
    )
    campaign = prepared(tmp_path, "token,rid,msg\nt,r,Hi\n", template="message.json")
    texts = ("t", "r", "#N/A")
    row = Row(2, texts, texts, (), (Problem("C2", "holds the error #N/A", "put it right in the sheet"),))
    [message] = planned(replace(campaign, recipients=Rows(Path("x"), campaign.recipients.columns, [row])))
    assert message.state is state


# Duplicates


def test_an_exact_duplicate_is_skipped_and_names_the_row_that_is_sent(tmp_path: Path) -> None:
    text = "token,rid,msg,note\nt,r,Hi,a\nt,r,Ho,b\nt,r,Hi,c\nt2,r,Hi,d\nt,r,Hi,e\n"
    messages = planned(prepared(tmp_path, text))
    assert [message.state for message in messages] == [
        State.PENDING,
        State.PENDING,
        State.SKIPPED,
        State.PENDING,
        State.SKIPPED,
    ]
    assert {message.reason for message in messages if message.state is State.SKIPPED} == {"exact duplicate of row 2"}


def test_invalid_rows_are_not_duplicates_of_each_other(tmp_path: Path) -> None:
    messages = planned(prepared(tmp_path, "token,rid,msg\nt,r,\nt,r,\n"))
    assert [message.state for message in messages] == [State.INVALID, State.INVALID]


def test_a_duplicate_is_found_however_far_down(tmp_path: Path) -> None:
    rows = "".join(f"t{n},r,Hi\n" for n in range(2 * BATCH))
    messages = planned(prepared(tmp_path, f"token,rid,msg\n{rows}t0,r,Hi\n"))
    assert [message.number for message in messages if message.state is State.SKIPPED] == [2 * BATCH + 2]
    assert messages[-1].reason == "exact duplicate of row 2"


# Message ids


def test_the_id_of_a_row_is_deterministic() -> None:
    assert message_id(b"secret", 7) == message_id(b"secret", 7)


@given(st.binary(min_size=32, max_size=32), st.sets(st.integers(1, 10**9), min_size=2, max_size=2))
def test_ids_differ_by_row_and_run(secret: bytes, rows: set[int]) -> None:
    first, second = (message_id(secret, row) for row in rows)
    assert first != second
    assert message_id(secret + b"x", min(rows)) not in {first, second}


@given(st.binary(), st.integers(1, 10**9))
def test_an_id_is_128_bits_in_hexadecimal(secret: bytes, row: int) -> None:
    found = message_id(secret, row)
    assert len(found) == 32
    assert set(found) <= set("0123456789abcdef")


def test_the_ids_of_a_plan_cannot_be_guessed_from_another_run(tmp_path: Path, journal: SqliteJournal) -> None:
    ids = []
    for _ in range(2):
        run = journal.begin_run(FACTS)
        [(message, _)] = write_plan(prepared(tmp_path, "token,rid,msg\nt,r,Hi\n"), journal, run)
        assert message.body is not None
        ids.append(json.loads(message.body)["_id"])
        assert ids[-1] == message_id(run.secret, 2)
    assert ids[0] != ids[1]


def test_duplicates_are_found_although_ids_differ(tmp_path: Path, journal: SqliteJournal) -> None:
    run = journal.begin_run(FACTS)
    messages = [
        message for message, _ in write_plan(prepared(tmp_path, "token,rid,msg\nt,r,Hi\nt,r,Hi\n"), journal, run)
    ]
    assert [message.state for message in messages] == [State.PENDING, State.SKIPPED]


# On record


def test_the_plan_is_on_record_in_sheet_order(tmp_path: Path, journal: SqliteJournal) -> None:
    rows = "".join(f"t{n},r,{'Hi' if n % 3 else ''}\n" for n in range(BATCH + 5))
    run = journal.begin_run(FACTS)
    *_, (_, counts) = write_plan(prepared(tmp_path, f"token,rid,msg\n{rows}"), journal, run)
    results = list(journal.results(run.number))
    assert [result.row for result in results] == list(range(2, BATCH + 7))
    assert counts.rows == len(results) == BATCH + 5
    assert counts.invalid == sum(result.state is State.INVALID for result in results) > 0


def test_a_kitechat_body_contains_no_message_id(tmp_path: Path, journal: SqliteJournal) -> None:
    (tmp_path / "list.csv").write_text("page_id,conversation_id,text\n1,0042,Hi\n", encoding="utf-8")
    campaign = prepare(load_campaign(tmp_path / "list.csv", {"template": "kitechat-text"}))
    [(message, _)] = write_plan(campaign, journal, journal.begin_run(FACTS))
    assert message.body == b'{"pageId":"1","conversationId":"0042","message":{"type":"text","text":"Hi"}}'


@dataclass
class Torn(Rows):
    """Recipients whose file is damaged after the given rows."""

    def rows(self) -> Iterator[Row]:
        yield from self.given
        raise RecipientsError(Problem("list.csv", "is damaged"))


def test_a_list_damaged_further_down_leaves_an_incomplete_plan(tmp_path: Path, journal: SqliteJournal) -> None:
    campaign = prepared(tmp_path, "token,rid,msg\nt,r,Hi\n")
    texts = ("t", "r", "Hi")
    torn = Torn(campaign.recipients.path, campaign.recipients.columns, [Row(2, texts, texts)])
    run = journal.begin_run(FACTS)
    with pytest.raises(RecipientsError, match="is damaged"):
        list(write_plan(replace(campaign, recipients=torn), journal, run))
    found = journal.run(run.number)
    assert found is not None
    assert not found.planned


@pytest.mark.parametrize("count", [0, 3, BATCH, BATCH + 3])
def test_the_rows_before_a_damaged_place_are_planned_before_the_error(tmp_path: Path, count: int) -> None:
    campaign = prepared(tmp_path, "token,rid,msg\nt,r,Hi\n")
    rows = [Row(number, ("t", "r", ""), ("t", "r", None)) for number in range(2, count + 2)]
    torn = Torn(campaign.recipients.path, campaign.recipients.columns, rows)
    seen: list[int] = []
    with pytest.raises(RecipientsError, match="is damaged"):
        seen.extend(row.number for row in planned_rows(replace(campaign, recipients=torn)))
    assert seen == [row.number for row in rows]


def test_rows_of_long_texts_are_planned_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.recipients.batches.BATCH_CHARACTERS", 100)
    campaign = prepared(tmp_path, "token,rid,msg\n" + "".join(f"t,r,{'x' * 40}{n}\n" for n in range(10)))
    read: list[int] = []

    class Watched(Rows):
        def rows(self) -> Iterator[Row]:
            for row in self.given:
                read.append(row.number)
                yield row

    watched = Watched(campaign.recipients.path, campaign.recipients.columns, list(campaign.recipients.rows()))
    coming = planned_rows(replace(campaign, recipients=watched))
    next(coming)
    assert read == [2, 3, 4]
    assert len(list(coming)) == 9
