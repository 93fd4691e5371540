"""Messages that are taken back, on a fake clock: what becomes of each row, and when the undo stops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from campaign.channels import LIVECHAT
from campaign.channels.base import NoResponse, Response
from campaign.delivery.ports import RowEvent
from campaign.delivery.shutdown import StopReason
from campaign.delivery.worker_pool import WorkerPool, deliver
from campaign.journal import State
from campaign.journal.deletions import GONE, TAKEN_BACK
from campaign.settings import DeliverySettings

from .fake_clock import FakeClock
from .fakes import FAST, NO_CONNECTION, RESET, ChatServer, FakeAttemptLog, FakeDelivery, Fault, context_for, refused

HTML = Response(200, {"content-type": "text/html"}, b"<html>Welcome</html>")
DELETE = ("DELETE", "m1")
LOST = [
    pytest.param(RESET, id="reset"),
    pytest.param(Response(500), id="500"),
    pytest.param(Response(502, {}, b"<html>Bad gateway</html>"), id="502"),
    pytest.param(HTML, id="a page"),
    pytest.param(Response(200, {}, b'{"success":tr'), id="cut off"),
    pytest.param(Response(200, {}, b'{"success":true,"message":{"_id":"m9"}}'), id="about another message"),
]


class FakeUndo(FakeDelivery):
    """An undo with its fakes: every message is on the server, and its row is sent."""

    async def undo(self) -> StopReason | None:
        """Run the undo to its end."""
        ended: list[StopReason | None] = []

        async def work() -> None:
            ended.append(await deliver(self.context, LIVECHAT.undo))

        await self.clock.run(work())
        return ended[0]


def fake_undo(
    count: int = 1,
    settings: DeliverySettings = FAST,
    faults: Mapping[str, Sequence[Fault]] | None = None,
    gone: Sequence[int] = (),
) -> FakeUndo:
    clock = FakeClock()
    log, server = FakeAttemptLog("livechat", count), ChatServer(clock, undo_faults=faults)
    log.waiting_states = (State.SENT, State.IN_DOUBT)
    for seq in range(1, count + 1):
        log.states[seq] = State.SENT
        server.taken[f"m{seq}"] = seq not in gone
    context = context_for("livechat", settings, clock, transport=server, log=log)
    return FakeUndo(clock, log, server, context.shutdown, context)


async def test_a_message_is_deleted_with_one_request() -> None:
    it = fake_undo()
    assert await it.undo() is None
    assert it.log.states == {1: State.DELETED}
    assert it.server.requests == [DELETE]
    assert it.log.undone[1] == 1
    outcome = it.log.outcomes[1]
    assert (outcome.kind, outcome.http_status) == (TAKEN_BACK, 200)
    assert outcome.reason.startswith("deleted at 20")
    assert (it.context.progress.deleted, it.context.progress.kept, it.context.progress.done) == (1, 0, 1)


async def test_a_message_that_is_gone_counts_as_deleted() -> None:
    it = fake_undo(gone=[1])
    assert await it.undo() is None
    assert it.log.states == {1: State.DELETED}
    assert (it.log.outcomes[1].kind, it.log.results) == (GONE, [(1, "absent")])


@pytest.mark.parametrize("response", LOST)
@pytest.mark.parametrize("takes", [True, False], ids=["performed", "not performed"])
async def test_a_deletion_whose_response_was_lost_is_asked_for_again(
    response: Response | NoResponse, *, takes: bool
) -> None:
    it = fake_undo(faults={"m1": [Fault(response, takes=takes)]})
    assert await it.undo() is None
    assert it.log.states == {1: State.DELETED}
    assert it.server.requests == [DELETE, DELETE]
    assert [result for _, result in it.log.results] == ["unclear", "absent" if takes else "deleted"]
    assert it.server.taken["m1"] == 0


async def test_until_it_is_settled_a_row_stays_as_it_was() -> None:
    it = fake_undo(faults={"m1": [Fault(RESET, takes=True)] * 3}, settings=replace(FAST, give_up_after=0.1))
    reason = await it.undo()
    assert reason is not None
    assert "the connection broke" in reason.text
    assert it.log.states == {1: State.SENT}
    assert it.log.outcomes == {}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param("room-closed", "the conversation is closed", id="closed"),
        pytest.param("invalid-room", "no conversation with this room id", id="no room"),
        pytest.param("error-action-not-allowed", "does not allow it", id="not allowed"),
    ],
)
async def test_a_message_that_the_server_keeps_stays_sent_and_says_why(error: str, said: str) -> None:
    it = fake_undo(2, faults={"m1": [Fault(refused(error))]})
    assert await it.undo() is None
    assert it.log.states == {1: State.SENT, 2: State.DELETED}
    assert it.log.outcomes[1].kind == f"not deleted: {error}"
    assert it.log.outcomes[1].reason.startswith("not deleted: ")
    assert said in it.log.outcomes[1].reason
    assert (it.context.progress.deleted, it.context.progress.kept) == (1, 1)


async def test_a_row_in_doubt_is_deleted_or_stays_in_doubt() -> None:
    it = fake_undo(2, faults={"m2": [Fault(refused("room-closed"))]})
    for seq in (1, 2):
        it.log.states[seq] = State.IN_DOUBT
        it.log.doubt(seq)
    assert await it.undo() is None
    assert it.log.states == {1: State.DELETED, 2: State.IN_DOUBT}


async def test_many_refusals_of_one_kind_stop_the_undo() -> None:
    refusals = {f"m{seq}": [Fault(refused("error-action-not-allowed"))] for seq in range(1, 31)}
    it = fake_undo(30, replace(FAST, stop_after_refusals=5, concurrency=1), faults=refusals)
    reason = await it.undo()
    assert reason is not None
    assert reason.text.startswith("5 messages in a row were not deleted for the same reason (the server does not allow")
    assert len(it.server.requests) == 5


@pytest.mark.parametrize(
    ("response", "said"),
    [
        pytest.param(Response(401), "refuses access", id="401"),
        pytest.param(Response(302, {"location": "/login"}), "redirects", id="302"),
        pytest.param(Response(303, {"location": "/login"}), "redirects", id="303"),
        pytest.param(Response(404, {}, b"<html>"), "check [server] url", id="another program"),
    ],
)
async def test_what_every_message_would_meet_stops_the_undo_at_once(response: Response, said: str) -> None:
    it = fake_undo(3, replace(FAST, concurrency=1), faults={"m1": [Fault(response)]})
    reason = await it.undo()
    assert reason is not None
    assert said in reason.text
    assert it.server.requests == [DELETE]
    assert set(it.log.states.values()) == {State.SENT}


async def test_pages_in_place_of_answers_stop_the_undo() -> None:
    it = fake_undo(faults={"m1": [Fault(HTML)] * 5})
    reason = await it.undo()
    assert reason is not None
    assert "is not JSON" in reason.text
    assert it.server.requests == [DELETE] * 3


async def test_over_the_limit_it_waits_as_told_and_deletes_then() -> None:
    it = fake_undo(faults={"m1": [Fault(Response(429, {"retry-after": "7"}))]})
    assert await it.undo() is None
    assert it.log.states == {1: State.DELETED}
    assert it.server.sent_at[1] - it.server.sent_at[0] == pytest.approx(7.0, abs=0.1)
    assert it.context.progress.throttled == 1


async def test_a_server_that_cannot_be_reached_stops_it_and_no_row_has_changed() -> None:
    it = fake_undo(
        2, replace(FAST, give_up_after=30.0), faults={f"m{seq}": [Fault(NO_CONNECTION)] * 99 for seq in (1, 2)}
    )
    reason = await it.undo()
    assert reason is not None
    assert "nothing but trouble for 30 s" in reason.text
    assert it.log.states == {1: State.SENT, 2: State.SENT}


async def test_the_pace_is_kept_for_deletions_too() -> None:
    it = fake_undo(21, DeliverySettings(rate=10))
    assert await it.undo() is None
    assert it.server.sent_at[-1] - it.server.sent_at[0] == pytest.approx(2.0, abs=0.15)


async def test_where_the_attempt_cannot_be_recorded_nothing_is_deleted() -> None:
    it = fake_undo()
    it.log.full_for_attempts = True
    reason = await it.undo()
    assert reason is not None
    assert "cannot be written" in reason.text
    assert it.server.requests == []


async def test_a_stop_lets_the_requests_in_flight_end_and_begins_no_other() -> None:
    it = fake_undo(50, replace(FAST, concurrency=4))
    asked = it.context.transport.send

    class Stops:
        async def send(self, request: object) -> Response | NoResponse:
            it.shutdown.request(StopReason("interrupted", interrupted=True))
            return await asked(request)  # type: ignore[arg-type] # it is a request

    context = replace(it.context, transport=Stops())
    await it.clock.run(WorkerPool(context, LIVECHAT.undo).deliver())
    deleted = it.log.in_state(State.DELETED)
    assert 1 <= len(deleted) <= 4
    assert it.server.requests == [("DELETE", f"m{seq}") for seq in deleted]


async def test_whoever_follows_along_hears_of_each_row() -> None:
    heard: list[RowEvent] = []
    it = fake_undo(2, replace(FAST, concurrency=1), faults={"m2": [Fault(refused("room-closed"))]})
    context = replace(it.context, on_event=heard.append)
    await it.clock.run(WorkerPool(context, LIVECHAT.undo).deliver())
    assert [(event.row, event.state) for event in heard] == [(2, State.DELETED), (3, State.SENT)]


async def test_rows_of_one_conversation_are_deleted_one_at_a_time() -> None:
    it = fake_undo(6)
    for seq, row in it.log._rows.items():
        it.log._rows[seq] = row._replace(destination="one")
    assert await it.undo() is None
    assert it.server.most_in_flight == 1
    assert [name for _, name in it.server.requests] == [f"m{seq}" for seq in range(1, 7)]
