"""Styles for dates are added at the end of those of a workbook."""

from __future__ import annotations

import pytest
from defusedxml.ElementTree import fromstring

from campaign.errors import RecipientsError
from campaign.review.annotation import date_styles
from campaign.review.annotation.date_styles import with_date_styles
from tests.unit.sheets import books

DATE = 'formatCode="yyyy-mm-dd hh:mm:ss"'


def styles(cells: str, formats: str = "", more: str = "") -> str:
    return f'<styleSheet xmlns="{books.MAIN}">{formats}<fonts count="1"><font/></fonts>{cells}{more}</styleSheet>'


def dated(xml: str, *wanted: str) -> tuple[str, dict[str, str]]:
    part, found = with_date_styles(xml.encode(), wanted or ("0",), "list.xlsx")
    fromstring(part)
    return part.decode(), dict(found)


def test_a_style_is_copied_with_the_format_for_dates() -> None:
    xf = '<xf numFmtId="9" fontId="3" xfId="0"><alignment wrapText="1"/></xf>'
    found, numbers = dated(styles(f'<cellXfs count="2"><xf numFmtId="0"/>{xf}</cellXfs>'), "1", "0")
    assert numbers == {"0": "2", "1": "3"}
    assert found == styles(
        f'<cellXfs count="4"><xf numFmtId="0"/>{xf}<xf applyNumberFormat="1" numFmtId="164"/>'
        '<xf applyNumberFormat="1" numFmtId="164" fontId="3" xfId="0"><alignment wrapText="1"/></xf></cellXfs>',
        f'<numFmts count="1"><numFmt numFmtId="164" {DATE}/></numFmts>',
    )


ONE = '<cellXfs count="1"><xf numFmtId="0"/></cellXfs>'


@pytest.mark.parametrize(
    ("formats", "number", "expected"),
    [
        pytest.param(
            '<numFmts count="1"><numFmt numFmtId="170" formatCode="0.0"/></numFmts>', "171",
            f'<numFmts count="2"><numFmt numFmtId="170" formatCode="0.0"/><numFmt numFmtId="171" {DATE}/></numFmts>',
            id="others",
        ),
        pytest.param(
            f'<numFmts count="1"><numFmt numFmtId="170" {DATE}/></numFmts>', "170",
            f'<numFmts count="1"><numFmt numFmtId="170" {DATE}/></numFmts>', id="the same",
        ),
        pytest.param(
            '<numFmts count="0" />', "164", f'<numFmts count="1"><numFmt numFmtId="164" {DATE}/></numFmts>', id="none",
        ),
        pytest.param(
            "<numFmts></numFmts>", "164", f'<numFmts count="1"><numFmt numFmtId="164" {DATE}/></numFmts>', id="blank",
        ),
    ],
)  # fmt: skip
def test_the_format_gets_a_number_that_is_free(formats: str, number: str, expected: str) -> None:
    found, _ = dated(styles(ONE, formats))
    assert found.startswith(styles("", expected).partition("<fonts")[0])
    assert f'<xf applyNumberFormat="1" numFmtId="{number}"/></cellXfs>' in found


def test_a_format_of_a_differential_style_is_none_of_the_workbook() -> None:
    found, _ = dated(styles(ONE, more=f'<dxfs><dxf><numFmt numFmtId="180" {DATE}/></dxf></dxfs>'))
    assert f'<numFmts count="1"><numFmt numFmtId="181" {DATE}/></numFmts>' in found


@pytest.mark.parametrize("style", ["1", "x", "-1"])
def test_a_style_that_there_is_not_is_the_first_one(style: str) -> None:
    found, numbers = dated(styles(ONE), style)
    assert numbers == {style: "1"}
    assert '<xf applyNumberFormat="1" numFmtId="164"/></cellXfs>' in found


def test_a_style_with_alternatives_counts_once() -> None:
    alternatives = (
        '<mc:AlternateContent xmlns:mc="urn:mc"><mc:Choice xmlns:hs="urn:hs"><xf numFmtId="1" hs:x="1"/></mc:Choice>'
        '<mc:Fallback><xf numFmtId="2" fontId="5"/></mc:Fallback></mc:AlternateContent>'
    )
    found, numbers = dated(styles(f'<cellXfs><xf numFmtId="0"/>{alternatives}<xf fontId="6"/></cellXfs>'), "1", "2")
    assert numbers == {"1": "3", "2": "4"}
    assert found.endswith(
        '<xf applyNumberFormat="1" numFmtId="164" fontId="5"/>'
        '<xf numFmtId="164" applyNumberFormat="1" fontId="6"/></cellXfs></styleSheet>'
    )


@pytest.mark.parametrize("cells", ["", "<cellXfs/>", '<cellXfs count="0"></cellXfs>'])
def test_styles_without_any_for_cells_stay(cells: str) -> None:
    assert dated(styles(cells)) == (styles(cells), {})


def test_styles_that_are_full_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(date_styles, "_MOST_STYLES", 2)
    assert dated(styles(ONE), "0")[1] == {"0": "1"}
    assert dated(styles(ONE), "0", "1") == (styles(ONE), {})


def test_damaged_styles_are_refused() -> None:
    with pytest.raises(RecipientsError, match="the file is damaged"):
        dated("<styleSheet><cellXfs>")
