"""The full crash test: `python -m tests.crash --kills 1000`. The README quotes its last line."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.crash.harness import CHATS, Figures, prove


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="kills per channel")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        proofs = {
            name: pool.submit(prove, chat, Path(folder), options.kills, options.seed) for name, chat in CHATS.items()
        }
        figures = {name: proof.result() for name, proof in proofs.items()}
    for each in figures.values():
        for wrong in each.wrong:
            print(wrong)
    print(f"seed {options.seed}")
    print("; ".join(f"{name}: {each}" for name, each in figures.items()))
    return 0 if all(map(_holds, figures.items())) else 1


def _holds(named: tuple[str, Figures]) -> bool:
    name, figures = named
    without_cause = figures.why_in_doubt["WITHOUT CAUSE"]
    doubt = figures.in_doubt if name == "livechat" else without_cause
    return not (figures.lost or figures.duplicated or doubt or figures.wrong)


if __name__ == "__main__":
    sys.exit(main())
