"""Which section of a code shows a value, and whether a minus sign is added."""

from __future__ import annotations

import pytest

from campaign.sheets.number_format import CellText, format_number

SIGNS = [
    (5, "0;(0);-;@", "5"),
    (-5, "0;(0);-;@", "(5)"),
    (0, "0;(0);-;@", "-"),
    (5, "0;(0)", "5"),
    (-5, "0;(0)", "(5)"),
    (0, "0;(0)", "0"),
    (5, "0;;", "5"),
    (-5, "0;;", ""),
    (0, "0;;", ""),
    (5, ";;;", ""),
    (-5, "0.0;[Red]0.0", "5.0"),
    (0, '"yes";"yes";"no"', "no"),
    (-1, '"yes";"yes";"no"', "yes"),
    (0, "General;General;-;General", "-"),
    (-12345.678, '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', "$(12,345.68)"),
    (0, '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', "$-"),
    (3764, '_(* #,##0_);_(* \\(#,##0\\);_(* "-"_);_(@_)', "3,764"),
    (15, "\\,##.??;\\(#,###.??\\);0", ",15."),
    (-14.3453, "\\,##.??;\\(#,###.??\\);0", "(14.35)"),
]

CONDITIONS = [
    (1234, '[>999]0.0,"K";0', "1.2K"),
    (999, '[>999]0.0,"K";0', "999"),
    (-5, '[>999]0.0,"K";0', "-5"),
    (2500000, '[>=1000000]0.0,,"M";[>=1000]0,"K";0', "2.5M"),
    (2500, '[>=1000000]0.0,,"M";[>=1000]0,"K";0', "3K"),
    (25, '[>=1000000]0.0,,"M";[>=1000]0,"K";0', "25"),
    (-25, '[>=1000000]0.0,,"M";[>=1000]0,"K";0', "-25"),
    (8675309, "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", "867-5309"),
    (2813308004, "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", "(281) 330-8004"),
    (-12.3, "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", "--12"),
    (1, '[=1]"một";[=2]"hai";0', "một"),
    (2, '[=1]"một";[=2]"hai";0', "hai"),
    (3, '[=1]"một";[=2]"hai";0', "3"),
    (50, "[<>50]General;000", "050"),
    (51, "[<>50]General;000", "51"),
    (6.3, '[<=0]"B"0', "6.3"),
    (-6.3, '[<=0]"B"0', "-B6"),
    (-5, "[<-4]\\A0", "A5"),
    (-5, "[=-5]\\A0", "A5"),
    (-5, "[>-6]\\A0", "-A5"),
    (-5, "[=-6]\\A0", "-5"),
    (-5, "[<-6]\\A0;\\B0", "B5"),
    (-5, "[>2]\\A0;\\B0", "-B5"),
    (-5, "[<-6]\\A0;[<-4]\\B0;\\C0", "B5"),
    (-5, "[<-6]\\A0;[=-6]\\B0;\\C0", "-C5"),
    (-1, '"A"0;[<-2]"B"0;"C"0', "-C1"),
    (0, '"A"0;[<-2]"B"0;"C"0', "C0"),
    (1, '"A"0;[<-2]"B"0;"C"0', "A1"),
    (-10, "[=0]0;0.0;0.00", "10.0"),
    (10, "[=0]0;0.0;0.00", "10.00"),
    (-10, "0;[>=0]0.0;", "-"),
    (-26, "[Red][<-25]General;[Blue][>25]General;[Green]General;[Yellow]General\\ ", "26"),
    (-25, "[Red][<-25]General;[Blue][>25]General;[Green]General;[Yellow]General\\ ", "-25"),
    (-3.96, "[>=100]#,##0;[<=-100]-#,##0;#,##0.00", "-3.96"),
    (-0.5, '[<0]"";0%', ""),
    (-12.3, "[=0]?;#,##0.00", "-12.30"),
    (0.3, "[<0.5]0.0;0", "0.3"),
    (0.3, "[<.5]0.0;0", "0.3"),
    (200, "[>1E2]0.0;0", "200.0"),
    (7, "[> 5]0.0;0", "7.0"),
    (0.25, "[<=1]0%;@", "25%"),
    (2.5, "[<=1]0%;@", "2.5"),
]


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [pytest.param(value, code, text, id=f"{value!r} in {code}") for value, code, text in (*SIGNS, *CONDITIONS)],
)
def test_a_section_is_chosen_by_sign_and_condition(value: float, code: str, text: str) -> None:
    assert format_number(value, code) == text


@pytest.mark.parametrize(
    ("value", "code"),
    [
        pytest.param(50, '[>=100]"A"0;[<=-100]"B"0', id="between two conditions"),
        pytest.param(-10, "0;[>=0]0.0", id="negative, and neither section is for it"),
    ],
)
def test_a_number_no_section_is_for_is_refused(value: float, code: str) -> None:
    with pytest.raises(ValueError, match="no section applies to this number"):
        format_number(value, code)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        pytest.param("0;0;0;0;0", "up to 4 sections", id="five sections"),
        pytest.param("@;@", "one section for text", id="two sections for text"),
        pytest.param("[<-2]0;[<-1]0;[>2]0", "up to 2 conditions", id="three conditions"),
        pytest.param("[=x]0", "no meaning", id="a condition on no number"),
    ],
)
def test_sections_that_contradict_each_other_are_refused(code: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        format_number(1, code)


@pytest.mark.parametrize(
    ("text", "code", "shown"),
    [
        pytest.param("Lan", "@", "Lan", id="text format"),
        pytest.param("Lan", "General", "Lan", id="General"),
        pytest.param("0912", "0.00", "0912", id="no section for text"),
        pytest.param("Lan", '"Chị "@', "Chị Lan", id="literal and text"),
        pytest.param("Lan", "@@", "LanLan", id="twice"),
        pytest.param("Lan", '0;0;0;@"!"', "Lan!", id="fourth section"),
        pytest.param("Lan", "0;-0;@", "Lan", id="third section"),
        pytest.param("Lan", '0;0;0;"(text)"', "(text)", id="fourth section without the text"),
        pytest.param("Lan", ";;;", "", id="hidden"),
        pytest.param("Lan", "0;0;0;[Red]", "Lan", id="a colour alone"),
        pytest.param("Lan", "0;0;0;[Red]General", "Lan", id="General for text"),
        pytest.param("Lan", '_(* #,##0_);_(* \\(#,##0\\);_(* "-"??_);_(@_)', "Lan", id="accounting"),
        pytest.param("Lan", "dd/mm/yyyy;@", "Lan", id="dates"),
        pytest.param("Lan", "0 N", "Lan", id="a code that is not understood"),
        pytest.param("", "@", "", id="empty"),
    ],
)
def test_text_is_shown_by_the_section_for_text(text: str, code: str, shown: str) -> None:
    cells = CellText()

    assert cells.display(text, code) == shown
    assert cells.not_understood == {}


def test_digits_cannot_be_in_the_section_for_text() -> None:
    with pytest.raises(ValueError, match="cannot be combined"):
        format_number(1, "0;0;0;@0")
