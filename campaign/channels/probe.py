"""A request that changes nothing, by which a server shows that it is there and the right one.

A channel offers it as its attribute `probe`. Of a channel without the attribute, and where its credentials are missing,
the server is asked for its first page, without credentials. Nothing here does I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from campaign.channels.base import Fatal, Indeterminate, NoResponse, Request, Throttled, Unreachable
from campaign.channels.responses import retry_after, without_response

if TYPE_CHECKING:
    from campaign.channels.base import Channel, Response


@dataclass(frozen=True, slots=True)
class Answered:
    """The server answered, and as its API does where the channel has a probe.

    Attributes:
        what: what the answer shows.
        remark: what it does not show, or what the server lacks; "" for nothing.
    """

    what: str
    remark: str = ""


ProbeVerdict: TypeAlias = Answered | Throttled | Unreachable | Indeterminate | Fatal


class Probe(Protocol):
    """A harmless request to a channel's server."""

    def request(self) -> Request:
        """The request: it sends no message, and changes nothing on the server."""
        ...

    def read(self, response: Response | NoResponse) -> ProbeVerdict:
        """What the response shows."""
        ...


class FirstPage:
    """GET / of a server: a method that is safe for every server (RFC 9110, section 9.2.1)."""

    def request(self) -> Request:
        """The request."""
        return Request("GET", "/")

    def read(self, response: Response | NoResponse) -> ProbeVerdict:
        """Any answer will do, unless it says that the server itself is in trouble."""
        if isinstance(response, NoResponse):
            return without_response(response)
        said = f"HTTP {response.status}"
        if response.status == 429:
            return Throttled(f"over the server's limit ({said})", retry_after(response))
        if response.status >= 500:
            return Indeterminate(f"server trouble ({said})")
        return Answered(f"something answers there ({said})", "whether it speaks the API was not asked")


def probe_of(channel: Channel) -> Probe | None:
    """The probe of a channel; None where it offers none."""
    found: Probe | None = getattr(channel, "probe", None)
    return found
