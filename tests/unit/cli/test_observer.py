"""What the observer of the terminal prints where there is no terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaign.cli import observer
from campaign.cli.observer import TerminalObserver


@pytest.mark.parametrize(
    ("quiet", "interval", "lines"),
    [
        pytest.param(False, 0.0, ["Writing c.results.xlsx: 1,000 of 2,500 rows are in it"], id="long"),
        pytest.param(False, 10.0, [], id="short"),
        pytest.param(True, 0.0, [], id="quiet"),
    ],
)
def test_a_file_that_takes_long_to_write_is_told_of_off_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    quiet: bool,
    interval: float,
    lines: list[str],
) -> None:
    monkeypatch.setattr(observer, "LINE_INTERVAL", interval)
    with TerminalObserver(yes=True, quiet=quiet) as watching:
        watching.writing(Path("c.results.xlsx"), 2_500)(1_000)
    assert capsys.readouterr().err.splitlines() == lines
