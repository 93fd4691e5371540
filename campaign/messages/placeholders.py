"""Placeholders as other programs write them, and headers where Jinja wants a variable: what was meant, in Jinja.

Pure functions of a text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from campaign.recipients import variable_name
from campaign.text import as_seen, caseless, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_NAME = r"[^\W\d_][^\n{}\[\]<>«»%]{0,59}?"
_FOREIGN = re.compile(
    r"\{\{[^{}]{0,500}\}\}|\{[%#][^{}]{0,500}[%#]\}"  # Jinja's own
    rf"|\$?\{{ ?({_NAME}) ?\}}|(?<!\[)\[\[? ?({_NAME}) ?\]\]?(?!\()|<< ?({_NAME}) ?>>|« ?({_NAME}) ?»"
    r"|(?<![\w%])%([^\W\d_][\w .-]{0,59}?)%(?![\w%])"
)
_SQUARE = 2  # the number of the group: [Sale] and [1] are texts, [first_name] hardly is
_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")

_BLOCK = re.compile(r"\{\{-?([^{}]{1,200}?)-?\}\}")
_CURLY = re.compile("[“”„‟«»‘’‚‛]")
_WORDS_OF_JINJA = frozenset({"if", "else", "and", "or", "not", "in", "is"})


def foreign_placeholders(text: str, names: Iterable[str], *, any_name: bool = False) -> list[tuple[str, str]]:
    """Find {name}, [name], <<name>>, «name» and %name%, which are sent as they are.

    Args:
        text: a text of a template, or a cell.
        names: the headers and variables that there are.
        any_name: whether to find names too that are not among them, if they are hardly anything but placeholders: in a
            template, where the name may be misspelt.

    Returns:
        Each placeholder once, as written and as it should be: ("[Họ tên]", "{{ ho_ten }}").
    """
    if not any(mark in text for mark in "{[<«%"):
        return []
    known = {_form(name): name for name in names}
    found: dict[str, str] = {}
    for match in _FOREIGN.finditer(text):
        if match.lastindex is None:
            continue
        name = as_seen(match[match.lastindex])
        header = known.get(_form(name))
        unknown = any_name and (match.lastindex != _SQUARE or _IDENTIFIER.fullmatch(name))
        if header is not None or unknown:
            found[match[0]] = variable_for(header or name)
    return list(found.items())


def _form(name: str) -> str:
    return variable_name(name) or caseless(name)


def variable_for(header: str) -> str:
    """The variable of a header as a template has it; by the header itself where it becomes no variable."""
    name = variable_name(header)
    return f"{{{{ {name} }}}}" if name else by_header(header)


def by_header(header: str) -> str:
    """A cell by its header as a template has it."""
    quote = "'" if '"' in header else '"'
    return f"{{{{ row[{quote}{header}{quote}] }}}}"


class SyntaxHint(NamedTuple):
    """A likely mistake of a template's string, and what to write instead."""

    what: str
    remedy: str


def syntax_hint(source: str, is_valid: Callable[[str], bool]) -> SyntaxHint | None:
    """Find the likely cause why a string is no template; None where it is none of the usual ones.

    Args:
        source: the string.
        is_valid: whether a string is a template.
    """
    wrong = [(block[0], block[1].strip()) for block in _BLOCK.finditer(source) if not is_valid(block[0])]
    for written, inside in wrong:
        curly = _CURLY.search(inside)
        if curly:
            straight = _CURLY.sub(lambda found: "'" if found[0] in "‘’‚‛" else '"', written)
            return SyntaxHint(
                f"{curly[0]} is a curly quotation mark", f"write straight ones: {one_line(straight, 100)}"
            )
        header, bar, rest = inside.partition("|")
        words = header.split()
        if (
            not header.strip().isidentifier()
            and words
            and not _WORDS_OF_JINJA.intersection(words)
            and not set("\"'").intersection(header)
        ):
            return _not_a_variable(written, as_seen(header), f" {bar} {rest.strip()}" if bar else "")
    if source.count("{{") != source.count("}}"):
        return SyntaxHint("{{ and }} do not come in pairs", "write a variable as {{ name }}")
    return None


def _not_a_variable(written: str, header: str, filters: str) -> SyntaxHint:
    name = variable_name(header)
    forms = ([f"{{{{ {name}{filters} }}}}"] if name else []) + [by_header(header).replace(" }}", f"{filters} }}}}")]
    what = f"“{one_line(written, 80)}” is not a variable, whose name has letters from a to z, digits and _ only"
    return SyntaxHint(what, f"write {' or '.join(forms)}")
