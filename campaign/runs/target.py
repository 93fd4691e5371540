"""Where a run is delivered to: its server, or a sandbox of its own in a rehearsal."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from campaign.delivery.proxies import NO_PROXIES
from campaign.sandbox import Sandbox
from campaign.schedule import ANY_TIME

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from campaign.delivery.proxies import ProxySettings
    from campaign.runs.run import Run
    from campaign.schedule import Schedule
    from campaign.settings import DeliverySettings

SANDBOX_RATE = 1000.0
"""Requests per second in a rehearsal under `auto`: the sandbox is local and has no limit."""

REHEARSAL_KEY = "key-of-a-rehearsal"
"""Any key will do; but not a word that occurs in reasons, from which keys are blanked."""


class Target(NamedTuple):
    """Where requests go, with which headers and proxies, and how the run is delivered there."""

    url: str
    headers: Mapping[str, str]
    settings: DeliverySettings
    proxies: ProxySettings


@contextlib.asynccontextmanager
async def target_of(run: Run, settings: DeliverySettings) -> AsyncIterator[Target]:
    """Where a run is delivered to; a sandbox lasts as long as the block."""
    if not run.record.manifest.rehearsal:
        yield Target(run.server, run.channel.auth_headers(run.credentials), settings, run.proxies)
        return
    async with Sandbox(channels=[run.channel]) as sandbox:
        headers = run.channel.auth_headers({each.name: REHEARSAL_KEY for each in run.channel.credentials})
        yield Target(sandbox.url, headers, rehearsed(settings), NO_PROXIES)


def schedule_of(run: Run, settings: DeliverySettings) -> Schedule:
    """When a run is delivered; a rehearsal is at once."""
    return ANY_TIME if run.record.manifest.rehearsal else settings.schedule


def rehearsed(settings: DeliverySettings) -> DeliverySettings:
    """The settings of a rehearsal: at once, and as fast as the sandbox where nothing else is said."""
    return replace(settings, rate=settings.rate or SANDBOX_RATE, schedule=ANY_TIME)
