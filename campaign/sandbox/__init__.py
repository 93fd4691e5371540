"""A local server that speaks the API of every channel, for rehearsals and for tests.

Each channel stands in for its server with its own validation, which finds mistakes that the payload model overlooks,
and refuses some destinations, so that samples and tests can have refusals (see `campaign.channels.livechat.sandbox`
and `campaign.channels.kitechat.sandbox`). Start the server with `Sandbox`, read the requests that reached it in
`Sandbox.ledger` (or at `GET /`, the inbox page), and make it misbehave with a `FaultPlan`. Other processes control it
over `GET` and `DELETE /sandbox/ledger`, `PUT /sandbox/faults` and `POST /sandbox/by-hand`.
"""

from __future__ import annotations

from campaign.channels.sandbox_api import ListSettings, RateLimit
from campaign.sandbox.faults import Fault, FaultPlan
from campaign.sandbox.ledger import Entry, Ledger
from campaign.sandbox.server import Sandbox, SandboxSettings, serve

__all__ = ["Entry", "Fault", "FaultPlan", "Ledger", "ListSettings", "RateLimit", "Sandbox", "SandboxSettings", "serve"]
