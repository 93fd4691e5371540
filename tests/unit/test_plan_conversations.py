"""Messages to one conversation are counted, however many rows there are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from campaign import plan_conversations
from campaign.errors import JournalWriteError
from campaign.plan_conversations import Conversations

if TYPE_CHECKING:
    from collections.abc import Sequence


def counted(destinations: Sequence[str], most: int = 5) -> tuple[int, int, list[int]]:
    with Conversations() as conversations:
        for start in range(0, len(destinations), 50):
            batch = destinations[start : start + 50]
            conversations.add(batch, range(start + 2, start + 2 + len(batch)))
        found = conversations.several(most)
        assert conversations.several(most) == found
        return found


def test_rows_for_conversations_of_their_own_are_none() -> None:
    assert counted([f"t{number}" for number in range(120)]) == (0, 0, [])


def test_conversations_with_several_messages_are_counted_with_their_first_rows() -> None:
    assert counted(["a", "b", "a", "c", "b", "a"]) == (2, 5, [2, 3])
    assert counted(["a", "b", "c", "d"] * 2, most=2) == (4, 8, [2, 3])


@pytest.mark.parametrize("kept", [10, 64, 1_000])
def test_it_is_the_same_beyond_what_is_kept_in_memory(monkeypatch: pytest.MonkeyPatch, kept: int) -> None:
    monkeypatch.setattr(plan_conversations, "_IN_MEMORY", kept)
    destinations = [f"t{number % 170}" for number in range(400)]
    times = {name: count for name, count in Counter(destinations).items() if count > 1}
    assert counted(destinations) == (len(times), sum(times.values()), [2, 3, 4, 5, 6])


def test_a_full_disk_is_a_write_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(plan_conversations, "_IN_MEMORY", 1)
    monkeypatch.setattr(plan_conversations, "TemporaryFile", full)
    with (
        Conversations() as conversations,
        pytest.raises(JournalWriteError, match=r"temporary files: cannot be written \(No space left on device\)"),
    ):
        conversations.add(["a"], [2])
