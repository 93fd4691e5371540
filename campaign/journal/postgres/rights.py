"""The rights that a user lacks, as the statement that gives them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign.journal.postgres.address import Address

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


def rights_on_tables(address: Address) -> str:
    """What gives a user the rights on the tables of journals."""
    user = _user(address)
    return (
        f"ask their owner: GRANT USAGE ON SCHEMA campaign TO {user}; "
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA campaign TO {user}"
    )


def rights_on_jobs(address: Address) -> str:
    """What gives a user the rights on the jobs of workers."""
    user = _user(address)
    return (
        "ask their owner: GRANT SELECT, INSERT, UPDATE, DELETE ON procrastinate_jobs, procrastinate_events, "
        f"procrastinate_workers, procrastinate_periodic_defers TO {user}; "
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {user}"
    )


def _user(address: Address) -> str:
    """The user of an address, as SQL has it."""
    user = str(address.parameters.get("user") or "this user")
    return user if _PLAIN.fullmatch(user) or user == "this user" else '"{}"'.format(user.replace('"', '""'))
