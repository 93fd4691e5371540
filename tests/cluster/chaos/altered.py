"""The command, with something changed in its process as the environment says.

A clock that is wrong is what workers must bear. The others are controls: with them, the proof has to find faults.
"""

from __future__ import annotations

import importlib
import os
import time

from campaign.cli.main import campaign
from campaign.journal.postgres import database

CLOCK, CONTROL = "CHAOS_CLOCK", "CHAOS_CONTROL"

CONTROLS = ("loose", "forgetful")
"""Workers that look at no epoch and no lease; a server that may forget what it has committed, which is not refused."""


def alter() -> None:
    """Change what the environment names."""
    real, ahead = time.time, float(os.environ.get(CLOCK, "0"))
    if ahead:
        time.time = lambda: real() + ahead
        time.time_ns = lambda: round((real() + ahead) * 1e9)
    control = os.environ.get(CONTROL)
    if control == "loose":
        importlib.import_module("tests.cluster.loose_worker")
    elif control == "forgetful":
        database.unfit = lambda *_: None


if __name__ == "__main__":
    alter()
    campaign()
