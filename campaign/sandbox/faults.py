"""The faults of a sandbox, and which requests they strike."""

from __future__ import annotations

import random
from collections.abc import Mapping  # noqa: TC003 - pydantic reads the annotations of FaultPlan
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from campaign.errors import Problem, UsageError

if TYPE_CHECKING:
    from campaign.channels.sandbox_api import Destination


class Fault(Enum):
    """One way in which a request can go wrong.

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
    """Which requests go wrong, and how.

    Attributes:
        rates: the probability of each fault, from 0 to 1; together at most 1.
        seed: the same seed and the same order of requests give the same faults.
        script: what happens to the first requests, one by one, before the rates take over; None is no fault.
        destinations: only requests with one of these as account or conversation go wrong; empty for all.
        on_read_back: whether read-backs can go wrong as well.
        stall_seconds: how long a stalled request is held before its connection is cut.
        retry_after: seconds that a throttled response asks to wait, if it does.
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
        """Read a plan from JSON: the attributes by name, faults by value; what is left out keeps its default.

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
    """Gives the faults of a plan to requests, in the order of arrival."""

    def __init__(self, plan: FaultPlan) -> None:
        self.plan = plan
        self._random = random.Random(plan.seed)  # noqa: S311 - meant to be repeatable, not unguessable
        self._script = iter(plan.script)

    def draw(self, destination: Destination, *, read_back: bool) -> Fault | None:
        """The fault that strikes a request; None for none."""
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
