"""The public API in a script, a thread and a running event loop: no prints, prompts or signal handlers."""

from __future__ import annotations

import ast
import asyncio
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Any, Literal

import pytest

import campaign
from campaign.sandbox import Fault, FaultPlan, Sandbox, SandboxSettings
from tests.integration.conftest import kitechat_list, livechat_list

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KEY = "k3y-that-never-shows"


@pytest.fixture
async def server() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxSettings(credentials={"api_key": KEY})) as sandbox:
        yield sandbox


def livechat(folder: Path, rows: int, url: str = "https://chat.example.com") -> campaign.Campaign:
    return campaign.load(livechat_list(folder / "list.csv", rows), template="livechat-text", server=url, rate="1000/s")


def kitechat(folder: Path, rows: int, url: str) -> campaign.Campaign:
    return campaign.load(kitechat_list(folder / "list.csv", rows), template="kitechat-text", server=url, rate="1000/s")


async def rehearsed(folder: Path, rows: int = 5, **pace: int) -> tuple[list[campaign.RowEvent], campaign.Report]:
    """A rehearsal with an in-memory journal, through the public API only."""
    plan = campaign.plan(livechat(folder, rows), sandbox=True)
    async with campaign.open_journal(":memory:") as journal:
        run = await campaign.start(plan, journal=journal)
        events = [event async for event in run.deliver(**pace)]
        return events, await run.report()


# Where it runs


def test_it_runs_in_asyncio_run(tmp_path: Path) -> None:
    events, report = asyncio.run(rehearsed(tmp_path))
    assert [(event.row, event.state, event.reason) for event in sorted(events)] == [
        (row, campaign.State.SENT, "") for row in range(2, 7)
    ]
    assert (report.state, report.tally.count(campaign.State.SENT)) == ("finished", 5)


def test_it_runs_in_a_thread(tmp_path: Path) -> None:
    async def in_thread() -> tuple[list[campaign.RowEvent], campaign.Report]:
        return await asyncio.to_thread(asyncio.run, rehearsed(tmp_path))

    events, _ = asyncio.run(in_thread())
    assert len(events) == 5


async def test_planning_does_not_block_the_event_loop(tmp_path: Path) -> None:
    plan = campaign.plan(livechat(tmp_path, 3000), sandbox=True)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.001)

    ticking = asyncio.create_task(tick())
    async with campaign.open_journal(":memory:") as journal:
        await campaign.start(plan, journal=journal)
    ticking.cancel()
    assert ticks > 3


def test_no_signal_handler_is_installed(tmp_path: Path) -> None:
    async def work() -> bool:
        before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        plan = campaign.plan(livechat(tmp_path, 5), sandbox=True)
        async with campaign.open_journal(":memory:") as journal:
            run = await campaign.start(plan, journal=journal)
            handlers = [
                [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] async for _ in run.deliver()
            ]
        return all(each == before for each in handlers) and len(handlers) == 5

    assert asyncio.run(work())


def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    asyncio.run(rehearsed(tmp_path))
    assert campaign.run(livechat(tmp_path, 2), sandbox=True) is not None
    assert capfd.readouterr() == ("", "")


def test_no_environment_variable_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITECHAT_API_KEY", KEY)
    plan = campaign.plan(kitechat(tmp_path, 1, "http://127.0.0.1:9"))
    with (
        campaign.open_journal(":memory:") as journal,
        pytest.raises(campaign.CampaignError, match="needs an API key") as caught,
    ):
        campaign.start_sync(plan, journal=journal)
    assert caught.value.problems[0].code == "credentials-missing"


# Behaviour


async def test_a_real_server_gets_every_row_once(tmp_path: Path, server: Sandbox) -> None:
    plan = campaign.plan(kitechat(tmp_path, 20, server.url))
    async with campaign.open_journal(tmp_path / "own.journal.db") as journal:
        run = await campaign.start(plan, journal=journal, api_key=KEY)
        assert [event.state async for event in run.deliver()] == ["sent"] * 20
    assert len(server.ledger.taken()) == 20
    assert KEY not in repr(run)
    assert KEY.encode() not in (tmp_path / "own.journal.db").read_bytes()


async def test_the_report_can_be_used_after_the_journal_is_closed(tmp_path: Path, server: Sandbox) -> None:
    plan = campaign.plan(livechat(tmp_path, 4, server.url))
    async with campaign.open_journal(tmp_path / "own.journal.db") as journal:
        run = await campaign.start(plan, journal=journal)
        async for _ in run.deliver(limit=3):
            pass
        report = await run.report()
    assert (report.state, report.reason) == ("stopped", "the limit of 3 rows is reached")
    assert [row.state for row in report.rows()] == ["sent", "sent", "sent", "pending"]
    written = report.to_xlsx(tmp_path / "out.xlsx")
    assert written.results == tmp_path / "out.xlsx"
    assert written.results.exists()


async def test_leaving_the_loop_early_stops_the_run_cleanly(tmp_path: Path, server: Sandbox) -> None:
    plan = campaign.plan(kitechat(tmp_path, 300, server.url))
    async with campaign.open_journal(tmp_path / "own.journal.db") as journal:
        run = await campaign.start(plan, journal=journal, api_key=KEY)
        async for _ in run.deliver():
            break
        report = await run.report()
        taken = len(server.ledger.taken())
        assert 0 < taken < 300
        assert report.reason == "stopped by the calling program"
        assert report.tally.states == {"sent": taken, "pending": 300 - taken}
        resumed = await campaign.resume(journal, api_key=KEY)
        assert len([event async for event in resumed.deliver()]) == 300 - taken
    assert len(server.ledger.taken()) == 300


async def test_the_journal_may_be_closed_right_after_leaving_the_loop(tmp_path: Path, server: Sandbox) -> None:
    plan = campaign.plan(kitechat(tmp_path, 300, server.url))
    async with campaign.open_journal(tmp_path / "own.journal.db") as journal:
        run = await campaign.start(plan, journal=journal, api_key=KEY)
        async for _ in run.deliver():
            break
    report = await run.report()
    taken = len(server.ledger.taken())
    assert 0 < taken < 300
    assert report.reason == "stopped by the calling program"
    assert report.tally.states == {"sent": taken, "pending": 300 - taken}


async def test_a_stream_with_a_name_is_ended_by_its_block(tmp_path: Path, server: Sandbox) -> None:
    plan = campaign.plan(kitechat(tmp_path, 300, server.url))
    async with campaign.open_journal(tmp_path / "own.journal.db") as journal:
        run = await campaign.start(plan, journal=journal, api_key=KEY)
        async with run.deliver() as events:
            async for _ in events:
                break
        taken = len(server.ledger.taken())
        await asyncio.sleep(0.1)
        assert 0 < taken == len(server.ledger.taken()) < 300
        assert (await run.report()).tally.states == {"sent": taken, "pending": 300 - taken}


async def test_leaving_the_journal_ends_a_delivery_that_nobody_follows(tmp_path: Path, server: Sandbox) -> None:
    plan = campaign.plan(kitechat(tmp_path, 300, server.url))
    async with campaign.open_journal(tmp_path / "own.journal.db") as journal:
        run = await campaign.start(plan, journal=journal, api_key=KEY)
        events = run.deliver()
        async for _ in events:
            break
        assert str((await run.report()).reason).startswith("it is being delivered by process ")
    taken = len(server.ledger.taken())
    report = await run.report()
    assert report.reason == "the journal was closed"
    assert report.tally.states == {"sent": taken, "pending": 300 - taken}


def test_a_loop_that_is_left_last_of_all_leaves_nothing_in_doubt(tmp_path: Path) -> None:
    async def main() -> campaign.Run:
        async with Sandbox(SandboxSettings(credentials={"api_key": KEY}, latency=0.05)) as server:
            plan = campaign.plan(kitechat(tmp_path, 300, server.url))
            async with campaign.open_journal(tmp_path / "own.journal.db") as journal:
                run = await campaign.start(plan, journal=journal, api_key=KEY)
                async for _ in run.deliver():
                    break
            return run

    report = asyncio.run(main()).report_sync()
    assert report.reason == "stopped by the calling program"
    assert set(report.tally.states) == {"sent", "pending"}


async def test_a_slow_caller_holds_up_the_delivery(tmp_path: Path, server: Sandbox) -> None:
    plan = campaign.plan(kitechat(tmp_path, 300, server.url))
    async with campaign.open_journal(":memory:") as journal:
        run = await campaign.start(plan, journal=journal, api_key=KEY)
        async with run.deliver(concurrency=4) as events:
            await anext(events)
            await asyncio.sleep(0.5)
            assert len(server.ledger.taken()) <= 64 + 4
            assert len([event async for event in events]) == 299


async def test_a_run_may_be_stopped_before_it_begins(tmp_path: Path, server: Sandbox) -> None:
    plan = campaign.plan(kitechat(tmp_path, 30, server.url))
    async with campaign.open_journal(":memory:") as journal:
        run = await campaign.start(plan, journal=journal, api_key=KEY)
        with journal.exclusive():
            delivery = run.begin_delivery(run.settings)
            run.stop("not today")
            await delivery.perform()
        assert (await run.report()).reason == "not today"
    assert server.ledger.taken() == []


def test_a_report_awaited_in_one_loop_comes_when_another_thread_has_ended_the_delivery(tmp_path: Path) -> None:
    plan = campaign.plan(livechat(tmp_path, 200), sandbox=True)
    with campaign.open_journal(tmp_path / "own.journal.db") as journal:
        run = campaign.start_sync(plan, journal=journal)
        for _ in run.deliver_sync(rate="200/s"):
            run.stop("enough")
            report = asyncio.run(asyncio.wait_for(run.report(), 30))
            break
    assert report.reason == "enough"


async def test_rows_to_retry_are_retried_by_one_delivery_alone(tmp_path: Path) -> None:
    faults = FaultPlan(rates={Fault.RESET_AFTER: 1.0})
    async with Sandbox(SandboxSettings(credentials={"api_key": KEY}, faults=faults)) as server:
        plan = campaign.plan(kitechat(tmp_path, 3, server.url))
        async with campaign.open_journal(":memory:") as journal:
            run = await campaign.start(plan, journal=journal, api_key=KEY)
            assert [event.state async for event in run.deliver()] == ["in_doubt"] * 3
            again = await campaign.resume(journal, api_key=KEY, retry=["in_doubt"])
            assert [event.row async for event in again.deliver(limit=1)] == [2]
            assert [event async for event in again.deliver()] == []
        assert len(server.ledger.taken()) == 4


async def test_an_older_run_is_not_delivered_once_a_newer_one_was_started(tmp_path: Path) -> None:
    plan = campaign.plan(livechat(tmp_path, 3), sandbox=True)
    async with campaign.open_journal(":memory:") as journal:
        old = await campaign.start(plan, journal=journal)
        await campaign.start(plan, journal=journal, new=True)
        with pytest.raises(campaign.CampaignError, match="run 1: run 2 has been started since"):
            await anext(old.deliver())


def test_a_whole_run_refuses_options_that_belong_to_resume(tmp_path: Path) -> None:
    options = campaign.RunOptions(server="https://other.example.com")
    with pytest.raises(campaign.CampaignError, match=r"pass server to campaign\.load"):
        campaign.run(livechat(tmp_path, 3), sandbox=True, options=options)


async def test_a_run_can_be_stopped_from_elsewhere(tmp_path: Path) -> None:
    plan = campaign.plan(livechat(tmp_path, 500), sandbox=True)
    async with campaign.open_journal(":memory:") as journal:
        run = await campaign.start(plan, journal=journal)
        async for _ in run.deliver(rate="200/s"):
            await asyncio.to_thread(run.stop, "enough for today")
        report = await run.report()
    assert report.reason == "enough for today"
    assert report.interrupted


async def test_one_run_is_not_delivered_twice_at_once(tmp_path: Path) -> None:
    plan = campaign.plan(livechat(tmp_path, 50), sandbox=True)
    async with campaign.open_journal(tmp_path / "own.journal.db") as journal:
        run = await campaign.start(plan, journal=journal)
        async with run.deliver(rate="100/s") as delivering:
            await anext(delivering)
            with pytest.raises(campaign.CampaignError, match="is being worked on by process") as caught:
                await anext((await campaign_again(journal)).deliver())
            assert caught.value.problems[0].code == "journal-busy"


async def campaign_again(journal: campaign.JournalStore) -> campaign.Run:
    record = journal.last_run()
    assert record is not None
    return campaign.Run(journal, record, {})


async def test_a_cancelled_start_leaves_no_run(tmp_path: Path) -> None:
    plan = campaign.plan(livechat(tmp_path, 5000), sandbox=True)
    async with campaign.open_journal(tmp_path / "own.journal.db") as journal:
        starting = asyncio.create_task(campaign.start(plan, journal=journal))
        await asyncio.sleep(0.02)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert journal.runs() == []


@pytest.mark.parametrize("new", [False, True, "skip-sent"])
async def test_a_start_cancelled_as_its_run_is_sealed_loses_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new: Literal[True, False, "skip-sent"]
) -> None:
    plan = campaign.plan(livechat(tmp_path, 3))
    async with campaign.open_journal(":memory:") as journal:
        if new:
            await campaign.start(plan, journal=journal)
        loop, seal = asyncio.get_running_loop(), journal.seal
        starting = asyncio.create_task(campaign.start(plan, journal=journal, new=new))

        def cancelled_meanwhile(run: int) -> None:
            loop.call_soon_threadsafe(starting.cancel)
            time.sleep(0.05)
            seal(run)

        monkeypatch.setattr(journal, "seal", cancelled_meanwhile)
        with pytest.raises(asyncio.CancelledError):
            await starting
        waiting = [journal.tally(run.number).count(campaign.State.PENDING) for run in journal.runs()]
        assert sorted(waiting) == ([0, 3] if new else [])


def test_a_mistyped_way_to_start_over_is_refused(tmp_path: Path) -> None:
    plan = campaign.plan(livechat(tmp_path, 1))
    with campaign.open_journal(":memory:") as journal, pytest.raises(campaign.CampaignError, match="skip-sent"):
        campaign.start_sync(plan, journal=journal, new="skip_sent")  # type: ignore[arg-type]


def test_every_async_function_has_a_blocking_counterpart(tmp_path: Path) -> None:
    plan = campaign.plan(livechat(tmp_path, 30), sandbox=True)
    with campaign.open_journal(tmp_path / "own.journal.db") as journal:
        run = campaign.start_sync(plan, journal=journal)
        assert len(list(run.deliver_sync(limit=10))) == 10
        for _ in campaign.resume_sync(journal).deliver_sync(rate="100/s"):
            break
        report = campaign.resume_sync(journal).report_sync()
        assert 10 < report.tally.count(campaign.State.SENT) < 30
        assert len(list(campaign.resume_sync(journal).deliver_sync())) == report.tally.count(campaign.State.PENDING)
        assert run.report_sync().state == "finished"


def test_a_blocking_delivery_that_fails_raises_where_it_is_iterated(tmp_path: Path) -> None:
    plan = campaign.plan(livechat(tmp_path, 3), sandbox=True)
    with campaign.open_journal(tmp_path / "own.journal.db") as journal:
        run = campaign.start_sync(plan, journal=journal)
        with journal.exclusive(), pytest.raises(campaign.CampaignError, match="is being worked on"):
            list(run.deliver_sync())


def test_an_observer_that_does_not_confirm_leaves_no_run(tmp_path: Path) -> None:
    class No(campaign.RunObserver):
        def confirm(self, confirmation: campaign.SendConfirmation) -> bool:
            return confirmation.messages != 3

    plan = campaign.plan(livechat(tmp_path, 3), sandbox=True)
    with campaign.open_journal(":memory:") as journal:
        with pytest.raises(campaign.CampaignError, match="was not confirmed"):
            campaign.start_sync(plan, journal=journal, observer=No())
        assert journal.runs() == []


def test_a_run_on_record_needs_new(tmp_path: Path) -> None:
    plan = campaign.plan(livechat(tmp_path, 3))
    with campaign.open_journal(":memory:") as journal:
        campaign.start_sync(plan, journal=journal)
        with pytest.raises(campaign.CampaignError, match="is unfinished") as caught:
            campaign.start_sync(plan, journal=journal)
        assert caught.value.problems[0].code == "run-state"
        assert campaign.start_sync(plan, journal=journal, new=True).number == 2


def test_invalid_rows_are_in_the_plan_and_prevent_a_start(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("token,rid,msg\nt1,r,Hi\n,r,Hi\nt3,r,\n", encoding="utf-8")
    plan = campaign.plan(campaign.load(tmp_path / "list.csv", template="livechat-text"), sandbox=True)
    assert repr(plan.counts) == "PlanCounts(rows=3, pending=1, invalid=2, skipped=0)"
    assert plan.rows[0].payload == {"token": "t1", "rid": "r", "msg": "Hi"}
    assert [(row.number, row.problems[0].code) for row in plan.invalid] == [(3, "blank-field"), (4, "blank-field")]
    assert str(plan.rows[-1].problems[0]) == "C4: “msg” is blank, and msg needs it; fill it in"
    assert (len(plan.rows), len(plan.invalid), bool(plan.invalid)) == (3, 2, True)
    for index in (3, -4):
        with pytest.raises(IndexError, match=f"there is no row {index}"):
            plan.rows[index]
    with campaign.open_journal(":memory:") as journal:
        with pytest.raises(campaign.CampaignError, match="2 of 3 rows cannot be sent") as caught:
            campaign.start_sync(plan, journal=journal)
        assert caught.value.problems[-1].code == "invalid-rows"
        run = campaign.start_sync(plan, journal=journal, skip_invalid=True)
        assert [event.row for event in run.deliver_sync()] == [2]


def test_a_list_that_changed_after_it_was_planned_is_not_sent(tmp_path: Path) -> None:
    plan = campaign.plan(livechat(tmp_path, 3), sandbox=True)
    livechat_list(tmp_path / "list.csv", 4)
    with campaign.open_journal(":memory:") as journal:
        with pytest.raises(campaign.CampaignError, match="was changed while it was being read; start again"):
            campaign.start_sync(plan, journal=journal)
        assert journal.runs() == []


def test_a_whole_run_in_one_call(tmp_path: Path) -> None:
    report = campaign.run(livechat(tmp_path, 3), sandbox=True)
    assert report is not None
    assert report.results == tmp_path / "list.sandbox.results.xlsx"
    assert report.results.exists()
    again = campaign.run(livechat(tmp_path, 3), sandbox=True, options=campaign.RunOptions(limit=1))
    assert again is not None
    assert (again.run.number, again.state) == (2, "stopped")


@pytest.mark.parametrize("rate", ["10", "fast", "0/s", -1, float("nan")], ids=str)
def test_an_invalid_rate_is_refused_with_a_message(tmp_path: Path, rate: str | float) -> None:
    plan = campaign.plan(livechat(tmp_path, 1), sandbox=True)
    with campaign.open_journal(":memory:") as journal:
        run = campaign.start_sync(plan, journal=journal)
        with pytest.raises(campaign.CampaignError, match=r"^rate: "):
            list(run.deliver_sync(rate=rate))


@pytest.mark.parametrize(
    ("pace", "said"),
    [
        ({"limit": -1}, "limit: should be greater than or equal to 1"),
        ({"limit": 0}, "limit: should be greater than or equal to 1"),
        ({"limit": 2.5}, "limit: should be a valid integer"),
        ({"concurrency": 0}, "concurrency: should be greater than or equal to 1"),
        ({"concurrency": 10**9}, "concurrency: should be less than or equal to 1000"),
        ({"concurrency": "4"}, "concurrency: should be a valid integer"),
    ],
    ids=str,
)
def test_a_limit_or_concurrency_that_is_none_sends_nothing(tmp_path: Path, pace: dict[str, Any], said: str) -> None:
    plan = campaign.plan(livechat(tmp_path, 3), sandbox=True)
    with campaign.open_journal(":memory:") as journal:
        run = campaign.start_sync(plan, journal=journal)
        with pytest.raises(campaign.CampaignError, match=said):
            list(run.deliver_sync(**pace))
        assert run.report_sync().tally.requests == 0


@pytest.mark.parametrize("state", [campaign.State.SENT, "skipped", "invalid", "faild", campaign.State.PENDING], ids=str)
def test_only_rows_that_failed_or_are_in_doubt_can_be_retried(tmp_path: Path, state: str) -> None:
    plan = campaign.plan(livechat(tmp_path, 3), sandbox=True)
    with campaign.open_journal(":memory:") as journal:
        list(campaign.start_sync(plan, journal=journal).deliver_sync())
        for retry in (state, [state]):
            with pytest.raises(campaign.CampaignError, match=f"rows that are “{state}” cannot be retried"):
                campaign.resume_sync(journal, retry=retry)
        assert list(campaign.resume_sync(journal, retry="failed").deliver_sync()) == []


def test_an_override_that_does_not_exist_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    overrides: Any = {"template": "livechat-text", "sever": "https://other.example.com"}
    with pytest.raises(campaign.CampaignError, match="did you mean “server”"):
        campaign.load(livechat_list(tmp_path / "list.csv", 1), **overrides)


@pytest.mark.parametrize("key", [12345, b"abc", ["abc"], {"api_key": 5}, {"apikey": "x"}, None, ""], ids=str)
def test_an_api_key_of_the_wrong_type_is_refused_in_words(tmp_path: Path, key: str | None) -> None:
    plan = campaign.plan(kitechat(tmp_path, 1, "http://127.0.0.1:9"))
    with campaign.open_journal(":memory:") as journal:
        with pytest.raises(campaign.CampaignError, match="pass api_key") as caught:
            campaign.start_sync(plan, journal=journal, api_key=key)
        assert caught.value.problems[0].code == "credentials-missing"


async def test_a_second_delivery_that_is_refused_leaves_the_first_alone(tmp_path: Path) -> None:
    plan = campaign.plan(livechat(tmp_path, 30), sandbox=True)
    async with campaign.open_journal(tmp_path / "own.journal.db") as journal:
        run = await campaign.start(plan, journal=journal)
        first = run.deliver(rate="100/s")
        await anext(first)
        with pytest.raises(campaign.CampaignError, match="is being worked on"):
            await anext(run.deliver())
        assert len([event async for event in first]) == 29


async def test_a_whole_run_is_refused_inside_a_running_loop(tmp_path: Path) -> None:
    with pytest.raises(campaign.CampaignError, match=r"inside a running event loop; use `await campaign.start"):
        campaign.run(livechat(tmp_path, 3), sandbox=True)
    assert not (tmp_path / "list.sandbox.journal.db").exists()


def test_a_journal_that_was_closed_says_so(tmp_path: Path) -> None:
    plan = campaign.plan(livechat(tmp_path, 3), sandbox=True)
    with campaign.open_journal(tmp_path / "own.journal.db") as journal:
        run = campaign.start_sync(plan, journal=journal)
    with pytest.raises(campaign.CampaignError, match=r"the journal is closed .*; open it again"):
        list(run.deliver_sync())


# Examples


def examples() -> list[tuple[str, str]]:
    """The examples of the package's docstring and of the page about it, each with its source."""
    docstring = re.split(r"\n(?=\S)", campaign.__doc__ or "")
    indented = ["\n".join(line[4:] for line in part.splitlines()[1:]) for part in docstring if "\n    " in part]
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "python.md").read_text(encoding="utf-8")
    fenced = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    return [("docstring", "\n".join(indented)), *((f"page {number}", text) for number, text in enumerate(fenced, 1))]


def examples_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that the examples name."""
    livechat_list(folder / "customers.csv", 12)
    (folder / "tet-offer").mkdir()
    (folder / "tet-offer" / "campaign.toml").write_text(
        'template = "livechat-text"\n[recipients]\nfile = "../customers.csv"\n', encoding="utf-8"
    )
    monkeypatch.chdir(folder)


@pytest.mark.parametrize("example", [pytest.param(text, id=where) for where, text in examples()])
async def test_an_example_runs_line_by_line_in_a_running_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, example: str
) -> None:
    """Run as in a notebook: statement by statement, with top-level `await`."""
    examples_in(tmp_path, monkeypatch)
    names: dict[str, Any] = {}
    statements = ast.parse(example).body
    assert len(statements) > 3
    for statement in statements:
        module = ast.Module([statement], type_ignores=[])
        code = compile(module, "example", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result = eval(code, names)  # noqa: S307 - our own examples
        if asyncio.iscoroutine(result):
            await result
    assert names["report"].tally.count(campaign.State.SENT) == 10
    assert (tmp_path / "tet.xlsx").exists()


@pytest.mark.parametrize("where", ["in asyncio.run", "in a thread"])
def test_the_example_of_the_docstring_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    examples_in(tmp_path, monkeypatch)
    example = dict(examples())["docstring"]
    names: dict[str, Any] = {}
    exec("async def main():\n" + indent(example, "    ") + "\n    return report", names)  # noqa: S102 - our own example
    with ThreadPoolExecutor() as threads:
        run = asyncio.run if where == "in asyncio.run" else lambda main: threads.submit(asyncio.run, main).result()
        report = run(names["main"]())
    assert report.tally.count(campaign.State.SENT) == 10
