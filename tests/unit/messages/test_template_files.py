"""Templates as files: found, read and recognised, or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from campaign.channels import CHANNELS
from campaign.errors import TemplateError
from campaign.messages import find_template, load_template, shipped_templates

if TYPE_CHECKING:
    from collections.abc import Callable

    Write = Callable[[str, object], Path]
    Refusal = Callable[[Path], str]

UNRECOGNISED = (
    "t.json: cannot tell which channel this body is for; "
    "add a top-level channel key (livechat or kitechat or rocketchat) and put the body under payload"
)
LIVECHAT: dict[str, Any] = {"token": "{{ token }}", "rid": "{{ rid }}", "msg": "{{ msg }}"}
KITECHAT: dict[str, Any] = {
    "pageId": "{{ page_id }}",
    "conversationId": "{{ conversation_id }}",
    "message": {"type": "text", "text": "{{ text }}"},
}


# The two forms, with and without their wrapper


@pytest.mark.parametrize(
    ("body", "channel"),
    [
        pytest.param(LIVECHAT, "livechat", id="livechat"),
        pytest.param(KITECHAT, "kitechat", id="kitechat"),
        pytest.param({**KITECHAT, "message": {"text": "x", "attachments": []}}, "kitechat", id="kitechat, more"),
        pytest.param({"message": {"rid": "r", "msg": "x"}}, "rocketchat", id="rocketchat"),
    ],
)
def test_a_bare_body_is_recognised_by_its_fields(write: Write, body: dict[str, Any], channel: str) -> None:
    template = load_template(write("t.json", body))
    assert (template.channel.name, template.body) == (channel, body)


@pytest.mark.parametrize("channel", [pytest.param(name, id=name) for name in CHANNELS])
def test_a_wrapped_body_is_of_the_channel_that_it_names(write: Write, channel: str) -> None:
    template = load_template(write("t.json", {"channel": channel, "payload": LIVECHAT}))
    assert (template.channel.name, template.body) == (channel, LIVECHAT)


def test_a_bare_body_may_name_its_channel_too(write: Write) -> None:
    template = load_template(write("t.json", {"channel": "livechat", **LIVECHAT}))
    assert (template.channel.name, template.body) == ("livechat", LIVECHAT)


def test_toml_says_the_same_as_json(write: Write) -> None:
    text = 'token = "{{ token }}"   # the visitor\'s\nrid = "{{ rid }}"\nmsg = """\n{{ msg }}"""\n'
    assert load_template(write("t.toml", text)).body == LIVECHAT


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
            {"payload": LIVECHAT},
            "t.json: channel: is missing; use one of livechat, kitechat, rocketchat",
            id="no channel",
        ),
        pytest.param(
            {"channel": "telegram", "payload": LIVECHAT},
            "t.json: channel: is “telegram”; use one of livechat, kitechat, rocketchat",
            id="unknown channel",
        ),
        pytest.param(
            {"channel": ["livechat"], "payload": LIVECHAT},
            "t.json: channel: is “['livechat']”; use one of livechat, kitechat, rocketchat",
            id="channel that is no text",
        ),
        pytest.param(
            {"channel": "livechat", "payload": LIVECHAT, "version": 1, "msg": "x"},
            "t.json: msg, version: is beside channel and payload; move it into payload",
            id="more beside the wrapper",
        ),
    ],
)
def test_a_wrong_wrapper_is_refused(write: Write, content: object, message: str, template_refusal: Refusal) -> None:
    assert template_refusal(write("t.json", content)) == message


def test_a_payload_that_is_no_object_is_refused(write: Write, template_refusal: Refusal) -> None:
    assert "t.json: payload: is not a field of this API" in template_refusal(
        write("t.json", {"channel": "livechat", "payload": "hello"})
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
            "t.toml, line 2: there is no value after the =; write one, or delete the line\n    rid =\n          ^",
            id="TOML",
        ),
        pytest.param("t.json", "[" * 100_000, "t.json: the template is nested too deeply", id="deep JSON"),
        pytest.param("t.toml", "x=" + "[" * 10_000, "t.toml: ", id="deep TOML"),
        pytest.param("t.json", "1" * 5000, "t.json: cannot be read: Exceeds the limit", id="endless number in JSON"),
        pytest.param("t.toml", "x = " + "1" * 5000, "t.toml: cannot be read: Exceeds the limit", id="and in TOML"),
    ],
)
def test_what_is_no_json_or_toml_is_refused_with_its_line(
    write: Write, name: str, text: str, message: str, template_refusal: Refusal
) -> None:
    assert template_refusal(write(name, text)).startswith(message)


def test_what_is_not_utf_8_is_refused(tmp_path: Path, template_refusal: Refusal) -> None:
    path = tmp_path / "t.json"
    path.write_bytes(json.dumps(LIVECHAT).encode("utf-16"))
    assert template_refusal(path) == "t.json: the template is not UTF-8 text; save it as UTF-8"


def test_a_file_that_is_gone_is_refused(tmp_path: Path, template_refusal: Refusal) -> None:
    assert template_refusal(tmp_path / "t.json").startswith("t.json: the template cannot be read (")


@pytest.mark.parametrize(
    "nested",
    [
        pytest.param("[" * 400 + '"{{ msg }}"' + "]" * 400, id="lists"),
        pytest.param('{"a":' * 400 + '"{{ msg }}"' + "}" * 400, id="objects"),
        pytest.param(json.dumps("{{ " + "(" * 3000 + "msg" + ")" * 3000 + " }}"), id="parentheses in a string"),
    ],
)
def test_a_template_nested_beyond_reason_is_refused(write: Write, nested: str, template_refusal: Refusal) -> None:
    message = template_refusal(write("t.json", f'{{"token": {nested}, "rid": "r", "msg": "m"}}'))
    assert message.startswith(("t.json: the template is nested too deeply", "t.json: token: "))


# Finding them


def test_a_path_counts_from_the_folder(write: Write, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    path = write("templates/t.json", LIVECHAT)
    assert find_template("templates/t.json", tmp_path) == path
    assert find_template(str(path), Path("/")) == path


def test_the_suffix_may_be_left_out(write: Write, tmp_path: Path) -> None:
    assert find_template("offer", write("offer.toml", "").parent) == tmp_path / "offer.toml"


def test_a_shipped_template_is_found_by_its_name(tmp_path: Path) -> None:
    assert find_template("kitechat-image", tmp_path) == shipped_templates()["kitechat-image"]


def test_a_file_goes_before_a_shipped_template(write: Write, tmp_path: Path) -> None:
    assert find_template("kitechat-image", write("kitechat-image", LIVECHAT).parent) == tmp_path / "kitechat-image"


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
