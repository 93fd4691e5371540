"""A template knows which columns say where its messages go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from campaign.channels import CHANNELS, KITECHAT, LIVECHAT, ROCKETCHAT, Channel, Payload
from campaign.messages import Mapped, MessageTemplate, TemplateFile, compile_template
from campaign.sheets.table import columns_of

HEADERS = ["Visitor", "Room", "Text", "Mã"]
VALID: dict[str, Payload] = {
    "livechat": {"token": "t", "rid": "r", "msg": "m"},
    "kitechat": {"pageId": "p", "conversationId": "c", "message": {"type": "text", "text": "t"}},
    "rocketchat": {"message": {"rid": "r", "msg": "m", "tmid": "t"}},
}


def destination_headers(channel: Channel, body: Payload) -> list[str]:
    template = TemplateFile(Path("message.json"), channel, body, "")
    bound = compile_template(template, columns_of(HEADERS), Mapped({}, {}))
    return sorted(column.header for column in bound.destination_columns)


@pytest.mark.parametrize(
    ("channel", "body", "headers"),
    [
        pytest.param(
            LIVECHAT, {"token": "{{ visitor }}", "rid": "{{ room }}", "msg": "{{ text }}"}, ["Room", "Visitor"],
            id="livechat",
        ),
        pytest.param(
            KITECHAT,
            {
                "pageId": "108",
                "conversationId": "{{ room }}_{{ row['Mã'] }}",
                "message": {"type": "text", "text": "{{ text }} {{ visitor }}"},
            },
            ["Mã", "Room"],
            id="kitechat, one constant and one of two columns",
        ),
        pytest.param(
            ROCKETCHAT, {"message": {"rid": "{{ room }}", "msg": "{{ text }} {{ visitor }}"}}, ["Room"],
            id="rocketchat, a field of the message",
        ),
        pytest.param(LIVECHAT, {"token": "t", "rid": "r", "msg": "{{ text }}"}, [], id="constants alone"),
    ],
)  # fmt: skip
def test_the_columns_of_a_destination_are_found(channel: Channel, body: Payload, headers: list[str]) -> None:
    assert destination_headers(channel, body) == headers


def paths_of_texts(payload: Payload) -> list[tuple[str, ...]]:
    below = [(key, *path) for key, part in payload.items() if isinstance(part, dict) for path in paths_of_texts(part)]
    return [*((key,) for key, part in payload.items() if isinstance(part, str)), *below]


def with_other_text(payload: Payload, path: tuple[str, ...]) -> Payload:
    key, *rest = path
    return {**payload, key: with_other_text(payload[key], tuple(rest)) if rest else "other"}


@pytest.mark.parametrize("name", CHANNELS)
def test_a_destination_depends_on_its_fields_alone(name: str) -> None:
    channel, payload = CHANNELS[name], VALID[name]
    before = channel.destination(payload)
    for path in paths_of_texts(payload):
        changes = channel.destination(with_other_text(payload, path)) != before
        assert changes == (path in channel.destination_fields), path


def test_a_template_bound_in_the_tests_has_no_destination_columns(livechat: Callable[..., MessageTemplate]) -> None:
    assert livechat("{{ text }}", "text").destination_columns == frozenset()
