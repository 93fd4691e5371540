r"""Secrets out of texts: a server that repeats the key must not get it into a reason, an id, the journal or a log.

A key is found in every spelling that a server, a proxy or an error page gives it: as it is, in JSON (`\/`, `\u002f`),
percent-encoded, as HTML entities, in base64 at any offset, as hexadecimal digits, in any letter case and in any mixture
of these.
"""

from __future__ import annotations

import html.entities
import re
from base64 import b64encode
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from campaign.channels.base import Fatal, Indeterminate, NoResponse, Refused, Response, Sent, Throttled, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from campaign.channels.base import ReadBack, Verdict

BLANKED = "[the API key]"

_SHORTEST_CODED = 6
"""Characters of base64 below which a match would mean nothing."""

_SHORTEST_CUT = 4
"""Characters of a key before an ellipsis that are taken for a part of it."""

_URL_SAFE: Mapping[str, str] = {"+": "-", "/": "_"}
"""The other alphabet of base64 (RFC 4648, section 5)."""

_Reading = TypeVar("_Reading", "Verdict", "ReadBack")


class Redaction:
    """Blanks the secrets of one delivery. Without secrets it leaves everything as it is."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = tuple(sorted({secret for secret in secrets if secret}, key=len, reverse=True))
        spellings = [spelling for secret in self._secrets for spelling in _spellings(secret)]
        self._pattern = re.compile("|".join(spellings), re.IGNORECASE) if spellings else None
        self._plain = tuple(plain.lower() for secret in self._secrets for plain in _plain_spellings(secret))

    def __repr__(self) -> str:
        return f"<Redaction of {len(self._secrets)} secrets>"

    def text(self, text: str) -> str:
        """A text without the secrets, nor the beginning of one where the text was cut with an ellipsis."""
        if self._pattern is None:
            return text
        blanked = self._pattern.sub(BLANKED, text) if self._may_hold(text) else text
        for secret in self._secrets if blanked.endswith("…") else ():
            for length in range(len(secret) - 1, _SHORTEST_CUT - 1, -1):
                if blanked[:-1].casefold().endswith(secret[:length].casefold()):
                    return f"{blanked[: -1 - length]}{BLANKED}…"
        return blanked

    def _may_hold(self, text: str) -> bool:
        """A look that costs little: most responses hold neither a secret nor a mark that begins an escape."""
        lower = text.lower()
        return any(mark in text for mark in "\\%&") or any(plain in lower for plain in self._plain)

    def read(self, response: Response | NoResponse, read: Callable[[Response | NoResponse], _Reading]) -> _Reading:
        """Read a response, and give the verdict texts without secrets.

        The response decides as it came, and its texts are taken from a reading of the blanked response: blanked before,
        a key such as `true` would change the meaning; blanked afterwards, a text that was shortened could hold a part.

        Args:
            response: what came.
            read: gives the verdict on it.
        """
        verdict = read(response)
        if self._pattern is None:
            return verdict
        if isinstance(response, Response):
            clean = self._response(response)
            if clean is not response and _shape(again := read(clean)) == _shape(verdict):
                verdict = _with_wait(again, verdict)
        cleaned: _Reading = self._verdict(verdict)
        return cleaned

    def _response(self, response: Response) -> Response:
        body = response.body.decode("utf-8", "surrogateescape")
        blanked = self.text(body)
        headers = {name.lower(): self.text(value) for name, value in response.headers.items()}
        if blanked == body and all(value == response.headers[name] for name, value in headers.items()):
            return response
        return Response(response.status, headers, blanked.encode("utf-8", "surrogateescape"))

    def _verdict(self, verdict: Verdict | ReadBack) -> Any:  # noqa: ANN401 - of the type that came in
        match verdict:
            case Sent(message_id=str(given)):
                return replace(verdict, message_id=self.text(given))
            case Refused(kind, reason):
                return replace(verdict, kind=self.text(kind), reason=self.text(reason))
            case Indeterminate(reason, refusal):
                cleaned = refusal and Refused(self.text(refusal.kind), self.text(refusal.reason))
                return replace(verdict, reason=self.text(reason), refusal=cleaned)
            case Throttled(reason) | Unreachable(reason) | Fatal(reason):
                return replace(verdict, reason=self.text(reason))
        return verdict


def _with_wait(verdict: _Reading, other: _Reading) -> _Reading:
    """A verdict that waits as long as another one of the same type."""
    if isinstance(verdict, Throttled | Indeterminate) and isinstance(other, Throttled | Indeterminate):
        return replace(verdict, wait=other.wait)
    return verdict


def _shape(verdict: object) -> tuple[type, bool]:
    return type(verdict), getattr(verdict, "refusal", None) is not None


def _spellings(secret: str) -> Iterator[str]:
    """Patterns that find a secret, for a search that ignores case."""
    yield "".join(map(_character, secret))
    yield secret.encode().hex()
    for before, core in _base64(secret):
        inner = "".join(_character(each, _URL_SAFE.get(each)) for each in core)
        yield rf"[\w+/-]{{0,{before}}}{inner}[\w+/-]?={{0,2}}"


def _plain_spellings(secret: str) -> Iterator[str]:
    """The spellings without a mark that begins an escape."""
    yield secret
    yield secret.encode().hex()
    if " " in secret:
        yield secret.replace(" ", "+")
    for _, core in _base64(secret):
        yield from (core, core.replace("+", "-").replace("/", "_"))


def _base64(secret: str) -> Iterator[tuple[int, str]]:
    """What a secret becomes in base64 at each of the three offsets, without the characters that neighbours share."""
    data = secret.encode()
    for before, first in enumerate((0, 2, 3)):
        coded = b64encode(bytes(before) + data).decode().rstrip("=")
        core = coded[first : len(coded) - bool((before + len(data)) % 3)]
        if len(core) >= _SHORTEST_CODED:
            yield first, core


@cache
def _entity_names() -> Mapping[str, tuple[str, ...]]:
    """The names that HTML has for each text, in the order of the table."""
    names: dict[str, tuple[str, ...]] = {}
    for name, text in html.entities.html5.items():
        if name.endswith(";"):
            names[text] = (*names.get(text, ()), name)
    return names


def _character(character: str, other: str | None = None) -> str:
    """A pattern for every spelling of a character; repetitions are bounded, so that no body makes the search slow."""
    code = ord(character)
    forms = [
        re.escape(character),
        rf"%(?:25){{0,3}}{code:02x}",
        rf"\\{{1,4}}u00{code:02x}",
        rf"\\{{1,4}}x{code:02x}",
        rf"&(?:amp;){{0,3}}#0{{0,5}}{code};",
        rf"&(?:amp;){{0,3}}#x0{{0,5}}{code:x};",
        *(rf"&(?:amp;){{0,3}}{re.escape(name)}" for name in _entity_names().get(character, ())),
    ]
    if not character.isalnum():
        forms.insert(1, rf"\\{{1,4}}{re.escape(character)}")
    if character == " ":
        forms.append(r"\+")
    if other:
        forms.append(re.escape(other))
    return f"(?:{'|'.join(forms)})"
