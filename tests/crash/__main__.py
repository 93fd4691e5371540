"""The full tests: `python -m tests.crash --kills 1000`, with `--look-up` against a Kitechat server that lists messages,
with `--window` and `--gate` for runs that wait for their window and hold at their gate, `--undo --kills 100` for kills
while a run is taken back, and `--files 200` for what becomes of the journal's files. `--channel` plays one alone.

The README quotes the last line.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tests.crash.files import prove_files
from tests.crash.harness import CHATS, LOOKED_UP, Figures, prove
from tests.crash.holds import prove_holds
from tests.crash.undo import UNDONE, prove_undo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.crash.harness import Chat


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="kills per channel")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--files", type=int, help="play so many events with the journal's files instead")
    parser.add_argument(
        "--look-up",
        choices=["both", "ask", "look"],
        nargs="?",
        const="both",
        help="Kitechat with a list of messages: on_doubt = ask, and look",
    )
    parser.add_argument("--window", action="store_true", help="kill runs that wait for their window")
    parser.add_argument("--gate", action="store_true", help="kill runs whose gate holds")
    parser.add_argument("--undo", action="store_true", help="kill while a run is taken back instead")
    parser.add_argument("--channel", choices=list(CHATS), help="this channel alone")
    options = parser.parse_args()
    chosen = {name: chat for name, chat in CHATS.items() if options.channel in (None, name)}
    if options.files:
        return _files(chosen, options.files, options.seed)
    if options.window or options.gate:
        return _holds_of("window" if options.window else "gate", chosen, options.kills, options.seed)
    if options.undo:
        codes = [_undo(name, options.kills, options.seed) for name in UNDONE if name in chosen]
        return max(codes) if codes else parser.error(f"{options.channel} deletes no messages")
    if options.look_up:
        chosen = {name: chat for name, chat in LOOKED_UP.items() if options.look_up in ("both", chat.on_doubt)}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        proofs = {
            name: pool.submit(prove, chat, Path(folder), options.kills, options.seed) for name, chat in chosen.items()
        }
        figures = {name: proof.result() for name, proof in proofs.items()}
    for each in figures.values():
        for wrong in each.wrong:
            print(wrong)
    print(f"seed {options.seed}")
    print("; ".join(f"{name}: {each}" for name, each in figures.items()))
    return 0 if all(map(_holds, figures.items())) else 1


def _undo(channel: str, kills: int, seed: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        figures = prove_undo(Path(folder), kills, seed, UNDONE[channel])
    for wrong in figures.wrong:
        print(wrong)
    print(f"seed {seed}")
    print(f"undo, {channel}: {figures}")
    return 0 if figures.holds else 1


def _files(chats: Mapping[str, Chat], events: int, seed: int) -> int:
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        proofs = {name: pool.submit(prove_files, chat, Path(folder), events, seed) for name, chat in chats.items()}
        figures = {name: proof.result() for name, proof in proofs.items()}
    for each in figures.values():
        for wrong in each.wrong:
            print(wrong)
    print(f"seed {seed}")
    print("; ".join(f"{name}: {each}" for name, each in figures.items()))
    return 1 if any(each.wrong or each.lost or each.duplicated for each in figures.values()) else 0


def _holds_of(what: str, chats: Mapping[str, Chat], kills: int, seed: int) -> int:
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        proofs = {name: pool.submit(prove_holds, what, chat, Path(folder), kills, seed) for name, chat in chats.items()}
        figures = {name: proof.result() for name, proof in proofs.items()}
    print(f"seed {seed}")
    print("; ".join(f"{name}: {each}" for name, each in figures.items()))
    return 0 if all(map(_holds, figures.items())) and not any(each.astray for each in figures.values()) else 1


def _holds(named: tuple[str, Figures]) -> bool:
    name, figures = named
    chat = (LOOKED_UP | CHATS)[name]
    settles_all = chat.reads_back or chat.on_doubt == "look"
    doubt = figures.in_doubt if settles_all else figures.why_in_doubt["WITHOUT CAUSE"]
    return not (figures.lost or figures.duplicated or doubt or figures.wrong)


if __name__ == "__main__":
    sys.exit(main())
