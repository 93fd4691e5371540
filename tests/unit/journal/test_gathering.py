"""A commit waits for requests under way only where they take less time than a commit."""

from __future__ import annotations

import pytest

from campaign.journal.gathering import MARGIN, Gathering


@pytest.mark.parametrize(
    ("request_takes", "commit_takes", "wait"),
    [
        pytest.param(0.001, 0.005, MARGIN * 0.001, id="a fast server"),
        pytest.param(0.004, 0.005, 0.005, id="never longer than a commit"),
        pytest.param(0.005, 0.005, 0.0, id="as long as a commit"),
        pytest.param(0.1, 0.005, 0.0, id="a slow server"),
        pytest.param(0.001, 0.0001, 0.0, id="a fast disk"),
    ],
)
def test_the_wait(request_takes: float, commit_takes: float, wait: float) -> None:
    gathering = Gathering()
    gathering.note_commit(commit_takes)
    gathering.begin(1, 10.0)
    gathering.begin(2, 10.0)
    gathering.end(1, 10.0 + request_takes)
    assert gathering.wait == pytest.approx(wait)


def test_nothing_is_waited_for_without_a_request_under_way() -> None:
    gathering = Gathering()
    gathering.note_commit(0.005)
    assert gathering.wait == 0
    gathering.begin(1, 10.0)
    gathering.end(1, 10.001)
    assert gathering.wait == 0


def test_the_end_of_an_unknown_request_means_nothing() -> None:
    gathering = Gathering()
    gathering.note_commit(0.005)
    gathering.begin(1, 10.0)
    gathering.end(2, 10.001)
    assert gathering.wait == 0


def test_the_newest_request_counts_for_a_fifth() -> None:
    gathering = Gathering()
    gathering.note_commit(1.0)
    for number, seconds in enumerate((0.1, 0.2)):
        gathering.begin(number, 0.0)
        gathering.end(number, seconds)
    gathering.begin(9, 0.0)
    assert gathering.wait == pytest.approx(MARGIN * 0.12)
