"""Whether the credentials of a channel are found; they are shown nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from campaign.doctor.checks import fine, problem, refused, warning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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


def check_key(channel: Channel, found: KeySearch, workers: Sequence[str] = ()) -> list[Check]:
    """What came of the search means.

    Args:
        channel: the channel.
        found: what came of it.
        workers: names of the workers that are at work for the campaign; each has a key of its own.
    """
    name = "key"
    if not channel.credentials:
        return [fine(name, f"{channel.name} needs none")]
    if found.error is not None and workers:
        what = f"not found here ({found.error.problems[0].what}); a run is left to the workers {', '.join(workers)}"
        return [warning(name, what, "see to it that each of them has it; here it is needed while none is at work")]
    if found.error is not None:
        return refused(name, found.error)
    if found.values is None:
        return [problem(name, f"{channel.name} needs a key", f"set {channel.credentials[0].variable}")]
    if found.warnings:
        return [warning(name, f"{each.where}: {each.what}", each.remedy) for each in found.warnings]
    labels = " and ".join(each.label for each in channel.credentials)
    are = "is" if len(channel.credentials) == 1 else "are"
    return [fine(name, f"the {labels} of {channel.name} {are} set (and not shown)")]
