"""How a journal is, as far as can be seen without changing or holding it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign.errors import Problem
    from campaign.journal.activity import Holder


@dataclass(frozen=True, slots=True)
class JournalHealth:
    """How a journal is.

    Attributes:
        where: the file, or the address without its password.
        exists: whether there is one; a database without the tables of journals has none.
        refused: why it cannot be used; None where it can.
        doubts: what should be put right, or be decided, before it is used.
        facts: what else is known of it, each as the part of a sentence.
        runs: the runs on record.
        holder: the process that plans or delivers; None where none does.
        workers: names of the workers that are at work and take the campaign's runs.
    """

    where: str
    exists: bool = True
    refused: Problem | None = None
    doubts: tuple[Problem, ...] = ()
    facts: tuple[str, ...] = ()
    runs: int = 0
    holder: Holder | None = None
    workers: tuple[str, ...] = ()
