"""A short crash test; `python -m tests.crash --kills 1000` is the full one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.crash.harness import CHATS, prove

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
    assert figures["livechat"].in_doubt == 0
    assert figures["kitechat"].why_in_doubt["WITHOUT CAUSE"] == 0
