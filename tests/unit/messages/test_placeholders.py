"""Headers in place of variables are recognised, and what was meant is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str, object], Path]
    Refusal = Callable[[Path], str]


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
        pytest.param("{{{name}}}", "{{{ has a brace too many; write a variable as {{ name }}", id="three braces"),
        pytest.param("Hi {%name%}", "“{%name%}” is no variable; write {{ name }}", id="percent signs"),
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
