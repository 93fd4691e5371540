"""Only some rows, not to those who opted out, and only the new rows: real lists against the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook

import campaign as api
from campaign.journal import State
from campaign.sandbox import Fault, FaultPlan, ListSettings, Sandbox, SandboxSettings
from tests.integration.conftest import (
    FAST,
    RunningSandbox,
    Said,
    StartSandbox,
    kitechat_list,
    write_csv,
    write_workbook,
)
from tests.integration.conftest import Campaign as Command

HEADER = ["token", "rid", "msg", "order", "phone"]
SUPPRESS = '[[suppress]]\nfile = "stop.csv"\n'

pytestmark = pytest.mark.usefixtures("api_key")


def row(number: int, msg: str = "", rid: str = "") -> list[str]:
    return [f"t{number}", rid or f"r{number}", msg or f"message {number}", f"A{number}", f"090123456{number}"]


class Folder:
    """A campaign of five rows in a folder, with a list of those who opted out, which is empty."""

    def __init__(self, path: Path, server: RunningSandbox, command: Command) -> None:
        self.path, self.server, self._command = path, server, command
        self.rows = [row(number) for number in range(1, 6)]
        self.stop()
        self.write("")

    @property
    def file(self) -> Path:
        return self.path / "c.toml"

    def write(self, settings: str) -> None:
        """Write the campaign file, with further settings of [recipients] and further sections; and its list."""
        write_csv(self.path / "list.csv", [HEADER, *self.rows])
        text = f'template = "livechat-text"\n[server]\nurl = "{self.server.url}"\n[recipients]\nfile = "list.csv"\n'
        self.file.write_text(text + settings, encoding="utf-8")

    def stop(self, *phones: str) -> None:
        write_csv(self.path / "stop.csv", [["Phone"], *([phone] for phone in phones)])

    def run(self, *options: str | Path) -> Said:
        return self._command("run", self.file, *FAST, *options)

    def resume(self, *options: str | Path) -> Said:
        return self._command("resume", self.file, *FAST, *options)

    def got(self) -> list[str]:
        return [body["msg"] for body in self.server.bodies()]

    def reasons(self, workbook: str) -> dict[int, str]:
        """The reasons of the rows that were skipped, as the workbook has them."""
        sheet = load_workbook(workbook)["Results"]
        headers = [cell.value for cell in sheet[1]]
        place = {name: headers.index(name) for name in ("Status", "Reason", "Source row")}
        found = [[cells[at] for at in place.values()] for cells in sheet.iter_rows(min_row=2, values_only=True)]
        return {int(str(number)): str(reason) for status, reason, number in found if status == "skipped"}


@pytest.fixture
def folder(tmp_path: Path, server: RunningSandbox, command: Command) -> Folder:
    return Folder(tmp_path, server, command)


# Only some rows


def test_rows_that_are_left_out_are_in_the_workbook_with_their_reason(folder: Folder) -> None:
    folder.rows[3][0] = ""  # a mistake in a row that is left out
    folder.stop("+84 901234562")
    folder.write(f"where = 'order != \"A4\"'\n{SUPPRESS}")
    said = folder.run("--rows", "2-5", "--where", "order != 'A1'")
    assert (said.code, said.json["sent"], said.json["skipped"], said.json["invalid"]) == (0, 1, 4, 0)
    assert folder.got() == ["message 3"]
    assert folder.reasons(said.json["results"]) == {
        2: "left out by where: order != 'A1'",
        3: "stands in stop.csv, column Phone, row 2",
        5: 'left out by where: order != "A4"',
        6: "not among --rows",
    }


def test_check_and_dry_run_count_what_is_left_out_and_why(folder: Folder, command: Command) -> None:
    folder.stop("0901234562", "0901234563")
    folder.write(SUPPRESS)
    said = command("check", folder.file)
    assert "Left out: 2 rows (2: stand in stop.csv, column Phone)" in said.stdout
    assert "3 of 5 rows can be sent, 2 are skipped." in said.stdout
    found = command("check", folder.file, "--json", "--rows", "3,4").json
    assert (found["pending"], found["skipped"]) == (0, 5)
    assert found["left_out"] == [
        {"reason": "not among --rows", "count": 3, "rows": [2, 5, 6]},
        {"reason": "stand in stop.csv, column Phone", "count": 2, "rows": [3, 4]},
    ]
    dry = command("run", folder.file, "--dry-run", "--where", "order == 'A1'")
    assert "Left out: 4 rows (4: left out by where: order == 'A1')" in dry.stderr


def test_the_question_counts_what_is_left_out_and_why(folder: Folder, command: Command) -> None:
    folder.stop("0901234562")
    folder.write(SUPPRESS)
    said = command("run", folder.file, "--where", "order != 'A1'")
    assert said.code == 2  # there is no terminal to ask on
    assert "Left out  2 rows (1: left out by where: order != 'A1'; 1: stands in stop.csv" in said.stderr
    assert "Send 3 messages" in said.stderr


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        pytest.param(("--where", "order ="), "where “order =”: is no expression", id="no expression"),
        pytest.param(("--where", "ordr == 'A1'"), "the nearest header is “order”", id="unknown variable"),
        pytest.param(("--where", "1 / (order | int)"), "where “1 / (order | int)” cannot be answered", id="no answer"),
        pytest.param(("--rows", "40"), "list.csv, --rows: the list has no row 40", id="no such row"),
        pytest.param(("--suppress", "nix.csv"), "nix.csv: there is no such file", id="no such list"),
        pytest.param(("--key", "ordr"), "did you mean “order”?", id="no such key"),
    ],
)
def test_a_mistake_sends_nothing(folder: Folder, options: tuple[str, ...], problem: str) -> None:
    said = folder.run(*options)
    assert said.code == 2
    assert problem in said.stderr
    assert not folder.server.ledger.entries
    assert not (folder.path / "c.journal.db").exists()


def test_a_list_without_a_campaign_file_has_the_same_rules(folder: Folder, command: Command, tmp_path: Path) -> None:
    stop = write_workbook(tmp_path / "stop.xlsx", [["Who"], [901234562]])
    base = ("--template", "livechat-text", "--server", folder.server.url, "--where", "order != 'A1'", "--key", "order")
    said = command("run", tmp_path / "list.csv", *base, "--suppress", f"phone={stop}", *FAST)
    assert (said.json["sent"], said.json["skipped"]) == (3, 2)
    assert folder.got() == ["message 3", "message 4", "message 5"]


# Not to those who opted out


def test_who_opts_out_before_a_resume_gets_nothing(folder: Folder) -> None:
    folder.write(SUPPRESS)
    assert folder.run("--limit", "2").json["sent"] == 2
    folder.stop("0901234561", "+84901234563", "0901234565")
    said = folder.resume("--limit", "1")
    assert (said.code, said.json["sent"], said.json["skipped"]) == (0, 3, 2)
    assert folder.got() == ["message 1", "message 2", "message 4"]
    assert folder.reasons(said.json["results"]) == {
        4: "stands in stop.csv, column Phone, row 3",
        6: "stands in stop.csv, column Phone, row 4",
    }


def test_a_list_that_cannot_be_read_any_more_stops_a_resume(folder: Folder) -> None:
    folder.write(SUPPRESS)
    folder.run("--limit", "2")
    (folder.path / "stop.csv").rename(folder.path / "away.csv")
    said = folder.resume()
    assert said.code == 2
    assert f"suppression list {folder.path / 'stop.csv'}: there is no such file" in said.stderr
    (folder.path / "stop.csv").write_text("Phone\n#N/A\n", encoding="utf-8")
    said = folder.resume()
    assert said.code == 2
    assert "suppression list stop.csv, A2: contains the error #N/A" in said.stderr
    assert len(folder.got()) == 2
    (folder.path / "away.csv").replace(folder.path / "stop.csv")
    assert folder.resume().json["sent"] == 5


def test_the_lists_of_the_plan_and_of_today_both_count_and_what_differs_is_said(folder: Folder) -> None:
    folder.write(SUPPRESS)
    folder.run("--limit", "1")
    folder.stop("0901234562")
    write_csv(folder.path / "more.csv", [["Order no."], ["a3"]])
    folder.write('[[suppress]]\nfile = "more.csv"\nvariable = "order"\n')
    said = folder.resume("--suppress", f"rid={write_csv(folder.path / 'last.csv', [['x'], ['R4']])}")
    assert (said.json["sent"], said.json["skipped"]) == (2, 3)
    assert folder.got() == ["message 1", "message 5"]
    assert "run 1 was planned without the suppression list more.csv; it counts from now on" in said.stderr
    assert "run 1 was planned without the suppression list last.csv; it counts from now on" in said.stderr
    assert "names the suppression list stop.csv no more, with which run 1 was planned" in said.stderr


def test_a_campaign_file_that_is_gone_leaves_the_lists_of_the_plan(folder: Folder, command: Command) -> None:
    folder.write(SUPPRESS)
    folder.run("--limit", "4")
    folder.stop("0901234565")
    folder.file.unlink()
    said = command("resume", folder.file, *FAST, "--moved")
    assert (said.json["sent"], said.json["skipped"]) == (4, 1)


def test_a_folder_that_was_renamed_takes_its_lists_along(folder: Folder) -> None:
    folder.path = folder.path / "before"
    folder.path.mkdir()
    folder.stop()
    folder.write(SUPPRESS)
    folder.run("--limit", "4")
    folder.path = folder.path.rename(folder.path.parent / "after")
    folder.stop("0901234565")
    said = folder.resume()
    assert (said.code, said.json["sent"], said.json["skipped"]) == (0, 4, 1)
    assert "suppression list" not in said.stderr


def test_a_list_of_today_that_is_written_wrongly_stops_a_resume(folder: Folder) -> None:
    folder.run("--limit", "4")
    folder.write("[[suppress]]\nfil = 'stop.csv'\n")
    said = folder.resume()
    assert said.code == 2
    assert "suppress.1.fil: there is no such setting; did you mean “file”?" in said.stderr
    assert len(folder.got()) == 4


def test_a_row_that_failed_is_not_sent_again_to_who_opted_out(folder: Folder) -> None:
    folder.rows[1][1], folder.rows[2][1] = "closed-2", "closed-3"
    folder.write(SUPPRESS)
    assert folder.run().json["failed"] == 2
    folder.stop("0901234562", "0901234561")
    before = len(folder.server.ledger.entries)
    said = folder.resume("--retry", "failed")
    assert (said.json["sent"], said.json["failed"], said.json["skipped"]) == (3, 1, 1)
    assert len(folder.server.ledger.entries) == before + 1
    assert folder.reasons(said.json["results"]) == {3: "stands in stop.csv, column Phone, row 2"}


def test_a_row_in_doubt_is_not_touched_and_to_send_it_again_is_refused(
    start_sandbox: StartSandbox, command: Command, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(faults=FaultPlan(script=(None, Fault.RESET_BEFORE))))
    kitechat_list(tmp_path / "list.csv", 3)
    stop = write_csv(tmp_path / "stop.csv", [["conversation_id"], ["x"]])
    base = ("--template", "kitechat-text", "--server", server.url, "--concurrency", "1", "--suppress", stop)
    assert command("run", tmp_path / "list.csv", *base, *FAST).json["in_doubt"] == 1
    write_csv(stop, [["conversation_id"], ["conversation1"]])
    said = command("resume", tmp_path / "list.csv", *FAST)
    assert (said.code, said.json["in_doubt"], said.json["skipped"]) == (1, 1, 0)
    said = command("resume", tmp_path / "list.csv", "--retry", "in-doubt", *FAST)
    assert said.code == 2
    assert (
        "row 3: is in doubt, is to be sent again, and stands in stop.csv, column conversation_id, row 2" in said.stderr
    )
    assert len(server.ledger.taken()) == 2


class OptsOut(api.RunObserver):
    """Somebody opts out while the question is on the screen."""

    def __init__(self, then: Callable[[], object]) -> None:
        self._then = then

    def confirm(self, confirmation: api.SendConfirmation) -> bool:
        assert confirmation.messages == 5
        self._then()
        return True


def test_who_opts_out_while_the_question_is_asked_gets_nothing(folder: Folder) -> None:
    folder.write(SUPPRESS)
    loaded = api.load(folder.file, rate="1000/s")
    report = api.run(loaded, observer=OptsOut(lambda: folder.stop("0901234564")))
    assert report is not None
    assert (report.tally.count(State.SENT), report.tally.count(State.SKIPPED)) == (4, 1)
    assert "message 4" not in folder.got()


def test_a_list_that_vanishes_while_the_question_is_asked_stops_the_run(folder: Folder) -> None:
    folder.write(SUPPRESS)
    loaded = api.load(folder.file, rate="1000/s")
    with pytest.raises(api.CampaignError, match=r"suppression list .*there is no such file"):
        api.run(loaded, observer=OptsOut((folder.path / "stop.csv").unlink))
    assert not folder.server.ledger.entries
    said = folder.resume()
    assert said.code == 2
    folder.stop()
    assert folder.resume().json["sent"] == 5


@pytest.mark.parametrize("then", ["opts out", "the list is gone"])
async def test_lists_are_read_again_before_a_row_in_doubt_is_sent_again(tmp_path: Path, then: str) -> None:
    stop = write_csv(tmp_path / "stop.csv", [["conversation_id"], ["x"]])
    kitechat_list(tmp_path / "list.csv", 2)
    settings = SandboxSettings(faults=FaultPlan(script=(None, Fault.RESET_BEFORE)), listing=ListSettings())
    file = tmp_path / "c.toml"
    async with Sandbox(settings) as server:
        file.write_text(
            f'template = "kitechat-text"\n[server]\nurl = "{server.url}"\n[recipients]\nfile = "list.csv"\n'
            '[throttle]\nconcurrency = 1\nrate = "1000/s"\n[delivery]\non_doubt = "look"\nsettle = "100ms"\n'
            '[[suppress]]\nfile = "stop.csv"\n',
            encoding="utf-8",
        )
        plan = await asyncio.to_thread(api.plan, api.load(file))
        async with api.open_journal(tmp_path / "c.journal.db") as journal:
            run = await api.start(plan, journal=journal, api_key="k")
            events = []
            async for event in run.deliver():
                events.append((event.row, event.state))
                if event.state is State.IN_DOUBT and then == "opts out":
                    write_csv(stop, [["conversation_id"], ["conversation1"]])
                elif event.state is State.IN_DOUBT:
                    stop.unlink()
            report = await run.report()
        assert len(server.ledger.taken()) == 1
    if then == "opts out":
        assert events == [(2, State.SENT), (3, State.IN_DOUBT), (3, State.SKIPPED)]
        assert (report.state, report.tally.count(State.SKIPPED)) == ("finished", 1)
    else:
        assert events == [(2, State.SENT), (3, State.IN_DOUBT)]
        assert report.state == "stopped"
        assert "there is no such file" in str(report.reason)
        assert report.tally.count(State.PENDING) == 1


def test_a_rehearsal_leaves_out_who_opted_out(folder: Folder) -> None:
    folder.stop("0901234561")
    folder.write(SUPPRESS)
    said = folder.run("--sandbox")
    assert (said.json["sent"], said.json["skipped"]) == (4, 1)


def test_a_row_that_cannot_be_looked_for_is_invalid_and_skipped_where_the_list_comes_later(folder: Folder) -> None:
    folder.rows[1][4] = "9.01E+08"
    folder.write(SUPPRESS)
    said = folder.run()
    assert (said.code, said.json["invalid"]) == (2, 1)
    assert "E3: “9.01E+08” cannot be looked for in stop.csv" in said.stderr
    folder.write("")
    assert folder.run("--limit", "1").json["sent"] == 1
    resumed = folder.resume("--suppress", folder.path / "stop.csv")
    assert (resumed.json["sent"], resumed.json["skipped"]) == (4, 1)
    assert "message 2" not in folder.got()


# Only the new rows


def nightly(folder: Folder, settings: str = "key = ['order']\n") -> Said:
    folder.write(settings)
    return folder.run("--skip-sent")


def test_every_night_the_new_rows_are_sent_and_nothing_is_no_failure(folder: Folder) -> None:
    first = nightly(folder)
    assert (first.code, first.json["sent"]) == (0, 5)
    none = nightly(folder)
    assert (none.code, none.json["run"], none.json["sent"], none.json["skipped"]) == (0, 2, 0, 5)
    folder.rows += [row(6), row(7)]
    third = nightly(folder)
    assert (third.code, third.json["sent"], third.json["skipped"]) == (0, 2, 5)
    folder.rows.insert(0, row(8))  # the rows need not keep their places
    fourth = nightly(folder)
    assert (fourth.code, fourth.json["sent"], fourth.json["skipped"]) == (0, 1, 7)
    assert sorted(folder.got()) == [f"message {number}" for number in range(1, 9)]


def test_a_row_that_was_changed_since_it_was_sent_is_said_and_skipped(folder: Folder, command: Command) -> None:
    nightly(folder)
    folder.rows[1][2], folder.rows[3][2], folder.rows[4][0] = "another text", "", "another token"
    folder.write("key = ['order']\n")
    dry = command("run", folder.file, "--dry-run", "--skip-sent")
    assert "changed-row: 2 rows (3, 6) were changed since they were sent and are skipped" in dry.stderr
    said = nightly(folder)
    assert (said.code, said.json["sent"], said.json["skipped"], said.json["invalid"]) == (0, 0, 5, 0)
    (warning,) = [each for each in said.json["warnings"] if each["code"] == "changed-row"]
    assert (warning["count"], warning["rows"], warning["severity"]) == (2, [3, 6], "note")
    assert folder.reasons(said.json["results"])[3] == "sent already: run 1, row 3, with another message"
    assert folder.reasons(said.json["results"])[5] == "sent already: run 1, row 5"
    assert len(folder.got()) == 5


def test_without_a_key_a_changed_text_is_a_new_message(folder: Folder) -> None:
    nightly(folder, "")
    folder.rows[1][2] = "another text"
    assert nightly(folder, "").json["sent"] == 1
    assert "another text" in folder.got()


def test_a_key_that_is_named_later_holds_for_earlier_runs(folder: Folder) -> None:
    nightly(folder, "")
    folder.rows[1][2] = "another text"
    folder.rows.append(row(6))
    said = nightly(folder)
    assert (said.json["sent"], said.json["skipped"]) == (1, 5)
    folder.write("key = ['phone', 'order']\n")
    folder.rows.append(row(7))
    assert nightly(folder, "key = ['phone', 'order']\n").json["sent"] == 1


def test_the_key_of_another_column_holds_for_earlier_runs_as_well(folder: Folder) -> None:
    for number, each in enumerate(folder.rows):
        each[4] = f"090000000{number}"
    nightly(folder, "key = ['id']\n[columns]\nid = 'Order'\n")
    folder.rows[1][2] = "another text"
    assert nightly(folder, "key = ['id']\n[columns]\nid = 'Phone'\n").json["sent"] == 0


def test_a_key_whose_column_was_renamed_holds_if_it_keeps_its_name_and_else_there_is_a_warning(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    nightly(folder)
    monkeypatch.setattr("tests.integration.test_row_rules.HEADER", [*HEADER[:3], "Order no.", *HEADER[4:]])
    folder.rows[1][2] = "another text"
    renamed = nightly(folder, "key = ['order']\n[columns]\norder = 'Order no.'\n")
    assert (renamed.json["sent"], "Warning" in renamed.stderr) == (0, False)
    other = nightly(folder, "key = ['order_no']\n")
    assert other.json["sent"] == 1
    assert "the list of run 1 has no column “Order no.”, so its rows are known by destination" in other.stderr


def test_keys_hold_when_the_personal_data_of_a_run_are_deleted(folder: Folder, command: Command) -> None:
    nightly(folder)
    assert command("forget", folder.file).code == 0
    folder.rows[1][2] = "another text"
    folder.rows.append(row(6))
    said = nightly(folder)
    assert (said.json["sent"], said.json["skipped"]) == (1, 5)


def test_the_second_of_two_rows_with_one_key_is_skipped(folder: Folder) -> None:
    folder.rows[2] = [*row(3)[:3], "A1", ""]
    said = nightly(folder)
    assert (said.json["sent"], said.json["skipped"]) == (4, 1)
    assert folder.reasons(said.json["results"]) == {4: "has the “order” of row 2"}


def test_rows_that_failed_or_were_left_out_are_tried_again_the_next_night(folder: Folder) -> None:
    folder.rows[1][1] = "closed-2"
    folder.stop("0901234561")
    settings = f"key = ['order']\n{SUPPRESS}"
    first = nightly(folder, settings)
    assert (first.code, first.json["sent"], first.json["failed"], first.json["skipped"]) == (1, 3, 1, 1)
    folder.rows[1][1] = "r2"
    folder.stop()
    second = nightly(folder, settings)
    assert (second.code, second.json["sent"], second.json["skipped"]) == (0, 2, 3)
    assert sorted(folder.got()) == [f"message {number}" for number in range(1, 6)]


def test_an_unfinished_night_is_given_up_and_its_rows_are_sent_by_the_next(folder: Folder) -> None:
    folder.write("key = ['order']\n")
    assert folder.run("--limit", "2").code == 3
    folder.rows.append(row(6))
    said = nightly(folder)
    assert (said.code, said.json["sent"], said.json["skipped"]) == (0, 4, 2)
    assert sorted(folder.got()) == [f"message {number}" for number in range(1, 7)]


def test_starting_over_says_how_many_have_the_message_by_their_key(folder: Folder) -> None:
    nightly(folder)
    folder.rows[1][2] = "another text"
    folder.rows.append(row(6))
    folder.write("key = ['order']\n")
    refused = folder.run()
    assert refused.code == 2
    assert "--new starts over, and 5 rows that already have this message get it again" in refused.stderr
    again = folder.run("--new")
    assert "5 rows that already have this message get it again" in again.stderr
    assert again.json["sent"] == 6


def test_rows_in_doubt_are_not_sent_by_the_next_night(
    start_sandbox: StartSandbox, command: Command, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(faults=FaultPlan(script=(None, Fault.RESET_AFTER))))
    kitechat_list(tmp_path / "list.csv", 3)
    base = ("--template", "kitechat-text", "--server", server.url, "--concurrency", "1", "--key", "conversation_id")
    assert command("run", tmp_path / "list.csv", *base, *FAST).json["in_doubt"] == 1
    write_csv(
        tmp_path / "list.csv", [["page_id", "conversation_id", "text"], ["1", "conversation1", "new"], ["1", "c9", "x"]]
    )
    said = command("run", tmp_path / "list.csv", *base, "--skip-sent", *FAST)
    assert (said.code, said.json["sent"], said.json["skipped"]) == (0, 1, 1)
    assert "in doubt already: run 1, row 3, with another message" in said.stderr
