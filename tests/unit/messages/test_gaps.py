"""Where a blank value leaves a gap in a text."""

from __future__ import annotations

import pytest

from campaign.messages.environment import make_environment
from campaign.messages.text_template import compile_text

NAME = ("variable", "name")


def gaps(source: str) -> list[tuple[tuple[str, str], bool]]:
    return [(gap.key, gap.always) for gap in compile_text(source, make_environment()).uses.gaps]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        pytest.param("Hello {{ name }}", [(NAME, True)], id="beside a word"),
        pytest.param("https://x.y/{{ name }}", [(NAME, True)], id="in an address"),
        pytest.param("Hello {{ name | upper }}", [(NAME, True)], id="through a filter"),
        pytest.param("Hello {{ name ~ '!' }}", [(NAME, True)], id="joined"),
        pytest.param('Hello {{ row["Họ tên"] }}', [(("header", "Họ tên"), True)], id="by its header"),
        pytest.param("{% if vip %}Dear {{ name }}{% endif %}", [(NAME, False)], id="below a condition about another"),
        pytest.param("{{ name }}", [], id="alone"),
        pytest.param("{{ name }}, {{ other }}", [], id="beside punctuation alone"),
        pytest.param("Hello {{ name | default('you') }}", [], id="default"),
        pytest.param("Hello {{ name or 'you' }}", [], id="or"),
        pytest.param("Hello {{ name if name else 'you' }}", [], id="a condition within the expression"),
        pytest.param("{% if name %}Dear {{ name }}{% else %}Hello{% endif %}", [], id="if around it"),
        pytest.param("{% if row['Tên'] %}Dear {{ row['Tên'] }}{% endif %}", [], id="if around a header"),
        pytest.param("{% for name in ['a'] %}Dear {{ name }}{% endfor %}", [], id="of a loop"),
    ],
)
def test_a_variable_leaves_a_gap_where_the_template_does_not_say_what_else(source: str, found: object) -> None:
    assert gaps(source) == found
