"""A row becomes a payload: what is rendered, what is dropped, and that a cell's text is never more than text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.messages.environment import make_environment
from campaign.messages.text_template import compile_text
from campaign.text import is_blank

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.channels import Payload
    from campaign.messages import MessageTemplate
    from campaign.sheets import Row

    Bind = Callable[..., MessageTemplate]
    MakeRow = Callable[..., Row]

URL = "https://example.com/a.jpg"
LIKE_A_TEMPLATE = [
    "{{ 7*7 }}",
    "{% for i in range(9) %}x{% endfor %}",
    "{# gone #}",
    "{{ ''.__class__.__mro__ }}",
    "}}{{",
    "${7*7}",
    "%(name)s",
    "{name}",
    "=1+1",
    '"},{"_id":"x',
    "\\u0041",
    "<script>",
    "# -*- %",
]
ANY_TEXT = (st.text(st.characters(exclude_categories=["Cs"]), min_size=1) | st.sampled_from(LIKE_A_TEMPLATE)).filter(
    lambda text: not is_blank(text)
)
TEMPLATES = [
    pytest.param("{{ cell }}", id="name alone"),
    pytest.param("{{ row['Cell'] }}", id="by header"),
    pytest.param("{{ raw['Cell'] }}", id="as stored"),
    pytest.param("{{ cell | default('x') }}", id="with a default"),
    pytest.param("{% if cell %}{{ cell }}{% endif %}", id="on condition"),
    pytest.param("{% set it = cell %}{{ it }}", id="under another name"),
]


def said(template: MessageTemplate, row: Row) -> str | None:
    """The text of a livechat message; None where the row has problems instead."""
    payload = template.render(row).payload
    return None if payload is None else payload["msg"]


@pytest.mark.parametrize("source", TEMPLATES)
@given(text=ANY_TEXT)
def test_any_text_of_a_cell_arrives_unchanged(livechat: Bind, row: MakeRow, source: str, text: str) -> None:
    payload = livechat(source, "Cell").render(row(text)).payload
    assert payload is not None
    assert json.loads(json.dumps(payload).encode())["msg"] == text


@pytest.mark.parametrize("source", TEMPLATES)
@pytest.mark.parametrize("text", [pytest.param(text, id=text) for text in LIKE_A_TEMPLATE])
def test_a_cell_that_looks_like_a_template_is_never_executed(
    livechat: Bind, row: MakeRow, source: str, text: str
) -> None:
    assert said(livechat(f"Xin chào {source}!", "Cell"), row(text)) == f"Xin chào {text}!"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_text_without_marks_is_sent_unchanged(livechat: Bind, row: MakeRow, text: str) -> None:
    source = "".join(c for c in text if c not in "{}") + "x"
    assert said(livechat(source), row()) == source


def test_the_lines_of_a_template_are_kept(livechat: Bind, row: MakeRow) -> None:
    assert said(livechat("\nChào {{ name }},\n\nhẹn gặp lại.\n", "Name"), row("Lan")) == "\nChào Lan,\n\nhẹn gặp lại.\n"


def test_conditions_and_loops_work(livechat: Bind, row: MakeRow) -> None:
    source = "{% if vip == 'yes' %}VIP {% endif %}{% for part in name.split() %}[{{ part | upper }}]{% endfor %}"
    assert said(livechat(source, "Name", "Vip"), row("Lan Anh", "yes")) == "VIP [LAN][ANH]"


def test_a_function_of_jinjas_gives_way_to_a_header_of_its_name(livechat: Bind, row: MakeRow) -> None:
    assert said(livechat("{{ range }}: {{ dict }}", "Range", "Dict"), row("5 km", "English")) == "5 km: English"


def test_a_function_of_jinjas_can_be_called_where_no_header_has_its_name(livechat: Bind, row: MakeRow) -> None:
    assert said(livechat("{% for i in range(3) %}{{ i }}{% endfor %}"), row()) == "012"


# Any header by row[…] and raw[…]


@pytest.mark.parametrize(
    ("source", "header"),
    [
        pytest.param('{{ row["Họ và tên"] }}', "Họ và tên", id="row"),
        pytest.param('{{ raw["Họ và tên"] }}', "Họ và tên", id="raw"),
        pytest.param('{{ row["Ho\u0323 va\u0300 te\u0302n"] }}', "Họ và tên", id="typed with combining marks"),
        pytest.param('{{ row["Ho\u0323 va\u0300 te\u0302n"] }}', "Ho\u0323 va\u0300 te\u0302n", id="and so the header"),
        pytest.param("{{ row.Name }}", "Name", id="with a dot"),
        pytest.param('{{ row["items"] }}', "items", id="named like a method"),
        pytest.param('{{ row.get("Họ và tên") }}', "Họ và tên", id="get"),
        pytest.param('{% set h = "Họ và tên" %}{{ row[h] }}', "Họ và tên", id="by a variable"),
        pytest.param("{{ row.values() | join }}", "Họ và tên", id="all of them"),
    ],
)
def test_any_header_can_be_reached(livechat: Bind, row: MakeRow, source: str, header: str) -> None:
    assert said(livechat(source, header), row("Lan")) == "Lan"


def test_row_is_as_displayed_and_raw_as_stored(livechat: Bind, row: MakeRow) -> None:
    template = livechat('{{ row["Sum"] }} {{ raw["Sum"] * 2 }}', "Sum")
    assert said(template, row("1.500 đ", values=[1500])) == "1.500 đ 3000"


# Blank cells


@pytest.mark.parametrize("blank", [pytest.param("", id="empty"), pytest.param(" \t\n", id="spaces")])
@pytest.mark.parametrize(
    "source",
    [
        pytest.param('{{ name | default("bạn") }}', id="default"),
        pytest.param('{{ name | d("bạn") }}', id="d"),
        pytest.param('{{ name | default("bạn", true) }}', id="as Jinja writes it"),
        pytest.param('{{ name | default(default_value="bạn", boolean=True) }}', id="in full"),
        pytest.param('{{ row["Name"] | default("bạn") }}', id="by header"),
        pytest.param('{{ raw["Name"] | default("bạn") }}', id="as stored"),
    ],
)
def test_a_default_replaces_a_blank_cell(livechat: Bind, row: MakeRow, source: str, blank: str) -> None:
    assert said(livechat(source, "Name"), row(blank)) == "bạn"


def test_a_default_replaces_a_column_that_does_not_exist(livechat: Bind, row: MakeRow) -> None:
    assert said(livechat('{{ name | default("bạn") }}'), row()) == "bạn"


def test_a_zero_is_no_blank_unless_asked_for(livechat: Bind, row: MakeRow) -> None:
    source = '{{ raw["N"] | default("none") }} {{ raw["N"] | default("none", true) }}'
    assert said(livechat(source, "N"), row("0", values=[0])) == "0 none"


@pytest.mark.parametrize(
    "source",
    [
        pytest.param('{{ raw["Name"] }}', id="as stored"),
        pytest.param('{{ raw["Name"] | upper }}', id="through a filter"),
        pytest.param('{{ "" ~ raw["Name"] }}', id="joined"),
        pytest.param('{{ row.get("Nickname") }}', id="a header that is not there"),
        pytest.param('{{ raw["Name"] | date }}{{ raw["Name"] | number }}', id="as a date or number"),
        pytest.param("{{ none }}", id="none itself"),
    ],
)
def test_a_blank_cell_never_reads_none(livechat: Bind, row: MakeRow, source: str) -> None:
    assert said(livechat(f"Chào{source}!", "Name"), row("")) == "Chào!"


# Optional parts


def structured(**fields: object) -> Payload:
    return {"type": "template", "template": fields}


def template_of(template: MessageTemplate, row: Row) -> Payload:
    """The structured part of a Kitechat message."""
    message = template.render(row)
    assert message.payload is not None, message.problems
    found: Payload = message.payload["message"]["template"]
    return found


def test_a_blank_footer_is_dropped(kitechat: Bind, row: MakeRow) -> None:
    template = kitechat(structured(body="Hi", footer="{{ footer }}"), "Footer")
    assert template_of(template, row("")) == {"body": "Hi"}
    assert template_of(template, row("Bye")) == {"body": "Hi", "footer": "Bye"}


def test_a_button_of_which_only_constants_are_left_is_dropped(kitechat: Bind, row: MakeRow) -> None:
    button = {"type": "web_url", "text": "Track it", "url": "{{ link }}"}
    template = kitechat(structured(body="Hi", buttons=[button]), "Link")
    assert template_of(template, row(" ")) == {"body": "Hi"}
    assert template_of(template, row(URL)) == {"body": "Hi", "buttons": [{**button, "url": URL}]}


def test_the_buttons_after_a_dropped_one_move_up(kitechat: Bind, row: MakeRow) -> None:
    buttons = [{"type": "web_url", "text": f"{{{{ text_{n} }}}}", "url": f"{{{{ url_{n} }}}}"} for n in (1, 2, 3)]
    headers = [f"{name} {n}" for n in (1, 2, 3) for name in ("Text", "Url")]
    found = template_of(kitechat(structured(buttons=buttons), *headers), row("A", URL, "", "", "C", URL))
    assert [button["text"] for button in found["buttons"]] == ["A", "C"]


def test_a_constant_button_stays_whatever_the_cells_hold(kitechat: Bind, row: MakeRow) -> None:
    constant = {"type": "quick_replies", "text": "Stop", "payload": "STOP"}
    buttons = [{"type": "web_url", "text": "More", "url": "{{ link }}"}, constant]
    template = kitechat(structured(body="Hi", buttons=buttons), "Link")
    assert template_of(template, row("")) == {"body": "Hi", "buttons": [constant]}


def test_a_button_goes_with_its_cells_though_its_other_parts_are_constant(kitechat: Bind, row: MakeRow) -> None:
    button = {"type": "quick_replies", "text": "{{ question }}", "payload": "ASK"}
    template = kitechat(structured(body="Hi", buttons=[button]), "Question")
    assert template_of(template, row("")) == {"body": "Hi"}


def test_a_header_without_its_picture_is_dropped(kitechat: Bind, row: MakeRow) -> None:
    template = kitechat(structured(body="Hi", header={"type": "image", "url": "{{ picture }}"}), "Picture")
    assert template_of(template, row("")) == {"body": "Hi"}


def test_a_card_of_which_nothing_is_left_is_dropped(kitechat: Bind, row: MakeRow) -> None:
    cards = [
        {"header": {"type": "image", "url": f"{{{{ image_{n} }}}}"}, "body": f"{{{{ body_{n} }}}}"} for n in (1, 2)
    ]
    template = kitechat(structured(cards=cards), "Image 1", "Body 1", "Image 2", "Body 2")
    assert template_of(template, row("", "", URL, "Two")) == {
        "cards": [{"header": {"type": "image", "url": URL}, "body": "Two"}]
    }
    assert template_of(template, row("", "One", "", "")) == {"cards": [{"body": "One"}]}


def test_fields_keep_the_order_of_the_template(kitechat: Bind, row: MakeRow) -> None:
    template = kitechat(
        structured(footer="{{ footer }}", body="Hi", header={"type": "text", "text": "{{ top }}"}), "Footer", "Top"
    )
    assert list(template_of(template, row("f", "t"))) == ["footer", "body", "header"]


def test_null_in_a_template_is_dropped(kitechat: Bind, row: MakeRow) -> None:
    constant = kitechat(structured(body="Hi", footer=None, header={"type": "text", "text": "x", "url": None}))
    assert template_of(constant, row()) == {"body": "Hi", "header": {"type": "text", "text": "x"}}
    variable = kitechat(structured(body="{{ body }}", footer=None), "Body")
    assert template_of(variable, row("Hi")) == {"body": "Hi"}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("Chào {{ name }}!", id="a name"),
        pytest.param("100 % {{ name }} %s {{ range }}%", id="per cent signs"),
        pytest.param("Chào {{ name | default('bạn') }}!", id="a default"),
        pytest.param("{{ name | d('') }}{{ name }}", id="a blank default"),
        pytest.param("{{ range | default('x') }}", id="a name that Jinja knows too"),
    ],
)
@given(text=st.none() | st.sampled_from(["", " ", "\u00a0\n", "\u200b", "0"]) | ANY_TEXT)
def test_the_short_way_says_what_jinja_says(source: str, text: str | None) -> None:
    compiled = compile_text(source, make_environment())
    context = {"name": text or "", "range": text or ""}
    assert compiled.render(context) == compiled.template.render(context)
    if "default" in source and "range" not in source:
        assert compiled.fill is not None
        assert compiled.render({}) == compiled.template.render({})
