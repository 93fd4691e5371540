"""Why a plan is not sent: rows that cannot be sent as they are, and findings that have to be decided."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from campaign.errors import CampaignError
from campaign.findings import codes_of, problems_of, undecided

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from campaign.errors import Problem
    from campaign.findings import Finding


class RefusedPlanError(CampaignError):
    """A plan is not sent as it is.

    Attributes:
        findings: all findings of the plan.
        accepted: codes that were accepted.
        undecided: the findings that have to be decided.
        rows: how many rows of the plan are in each state.
    """

    code = "refused-plan"

    def __init__(
        self,
        problems: Iterable[Problem],
        findings: Sequence[Finding],
        accepted: Collection[str],
        rows: Mapping[str, int],
    ) -> None:
        self.findings = tuple(findings)
        self.accepted = frozenset(accepted)
        self.rows = rows
        self.undecided = undecided(findings, accepted)
        super().__init__(*problems)

    @property
    def reason(self) -> str:
        """Why, in a few words."""
        return self.problems[-1].what


class UndecidedFindingsError(RefusedPlanError):
    """Findings have to be decided before anything is sent; they are its problems."""

    code = "findings"

    def __init__(
        self, findings: Sequence[Finding], accepted: Collection[str], rows: Mapping[str, int] = MappingProxyType({})
    ) -> None:
        super().__init__(problems_of(undecided(findings, accepted)), findings, accepted, rows)

    @property
    def reason(self) -> str:
        """Why, in a few words."""
        return f"findings have to be decided: {', '.join(codes_of(self.undecided))}"


class InvalidRowsError(RefusedPlanError):
    """Some rows cannot be sent as they are.

    Attributes:
        invalid: what is wrong with rows, those of one kind together; its other problems are the findings that have to
            be decided, and one that sums up.
        rehearsal: whether it is a rehearsal, for which no finding has to be decided.
    """

    code = "invalid-rows"

    def __init__(
        self,
        invalid: Iterable[Problem],
        summary: Problem,
        *,
        findings: Sequence[Finding],
        accepted: Collection[str],
        rows: Mapping[str, int],
        rehearsal: bool,
    ) -> None:
        self.invalid = tuple(invalid)
        self.rehearsal = rehearsal
        also = () if rehearsal else undecided(findings, accepted)
        super().__init__((*self.invalid, *problems_of(also), summary), findings, accepted, rows)
