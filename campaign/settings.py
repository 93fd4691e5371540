"""How a run is delivered: the one place where these settings and their defaults are declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from campaign.schedule import ANY_TIME, Schedule

DEFAULT_RATE = 10.0
"""Requests per second where neither the operator nor the server sets a limit."""


LOWEST_FACTOR = 1 / 64
"""The fraction of the full rate at which halving ends, where a server is over its limit and does not state it."""


class GateSettings(NamedTuple):
    """After how many rows a run waits for their outcomes, and which share of them may have failed or be in doubt."""

    after: int
    max_failed: float


@dataclass(frozen=True, slots=True)
class PaceSettings:
    """How fast and when messages go out; `DeliverySettings` describes them.

    These settings are those of the campaign file at the time of each command, rather than when the run was planned.
    """

    rate: float | None = None
    concurrency: int = 8
    schedule: Schedule = ANY_TIME
    gate: GateSettings | None = None


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """How to deliver a run. Times are in seconds.

    Attributes:
        rate: requests per second; None: as fast as the server's own limit allows, else `DEFAULT_RATE`.
        concurrency: requests in flight at once.
        timeout: for one response.
        give_up_after: the run stops after so long without anything but server trouble; its rows stay pending.
        on_doubt: what becomes of a row in doubt where the server has no read-back. "ask" leaves it so unless a look-up
            finds it; "look" also sends it again once two look-ups have not found it; "retry" sends it again without
            looking (at least once).
        settle: after so long the server's list of messages is complete: between two look-ups that do not find a row.
        stop_after_refusals: consecutive refusals of one kind that stop the run; 0: never.
        limit: rows to deliver before the run stops; None: all.
        schedule: when messages may be sent.
        gate: where the run waits for the outcomes of its first rows; None: nowhere.
    """

    rate: float | None = None
    concurrency: int = 8
    timeout: float = 30.0
    give_up_after: float = 600.0
    on_doubt: Literal["ask", "look", "retry"] = "ask"
    settle: float = 120.0
    stop_after_refusals: int = 20
    limit: int | None = None
    schedule: Schedule = ANY_TIME
    gate: GateSettings | None = None
