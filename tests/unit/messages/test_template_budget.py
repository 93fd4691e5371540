"""No template runs away: whatever it repeats or lengthens ends in one sentence, within two seconds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from campaign.errors import TemplateError
from campaign.messages.bounded_environment import MOST_PLAIN
from campaign.messages.budget import LONGEST, percent_size
from campaign.messages.environment import make_environment
from campaign.sheets import Row

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.messages import MessageTemplate

    Bind = Callable[..., MessageTemplate]
    MakeRow = Callable[..., Row]

DOUBLING = "{% set ns = namespace(x='ab', y=['a'], z=3) %}{% for i in range(60) %}"
GIGABYTES = 3_000_000_000
TOO_LONG = "makes this far too long"
STEPS = "it takes more than 200,000 steps; make its loops shorter"
CHARACTERS = "it makes more than 8,000,000 characters; make its texts shorter"

RUNAWAYS = [
    pytest.param(f"{{{{ '%{GIGABYTES}d' % 1 }}}}", TOO_LONG, id="percent width"),
    pytest.param(f"{{{{ '%.{GIGABYTES}f' % 1 }}}}", TOO_LONG, id="percent precision"),
    pytest.param(f"{{{{ '%*d' % ({GIGABYTES}, 1) }}}}", TOO_LONG, id="percent width as an argument"),
    pytest.param(f"{{{{ '%(a(b)){GIGABYTES}d' % {{'a(b)': 1}} }}}}", TOO_LONG, id="percent width after a key"),
    pytest.param(f"{{{{ '%{GIGABYTES}d' | format(1) }}}}", TOO_LONG, id="format filter"),
    pytest.param(f"{{{{ '%{GIGABYTES}d'.encode() % 1 }}}}", TOO_LONG, id="percent of bytes"),
    pytest.param("{{ ('%(a)s' * 9999) % {'a': 'x' * 99999} }}", TOO_LONG, id="one text in many fields"),
    pytest.param(f"{{{{ '{{:>{GIGABYTES}}}'.format(1) }}}}", TOO_LONG, id="format width"),
    pytest.param(f"{{{{ '{{:{{w}}}}'.format(1, w={GIGABYTES}) }}}}", TOO_LONG, id="format width as an argument"),
    pytest.param("{{ ('{0}' * 9999).format('x' * 99999) }}", CHARACTERS, id="one text in many format fields"),
    *[
        pytest.param(f"{{{{ {call} }}}}", TOO_LONG, id=call.replace("G", ""))
        for call in (
            f"'x'.center({GIGABYTES})",
            f"'x' | center({GIGABYTES})",
            f"'x'.ljust({GIGABYTES})",
            f"'x'.rjust({GIGABYTES})",
            f"'x'.zfill({GIGABYTES})",
            f"'x'.encode().center({GIGABYTES})",
            f"'\\t'.expandtabs({GIGABYTES})",
            f"(5).to_bytes({GIGABYTES}, 'big')",
            f"'x' | indent({GIGABYTES}, true)",
            f"[1] | batch({GIGABYTES}, 'x') | list",
            f"[1, 2] | tojson(indent={GIGABYTES})",
            f"range(9) | map('center', {GIGABYTES}) | list",
            "('x' * 99999).replace('', 'x' * 99999)",
            "('x' * 99999) | replace('x', 'x' * 99999)",
            "('x' * 99999).join('a' * 99999)",
            "('a' * 99999) | join('x' * 99999)",
            "('a' * 99999).translate({97: 'x' * 99999})",
            "('a' * 300000) | wordwrap(1)",
            "('f' * 1000000) | int(base=16)",
            "10 ** 99999999",
        )
    ],
    pytest.param("{% filter center(3000000000) %}x{% endfilter %}", TOO_LONG, id="filter block"),
    pytest.param(
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", STEPS, id="nested loops"
    ),
    pytest.param(
        "{% for i in range(99999) recursive %}{{ loop(range(99999)) if loop.depth < 4 }}{% endfor %}",
        STEPS,
        id="recursive loop",
    ),
    pytest.param(
        "{% macro f(n) %}{{ f(n - 1) if n }}{{ f(n - 1) if n }}{% endmacro %}{{ f(60) }}",
        STEPS,
        id="macro calls itself",
    ),
    pytest.param(
        "{% set x %}{% for i in 'x' * 99999 %}{% for j in range(99999) %}a{% endfor %}{% endfor %}{% endset %}{{ x }}",
        STEPS,
        id="loops in a block",
    ),
    pytest.param("{{ [1] | slice(1000000000) | list }}", STEPS, id="slices"),
    pytest.param(
        "{% set r = range(99999) | list %}{% for i in range(99999) %}{{ -1 in r }}{% endfor %}", STEPS, id="membership"
    ),
    pytest.param(
        "{% set r = range(99999) | list %}{% for i in range(99999) %}{{ r | sum }}{% endfor %}", STEPS, id="sums"
    ),
    pytest.param(
        "{% set r = range(99999) | list %}{% for i in range(99999) %}{% set q = r[1:] %}{% endfor %}",
        STEPS,
        id="copies of a list",
    ),
    pytest.param(DOUBLING + "{% set ns.x = ns.x ~ ns.x %}{% endfor %}", CHARACTERS, id="doubling by ~"),
    pytest.param(DOUBLING + "{% set ns.x = ns.x + ns.x %}{% endfor %}", CHARACTERS, id="doubling by +"),
    pytest.param(DOUBLING + "{% set ns.z = ns.z * ns.z %}{% endfor %}", TOO_LONG, id="squaring"),
    *[
        pytest.param(
            DOUBLING + "{% set ns.y = [ns.y, ns.y] %}{% endfor %}" + shown, STEPS, id=f"lists of lists {shown}"
        )
        for shown in (
            "{{ ns.y }}",
            "{{ ns.y | string }}",
            "{{ ns.y | tojson }}",
            "{{ 'a' ~ ns.y }}",
            "{{ '%s' % ns.y }}",
            "{{ '{}'.format(ns.y) }}",
            "{{ ns.y == [ns.y, ns.y] }}",
            "{{ ns.y is eq([ns.y, ns.y]) }}",
        )
    ],
    pytest.param("{% for i in range(99999) %}" + "x" * 99999 + "{% endfor %}", CHARACTERS, id="much text in a loop"),
    pytest.param(
        "{% set r = 'x' * 999999 %}{% for i in range(99999) %}{% set q = r[1:] %}{% endfor %}",
        CHARACTERS,
        id="copies of a text",
    ),
    pytest.param(
        "{% set r = 'x ' * 99999 %}{% for i in range(99999) %}{% set q = r | urlize %}{% endfor %}",
        CHARACTERS,
        id="a slow filter",
    ),
]


MOST_SECONDS = 2 * 3
"""Seconds of processor time: two, and three times that where coverage is measured on a busy machine."""


@pytest.mark.parametrize(("source", "why"), RUNAWAYS)
def test_a_runaway_ends_in_one_sentence_within_two_seconds(livechat: Bind, row: MakeRow, source: str, why: str) -> None:
    began = time.process_time()
    [problem] = livechat(source, "Name").render(row("Lan")).problems
    assert time.process_time() - began < MOST_SECONDS
    assert "cannot be rendered" in problem.what
    assert problem.what.endswith(why)


def test_many_strings_take_no_longer_than_one(kitechat: Bind, row: MakeRow) -> None:
    endless = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    button = {"type": "web_url", "text": endless, "url": "https://example.com"}
    body = {
        "type": "template",
        "template": {"header": {"type": "text", "text": "x"}, "body": "x", "buttons": [button] * 40},
    }
    began = time.process_time()
    assert len(kitechat(body, "Name").render(row("Lan")).problems) == 1
    assert time.process_time() - began < MOST_SECONDS


def test_a_template_that_runs_away_in_row_after_row_is_given_up(livechat: Bind) -> None:

    message = livechat("{% for i in range(99999) %}{% for j in range(9) %}{% endfor %}{% endfor %}{{ name }}", "Name")
    for number in (2, 3, 3, 2):
        assert message.render(Row(number, ("Lan",), ("Lan",), ("General",))).payload is None
    with pytest.raises(TemplateError, match=r"200,000 steps; make its loops shorter \(rows 2, 3, 4\)"):
        message.render(Row(4, ("Lan",), ("Lan",), ("General",)))


def test_every_row_has_a_budget_of_its_own(livechat: Bind, row: MakeRow) -> None:
    message = livechat("{% for i in range(40000) %}{{ name if i == 1 }}{% endfor %}", "Name")
    for _ in range(3):
        assert message.render(row("Lan")).payload == {"token": "t", "rid": "r", "msg": "Lan"}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        pytest.param("{{ '%05d|%-4s|%.2f|100%%' % (7, 'a', 2.5) }}", "00007|a   |2.50|100%", id="percent"),
        pytest.param("{{ '%(n)s: 12345678901' % {'n': name} }}", "Lan: 12345678901", id="digits that are no width"),
        pytest.param(
            "{{ '{:>6}|{n!r}|{0:{w}}'.format(1, n='x', w=3) if 0 }}{{ '{0:>6}|{n!r}'.format(1, n='x') }}",
            "     1|'x'",
            id="format",
        ),
        pytest.param("{{ '{a}'.format_map({'a': name}) }}", "Lan", id="format_map"),
        pytest.param("{{ name ~ '-' ~ 3 ~ none }}", "Lan-3None", id="concatenation"),
        pytest.param("{{ name[1:] ~ name[::-1] }}", "annaL", id="slices"),
        pytest.param("{{ 'a' in name, 'z' in name, 1 < 2 < 3 }}", "(True, False, True)", id="comparisons"),
        pytest.param(
            "{% for c in name %}{{ loop.index }}/{{ loop.length }}{{ c }} {% endfor %}", "1/3L 2/3a 3/3n ", id="loop"
        ),
        pytest.param(
            "{% for c in [[1, [2]]] recursive %}{{ c if c is number else loop(c) }}{% endfor %}", "12", id="recursive"
        ),
        pytest.param("{{ [3, 1, 2] | sort | map('string') | join('+') }}", "1+2+3", id="filters of lists"),
        pytest.param("{{ name.center(9, '*') }}{{ name | indent(2, true) }}", "***Lan***  Lan", id="widths"),
        pytest.param("{% macro hi(n) %}hi {{ n }}{% endmacro %}{{ hi(name) | upper }}", "HI LAN", id="macro"),
        pytest.param("{{ name.replace('n', 'm') | replace('a', 'o') }}", "Lom", id="replacing"),
        pytest.param("{{ row.Name | length }}{{ 'Name' in row }}", "3True", id="the row"),
        pytest.param("{{ -7 // 2, 7 - 2, 7 / 2, 7 % 4 }}", "(-4, 5, 3.5, 3)", id="sums"),
    ],
)
def test_what_messages_need_is_done_as_before(livechat: Bind, row: MakeRow, source: str, text: str) -> None:
    message = livechat(source, "Name").render(row("Lan"))
    assert message.payload is not None, message.problems
    assert message.payload["msg"] == text


@pytest.mark.parametrize(
    ("text", "values", "most"),
    [
        pytest.param("100 % of 1234567890", (), 20, id="a blank flag and a letter"),
        pytest.param("%%9999999d", (), 10, id="a percent sign"),
        pytest.param("%(a", {}, 0, id="a key without an end"),
        pytest.param("%", (), 0, id="nothing after it"),
    ],
)
def test_a_width_is_read_where_python_reads_one(text: str, values: object, most: int) -> None:
    assert percent_size(text, values) <= most < LONGEST


@pytest.mark.parametrize(
    "source",
    [
        "{% if name == 'x' or not name %}yes{% elif name | lower in ('an', 'b') %}an{% else %}no{% endif %}",
        "{{ 'big' if name | int(0) > 10 else name | trim | upper | default('nothing', true) }}",
        "{{ name | float(1) }} {{ name | length }} {{ name | d('none') }}",
        "{{ name | int }}",
        "{{ name | int(0, 16) }}",
    ],
)
@pytest.mark.parametrize("cell", ["", " ", "An", "x", "12", "1.5", "1,200", "nan", "ß" * 9, "9" * 4400, "f" * 4400])
def test_what_needs_no_counting_does_the_same_uncounted(livechat: Bind, row: MakeRow, source: str, cell: str) -> None:
    counted = "{% for each in () %}{% endfor %}"
    of_both = [livechat(text, "name").render(row(cell)) for text in (source, counted + source)]
    uncounted, other = (
        (each.payload, [problem.what.rpartition(": ")[2] for problem in each.problems]) for each in of_both
    )
    assert uncounted == other or any(TOO_LONG in what for what in other[1])


@pytest.mark.parametrize(
    ("source", "counts"),
    [
        ("{% if a == 'x' and a | trim %}{% endif %}", False),
        ("{% if a ~ a == 'x' %}{% endif %}", True),
        ("{% if a == 'x' %}{% endif %}" * MOST_PLAIN, True),
    ],
)
def test_only_what_is_short_and_goes_through_its_values_once_is_uncounted(
    monkeypatch: pytest.MonkeyPatch, source: str, *, counts: bool
) -> None:
    environment = make_environment()
    template = environment.compile_tree(environment.parse(source))
    spent: list[int] = []
    monkeypatch.setattr(environment.budget, "spend", lambda steps, characters=0: spent.append(steps + characters))
    list(template.root_render_func(template.new_context({"a": "x"})))
    assert bool(spent) is counts
