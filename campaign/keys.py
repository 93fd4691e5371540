"""A way for `campaign.runs` to reach `campaign.cli.credentials` until the command line passes credentials to it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from campaign.channels import Channel


def find_credentials(
    channel: Channel, environment: Mapping[str, str], prompt: Callable[[str], str] | None
) -> dict[str, str]:
    """Call `campaign.cli.credentials.find_credentials`."""
    found: dict[str, str] = import_module("campaign.cli.credentials").find_credentials(channel, environment, prompt)
    return found
