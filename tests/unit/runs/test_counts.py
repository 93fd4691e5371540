from __future__ import annotations

from campaign.delivery import Progress
from campaign.journal import State, Tally
from campaign.runs.counts import counted_tally


def test_the_figures_that_were_counted_add_up_to_all_rows() -> None:
    states = {State.PENDING: 3, State.SENDING: 1, State.FAILED: 2, State.SENT: 4, State.SKIPPED: 1}
    before = Tally(states, requests=7, throttled=1, seconds=2.0, started_at=1.0, ended_at=None)
    progress = Progress(sent=4, failed=1, in_doubt=0, requests=6, throttled=1)
    after = counted_tally(before, progress, (State.FAILED,), 3.0)
    assert after.rows == before.rows
    assert after.count(State.PENDING, State.SENDING) == 0
    assert (after.count(State.SENT), after.count(State.FAILED)) == (8, 2)
    assert (after.requests, after.throttled, after.seconds, after.started_at) == (13, 2, 5.0, 1.0)
