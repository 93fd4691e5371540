"""Servers that are replaced: by a standby that takes over, or by an older copy of their files."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SETTINGS = (*postgres.SETTINGS, "wal_level = replica", "max_wal_senders = 4")
"""What a server needs that is copied; the last line of a setting counts."""


class Pair:
    """A primary and its standby, which takes over.

    Attributes:
        address: of a database, with both servers.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._standby = home / "standby"
        copied = postgres.start(home, SETTINGS)
        postgres.run(home, "pg_basebackup", "-d", copied, "-D", self._standby, "-R", "-c", "fast")
        self._control_standby("start")
        self.address = f"postgresql://tester@/postgres?host={home},{home}&port=5432,5433&target_session_attrs=primary"
        self.standby = f"postgresql://tester@/postgres?host={home}&port=5433"

    def synchronise(self) -> None:
        """Let every commit wait for the standby."""
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")

    def fall_behind(self) -> None:
        """Let the standby learn of nothing any more."""
        self._control_standby("stop")

    def take_over(self) -> None:
        """Kill the primary, and let the standby take its place."""
        postgres.run(self._home, "pg_ctl", "stop", "-w", "-D", self._home / "data", "-m", "immediate")
        if not (self._standby / "postmaster.pid").exists():
            self._control_standby("start")
        self._control_standby("promote")

    def stop(self) -> None:
        """Stop the standby."""
        self._control_standby("stop")

    def _control_standby(self, what: str) -> None:
        more = ("-o", "-p 5433", "-l", str(self._home / "standby.log")) if what == "start" else ()
        postgres.run(self._home, "pg_ctl", what, "-w", "-D", self._standby, *more)


class BackedUp:
    """A server of which a copy is made, and put back.

    Attributes:
        address: of a database.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self.address = postgres.start(home, SETTINGS)

    def back_up(self) -> None:
        """Copy its files, as they are now."""
        postgres.run(self._home, "pg_basebackup", "-d", self.address, "-D", self._home / "copy", "-c", "fast")

    def restore(self) -> None:
        """Kill it, and put the copy in its place."""
        data = self._home / "data"
        postgres.run(self._home, "pg_ctl", "stop", "-w", "-D", data, "-m", "immediate")
        data.rename(self._home / "gone")
        (self._home / "copy").rename(data)
        postgres.run(self._home, "pg_ctl", "start", "-w", "-D", data, "-l", self._home / "log")


@contextlib.contextmanager
def backed_up() -> Iterator[BackedUp]:
    """A server of a test's own, of which a copy can be put back."""
    with postgres.own_folder() as home:
        yield BackedUp(home)


@contextlib.contextmanager
def pair() -> Iterator[Pair]:
    """A primary with a standby, of a test's own."""
    if sys.platform == "win32":
        pytest.skip("the two servers share a folder of sockets")
    with postgres.own_folder() as home:
        made = Pair(home)
        try:
            yield made
        finally:
            made.stop()


def printed(program: str, *arguments: str, given: str = "") -> str:
    """What a client program of PostgreSQL prints; skips the test where there is none."""
    command = [str(postgres.client(program)), *arguments]
    done = subprocess.run(command, input=given, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
