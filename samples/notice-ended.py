"""Append how a delivery ended to a file; `[after] command` gives the JSON summary on standard input."""

import json
import sys
from pathlib import Path

summary = json.load(sys.stdin)
left = summary["rows"] - summary["sent"] - summary["skipped"]
why = summary["reason"] or "no trouble"
line = f"run {summary['run']} {summary['state']}: {summary['sent']} sent, {left} not; {why}\n"
with Path(__file__).with_suffix(".log").open("a", encoding="utf-8") as log:
    log.write(line)
