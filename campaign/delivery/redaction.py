r"""Secrets out of texts: a server that repeats the key must not get it into a reason, an id, the journal or a log.

A key is found in every spelling that a server, a proxy or an error page gives it: as it is, in JSON (`\/`, `\u002f`),
percent-encoded, as HTML entities, in base64 at any offset, as hexadecimal digits, in full-width letters, in any letter
case and in any mixture of these; also with line breaks, blanks or characters that are not seen between its own.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from campaign.channels.base import Fatal, Indeterminate, NoResponse, Refused, Response, Sent, Throttled, Unreachable
from campaign.channels.probe import Answered
from campaign.delivery.spellings import (
    ALIKE,
    MARKS,
    SHORTEST_BROKEN,
    UNSEEN,
    UNSEEN_OR_BLANK,
    plain_forms,
    plain_spellings,
    spellings,
    without_separators,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from campaign.channels.base import ReadBack, Verdict
    from campaign.channels.probe import ProbeVerdict
    from campaign.channels.undo import UndoVerdict

BLANKED = "[the API key]"

_SHORTEST_CUT = 4
"""Characters of a key before an ellipsis that are taken for a part of it."""

_CODED = re.compile(r"[\w+/-]")

_Reading = TypeVar("_Reading", "Verdict", "ReadBack", "UndoVerdict", "ProbeVerdict")


class Redaction:
    """Blanks the secrets of one delivery. Without secrets it leaves everything as it is."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = tuple(sorted({secret for secret in secrets if secret}, key=len, reverse=True))
        self._whole = _Search(self._secrets)
        short = [secret for secret in self._secrets if len(secret) < SHORTEST_BROKEN]
        long = [secret for secret in self._secrets if len(secret) >= SHORTEST_BROKEN]
        self._broken = [
            (gaps, _Search([bare for secret in each if (bare := "".join(secret.split()))]))
            for gaps, each in ((UNSEEN_OR_BLANK, long), (UNSEEN, short))
            if each
        ]

    def __repr__(self) -> str:
        return f"<Redaction of {len(self._secrets)} secrets>"

    def text(self, text: str) -> str:
        """A text without the secrets, nor the beginning of one where the text was cut with an ellipsis."""
        if not self._secrets:
            return text
        blanked = _blank(text, self._whole.spans(_plain(text)))
        for gaps, search in self._broken:
            blanked = _blank_broken(blanked, gaps, search)
        for secret in self._secrets if blanked.endswith("…") else ():
            for length in range(len(secret) - 1, _SHORTEST_CUT - 1, -1):
                if blanked[:-1].casefold().endswith(secret[:length].casefold()):
                    return f"{blanked[: -1 - length]}{BLANKED}…"
        return blanked

    def read(self, response: Response | NoResponse, read: Callable[[Response | NoResponse], _Reading]) -> _Reading:
        """Read a response, and give the verdict texts without secrets.

        The response decides as it came, and its texts are taken from a reading of the blanked response: blanked before,
        a key such as `true` would change the meaning; blanked afterwards, a text that was shortened could hold a part.
        A success has no text but an id, which no channel shortens.

        Args:
            response: what came.
            read: gives the verdict on it.
        """
        verdict = read(response)
        if not self._secrets:
            return verdict
        if isinstance(response, Response) and not isinstance(verdict, Sent):
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

    def _verdict(self, verdict: Verdict | ReadBack | UndoVerdict | ProbeVerdict) -> Any:  # noqa: ANN401 - of the type that came in
        match verdict:
            case Sent(message_id=str(given)):
                return replace(verdict, message_id=self.text(given))
            case Answered(what, remark):
                return replace(verdict, what=self.text(what), remark=self.text(remark))
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


class _Search:
    """Looks for secrets, after a look that costs little: most texts hold none, nor a mark that begins an escape."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._all = [spelling for secret in secrets for spelling in spellings(secret)]
        first = "".join(sorted({*MARKS, *(character for each in self._all for character in each.first)}))
        named = "|".join(f"(?P<_{number}>{each.pattern})" for number, each in enumerate(self._all))
        # Nearly every place of a text is ruled out by its character, before any of the patterns is tried.
        self._pattern = re.compile(f"(?=[{re.escape(first)}])(?:{named})", re.IGNORECASE) if self._all else None
        self._spellings = tuple(plain.lower() for secret in secrets for plain in plain_spellings(secret))
        self._digits = tuple(secret.encode().hex() for secret in secrets)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where the secrets are, with the characters that they share with their neighbours in base64."""
        found: list[tuple[int, int]] = []
        for match in self._pattern.finditer(text) if self._pattern and self._may_be_in(text) else ():
            start, least = match.start(), found[-1][1] if found else 0
            before = self._all[int((match.lastgroup or "_0")[1:])].before
            while before and start > least and _CODED.match(text[start - 1]):
                start, before = start - 1, before - 1
            found.append((start, match.end()))
        return found

    def _may_be_in(self, text: str) -> bool:
        lower = text.lower()
        if any(mark in text for mark in MARKS) or any(spelling in lower for spelling in self._spellings):
            return True
        bare = without_separators(lower)
        return any(digits in bare for digits in self._digits)


def _plain(text: str) -> str:
    """A text of the same length in which ASCII characters in another shape are ASCII."""
    return text if text.isascii() or not ALIKE.search(text) else text.translate(plain_forms())


def _blank(text: str, spans: Iterable[tuple[int, int]]) -> str:
    parts, at = [], 0
    for start, end in spans:
        parts += [text[at:start], BLANKED]
        at = end
    return "".join([*parts, text[at:]])


def _blank_broken(text: str, gaps: re.Pattern[str], search: _Search) -> str:
    """Blank secrets with gaps between their characters: look for them in the text without gaps."""
    pieces = gaps.split(_plain(text))
    if len(pieces) == 1 or not (spans := search.spans("".join(pieces))):
        return text
    within, places = [0], [0]  # where each piece begins in the text without gaps, and where in the text
    for piece, gap in zip(pieces, gaps.finditer(_plain(text)), strict=False):
        within.append(within[-1] + len(piece))
        places.append(gap.end())

    def place(position: int) -> int:
        piece = bisect_right(within, position) - 1
        return places[piece] + position - within[piece]

    return _blank(text, [(place(start), place(end - 1) + 1) for start, end in spans])
