"""The faults of a sandbox: which requests they affect, and the replies that they send instead of the route's."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from pydantic import ConfigDict, TypeAdapter, ValidationError

from campaign.channels.sandbox_api import HTML_TYPE, JSON_TYPE, Reply, error_page
from campaign.errors import Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from campaign.channels.sandbox_api import Destination, SandboxRoute


class Fault(Enum):
    """A way in which a request can fail.

    "Before": the request never reaches the application, so no message is stored and the limiter does not count it.
    "After": the application does its work, and the client does not get its response.
    """

    RESET_BEFORE = "reset-before"
    RESET_AFTER = "reset-after"
    SERVER_ERROR_BEFORE = "500-before"
    SERVER_ERROR_AFTER = "500-after"
    BAD_GATEWAY_BEFORE = "502-before"
    BAD_GATEWAY_AFTER = "502-after"
    STALL_BEFORE = "stall-before"
    STALL_AFTER = "stall-after"
    TRUNCATED_AFTER = "truncated-after"
    HTML_BEFORE = "html-before"
    HTML_AFTER = "html-after"
    NOT_JSON_BEFORE = "not-json-before"
    NOT_JSON_AFTER = "not-json-after"
    THROTTLED_BEFORE = "throttled-before"
    THROTTLED_SECONDS_BEFORE = "throttled-seconds-before"
    THROTTLED_DATE_BEFORE = "throttled-date-before"
    REDIRECT_BEFORE = "redirect-before"
    UNAUTHORIZED_BEFORE = "401-before"

    @property
    def is_before(self) -> bool:
        """Whether the request never reaches the application."""
        return self.value.endswith("-before")


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Which requests fail, and how.

    Attributes:
        rates: the probability of each fault, from 0 to 1; together at most 1.
        seed: the same seed and the same order of requests give the same faults.
        script: the faults of the first requests, one by one, before the rates apply; None is no fault.
        destinations: only requests with one of these as account or conversation fail; empty for all.
        on_read_back: whether read-backs can fail as well.
        stall_seconds: how long a stalled request is held before its connection is cut.
        retry_after: seconds that a throttled response asks the client to wait, if it states any.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    rates: Mapping[Fault, float] = field(default_factory=dict)
    seed: int = 0
    script: tuple[Fault | None, ...] = ()
    destinations: frozenset[str] = frozenset()
    on_read_back: bool = False
    stall_seconds: float = 60.0
    retry_after: int = 1

    def __post_init__(self) -> None:
        rates = self.rates.values()
        # The sum of ten rates of 0.1 is not exactly 1.
        if any(rate < 0 for rate in rates) or sum(rates) > 1 + 1e-9:
            remedy = "give rates of 0 to 1 that add up to at most 1"
            raise UsageError(Problem("faults.rates", "these are not probabilities", remedy))

    @classmethod
    def from_json(cls, document: bytes | str) -> FaultPlan:
        """Read a plan from JSON: the attributes by name, faults by value; missing ones keep their default.

        Raises:
            UsageError: the document is not such a plan.
        """
        try:
            return TypeAdapter(cls).validate_json(document)
        except ValidationError as error:
            places = [".".join(["faults", *map(str, detail["loc"])]) for detail in error.errors()]
            problems = [Problem(place, detail["msg"]) for place, detail in zip(places, error.errors(), strict=True)]
            raise UsageError(*problems) from error


class FaultSource:
    """Assigns the faults of a plan to requests, in the order of arrival."""

    def __init__(self, plan: FaultPlan) -> None:
        self.plan = plan
        self._random = random.Random(plan.seed)  # noqa: S311 - meant to be repeatable, not unguessable
        self._script = iter(plan.script)

    def draw(self, destination: Destination, *, read_back: bool) -> Fault | None:
        """Return the fault of the next request; None for none."""
        plan = self.plan
        if not plan.rates and not plan.script:
            return None
        if read_back and not plan.on_read_back:
            return None
        if plan.destinations and plan.destinations.isdisjoint(destination):
            return None
        for scripted in self._script:
            return scripted
        return self._by_chance()

    def _by_chance(self) -> Fault | None:
        left = self._random.random()
        for fault, rate in self.plan.rates.items():
            left -= rate
            if left < 0:
                return fault
        return None


MOVED_PATH = "/sandbox/moved"
"""The target of redirects: a client that follows one is recorded in the ledger, with or without its credentials."""

_SIGN_IN_PAGE = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body>Sign in first.</body></html>"
_CUT_JSON = b'{"success": tr'


class FaultContext(NamedTuple):
    """The inputs to the reply of a fault.

    Attributes:
        channel: the name of the channel that the request was for.
        route: the route that the request was for.
        now: the server's clock, in seconds since the epoch.
        retry_after: seconds to ask the client to wait.
    """

    channel: str
    route: SandboxRoute
    now: float
    retry_after: int


def fault_reply(fault: Fault, context: FaultContext) -> Reply:
    """Build the reply of a fault, for faults that send a complete reply."""
    return _REPLIES[fault](context)


def _throttled(context: FaultContext) -> Reply:
    return context.route.throttled({})


def _throttled_seconds(context: FaultContext) -> Reply:
    return context.route.throttled({"Retry-After": str(context.retry_after)})


def _throttled_date(context: FaultContext) -> Reply:
    return context.route.throttled({"Retry-After": formatdate(context.now + context.retry_after, usegmt=True)})


def _redirect(context: FaultContext) -> Reply:
    return error_page(302, "Found", {"Location": f"{MOVED_PATH}?channel={context.channel}"})


def _server_error(context: FaultContext) -> Reply:
    return context.route.failed(500, "Internal server error")


def _unauthorized(context: FaultContext) -> Reply:
    return context.route.failed(401, "unauthorized")


def _bad_gateway(_: FaultContext) -> Reply:
    return error_page(502, "Bad Gateway")


def _html(_: FaultContext) -> Reply:
    return Reply(200, _SIGN_IN_PAGE, HTML_TYPE)


def _not_json(_: FaultContext) -> Reply:
    return Reply(200, _CUT_JSON, JSON_TYPE)


_REPLIES: Mapping[Fault, Callable[[FaultContext], Reply]] = {
    Fault.SERVER_ERROR_BEFORE: _server_error,
    Fault.SERVER_ERROR_AFTER: _server_error,
    Fault.BAD_GATEWAY_BEFORE: _bad_gateway,
    Fault.BAD_GATEWAY_AFTER: _bad_gateway,
    Fault.HTML_BEFORE: _html,
    Fault.HTML_AFTER: _html,
    Fault.NOT_JSON_BEFORE: _not_json,
    Fault.NOT_JSON_AFTER: _not_json,
    Fault.THROTTLED_BEFORE: _throttled,
    Fault.THROTTLED_SECONDS_BEFORE: _throttled_seconds,
    Fault.THROTTLED_DATE_BEFORE: _throttled_date,
    Fault.REDIRECT_BEFORE: _redirect,
    Fault.UNAUTHORIZED_BEFORE: _unauthorized,
}
