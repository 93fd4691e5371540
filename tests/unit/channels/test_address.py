from __future__ import annotations

import pytest

from campaign.channels import KITECHAT, LIVECHAT, Channel
from campaign.channels.address import base_url
from campaign.errors import CampaignFileError


def test_kitechat_has_its_documented_address() -> None:
    assert base_url(KITECHAT, None) == "https://apiring.antbuddy.com"


def test_livechat_has_no_address_of_its_own() -> None:
    with pytest.raises(CampaignFileError, match=r"^server\.url: livechat needs the address of your server; .*--server"):
        base_url(LIVECHAT, None)


@pytest.mark.parametrize(
    ("channel", "given", "url"),
    [
        pytest.param(LIVECHAT, "https://chat.example.com", "https://chat.example.com", id="bare"),
        pytest.param(LIVECHAT, " https://chat.example.com/\n", "https://chat.example.com", id="slash and blanks"),
        pytest.param(LIVECHAT, "https://example.com/chat/", "https://example.com/chat", id="below a path"),
        pytest.param(
            LIVECHAT, "https://example.com/api/v1/livechat/message", "https://example.com", id="livechat's endpoint"
        ),
        pytest.param(
            LIVECHAT, "https://example.com/chat/api/v1/livechat/message/", "https://example.com/chat", id="both"
        ),
        pytest.param(
            KITECHAT,
            "https://apiring.antbuddy.com/kitechat/send-message",
            "https://apiring.antbuddy.com",
            id="kitechat's endpoint",
        ),
        pytest.param(LIVECHAT, "http://chat.example.com:3000", "http://chat.example.com:3000", id="no key to protect"),
    ],
)
def test_the_base_of_the_address_is_kept(channel: Channel, given: str, url: str) -> None:
    assert base_url(channel, given) == url


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("http://localhost:8080", id="localhost"),
        pytest.param("http://127.0.0.1:8080", id="IPv4"),
        pytest.param("http://127.8.8.8", id="anywhere in 127/8"),
        pytest.param("http://[::1]:8080", id="IPv6"),
    ],
)
def test_a_key_may_travel_in_the_clear_on_this_machine(given: str) -> None:
    assert base_url(KITECHAT, given) == given


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("http://apiring.antbuddy.com", id="the API itself"),
        pytest.param("HTTP://apiring.antbuddy.com", id="in capitals"),
        pytest.param("http://192.168.0.7", id="private network"),
        pytest.param("http://0.0.0.0", id="any address"),
        pytest.param("http://localhost.example.com", id="looks like localhost"),
        pytest.param("http://127.0.0.1.example.com", id="looks like loopback"),
    ],
)
def test_a_key_never_travels_in_the_clear_to_another_machine(given: str) -> None:
    with pytest.raises(CampaignFileError, match=r"must not travel in the clear; use https://$"):
        base_url(KITECHAT, given)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("", id="blank"),
        pytest.param("chat.example.com", id="no scheme"),
        pytest.param("ftp://chat.example.com", id="another scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("https://:443", id="only a port"),
        pytest.param("https://chat.example.com:https", id="port in words"),
        pytest.param("https://chat.example.com:99999", id="port too high"),
        pytest.param("https://[::1", id="half an IPv6 address"),
        pytest.param("https://chat example.com", id="space"),
        pytest.param("https://chat..example.com", id="empty label"),
        pytest.param(f"https://{'a' * 64}.example.com", id="label of 64 characters"),
        pytest.param("https://chat\u200b.example.com", id="invisible character"),
    ],
)
def test_what_is_no_web_address_is_refused(given: str) -> None:
    with pytest.raises(CampaignFileError, match=r"it is no web address; write it as https://chat\.example\.com$"):
        base_url(LIVECHAT, given)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("https://chat.example.com?x=1", id="query"),
        pytest.param("https://chat.example.com/?", id="empty query"),
        pytest.param("https://chat.example.com/#/home", id="fragment"),
        pytest.param("https://chat.example.com/#", id="empty fragment"),
        pytest.param("https://@chat.example.com", id="empty credentials"),
    ],
)
def test_an_address_holds_a_host_and_a_path_only(given: str) -> None:
    with pytest.raises(CampaignFileError, match="it holds more than a host and a path"):
        base_url(LIVECHAT, given)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("https://kim:hunter2@chat.example.com", id="user and password"),
        pytest.param("https://hunter2@chat.example.com/path", id="user alone"),
        pytest.param("https://kim:hunter2@chat.example.com:port", id="no address either"),
        pytest.param("https://kim:hunter2/x@chat.example.com", id="slash in the password"),
        pytest.param("http://kim:hunter2@[::1", id="broken host"),
    ],
)
def test_credentials_in_an_address_are_refused_and_not_shown(given: str) -> None:
    with pytest.raises(CampaignFileError, match=r"^server\.url: “https?://…@") as caught:
        base_url(LIVECHAT, given)
    assert "hunter2" not in str(caught.value)
