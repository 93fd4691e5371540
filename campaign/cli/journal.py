"""`campaign journal`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from campaign.cli.console import say, warn
from campaign.cli.databases import named_database
from campaign.cli.exit_codes import NOTHING_SENT
from campaign.cli.json_output import print_json
from campaign.cli.observer import TerminalObserver
from campaign.cli.options import ASK_NOT, JOURNAL, MOVED, operator, output_options
from campaign.cli.parameters import FilePath, WholeNumber, as_argument
from campaign.errors import Problem, RunStateError
from campaign.journal.cluster import open_cluster
from campaign.paths import real_file
from campaign.review.phrases import rows_of
from campaign.runs.importing import import_file, take_import_back
from campaign.text import rough_duration

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.journal.postgres.cluster import ClusterStore
    from campaign.runs.importing import Imported


@click.group(short_help="Look after a database that contains journals.")
def journal() -> None:
    """Look after a PostgreSQL database that contains journals.

    \b
    campaign journal upgrade --journal postgresql://campaign@db.example.com/campaigns
    campaign journal import tet-offer.journal.db --journal postgresql://campaign@db.example.com/campaigns
    """


@journal.command(short_help="Make the tables, or bring them up to this version.")
@JOURNAL
@click.option(
    "--lease",
    type=WholeNumber(3, 3600),
    metavar="SECONDS",
    help="For how long others wait for a worker that says nothing.",
)
@click.option(
    "--synchronous-standby/--no-synchronous-standby",
    default=None,
    help="State that a standby which takes over lacks nothing: runs go on there without a question.",
)
@output_options
def upgrade(**given: Any) -> None:  # noqa: ANN401 - options are passed on by name
    """Make the tables in a database that has none, or bring older ones up to this version; harmless on current ones.

    \b
    campaign journal upgrade --journal postgresql://campaign@db.example.com/campaigns
    campaign journal upgrade --lease 120
    """
    with open_cluster(named_database(given["journal"])) as store:
        if given["lease"] is not None:
            _change_lease(store, float(given["lease"]))
        if given["synchronous_standby"] is not None:
            _state_standby(store, synchronous=given["synchronous_standby"])
        times, where, synchronous = store.times(), store.where, store.has_synchronous_standby()
    lease, longest = rough_duration(times.lease), rough_duration(times.longest_timeout)
    if not given["quiet"]:
        say(f"{where} is up to date. The lease of a worker is {lease}: the timeout of a run may be {longest} at most.")
    if given["as_json"]:
        print_json(
            {
                "lease_seconds": times.lease,
                "longest_timeout_seconds": times.longest_timeout,
                "synchronous_standby": synchronous,
            }
        )


def _state_standby(store: ClusterStore, *, synchronous: bool) -> None:
    """Put on record whether a standby that takes over lacks nothing, and warn where this server has none such now."""
    if not store.state_standby(synchronous=synchronous):
        what = "waits for no standby when it commits (synchronous_standby_names is empty, or synchronous_commit local)"
        warn(Problem(store.where, what, "a standby that takes over now may lack commits, and a message be sent twice"))


def _change_lease(store: ClusterStore, seconds: float) -> None:
    """Change the lease; every worker has to count on the same one.

    Raises:
        RunStateError: workers are at work.
    """
    if names := ", ".join(sorted({each.name for each in store.workers()})):
        what = f"workers are at work ({names}), and they count on the lease as it is"
        raise RunStateError(Problem(store.where, what, "end them first: campaign worker --drain NAME"))
    store.set_lease(seconds)


@journal.command("import", short_help="Go on in a database with a campaign that began in a file.")
@click.argument("file", type=FilePath())
@JOURNAL
@click.option("--undo", is_flag=True, help="Take an import back that was cut off before it reached the database.")
@ASK_NOT
@MOVED
@output_options
def import_(file: Path, *, undo: bool, **given: Any) -> None:  # noqa: ANN401 - options are passed on by name
    """Copy the journal FILE of a campaign, NAME.journal.db, into a database: all of it or nothing.

    From then on the campaign is gone on with there, and nothing is sent from the file, which can still be read. Where
    an import was cut off, repeat the command; nothing is changed where the journal is there already.

    \b
    campaign journal import tet-offer.journal.db --journal postgresql://campaign@db.example.com/campaigns
    """
    address = named_database(given["journal"])
    act = take_import_back if undo else import_file
    with TerminalObserver(yes=given["yes"], quiet=given["quiet"]) as observer:
        found = act(real_file(file), address, operator(), observer, moved=given["moved"])
    if found is None:
        say("Nothing was changed.")
        sys.exit(NOTHING_SENT)
    if not given["quiet"]:
        say(_import_text(file, found, undone=undo))
    if given["as_json"]:
        state = "undone" if undo else "already" if found.already else "imported"
        amount = {"runs": found.runs, "rows": found.rows}
        print_json({"campaign": found.campaign, "database": found.database, "state": state, **amount})


def _import_text(file: Path, found: Imported, *, undone: bool) -> str:
    if undone:
        return f"The import is taken back: {file} can be gone on with."
    runs = f"{found.runs} run{'' if found.runs == 1 else 's'} with {rows_of(found.rows)}"
    are = "is" if found.runs == 1 else "are"
    if found.already:
        return f"{runs} of {file} {are} in {found.database} already; nothing was changed there."
    verb = "status" if found.finished else "resume"
    command = f"campaign {verb} {as_argument(file.with_name(found.file or 'FILE'))}"
    return (
        f"{runs} {are} in {found.database} now, as campaign {found.campaign}. Nothing is sent from {file} any more, "
        f"which still contains their personal data. Go on there: {command}"
    )
