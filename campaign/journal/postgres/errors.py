"""The errors of a database in plain words, without a password."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import psycopg
from psycopg import errors

from campaign.errors import JournalBusyError, JournalError, JournalWriteError, Problem
from campaign.journal.decisions import AT_WORK
from campaign.journal.postgres.rights import grants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.journal.postgres.address import Address

NOT_WRITABLE = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    errors.ReadOnlySqlTransaction,
    errors.IdleInTransactionSessionTimeout,
)
"""The server cannot be reached, is full, takes no changes, or has given up a session that was silent for too long."""


@contextlib.contextmanager
def plain_errors(address: Address) -> Iterator[None]:
    """Translate the errors of a database.

    Raises:
        JournalError: its tables are not what campaign makes.
        JournalWriteError: it cannot be reached or written.
    """
    try:
        yield
    except NOT_WRITABLE as error:
        raise cannot_write(address, error) from _cause(address, error)
    except errors.InsufficientPrivilege as error:
        what = f"the journal cannot be used ({reason_of(address, error)})"
        raise JournalWriteError(Problem(address.shown, what, grants(address))) from _cause(address, error)
    except psycopg.Error as error:
        what = f"its tables are not what campaign makes ({reason_of(address, error)})"
        raise JournalError(Problem(address.shown, what, "restore them from a backup")) from _cause(address, error)


def reason_of(address: Address, error: psycopg.Error) -> str:
    """What the server or its library says, in one line."""
    return address.blanked(error.diag.message_primary or str(error) or type(error).__name__)


def _cause(address: Address, error: psycopg.Error) -> psycopg.Error | None:
    """The error, unless it contains the password: a traceback shows it."""
    return error if address.blanked(str(error)) == " ".join(str(error).split()) else None


def cannot_write(address: Address, error: psycopg.Error) -> JournalWriteError:
    """The error of a database that cannot be reached or written."""
    what = f"the journal cannot be written ({reason_of(address, error)})"
    remedy = "nothing is sent that is not on record: see to the database, and try again"
    return JournalWriteError(Problem(address.shown, what, remedy))


def other_session(where: str) -> JournalBusyError:
    """The error of a delivery that another one has taken the place of."""
    remedy = "this one sends nothing more; `campaign results` shows the other"
    return JournalBusyError(Problem(where, AT_WORK, remedy))
