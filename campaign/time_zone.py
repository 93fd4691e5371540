"""The name of this machine's time zone, for what other machines do at its time of day."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

LOCAL_TIME = Path("/etc/localtime")
"""A link to the zone's file where the system has one; without it the C library takes UTC."""


def own_time_zone(link: Path = LOCAL_TIME) -> str | None:
    """The IANA name of the time zone by which this machine shows times; None where it cannot be found out.

    Args:
        link: what the C library reads where TZ names no zone.
    """
    named = os.environ.get("TZ")
    if named is None:
        named = os.path.realpath(link).rpartition("zoneinfo/")[2] if link.exists() else None
    name = "UTC" if named == "" else (named or "").removeprefix(":")
    try:
        return ZoneInfo(name).key or None
    except (ValueError, OSError, LookupError):  # no name, no file, no zone
        return None
