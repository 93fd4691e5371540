"""The end of a run: its JSON summary goes to a command, to a web hook, or to both, as `[after]` says.

A failure of either is a warning: the run has ended by then, and its exit code stays. Rehearsals and tests are not
reported, because no recipient got a message.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shlex
import signal
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from campaign.channels import CHANNELS
from campaign.channels.base import Request, Response
from campaign.channels.responses import one_line
from campaign.delivery import HttpTransport
from campaign.errors import ChannelError, Problem
from campaign.operating_system import WINDOWS, end_apart, others_can_write, start_apart
from campaign.paths import expanded
from campaign.settings import DeliverySettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from campaign.config import AfterSection
    from campaign.delivery.proxies import ProxySettings

PATIENCE = 30.0
"""Seconds in which a command has to end, or a web hook to respond."""

SECRET_NAMES = ("KITECHAT_API_KEY", "KITECHAT_API_KEY_FILE", "CAMPAIGN_JOURNAL")
SECRET_BEGINNING = "ROCKETCHAT_"  # noqa: S105 - the beginning of names
"""Variables that a command does not get: keys, where keys are, and an address that may hold a password."""

_LAST_WORDS, _LONGEST = 2000, 200
"""Bytes that are kept of the end of what a command says, and characters of it that are shown if it fails."""

_LINGER = 0.5
"""Seconds to wait, once a command has ended, for the end of its output, which what it left running may hold open."""


@dataclass(frozen=True, slots=True)
class AfterContext:
    """Where a command runs, and how a web hook is reached.

    Attributes:
        file: the campaign file.
        environment: the variables of this process.
        proxies: the proxies of this machine.
        patience: seconds to wait for either.
    """

    file: Path
    environment: Mapping[str, str]
    proxies: ProxySettings
    patience: float = PATIENCE


def notify(
    after: AfterSection, summary: Mapping[str, object], context: AfterContext, warn: Callable[[Problem], object]
) -> None:
    """Hand the summary of a run to what the campaign file names.

    Args:
        after: what it names.
        summary: the object of `--json`.
        context: where the command runs, and how the web hook is reached.
        warn: called with what went wrong; nothing is raised.
    """
    text = json.dumps(summary).encode() + b"\n"
    if after.command is not None:
        where = f"[after] command {after.command[0]}"
        if refused := _refusal(after.command, context.file):
            warn(Problem(where, f"was not run: {refused[0]}", refused[1], "after-not-run"))
        elif failure := _run(after.command, text, context):
            warn(Problem(where, failure, "the run itself is not affected", "after-failed"))
    if after.webhook is not None and (failure := _post(after.webhook, text, context)):
        host = urlsplit(after.webhook).hostname  # the rest of the address may be a secret
        warn(Problem(f"[after] webhook {host}", failure, "the run itself is not affected", "after-failed"))


def _refusal(command: tuple[str, ...], file: Path) -> tuple[str, str] | None:
    """Why a command may not be this user's wish, and the remedy; None where it is."""
    try:
        open_to_others = [(place, what) for place, what in _places(command, file) if others_can_write(place)]
    except OSError as error:
        return f"it is unknown who can write the campaign file ({error.strerror or error})", "make it readable to you"
    if not open_to_others:
        return None
    place, what = open_to_others[0]
    remedy = "take the right to write from the others"
    if WINDOWS:
        return f"others can write {what}, {place}", f"{remedy} (Properties, Security)"
    places = " ".join(dict.fromkeys(shlex.quote(str(each)) for each, _ in open_to_others))
    return f"others can write {what}, {place}", f"{remedy}: chmod go-w {places}"


def _places(command: tuple[str, ...], file: Path) -> Iterator[tuple[Path, str]]:
    """What decides about what is run: the campaign file, a program beside it, and the script that the program reads."""
    folder = file.absolute().parent
    yield file, "the campaign file"
    yield folder, "the folder of the campaign file"
    program = Path(_program(command[0], folder))
    scripts = [folder / expanded(Path(word)) for word in command[1:2]]
    for path, what in ((program, "the program"), *((script, "the script") for script in scripts)):
        if path.is_absolute() and path.is_file():
            yield path, what
            yield path.parent, f"the folder of {what}"


def _run(command: tuple[str, ...], text: bytes, context: AfterContext) -> str:
    """Run a command with a text on its standard input. Returns what went wrong; "" where nothing did."""
    folder = context.file.absolute().parent
    with _file_of(text) as given:
        try:
            process = start_apart(
                [_program(command[0], folder), *command[1:]],
                cwd=folder,
                env=environment_without_secrets(context.environment),
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except (OSError, ValueError) as error:
            return f"cannot be started ({getattr(error, 'strerror', None) or error})"
    said = _LastWords(process)
    try:
        code = process.wait(context.patience)
    except subprocess.TimeoutExpired:
        end_apart(process)
        return f"had not ended after {context.patience:g} s and was ended{said}"
    except KeyboardInterrupt:
        return "was interrupted"
    finally:
        if process.poll() is None:
            end_apart(process)
    return f"{_ending(code)}{said}" if code else ""


def _ending(code: int) -> str:
    if code > 0:
        return f"ended with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"


class _LastWords:
    """Reads what a command says, so that it goes on and fills no disk, and keeps the end of it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._kept = bytearray()
        self._reading = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        self._reading.start()

    def _read(self, output: IO[bytes]) -> None:
        with output:
            while part := os.read(output.fileno(), 1 << 16):
                self._kept += part
                del self._kept[:-_LAST_WORDS]

    def __str__(self) -> str:
        """The last line, as the end of a sentence."""
        self._reading.join(_LINGER)
        lines = [line for line in bytes(self._kept).decode("utf-8", "replace").splitlines() if line.strip()]
        return f": {one_line(lines[-1], _LONGEST)}" if lines else ""


@contextlib.contextmanager
def _file_of(text: bytes) -> Iterator[IO[bytes]]:
    """A file to read a text from: a pipe would wait for a program that does not read it."""
    with tempfile.TemporaryFile() as file:
        file.write(text)
        file.seek(0)
        yield file


def _program(word: str, folder: Path) -> str:
    """The program; a path is relative to the campaign file, a name is looked for where the system looks."""
    is_path = "/" in word or (WINDOWS and "\\" in word)
    return str(folder / expanded(Path(word))) if is_path else word


def environment_without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that a command gets: all but those that hold a key, or say where one is."""
    names = {*SECRET_NAMES}
    for name in CHANNELS:
        with contextlib.suppress(ChannelError):  # of another distribution, and not the one of this run
            for credential in CHANNELS.find(name).credentials:
                names |= {credential.variable, f"{credential.variable}_FILE"}
    return {
        name: value
        for name, value in environment.items()
        if name.upper() not in names and not name.upper().startswith(SECRET_BEGINNING)
    }


def _post(address: str, text: bytes, context: AfterContext) -> str:
    """Post a text to a web hook. Returns what went wrong; "" where nothing did."""
    parts = urlsplit(address)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    server = f"{parts.scheme}://{parts.netloc}"

    async def send() -> str:
        settings = DeliverySettings(timeout=context.patience, concurrency=1)
        async with HttpTransport(server, settings, proxies=context.proxies) as transport:
            response = await transport.send(Request("POST", target, text))
        if not isinstance(response, Response):
            return response.reason
        return "" if 200 <= response.status < 300 else f"answered HTTP {response.status}"

    try:
        return asyncio.run(send())
    except KeyboardInterrupt:
        return "was interrupted"
