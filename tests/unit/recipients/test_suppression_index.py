"""Which values are in a suppression list, however they are written."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaign.recipients import phone_numbers
from campaign.recipients.suppression_index import SuppressionIndex, folded, hashed


def index_of(*texts: str, first: int = 2) -> SuppressionIndex:
    index = SuppressionIndex()
    index.add(range(first, first + len(texts)), texts)
    return index


@pytest.mark.parametrize(
    ("listed", "value"),
    [
        pytest.param("an@example.com", "  AN@Example.com ", id="case and blanks"),
        pytest.param("Bi\u0300nh", "BÌNH", id="composed"),
        pytest.param("STRASSE", "straße", id="folded"),
        pytest.param("r1\u200b", "r1", id="zero-width space"),
        pytest.param("\ufeffr1", "r1", id="byte order mark"),
        pytest.param("0901234567", "090 123 45 67", id="phone"),
        pytest.param("+84 90 123 4567", "0901234567", id="country code in the list"),
        pytest.param("0901234567", "+84 90 123 4567", id="country code in the value"),
        pytest.param("901234567", "0901234567", id="zero lost in the list"),
        pytest.param("0901234567", "901234567", id="zero lost in the value"),
        pytest.param("84901234567", "0901234567", id="country code without plus sign"),
        pytest.param("84901234567.0", "84901234567", id="kept as a fraction"),
        pytest.param("84,901,234,567", "+84901234567", id="grouped"),
        pytest.param("0901234567", "０９０１２３４５６７", id="full-width digits"),
        pytest.param("+1234567", "1234567", id="short number with plus sign"),
        pytest.param("12-34", "12-34", id="too short for a number"),
        pytest.param("x\ny", " X\nY ", id="two lines"),
    ],
)
def test_a_value_is_found(listed: str, value: str) -> None:
    assert index_of("another", listed).find(value) == 3
    assert index_of(listed).find(value) == 2


@pytest.mark.parametrize(
    ("listed", "value"),
    [
        pytest.param("an@example.com", "an@example.org", id="another"),
        pytest.param("12-34", "1234", id="too short for numbers to be compared"),
        pytest.param("+84 901234567", "+66 901234567", id="another country"),
        pytest.param("84901234567", "901234567", id="bare digits"),
        pytest.param("an binh", "anbinh", id="blank within"),
        pytest.param("", "", id="blank"),
        pytest.param("  ", " ", id="only blanks"),
        pytest.param("A1", "", id="blank value"),
    ],
)
def test_any_other_is_not(listed: str, value: str) -> None:
    assert index_of(listed).find(value) is None
    assert index_of("x", listed).find(value) is None


def test_the_row_of_each_value_is_known_across_parts_and_blank_cells() -> None:
    index = index_of("a", "", "b")
    index.add(range(100, 103), ["0901234567", "0901234568", "0901234569"])
    index.add([7], ["C"])
    found = [index.find(each) for each in ("a", "b", "0901234568", "c", "d")]
    assert found == [2, 4, 101, 7, None]
    assert len(index) == 6


def test_only_wanted_values_are_kept() -> None:
    wanted = set(hashed(["0901234567", "b"]).common)
    index = SuppressionIndex(wanted)
    index.add(range(2, 5), ["0901234566", "+84901234567", "0901234568"])
    index.add(range(5, 7), ["a", "B"])
    assert len(index) == 2
    assert [index.find(each) for each in ("0901234567", "b")] == [3, 6]


def test_country_codes_that_were_met_are_tried_first() -> None:
    index = index_of("+84901234567", "+84901234568")
    assert index.find("0901234568") == 3
    assert index._codes[0] == "84"
    assert sorted(index._codes) == sorted(phone_numbers.COUNTRY_CODES)


def test_values_whose_hashes_meet_in_a_bucket_are_told_apart() -> None:
    index = index_of(*(f"value {number}" for number in range(20_000)))
    index.add(range(30_000, 50_000), [f"09{number:08}" for number in range(20_000)])
    assert [index.find(f"VALUE {number}") for number in range(0, 20_000, 997)] == list(range(2, 20_002, 997))
    assert index.find("0900000007") == 30_007
    assert index.find("value 20000") is None


texts = st.one_of(
    st.text(max_size=8),
    st.text("0123456789", max_size=17),
    st.text("0123456789+ ()-.,\n", max_size=17),
    st.builds(
        "{}{}".format, st.text("0123456789", min_size=6, max_size=12), st.sampled_from([".0", ".00", ",0", ".5"])
    ),
    st.builds(
        "{}{}".format,
        st.sampled_from(["+84", "0", "84", "00 84 ", "+84 (0)"]),
        st.text("0123456789", min_size=9, max_size=9),
    ),
)


def may_be_the_same(one: str, other: str) -> bool:
    """The rule in its plainest form."""
    one, other = folded(one), folded(other)
    if not one or not other:
        return False
    numbers = phone_numbers.canonical(one), phone_numbers.canonical(other)
    return phone_numbers.same(*numbers) if all(numbers) else one == other


@example([")0000000"], [], False)  # noqa: FBT003 - as hypothesis gives it
@given(st.lists(texts, min_size=1, max_size=12), st.lists(texts, max_size=6), st.booleans())
def test_the_fast_ways_find_what_the_rule_says(listed: list[str], values: list[str], some: bool) -> None:  # noqa: FBT001
    values += listed[:3]
    index = SuppressionIndex(set(hashed(values).common) if some else None)
    index.add(range(len(listed)), listed)
    for value in values:
        found = index.find(value)
        expected: list[int | None] = [row for row, each in enumerate(listed) if may_be_the_same(each, value)]
        assert found in (expected or [None])
