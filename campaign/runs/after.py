"""The end of a run: its JSON summary goes to a command, to a web hook, or to both, as `[after]` says.

A failure of either is a warning: the run has ended by then, and its exit code stays. Rehearsals and tests are not
reported, because no recipient got a message.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import tempfile
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
"""Bytes that are read from the end of what a failed command has said, and characters of it that are shown."""


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
        if refusal := _refusal(context.file):
            warn(Problem(where, f"was not run: {refusal}", _remedy(context.file), "after-not-run"))
        elif failure := _run(after.command, text, context):
            warn(Problem(where, failure, "the run itself is not affected", "after-failed"))
    if after.webhook is not None and (failure := _post(after.webhook, text, context)):
        host = urlsplit(after.webhook).hostname  # the rest of the address may be a secret
        warn(Problem(f"[after] webhook {host}", failure, "the run itself is not affected", "after-failed"))


def _refusal(file: Path) -> str:
    """Why a command that a file names may not be this user's wish; "" where it is."""
    try:
        for place, what in ((file, "the campaign file"), (file.absolute().parent, "the folder of the campaign file")):
            if others_can_write(place):
                return f"others can write {what}, {place}"
    except OSError as error:
        return f"it is unknown who can write the campaign file ({error.strerror or error})"
    return ""


def _remedy(file: Path) -> str:
    if WINDOWS:
        return "take the right to write from the others (Properties, Security)"
    return f"take the right to write from the others: chmod go-w {file} {file.absolute().parent}"


def _run(command: tuple[str, ...], text: bytes, context: AfterContext) -> str:
    """Run a command with a text on its standard input. Returns what went wrong; "" where nothing did."""
    folder = context.file.absolute().parent
    with _file_of(text) as given, tempfile.TemporaryFile() as said:
        try:
            process = start_apart(
                [_program(command[0], folder), *command[1:]],
                cwd=folder,
                env=environment_without_secrets(context.environment),
                stdin=given,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        except (OSError, ValueError) as error:
            return f"cannot be started ({getattr(error, 'strerror', None) or error})"
        try:
            code = process.wait(context.patience)
        except subprocess.TimeoutExpired:
            return f"had not ended after {context.patience:g} s and was ended{_last_words(said)}"
        except KeyboardInterrupt:
            return "was interrupted"
        finally:
            if process.poll() is None:
                end_apart(process)
        return f"ended with exit code {code}{_last_words(said)}" if code else ""


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


def _last_words(said: IO[bytes]) -> str:
    """The last line that a command has said, as the end of a sentence."""
    size = said.seek(0, 2)
    said.seek(max(0, size - _LAST_WORDS))
    lines = [line for line in said.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return f": {one_line(lines[-1], _LONGEST)}" if lines else ""


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
