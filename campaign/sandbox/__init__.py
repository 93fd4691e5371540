"""A local server that speaks both chat APIs, for rehearsals and for tests.

It plays the servers' part with a validation of its own, so that it finds what the client's models overlook. Start it
with `Sandbox`, look at what reached it in `Sandbox.ledger` (or at `GET /`, the inbox page), and make it misbehave with
a `FaultPlan`. Other processes steer it over `GET` and `DELETE /sandbox/ledger` and `PUT /sandbox/faults`.

Some destinations are refused, so that samples and tests can have refusals:

    =======================================  ===================================================
    livechat, token begins with "unknown-"   400 invalid-token
    livechat, rid begins with "unknown-"     400 invalid-room
    livechat, rid begins with "closed-"      400 room-closed
    kitechat, conversationId "unknown-..."   400 conversation not found
    =======================================  ===================================================
"""

from __future__ import annotations

from campaign.sandbox.faults import Fault, FaultPlan
from campaign.sandbox.ledger import Entry, Ledger
from campaign.sandbox.server import Sandbox, serve
from campaign.sandbox.settings import Limit, SandboxSettings

__all__ = ["Entry", "Fault", "FaultPlan", "Ledger", "Limit", "Sandbox", "SandboxSettings", "serve"]
