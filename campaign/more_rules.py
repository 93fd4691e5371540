"""Rules for rows that options add to those of a campaign file: conditions, and lists of those who get nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from campaign.paths import DOWNLOAD, path_of


class MoreRules(NamedTuple):
    """Rules that are added to those of a campaign file.

    Attributes:
        where: expressions that a row has to meet.
        suppress: settings of suppression lists.
    """

    where: tuple[str, ...] = ()
    suppress: tuple[Mapping[str, Any], ...] = ()


NO_MORE = MoreRules()


def more_rules(
    where: str | Collection[str] = (), suppress: Collection[str | Path | Mapping[str, Any]] = ()
) -> MoreRules:
    """The rules that options name.

    Args:
        where: expressions.
        suppress: for each list its path, "VARIABLE=FILE", or its settings; a path is relative to the working directory.

    Raises:
        CampaignFileError: a list is a web address.
    """
    expressions = (where,) if isinstance(where, str) else tuple(where)
    return MoreRules(expressions, tuple(map(suppress_section, suppress)))


def suppress_section(given: str | Path | Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings of a suppression list that is named by a path, or by a variable and a path.

    Raises:
        CampaignFileError: it is a web address.
    """
    if isinstance(given, Mapping):
        return given
    variable, sign, path = str(given).partition("=")
    named = bool(sign) and bool(variable.strip()) and not Path(given).exists()
    file = path_of(path if named else given, DOWNLOAD)
    return {"file": str(file.absolute()) if file else "", **({"variable": variable.strip()} if named else {})}


def with_more_rules(merged: dict[str, Any], more: MoreRules) -> dict[str, Any]:
    """The settings with further rules; what is no rule stays as it is, for the error about it."""
    section = merged.get("recipients")
    if more.where and isinstance(section, dict):
        given = section.get("where", ())
        both = [given] if isinstance(given, str) else given
        merged = {**merged, "recipients": {**section, "where": [*both, *more.where] if _is_list(both) else both}}
    if more.suppress:
        lists = merged.get("suppress", ())
        both = [lists] if isinstance(lists, Mapping) else lists
        merged = {**merged, "suppress": [*both, *more.suppress] if _is_list(both) else both}
    return merged


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)
