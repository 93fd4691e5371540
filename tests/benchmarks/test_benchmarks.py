"""The benchmarks work. Their figures depend on the machine, so no test checks a duration."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest

from campaign.sheets import ReadOptions, open_sheet
from tests.benchmarks import lists
from tests.benchmarks.__main__ import main
from tests.benchmarks.alternatives import COLLECTION, SCRIPT
from tests.benchmarks.bench import QUICK, alternately
from tests.benchmarks.children import ChildFailedError, run_python
from tests.benchmarks.figures import Figure
from tests.benchmarks.history import BEGIN, END, append, changes, write_table
from tests.benchmarks.report import table

FIGURES = [
    "help",
    "check",
    "short-rows",
    "row-rules",
    "deliver",
    "kitechat",
    "one-destination",
    "results",
    "run",
    "memory",
    "scale",
    "limiter",
]


@pytest.mark.slow
def test_every_figure_of_the_readme_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    assert main(["--quick", "--only", *FIGURES, "--json", str(path)]) in (0, 1)
    figures = json.loads(path.read_text(encoding="utf-8"))["figures"]
    assert [figure["figure"].split(",")[0] for figure in figures] == [
        "campaign --help ÷ import click",
        "check ÷ openpyxl read-only",
        "check ÷ csv.reader",
        "check ÷ csv.reader",
        "check .xlsx with where and 50 suppressed ÷ without",
        "peak memory of check .xlsx with where and 50 suppressed",
        "check .csv with where and 50 suppressed ÷ without",
        "peak memory of check .csv with where and 50 suppressed",
        "messages/s ÷ bare aiohttp loop",
        "messages/s ÷ bare aiohttp loop",
        "messages/s ÷ bare aiohttp loop with a commit before each group",
        "messages/s ÷ bare aiohttp loop with a commit before each group",
        "messages/s ÷ bare serial loop",
        "results workbook ÷ openpyxl write-only of the same cells",
        "run ÷ (bare read + bare loop + bare write of the list's 8 columns)",
        "run ÷ (bare read + bare loop + bare write of the results' 16 columns)",
        "peak memory",
        "peak memory",
        "peak memory",
        "peak memory",
        "check",
        "check",
        "planning into the journal",
        "planning into the journal",
        "429 responses under 10 requests in 0.5 s",
        "time under 10 requests in 0.5 s ÷ the least possible",
    ]
    medians = [figure["median"] for figure in figures]
    assert medians.pop(-2) == 0
    assert min(medians) > 0


def test_workbook_and_csv_show_the_same_cells(tmp_path: Path) -> None:
    shown = []
    for name in ("list.xlsx", "list.csv"):
        lists.main(tmp_path / name, 50)
        recipients = open_sheet(tmp_path / name, ReadOptions())
        shown.append([row.texts for row in recipients.rows()])
    assert shown[0] == shown[1]
    assert len(shown[0]) == 50


def test_the_workbook_has_shared_strings(tmp_path: Path) -> None:
    lists.main(tmp_path / "list.xlsx", 3)
    with ZipFile(tmp_path / "list.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        strings = archive.read("xl/sharedStrings.xml").decode()
    assert sheet.count('t="s"') == 8 + 3 * 4
    assert "inlineStr" not in sheet
    assert strings.count("Token") == 1


def test_script_and_newman_send_every_column() -> None:
    for header in lists.HEADERS:
        assert f"{{{{{header}}}}}" in json.dumps(COLLECTION, ensure_ascii=False)
        assert header.lower() in SCRIPT


def test_rounds_alternate_which_side_goes_first() -> None:
    order: list[str] = []
    pairs = alternately(3, lambda: order.append("own"), lambda: order.append("bare"))
    assert order == ["own", "bare", "bare", "own", "own", "bare"]
    assert len(pairs) == 3


@pytest.mark.parametrize(
    ("figure", "met"),
    [
        pytest.param(Figure("speed", [0.5, 0.7, 0.6], at_least=0.6), True, id="median at the minimum"),
        pytest.param(Figure("speed", [0.5, 0.7, 0.5], at_least=0.6), False, id="median below the minimum"),
        pytest.param(Figure("time", [1.0, 9.0, 1.4], at_most=1.4), True, id="median at the maximum"),
        pytest.param(Figure("time", [1.5], at_most=1.4), False, id="above the maximum"),
        pytest.param(Figure("time", [1.5]), None, id="no target"),
        pytest.param(Figure("time", [], at_most=1.4), None, id="not measured"),
    ],
)
def test_a_target_is_met_by_the_median(figure: Figure, *, met: bool | None) -> None:
    assert figure.met is met


def test_the_table_shows_missed_targets_and_unmeasured_figures() -> None:
    lines = list(table([Figure("slow", [2.0, 3.0], at_most=1.5), Figure("newman", [], note="not installed")]))
    assert "NO" in lines[2].split()
    assert lines[3].split() == ["newman", "not", "installed"]


def test_the_history_keeps_figures_and_tells_what_changed(tmp_path: Path) -> None:
    history = tmp_path / "history.jsonl"
    assert list(changes(history, [Figure("speed", [0.8])])) == []
    append(history, [Figure("speed", [0.5, 0.7, 0.6], at_least=0.65, cpu=[0.6]), Figure("size", [])], QUICK)
    assert list(changes(history, [Figure("speed", [0.8]), Figure("new", [1.0])])) == [
        f"speed: 0.6 on {datetime.now(UTC):%Y-%m-%d}, now 0.8"
    ]


def test_a_table_is_written_from_the_newest_figures(tmp_path: Path) -> None:
    history, readme = tmp_path / "history.jsonl", tmp_path / "README.md"
    append(history, [Figure("speed", [0.5, 0.7], at_least=0.65, cpu=[0.6], note="5 ÷ 8")], QUICK)
    append(history, [Figure("size", [87.0], "MB", at_most=120)], QUICK)
    append(history, [Figure("speed", [0.7, 0.9], at_least=0.85, cpu=[0.75], note="7 ÷ 8")], QUICK)
    readme.write_text(f"# Figures\n\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    write_table(readme, history)
    assert readme.read_text(encoding="utf-8") == (
        f"# Figures\n\n{BEGIN}\n"
        "| figure | target | measured | by CPU time | |\n| --- | --- | --- | --- | --- |\n"
        "| speed | ≥ 0.85 | **0.80 (0.70 to 0.90)** | 0.75 | 7 ÷ 8 |\n"
        "| size | ≤ 120 MB | 87 MB |  |  |\n"
        f"{END}\nafter\n"
    )


def test_a_process_that_fails_is_not_measured() -> None:
    with pytest.raises(ChildFailedError, match="no such list"):
        run_python("-c", "import sys; sys.exit('no such list')")
