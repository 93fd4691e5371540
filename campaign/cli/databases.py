"""Which database a command works with, and the name that its machine has there: options, files, the environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from campaign.errors import Problem, UsageError
from campaign.file_of_today import journal_in_file
from campaign.paths import NOT_AN_ADDRESS, is_address

if TYPE_CHECKING:
    from pathlib import Path

JOURNAL_VARIABLE = "CAMPAIGN_JOURNAL"
"""The environment variable with the address of the database that contains the journals."""

LONGEST_EGRESS = 100


def journal_address(file: Path, given: str | None) -> str | None:
    """The address of the database that contains the journal: as `--journal`, the file or the environment says.

    Raises:
        CampaignFileError: the campaign file is there and cannot be read, or names an address that is none.
        UsageError: the address is none.
    """
    return database_address(given, None if given else journal_in_file(file))


def database_address(given: str | None, in_file: str | None = None) -> str | None:
    """The address of the database that contains the journal: as `--journal`, a file or the environment says.

    Raises:
        UsageError: the address is none.
    """
    address = given or in_file or os.environ.get(JOURNAL_VARIABLE, "").strip() or None
    if address is not None and not is_address(address):
        raise UsageError(Problem("--journal" if given else JOURNAL_VARIABLE, NOT_AN_ADDRESS))
    return address


def named_database(given: str | None) -> str:
    """The address of a database, for commands that are about no campaign file.

    Raises:
        UsageError: none is named, or it is none.
    """
    address = given or os.environ.get(JOURNAL_VARIABLE, "").strip()
    if not address:
        what = f"add --journal postgresql://USER@HOST/DATABASE, or set {JOURNAL_VARIABLE}"
        raise UsageError(Problem("--journal", "names no database", what))
    if not is_address(address):
        raise UsageError(Problem("--journal" if given else JOURNAL_VARIABLE, NOT_AN_ADDRESS))
    return address


def egress_name(given: str | None, address: str | None, *, sandbox: bool = False) -> str | None:
    """The egress that `--egress` names; None where it names none.

    Args:
        given: the option's value.
        address: the address of the journal's database; None where that is a file.
        sandbox: whether the run is a rehearsal, which shares nothing.

    Raises:
        UsageError: it is no name, or nothing is shared.
    """
    if given is None or sandbox:
        return None
    name = given.strip()
    if not name or not name.isprintable() or len(name) > LONGEST_EGRESS:
        what = f"an egress has a name of 1 to {LONGEST_EGRESS} printable characters"
        raise UsageError(Problem("--egress", what, "machines behind one NAT need the same name, such as office"))
    if address is None:
        what = "says which machines share an address, and a journal in a file is one machine's"
        raise UsageError(Problem("--egress", what, "leave it out, or name the database with --journal"))
    return name
