from __future__ import annotations

import pytest

from campaign.review.annotation.areas import area_of
from campaign.review.annotation.xml_edits import Edit, elements_of, replacement, spliced, with_attributes


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ('<a ref="x"/>', '<a ref="new"/>'),
        ("<a\n ref = 'x' b=\"1\">text", '<a\n ref = "new" b="1">text'),
        ("<x:a/>", '<x:a ref="new"/>'),
        ("<a b='ref=\"1\" > ref=\"2\"' xref='3'>", '<a ref="new" b=\'ref="1" > ref="2"\' xref=\'3\'>'),
        ('<a é="1" ref="x"> ref="y"', '<a é="1" ref="new"> ref="y"'),
    ],
    ids=["first", "quoted otherwise", "none", "in another value", "beyond ASCII"],
)
def test_an_attribute_is_set(tag: str, expected: str) -> None:
    assert with_attributes(tag.encode(), {"ref": "new"}).decode() == expected


def test_edits_change_their_places_alone() -> None:
    edits = [Edit(6, 9, bytes.upper), replacement(0, 1, b"A"), replacement(3, 3, b"-")]
    assert spliced(b"abcdefghij", edits) == b"Abc-defGHIj"


def test_elements_are_found_with_their_places() -> None:
    part = b'\xef\xbb\xbf<?xml version="1.0"?><r a="1"><!-- <b/> --><b x=">"/><c><d></d>text</c ></r>'
    found = elements_of(part, "list.xlsx")
    assert [(each.name, each.depth) for each in found] == [("r", 0), ("b", 1), ("c", 1), ("d", 2)]
    assert [part[each.start : each.inside] for each in found] == [b'<r a="1">', b'<b x=">"/>', b"<c>", b"<d>"]
    assert [part[each.inside : each.end] for each in found[1:]] == [b"", b"<d></d>text", b""]
    assert [part[each.start : each.after] for each in found[1:]] == [b'<b x=">"/>', b"<c><d></d>text</c >", b"<d></d>"]
    assert found[0].attributes == {"a": "1"}


@pytest.mark.parametrize("reference", ["", "A", "1", "A:C", "A1:B2 C3", "XFE1", "a1", "A1:", "Sheet!A1"])
def test_a_reference_that_is_not_of_one_area_is_none(reference: str) -> None:
    assert area_of(reference) is None


def test_an_area_is_written_as_it_is_read() -> None:
    assert [str(area_of(each)) for each in ("B2", "$B$2:XFD$9")] == ["B2:B2", "B2:XFD9"]
