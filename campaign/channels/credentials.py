"""Credentials of a channel: what they are called, and which values a header can carry."""

from __future__ import annotations

from dataclasses import dataclass

from campaign.errors import KeyMissingError, Problem


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
