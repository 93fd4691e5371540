"""Everything that `campaign doctor` looks at, in order. Nothing here prints, no message is sent, nothing is changed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.channels.address import base_url
from campaign.channels.probe import FirstPage, probe_of
from campaign.delivery.proxies import NO_PROXIES
from campaign.delivery.redaction import Redaction
from campaign.doctor.checks import fine, refused
from campaign.doctor.folder import check_folder, read_folder
from campaign.doctor.journal import check_journal
from campaign.doctor.key import KeySearch, check_key
from campaign.doctor.proxy import check_proxy, read_proxy
from campaign.doctor.server import ask, check_clock, check_limit, check_server, is_of_the_api
from campaign.doctor.terminal import check_terminal
from campaign.doctor.versions import check_versions, read_versions
from campaign.errors import CampaignError
from campaign.journal import examine_journal
from campaign.messages import find_template, load_template

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from campaign.channels import Channel
    from campaign.config import Campaign
    from campaign.delivery.ports import Clock
    from campaign.delivery.proxies import ProxySettings
    from campaign.doctor.checks import Check
    from campaign.doctor.terminal import Terminal
    from campaign.runs.options import RunPaths


@dataclass(frozen=True, slots=True)
class DoctorContext:
    """What a command has at hand. The functions raise a CampaignError where a run would be refused for the same.

    Attributes:
        terminal: where text goes.
        clock: this computer's clock.
        load: reads the campaign; None where none was named.
        paths: finds the campaign's files and the address of its journal; None where none was named.
        key: searches for the credentials of a channel.
        proxies: reads the proxies of this machine.
        server: the address of a server, where one was named without a campaign.
        journal: the address of a database, where one was named without a campaign.
        folder: the current folder.
    """

    terminal: Terminal
    clock: Clock
    load: Callable[[], Campaign] | None
    paths: Callable[[], RunPaths] | None
    key: Callable[[Channel], KeySearch]
    proxies: Callable[[], ProxySettings]
    server: str | None = None
    journal: str | None = None
    folder: Path = Path()


def examine(context: DoctorContext) -> Iterator[Check]:
    """Look at everything, and make one request to the server."""
    yield from check_versions(read_versions())
    yield from check_terminal(context.terminal)
    campaign, channel = None, None
    if context.load is not None:
        try:
            campaign = context.load()
            template = load_template(find_template(campaign.template, campaign.folder))
        except CampaignError as error:
            yield from refused("campaign", error)
        else:
            channel = template.channel
            yield fine("campaign", f"“{campaign.name}” for {channel.name}, with the template {template.path.name}")
    workers = yield from _examine_files(context)
    yield from _examine_network(context, campaign, channel, workers)


def _examine_files(context: DoctorContext) -> Generator[Check, None, tuple[str, ...]]:
    """The folder of the campaign and its journal; returns the workers that are at work for it."""
    try:
        paths = context.paths() if context.paths else None
    except CampaignError as error:
        yield from refused("journal", error)
        return ()
    folder, name = (paths.folder, paths.name) if paths else (context.folder, "campaign")
    yield from check_folder(read_folder(folder, name))
    journal = (paths.address or paths.journal) if paths else context.journal
    if journal is None:
        return ()
    try:
        health = examine_journal(journal, campaign=name if paths else None)
    except CampaignError as error:
        yield from refused("journal", error)
        return ()
    yield from check_journal(health)
    return health.workers


def _examine_network(
    context: DoctorContext, campaign: Campaign | None, channel: Channel | None, workers: tuple[str, ...]
) -> Iterator[Check]:
    """Key, proxy and server: the server of the campaign, or the one that was named without a campaign."""
    key = KeySearch({})
    if channel is not None:
        key = context.key(channel)
        yield from check_key(channel, key, workers)
    proxies = NO_PROXIES
    try:
        proxies = context.proxies()
    except CampaignError as error:
        yield from refused("proxy", error)
    server = context.server
    if campaign is not None and channel is not None:
        try:
            server = base_url(channel, campaign.server.url)
        except CampaignError as error:
            yield from refused("server", error)
            return
    if server is not None:
        yield from _examine_server(server.rstrip("/"), (campaign, channel), key, proxies, context.clock)


def _examine_server(
    server: str,
    subject: tuple[Campaign | None, Channel | None],
    key: KeySearch,
    proxies: ProxySettings,
    clock: Clock,
) -> Iterator[Check]:
    campaign, channel = subject
    probe = probe_of(channel) if channel is not None and key.values is not None else None
    headers = channel.auth_headers(key.values) if channel is not None and probe and key.values is not None else {}
    # As the transport has it: with credentials, http is for this computer alone, and no proxy is used for that.
    direct = bool(headers) and server.startswith("http://")
    yield check_proxy(read_proxy(NO_PROXIES if direct else proxies, server), server)
    redaction = Redaction([*(key.values or {}).values(), *headers.values()])
    asked = asyncio.run(ask(server, probe or FirstPage(), headers, redaction, proxies=proxies, clock=clock))
    yield check_server(asked)
    found = [check_clock(asked)]
    if channel is not None and asked.response is not None and is_of_the_api(asked, probe):
        usual: tuple[int, float] | None = getattr(channel, "usual_quota", None)  # which few channels have
        rate = campaign.throttle.rate if campaign is not None else None
        found.append(check_limit(channel.quota(asked.response), asked, rate, usual))
    yield from (each for each in found if each is not None)
