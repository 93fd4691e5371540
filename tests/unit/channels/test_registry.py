from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from campaign.channels import KITECHAT, LIVECHAT
from campaign.channels.livechat import Livechat
from campaign.channels.registry import REQUIRED, ChannelRegistry
from campaign.errors import ChannelError

if TYPE_CHECKING:
    from pathlib import Path


class Pager(Livechat):
    name = "pager"


PAGER = Pager()


class Install:
    """Puts distributions with entry points on sys.path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, distribution: str, entry_point: str, code: str = "") -> None:
        about = self._folder / f"{distribution}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[campaign.channels]\n{entry_point}\n")
        (self._folder / f"{distribution}.py").write_text(code)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    monkeypatch.syspath_prepend(tmp_path)
    return Install(tmp_path)


@pytest.fixture
def registry() -> ChannelRegistry:
    return ChannelRegistry(LIVECHAT, KITECHAT)


PAGER_CODE = """
from campaign.channels.livechat import Livechat
class Pager(Livechat):
    name = "pager"
PAGER = Pager()
"""


def test_the_built_in_channels_come_first(registry: ChannelRegistry, install: Install) -> None:
    install("pager_dist", "pager = pager_dist:PAGER", PAGER_CODE)
    assert list(registry) == ["livechat", "kitechat", "pager"]
    assert len(registry) == 3
    assert [channel.name for channel in registry.values()] == ["livechat", "kitechat", "pager"]


def test_a_channel_is_loaded_when_it_is_asked_for(registry: ChannelRegistry, install: Install) -> None:
    install("lazy_dist", "pager = lazy_dist:PAGER", PAGER_CODE)
    assert "pager" in registry
    assert registry["livechat"] is LIVECHAT
    assert "lazy_dist" not in sys.modules
    assert registry.find("pager") is registry["pager"]
    assert "lazy_dist" in sys.modules


def test_a_channel_that_is_not_there_is_named(registry: ChannelRegistry) -> None:
    assert "pager" not in registry
    assert registry.get("pager") is None
    with pytest.raises(ChannelError) as caught:
        registry.find("pager")
    assert str(caught.value) == (
        "channel “pager”: is not installed; "
        "install the distribution that offers it; available: livechat, kitechat"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        pytest.param("raise RuntimeError('boom')", r"cannot be loaded \(RuntimeError: boom\); update", id="raises"),
        pytest.param("", r"cannot be loaded \(AttributeError: .*PAGER", id="no such object"),
        pytest.param("PAGER = 1", "lacks name, default_url, endpoint", id="no channel"),
        pytest.param(PAGER_CODE + "PAGER = Pager", "is a class; name an instance of it", id="a class"),
        pytest.param(
            PAGER_CODE + "PAGER.name = 'beeper'", "calls itself “beeper”; give the entry point", id="another name"
        ),
    ],
)
def test_a_broken_entry_point_is_named(registry: ChannelRegistry, install: Install, code: str, complaint: str) -> None:
    sys.modules.pop("broken_dist", None)
    install("broken_dist", "pager = broken_dist:PAGER", code)
    with pytest.raises(ChannelError, match=f"^channel “pager” of broken_dist: .*{complaint}"):
        registry.find("pager")
    assert registry["livechat"] is LIVECHAT


def test_a_name_of_campaigns_own_cannot_be_taken(registry: ChannelRegistry, install: Install) -> None:
    install("rival_dist", "livechat = rival_dist:PAGER", PAGER_CODE)
    with pytest.raises(ChannelError, match=r"^channel “livechat”: rival_dist offers .* and so does campaign itself"):
        list(registry)
    assert registry.find("livechat") is LIVECHAT


def test_a_name_belongs_to_one_distribution(registry: ChannelRegistry, install: Install) -> None:
    install("first_dist", "pager = first_dist:PAGER", PAGER_CODE)
    install("second_dist", "pager = second_dist:PAGER", PAGER_CODE)
    with pytest.raises(ChannelError, match=r"(first|second)_dist offers .* and so does (first|second)_dist; uninstall"):
        registry.find("pager")


def test_a_channel_can_be_registered_replaced_and_removed(registry: ChannelRegistry) -> None:
    registry.register(PAGER)
    other = Pager()
    registry.register(other)
    assert registry.find("pager") is other
    assert list(registry) == ["livechat", "kitechat", "pager"]
    registry.unregister("pager")
    registry.unregister("pager")
    assert "pager" not in registry


def test_a_channel_can_be_registered_for_a_while(registry: ChannelRegistry) -> None:
    with registry.temporarily(PAGER), registry.temporarily(PAGER), registry.temporarily(LIVECHAT):
        assert registry["pager"] is PAGER
    assert "pager" not in registry
    assert "livechat" in registry


def test_a_registered_channel_cannot_take_a_name(registry: ChannelRegistry, install: Install) -> None:
    install("pager_dist_2", "pager = pager_dist_2:PAGER", PAGER_CODE)
    for channel in (Livechat(), PAGER):
        with pytest.raises(ChannelError, match="there is a channel of this name already; choose another name"):
            registry.register(channel)


def test_every_attribute_of_the_protocol_is_required() -> None:
    assert {"name", "endpoint", "preview", "sandbox_routes", "read_response"} <= set(REQUIRED)
    assert not [name for name in REQUIRED if not hasattr(PAGER, name)]
