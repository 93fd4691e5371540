"""Placeholders of other programs, and headers in place of variables, are recognised, and what was meant is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.messages import foreign_placeholders

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str, object], Path]
    Refusal = Callable[[Path], str]

NAMES = ["Họ tên", "order", "名前", "Số tiền (VND)"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("Chào {order}", [("{order}", "{{ order }}")], id="braces"),
        pytest.param("Chào ${order}", [("${order}", "{{ order }}")], id="shell"),
        pytest.param("Chào [Họ tên],", [("[Họ tên]", "{{ ho_ten }}")], id="square brackets"),
        pytest.param("Chào [[ho_ten]]", [("[[ho_ten]]", "{{ ho_ten }}")], id="square brackets twice"),
        pytest.param("Chào <<Họ Tên>>", [("<<Họ Tên>>", "{{ ho_ten }}")], id="angle brackets"),
        pytest.param("Chào « Họ tên »", [("« Họ tên »", "{{ ho_ten }}")], id="Word"),
        pytest.param("Chào %ORDER%!", [("%ORDER%", "{{ order }}")], id="percent"),
        pytest.param("Chào {名前}", [("{名前}", '{{ row["名前"] }}')], id="no letters of a variable"),
        pytest.param("{Số tiền (VND)}", [("{Số tiền (VND)}", "{{ so_tien_vnd }}")], id="parentheses"),
        pytest.param("{Họ\u200b tên}", [("{Họ\u200b tên}", "{{ ho_ten }}")], id="invisible character"),
        pytest.param(
            "{order} {order} [order]", [("{order}", "{{ order }}"), ("[order]", "{{ order }}")], id="each once"
        ),
        pytest.param("{{ order }} {% if order %}x{% endif %}{# order #}", [], id="Jinja"),
        pytest.param("{{order}}", [], id="Jinja without blanks"),
        pytest.param("Giảm 50% order%, 20%", [], id="percentages"),
        pytest.param("[Khuyến mãi] {ghi chú} 3 < order > 2", [], id="other texts in brackets"),
        pytest.param("[order](https://example.com)", [], id="link in Markdown"),
        pytest.param("{" * 50_000 + "[" * 50_000, [], id="brackets alone"),
        pytest.param("", [], id="blank"),
    ],
)
def test_a_placeholder_of_another_program_is_found_by_a_name_that_there_is(
    text: str, found: list[tuple[str, str]]
) -> None:
    assert foreign_placeholders(text, NAMES) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("{First name}", [("{First name}", "{{ first_name }}")], id="braces"),
        pytest.param("<<ten>> %ten%", [("<<ten>>", "{{ ten }}"), ("%ten%", "{{ ten }}")], id="others"),
        pytest.param("[first_name]", [("[first_name]", "{{ first_name }}")], id="identifier in square brackets"),
        pytest.param("[SALE] [Khuyến mãi] [1]", [], id="texts in square brackets"),
        pytest.param("[Order]", [("[Order]", "{{ order }}")], id="a name that there is"),
        pytest.param("100 % sure, 20 % off; { } [] <<>>", [], id="signs"),
    ],
)
def test_in_a_template_a_name_that_there_is_not_is_found_too(text: str, found: list[tuple[str, str]]) -> None:
    assert foreign_placeholders(text, NAMES, any_name=True) == found


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        pytest.param(
            "Hello {{ Họ tên }}",
            "“{{ Họ tên }}” is not a variable, whose name has letters from a to z, digits and _ only; "
            'write {{ ho_ten }} or {{ row["Họ tên"] }}',
            id="blank",
        ),
        pytest.param(
            '{{ name }} {{Họ tên|default("bạn")}}',
            'write {{ ho_ten | default("bạn") }} or {{ row["Họ tên"] | default("bạn") }}',
            id="filter",
        ),
        pytest.param("{{ お 名前 }}", 'write {{ row["お 名前"] }}', id="no letters of a variable"),
        pytest.param("{{ Số tiền (VND) }}", 'write {{ so_tien_vnd }} or {{ row["Số tiền (VND)"] }}', id="parentheses"),
        pytest.param("{{ Order no. }}", 'write {{ order_no }} or {{ row["Order no."] }}', id="dot at the end"),
        pytest.param(
            "{{ name | default(“bạn”) }}",
            '“ is a curly quotation mark; write straight ones: {{ name | default("bạn") }}',
            id="curly quotation marks",
        ),
        pytest.param("{{ name }", "{{ and }} do not come in pairs; write a variable as {{ name }}", id="one brace"),
        pytest.param("{{ name if }}", "msg: unexpected 'end of print statement'", id="in Jinja's words"),
    ],
)
def test_a_string_that_is_no_template_is_refused_with_what_was_meant(
    write: Write, template_refusal: Refusal, source: str, problem: str
) -> None:
    path = write("t.json", {"channel": "livechat", "payload": {"token": "t", "rid": "r", "msg": source}})
    assert template_refusal(path).startswith("t.json, line 6: msg: ")
    assert problem in template_refusal(path)
