"""The page about the public names of the package; MkDocs puts their docstrings there."""

from __future__ import annotations

import campaign

BEGIN = """\
# Python API

Every public name of the package, from its docstring. [Use it from Python](../how-to/python.md) has the examples. This
page is made from the code.
"""

FUNCTIONS = ("load", "plan", "start", "start_sync", "resume", "resume_sync", "run", "open_journal")
"""The functions, in the order in which a program uses them."""


NOT_EXPORTED = {"Overrides": "campaign.campaign_file.Overrides"}
"""Types of arguments that need no name in a program."""

SHOWN = {
    "JournalStore": ("inherited_members: true", "members: [activity, coverage, last_run, run, runs, tally]"),
}
"""Names of which only some members are for callers; the others are for those who implement them."""


def api_page() -> str:
    """The page."""
    others = sorted({*campaign.__all__, *NOT_EXPORTED} - {*FUNCTIONS})
    return "\n".join([BEGIN, *(f"::: {where(name)}\n{_options(name)}" for name in (*FUNCTIONS, *others))])


def _options(name: str) -> str:
    lines = ["options:", *(f"  {line}" for line in SHOWN[name])] if name in SHOWN else []
    return "".join(f"    {line}\n" for line in lines)


def where(name: str) -> str:
    """The module that defines a name, and the name."""
    if name in NOT_EXPORTED:
        return NOT_EXPORTED[name]
    found = getattr(campaign, name)
    return f"{found.__module__}.{found.__qualname__}"
