"""The server: whether it answers as it should, what it says of its limit, and what time it is there.

One request is made (`campaign/channels/probe.py`); it sends no message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign.channels.base import NoResponse, Throttled
from campaign.channels.probe import Answered
from campaign.channels.responses import http_date
from campaign.delivery.transport import HttpTransport
from campaign.doctor.checks import fine, problem, warning
from campaign.settings import DeliverySettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaign.channels.base import Quota, Response
    from campaign.channels.probe import Probe, ProbeVerdict
    from campaign.delivery.ports import Clock
    from campaign.delivery.proxies import ProxySettings
    from campaign.delivery.redaction import Redaction
    from campaign.doctor.checks import Check

PATIENCE = 15.0
"""Seconds to wait for the answer."""

CLOCKS_AGREE, CLOCKS_DIFFER = 10.0, 60.0
"""Seconds up to which a difference of the clocks is left unsaid, and from which it is a problem."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request and what came of it.

    Attributes:
        server: the server's address.
        verdict: what the response shows.
        response: the response; None where there was none.
        began: when the request left, in seconds since the epoch on this computer's clock.
        ended: when the response had arrived.
    """

    server: str
    verdict: ProbeVerdict
    response: Response | None
    began: float
    ended: float


async def ask(
    server: str, probe: Probe, headers: Mapping[str, str], redaction: Redaction, *, proxies: ProxySettings, clock: Clock
) -> Asked:
    """Make the one request.

    Args:
        server: the server's base URL.
        probe: the request, and how its response is read.
        headers: those that authenticate it.
        redaction: blanks the credentials, should the server repeat them.
        proxies: the proxies of this machine.
        clock: this computer's.
    """
    settings = DeliverySettings(timeout=PATIENCE, concurrency=1)
    async with HttpTransport(server, settings, headers, proxies=proxies) as transport:
        began = clock.epoch()
        response = await transport.send(probe.request())
        ended = clock.epoch()
    found = None if isinstance(response, NoResponse) else response
    return Asked(server, redaction.read(response, probe.read), found, began, ended)


def is_of_the_api(asked: Asked, probe: Probe | None) -> bool:
    """Whether the answer is of the channel's API, so that it states its limit; another program's says nothing of it."""
    return probe is not None and isinstance(asked.verdict, Answered | Throttled)


def check_server(asked: Asked) -> Check:
    """What the answer says of the server."""
    name, verdict = "server", asked.verdict
    took = f"{1000 * (asked.ended - asked.began):.0f} ms"
    if isinstance(verdict, Answered):
        message = f"{asked.server}: {verdict.what}, in {took}"
        if verdict.remark:
            remedy = "`campaign test` sends a message to a conversation of your own"
            return warning(name, f"{message}; {verdict.remark}", remedy)
        return fine(name, message)
    message = f"{asked.server}: {verdict.reason}"
    if isinstance(verdict, Throttled):
        return warning(name, message, "another program uses up the limit from this address; wait a minute")
    if asked.response is not None and asked.response.status in (401, 403):
        remedy = "check that the credentials are those of this server and still valid; a run would stop"
        return problem(name, message, remedy)
    return problem(name, message, "check [server] url, the network and the proxy; a run would stop")


def check_clock(asked: Asked) -> Check | None:
    """What the Date of the answer says of the two clocks; None where it says nothing."""
    name = "clock"
    date = http_date(asked.response.headers.get("date", "")) if asked.response is not None else None
    if date is None:
        return None
    # A Date has whole seconds: it was true for one second, at a moment between question and answer.
    ahead = max(0.0, date - asked.ended) or min(0.0, date + 1 - asked.began)
    if abs(ahead) <= CLOCKS_AGREE:
        return fine(name, "this computer's clock and the server's agree")
    which = "ahead of" if ahead > 0 else "behind"
    message = f"the server's clock is {_span(abs(ahead))} {which} this computer's"
    remedy = (
        "let this computer take its time from the network (it begins windows and not_before by its own clock); "
        "if it is right, tell the server's administrator"
    )
    return (problem if abs(ahead) >= CLOCKS_DIFFER else warning)(name, message, remedy)


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def check_limit(
    quota: Quota | None, asked: Asked, rate: float | None, usual: tuple[int, float] | None = None
) -> Check | None:
    """What the server's own limit means for the rate of a campaign; None where there was no answer.

    Args:
        quota: the limit, as the answer states it; None where it states none.
        asked: the request and its answer.
        rate: requests a second that the campaign asks for; None: as the server allows.
        usual: the limit that servers of this kind have unless they are set up otherwise: requests, seconds.
    """
    name, response = "limit", asked.response
    if response is None:
        return None
    own = "as fast as the server allows" if rate is None else f"{rate:g} a second"
    if quota is None:
        return fine(name, f"the server states no limit; the campaign's rate is {own}")
    date = http_date(response.headers.get("date", ""))
    left = quota.reset_at - (asked.ended if date is None else date + 1)  # a Date has whole seconds
    # The length of a window is stated nowhere: it is the usual one, unless more of it is left than that has.
    window = max(left, usual[1] if usual else 0.0, 1.0)
    stated = f"the server takes {quota.limit:,} requests in {window:.0f} s from this address"
    if rate is not None and rate * window > quota.limit:
        message = f"{stated}, and the campaign asks for {own}: it will be sent as slowly as the server says"
        return warning(name, message, "leave out [throttle] rate, or ask its administrator for a higher limit")
    return fine(name, f"{stated}; the campaign's rate is {own}")
