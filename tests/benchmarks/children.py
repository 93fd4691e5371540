"""Measured processes: elapsed time, CPU time and peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
UNIT_OF_PEAK = 1 if sys.platform == "darwin" else 1024
"""The unit of `ru_maxrss` in bytes (getrusage(2) of macOS and of Linux)."""


class Ended(NamedTuple):
    """A process that has ended.

    Attributes:
        seconds: from its start to its end.
        cpu: CPU seconds, in user and in system mode; 0.0 if the system does not report them.
        peak: peak memory, in bytes; 0 if the system does not report it. It is at least what this process
            had when it started the child, so this process is kept small.
        output: its standard output.
    """

    seconds: float
    cpu: float
    peak: int
    output: str


class ChildFailedError(Exception):
    """A process failed; the message contains its stderr."""


def run_child(arguments: Sequence[str | Path], good: Collection[int] = (0,)) -> Ended:
    """Run a process to its end.

    Args:
        arguments: the command.
        good: exit codes that are not a failure.

    Raises:
        ChildFailedError: any other exit code.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            list(map(str, arguments)),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            cwd=ROOT,
            env=_environment(),
        )
        code, cpu, peak = _wait(process)
        seconds = time.perf_counter() - began
        for file in (output, errors):
            file.seek(0)
        if code not in good:
            command = " ".join(map(str, arguments))[:300]
            raise ChildFailedError(f"{command}\nended with {code}: {errors.read().decode(errors='replace')[-2000:]}")
        return Ended(seconds, cpu, peak, output.read().decode())


def run_python(*arguments: str | Path, good: Collection[int] = (0,)) -> Ended:
    """Run Python to its end; see `run_child`."""
    return run_child([sys.executable, *arguments], good)


@contextmanager
def running(*arguments: str, says_on_stderr: bool = False) -> Iterator[str]:
    """Run Python until the block ends; yields the first line that it prints."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL if says_on_stderr else subprocess.PIPE,
        stderr=subprocess.PIPE if says_on_stderr else None,
        text=True,
        cwd=ROOT,
        env=_environment(),
    )
    try:
        stream = process.stderr if says_on_stderr else process.stdout
        assert stream is not None
        yield stream.readline()
    finally:
        process.terminate()
        process.communicate()


def _wait(process: subprocess.Popen[bytes]) -> tuple[int, float, int]:
    if sys.platform == "win32":  # Windows has no wait4
        return process.wait(), 0.0, 0
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * UNIT_OF_PEAK


def _environment() -> dict[str, str]:
    """The environment without what enables coverage or disables cached bytecode; openpyxl without lxml."""
    slowing = ("COV", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(slowing)}
    return kept | {"OPENPYXL_LXML": "False"}  # lxml may happen to be there; it is no dependency
