"""Runs `check` on a mutated campaign and judges how it ended."""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import NamedTuple

from click.testing import CliRunner, Result

from campaign.cli.main import campaign
from tests.fuzz.mutations import mutate
from tests.fuzz.seeds import Case

LONGEST = 20.0
"""Time limit of `check` for a small file, in seconds."""

OBEYED_BY_TERMINALS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
SAYS_WHERE_AND_WHY = re.compile(r".*\S.*: \S")


class Verdict(NamedTuple):
    """How `check` ended: its exit code, the seconds it took, and what is wrong with that ("" if nothing is)."""

    code: int
    seconds: float
    wrong: str


def mutated(seeds: list[Case], seed: int, number: int) -> Case:
    """The case of this seed and number: a campaign with one or more mutated files. Deterministic."""
    pick = Random(f"{seed}/{number}")
    case = pick.choice(seeds)
    files = dict(case.files)
    for _ in range(pick.choice((1, 1, 1, 2))):
        name = pick.choice(list(files))
        files[name] = mutate(name, files[name], pick)
    return Case(files, case.arguments)


def judge(case: Case) -> Verdict:
    """Run `check` in this process, in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder, _inside(Path(folder)):
        put(case, Path(folder))
        started = time.perf_counter()
        result = CliRunner().invoke(campaign, ["check", *case.arguments, "--json"])
        seconds = time.perf_counter() - started
    return Verdict(result.exit_code, seconds, _wrong(result, seconds))


def put(case: Case, folder: Path) -> None:
    """Write a campaign's files into a folder."""
    for name, content in case.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _wrong(result: Result, seconds: float) -> str:
    if not (result.exception is None or isinstance(result.exception, SystemExit)):
        return f"{type(result.exception).__name__}: {result.exception}"
    if "Traceback" in result.output:
        return "a traceback"
    if seconds > LONGEST:
        return f"took {seconds:.0f} s"
    return _wrong_words(result)


def _wrong_words(result: Result) -> str:
    if OBEYED_BY_TERMINALS.search(result.stderr):
        return "its output contains control characters"
    if result.exit_code in (0, 1):
        return "" if _is_json(result.stdout) else "its output is not JSON"
    if result.exit_code != 2:
        return f"exit code {result.exit_code}: {result.stderr.strip()}"
    # An indented line shows the place in a file, under the sentence that is about it.
    refusal = [line for line in result.stderr.strip().splitlines() if not line.startswith("    ")]
    vague = [line for line in refusal if not SAYS_WHERE_AND_WHY.match(line)]
    return f"a refusal without place or reason: {vague or refusal}" if vague or not refusal else ""


def _is_json(output: str) -> bool:
    try:
        return isinstance(json.loads(output), dict) and output.count("\n") == 1
    except ValueError:
        return False
