"""Short crash tests; `python -m tests.crash --kills 1000` and `--files 200` are the full ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.crash.files import prove_files
from tests.crash.harness import CHATS, LOOKED_UP, prove
from tests.crash.holds import prove_holds
from tests.crash.undo import UNDONE, prove_undo

TWO = {name: CHATS[name] for name in ("livechat", "kitechat")}
"""A channel that reads back, and one that does not: what the journal's files and a hold mean for the others as well."""

EVENTS = 12
"""With the files of each channel's journals: about half a minute."""

KILLS = 15
"""Per channel; about twenty seconds."""


@pytest.mark.slow
def test_after_any_kill_no_row_is_lost_and_none_sent_twice(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        proofs = {name: pool.submit(prove, chat, tmp_path, KILLS, seed=7) for name, chat in CHATS.items()}
        figures = {name: proof.result() for name, proof in proofs.items()}
    for each in figures.values():
        assert each.kills == KILLS
        assert each.faults > 0
        assert (each.lost, each.duplicated, each.wrong) == (0, 0, [])
    assert figures["livechat"].in_doubt == figures["rocketchat"].in_doubt == 0
    assert figures["kitechat"].why_in_doubt["WITHOUT CAUSE"] == 0


@pytest.mark.slow
def test_where_messages_can_be_looked_up_only_what_the_server_did_not_take_is_in_doubt(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        proofs = {name: pool.submit(prove, chat, tmp_path, KILLS, seed=5) for name, chat in LOOKED_UP.items()}
        figures = {LOOKED_UP[name].on_doubt: proof.result() for name, proof in proofs.items()}
    for each in figures.values():
        assert each.kills == KILLS
        assert each.faults > 0
        assert (each.lost, each.duplicated, each.wrong) == (0, 0, [])
    assert figures["look"].in_doubt == 0
    assert figures["ask"].in_doubt > 0


@pytest.mark.slow
@pytest.mark.parametrize("channel", UNDONE)
def test_after_any_kill_an_undo_has_deleted_what_it_says_and_nothing_else(channel: str, tmp_path: Path) -> None:
    figures = prove_undo(tmp_path, KILLS, 3, UNDONE[channel])
    assert figures.kills == KILLS
    assert figures.faults > 0
    assert figures.deleted > 0
    assert figures.kept > 0
    assert figures.holds, figures.wrong


@pytest.mark.slow
def test_whatever_becomes_of_the_journals_files_nobody_is_lost_and_nobody_messaged_twice(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        proofs = {name: pool.submit(prove_files, chat, tmp_path, EVENTS, seed=12) for name, chat in TWO.items()}
        figures = {name: proof.result() for name, proof in proofs.items()}
    for each in figures.values():
        assert sum(each.events.values()) >= EVENTS
        assert each.questions > 0
        assert (each.lost, each.duplicated, each.wrong) == (0, 0, [])


HELD = 6
"""Kills of each channel's runs that wait or hold; about half a minute."""


@pytest.mark.slow
@pytest.mark.parametrize("what", ["window", "gate"])
def test_a_run_that_is_killed_while_it_waits_or_holds_goes_on_rightly(what: str, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        proofs = {name: pool.submit(prove_holds, what, chat, tmp_path, HELD, seed=3) for name, chat in TWO.items()}
        figures = {name: proof.result() for name, proof in proofs.items()}
    for each in figures.values():
        assert each.kills == HELD
        assert (each.lost, each.duplicated, each.astray, each.wrong) == (0, 0, 0, [])
    assert sum(each.held for each in figures.values()) > 0
    assert figures["livechat"].in_doubt == 0
    assert figures["kitechat"].why_in_doubt["WITHOUT CAUSE"] == 0
