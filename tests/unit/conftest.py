"""What the tests of several rooms share: templates bound to headers, and rows to render."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from campaign.channels import KITECHAT, LIVECHAT, Channel, Payload
from campaign.messages import Mapped, MessageTemplate, TemplateFile, compile_template
from campaign.recipients.headers import columns_of
from campaign.recipients.table import CellValue, Row

if TYPE_CHECKING:
    from campaign.errors import Problem


settings.register_profile("unit", deadline=None)  # a busy machine is no failure
settings.load_profile("unit")

NONE: Mapping[str, str] = {}


def _bind(channel: Channel, body: Payload, headers: Sequence[str], mapped: Mapped) -> MessageTemplate:
    text = json.dumps(body, ensure_ascii=False, indent=2)
    return compile_template(TemplateFile(Path("message.json"), channel, body, text), columns_of(headers), mapped)


@pytest.fixture(scope="session")
def livechat() -> Callable[..., MessageTemplate]:
    """Binds a livechat template whose message is the text given."""

    def bind(
        msg: str, *headers: str, columns: Mapping[str, str] = NONE, values: Mapping[str, str] = NONE
    ) -> MessageTemplate:
        return _bind(LIVECHAT, {"token": "t", "rid": "r", "msg": msg}, headers, Mapped(columns, values))

    return bind


@pytest.fixture(scope="session")
def kitechat() -> Callable[..., MessageTemplate]:
    """Binds a Kitechat template whose message is the object given."""

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
