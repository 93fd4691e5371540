"""Every error that campaign raises on purpose, in one tree.

    CampaignError                  something a person can put right; nothing was sent; exit code 2
    ├── UsageError                 options that do not fit together, or a question nobody is there to answer
    ├── CampaignFileError          the campaign file: unreadable, unknown keys, wrong values
    ├── RecipientsError            the spreadsheet or CSV: unreadable, locked, encrypted, no header row
    ├── TemplateError              the payload template: syntax, unknown fields, variables without a column
    ├── ChannelError               a channel that is not installed, or that its distribution offers wrongly
    ├── InvalidRowsError           rows that cannot be sent, and no --skip-invalid
    ├── KeyMissingError            no API key where the channel needs one
    ├── JournalError               the journal: unreadable, damaged, from a newer version
    │   ├── JournalBusyError       another process is delivering this campaign
    │   └── JournalWriteError      the journal cannot be written: nothing may be sent
    ├── RunStateError              the run on record does not allow what was asked (finished, unfinished, none)
    └── ResultsError               the results workbook cannot be written

Each carries one or more problems of the form "where: what is wrong, what to do". They are caught once, at the edge of
the command line.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, in the words of the person who has to put it right.

    Attributes:
        where: file, sheet, cell, line or key: as near to the mistake as is known.
        what: what is wrong there.
        remedy: what to do about it; empty where that is plain.
    """

    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        sentence = f"{self.where}: {self.what}" if self.where else self.what
        return f"{sentence}; {self.remedy}" if self.remedy else sentence


class CampaignError(Exception):
    """Something is wrong that a person can put right."""

    exit_code = 2

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class UsageError(CampaignError):
    """The options do not fit together, or a question was asked with nobody there to answer."""


class CampaignFileError(CampaignError):
    """The campaign file cannot be read or does not say what it must."""


class RecipientsError(CampaignError):
    """The recipients file cannot be read as a list of rows under one header."""


class TemplateError(CampaignError):
    """The payload template cannot be used with this channel and these columns."""


class ChannelError(CampaignError):
    """A channel is not installed, or the distribution that offers it does so wrongly."""


class InvalidRowsError(CampaignError):
    """Some rows cannot be sent as they stand."""


class KeyMissingError(CampaignError):
    """The channel needs an API key and none was given."""


class JournalError(CampaignError):
    """The journal cannot be read."""


class JournalBusyError(JournalError):
    """Another process is delivering this campaign."""


class JournalWriteError(JournalError):
    """The journal cannot be written, so nothing may be sent."""


class RunStateError(CampaignError):
    """The run on record does not allow what was asked."""


class ResultsError(CampaignError):
    """The results workbook cannot be written."""
