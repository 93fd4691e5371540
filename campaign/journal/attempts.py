"""What a journal tells of the attempts of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class RecordedAttempt(NamedTuple):
    """A request on record. Times in seconds since the epoch.

    Attributes:
        seq: the row's place in the run; 0 for a look-up, which is no single row's.
        what: "send", "read-back" or "look-up".
        started_at: when it was recorded, which is before its first byte left.
        ended_at: when its result was known; None where it never was.
        result: the result in a word, such as "sent" or "not_taken"; None likewise.
        http_status: the status of the response; None where there was none, or the journal does not keep it.
        detail: what the response said; "" likewise.
    """

    seq: int
    what: str
    started_at: float
    ended_at: float | None = None
    result: str | None = None
    http_status: int | None = None
    detail: str = ""


class AttemptStore(Protocol):
    """The part of a `JournalStore` that tells of attempts."""

    def attempts(self, run: int) -> Iterator[RecordedAttempt]:
        """Every request of a run: by the place of its row in the run, and in the order in which they were made."""
        ...
