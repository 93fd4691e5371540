"""Every variable has a column, a value or a default before the first row is sent; or the template is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.messages import MessageTemplate
    from campaign.sheets import Row

    Bind = Callable[..., MessageTemplate]
    MakeRow = Callable[..., Row]


def said(template: MessageTemplate, row: Row) -> str:
    payload = template.render(row).payload
    assert payload is not None
    text: str = payload["msg"]
    return text


def test_a_header_becomes_a_variable(livechat: Bind, row: MakeRow) -> None:
    assert said(livechat("{{ ho_va_ten }}", "Họ và tên"), row("Lan")) == "Lan"


def test_a_column_can_be_mapped(livechat: Bind, row: MakeRow) -> None:
    template = livechat("{{ name }}", "Name", "Họ và tên", columns={"name": "Họ và tên"})
    assert said(template, row("wrong", "Lan")) == "Lan"


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("họ và  TÊN ", id="case and blanks"),
        pytest.param("Ho\u0323 va\u0300 te\u0302n", id="combining marks"),
    ],
)
def test_a_mapped_header_is_found_however_it_is_typed(livechat: Bind, row: MakeRow, header: str) -> None:
    assert said(livechat("{{ name }}", "Họ và tên", columns={"name": header}), row("Lan")) == "Lan"


def test_a_header_that_matches_to_the_letter_goes_before_one_that_matches_loosely(livechat: Bind, row: MakeRow) -> None:
    assert said(livechat("{{ x }}", "Name", "NAME", columns={"x": "NAME"}), row("a", "b")) == "b"


@pytest.mark.parametrize(
    "columns", [pytest.param({}, id="by its header"), pytest.param({"name": "Họ và tên"}, id="mapped")]
)
def test_a_value_goes_before_a_column(livechat: Bind, row: MakeRow, columns: dict[str, str]) -> None:
    template = livechat("{{ name }}", "Name", "Họ và tên", columns=columns, values={"name": "everybody"})
    assert said(template, row("Lan", "Lan")) == "everybody"


def test_a_value_replaces_a_mapped_header_that_does_not_exist(livechat: Bind, row: MakeRow) -> None:
    template = livechat("{{ name }}", "Age", columns={"name": "Tên"}, values={"name": "everybody"})
    assert said(template, row("30")) == "everybody"


def test_a_value_is_not_rendered(livechat: Bind, row: MakeRow) -> None:
    assert said(livechat("{{ name }}", "Age", values={"name": "{{ age }}"}), row("30")) == "{{ age }}"


def test_a_value_that_no_variable_asks_for_does_no_harm(livechat: Bind, row: MakeRow) -> None:
    template = livechat("{{ age }}", "Age", values={"page_id": "1"})
    assert said(template, row("30")) == "30"
    assert template.binding.values == {}


def test_a_blank_value_is_a_value(livechat: Bind, row: MakeRow) -> None:
    assert said(livechat("x{{ name }}", values={"name": ""}), row()) == "x"


# Refusals


def refused(livechat: Bind, source: str, *headers: str, **mapped: dict[str, str]) -> str:
    with pytest.raises(TemplateError, match=r"\S") as caught:
        livechat(source, *headers, **mapped)
    return str(caught.value)


def test_a_variable_from_nowhere_is_refused_with_the_nearest_header(livechat: Bind) -> None:
    assert refused(livechat, "{{ ho_ten }}", "Tuổi", "Họ và tên") == (
        "message.json: “ho_ten” has no column, no value and no default; the nearest header is “Họ và tên”: "
        "use {{ ho_va_ten }}, or --map ho_ten=HEADER (variables found: tuoi, ho_va_ten)"
    )


@pytest.mark.parametrize("name", ["question", "token"])
def test_a_header_that_has_some_of_the_letters_is_not_the_nearest(livechat: Bind, name: str) -> None:
    assert "nearest" not in refused(livechat, f"{{{{ {name} }}}}", "Số tiền")


def test_a_header_that_has_the_word_is_nearer_than_one_that_is_spelt_alike(livechat: Bind) -> None:
    assert "the nearest header is “Tên khách”" in refused(livechat, "{{ ten }}", "Tiền", "Tên khách", "Tên của hàng")


def test_a_variable_like_no_header_is_refused_with_the_ways_to_name_it(livechat: Bind) -> None:
    assert refused(livechat, "{{ zzz }}", "Tuổi") == (
        "message.json: “zzz” has no column, no value and no default; name its header with --map zzz=HEADER or under "
        "[columns], or its text with --set zzz=TEXT (variables found: tuoi)"
    )


def test_variables_like_no_header_are_refused_in_one_line(livechat: Bind) -> None:
    assert refused(livechat, "{{ zzz }}{{ yyy }}{{ ten }}", "Tên khách").splitlines() == [
        (
            "message.json: “ten” has no column, no value and no default; the nearest header is “Tên khách”: "
            "use {{ ten_khach }}, or --map ten=HEADER"
        ),
        (
            "message.json: “yyy” and “zzz” have no column, no value and no default; name the header of each with --map "
            "yyy=HEADER or under [columns], or its text with --set yyy=TEXT (variables found: ten_khach)"
        ),
    ]


def test_headers_that_fold_to_nothing_are_no_variables(livechat: Bind) -> None:
    assert refused(livechat, "{{ zzz }}", "名前").endswith("(variables found: none)")


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("{% if name %}x{% endif %}", id="condition"),
        pytest.param('{{ name or "x" }}', id="or"),
        pytest.param('{{ name | default("x") }} {{ name }}', id="default only once"),
        pytest.param("{% for n in name %}{{ n }}{% endfor %}", id="loop"),
        pytest.param("{{ name | upper }}", id="filter"),
    ],
)
def test_a_variable_used_without_a_default_needs_a_source(livechat: Bind, source: str) -> None:
    assert "“name” has no column" in refused(livechat, source, "Tuổi")


@pytest.mark.parametrize(
    "source",
    [
        pytest.param('{{ name | default("x") }}', id="default"),
        pytest.param('{{ name | d("x") | upper }}', id="d"),
        pytest.param("x{% if name is defined %}y{% endif %}", id="is defined"),
        pytest.param("x{% if name is undefined %}y{% endif %}", id="is undefined"),
        pytest.param("{% for name in 'abc' %}{{ name }}{% endfor %}", id="a name of its own"),
        pytest.param("{% for row in [{'x': 'y'}] %}{{ row['x'] }}{% endfor %}", id="a row of its own"),
    ],
)
def test_a_variable_that_the_template_can_do_without_needs_no_source(livechat: Bind, row: MakeRow, source: str) -> None:
    assert said(livechat(source, "Tuổi"), row("30"))


def test_a_condition_on_being_defined_knows_a_blank_cell_from_no_column(livechat: Bind, row: MakeRow) -> None:
    source = "x{% if name is defined %}y{% endif %}"
    assert said(livechat(source, "Name"), row("")) == "xy"
    assert said(livechat(source, "Age"), row("")) == "x"


def test_every_variable_from_nowhere_is_named_at_once(livechat: Bind) -> None:
    found = refused(livechat, '{{ one }} {{ row["Hai"] }}', "Tuổi", columns={"three": "Ba"})
    assert "“one”" in found
    assert "“Hai”" in found
    assert "“Ba”" in found


def test_two_headers_that_fold_alike_are_refused_if_the_template_uses_the_name(livechat: Bind) -> None:
    assert refused(livechat, "{{ ten }}", "Tên", "Ten") == (
        "ten: “Tên” (A) and “Ten” (B) both become this variable; rename one header, or name one under [columns]"
    )


def test_two_headers_that_fold_alike_do_no_harm_otherwise(livechat: Bind, row: MakeRow) -> None:
    assert said(livechat("{{ tuoi }}", "Tên", "Ten", "Tuổi"), row("a", "b", "30")) == "30"
    assert said(livechat('{{ row["Ten"] }}', "Tên", "Ten"), row("a", "b")) == "b"
    assert said(livechat("{{ ten }}", "Tên", "Ten", columns={"ten": "Ten"}), row("a", "b")) == "b"
    assert said(livechat("{{ ten }}", "Tên", "Ten", values={"ten": "c"}), row("a", "b")) == "c"


@pytest.mark.parametrize(
    ("source", "columns", "where"),
    [
        pytest.param("{{ name }}", {"name": "Tên"}, "columns.name", id="mapped"),
        pytest.param('{{ row["Tên"] }}', {}, 'message.json: row["Tên"]', id="by header"),
    ],
)
def test_a_header_of_two_columns_is_refused_if_it_is_used(
    livechat: Bind, source: str, columns: dict[str, str], where: str
) -> None:
    assert refused(livechat, source, "Tên", "Tuổi", "Tên", columns=columns) == (
        f"{where}: columns A and C share the header “Tên”; give one of them another header"
    )


@pytest.mark.parametrize(
    ("source", "columns", "where"),
    [
        pytest.param("{{ name }}", {"name": "Họ va ten"}, "columns.name", id="mapped"),
        pytest.param('{{ row["Họ va ten"] }}', {}, 'message.json: row["Họ va ten"]', id="row"),
        pytest.param('{{ raw["Họ va ten"] }}', {}, 'message.json: row["Họ va ten"]', id="raw"),
    ],
)
def test_a_header_that_is_not_there_is_refused_with_the_nearest_one(
    livechat: Bind, source: str, columns: dict[str, str], where: str
) -> None:
    assert refused(livechat, source, "Tuổi", "Họ và tên", columns=columns) == (
        f"{where}: there is no column with the header “Họ va ten”; did you mean “Họ và tên”?"
    )


def test_a_header_like_no_other_is_refused_with_all_headers(livechat: Bind) -> None:
    assert refused(livechat, '{{ row["zzz"] }}', "Tuổi", "", "Tên").endswith("the headers are: Tuổi, Tên")


@pytest.mark.parametrize(
    ("source", "columns"),
    [
        pytest.param("{{ name }}", {"name": "Họ tên"}, id="mapped"),
        pytest.param("{{ ho_ten }}", {}, id="variable"),
        pytest.param('{{ row["Họ tên"] }}', {}, id="row"),
        pytest.param('{{ raw["Họ tên"] }}', {}, id="raw"),
        pytest.param('{% set name = "Họ tên" %}{{ row[name] }}', {}, id="row, by a name of the template"),
        pytest.param('{{ row["Ho\u0323\u200b te\u0302n"] }}', {}, id="invisible in the template too"),
    ],
)
@pytest.mark.parametrize(
    "header",
    [
        pytest.param("Họ\u200b tên", id="zero-width space"),
        pytest.param("H\u200dọ tên", id="zero-width joiner in a word"),
        pytest.param("Họ\xa0tên", id="no-break space"),
        pytest.param("\ufeffHọ tên\u2003", id="outside"),
    ],
)
def test_a_header_with_characters_that_nobody_sees_is_found(
    livechat: Bind, row: MakeRow, source: str, columns: dict[str, str], header: str
) -> None:
    assert said(livechat(source, "Tuổi", header, columns=columns), row("30", "Lan")) == "Lan"


@pytest.mark.parametrize(
    ("source", "columns", "where"),
    [
        pytest.param("{{ name }}", {"name": "Họ tên"}, "columns.name", id="mapped"),
        pytest.param('{{ row["Họ tên"] }}', {}, 'message.json: row["Họ tên"]', id="row"),
    ],
)
def test_two_headers_that_look_the_same_are_told_apart_by_the_character(
    livechat: Bind, source: str, columns: dict[str, str], where: str
) -> None:
    assert refused(livechat, source, "Họ tên", "Họ\u200b tên", columns=columns) == (
        f"{where}: “Họ tên” (A) and “Họ\u200b tên” (B, with U+200B ZERO WIDTH SPACE) look the same; "
        "give one of them another header"
    )
    assert "(B, with U+200B ZERO WIDTH SPACE) both become" in refused(
        livechat, "{{ ho_ten }}", "Họ tên", "Họ\u200b tên"
    )


@pytest.mark.parametrize(
    ("typed", "header", "named"),
    [
        pytest.param("Đơn", "Ðơn", "U+00D0 LATIN CAPITAL LETTER ETH", id="eth"),
        pytest.param("Token", "Tоken", "U+043E CYRILLIC SMALL LETTER O", id="Cyrillic"),
    ],
)
def test_a_header_in_letters_that_look_the_same_is_named_by_the_letter(
    livechat: Bind, typed: str, header: str, named: str
) -> None:
    assert refused(livechat, f'{{{{ row["{typed}"] }}}}', header).endswith(
        f"did you mean “{header}”? It has {named} in it"
    )


def test_long_and_many_headers_are_shortened(livechat: Bind) -> None:
    long = refused(livechat, '{{ zzz }}{{ row["zzz"] }}', "x" * 230)
    assert len(max(long.splitlines(), key=len)) < 250
    many = refused(livechat, '{{ zzz }}{{ row["zzz"] }}', *(f"column {number}" for number in range(16_384)))
    assert many.count("column 11 and 16,372 more") == 1
    assert many.count("column_11 and 16,372 more") == 1


def test_a_variable_with_accents_is_suggested_without(livechat: Bind) -> None:
    assert "the nearest header is “Tên”: use {{ ten }}" in refused(livechat, "{{ Tên }}", "Tên", "Tuổi")


@pytest.mark.parametrize("name", [pytest.param("row", id="row"), pytest.param("raw", id="raw")])
def test_reserved_names_cannot_be_mapped(livechat: Bind, name: str) -> None:
    assert refused(livechat, "x", "Tên", columns={name: "Tên"}) == (
        f'columns.{name}: “{name}” is a reserved name; use {name}["Tên"] instead'
    )


# What check shows


def test_the_mapping_found_can_be_shown(livechat: Bind) -> None:
    binding = livechat("{{ a }}{{ b }}{{ c | default('') }}", "B", "X", columns={"a": "X"}, values={"c": "z"}).binding
    assert {name: column.letter for name, column in binding.columns.items()} == {"a": "B", "b": "A"}
    assert binding.values == {"c": "z"}
