"""Which texts are phone numbers, and which of them may be the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.recipients.phone_numbers import COUNTRY_CODES, canonical, other_ways, same, tail


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param("0901234567", "0901234567", id="digits"),
        pytest.param("090 123 45 67", "0901234567", id="blanks"),
        pytest.param("(090) 123-45.67/8", "09012345678", id="brackets, dash, dot, slash"),
        pytest.param("+84 90 123 4567", "+84901234567", id="country code"),
        pytest.param("0084 901234567", "+84901234567", id="two zeros"),
        pytest.param("'0901234567", "0901234567", id="apostrophe"),
        pytest.param("090\xa0123\xa04567", "0901234567", id="no-break spaces"),
        pytest.param("1234567", "1234567", id="seven digits"),
        pytest.param("+" + "9" * 15, "+" + "9" * 15, id="fifteen digits"),
        pytest.param("123456", "", id="too short"),
        pytest.param("1" * 16, "", id="too long"),
        pytest.param("0000013", "0000013", id="id with leading zeros"),
        pytest.param("001234567", "001234567", id="too short for a country code"),
        pytest.param("00" + "9" * 15, "+" + "9" * 15, id="fifteen digits after two zeros"),
        pytest.param("00" + "9" * 16, "", id="sixteen digits after two zeros"),
        pytest.param("SO-4100123", "", id="letters"),
        pytest.param("0901234567 x2", "", id="extension"),
        pytest.param("090+1234567", "", id="plus sign within"),
        pytest.param("٠٩٠١٢٣٤٥٦٧", "0901234567", id="digits of another script"),
        pytest.param("＋84 90–123–4567", "+84901234567", id="full-width plus sign and dashes"),
        pytest.param("84,901,234,567", "84901234567", id="grouped by commas"),
        pytest.param("84901234567.0", "84901234567", id="a decimal of zero"),
        pytest.param("84901234567,00", "84901234567", id="two decimals of zero"),
        pytest.param("090.123.4500", "0901234500", id="points and zeros"),
        pytest.param("84901234567.5", "849012345675", id="another decimal"),
        pytest.param("0901234567, 0901234568", "", id="two numbers"),
        pytest.param("", "", id="blank"),
    ],
)
def test_a_number_is_its_digits(text: str, number: str) -> None:
    assert canonical(text) == number


ALIKE = ("+84901234567", "+840901234567", "0901234567", "901234567", "84901234567")


@pytest.mark.parametrize("one", ALIKE[:3])
@pytest.mark.parametrize("other", ALIKE)
def test_ways_of_writing_one_number_are_the_same(one: str, other: str) -> None:
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("+84901234567", "+66901234567", id="two countries"),
        pytest.param("0901234567", "0901234568", id="another number"),
        pytest.param("901234567", "84901234567", id="both bare: ids look like that"),
        pytest.param("12345678", "212345678", id="ids of other lengths"),
        pytest.param("+12125551234", "+13125551234", id="other area"),
        pytest.param("01234567", "+841234567", id="too short to tell the country code"),
    ],
)
def test_other_numbers_are_not(one: str, other: str) -> None:
    assert not same(one, other)
    assert not same(other, one)


digits = st.text("0123456789", min_size=7, max_size=15)
numbers = st.builds(
    lambda sign, number: canonical(sign + number),
    st.sampled_from(["", "+", "00", "0", "+84", "84", "+1", "0084"]),
    digits,
).filter(bool)


@given(numbers, numbers)
def test_being_the_same_is_mutual(one: str, other: str) -> None:
    assert same(one, other) == same(other, one)


@given(numbers)
def test_all_ways_of_writing_a_number_have_its_end_and_are_the_same(number: str) -> None:
    for way, _ in other_ways(number, COUNTRY_CODES[:5]):
        if canonical(way) == way:  # else it is too long, or begins with two zeros: no number is written so
            assert tail(way) == tail(number)
            assert same(way, number)
