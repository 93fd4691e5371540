"""Every error that campaign raises on purpose, in one tree, with the code that programs can rely on.

    CampaignError                  something a person can fix; nothing was sent; exit code 2
    ├── UsageError                 usage                 options that do not fit together, or no terminal to ask on
    ├── CampaignFileError          campaign-file         unreadable, unknown keys, wrong values
    ├── RecipientsError            recipients            the list: unreadable, locked, encrypted, no header row
    ├── TemplateError              template              syntax, unknown fields, variables without a column
    ├── ChannelError               channel               not installed, or offered wrongly by its distribution
    ├── RefusedPlanError           refused-plan          in `campaign.refusals`, as are these:
    │   ├── InvalidRowsError       invalid-rows          rows that cannot be sent, and no --skip-invalid
    │   └── UndecidedFindingsError findings              to be decided before anything is sent
    ├── KeyMissingError            credentials-missing   no API key where the channel needs one
    ├── JournalError               journal               unreadable, damaged, from a newer version
    │   ├── JournalBusyError       journal-busy          another process is delivering this campaign
    │   ├── JournalServerError     journal-server        its database is on another server than before
    │   └── JournalWriteError      journal-not-writable  nothing may be sent
    ├── RunStateError              run-state             the run on record does not allow what was asked
    └── ResultsError               results               the results workbook cannot be written

Each carries one or more problems of the form "where: what is wrong, what to do". They are caught once, at the edge of
the command line. Any other exception is a fault of campaign's own, and ends with exit code 4.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, in the words of the person who has to fix it.

    Attributes:
        where: file, sheet, cell, line or key: as near to the mistake as is known.
        what: what is wrong there.
        remedy: what to do about it; "" where that is plain.
        code: the kind of problem, for programs; an error gives its own code to problems that have none.
    """

    where: str
    what: str
    remedy: str = ""
    code: str = ""

    def __str__(self) -> str:
        sentence = f"{self.where}: {self.what}" if self.where else self.what
        return f"{sentence}; {self.remedy}" if self.remedy else sentence


class CampaignError(Exception):
    """Something is wrong that a person can fix.

    Attributes:
        problems: what is wrong; one at least.
    """

    exit_code = 2
    code = "campaign"

    def __init__(self, *problems: Problem) -> None:
        self.problems = tuple(each if each.code else replace(each, code=self.code) for each in problems)
        super().__init__(*self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class UsageError(CampaignError):
    """The options do not fit together, or there is no terminal to ask a question on."""

    code = "usage"


class CampaignFileError(CampaignError):
    """The campaign file cannot be read, or lacks something."""

    code = "campaign-file"


class RecipientsError(CampaignError):
    """The recipients file cannot be read as a list of rows under one header."""

    code = "recipients"


class TemplateError(CampaignError):
    """The payload template cannot be used with this channel and these columns."""

    code = "template"


class ChannelError(CampaignError):
    """A channel is not installed, or the distribution that offers it does so wrongly."""

    code = "channel"


class KeyMissingError(CampaignError):
    """The channel needs an API key and none was given."""

    code = "credentials-missing"


class JournalError(CampaignError):
    """The journal cannot be read."""

    code = "journal"


class JournalBusyError(JournalError):
    """Another process is delivering this campaign."""

    code = "journal-busy"


class JournalServerError(JournalError):
    """The journal's database is on another server than before, or was restored: attempts may be missing."""

    code = "journal-server"


class JournalWriteError(JournalError):
    """The journal cannot be written, so nothing may be sent."""

    code = "journal-not-writable"


class RunStateError(CampaignError):
    """The run on record does not allow what was asked."""

    code = "run-state"


class ResultsError(CampaignError):
    """The results workbook cannot be written."""

    code = "results"


def fault_text(error: BaseException) -> str:
    """What to say of an error that is no user's mistake: the kind of the innermost error, and where it came from."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return f"a fault of campaign's own ({said[:200]}): please report it"
