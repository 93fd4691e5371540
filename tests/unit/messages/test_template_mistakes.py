"""Mistakes inside a template are named by file and line, or by field, once and not for every row."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str, object], Path]
    Refusal = Callable[[Path], str]

LIVECHAT: dict[str, Any] = {"token": "{{ token }}", "rid": "{{ rid }}", "msg": "{{ msg }}"}
KITECHAT: dict[str, Any] = {
    "pageId": "{{ page_id }}",
    "conversationId": "{{ conversation_id }}",
    "message": {"type": "text", "text": "{{ text }}"},
}
TOML = '''channel = "livechat"

[payload]
token = "{{ token }}"
rid = '{{ rid }}'
msg = """
Xin chào,

đơn hàng {{ msg }}
"""
'''


# Mistakes inside strings


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        pytest.param(
            "{{ msg }}", "{{ msg }", "t.toml, line 9: msg: {{ and }} do not", id="in the middle of a multi-line string"
        ),
        pytest.param(
            "{{ msg }}", "{{ msg | uper }}", "t.toml, line 9: msg: No filter named 'uper'", id="unknown filter"
        ),
        pytest.param(
            "{{ msg }}",
            "{% if msg %}{{ msg | uper }}{% endif %}",
            "t.toml, line 9: msg: No filter named 'uper'",
            id="unknown filter within a condition",
        ),
        pytest.param(
            "chào,\n", "chào,\n{% if msg %}", "t.toml, line 9: msg: Unexpected end of template", id="no endif"
        ),
        pytest.param(
            '"{{ token }}"', '"{{ token"', "t.toml, line 4: token: {{ and }} do not come in pairs", id="basic"
        ),
        pytest.param("'{{ rid }}'", "'{{ rid'", "t.toml, line 5: rid: {{ and }} do not come in pairs", id="literal"),
        pytest.param("đơn hàng", '"\\\\"\nđơn {% hàng', "t.toml, line 10: msg: ", id="string with escapes"),
        pytest.param("{{ msg }}", "{{ msg\n\n", "t.toml, line 9: msg: {{ and }} do not", id="line breaks"),
    ],
)
def test_a_syntax_error_in_a_toml_string_is_named_with_its_line(
    write: Write, right: str, wrong: str, message: str, template_refusal: Refusal
) -> None:
    assert TOML.count(right) == 1
    assert template_refusal(write("t.toml", TOML.replace(right, wrong))).startswith(message)


@pytest.mark.parametrize(
    ("msg", "message"),
    [
        pytest.param("{{ msg", "t.json, line 4: msg: {{ and }} do not", id="plain"),
        pytest.param("Chào\n{% if msg", "t.json, line 4: msg: unexpected end of template", id="with a line break"),
        pytest.param('{{ "msg', "t.json, line 4: msg: {{ and }} do not", id="with a quotation mark"),
    ],
)
def test_a_syntax_error_in_a_json_string_is_named_with_its_line(
    write: Write, msg: str, message: str, template_refusal: Refusal
) -> None:
    assert template_refusal(write("t.json", {**LIVECHAT, "msg": msg})).startswith(message)


def test_a_syntax_error_in_a_string_written_in_ascii_is_found_too(tmp_path: Path, template_refusal: Refusal) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps({**LIVECHAT, "msg": "Chào {{ bạn"}, indent=1), encoding="ascii")
    assert template_refusal(path).startswith("t.json, line 4: msg: ")


def test_a_string_whose_line_is_not_found_is_named_by_its_field(write: Write, template_refusal: Refusal) -> None:
    text = '{"token": "t", "rid": "r",\n"msg": "\\u007b% if msg"}'
    assert template_refusal(write("t.json", text)).startswith("t.json: msg: ")


def test_what_jinja_takes_and_python_does_not_is_refused(write: Write, template_refusal: Refusal) -> None:
    loops = "{% for a in msg %}" * 25 + "{% endfor %}" * 25
    assert template_refusal(write("t.json", {**LIVECHAT, "msg": loops})) == "t.json: msg: is too complex for a template"


def test_every_syntax_error_of_a_template_is_named_at_once(write: Write, template_refusal: Refusal) -> None:
    message = template_refusal(write("t.json", {"token": "{{", "rid": "{{ rid }}", "msg": "{% x %}"}))
    assert [line.split(": ")[1] for line in message.splitlines()] == ["token", "msg"]


# What the API rules out whatever the cells hold


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(
            {**LIVECHAT, "alias": "Kim"},
            "t.json: alias: is not a field of this API",
            id="constant field beyond the API",
        ),
        pytest.param(
            {**LIVECHAT, "alias": "{{ msg }}"}, "t.json: alias: is not a field of this API", id="variable one"
        ),
        pytest.param(
            {**LIVECHAT, "_id": "{{ msg }}"},
            "t.json: _id: must be left out: campaign sets it, so that no retry sends twice",
            id="an id of one's own",
        ),
        pytest.param(
            {"token": "{{ token }}", "rid": "{{ rid }}"},
            "t.json: msg: is missing, and the API requires it",
            id="field forgotten",
        ),
        pytest.param(
            {**LIVECHAT, "msg": None}, "t.json: msg: is missing, and the API requires it", id="required field null"
        ),
        pytest.param(
            {**LIVECHAT, "agent": {"agentId": "{{ msg }}"}},
            "t.json: agent.username: is missing, and the API requires it",
            id="half an agent",
        ),
        pytest.param(
            {**LIVECHAT, "agent": "{{ msg }}"}, "t.json: agent: must be an object", id="variable instead of an object"
        ),
        pytest.param({**LIVECHAT, "msg": ["{{ msg }}"]}, "t.json: msg: must be text", id="list of variables"),
        pytest.param({**LIVECHAT, "msg": {"text": "{{ msg }}"}}, "t.json: msg: must be text", id="object"),
        pytest.param({**LIVECHAT, "msg": 5}, "t.json: msg: must be text", id="number"),
        pytest.param({**LIVECHAT, "msg": [None]}, "t.json: msg: must be text", id="list of nothing"),
        pytest.param(
            {**KITECHAT, "message": {"type": "txt", "text": "{{ msg }}"}},
            "t.json: message.type: is “txt”, and must be one of text, image, video, audio, document, template",
            id="unknown type",
        ),
        pytest.param(
            {**KITECHAT, "message": {"type": "template", "template": {"cards": [{"body": "x", "cards": []}]}}},
            "t.json: message.template.cards[1].cards: is not a field of this API",
            id="cards in cards",
        ),
        pytest.param(
            {**KITECHAT, "message": {"type": "template", "template": {"buttons": [{"type": "web_url", "text": "x"}]}}},
            "t.json: message.template.buttons[1].url: is missing, and the API requires it",
            id="button without its url",
        ),
        pytest.param(
            {**KITECHAT, "message": {"type": "image", "url": "picture.jpg"}},
            "t.json: message.url: must be a web address that starts with http:// or https:// and holds no blank or "
            "invisible character",
            id="constant that is no address",
        ),
    ],
)
def test_a_body_that_no_row_could_fix_is_refused_once(
    write: Write, body: dict[str, Any], message: str, template_refusal: Refusal
) -> None:
    assert template_refusal(write("t.json", body)) == message


def test_every_field_that_no_row_could_fix_is_named_at_once(write: Write, template_refusal: Refusal) -> None:
    message = template_refusal(write("t.json", {"rid": 5, "msg": "{{ msg }}", "_id": "x", "alias": "{{ msg }}"}))
    assert sorted(line.split(": ")[1] for line in message.splitlines()) == ["_id", "alias", "rid", "token"]
