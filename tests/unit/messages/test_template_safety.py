"""Templates run in a sandbox: whatever one tries is a problem of the row, never a crash and never a leak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.messages import MessageTemplate
    from campaign.sheets import Row

    Bind = Callable[..., MessageTemplate]
    MakeRow = Callable[..., Row]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("{{ name.__class__ }}", id="class"),
        pytest.param("{{ ''.__class__.__mro__[1].__subclasses__() }}", id="subclasses"),
        pytest.param("{{ name.__init__.__globals__ }}", id="globals"),
        pytest.param("{{ row.__class__ }}", id="class of the row"),
        pytest.param('{{ name["__class__"] }}', id="by item"),
        pytest.param('{{ name | attr("__class__") }}', id="by filter"),
        pytest.param('{{ "{0.__class__}".format(name) }}', id="format"),
        pytest.param('{{ "{0.__class__}".format_map({"0": name}) }}', id="format_map"),
        pytest.param('{{ row.update({"Name": "x"}) }}', id="changing the row"),
        pytest.param('{{ row.pop("Name") }}', id="taking from the row"),
        pytest.param("{{ row.clear() }}", id="clearing the row"),
        pytest.param("{{ range(10**9) | list }}", id="a billion of anything"),
        pytest.param("{{ name * 10**9 }}", id="a billion times a cell"),
        pytest.param("{{ 10**9 * [name] }}", id="a list of a billion"),
        pytest.param("{{ 'x' * 10**9 }}", id="a constant of a gigabyte"),
        pytest.param("{{ 10 ** (10 ** 9) }}", id="a number of a billion digits"),
        pytest.param("{{ self.__init__ }}", id="the template itself"),
        pytest.param("{{ lipsum.__globals__ }}", id="lipsum"),
        pytest.param("{{ cycler.__init__.__globals__.os }}", id="cycler"),
        pytest.param("{{ joiner }}", id="joiner"),
        pytest.param('{% include "/etc/passwd" %}', id="include"),
        pytest.param('{% import "x" as x %}', id="import"),
        pytest.param('{% extends "x" %}', id="extends"),
    ],
)
def test_a_way_out_of_the_sandbox_leads_nowhere(livechat: Bind, row: MakeRow, source: str) -> None:
    values = {"lipsum": "", "cycler": "", "joiner": ""}
    message = livechat(f"{{{{ name }}}}{source}", "Name", values=values).render(row("Lan"))
    if message.payload is None:
        assert "cannot be rendered" in str(message.problems[0])
    else:
        assert message.payload["msg"] == "Lan"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        pytest.param("{{ 3 * 4 }}", "12", id="numbers"),
        pytest.param("{{ 2.5 * 2 }}", "5.0", id="fractions"),
        pytest.param("{{ 2 ** 10 }}", "1024", id="a power"),
        pytest.param("{{ 2 ** -1 }}", "0.5", id="a root"),
        pytest.param("{{ '-' * 3 }}", "---", id="a line"),
    ],
)
def test_sums_of_a_sensible_size_are_done(livechat: Bind, row: MakeRow, source: str, text: str) -> None:
    message = livechat(source, "Name").render(row("Lan"))
    assert message.payload is not None
    assert message.payload["msg"] == text


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("{{ 1 / 0 }}", id="division by nothing"),
        pytest.param("{{ name + 1 }}", id="text and number"),
        pytest.param("{{ name.first.letter }}", id="no such part"),
        pytest.param("{{ row[h] }}", id="no such header"),
        pytest.param("{{ name[5:1:0] }}", id="slice that stands still"),
        pytest.param("{{ name | int(base=99) }}{{ [] | min + 1 }}", id="filter out of its depth"),
        pytest.param("{{ name | round }}", id="filter for something else"),
        pytest.param("{{ (name * 9) | truncate(1) }}", id="filter that asserts"),
        pytest.param("{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}", id="endless"),
        pytest.param("{{ name.encode('ascii') }}", id="letters beyond ASCII"),
    ],
)
def test_whatever_goes_wrong_in_a_template_is_a_problem_of_the_row(livechat: Bind, row: MakeRow, source: str) -> None:
    message = livechat(source, "Name", values={"h": "Age"}).render(row("Đỗ"))
    assert message.payload is None
    assert "cannot be rendered" in str(message.problems[0])


@pytest.mark.parametrize(
    ("source", "why"),
    [
        pytest.param("{{ name.upper }}", "a function is not text; call it with ()", id="method"),
        pytest.param("{{ range }}", "a function is not text; call it with ()", id="function"),
        pytest.param("{{ row }}", "a whole row is not text; name a column", id="row"),
        pytest.param("Dear {{ raw }}", "a whole row is not text; name a column", id="raw in a text"),
        pytest.param("{{ {'a': 1} }}", "a whole row is not text; name a column", id="mapping"),
    ],
)
def test_a_result_that_is_not_text_is_a_problem(livechat: Bind, row: MakeRow, source: str, why: str) -> None:
    [problem] = livechat(source, "Name").render(row("Lan")).problems
    assert why in problem.what
