"""How the tests use the machine."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from . import postgres as postgres_server

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

# The tests start the command some hundred times, and each process would compile the whole package anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder in it that is its owner's alone
ROOM = 1 << 30
"""Bytes that must be free there; the tests use a tenth of it."""

# A commit waits for the disk, and the tests commit some hundred thousand times.
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

postgres_server.announce(MEMORY)

# Python looks for garbage after 700 new objects; a tenth of the tests' time went into that.
gc.set_threshold(10_000, 20, 20)


# A busy machine must not fail a test.
settings.register_profile("by hand", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# One state passes or fails in CI each time; new examples are looked for where the tests are run by hand.
settings.register_profile("ci", settings.get_profile("by hand"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CAMPAIGN_CI") else "by hand")


def pytest_collection_finish() -> None:
    """Look for garbage only among what the tests make: what was collected stays."""
    gc.freeze()


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """One worker more than there are cores: some tests wait for a process, a server or a clock."""
    workers = yield
    return workers if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else workers + 1


@pytest.fixture
def disk_path() -> Iterator[Path]:
    """A folder beside those of other programs, for tests of how a file is told from another.

    A file system in memory does not say which file had an inode first.
    """
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder).resolve()


@pytest.fixture(scope="session")
def postgres() -> str:
    """The address of a database, in which a test has campaigns with names of its own."""
    return postgres_server.address()


def pytest_unconfigure() -> None:
    """Stop the server once no worker needs it."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        postgres_server.stop()
