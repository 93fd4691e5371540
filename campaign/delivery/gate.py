"""The gate: whether a run goes on once the outcomes of its first rows are known. A pure function of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign.journal.decisions import LIST_SUSPECTED
from campaign.journal.records import State

if TYPE_CHECKING:
    from campaign.journal.gate import FirstRows
    from campaign.settings import GateSettings

ROUNDING = 1e-9
"""What the share may be over the limit by: neither is exact in binary."""


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """What became of the first rows of a run.

    Attributes:
        rows: how many they are.
        sent: how many were sent.
        failed: how many failed.
        in_doubt: how many are in doubt.
        waiting: how many have no final state yet.
        behind: how many rows wait behind the gate.
        max_failed: the share of the rows that may have failed or be in doubt.
    """

    rows: int
    sent: int
    failed: int
    in_doubt: int
    waiting: int
    behind: int
    max_failed: float

    @property
    def kept(self) -> bool:
        """Whether no larger share of the rows failed or is in doubt than is allowed."""
        return self.failed + self.in_doubt <= (self.max_failed + ROUNDING) * self.rows

    def __str__(self) -> str:
        parts = [f"{self.sent:,} {'was' if self.sent == 1 else 'were'} sent"]
        parts += [f"{self.failed:,} failed"] if self.failed else []
        parts += [f"{self.in_doubt:,} {'is' if self.in_doubt == 1 else 'are'} in doubt"] if self.in_doubt else []
        *but_last, last = parts
        return f"of the first {self.rows:,} rows, {' and '.join([', '.join(but_last), last] if but_last else [last])}"

    @property
    def refusal(self) -> str:
        """Why the run stops at the gate."""
        if self.kept:
            return f"not let through the gate ({self})"
        return (
            f"{self}, and [gate] max_failed is {percent(self.max_failed)}. To go on all the same, resume on a terminal "
            f"and say yes, or raise max_failed: {LIST_SUSPECTED}"
        )


def outcome_of(gate: GateSettings, first: FirstRows, waiting: int) -> GateOutcome:
    """What became of the first rows of a run.

    Args:
        gate: the gate.
        first: its rows.
        waiting: how many rows of the run wait, those before the gate included.
    """
    unfinished = first.count(State.PENDING, State.SENDING)
    return GateOutcome(
        rows=sum(first.states.values()),
        sent=first.count(State.SENT, State.DELETED),
        failed=first.count(State.FAILED),
        in_doubt=first.count(State.IN_DOUBT),
        waiting=unfinished,
        behind=max(0, waiting - unfinished),
        max_failed=gate.max_failed,
    )


def percent(share: float) -> str:
    """A share: "5%", "12.5%"."""
    return f"{round(100 * share, 6):g}%"
