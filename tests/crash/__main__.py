"""The full tests: `python -m tests.crash --kills 1000`, with `--look-up` against a Kitechat server that lists messages,
with `--window` and `--gate` for runs that wait for their window and hold at their gate, `--undo --kills 100` for kills
while a run is taken back, and `--files 200` for what becomes of the journal's files.

The README quotes the last line.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.crash.files import prove_files
from tests.crash.harness import CHATS, LOOKED_UP, Figures, prove
from tests.crash.holds import prove_holds
from tests.crash.undo import prove_undo


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="kills per channel")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--files", type=int, help="play so many events with the journal's files instead")
    parser.add_argument("--look-up", action="store_true", help="Kitechat with a list of messages: ask, and look")
    parser.add_argument("--only", choices=[*CHATS, *LOOKED_UP], help="one of them")
    parser.add_argument("--window", action="store_true", help="kill runs that wait for their window")
    parser.add_argument("--gate", action="store_true", help="kill runs whose gate holds")
    parser.add_argument("--undo", action="store_true", help="kill while a run is taken back instead")
    options = parser.parse_args()
    if options.files:
        return _files(options.files, options.seed)
    if options.window or options.gate:
        return _holds_of("window" if options.window else "gate", options.kills, options.seed)
    if options.undo:
        return _undo(options.kills, options.seed)
    chats = LOOKED_UP if options.look_up else CHATS
    if options.only:
        chats = {options.only: (CHATS | LOOKED_UP)[options.only]}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        proofs = {
            name: pool.submit(prove, chat, Path(folder), options.kills, options.seed) for name, chat in chats.items()
        }
        figures = {name: proof.result() for name, proof in proofs.items()}
    for each in figures.values():
        for wrong in each.wrong:
            print(wrong)
    print(f"seed {options.seed}")
    print("; ".join(f"{name}: {each}" for name, each in figures.items()))
    return 0 if all(map(_holds, figures.items())) else 1


def _undo(kills: int, seed: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        figures = prove_undo(Path(folder), kills, seed)
    for wrong in figures.wrong:
        print(wrong)
    print(f"seed {seed}")
    print(f"undo: {figures}")
    return 0 if figures.holds else 1


def _files(events: int, seed: int) -> int:
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        proofs = {name: pool.submit(prove_files, chat, Path(folder), events, seed) for name, chat in CHATS.items()}
        figures = {name: proof.result() for name, proof in proofs.items()}
    for each in figures.values():
        for wrong in each.wrong:
            print(wrong)
    print(f"seed {seed}")
    print("; ".join(f"{name}: {each}" for name, each in figures.items()))
    return 1 if any(each.wrong or each.lost or each.duplicated for each in figures.values()) else 0


def _holds_of(what: str, kills: int, seed: int) -> int:
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        proofs = {name: pool.submit(prove_holds, what, chat, Path(folder), kills, seed) for name, chat in CHATS.items()}
        figures = {name: proof.result() for name, proof in proofs.items()}
    print(f"seed {seed}")
    print("; ".join(f"{name}: {each}" for name, each in figures.items()))
    return 0 if all(map(_holds, figures.items())) and not any(each.astray for each in figures.values()) else 1


def _holds(named: tuple[str, Figures]) -> bool:
    name, figures = named
    settles_all = name == "livechat" or (name in LOOKED_UP and LOOKED_UP[name].on_doubt == "look")
    doubt = figures.in_doubt if settles_all else figures.why_in_doubt["WITHOUT CAUSE"]
    return not (figures.lost or figures.duplicated or doubt or figures.wrong)


if __name__ == "__main__":
    sys.exit(main())
