from __future__ import annotations

import pytest

from campaign.delivery.other_senders import OtherSenders


def found(counts: list[int], limit: int = 10) -> list[int]:
    """In which windows it becomes plain, where each has so many requests that no worker was lent."""
    senders = OtherSenders()
    return [number for number, count in enumerate(counts) if senders.learn(count, limit, 60.0 * number)]


@pytest.mark.parametrize(
    ("counts", "limit", "windows"),
    [
        pytest.param([0] * 50, 10, [], id="no others"),
        pytest.param([5] * 10, 10, [3], id="half of each window"),
        pytest.param([50] * 10, 100, [3], id="half of each large window"),
        pytest.param([10, 0, 0, 0, 0, 0], 10, [], id="another program, once"),
        pytest.param([10, 10, 0, 0, 0, 0, 0, 0], 10, [], id="another program, for two windows"),
        pytest.param([1] * 500, 10, [], id="one late request in each window"),
        pytest.param([10] * 500, 100, [], id="a tenth of each window"),
        pytest.param([5, *[0] * 20] * 20, 10, [], id="now and then, for days"),
        pytest.param([2] * 20, 10, [10], id="little, but always"),
    ],
)
def test_others_are_found_by_what_the_server_counts_again_and_again(
    counts: list[int], limit: int, windows: list[int]
) -> None:
    assert found(counts, limit) == windows


def test_one_window_is_known_by_its_end_which_may_vary() -> None:
    senders = OtherSenders()
    assert not any(senders.learn(1, 10, 100.0 + shift) for shift in (0.0, 0.2, -0.1) for _ in range(100))


@pytest.mark.parametrize(("limit", "reset_at"), [(None, 1.0), (10, None)])
def test_without_a_window_there_is_nothing_to_learn(limit: int | None, reset_at: float | None) -> None:
    assert not OtherSenders().learn(100, limit, reset_at)
