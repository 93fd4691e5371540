"""Kitechat's part in a sandbox: GET /contacts, the people of the conversations.

Parameters and form are those of AntBuddy's public page "1. API customer". Every lead exists, with a name, a phone
number, an e-mail address and tags that are made from its id. A key that begins with "messages-only" may not read
contacts.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING

from campaign.channels.sandbox_api import JSON_TYPE, Destination, Reply, SandboxRoute, error_page, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from campaign.channels.sandbox_api import SandboxRequest, StoredMessage

MESSAGES_ONLY = "messages-only"


class FindContacts(SandboxRoute):
    """GET /contacts?contactType=lead&leadId=…."""

    method = "GET"
    path = "/contacts"
    is_read_back = True

    def destination(self, request: SandboxRequest) -> Destination:  # noqa: ARG002 - about no conversation
        """None: the request is about a person."""
        return Destination("", "")

    def respond(self, request: SandboxRequest, stored: Callable[[str], StoredMessage | None]) -> Reply:  # noqa: ARG002
        """The people that the request asks for."""
        window, key = self.hit(), request.headers.get("apikey")
        if window is not None and not window.allowed:
            return self.failed(503, "request limit exceeded")
        if not self._settings.accepts("api_key", key):
            return self.failed(401, "invalid apikey")
        if key is not None and key.startswith(MESSAGES_ONLY):
            return self.failed(403, "this apikey has no access to contacts")
        lead = request.query.get("leadId", "")
        people = [_person(lead)] if lead and request.query.get("contactType") == "lead" else []
        return Reply(200, json.dumps(people).encode(), JSON_TYPE)

    def throttled(self, headers: Mapping[str, str]) -> Reply:
        """AntBuddy's API pages: 503 is the response over the request limit."""
        return error_page(503, "Service Unavailable", headers)

    def failed(self, status: int, text: str) -> Reply:
        """A refusal in the form of the maker's other endpoints."""
        return json_reply(status, {"success": False, "message": text})


def _person(lead: str) -> dict[str, object]:
    number = zlib.crc32(lead.encode("utf-8", "surrogatepass")) % 10_000_000
    return {
        "name": f"Khách {number}",
        "contactType": "lead",
        "leadId": lead,
        "phones": [f"+8490{number:07}"],
        "emails": [f"khach{number}@example.com"],
        "tags": ["VIP"] if number % 2 else [],
    }
