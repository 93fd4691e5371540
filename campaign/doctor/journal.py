"""What the state of a journal means for the next run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.doctor.checks import fine, problem, warning

if TYPE_CHECKING:
    from campaign.doctor.checks import Check
    from campaign.journal.health import JournalHealth


def check_journal(health: JournalHealth) -> list[Check]:
    """What the state of a journal means."""
    name = "journal"
    if health.refused is not None:
        return [problem(name, f"{health.refused.where}: {health.refused.what}", health.refused.remedy)]
    found = [warning(name, f"{each.where}: {each.what}", each.remedy) for each in health.doubts]
    about = f"{health.where}: {_about(health)}"
    if health.holder is not None:
        remedy = "`campaign status` shows what it does, `campaign stop` ends it"
        found.append(warning(name, f"{about}; {health.holder.name} works on it", remedy))
    return found or [fine(name, about)]


def _about(health: JournalHealth) -> str:
    if not health.exists:
        return "; ".join(["no journal yet, the first run makes it", ", ".join(health.facts)]).rstrip("; ")
    runs = "1 run" if health.runs == 1 else f"{health.runs} runs"
    return ", ".join(["whole", *health.facts, f"{runs} on record"])
