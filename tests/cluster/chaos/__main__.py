"""`python -m tests.cluster.chaos --kills 1000 --freezes 300 --restarts 50`; what it does: see the package."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests import postgres
from tests.cluster import chaos
from tests.cluster.chaos.altered import CONTROLS
from tests.cluster.chaos.proof import Options, prove
from tests.cluster.chaos.verdict import shown
from tests.crash.harness import CHATS

CHANNELS = ("livechat", "kitechat")


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        postgres.announce(Path("/dev/shm"))  # noqa: S108 - the server makes a folder in it that is its own
        os.environ["PYTHONUNBUFFERED"] = "1"
        yield Path(folder)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.cluster.chaos", description=chaos.__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100, help="kills of workers")
    parser.add_argument("--freezes", type=int, default=30, help="freezes of workers, from 0.3 to 2.5 leases")
    parser.add_argument("--restarts", type=int, default=5, help="kills of PostgreSQL")
    parser.add_argument("--terms", type=int, help="SIGTERMs of workers; default: a tenth of the kills")
    parser.add_argument("--watchers", type=int, help="kills of what plans or watches; default: a tenth of the kills")
    parser.add_argument("--proxies", type=int, help="faults on workers' ways to PostgreSQL; default: a fifth")
    parser.add_argument("--lanes", type=int, default=3, help="lists that are delivered at a time")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--channel", choices=CHANNELS, help="one channel only")
    parser.add_argument("--control", choices=CONTROLS, nargs="?", const="loose", help="what is broken: it must fail")
    return parser.parse_args()


def main() -> int:
    given = _parsed()
    events = {"kills": given.kills, "freezes": given.freezes, "restarts": given.restarts}
    events |= {
        kind: given.kills // share if (count := getattr(given, kind)) is None else count
        for kind, share in {"terms": 10, "watchers": 10, "proxies": 5}.items()
    }
    chats = [CHATS[name] for name in ([given.channel] if given.channel else CHANNELS)]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    with _folder() as folder:
        figures, done = prove(Options(events, given.seed, chats, given.lanes, given.control), folder)
    missing = {kind: count - done.done[kind] for kind, count in events.items() if count > done.done[kind]}
    wrong = [*figures.wrong, *([f"not done: {missing}"] if missing else [])]
    minutes = (time.monotonic() - began) / 60
    print(f"\nseed {given.seed}, {minutes:.0f} minutes, {figures.lists} lists:{shown(wrong)}\n{done}: {figures}")
    return 0 if figures.hold and not missing else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
