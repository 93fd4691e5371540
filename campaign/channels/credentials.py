"""Credentials of a channel: what they are called, and which values a header can carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign.errors import KeyMissingError, Problem

if TYPE_CHECKING:
    from campaign.channels.base import Channel


@dataclass(frozen=True, slots=True)
class Credential:
    """One secret that an API requires.

    Attributes:
        name: its name in `Channel.auth_headers`.
        variable: the environment variable that holds it; with `_FILE` appended, the one that names a file with it.
        label: its name for people, such as "API key".
    """

    name: str
    variable: str
    label: str


class SecretMapping(dict[str, str]):
    """A dict whose repr shows its keys and never its values."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self)})"


def header_value(credential: Credential, where: str, text: str) -> str:
    """The value of a credential without the blanks around it.

    Args:
        credential: the credential.
        where: where the text comes from, for the error.
        text: the text as it was given.

    Raises:
        KeyMissingError: the text is blank, or a header cannot carry it. The error does not show the text.
    """
    value = text.strip()
    if not value:
        raise KeyMissingError(Problem(where, f"the {credential.label} is blank"))
    if not value.isascii() or not value.isprintable():
        what = f"the {credential.label} holds characters that no header can carry"
        raise KeyMissingError(Problem(where, what, "copy it again"))
    return value


def credentials_from(channel: Channel, given: str | Mapping[str, str] | None) -> SecretMapping:
    """The values of a channel's credentials, from what a calling program passes.

    Args:
        channel: the channel.
        given: the value, where the channel requires one; a mapping by name where it requires several.

    Raises:
        KeyMissingError: one is missing, or a header cannot carry it.
    """
    names = [credential.name for credential in channel.credentials]
    by_name = given if isinstance(given, Mapping) else {names[0]: given} if given and len(names) == 1 else {}
    missing = [credential for credential in channel.credentials if not by_name.get(credential.name)]
    if missing:
        what = f"needs {' and '.join(with_article(each.label) for each in missing)}, and none was given"
        remedy = "pass api_key" if len(names) == 1 else f"pass api_key as a mapping with {', '.join(names)}"
        raise KeyMissingError(Problem(channel.name, what, remedy))
    wrong = [credential.label for credential in channel.credentials if not isinstance(by_name[credential.name], str)]
    if wrong:
        raise KeyMissingError(Problem(f"the {wrong[0]}", "is not text", "pass api_key as a str"))
    return SecretMapping(
        (each.name, header_value(each, f"the {each.label}", by_name[each.name])) for each in channel.credentials
    )


def with_article(label: str) -> str:
    """The name of a credential after "a" or "an"."""
    return f"an {label}" if label[0] in "AEIOaeio" else f"a {label}"
