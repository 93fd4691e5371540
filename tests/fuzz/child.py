"""Judges one case after the other in a process limited to 1 GB of memory; prints a line of JSON for each.

`python -m tests.fuzz.child SEED FIRST`: the cases of that seed, from the first one on, until it is stopped.
"""

from __future__ import annotations

import importlib
import itertools
import json
import sys
import warnings

from tests.fuzz.judge import judge, mutated
from tests.fuzz.seeds import seeds

MOST_MEMORY = 1 << 30


def limit_memory() -> None:
    """Limit the memory of this process; has no effect on Windows."""
    if sys.platform != "win32":
        resource = importlib.import_module("resource")
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def peak() -> int:
    """The peak memory of this process, in bytes; 0 if the system does not report it."""
    if sys.platform == "win32":
        return 0
    resource = importlib.import_module("resource")
    used: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


def main(seed: int, first: int) -> None:
    """Judge until stopped."""
    limit_memory()
    warnings.simplefilter("error")
    sound = seeds()
    for number in itertools.count(first):
        code, seconds, wrong = judge(mutated(sound, seed, number))
        print(json.dumps([number, code, seconds, peak(), wrong]), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
