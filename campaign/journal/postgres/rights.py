"""What a user who lacks rights has to ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign.journal.postgres.address import Address

GRANTS = "docs/how-to/files/grants.sql"


def grants(address: Address) -> str:
    """The remedy for a right that is missing: all that the user's role needs, and no more."""
    user = address.parameters.get("user") or "this user"
    return f"ask the owner of the tables to run {GRANTS} for {user}, as operator or as worker"
