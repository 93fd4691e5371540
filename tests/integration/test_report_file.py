"""`campaign results --html`: the report as a page, beside the summary and the workbook."""

from __future__ import annotations

from pathlib import Path

import pytest

import campaign as campaign_api
from campaign.errors import Problem, ResultsError
from campaign.runs.report import Report
from tests.integration.conftest import FAST, Campaign, RunningSandbox, Said, write_csv

ROWS = [["token", "rid", "msg"], ["t1", "r1", "Xin chào"], ["t2", "closed-r", "y"], ["t3", "", "z"]]


@pytest.fixture
def recipients(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "list.csv", ROWS)


@pytest.fixture
def ran(command: Campaign, server: RunningSandbox, recipients: Path) -> Said:
    words = ("run", recipients, "--template", "livechat-text", "--server", server.url, "--skip-invalid", *FAST)
    return command(*words)


def test_the_page_is_written_beside_summary_and_workbook(
    command: Campaign, ran: Said, recipients: Path, tmp_path: Path, server: RunningSandbox
) -> None:
    assert ran.json["sent"] == 1
    plain, target = command("results", recipients), tmp_path / "report.html"
    said = command("results", recipients, "--html", target)
    assert f"The report as a page: {target}" in said.stdout.splitlines()
    assert [line for line in said.stdout.splitlines() if str(target) not in line] == plain.stdout.splitlines()
    assert said.code == plain.code == 1
    text = target.read_text(encoding="utf-8")
    assert "Xin chào" in text
    assert "campaign resume list.csv --retry failed" in text
    options = f"--server {server.url} (with the same --template and other options)"
    assert f"--recipients &#34;list.results.xlsx&#34; --sheet &#34;To fix&#34; {options}" in text
    asked = command("results", recipients, "--html", target, "--json")
    assert (asked.json["page"], asked.json["results"]) == (str(target), ran.json["results"])
    assert "page" not in command("results", recipients, "--json").json


def test_another_file_is_kept_and_the_page_gets_a_number(
    command: Campaign, ran: Said, recipients: Path, tmp_path: Path
) -> None:
    assert ran.json["failed"] == 1
    target = tmp_path / "report.html"
    target.write_text("somebody's own", encoding="utf-8")
    said = command("results", recipients, "--html", target, "--json")
    assert said.json["page"] == str(tmp_path / "report (1).html")
    assert "it is kept, and the new page is" in said.stderr
    assert target.read_text(encoding="utf-8") == "somebody's own"


@pytest.mark.parametrize(
    ("name", "more", "words"),
    [
        pytest.param("list.csv", (), "this is no name of one; choose a name such as list.html", id="the list"),
        pytest.param("none/report.html", (), "there is no such folder for the page; make it first", id="no folder"),
        pytest.param("report.html", ("--format", "csv"), "leave out --html", id="rows for a program"),
    ],
)
def test_what_is_in_the_way_is_said_before_anything_is_written(  # noqa: PLR0917 - fixtures
    command: Campaign, ran: Said, recipients: Path, tmp_path: Path, name: str, more: tuple[str, ...], words: str
) -> None:
    assert ran.json["invalid"] == 1
    before = sorted(tmp_path.iterdir())
    said = command("results", recipients, "--html", tmp_path / name, *more)
    assert (said.code, said.stdout) == (2, "")
    assert words in said.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_a_page_that_cannot_be_written_leaves_summary_and_workbook(
    command: Campaign, ran: Said, recipients: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Report:
        raise ResultsError(Problem("report.html", "the page cannot be written (No space left on device)", "make room"))

    Path(ran.json["results"]).unlink()
    monkeypatch.setattr(Report, "to_html", full)
    said = command("results", recipients, "--html", tmp_path / "report.html")
    assert said.code == 1
    assert "No space left on device" in said.stderr
    assert f"Results: {ran.json['results']}" in said.stdout.splitlines()
    assert Path(ran.json["results"]).exists()


async def test_a_script_writes_the_page_of_a_report(tmp_path: Path, recipients: Path) -> None:
    loaded = campaign_api.load(recipients, template="livechat-text", rate="1000/s")
    plan = campaign_api.plan(loaded, sandbox=True)
    told: list[int] = []
    async with campaign_api.open_journal(":memory:") as journal:
        made = await campaign_api.start(plan, journal=journal, skip_invalid=True)
        async for _ in made.deliver():
            pass
        report = await made.report()
    assert report.page is None
    written = report.to_html(tmp_path / "report.html", told.append)
    assert written.page == tmp_path / "report.html"
    assert "Rehearsal 1" in written.page.read_text(encoding="utf-8")
    assert told == [3]
