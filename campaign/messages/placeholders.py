"""What was meant in Jinja by headers where it wants a variable, and by placeholders of other programs.

Pure functions of a text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from campaign.recipients import variable_name
from campaign.text import as_seen, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCK = re.compile(r"\{\{-?([^{}]{1,200}?)-?\}\}")
_CURLY = re.compile("[“”„‟«»‘’‚‛]")
_LONE_TAG = re.compile(r"\{%[-+]? {0,9}(\w{1,60}) {0,9}[-+]?%\}")
_LONE_TAGS = frozenset(
    {"else", "raw", *(f"end{tag}" for tag in ("if", "for", "set", "filter", "raw", "macro", "call"))}
)
_WORDS_OF_JINJA = frozenset({"if", "else", "and", "or", "not", "in", "is"})


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
    if "{{{" in source:
        return SyntaxHint("{{{ has a brace too many", "write a variable as {{ name }}")
    tag = next((each for each in _LONE_TAG.finditer(source) if each[1] not in _LONE_TAGS), None)
    if tag is not None:
        return SyntaxHint(f"“{one_line(tag[0], 80)}” is no variable", f"write {{{{ {tag[1]} }}}}")
    if source.count("{{") != source.count("}}"):
        return SyntaxHint("{{ and }} do not come in pairs", "write a variable as {{ name }}")
    return None


def _not_a_variable(written: str, header: str, filters: str) -> SyntaxHint:
    name = variable_name(header)
    forms = ([f"{{{{ {name}{filters} }}}}"] if name else []) + [by_header(header).replace(" }}", f"{filters} }}}}")]
    what = f"“{one_line(written, 80)}” is not a variable, whose name has letters from a to z, digits and _ only"
    return SyntaxHint(what, f"write {' or '.join(forms)}")
