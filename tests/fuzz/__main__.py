"""The full fuzz test: `python -m tests.fuzz --seconds 600`. Its last line reports the inputs and their results.

Each case is a campaign with one or two mutated files, determined by its seed and number:
`python -m tests.fuzz --seed 7 --case 123` judges that case and keeps its files.
"""

from __future__ import annotations

import argparse
import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.judge import LONGEST, judge, mutated, put
from tests.fuzz.seeds import seeds

ROOT = Path(__file__).parents[2]
START_UP = 10.0
"""Time limit in seconds for a process to start its first case."""


@dataclass
class Figures:
    """The results of all cases.

    Attributes:
        codes: the number of cases by exit code.
        wrong: what was wrong with a case, by its number.
        slowest: seconds and number of the slowest case.
        peak: peak memory, in bytes.
    """

    codes: Counter[int] = field(default_factory=Counter)
    wrong: dict[int, str] = field(default_factory=dict)
    slowest: tuple[float, int] = (0.0, 0)
    peak: int = 0

    def __str__(self) -> str:
        read, refused = self.codes[0] + self.codes[1], self.codes[2]
        seconds, number = self.slowest
        return (
            f"{sum(self.codes.values()):,} inputs: {read:,} read, {refused:,} refused, {len(self.wrong):,} gone wrong; "
            f"slowest {seconds:.1f} s (case {number}), peak memory {self.peak / 1e6:.0f} MB"
        )


def fuzz(seed: int, seconds: float) -> Figures:
    """Judge cases for `seconds`, in a process that is replaced when it hangs or dies."""
    figures = Figures()
    ends = time.monotonic() + seconds
    number = 0
    while time.monotonic() < ends:
        number = _until_it_ends(seed, number, ends, figures)
    return figures


def _until_it_ends(seed: int, first: int, ends: float, figures: Figures) -> int:
    """Run one process until time is up, or a case hangs or kills it; returns the number of the next case."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.fuzz.child", str(seed), str(first)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=_read, args=(child, lines), daemon=True)
    reader.start()
    number, limit = first, START_UP + LONGEST
    try:
        while time.monotonic() < ends:
            line = lines.get(timeout=limit)
            if not line:
                figures.wrong[number] = f"ended the process (exit code {child.wait()})"
                return number + 1
            _count(figures, line)
            number, limit = number + 1, 2 * LONGEST
    except queue.Empty:
        figures.wrong[number] = f"gave no result in {limit:.0f} s"
        return number + 1
    finally:
        child.kill()
        child.wait()
        reader.join()
    return number


def _read(child: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    assert child.stdout is not None
    with child.stdout:
        for line in child.stdout:
            lines.put(line)
    lines.put("")


def _count(figures: Figures, line: str) -> None:
    number, code, seconds, peak, wrong = json.loads(line)
    figures.codes[code] += 1
    figures.slowest = max(figures.slowest, (seconds, number))
    figures.peak = max(figures.peak, peak)
    if wrong:
        figures.wrong[number] = wrong


def show(seed: int, number: int) -> int:
    """Judge one case, and keep its files."""
    case = mutated(seeds(), seed, number)
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{seed}-{number}-"))
    put(case, folder)
    print(f"cd {folder} && campaign check {' '.join(case.arguments)}")
    verdict = judge(case)
    print(f"exit code {verdict.code} after {verdict.seconds:.1f} s; {verdict.wrong or 'as expected'}")
    return 1 if verdict.wrong else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--case", type=int, help="judge only this one")
    options = parser.parse_args()
    if options.case is not None:
        return show(options.seed, options.case)
    figures = fuzz(options.seed, options.seconds)
    for number, wrong in sorted(figures.wrong.items()):
        print(f"case {number}: {wrong}")
    print(f"seed {options.seed}")
    print(figures)
    return 1 if figures.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
