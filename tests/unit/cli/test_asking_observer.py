"""What is shown and asked while `campaign rooms` and `campaign conversations` ask, and what an interrupt does."""

from __future__ import annotations

import asyncio
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from campaign.channels.livechat.rooms import LivechatRooms
from campaign.cli import asking_observer
from campaign.cli.asking_observer import AskingTerminalObserver, room_facts, room_question, state_of
from campaign.errors import UsageError
from campaign.findings import make
from campaign.refusals import UndecidedFindingsError
from campaign.runs.asking_session import AskedServer, AskingSession
from campaign.runs.confirmation import Pace
from campaign.runs.rooms import RoomConfirmation
from campaign.runs.visitors import ListedRow
from campaign.settings import DeliverySettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.delivery import LocalRateLimiter
    from campaign.delivery.asking import AskContext

SERVER = AskedServer("http://127.0.0.1:9", LivechatRooms(), DeliverySettings())

HIDDEN = make("hidden-rows", "row 3 is hidden in the sheet and would be asked for too", 1)


def confirmation(visitors: int = 2, registrations: int = 1, **more: object) -> RoomConfirmation:
    found = RoomConfirmation(
        "https://chat.example", "list.csv", {"name": "Khách"}, visitors, registrations, 0, (), (),
        Pace(60.0, "5 a minute"), (), (),
    )  # fmt: skip
    return found._replace(**more)  # type: ignore[arg-type] # named as they are there


class WaitingSession(AskingSession):
    """A session that waits for so many seconds."""

    waits = 0.0

    @property
    def waiting_for(self) -> float:
        return self.waits


@pytest.mark.parametrize(
    ("waits", "trouble", "expected"),
    [
        pytest.param(0.2, "", "found 2, refused 1", id="no wait"),
        pytest.param(42.0, "", "waiting 42 s for the server's limit, found 2, refused 1", id="limit"),
        pytest.param(9.0, "HTTP 502", "waiting 9 s for the server, found 2, refused 1 (HTTP 502)", id="trouble"),
    ],
)
def test_the_state_says_what_is_waited_for(waits: float, trouble: str, expected: str) -> None:
    session = WaitingSession(SERVER)
    session.waits = waits
    session.progress.sent, session.progress.failed, session.progress.trouble = 2, 1, trouble
    assert state_of(session) == expected


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both standard streams are terminals."""
    monkeypatch.setattr(asking_observer, "is_terminal", lambda _stream: True)


async def followed(observer: AskingTerminalObserver, session: AskingSession, total: int | None) -> None:
    with observer.following(session, "visitors", total):
        session.progress.sent = 3
        await asyncio.sleep(0.01)


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    ("total", "waits", "shown"),
    [
        pytest.param(4, 0.0, " 75%|", id="a share"),
        pytest.param(None, 0.0, "Asking: 3 visitors, found 3", id="no total"),
        pytest.param(4, 5.0, "Asking: 3 visitors, waiting 5 s for the server's limit, found 3", id="a wait"),
    ],
)
async def test_a_terminal_has_a_bar(
    capsys: pytest.CaptureFixture[str], total: int | None, waits: float, shown: str
) -> None:
    session = WaitingSession(SERVER)
    session.waits = waits
    await followed(AskingTerminalObserver(quiet=False), session, total)
    assert shown in capsys.readouterr().err


@pytest.mark.parametrize(("total", "shown"), [(4, "3 of 4 visitors; found 3"), (None, "3 visitors; found 3")])
async def test_elsewhere_there_are_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, total: int | None, shown: str
) -> None:
    monkeypatch.setattr(asking_observer, "LINE_INTERVAL", 0.0)
    await followed(AskingTerminalObserver(quiet=False), WaitingSession(SERVER), total)
    assert shown in capsys.readouterr().err


@pytest.mark.usefixtures("terminal")
async def test_quiet_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    await followed(AskingTerminalObserver(quiet=True), WaitingSession(SERVER), 4)
    assert capsys.readouterr().err == ""


IN_MAIN_THREAD = pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread(), reason="handlers are set in the main thread alone"
)


@IN_MAIN_THREAD
@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("signals", [1, 2], ids=["stops", "cancels"])
async def test_the_first_interrupt_stops_and_the_second_cancels(
    capsys: pytest.CaptureFixture[str], signals: int
) -> None:
    ended = []

    async def work(context: AskContext, _limiter: LocalRateLimiter) -> None:
        await asyncio.sleep(0.3)  # until the bar is there
        for _ in range(signals):
            signal.raise_signal(signal.SIGINT)
        await context.shutdown.sleep(context.clock, 30)
        await asyncio.sleep(0.05)
        ended.append("in order")

    session = AskingSession(SERVER)
    async with asyncio.timeout(10):
        await session.perform(work, AskingTerminalObserver(quiet=False), "visitors", 4)
    assert session.stopped is not None
    assert (session.stopped.text, session.stopped.interrupted) == ("interrupted", True)
    assert ended == (["in order"] if signals == 1 else [])
    assert capsys.readouterr().err.count("Interrupted: finishing what is in flight; Ctrl-C again cancels it.") == 1


def test_a_session_that_has_not_begun_has_nothing_to_stop() -> None:
    session = AskingSession(SERVER)
    session.stop("interrupted")
    session.cancel()
    assert (session.stopped, session.waiting_for) == (None, 0.0)


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        (confirmation(1, 0), "Ask https://chat.example for the conversations of 1 visitor?"),
        (confirmation(), "Ask https://chat.example for the conversations of 2 visitors, and register 1 of them?"),
    ],
    ids=["known", "to register"],
)
def test_the_question_says_how_many(asked: RoomConfirmation, question: str) -> None:
    assert room_question(asked) == question


def test_the_facts_say_what_an_operator_should_know() -> None:
    unnamed = (ListedRow(4, (), "", "C4: “12” is not one phone number"), ListedRow(7, (), "", "another"))
    asked = confirmation(known=3, unnamed=unnamed, sharing=(5, 6), findings=(HIDDEN,), undecided=(HIDDEN,))
    text = "\n".join(line.text for line in room_facts(asked, 200))
    assert "Columns   name ← Khách" in text
    assert "Known     3 from before, which are not asked for again" in text
    assert "Left out  2 rows (4, 7): C4: “12” is not one phone number, for one" in text
    assert "Shared    2 rows (5, 6) have the conversation of an earlier row, by token, phone number or e-mail" in text
    assert "✗ hidden-rows: row 3 is hidden" in text
    assert "A yes accepts what is shown here." in text


def answers(monkeypatch: pytest.MonkeyPatch, *, yes: bool) -> Callable[[str], bool]:
    def confirm(question: str) -> bool:
        assert question.startswith("Ask https://chat.example")
        return yes

    monkeypatch.setattr(asking_observer, "confirm", confirm)
    return confirm


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("yes", [True, False])
def test_a_terminal_is_asked(monkeypatch: pytest.MonkeyPatch, *, yes: bool) -> None:
    answers(monkeypatch, yes=yes)
    asked = confirmation(findings=(HIDDEN,), undecided=(HIDDEN,))
    assert AskingTerminalObserver(quiet=False).confirm_rooms(asked) is yes


def test_yes_answers_the_question_and_accepts_no_finding() -> None:
    observer = AskingTerminalObserver(yes=True, quiet=False)
    assert observer.confirm_rooms(confirmation(findings=(HIDDEN,)))
    with pytest.raises(UndecidedFindingsError, match="is hidden in the sheet"):
        observer.confirm_rooms(confirmation(findings=(HIDDEN,), undecided=(HIDDEN,)))


def test_without_a_terminal_there_is_nobody_to_ask() -> None:
    with pytest.raises(UsageError, match="There is no terminal to ask on; add --yes; nothing was asked"):
        AskingTerminalObserver(quiet=False).confirm_rooms(confirmation())
