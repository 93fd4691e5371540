"""A row that cannot be sent says so by cell, in words of the sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.channels import Payload
    from campaign.messages import MessageTemplate
    from campaign.sheets import Row

    Bind = Callable[..., MessageTemplate]
    MakeRow = Callable[..., Row]

URL = "https://example.com/a.jpg"
ERROR_CELL = Problem("B7", "holds the error #N/A", "put it right in the sheet")


def problems(template: MessageTemplate, row: Row) -> list[str]:
    message = template.render(row)
    assert message.payload is None
    return [str(problem) for problem in message.problems]


def structured(**fields: object) -> Payload:
    return {"type": "template", "template": fields}


def test_a_blank_required_field_is_named_by_its_cell(livechat: Bind, row: MakeRow) -> None:
    template = livechat("{{ text }}", "Name", "Text")
    assert problems(template, row("Lan", " ", number=7)) == ["B7: “Text” is blank, and msg needs it; fill it in"]


def test_a_header_of_any_length_is_named_by_its_beginning(livechat: Bind, row: MakeRow) -> None:
    template = livechat("{{ text }}", "Name", "Text" + "!" * 900_000)
    (problem,) = problems(template, row("Lan", "", number=7))
    assert problem == f"B7: “Text{'!' * 75}…” is blank, and msg needs it; fill it in"


def test_only_the_blank_cells_of_a_field_are_named(livechat: Bind, row: MakeRow) -> None:
    template = livechat("{% if name %}{{ greeting }}{{ text }}{% endif %}", "Name", "Greeting", "Text")
    assert problems(template, row("Lan", "", "")) == [
        "B2, C2: “Greeting” and “Text” are blank, and msg needs it; fill it in"
    ]


def test_a_message_that_comes_to_nothing_though_no_cell_is_blank_shows_its_cells(livechat: Bind, row: MakeRow) -> None:
    template = livechat('{% if name == "Lan" %}Hi{% endif %}', "Name")
    assert problems(template, row("Huy")) == ["A2: msg is missing, and the API requires it; the cell shows “Huy”"]


def test_a_wrong_value_is_shown_with_its_cell(kitechat: Bind, row: MakeRow) -> None:
    template = kitechat({"type": "image", "url": "{{ picture }}"}, "Name", "Picture")
    [problem] = problems(template, row("Lan", "www.example.com/tết.jpg", number=12))
    assert problem.startswith("B12: message.url must be a web address that starts with http:// or https://")
    assert problem.endswith("; the cell shows “www.example.com/tết.jpg”")


def test_a_long_cell_is_shown_by_its_beginning(kitechat: Bind, row: MakeRow) -> None:
    template = kitechat({"type": "image", "url": "{{ picture }}"}, "Picture")
    [problem] = problems(template, row("x" * 40 + "y\nz"))
    assert problem.endswith(f"; the cell shows “{'x' * 39}…”")


def test_a_wrong_type_from_a_cell_names_the_choices(kitechat: Bind, row: MakeRow) -> None:
    template = kitechat({"type": "{{ type }}", "url": URL}, "Type")
    [problem] = problems(template, row("gif"))
    assert problem.startswith("A2: message.type is “gif”, and must be one of text, image, video, audio, document, ")
    assert problem.endswith("; the cell shows “gif”")


def test_a_half_filled_button_is_named_by_its_blank_cell(kitechat: Bind, row: MakeRow) -> None:
    button = {"type": "web_url", "text": "{{ text }}", "url": "{{ link }}"}
    template = kitechat(structured(body="Hi", buttons=[button]), "Text", "Link")
    assert problems(template, row("More", "")) == [
        "B2: “Link” is blank, and message.template.buttons[1].url needs it; fill it in"
    ]


def test_a_button_is_counted_as_in_the_template_even_after_dropped_ones(kitechat: Bind, row: MakeRow) -> None:
    buttons = [{"type": "web_url", "text": f"{{{{ text_{n} }}}}", "url": f"{{{{ url_{n} }}}}"} for n in (1, 2, 3)]
    headers = [f"{name} {n}" for n in (1, 2, 3) for name in ("Text", "Url")]
    template = kitechat(structured(body="Hi", buttons=buttons), *headers)
    second, third = problems(template, row("", "", "Two", "", "Three", "x"))
    assert second == "D2: “Url 2” is blank, and message.template.buttons[2].url needs it; fill it in"
    assert third.startswith("F2: message.template.buttons[3].url must be a web address")


def test_a_button_in_a_card_after_a_dropped_card_is_named_by_its_cell(kitechat: Bind, row: MakeRow) -> None:
    cards = [
        {
            "body": f"{{{{ body_{n} }}}}",
            "buttons": [{"type": "quick_replies", "text": f"{{{{ text_{n} }}}}", "payload": f"{{{{ payload_{n} }}}}"}],
        }
        for n in (1, 2)
    ]
    headers = [f"{name} {n}" for n in (1, 2) for name in ("Body", "Text", "Payload")]
    template = kitechat(structured(cards=cards), *headers)
    assert problems(template, row("", "", "", "Two", "Buy", "")) == [
        "F2: “Payload 2” is blank, and message.template.cards[2].buttons[1].payload needs it; fill it in"
    ]


def test_a_message_of_which_nothing_is_left_names_every_cell_that_might_fill_it(kitechat: Bind, row: MakeRow) -> None:
    template = kitechat(structured(body="{{ body }}", footer="{{ footer }}"), "Body", "Footer")
    assert problems(template, row("", "")) == [
        "A2, B2: “Body” and “Footer” are blank, and message.template needs it; fill it in"
    ]


def test_a_wrong_value_that_comes_from_no_cell_is_named_by_its_row(livechat: Bind, row: MakeRow) -> None:
    template = livechat("{{ text }}", "Name", values={"text": " "})
    assert problems(template, row("Lan", number=7)) == ["row 7: msg is missing, and the API requires it"]


def test_all_wrong_fields_of_a_row_are_named_at_once(kitechat: Bind, row: MakeRow) -> None:
    header = {"type": "image", "url": "{{ picture }}"}
    button = {"type": "web_url", "text": "{{ text }}", "url": "{{ link }}"}
    template = kitechat(structured(header=header, buttons=[button]), "Picture", "Text", "Link")
    assert [problem.split(":")[0] for problem in problems(template, row("x", "", URL))] == ["A2", "B2"]


def test_all_fields_that_cannot_be_rendered_are_named_at_once(kitechat: Bind, row: MakeRow) -> None:
    template = kitechat(structured(body="{{ day | date }}", footer='{{ total | number("0") }}'), "Day", "Total")
    found = problems(template, row("soon", "much"))
    assert [problem.split(":")[0] for problem in found] == ["A2", "B2"]


def test_what_fails_only_by_chance_is_a_problem_of_the_row(livechat: Bind, row: MakeRow) -> None:
    template = livechat("{{ 1 // range(2) | random }}")
    for _ in range(64):
        message = template.render(row())
        assert message.payload is not None or message.problems


# Cells that are no cells


def test_an_error_cell_in_a_used_column_is_the_rows_problem(livechat: Bind, row: MakeRow) -> None:
    template = livechat("{{ total }}", "Name", "Total")
    assert template.render(row("Lan", "#N/A", number=7, problems=[ERROR_CELL])).problems == (ERROR_CELL,)


def test_an_error_cell_in_an_unused_column_is_nobodys_problem(livechat: Bind, row: MakeRow) -> None:
    template = livechat("{{ name }}", "Name", "Total")
    assert template.render(row("Lan", "#N/A", number=7, problems=[ERROR_CELL])).payload


def test_an_error_cell_under_a_variable_with_a_value_of_its_own_is_nobodys_problem(
    livechat: Bind, row: MakeRow
) -> None:
    template = livechat("{{ total }}", "Name", "Total", values={"total": "5"})
    assert template.render(row("Lan", "#N/A", number=7, problems=[ERROR_CELL])).payload


@pytest.mark.parametrize(
    "source",
    [
        pytest.param('{{ row["Total"] }}', id="by header"),
        pytest.param('{{ raw["Total"] }}', id="as stored"),
        pytest.param("{{ row.Total }}", id="with a dot"),
        pytest.param('{{ row.get("Total") }}', id="get"),
        pytest.param('{% set h = "Total" %}{{ row[h] }}', id="by a variable"),
        pytest.param("{% for cell in row.values() %}{{ cell }}{% endfor %}", id="in a loop"),
        pytest.param('{{ total | default("x") }}', id="with a default"),
        pytest.param("{{ t }}", id="mapped"),
    ],
)
def test_a_column_counts_as_used_however_it_is_reached(livechat: Bind, row: MakeRow, source: str) -> None:
    template = livechat(source, "Name", "Total", columns={"t": "Total"})
    assert template.render(row("Lan", "#N/A", number=7, problems=[ERROR_CELL])).problems == (ERROR_CELL,)


def test_a_problem_of_the_whole_row_always_counts(livechat: Bind, row: MakeRow) -> None:
    torn = Problem("row 7", "line 9 has 3 fields and the header has 2", "")
    template = livechat("{{ name }}", "Name", "Total")
    assert template.render(row("Lan", "5", number=7, problems=[torn])).problems == (torn,)


def test_a_column_beyond_z_is_distinguished_from_its_neighbours(livechat: Bind, row: MakeRow) -> None:
    headers = [f"H{n}" for n in range(28)]
    template = livechat("{{ h27 }}", *headers)
    cells = ["x"] * 28
    assert template.render(row(*cells, problems=[Problem("A2", "bad"), Problem("B2", "bad")])).payload
    assert template.render(row(*cells, problems=[Problem("AB2", "bad")])).payload is None


@pytest.mark.parametrize("half", [pytest.param("\ud83d", id="first half"), pytest.param("x\udc00", id="second half")])
def test_half_of_a_character_is_a_problem_of_its_cell_that_can_be_written_down(
    livechat: Bind, row: MakeRow, half: str
) -> None:
    [problem] = problems(livechat("{{ name }}", "Name"), row(half))
    assert problem.startswith("A2: msg holds half of a character, which no server can take; the cell shows “")
    assert problem.encode()


def test_a_problem_of_rendering_can_be_written_down_too(livechat: Bind, row: MakeRow) -> None:
    [problem] = problems(livechat("{{ name | number }}", "Name"), row("\ud83d"))
    assert problem.encode()
