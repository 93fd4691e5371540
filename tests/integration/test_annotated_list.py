"""`campaign results --annotate`: the operator's own list with a status beside each row."""

from __future__ import annotations

import csv
import shutil
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest

import campaign as campaign_api
from campaign.errors import ResultsError
from tests.integration.conftest import FAST, Campaign, RunningSandbox, Said, write_csv, write_workbook

ROWS: list[list[object]] = [
    ["token", "rid", "msg"],
    ["t1", "r1", "x"],
    ["t2", "closed-r", "y"],
    ["t3", None, "z"],
    ["t1", "r1", "x"],
]
HEADERS = ("token", "rid", "msg", "Status", "Reason", "Sent at")


@pytest.fixture
def recipients(tmp_path: Path) -> Path:
    return write_workbook(tmp_path / "list.xlsx", ROWS, sheet="People")


def run(command: Campaign, recipients: Path, server: RunningSandbox, *options: str | Path) -> Said:
    return command(
        "run", recipients, "--template", "livechat-text", "--server", server.url, "--skip-invalid", *options, *FAST
    )


def statuses(copy: Path | str) -> list[tuple[object, ...]]:
    """Status, reason, and whether there is a time, of each row of a copy; its headers are checked."""
    found = list(openpyxl.load_workbook(copy)["People"].iter_rows(values_only=True))
    assert found[0] == HEADERS
    assert [row[:3] for row in found] == [tuple(row) for row in ROWS]
    return [(row[3], row[4], isinstance(row[5], datetime)) for row in found[1:]]


def test_each_row_has_its_status_beside_it(
    command: Campaign, server: RunningSandbox, recipients: Path, tmp_path: Path
) -> None:
    assert run(command, recipients, server).json["sent"] == 1
    before, target = recipients.read_bytes(), tmp_path / "sent.xlsx"
    said = command("results", recipients, "--annotate", target)
    assert f"The list with a status beside each row: {target}" in said.stdout.splitlines()
    sent, failed, invalid, skipped = statuses(target)
    assert sent == ("sent", None, True)
    assert (failed[0], failed[2]) == ("failed", False)
    assert "(room-closed)" in str(failed[1])
    assert invalid[0] == "invalid"
    assert str(invalid[1]).startswith("B4:")
    assert (skipped[0], skipped[2]) == ("skipped", False)
    assert recipients.read_bytes() == before


def test_rows_sent_from_the_sheet_to_fix_are_sent_also_after_later_runs(
    command: Campaign, server: RunningSandbox, recipients: Path, tmp_path: Path
) -> None:
    results = openpyxl.load_workbook(run(command, recipients, server).json["results"])
    results["To fix"]["B2"], results["To fix"]["B3"] = "r2", "r3"
    results.save(tmp_path / "fixed.xlsx")
    fixed = run(command, recipients, server, "--recipients", tmp_path / "fixed.xlsx", "--sheet", "To fix")
    assert fixed.json["sent"] == 2
    target = tmp_path / "sent.xlsx"
    expected = [
        ("sent", None, True),
        ("sent", "by run 2, row 2 of its list", True),
        ("sent", "by run 2, row 3 of its list", True),
    ]
    for options in ((), ("--run", "1"), ("--run", "2")):
        said = command("results", recipients, "--annotate", target, "--json", *options)
        assert said.json["annotated"] == str(target)
        assert statuses(target)[:3] == expected
    assert run(command, recipients, server, "--skip-sent").json["skipped"] == 2
    command("results", recipients, "--annotate", target)
    assert [row[0] for row in statuses(target)[:3]] == ["sent", "failed", "sent"]  # the second one as it was


def test_a_csv_stays_a_csv(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    recipients = write_csv(tmp_path / "list.csv", [["token", "rid", "msg"], ["t1", "r1", "x"], ["t2", "closed-r", "y"]])
    run(command, recipients, server)
    assert command("results", recipients, "--annotate", tmp_path / "sent.csv", "-q").stdout == ""
    with (tmp_path / "sent.csv").open(encoding="utf-8", newline="") as file:
        header, sent, failed = csv.reader(file)
    assert tuple(header) == HEADERS
    assert sent[:5] == ["t1", "r1", "x", "sent", ""]
    assert datetime.fromisoformat(sent[5]) > datetime(2020, 1, 1)  # noqa: DTZ001 - of this computer
    assert (failed[3], failed[5]) == ("failed", "")


def test_a_copy_of_its_own_is_replaced_and_another_file_is_kept(
    command: Campaign, server: RunningSandbox, recipients: Path, tmp_path: Path
) -> None:
    run(command, recipients, server)
    target = tmp_path / "sent.xlsx"
    for _ in range(2):
        assert command("results", recipients, "--annotate", target, "--json").json["annotated"] == str(target)
    target.write_bytes(b"somebody's own")
    said = command("results", recipients, "--annotate", target, "--json")
    assert said.json["annotated"] == str(tmp_path / "sent (1).xlsx")
    assert "it is kept, and the list's copy is" in said.stderr
    assert target.read_bytes() == b"somebody's own"
    assert statuses(tmp_path / "sent (1).xlsx")[0] == ("sent", None, True)


def edit(recipients: Path) -> None:
    write_workbook(recipients, [*ROWS, ["t9", "r9", "new"]], sheet="People")


IN_THE_WAY = {
    "list.xlsx": "is the list itself; choose another name",
    "list.results.xlsx": "is the results workbook; choose another name",
    "sent.csv": "its copy is of the same kind; name it sent.xlsx",
    "nowhere/sent.xlsx": "cannot be written",
}


def test_what_is_in_the_way_is_said_before_anything_is_written(
    command: Campaign, server: RunningSandbox, recipients: Path, tmp_path: Path
) -> None:
    Path(run(command, recipients, server).json["results"]).unlink()
    for name, words in IN_THE_WAY.items():
        before = {path.name: path.read_bytes() for path in tmp_path.glob("*.xlsx")}
        said = command("results", recipients, "--annotate", tmp_path / name)
        assert (said.code, said.stdout) == (2, "")
        assert words in said.stderr
        assert {path.name: path.read_bytes() for path in tmp_path.glob("*.xlsx")} == before


def test_a_list_that_was_edited_or_is_gone_is_annotated_once_it_is_put_back(
    command: Campaign, server: RunningSandbox, recipients: Path, tmp_path: Path
) -> None:
    run(command, recipients, server)
    kept, target = shutil.copy(recipients, tmp_path / "kept.xlsx"), tmp_path / "sent.xlsx"
    edit(recipients)
    assert "the list was edited after run 1 was planned" in command("results", recipients, "--annotate", target).stderr
    recipients.unlink()
    assert "the list of run 1 is not there any more" in command("results", recipients, "--annotate", target).stderr
    assert not target.exists()
    shutil.move(kept, recipients)
    assert command("results", recipients, "--annotate", target).code == 1  # some rows were not sent
    assert statuses(target)[0] == ("sent", None, True)


async def test_a_script_annotates_the_list_of_a_report(tmp_path: Path, recipients: Path) -> None:
    loaded = campaign_api.load(recipients, template="livechat-text", rate="1000/s")
    plan = campaign_api.plan(loaded, sandbox=True)
    written: list[int] = []
    async with campaign_api.open_journal(":memory:") as journal:
        made = await campaign_api.start(plan, journal=journal, skip_invalid=True)
        async for _ in made.deliver():
            pass
        report = await made.report()
    annotated = report.annotate(tmp_path / "sent.xlsx", written.append)
    assert annotated.annotated == tmp_path / "sent.xlsx"
    assert [row[0] for row in statuses(tmp_path / "sent.xlsx")] == ["sent", "failed", "invalid", "skipped"]
    assert sum(written) == 4
    edit(recipients)
    with pytest.raises(
        ResultsError, match="the list was edited after run 1 was planned, so that its rows may be others"
    ):
        report.annotate(tmp_path / "sent.xlsx")
    with ZipFile(tmp_path / "sent.xlsx") as archive:
        assert archive.testzip() is None
