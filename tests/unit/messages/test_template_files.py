"""Templates as files: found, read and recognised, or refused with file and line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from campaign.channels import CHANNELS
from campaign.errors import TemplateError
from campaign.messages import (
    Mapped,
    MessageTemplate,
    compile_template,
    find_template,
    load_template,
    shipped_templates,
)
from campaign.recipients.headers import columns_of

if TYPE_CHECKING:
    from collections.abc import Callable

UNRECOGNISED = (
    "t.json: cannot tell which channel this body is for; "
    "add a top-level channel key (livechat or kitechat) and put the body under payload"
)
LIVECHAT: dict[str, Any] = {"token": "{{ token }}", "rid": "{{ rid }}", "msg": "{{ msg }}"}
KITECHAT: dict[str, Any] = {
    "pageId": "{{ page_id }}",
    "conversationId": "{{ conversation_id }}",
    "message": {"type": "text", "text": "{{ text }}"},
}


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, object], Path]:
    """Puts a template into a file: text as it is, anything else as JSON."""

    def put(name: str, content: object) -> Path:
        path = tmp_path / name
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, indent=2)
        path.write_text(text, encoding="utf-8")
        return path

    return put


def refused(path: Path) -> str:
    """What a template is refused with, the folder left out."""
    with pytest.raises(TemplateError, match=r"\S") as caught:
        compiled(path, "token", "rid", "msg")
    return str(caught.value).replace(f"{path.parent}{os.sep}", "")


def compiled(path: Path, *headers: str) -> MessageTemplate:
    return compile_template(load_template(path), columns_of(headers), Mapped({}, {}))


# The two forms, with and without their wrapper


@pytest.mark.parametrize(
    ("body", "channel"),
    [pytest.param(LIVECHAT, "livechat", id="livechat"), pytest.param(KITECHAT, "kitechat", id="kitechat")],
)
def test_a_bare_body_is_recognised_by_its_fields(
    file: Callable[[str, object], Path], body: dict[str, Any], channel: str
) -> None:
    template = load_template(file("t.json", body))
    assert (template.channel.name, template.body) == (channel, body)


@pytest.mark.parametrize("channel", [pytest.param(name, id=name) for name in CHANNELS])
def test_a_wrapped_body_is_of_the_channel_that_it_names(file: Callable[[str, object], Path], channel: str) -> None:
    template = load_template(file("t.json", {"channel": channel, "payload": LIVECHAT}))
    assert (template.channel.name, template.body) == (channel, LIVECHAT)


def test_a_bare_body_may_name_its_channel_too(file: Callable[[str, object], Path]) -> None:
    template = load_template(file("t.json", {"channel": "livechat", **LIVECHAT}))
    assert (template.channel.name, template.body) == ("livechat", LIVECHAT)


def test_toml_says_the_same_as_json(file: Callable[[str, object], Path]) -> None:
    text = 'token = "{{ token }}"   # the visitor\'s\nrid = "{{ rid }}"\nmsg = """\n{{ msg }}"""\n'
    assert load_template(file("t.toml", text)).body == LIVECHAT


@pytest.mark.parametrize("name", [pytest.param("t.json", id="json"), pytest.param("T.TOML", id="toml in capitals")])
def test_a_file_that_notepad_saved_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    text = json.dumps(LIVECHAT) if name.endswith("json") else 'token = "t"\nrid = "r"\nmsg = "Chào"\n'
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load_template(path).channel.name == "livechat"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param([], "t.json: the template is not a JSON object; start from a shipped template", id="list"),
        pytest.param("7", "t.json: the template is not a JSON object; start from a shipped template", id="number"),
        pytest.param(
            {},
            UNRECOGNISED,
            id="empty",
        ),
        pytest.param(
            {**LIVECHAT, **KITECHAT},
            UNRECOGNISED,
            id="both channels at once",
        ),
        pytest.param(
            {"payload": LIVECHAT}, "t.json: channel: is missing; use one of livechat, kitechat", id="no channel"
        ),
        pytest.param(
            {"channel": "telegram", "payload": LIVECHAT},
            "t.json: channel: is “telegram”; use one of livechat, kitechat",
            id="unknown channel",
        ),
        pytest.param(
            {"channel": ["livechat"], "payload": LIVECHAT},
            "t.json: channel: is “['livechat']”; use one of livechat, kitechat",
            id="channel that is no text",
        ),
        pytest.param(
            {"channel": "livechat", "payload": LIVECHAT, "version": 1, "msg": "x"},
            "t.json: msg, version: stands beside channel and payload; move it into payload",
            id="more beside the wrapper",
        ),
    ],
)
def test_a_wrong_wrapper_is_refused(file: Callable[[str, object], Path], content: object, message: str) -> None:
    assert refused(file("t.json", content)) == message


def test_a_payload_that_is_no_object_is_refused(file: Callable[[str, object], Path]) -> None:
    assert "t.json: payload: is not a field of this API" in refused(
        file("t.json", {"channel": "livechat", "payload": "hello"})
    )


# Files that cannot be read


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        pytest.param(
            "t.json",
            '{\n  "token": "t",\n  "rid": "r"\n  "msg": "m"\n}',
            "t.json, line 4: not valid JSON: Expecting ',' delimiter (column 3)",
            id="JSON",
        ),
        pytest.param("t.json", "", "t.json, line 1: not valid JSON: Expecting value (column 1)", id="empty JSON"),
        pytest.param(
            "t.toml",
            'token = "t"\nrid = \nmsg = "m"\n',
            "t.toml: not valid TOML: Invalid value (at line 2, column 7)",
            id="TOML",
        ),
        pytest.param("t.json", "[" * 100_000, "t.json: the template is nested too deeply", id="deep JSON"),
        pytest.param("t.toml", "x=" + "[" * 10_000, "t.toml: ", id="deep TOML"),
        pytest.param("t.json", "1" * 5000, "t.json: cannot be read: Exceeds the limit", id="endless number in JSON"),
        pytest.param("t.toml", "x = " + "1" * 5000, "t.toml: cannot be read: Exceeds the limit", id="and in TOML"),
    ],
)
def test_what_is_no_json_or_toml_is_refused_with_its_line(
    file: Callable[[str, object], Path], name: str, text: str, message: str
) -> None:
    assert refused(file(name, text)).startswith(message)


def test_what_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_bytes(json.dumps(LIVECHAT).encode("utf-16"))
    assert refused(path) == "t.json: the template is not UTF-8 text; save it as UTF-8"


def test_a_file_that_is_gone_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "t.json").startswith("t.json: the template cannot be read (")


@pytest.mark.parametrize(
    "nested",
    [
        pytest.param("[" * 400 + '"{{ msg }}"' + "]" * 400, id="lists"),
        pytest.param('{"a":' * 400 + '"{{ msg }}"' + "}" * 400, id="objects"),
        pytest.param(json.dumps("{{ " + "(" * 3000 + "msg" + ")" * 3000 + " }}"), id="parentheses in a string"),
    ],
)
def test_a_template_nested_beyond_reason_is_refused(file: Callable[[str, object], Path], nested: str) -> None:
    message = refused(file("t.json", f'{{"token": {nested}, "rid": "r", "msg": "m"}}'))
    assert message.startswith(("t.json: the template is nested too deeply", "t.json: token: "))


# Mistakes inside strings

TOML = '''channel = "livechat"

[payload]
token = "{{ token }}"
rid = '{{ rid }}'
msg = """
Xin chào,

đơn hàng {{ msg }}
"""
'''


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        pytest.param(
            "{{ msg }}", "{{ msg }", "t.toml, line 9: msg: unexpected '}'", id="in the middle of a multi-line string"
        ),
        pytest.param(
            "{{ msg }}", "{{ msg | uper }}", "t.toml, line 9: msg: No filter named 'uper'.", id="unknown filter"
        ),
        pytest.param(
            "chào,\n", "chào,\n{% if msg %}", "t.toml, line 9: msg: Unexpected end of template.", id="no endif"
        ),
        pytest.param('"{{ token }}"', '"{{ token"', "t.toml, line 4: token: unexpected end of template", id="basic"),
        pytest.param("'{{ rid }}'", "'{{ rid'", "t.toml, line 5: rid: unexpected end of template", id="literal"),
        pytest.param("đơn hàng", '"\\\\"\nđơn {% hàng', "t.toml, line 10: msg: ", id="string with escapes"),
        pytest.param("{{ msg }}", "{{ msg\n\n", "t.toml, line 9: msg: unexpected end of template", id="line breaks"),
    ],
)
def test_a_syntax_error_in_a_toml_string_is_named_with_its_line(
    file: Callable[[str, object], Path], right: str, wrong: str, message: str
) -> None:
    assert TOML.count(right) == 1
    assert refused(file("t.toml", TOML.replace(right, wrong))).startswith(message)


@pytest.mark.parametrize(
    ("msg", "message"),
    [
        pytest.param("{{ msg", "t.json, line 4: msg: unexpected end of template", id="plain"),
        pytest.param("Chào\n{% if msg", "t.json, line 4: msg: unexpected end of template", id="with a line break"),
        pytest.param('{{ "msg', "t.json, line 4: msg: unexpected char", id="with a quotation mark"),
    ],
)
def test_a_syntax_error_in_a_json_string_is_named_with_its_line(
    file: Callable[[str, object], Path], msg: str, message: str
) -> None:
    assert refused(file("t.json", {**LIVECHAT, "msg": msg})).startswith(message)


def test_a_syntax_error_in_a_string_written_in_ascii_is_found_too(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps({**LIVECHAT, "msg": "Chào {{ bạn"}, indent=1), encoding="ascii")
    assert refused(path).startswith("t.json, line 4: msg: ")


def test_a_string_whose_line_cannot_be_told_is_named_by_its_field(file: Callable[[str, object], Path]) -> None:
    text = '{"token": "t", "rid": "r",\n"msg": "\\u007b% if msg"}'
    assert refused(file("t.json", text)).startswith("t.json: msg: ")


def test_what_jinja_takes_and_python_does_not_is_refused(file: Callable[[str, object], Path]) -> None:
    loops = "{% for a in msg %}" * 25 + "{% endfor %}" * 25
    assert refused(file("t.json", {**LIVECHAT, "msg": loops})) == "t.json: msg: is too much for a template"


def test_every_syntax_error_of_a_template_is_named_at_once(file: Callable[[str, object], Path]) -> None:
    message = refused(file("t.json", {"token": "{{", "rid": "{{ rid }}", "msg": "{% x %}"}))
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
def test_a_body_that_no_row_could_mend_is_refused_once(
    file: Callable[[str, object], Path], body: dict[str, Any], message: str
) -> None:
    assert refused(file("t.json", body)) == message


def test_every_field_that_no_row_could_mend_is_named_at_once(file: Callable[[str, object], Path]) -> None:
    message = refused(file("t.json", {"rid": 5, "msg": "{{ msg }}", "_id": "x", "alias": "{{ msg }}"}))
    assert sorted(line.split(": ")[1] for line in message.splitlines()) == ["_id", "alias", "rid", "token"]


# Finding them


def test_a_path_counts_from_the_folder(file: Callable[[str, object], Path], tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    path = file("templates/t.json", LIVECHAT)
    assert find_template("templates/t.json", tmp_path) == path
    assert find_template(str(path), Path("/")) == path


def test_the_suffix_may_be_left_out(file: Callable[[str, object], Path], tmp_path: Path) -> None:
    assert find_template("offer", file("offer.toml", "").parent) == tmp_path / "offer.toml"


def test_a_shipped_template_is_found_by_its_name(tmp_path: Path) -> None:
    assert find_template("kitechat-image", tmp_path) == shipped_templates()["kitechat-image"]


def test_a_file_goes_before_a_shipped_template(file: Callable[[str, object], Path], tmp_path: Path) -> None:
    assert find_template("kitechat-image", file("kitechat-image", LIVECHAT).parent) == tmp_path / "kitechat-image"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("kitechat-imag", "did you mean “kitechat-image”?", id="nearly"),
        pytest.param("sms", "shipped templates: kitechat-audio, kitechat-cards, ", id="not at all"),
        pytest.param("Xin chào, " * 100, "shipped templates: ", id="a whole message"),
        pytest.param("x\0y", "shipped templates: ", id="NUL"),
        pytest.param(".", "shipped templates: ", id="a folder"),
    ],
)
def test_a_template_that_is_nowhere_is_refused_with_a_hint(tmp_path: Path, name: str, hint: str) -> None:
    with pytest.raises(TemplateError, match="no such template file and no shipped template of this name; ") as caught:
        find_template(name, tmp_path)
    assert f"; {hint}" in str(caught.value)
