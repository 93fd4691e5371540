"""The likely cause of a mistake in TOML: what people write who come from spreadsheets, chats and other formats.

Pure functions of the parser's message and the line at which it stopped. The rules are tried in order; the first that
recognises the place says what is wrong and what to write instead.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_SUGGESTION = 100

_DOUBLE, _SINGLE = "“”„‟«»″", "‘’‚‛′´"
_STRAIGHT = str.maketrans(dict.fromkeys(_DOUBLE, '"') | dict.fromkeys(_SINGLE, "'"))
_CURLY = re.compile(f"[{_DOUBLE}{_SINGLE}]")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_THOUSANDS = re.compile(r"\d{1,3}(?:[,.]\d{3})+")
_NEXT_SETTING = re.compile(r"\s*(?:[\w.-]+|\"[^\"]*\"|'[^']*')\s*=|\s*\[")
_OTHER_COMMENT = re.compile(r"\s*(//|--|;|/\*|<!--)")
_NOT_CLOSED = (
    "Unterminated string",
    "Illegal character '\\n'",
    "Found invalid character '\\n'",
    "Expected '\"",
    'Expected "',
)
_YES_NO = {"yes": "true", "on": "true", "no": "false", "off": "false", "true": "true", "false": "false"}
_NOTHING = ("none", "null", "nil", "n/a", "-")


class Place(NamedTuple):
    """Where the parser stopped.

    Attributes:
        line: the line.
        at: the index in it of the character that it did not expect; the line's length for its end.
        section: the name of the section that the line belongs to; "" above the first.
        before: the lines above.
    """

    line: str
    at: int
    section: str = ""
    before: str = ""

    @property
    def setting(self) -> tuple[str, str] | None:
        """The name and the value of the setting on the line; None where there is no equals sign."""
        name, sign, value = self.line.partition("=")
        return (name.strip(), value.strip()) if sign else None

    @property
    def character(self) -> str:
        """The character that was not expected; "" at the end of the line."""
        return self.line[self.at : self.at + 1]


class Cause(NamedTuple):
    """What is wrong and what to do; `at` is the index to point at, None: where the parser stopped."""

    what: str
    remedy: str
    at: int | None = None


def likely_cause(message: str, place: Place) -> Cause:
    """Find the likely cause of a mistake.

    Args:
        message: what the parser says, without the position.
        place: where it stopped.
    """
    for rule in _RULES:
        cause = rule(message, place)
        if cause is not None:
            return cause
    return Cause(f"is not valid TOML: {_escaped(message)}", "compare the line with the examples in the README")


def _escaped(message: str) -> str:
    return "".join(each if each.isprintable() else f"U+{ord(each):04X}" for each in message)


def _invisible(_message: str, place: Place) -> Cause | None:
    character = place.character
    if not character or unicodedata.category(character) not in ("Cc", "Cf", "Zs", "Zl", "Zp") or character in " \t":
        return None
    name = unicodedata.name(character, "a control character")
    return Cause(
        f"there is an invisible character (U+{ord(character):04X}, {name})", "delete it, or type a plain blank"
    )


def _backslash(message: str, place: Place) -> Cause | None:
    if not message.startswith(("Unescaped '\\'", "Invalid hex value", "Escaped character")):
        return None
    at = place.line.rfind("\\", 0, place.at + 1)
    what = 'a backslash in "…" starts an escape such as \\n'
    text = next((each for each in re.finditer(r'"([^"]*)"', place.line) if each.start() < at < each.end()), None)
    if text is None:  # a text of several lines
        return Cause(what, "write two of them, \\\\, or put the text in '''…'''", at)
    plain = text[1].replace("\\\\", "\\")
    written = f'"{plain.replace(chr(92), "/")}"' if "'" in plain else f"'{plain}'"
    return Cause(what, f"put the text in '…', or write a path with /: {_suggestion(place, text.span(), written)}", at)


def _curly_quotes(message: str, place: Place) -> Cause | None:
    found = _CURLY.match(place.line, place.at)
    if found is None and message.startswith(_NOT_CLOSED):  # opened with a straight one, closed with a curly one
        found = _CURLY.search(place.line, place.line.find('"') + 1)
    if found is None:
        return None
    straight = place.line.translate(_STRAIGHT).strip()
    remedy = f"write straight ones: {straight}" if len(straight) <= _LONGEST_SUGGESTION else "write straight ones"
    return Cause(f"{found[0]} is a curly quotation mark", remedy, found.start())


def _other_comment(message: str, place: Place) -> Cause | None:
    found = _OTHER_COMMENT.match(place.line)
    if found is None or not message.startswith(("Invalid statement", "Expected '='", 'Expected "')):
        return None
    return Cause(f"a comment does not start with {found[1]} here", "start it with #", found.start(1))


def _bad_key(message: str, place: Place) -> Cause | None:
    if not message.startswith(("Expected '='", "Invalid statement")):
        return None
    left, colon, right = place.line.partition(":")
    if colon and not set("=\"'").intersection(left):
        what = "the name and the value of a setting are separated by =, not by :"
        return Cause(what, f"write {_key(left)} = {_value(right)}", len(left))
    if place.setting is None:
        return Cause("this line has no =", 'a setting is written as name = "value", a comment starts with #')
    name, value = place.setting
    if name.count('"') % 2 or name.count("'") % 2:
        return _unclosed_mark(place)
    if not name:
        return Cause("there is no name before the =", 'write name = "value"')
    return _unquoted_name(name, value, place)


def _unquoted_name(name: str, value: str, place: Place) -> Cause:
    """The cause of a name with blanks or accents: mostly a header, on the side of the variable."""
    at = place.line.find(name)
    shown = name.strip("\"'")
    what = f"“{shown}” has a blank or a letter beyond a–z in it: such a name has to be in quotation marks"
    if place.section != "columns":
        return Cause(what, f"write {_key(name)} = {value}", at)
    swapped = value.strip("\"'")
    is_new = _BARE_KEY.fullmatch(swapped) and not re.search(rf"^{swapped} *=", place.before, re.MULTILINE)
    variable = swapped if is_new else "variable"
    return Cause(what, f'the variable is on the left, its header on the right: {variable} = "{shown}"', at)


def _bad_section(message: str, place: Place) -> Cause | None:
    if not message.startswith("Expected ']"):
        return None
    name = place.line.strip().strip("[]").partition("#")[0].strip()
    brackets = 2 if message.startswith("Expected ']]") else 1
    written = f"{'[' * brackets}{_key(name)}{']' * brackets}"
    return Cause("the brackets around the name of this section are not closed, or blanks are in it", f"write {written}")


def _set_twice(message: str, place: Place) -> Cause | None:
    if message.startswith("Cannot declare"):
        name = place.line.strip().strip("[]")
        return Cause(f"the section [{name}] is there twice", "put its settings together under one of the two")
    if not message.startswith(("Cannot overwrite", "Cannot redefine", "Cannot mutate", "Duplicate inline")):
        return None
    name = f"“{place.setting[0]}”" if place.setting else "this"
    return Cause(f"{name} is set twice", "delete one of the two", len(place.line) - len(place.line.lstrip()))


def _list_or_table(message: str, place: Place) -> Cause | None:
    is_list = message.startswith("Unclosed array")
    if not is_list and not message.startswith("Unclosed inline table"):
        opened = place.before.count("[") > place.before.count("]") and _NEXT_SETTING.match(place.line)
        if message.startswith("Invalid value") and opened:
            return Cause("the list above this line is not closed", "put ] at its end")
        if place.character == "}" or (place.character == "," and message.startswith("Invalid value")):
            return Cause("there is a comma too many", "delete it", place.line.rfind(",", 0, place.at + 1))
        return None
    what, end = ("list", "]") if is_list else ("group {…}", "}")
    begins_line = not place.line[: place.at].strip()
    if not place.character or (begins_line and _NEXT_SETTING.match(place.line)):
        return Cause(f"the {what} is not closed", f"put {end} at its end")
    return Cause(f"a comma is missing in the {what}", f"put one between its parts, or {end} at its end")


def _after_the_value(message: str, place: Place) -> Cause | None:
    if not message.startswith("Expected newline"):
        return None
    rest = place.line[place.at :]
    if place.character == "]":
        return Cause("there is a bracket too many", "delete it")
    if rest.strip() == ",":
        return Cause("there is a comma too many", "delete it: each setting has a line of its own")
    if place.line[: place.at].rstrip()[-1:] in ("'", '"'):
        if _NEXT_SETTING.match(rest.lstrip(", ")):
            return Cause("there are two settings on one line", "start a new line here")
        remedy = """put a text with " in it in '…', one with ' in it in "…\""""
        return Cause("the text ends at the quotation mark before this place", remedy)
    return _unquoted_text(*place.setting) if place.setting else None


def _no_value(message: str, place: Place) -> Cause | None:
    if not message.startswith("Invalid value") or place.setting is None:
        return None
    name, written = place.setting
    value = written.partition("#")[0].strip()
    if not value:
        return Cause("there is no value after the =", "write one, or delete the line")
    if value.lower() in _NOTHING:
        return Cause(f"there is no value “{value}”", "delete the line to leave a setting out")
    if value.lower() in _YES_NO:
        remedy = f"write {name} = {_YES_NO[value.lower()]}, or put a text in quotation marks"
        return Cause(f"“{value}” is not a value", remedy)
    return _unquoted_text(name, written)


def _unquoted_text(name: str, value: str) -> Cause:
    plain = value.partition(" #")[0].strip()
    if _THOUSANDS.fullmatch(plain):
        digits = re.sub(r"\D", "", plain)
        return Cause("a number has nothing between its thousands", f"write {name} = {digits}")
    what = "a text has to be in quotation marks"
    return Cause(what, f"write {name} = {_value(plain)}" if len(plain) <= _LONGEST_SUGGESTION else 'write "…"')


def _not_closed(message: str, place: Place) -> Cause | None:
    return _unclosed_mark(place) if message.startswith(_NOT_CLOSED) else None


def _unclosed_mark(place: Place) -> Cause:
    line = place.line
    for mark in ('"""', "'''"):
        if mark in line:
            return Cause(f"the text that begins with {mark} is not closed", f"put {mark} at its end", line.rfind(mark))
    mark = min('"', "'", key=lambda each: line.find(each) if each in line else len(line))
    at = line.rfind(mark)
    what = "a quotation mark is not closed on this line"
    return Cause(what, f'put {mark} at the end of the text; a text of several lines is put in """…"""', max(0, at))


def _key(name: str) -> str:
    name = name.strip().strip("\"'")
    return name if _BARE_KEY.fullmatch(name) else f'"{name}"'


def _value(value: str) -> str:
    """Write a value: numbers and quoted texts as they are, any other text in quotation marks."""
    plain = value.strip().rstrip(",")
    if re.fullmatch(r"\"[^\"]*\"|'[^']*'|[1-9]\d*|0|true|false|[\[{].*", plain):
        return plain
    plain = plain.strip("\"'`")
    return f"'{plain}'" if "\\" in plain or '"' in plain else f'"{plain}"'


def _suggestion(place: Place, span: tuple[int, int], written: str) -> str:
    line = (place.line[: span[0]] + written + place.line[span[1] :]).strip()
    return line if len(line) <= _LONGEST_SUGGESTION else written[:_LONGEST_SUGGESTION]


_RULES: tuple[Callable[[str, Place], Cause | None], ...] = (
    _backslash,
    _curly_quotes,
    _invisible,
    _other_comment,
    _bad_key,
    _bad_section,
    _set_twice,
    _list_or_table,
    _after_the_value,
    _no_value,
    _not_closed,
)
