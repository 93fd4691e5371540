"""What is in the report page: figures, what to do, reasons, and every row."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import stat
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from campaign.errors import ResultsError
from campaign.finding_kinds import Severity
from campaign.findings import Finding
from campaign.journal import State, open_journal
from campaign.review.next_steps import NextCommands
from campaign.review.report_page import write_report_page
from campaign.review.report_rows import FIELDS, STATE_CODES
from tests.unit.journal.planning import FACTS, plan
from tests.unit.review.elements import Elements
from tests.unit.review.report_runs import REASON, row, with_every_state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from campaign.journal import JournalStore, RunRecord

COMMANDS = NextCommands("offer.toml", '"offer.results.xlsx"')
FIGURES = ["sent", "failed", "in doubt", "invalid", "skipped", "pending", "deleted"]


@pytest.fixture
def journal() -> Iterator[JournalStore]:
    with open_journal(":memory:") as opened:
        yield opened


def page(folder: Path, journal: JournalStore, run: RunRecord, stopped: str | None = None) -> Elements:
    path = write_report_page(journal, run, folder / "report.html", COMMANDS, stopped=stopped)
    return Elements(path.read_text(encoding="utf-8"))


def rows_in(elements: Elements) -> list[dict[str, Any]]:
    """The rows of all batches, each with its state."""
    states = {code: state for state, code in STATE_CODES.items()}
    found = []
    for attributes, text in elements.of("script"):
        if attributes.get("class") == "rows":
            codes, lines = attributes["data-codes"] or "", text.split("\n")
            assert len(codes) == len(lines)
            for code, line in zip(codes, lines, strict=True):
                found.append({"state": states[code], **dict(zip(FIELDS, json.loads(line), strict=True))})
    return found


def finding(code: str, message: str) -> Finding:
    return Finding(code, Severity.STOP, 1, (2,), ("A2",), message, "")


def words(elements: Elements, tag: str) -> list[str]:
    return [text.strip() for _, text in elements.of(tag) if text.strip()]


def test_every_state_is_counted_with_its_share_of_the_list(journal: JournalStore, tmp_path: Path) -> None:
    run = with_every_state(journal)
    elements = page(tmp_path, journal, run, "interrupted")
    numbers = [int(text) for text in words(elements, "b")[: len(FIGURES)]]
    labels = words(elements, "span")[: 2 * len(FIGURES)]
    assert labels[::2] == FIGURES
    assert numbers == [1, 1, 1, 1, 1, 2, 1]
    assert labels[1::2] == ["12.5%"] * 5 + ["25.0%", "12.5%"]
    assert "of 8 rows of the list" in words(elements, "p")
    widths = [float(attributes["width"] or 0) for attributes, _ in elements.of("rect")]
    assert sum(widths) == pytest.approx(1000)
    assert words(elements, "bdi") == ["It stopped: interrupted."]
    assert any("campaign resume offer.toml --retry failed" in text for text in words(elements, "li"))


def test_a_run_without_rows_has_figures_too(journal: JournalStore, tmp_path: Path) -> None:
    elements = page(tmp_path, journal, plan(journal, []))
    assert words(elements, "b")[:4] == ["0", "0", "0", "0"]
    assert words(elements, "li") == ["Nothing."]
    assert rows_in(elements) == []


def test_a_reason_names_rows_and_how_to_find_them(journal: JournalStore, tmp_path: Path) -> None:
    elements = page(tmp_path, journal, with_every_state(journal))
    reasons = [attributes for attributes, _ in elements.of("button") if attributes.get("class") == "reason"]
    chosen = [(attributes["data-codes"], attributes["data-kind"]) for attributes in reasons]
    assert (STATE_CODES[State.FAILED], "invalid-room") in chosen
    assert (STATE_CODES[State.SKIPPED], "duplicate") in chosen
    texts = words(elements, "span")
    assert REASON in texts
    assert "row 3" in texts


def test_each_row_has_message_outcome_and_cells(journal: JournalStore, tmp_path: Path) -> None:
    rows = rows_in(page(tmp_path, journal, with_every_state(journal)))
    assert [(each["row"], each["state"]) for each in rows] == [
        (2, State.SENT),
        (3, State.FAILED),
        (4, State.IN_DOUBT),
        (5, State.PENDING),
        (6, State.INVALID),
        (7, State.SKIPPED),
        (8, State.DELETED),
        (9, State.SENDING),
    ]
    sent, failed, _, pending, invalid, *_, deleted, cut_off = rows
    assert sent["message"]["bubbles"] == [{"parts": [["text", "Xin chào Nguyễn Thị Lan"]], "buttons": []}]
    assert (sent["to"], sent["id"], sent["cells"]) == ("t/r2", "m1", ["Nguyễn Thị Lan", "2"])
    assert re.fullmatch(r"2027-01-1\d \d\d:00:03", sent["at"])
    assert (failed["kind"], failed["reason"], failed["at"]) == ("invalid-room", REASON, "")
    assert (pending["attempts"], pending["reason"]) == ([], "")
    assert (invalid["message"], invalid["to"]) == (None, "")
    assert invalid["reason"] == "A6: “Tên” is blank; fill it in"
    assert re.fullmatch(r"2027-01-1\d \d\d:\d\d:00", deleted["at"])
    assert deleted["message"]["side"] == "right"
    assert [attempt[2] for attempt in cut_off["attempts"]] == ["no answer on record"]


def test_a_row_has_all_its_attempts_and_no_look_up_of_others(journal: JournalStore, tmp_path: Path) -> None:
    first, *_ = rows_in(page(tmp_path, journal, with_every_state(journal)))
    what, _, result, status, seconds, detail = first["attempts"][0]
    assert (what, result, status, seconds, detail) == ("send", "not taken, asked to wait", 429, 1.0, "try again in 2 s")
    what, _, result, status, seconds, detail = first["attempts"][1]
    assert (what, result, status, seconds, detail) == ("send", "sent", 200, 0.25, "")
    assert len(first["attempts"]) == 2


def test_rows_are_called_by_the_column_that_names_them(journal: JournalStore, tmp_path: Path) -> None:
    run = journal.begin_run(replace(FACTS, label="Tên"))
    journal.add(run.number, 1, [row(2, "Lan\n Anh")])
    journal.seal(run.number)
    (found,) = rows_in(page(tmp_path, journal, run))
    assert found["label"] == "Lan Anh"


def test_a_forgotten_run_says_that_its_data_are_gone(journal: JournalStore, tmp_path: Path) -> None:
    run = with_every_state(journal)
    journal.forget(run.number)
    journal.record_decision(run.number, "forget", "lan@office")
    elements = page(tmp_path, journal, run)
    assert any("was deleted from its record" in text for text in words(elements, "p"))
    assert words(elements, "b")[0] == "1"
    for found in rows_in(elements):
        assert (found["message"], found["to"], found["reason"]) == (None, "", "")
        assert set(found["cells"]) == {""}
        assert {attempt[5] for attempt in found["attempts"]} <= {""}
    assert "Lan" not in (tmp_path / "report.html").read_text(encoding="utf-8").split("</header>")[1]


def test_a_message_of_another_form_is_shown_as_json(journal: JournalStore, tmp_path: Path) -> None:
    plan(journal, [row(2, "Lan")._replace(body=b'{"other": 1}'), row(3, "Lan")._replace(body=b'{"msg": 5}')])
    first, second = rows_in(page(tmp_path, journal, next(iter(journal.runs()))))
    assert first["message"]["bubbles"][0]["parts"] == [["text", '{"other": 1}']]
    assert second["message"]["bubbles"][0]["parts"] == [["text", '{"msg": 5}']]


def test_a_channel_that_is_not_installed_shows_its_messages_as_json(journal: JournalStore, tmp_path: Path) -> None:
    run = journal.begin_run(replace(FACTS, channel="pager"))
    journal.add(run.number, 1, [row(2, "Lan")._replace(body=b'{"number": 1}')])
    journal.seal(run.number)
    (found,) = rows_in(page(tmp_path, journal, run))
    assert found["message"]["sender"] == ["the message as JSON"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("</script><script>alert(1)</script>", id="the end of the element"),
        pytest.param("<!--<script>", id="a comment that would swallow the end"),
        pytest.param("&lt;b&gt; &amp;", id="entities"),
        pytest.param("a\u2028b\x1b\r\n", id="line separators and control characters"),
        pytest.param("\\u003c \"quoted\" 'text' {{ 7 * 7 }}{% raw %}", id="escapes, quotes and a template's braces"),
        pytest.param("' onmouseover='alert(1)", id="the end of an attribute"),
    ],
)
def test_whatever_a_cell_or_a_server_says_stays_data(journal: JournalStore, tmp_path: Path, text: str) -> None:
    manifest = replace(FACTS, headers=(text, "Số"), template=text, server=text, sheet=text, by=text, label=text)
    run = journal.begin_run(manifest)
    refused = row(3, text, state=State.INVALID, reason=(text, text))
    journal.add(run.number, 1, [row(2, text, text), refused])
    journal.seal(run.number)
    journal.record_findings(run.number, [finding("blank-value", text)])
    elements = page(tmp_path, journal, run, text)
    assert [attributes.get("id") or attributes.get("class") for attributes, _ in elements.of("script")] == [
        "data",
        "rows",
        None,
    ]
    assert not [name for _, attributes, _ in elements.content for name in attributes if name.startswith("on")]
    first, second = rows_in(elements)
    assert first["cells"][0] == text
    assert first["message"]["bubbles"][0]["parts"][0][1] == f"{text} {text}"
    assert (second["reason"], second["kind"]) == (text, text)
    assert json.loads(elements.of("script")[0][1])["headers"][0] == text


def test_half_of_a_character_is_data_too(journal: JournalStore, tmp_path: Path) -> None:
    plan(journal, [row(2, "\ud83d")])
    assert rows_in(page(tmp_path, journal, next(iter(journal.runs()))))[0]["cells"][0] == "\ud83d"


def test_the_policy_names_the_pages_own_style_and_script_and_nothing_else(
    journal: JournalStore, tmp_path: Path
) -> None:
    elements = page(tmp_path, journal, with_every_state(journal))
    policy = next(a["content"] for a, _ in elements.of("meta") if a.get("http-equiv") == "Content-Security-Policy")
    style, script = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (elements.of("style")[0][1], elements.of("script")[-1][1])
    )
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; "
        "base-uri 'none'; form-action 'none'"
    )
    named = [value for _, attributes, _ in elements.content for key, value in attributes.items() if key == "href"]
    assert named == ["#messages"]
    assert not [name for _, attributes, _ in elements.content for name in attributes if name in {"src", "style"}]
    assert not re.search(r"url\(|@import|innerHTML|eval\(", elements.of("style")[0][1] + elements.of("script")[-1][1])


def test_findings_say_who_accepted_them(journal: JournalStore, tmp_path: Path) -> None:
    run = plan(journal, [row(2, "Lan")])
    journal.record_findings(run.number, [finding("blank-value", "a value is blank"), finding("trimmed", "blanks")])
    journal.accept(run.number, ["blank-value"], "lan@office, --accept")
    elements = page(tmp_path, journal, run)
    assert words(elements, "summary")[0] == "Found before sending (2)"
    (accepted,) = words(elements, "i")
    assert accepted.startswith("accepted by lan@office, --accept, ")


def test_a_long_list_is_in_batches_and_its_progress_is_told(journal: JournalStore, tmp_path: Path) -> None:
    plan(journal, [row(number, "Lan") for number in range(2, 1_102)] + [row(9_999, "x" * 600_000), row(10_000, "y")])
    told: list[int] = []
    run = next(iter(journal.runs()))
    write_report_page(journal, run, tmp_path / "report.html", COMMANDS, progress=told.append)
    assert told == [500, 500, 101, 1]
    assert len(rows_in(Elements((tmp_path / "report.html").read_text(encoding="utf-8")))) == 1_102


def test_a_page_is_its_owners_and_replaced_only_as_campaign_wrote_it(journal: JournalStore, tmp_path: Path) -> None:
    run, path = with_every_state(journal), tmp_path / "report.html"
    assert write_report_page(journal, run, path, COMMANDS) == path
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert write_report_page(journal, run, path, COMMANDS) == path
    path.write_text("somebody's own", encoding="utf-8")
    assert write_report_page(journal, run, path, COMMANDS) == tmp_path / "report (1).html"
    assert path.read_text(encoding="utf-8") == "somebody's own"


def test_a_place_that_takes_no_page_is_named(journal: JournalStore, tmp_path: Path) -> None:
    run = with_every_state(journal)
    with pytest.raises(ResultsError, match="is not a file"):
        write_report_page(journal, run, tmp_path, COMMANDS)
    with pytest.raises(ResultsError, match="the page cannot be written"):
        write_report_page(journal, run, tmp_path / "none" / "report.html", COMMANDS)
