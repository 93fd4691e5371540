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


@pytest.mark.parametrize(
    ("is_terminal", "says", "stops"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_whether_an_interrupt_stops_the_workers_is_asked_on_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool, says: bool, stops: bool
) -> None:
    asked: list[str] = []

    def confirm(question: str) -> bool:
        asked.append(question)
        return says

    monkeypatch.setattr(observer, "is_terminal", lambda _stream: is_terminal)
    monkeypatch.setattr(observer, "confirm_aside", confirm)
    with TerminalObserver(yes=False, quiet=False) as watching:
        assert watching.stops_workers() is stops
    assert len(asked) == is_terminal


@pytest.mark.parametrize("quiet", [False, True])
def test_how_a_run_is_delivered_is_said_unless_that_is_not_wanted(
    capsys: pytest.CaptureFixture[str], *, quiet: bool
) -> None:
    with TerminalObserver(yes=True, quiet=quiet) as watching:
        watching.told("by workers")
    assert capsys.readouterr().err == ("" if quiet else "by workers\n")
