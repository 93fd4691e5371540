"""How long trouble is borne, and how many refusals of one kind: the run's own reasons to stop."""

from __future__ import annotations

from campaign.delivery.stop import StopReason


class Patience:
    """Counts what goes wrong in a row. Pure: the caller says what time it is, in seconds."""

    def __init__(self, give_up_after: float, stop_after_refusals: int) -> None:
        """Start patient.

        Args:
            give_up_after: seconds of nothing but trouble.
            stop_after_refusals: refusals of one kind in a row; 0: never.
        """
        self._give_up_after = give_up_after
        self._stop_after = stop_after_refusals
        self._troubled_since: float | None = None
        self._kind = ""
        self._in_a_row = 0
        self._failed_at = float("-inf")
        self._of_its_own = False
        self.failures = 0
        """Failures in a row."""

    def well(self) -> None:
        """Count a message that was sent."""
        self._answers()
        self._kind, self._in_a_row = "", 0

    def refused(self, kind: str, reason: str) -> StopReason | None:
        """Count a row that the server refused: it answers, but perhaps every row is wrong.

        Returns:
            Why to stop, if it is time to.
        """
        self._answers()
        self._in_a_row = self._in_a_row + 1 if kind == self._kind else 1
        self._kind = kind
        if self._in_a_row != self._stop_after:
            return None
        return StopReason(
            f"{self._in_a_row} rows in a row went wrong alike ({reason}): is the list or the template wrong?"
        )

    def failed(self, left_at: float, now: float) -> None:
        """Count a failure, unless the request was under way when an earlier one failed: it shares its cause."""
        self._of_its_own = left_at >= self._failed_at
        if self._of_its_own:
            self.failures += 1
            self._failed_at = now

    def in_doubt(self, now: float, wait: float, reason: str) -> StopReason | None:
        """Judge a failure that leaves a row in doubt: trouble of the server's that each further row would only share.

        Args:
            now: the time.
            wait: seconds that will pass before the next row is tried.
            reason: what the trouble is.

        Returns:
            Why to stop, if it is time to.
        """
        self._in_a_row = self._in_a_row + self._of_its_own if self._kind == "in doubt" else 1
        self._kind = "in doubt"
        if self._of_its_own and self._in_a_row == self._stop_after:
            return StopReason(f"{self._in_a_row} rows in a row were left in doubt ({reason}): the server is in trouble")
        return self.trouble(now, wait, reason)

    def trouble(self, now: float, wait: float, reason: str) -> StopReason | None:
        """Judge a failure that is trouble of the server's or the network's.

        Args:
            now: the time.
            wait: seconds that will pass before the next try.
            reason: what the trouble is.

        Returns:
            Why to stop, if it is time to: waiting for nothing is no use either.
        """
        if self._troubled_since is None:
            self._troubled_since = now
        if now + wait - self._troubled_since < self._give_up_after:
            return None
        borne = _minutes(self._give_up_after)
        if wait >= self._give_up_after:
            return StopReason(
                f"{reason}: the server asks to wait {_minutes(wait)}, longer than give_up_after = {borne}"
            )
        return StopReason(f"{reason}: nothing but trouble for {borne}")

    def _answers(self) -> None:
        self._troubled_since = None
        self.failures = 0


def _minutes(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:.0f} min"
