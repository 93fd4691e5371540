"""A run whose journal is in PostgreSQL, through the public API: from the plan to the report, killed and cut off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import uuid
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

import campaign
from campaign.sandbox import FaultPlan, SandboxSettings
from campaign.sandbox.faults import Fault
from tests import postgres as postgres_server
from tests.integration.conftest import kitechat_list, livechat_list

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import RunningSandbox, StartSandbox

KEY = "k3y-of-the-tests"


def plan_of(channel: str, folder: Path, rows: int, url: str) -> campaign.Plan:
    made = (livechat_list if channel == "livechat" else kitechat_list)(folder / "list.csv", rows)
    return campaign.plan(campaign.load(made, template=f"{channel}-text", server=url, rate="2000/s", concurrency=8))


def times(server: RunningSandbox) -> Counter[str]:
    """How often each message was taken."""
    return Counter(str(body.get("_id") or body["conversationId"]) for body in server.bodies())


@pytest.mark.parametrize("channel", ["livechat", "kitechat"])
def test_a_run_goes_on_in_another_object_and_its_report_is_whole(
    server: RunningSandbox, postgres: str, tmp_path: Path, channel: str
) -> None:
    name = uuid.uuid4().hex
    plan = plan_of(channel, tmp_path, 12, server.url)
    with campaign.open_journal(postgres, campaign=name) as journal:
        run = campaign.start_sync(plan, journal=journal, api_key=KEY)
        assert len(list(run.deliver_sync(limit=5))) == 5
    with campaign.open_journal(postgres, campaign=name, create=False) as journal:
        again = campaign.resume_sync(journal, api_key=KEY)
        assert {event.state for event in again.deliver_sync()} == {"sent"}
        report = again.report_sync().to_xlsx(tmp_path / "results.xlsx")
        assert (report.state, report.tally.count(campaign.State.SENT), report.tally.requests) == ("finished", 12, 12)
    assert set(times(server).values()) == {1}
    assert load_workbook(tmp_path / "results.xlsx")["Results"].max_row == 13


@pytest.mark.parametrize("channel", ["livechat", "kitechat"])
def test_lost_responses_end_as_they_do_with_a_file(
    start_sandbox: StartSandbox, postgres: str, tmp_path: Path, channel: str
) -> None:
    faults = FaultPlan(script=(None, Fault.RESET_AFTER, Fault.THROTTLED_BEFORE, None), retry_after=1)
    ends = []
    for where in (postgres, tmp_path / "a.journal.db"):
        server = start_sandbox(SandboxSettings(faults=faults))
        with campaign.open_journal(where, campaign=uuid.uuid4().hex) as journal:
            run = campaign.start_sync(plan_of(channel, tmp_path, 6, server.url), journal=journal, api_key=KEY)
            list(run.deliver_sync(concurrency=1))
            ends.append([(row.row, row.state, row.kind, row.attempts) for row in journal.results(1)])
            assert {made.what for made in journal.attempts(1)} >= {"send"}
        assert set(times(server).values()) == {1}
    assert ends[0] == ends[1]


DELIVER = """
import sys
import campaign
where, name, key = sys.argv[1:]
with campaign.open_journal(where, campaign=name) as journal:
    for event in campaign.resume_sync(journal, api_key=key).deliver_sync():
        print(event.row, flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("channel", ["livechat", "kitechat"])
def test_a_killed_process_loses_and_repeats_nothing(
    server: RunningSandbox, postgres: str, tmp_path: Path, channel: str
) -> None:
    name = uuid.uuid4().hex
    with campaign.open_journal(postgres, campaign=name) as journal:
        campaign.start_sync(plan_of(channel, tmp_path, 600, server.url), journal=journal, api_key=KEY)
        for taken in (40, 90, 150):
            process = subprocess.Popen(
                [sys.executable, "-c", textwrap.dedent(DELIVER), postgres, name, KEY], stdout=subprocess.PIPE, text=True
            )
            assert process.stdout is not None
            for _ in range(taken):
                assert process.stdout.readline()
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
        run = campaign.resume_sync(journal, api_key=KEY)
        list(run.deliver_sync())
        tally = journal.tally(1)
    in_doubt = tally.count(campaign.State.IN_DOUBT)
    assert tally.count(campaign.State.SENT) + in_doubt == tally.rows == 600
    assert in_doubt <= (0 if channel == "livechat" else 3 * 8)
    counted = times(server)
    assert set(counted.values()) == {1}
    assert 600 - in_doubt <= len(counted) <= 600


@pytest.mark.slow
def test_a_server_that_crashes_in_the_middle_loses_and_repeats_nothing(server: RunningSandbox, tmp_path: Path) -> None:
    with postgres_server.own_server() as (address, restart), campaign.open_journal(address) as journal:
        run = campaign.start_sync(plan_of("kitechat", tmp_path, 600, server.url), journal=journal, api_key=KEY)
        for count, event in enumerate(run.deliver_sync(), start=1):
            assert event.state == "sent"
            if count in (100, 300):
                threading.Thread(target=restart).start()
        assert count == 600
        tally = journal.tally(1)
    assert tally.states == {campaign.State.SENT: 600}
    assert set(times(server).values()) == {1}
    assert len(times(server)) == 600
