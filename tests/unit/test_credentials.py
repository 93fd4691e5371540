from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.channels import KITECHAT, LIVECHAT, ROCKETCHAT
from campaign.channels.credentials import credentials_from
from campaign.cli.credentials import find_credentials
from campaign.errors import KeyMissingError

if TYPE_CHECKING:
    from pathlib import Path

NAME = "KITECHAT_API_KEY"


def no_prompt(text: str) -> str:
    raise AssertionError(f"must not prompt: {text}")


def test_livechat_needs_no_credentials() -> None:
    assert find_credentials(LIVECHAT, {NAME: "k"}, no_prompt) == {}


def test_the_key_comes_from_the_environment() -> None:
    assert find_credentials(KITECHAT, {NAME: " the-key\n"}, no_prompt) == {"api_key": "the-key"}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"the-key", id="bare"),
        pytest.param(b"the-key\r\n", id="with a line break"),
        pytest.param(b"\xef\xbb\xbfthe-key\r\n", id="as Notepad saves it"),
    ],
)
def test_the_key_comes_from_a_file_that_the_environment_names(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    assert find_credentials(KITECHAT, {f"{NAME}_FILE": str(tmp_path / "key"), NAME: " "}, no_prompt) == {
        "api_key": "the-key"
    }


def test_the_file_of_the_key_may_be_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "key").write_text("the-key", encoding="utf-8")
    assert find_credentials(KITECHAT, {f"{NAME}_FILE": "~/key"}, no_prompt) == {"api_key": "the-key"}


def test_the_key_takes_precedence_over_its_file(tmp_path: Path) -> None:
    assert find_credentials(KITECHAT, {NAME: "the-key", f"{NAME}_FILE": str(tmp_path / "gone")}, no_prompt) == {
        "api_key": "the-key"
    }


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({}, id="not set"),
        pytest.param({NAME: "  ", f"{NAME}_FILE": ""}, id="set to blank"),
    ],
)
def test_the_key_is_prompted_for_on_a_terminal(environment: dict[str, str]) -> None:
    prompts = []

    def prompt(text: str) -> str:
        prompts.append(text)
        return "the-key "

    assert find_credentials(KITECHAT, environment, prompt) == {"api_key": "the-key"}
    assert prompts == ["API key for kitechat"]


def test_without_a_key_or_a_terminal_the_error_says_how_to_set_it() -> None:
    with pytest.raises(KeyMissingError, match=r"^KITECHAT_API_KEY") as caught:
        find_credentials(KITECHAT, {}, None)
    assert str(caught.value) == (
        "KITECHAT_API_KEY: kitechat needs an API key and none is set; "
        "set KITECHAT_API_KEY, or KITECHAT_API_KEY_FILE to the file that holds it"
    )


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        pytest.param("", "the API key: the API key is blank", id="nothing"),
        pytest.param(" \n", "the API key: the API key is blank", id="blank"),
        pytest.param(
            "SECRET\nSECRET",
            "the API key: the API key holds characters that no header can carry; copy it again",
            id="two lines",
        ),
        pytest.param(
            "SECRETđ",
            "the API key: the API key holds characters that no header can carry; copy it again",
            id="not ASCII",
        ),
        pytest.param(
            "SEC\x00RET",
            "the API key: the API key holds characters that no header can carry; copy it again",
            id="control",
        ),
    ],
)
def test_a_key_that_is_invalid_in_a_header_is_refused_and_not_shown(given: str, problem: str) -> None:
    with pytest.raises(KeyMissingError, match="key") as caught:
        find_credentials(KITECHAT, {}, lambda _: given)
    assert str(caught.value) == problem
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(None, "there is no file {}; correct the path", id="not there"),
        pytest.param("k\xe9y".encode("latin-1"), "{} cannot be read as text", id="not UTF-8"),
    ],
)
def test_a_key_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None, problem: str) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(KeyMissingError, match=r"^KITECHAT_API_KEY") as caught:
        find_credentials(KITECHAT, {f"{NAME}_FILE": str(file)}, no_prompt)
    assert str(caught.value) == f"KITECHAT_API_KEY_FILE: {problem.format(file)}"


def test_the_values_never_show_in_a_repr() -> None:
    values = find_credentials(KITECHAT, {NAME: "the-key"}, no_prompt)
    assert repr(values) == "SecretMapping(api_key)"
    assert "the-key" not in repr(KITECHAT.auth_headers(values))


def test_a_blank_key_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("\n", encoding="utf-8")
    with pytest.raises(KeyMissingError, match=r"^KITECHAT_API_KEY_FILE: the API key is blank$"):
        find_credentials(KITECHAT, {f"{NAME}_FILE": str(tmp_path / "key")}, no_prompt)


def test_a_token_and_its_user_come_from_two_variables_and_either_may_be_prompted_for() -> None:
    prompts = []

    def prompt(text: str) -> str:
        prompts.append(text)
        return "asked"

    environment = {"ROCKETCHAT_AUTH_TOKEN": "the-token", "ROCKETCHAT_USER_ID": "u1"}
    assert find_credentials(ROCKETCHAT, environment, no_prompt) == {"auth_token": "the-token", "user_id": "u1"}
    assert find_credentials(ROCKETCHAT, {}, prompt) == {"auth_token": "asked", "user_id": "asked"}
    assert prompts == ["personal access token for rocketchat", "user id for rocketchat"]


def test_a_program_passes_a_token_and_its_user_as_a_mapping() -> None:
    given = {"auth_token": "the-token", "user_id": "u1"}
    assert credentials_from(ROCKETCHAT, given) == given
    with pytest.raises(KeyMissingError, match=r"pass api_key as a mapping with auth_token, user_id$"):
        credentials_from(ROCKETCHAT, "the-token")
