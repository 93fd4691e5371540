"""What a cell holds is text, whatever it looks like: no template ever runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.text import is_blank

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.messages import MessageTemplate
    from campaign.sheets import Row

PIECES = (
    *("{{ ", " }}", "{% ", " %}", "{# ", " #}", "{%- ", "-}}", "raw", "endraw", "msg", "row", "7 * 7", "{{", "}}", "%"),
    *("set msg = 1", "for x in row", "import os", "''.__class__", "self", "| upper", "| safe", "${x}", "{0.__class__}"),
    *("\\", "\n", "'", '"', "# line", "%(msg)s", "\\N{DIGIT ONE}", "\\x41", "__import__('os')", "\u2028", " "),
)
CELLS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join) | st.text(
    st.characters(exclude_categories=["Cs"])
)


@pytest.mark.parametrize(
    "template",
    [
        "{{ msg }}",
        '{{ row["Msg"] }}',
        "{{ row.Msg }}",
        '{{ raw["Msg"] }}',
        '{{ msg | default("nothing") }}',
        "{% if msg %}{{ msg }}{% endif %}",
        "{% set copy = msg %}{{ copy }}",
        "{% for letter in msg %}{{ letter }}{% endfor %}",
        '{{ "%s" | format(msg) }}',
        "{{ msg ~ '' }}",
    ],
)
@settings(max_examples=40)
@given(cell=CELLS.filter(lambda text: not is_blank(text)))
def test_a_template_leaves_a_cell_unchanged(
    livechat: Callable[..., MessageTemplate], row: Callable[..., Row], template: str, cell: str
) -> None:
    message = livechat(template, "Msg").render(row(cell))
    assert message.payload is not None, message.problems
    assert message.payload["msg"] == cell


@settings(max_examples=40)
@given(cell=CELLS.filter(lambda text: not is_blank(text)))
def test_a_value_of_the_campaign_file_is_never_run_either(
    livechat: Callable[..., MessageTemplate], row: Callable[..., Row], cell: str
) -> None:
    message = livechat("{{ msg }}!", "Name", values={"msg": cell}).render(row("An"))
    assert message.payload == {"token": "t", "rid": "r", "msg": f"{cell}!"}
