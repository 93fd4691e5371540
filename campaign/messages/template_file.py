"""Payload templates as files: the API's JSON body with `{{ variables }}`, in .json or .toml."""

from __future__ import annotations

import difflib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from campaign.channels import CHANNELS
from campaign.errors import Problem, TemplateError
from campaign.toml_text import toml_problem

if TYPE_CHECKING:
    from campaign.channels import Channel, Payload

SUFFIXES = (".json", ".toml")


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """A template file as read.

    Attributes:
        path: the file.
        channel: the channel of its body.
        body: the payload, its strings not yet compiled.
        text: the text of the file, to find the line of a mistake.
    """

    path: Path
    channel: Channel
    body: Payload
    text: str

    def line_of(self, source: str, line: int = 1) -> int | None:
        """The line number in the file of a line of one of its strings; None where it cannot be found."""
        quoted = (json.dumps(source, ensure_ascii=False), json.dumps(source), f"'{source}'")
        wanted = source.split("\n")[line - 1 : line]
        forms = [(form, 0) for form in quoted] + [(source, line - 1)] + [(form, 0) for form in wanted if form.strip()]
        for form, offset in forms:
            start = self.text.find(form)
            if start >= 0:
                return self.text.count("\n", 0, start) + 1 + offset
        return None


def shipped_templates() -> dict[str, Path]:
    """The templates that are shipped with campaign, by name."""
    return {path.stem: path for path in sorted(_shipped_folder().iterdir()) if path.suffix in SUFFIXES}


def _shipped_folder() -> Path:
    package = Path(__file__).resolve().parent.parent
    inside = package / "templates"  # in a wheel
    return inside if inside.is_dir() else package.parent / "templates"  # in a checkout


def find_template(name: str, folder: Path) -> Path:
    """Find a template by its path relative to `folder`, or by the name of a shipped one.

    Raises:
        TemplateError: there is no such template.
    """
    shipped = shipped_templates()
    if _is_file(folder / name):
        return folder / name
    if name in shipped:
        return shipped[name]
    for suffix in SUFFIXES:
        path = folder / (name + suffix)
        if _is_file(path):
            return path
    close = difflib.get_close_matches(name, shipped, n=1)
    hint = f"did you mean “{close[0]}”?" if close else f"shipped templates: {', '.join(shipped)}"
    what = "there is no such template file and no shipped template of this name"
    raise TemplateError(Problem(f"template “{name}”", what, hint))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long for a file, such as a whole message
        return False


def load_template(path: Path) -> TemplateFile:
    """Read a template.

    Raises:
        TemplateError: the file is unreadable or not valid JSON or TOML, or its channel is not clear.
    """
    text = _read_text(path)
    content = _parse(path, text)
    if "payload" in content and isinstance(content["payload"], dict):
        channel = _named_channel(path, content)
        body = content["payload"]
    else:
        body = {key: value for key, value in content.items() if key != "channel"}
        channel = _named_channel(path, content) if "channel" in content else _recognise(path, body)
    return TemplateFile(path, channel, body, text)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TemplateError(Problem(str(path), "the template is not UTF-8 text", "save it as UTF-8")) from error
    except OSError as error:
        raise TemplateError(Problem(str(path), f"the template cannot be read ({error.strerror})")) from error


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        content = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except json.JSONDecodeError as error:
        place = f"{path}, line {error.lineno}"
        raise TemplateError(Problem(place, f"not valid JSON: {error.msg} (column {error.colno})")) from error
    except tomllib.TOMLDecodeError as error:
        raise TemplateError(toml_problem(str(path), text, error)) from error
    except RecursionError as error:
        raise TemplateError(Problem(str(path), "the template is nested too deeply")) from error
    except ValueError as error:  # a number of thousands of digits
        raise TemplateError(Problem(str(path), f"cannot be read: {error}")) from error
    if not isinstance(content, dict):
        raise TemplateError(Problem(str(path), "the template is not a JSON object", "start from a shipped template"))
    return content


def _named_channel(path: Path, content: dict[str, Any]) -> Channel:
    unknown = sorted(set(content) - {"channel", "payload"}) if "payload" in content else []
    if unknown:
        raise TemplateError(
            Problem(f"{path}: {', '.join(unknown)}", "is beside channel and payload", "move it into payload")
        )
    name = content.get("channel")
    if isinstance(name, str) and name in CHANNELS:
        return CHANNELS[name]
    what = f"is “{name}”" if "channel" in content else "is missing"
    raise TemplateError(Problem(f"{path}: channel", what, f"use one of {', '.join(CHANNELS)}"))


def _recognise(path: Path, body: Payload) -> Channel:
    found = [channel for channel in CHANNELS.values() if channel.recognises(body)]
    if len(found) == 1:
        return found[0]
    raise TemplateError(
        Problem(
            str(path),
            "cannot tell which channel this body is for",
            f"add a top-level channel key ({' or '.join(CHANNELS)}) and put the body under payload",
        )
    )
