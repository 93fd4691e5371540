"""Alternatives on the same rows and server: a script, and Postman's newman."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Sequence
from statistics import median

from tests.benchmarks.bench import Bench
from tests.benchmarks.children import ChildFailedError, Ended, run_child, run_python
from tests.benchmarks.figures import Figure
from tests.benchmarks.server import ENDPOINT

SCRIPT = """
import sys, openpyxl, requests
book = openpyxl.load_workbook(sys.argv[1])
sheet = book.active
session = requests.Session()
for row in sheet.iter_rows(min_row=2):
    token, rid, name, ward, order, total, delivery, points = [cell.value for cell in row]
    message = f"Xin chào {name} ({ward}),\\nđơn hàng {order:07} sẽ được giao ngày {delivery:%d/%m/%Y}. "
    message += f"Tổng cộng: {total:,} đ. Điểm của bạn: {points:g}."
    response = session.post(sys.argv[2], json={"token": token, "rid": rid, "msg": message}, timeout=30)
    sheet.cell(row[0].row, 9, response.status_code)
    if response.status_code != 200:
        sys.exit(response.text)
book.save(sys.argv[3])
"""

COLLECTION = {
    "info": {"name": "rows", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
    "item": [
        {
            "name": "message",
            "request": {
                "method": "POST",
                "header": [{"key": "Content-Type", "value": "application/json"}],
                "body": {
                    "mode": "raw",
                    "raw": '{"token":"{{Token}}","rid":"{{Rid}}","msg":"Xin chào {{Name}} ({{Ward}}),\\nđơn hàng '
                    "{{Order}} sẽ được giao ngày {{Delivery}}. Tổng cộng: {{Total}}. "
                    'Điểm của bạn: {{Points}}."}',
                },
                "url": "{{server}}" + ENDPOINT,
            },
        }
    ],
}


def measure_alternatives(bench: Bench) -> list[Figure]:
    """Each as a whole process, in microseconds per row."""
    sizes = bench.sizes
    return [_campaign(bench, sizes.script_rows), _script(bench, sizes.script_rows), _newman(bench, sizes.newman_rows)]


def _campaign(bench: Bench, rows: int) -> Figure:
    ended = [bench.send("run", bench.campaign(".xlsx", rows))[0] for _ in range(bench.sizes.rounds)]
    return _figure(bench, "one row with campaign run", ended, rows)


def _script(bench: Bench, rows: int) -> Figure:
    name = "one row with a script (requests + openpyxl)"
    if importlib.util.find_spec("requests") is None:
        return Figure(name, [], "µs", note="not measured: requests is not installed")
    workbook, copy = bench.list_of(".xlsx", rows), bench.folder / "script.xlsx"
    arguments = ("-c", SCRIPT, workbook, bench.url + ENDPOINT, copy)
    return _figure(bench, name, [run_python(*arguments) for _ in range(bench.sizes.rounds)], rows)


def _newman(bench: Bench, rows: int) -> Figure:
    name = "one row with newman and a CSV data file"
    newman = find_newman(bench)
    if newman is None:
        return Figure(name, [], "µs", note="not measured: newman is not installed, and npm could not fetch it")
    collection = bench.folder / "collection.json"
    collection.write_text(json.dumps(COLLECTION), encoding="utf-8")
    data = bench.list_of(".csv", rows)
    arguments = ("run", collection, "--iteration-data", data, "--env-var", f"server={bench.url}", "--silent", "--bail")
    return _figure(bench, name, [run_child([newman, *arguments]) for _ in range(bench.sizes.rounds)], rows)


def find_newman(bench: Bench) -> str | None:
    """Find newman: from the environment variable NEWMAN, as installed, or fetched by npm into the temporary folder.

    It is not a dependency: if it is missing, the table says so.
    """
    found = os.environ.get("NEWMAN") or shutil.which("newman")
    npm = shutil.which("npm")
    if found or not npm or not bench.fetches:
        return found
    place = bench.folder / "npm"
    bench.say("fetching newman")
    try:
        run_child([npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", place, "newman"])
    except ChildFailedError as error:
        bench.say(str(error))
        return None
    return shutil.which("newman", path=place / "node_modules" / ".bin")


def _figure(bench: Bench, name: str, ended: Sequence[Ended], rows: int) -> Figure:
    for_all = median(each.seconds for each in ended) / rows * bench.sizes.rows
    return Figure(
        name,
        [each.seconds / rows * 1e6 for each in ended],
        "µs",
        cpu=[each.cpu / rows * 1e6 for each in ended],
        note=f"{rows:,} rows; {bench.sizes.rows:,} would take {for_all:,.0f} s",
        details={"seconds": [each.seconds for each in ended], "rows": rows},
    )
