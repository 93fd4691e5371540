"""Reading a TOML file; what is wrong with it is an error in words."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from campaign.errors import CampaignFileError, Problem
from campaign.toml_text.mistake import toml_problem

if TYPE_CHECKING:
    from pathlib import Path

DEEPEST = 50
"""Levels of tables and lists, far beyond what any setting has."""


def read_toml(file: Path) -> dict[str, Any]:
    """Read a campaign file.

    Raises:
        CampaignFileError: it is not there, unreadable, not valid TOML or nested too deeply.
    """
    text = ""
    try:
        text = file.read_text(encoding="utf-8-sig")
        content = tomllib.loads(text)
    except FileNotFoundError as error:
        raise CampaignFileError(
            Problem(str(file), "there is no such file", "`campaign new DIR` makes a campaign to start from")
        ) from error
    except OSError as error:
        raise CampaignFileError(Problem(str(file), f"cannot be read ({error.strerror})")) from error
    except UnicodeDecodeError as error:
        raise CampaignFileError(Problem(str(file), "is not UTF-8 text", "save it as UTF-8")) from error
    except RecursionError as error:
        raise _too_deep(file) from error
    except tomllib.TOMLDecodeError as error:
        raise CampaignFileError(toml_problem(str(file), text, error)) from error
    except ValueError as error:  # beyond what Python reads
        raise CampaignFileError(Problem(str(file), f"is not valid TOML: {error}")) from error
    if _is_deeper_than(content, DEEPEST):
        raise _too_deep(file)
    return content


def _too_deep(file: Path) -> CampaignFileError:
    return CampaignFileError(Problem(str(file), "is nested too deeply", "a campaign file has sections of one level"))


def _is_deeper_than(content: object, most: int) -> bool:
    """Whether tables and lists are nested further: dotted keys nest without end, and Python shows no such value."""
    level = [content]
    for _ in range(most):
        level = [
            below
            for each in level
            if isinstance(each, dict | list)
            for below in (each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)
