"""Fixtures of several test folders: templates bound to headers, rows to render, files and their problems."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from campaign.campaign_file import load_campaign
from campaign.channels import KITECHAT, LIVECHAT, Channel, Payload
from campaign.errors import CampaignFileError, TemplateError
from campaign.messages import Mapped, MessageTemplate, TemplateFile, compile_template, load_template
from campaign.sheets import CellValue, Row
from campaign.sheets.table import columns_of

if TYPE_CHECKING:
    from campaign.errors import Problem


NONE: Mapping[str, str] = {}


def _bind(channel: Channel, body: Payload, headers: Sequence[str], mapped: Mapped) -> MessageTemplate:
    text = json.dumps(body, ensure_ascii=False, indent=2)
    return compile_template(TemplateFile(Path("message.json"), channel, body, text), columns_of(headers), mapped)


@pytest.fixture(scope="session")
def livechat() -> Callable[..., MessageTemplate]:
    """Binds a livechat template with the given text as its message."""

    def bind(
        msg: str, *headers: str, columns: Mapping[str, str] = NONE, values: Mapping[str, str] = NONE
    ) -> MessageTemplate:
        return _bind(LIVECHAT, {"token": "t", "rid": "r", "msg": msg}, headers, Mapped(columns, values))

    return bind


@pytest.fixture(scope="session")
def kitechat() -> Callable[..., MessageTemplate]:
    """Binds a Kitechat template with the given object as its message."""

    def bind(message: Payload, *headers: str) -> MessageTemplate:
        body = {"pageId": "p", "conversationId": "c", "message": message}
        return _bind(KITECHAT, body, headers, Mapped(NONE, NONE))

    return bind


@pytest.fixture(scope="session")
def row() -> Callable[..., Row]:
    """Makes a row of cells; the stored values are the texts unless given."""

    def make(
        *texts: str, number: int = 2, values: Sequence[CellValue] | None = None, problems: Sequence[Problem] = ()
    ) -> Row:
        stored = tuple(text or None for text in texts) if values is None else tuple(values)
        return Row(number, texts, stored, (), tuple(problems))

    return make


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, object], Path]:
    """Writes a file to the test's folder: text as it is, anything else as JSON."""

    def put(name: str, content: object) -> Path:
        path = tmp_path / name
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, indent=2)
        path.write_text(text, encoding="utf-8")
        return path

    return put


@pytest.fixture(scope="session")
def campaign_refusal() -> Callable[..., list[str]]:
    """Returns the problems of a campaign file, without its name."""

    def problems(path: Path, **overrides: object) -> list[str]:
        with pytest.raises(CampaignFileError, match=r"\S") as caught:
            load_campaign(path, overrides)
        return [str(problem).removeprefix(f"{path}: ") for problem in caught.value.problems]

    return problems


@pytest.fixture(scope="session")
def template_refusal() -> Callable[[Path], str]:
    """Returns the problems of a template file with the headers token, rid and msg, without its folder."""

    def refusal(path: Path) -> str:
        with pytest.raises(TemplateError, match=r"\S") as caught:
            compile_template(load_template(path), columns_of(("token", "rid", "msg")), Mapped(NONE, NONE))
        return str(caught.value).replace(f"{path.parent}{os.sep}", "")

    return refusal
