"""The pages that are made from the code are as the code is now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import click
import pytest

import campaign
from campaign.cli.worker_output import WorkerOutput
from campaign.cli.workers import as_json as worker_as_json
from campaign.cluster import events
from campaign.errors import Problem
from campaign.journal import Activity, State, Tally
from campaign.journal.cluster import WorkerRecord
from campaign.review.status import ActiveRun, CampaignStatus, RunKind, RunState, RunStatus, as_json
from campaign.runs.by_hand import StopRequest
from tests.docs.commands import commands_with, with_subcommands
from tests.docs.help_page import section_of
from tests.docs.markdown import DOCS, page
from tests.docs.pages import PAGES
from tests.docs.shapes import OUTPUTS, ExportedRow, Output, StatusObject, WorkerEventObject, WorkersObject
from tests.integration.conftest import FAST, Campaign, RunningSandbox, write_csv

AGAIN = "write it again: python -m tests.docs"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_is_made_from_the_code_is_as_the_code(name: str) -> None:
    assert page(name) == PAGES[name](), AGAIN


def test_a_command_with_subcommands_has_a_section_for_each() -> None:
    @click.group()
    def journal() -> None:
        """Look after a journal."""

    @journal.command()
    @click.option("--lease", help="For how long.")
    def upgrade(lease: str) -> None:
        """Make the tables."""

    found = dict(with_subcommands("journal", journal))
    assert list(found) == ["journal", "journal upgrade"]
    assert "| `--lease TEXT` | For how long. |" in list(section_of("journal upgrade", found["journal upgrade"]))
    assert "## campaign journal upgrade" in list(section_of("journal upgrade", found["journal upgrade"]))


def test_every_schema_belongs_to_an_output() -> None:
    assert {path.name for path in (DOCS / "schemas").iterdir()} == {f"{each.name}.schema.json" for each in OUTPUTS}


def test_every_command_that_prints_json_has_a_form() -> None:
    described = [name for output in OUTPUTS for name in output.commands]
    assert len(described) == len(set(described))
    assert {name.split()[0] for name in described} == commands_with("--json")


def test_every_public_name_is_on_the_page_of_the_api() -> None:
    text = page("reference/api.md")
    assert not [name for name in campaign.__all__ if not any(f".{name}" in line for line in text.splitlines())]


# What is printed has the form that is described


def form(command: str) -> Output:
    return next(output for output in OUTPUTS if command in output.commands)


def look(command: Campaign, *arguments: str | Path) -> None:
    """Run a command, and compare what it prints with its form."""
    said = command(*arguments, "--json")
    form(str(arguments[0])).model.model_validate_json(said.stdout)


@pytest.fixture
def file(tmp_path: Path, server: RunningSandbox) -> Path:
    """A campaign of four rows: two to send, one blank, one with a finding."""
    rows = [["token", "rid", "name"], ["t1", "r1", "An"], ["t2", "r2", "NULL"], ["t3", "", "Lan"], ["t4", "r4", "Vy"]]
    write_csv(tmp_path / "list.csv", rows)
    template = '[payload]\ntoken = "{{ token }}"\nrid = "{{ rid }}"\nmsg = "Hello {{ name }}"\n'
    (tmp_path / "t.toml").write_text(f'channel = "livechat"\n{template}', encoding="utf-8")
    settings = f'name = "c"\ntemplate = "t.toml"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{server.url}"\n'
    path = tmp_path / "c.toml"
    path.write_text(settings, encoding="utf-8")
    return path


def test_what_commands_print_has_the_form_that_is_described(command: Campaign, file: Path, tmp_path: Path) -> None:
    look(command, "doctor", file)
    look(command, "check", file)
    look(command, "preview", file)
    look(command, "run", file, "--yes")  # refused
    look(command, "run", file, "--dry-run")
    look(command, "test", file, "--to", "token=t", "--to", "rid=r", "--rows", "2,5", *FAST[:3])
    look(command, "run", file, "--accept", "null-word", "--skip-invalid", "--limit", "1", *FAST[:3])
    look(command, "status", file)
    look(command, "resume", file, *FAST[:3])
    look(command, "results", file, "--html", tmp_path / "page.html", "--annotate", tmp_path / "copy.csv")
    look(command, "undo", file, "--rows", "2", *FAST[:3])
    look(command, "abandon", file)
    look(command, "forget", file)


def test_what_is_printed_of_lists_with_conversations_has_the_form_that_is_described(
    command: Campaign, server: RunningSandbox, tmp_path: Path, api_key: str
) -> None:
    assert api_key
    people = write_csv(tmp_path / "people.csv", [["name", "phone"], ["An", "0901000001"], ["", ""]])
    look(command, "rooms", people, "--server", server.url, "-o", tmp_path / "rooms.xlsx", *FAST[:3])
    period = ("--channel", "kitechat", "--since", "2020-01-01")
    look(command, "conversations", *period, "--server", server.url, "-o", tmp_path / "list.xlsx", "--rate", "1000/s")


def test_what_stop_prints_has_the_form_that_is_described(
    command: Campaign, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = StopRequest("is being worked on by process 4711 on ops-pc", taken=True)
    monkeypatch.setattr("campaign.cli.stop.stop_delivery", lambda *_: found)
    look(command, "stop", file)


EVENTS = (
    events.Started("1.0.0", None, 60.0),
    events.Took("c", 1, (0, 16), (2, 2)),
    events.TookOver("c", 1, ("two",)),
    events.SettledInDoubt("c", 1, 3),
    events.GaveBack("c", 1, (0, 16), done=True),
    events.RunEnded("c", 1, finished=False),
    events.Paused("c", 1, 2.0, all_workers=True),
    events.LeaseLost(61.0),
    events.DatabaseLost(),
    events.DatabaseBack(3.25),
    events.Leaving("signal"),
    events.Left(),
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_every_event_of_a_worker_has_the_form_that_is_described_and_a_sentence(
    event: events.Event, capfd: pytest.CaptureFixture[str]
) -> None:
    with WorkerOutput("one", as_json=True, verbose=False) as output:
        output.observe(event)
        output.warn(Problem("here", "is wrong", "fix it"))
    with WorkerOutput("one", as_json=False, verbose=True) as output:
        output.observe(event)
    said = capfd.readouterr()
    lines = [WorkerEventObject.model_validate_json(line) for line in said.out.splitlines()]
    assert [line.event for line in lines] == [event.name, "warning"]
    assert said.err.splitlines() == ["Warning: here: is wrong; fix it", f"one: {event.sentence}"]


def test_every_event_of_a_worker_is_described() -> None:
    described = get_args(WorkerEventObject.model_fields["event"].annotation)
    assert [*(event.name for event in EVENTS), "warning"] == list(described)
    assert {type(event) for event in EVENTS} == {
        each for each in vars(events).values() if isinstance(each, type) and issubclass(each, events.Event)
    } - {events.Event, events.OfRun}


@pytest.mark.parametrize("waiting_for", [None, "window", "limit", "server", "gate", "worker"])
def test_the_status_of_a_run_under_way_has_the_form_that_is_described(waiting_for: str | None) -> None:
    tally = Tally({State.SENT: 1, State.SENDING: 1}, 2, 0, 1.5, 1.0, None, unended=True)
    run = RunStatus(1, RunKind.REAL, RunState.SENDING, 1.0, None, "", tally)
    for activity in (None, Activity(9.5, 60.0, waiting_for, None, 2.0)):
        active = ActiveRun(run, "ops-pc", 4711, 1.0, "", activity)
        found = CampaignStatus("c", (run,), None, active, 3.0)
        StatusObject.model_validate_json(json.dumps(as_json(found)))


def test_exported_rows_have_the_form_that_is_described(command: Campaign, file: Path) -> None:
    command("run", file, "--accept", "null-word", "--skip-invalid", *FAST)
    said = command("results", file, "--format", "jsonl")
    rows = [ExportedRow.model_validate_json(line) for line in said.stdout.splitlines()]
    assert [row.state for row in rows] == ["sent", "sent", "invalid", "sent"]
    assert set(ExportedRow.model_fields) == {*json.loads(said.stdout.splitlines()[0])}


def test_the_list_of_workers_has_the_form_that_is_described() -> None:
    worker = WorkerRecord(1, "one", "ops-pc", 4711, "1.0.0", None, 1.5, 2.5, None, 3, draining=False)
    WorkersObject.model_validate_json(json.dumps({"workers": [worker_as_json(worker)]}))
