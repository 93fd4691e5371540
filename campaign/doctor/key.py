"""Whether the credentials of a channel are found; they are shown nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from campaign.doctor.checks import fine, problem, refused, warning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaign.channels import Channel
    from campaign.doctor.checks import Check
    from campaign.errors import KeyMissingError, Problem


@dataclass(frozen=True, slots=True)
class KeySearch:
    """What came of the search for a channel's credentials.

    Attributes:
        values: the values by name; None where one was not found.
        error: why not.
        warnings: what is wrong with where they were found.
    """

    values: Mapping[str, str] | None = field(default=None, repr=False)
    error: KeyMissingError | None = None
    warnings: tuple[Problem, ...] = ()


def check_key(channel: Channel, found: KeySearch) -> list[Check]:
    """What came of the search means."""
    name = "key"
    if not channel.credentials:
        return [fine(name, f"{channel.name} needs none")]
    if found.error is not None:
        return refused(name, found.error)
    if found.values is None:
        return [problem(name, f"{channel.name} needs a key", f"set {channel.credentials[0].variable}")]
    if found.warnings:
        return [warning(name, f"{each.where}: {each.what}", each.remedy) for each in found.warnings]
    labels = " and ".join(each.label for each in channel.credentials)
    are = "is" if len(channel.credentials) == 1 else "are"
    return [fine(name, f"the {labels} of {channel.name} {are} set (and not shown)")]
