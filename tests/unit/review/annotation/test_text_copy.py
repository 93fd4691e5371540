"""The annotated copy of a text file: its own bytes, with fields added to its records."""

from __future__ import annotations

import codecs
import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from campaign.errors import RecipientsError, ResultsError
from campaign.review.annotation import Mark
from campaign.review.annotation.text_copy import TextCopy
from campaign.sheets import ReadOptions, open_sheet

from .copies import FAILED, NOON, SENT, annotated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SHOWN_NOON = datetime.fromtimestamp(NOON, UTC).astimezone().replace(tzinfo=None).isoformat(" ")
HEADER = "Status,Reason,Sent at"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "customers.csv"


def copied(
    path: Path, content: bytes, marks: Mapping[int, Mark] | None = None, options: ReadOptions | None = None
) -> bytes:
    path.write_bytes(content)
    return annotated(path, marks or {2: FAILED}, options).read_bytes()


def copied_text(path: Path, text: str, marks: Mapping[int, Mark] | None = None) -> str:
    return copied(path, text.encode(), marks).decode()


def test_a_record_gets_its_status_its_reason_and_when_it_was_sent(path: Path) -> None:
    found = copied_text(path, "id,name\n1,An\n2,Bình\n3,Chi\n", {2: SENT, 4: FAILED})
    assert found == f"id,name,{HEADER}\n1,An,sent,,{SHOWN_NOON}\n2,Bình\n3,Chi,failed,no such room,\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("a,b\r\n1,2\r\n", f"a,b,{HEADER}\r\n1,2,failed,no such room,\r\n", id="of Windows"),
        pytest.param("a,b\r1,2\r", f"a,b,{HEADER}\r1,2,failed,no such room,\r", id="of the old Mac"),
        pytest.param("a,b\n1,2", f"a,b,{HEADER}\n1,2,failed,no such room,", id="none at the end"),
        pytest.param("a,b\n1,2\r\n\x1a", f"a,b,{HEADER}\n1,2,failed,no such room,\r\n\x1a", id="before Ctrl-Z"),
        pytest.param("a,b\n1,2\x1a", f"a,b,{HEADER}\n1,2,failed,no such room,\x1a", id="Ctrl-Z alone"),
        pytest.param("a,b\n1,2\n\n\r\n\n", f"a,b,{HEADER}\n1,2,failed,no such room,\n\n\r\n\n", id="blank lines"),
    ],
)
def test_ends_of_lines_stay(path: Path, before: str, after: str) -> None:
    assert copied_text(path, before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("a;b\n1;2\n", "a;b;Status;Reason;Sent at\n1;2;failed;no such room;\n", id="semicolons"),
        pytest.param("a\tb\n1\t2\n", "a\tb\tStatus\tReason\tSent at\n1\t2\tfailed\tno such room\t\n", id="tabs"),
        pytest.param(
            "sep=;\r\na;b\r\n1;2\r\n",
            "sep=;\r\na;b;Status;Reason;Sent at\r\n1;2;failed;no such room;\r\n",
            id="declared",
        ),
    ],
)
def test_the_delimiter_stays(path: Path, before: str, after: str) -> None:
    assert copied_text(path, before) == after


def test_quoted_line_breaks_and_quotation_marks_stay(path: Path) -> None:
    text = '"id","say"\n1,"two\r\nlines, and ""quotes"""\n2,plain "inside"\n'
    assert copied_text(path, text, {2: FAILED, 3: SENT}) == (
        f'"id","say",{HEADER}\n1,"two\r\nlines, and ""quotes""",failed,no such room,\n'
        f'2,plain "inside",sent,,{SHOWN_NOON}\n'
    )


def test_short_and_long_records_get_their_fields_in_the_same_columns(path: Path) -> None:
    text = "a title\n\na,b\n1\n2,3\n4,5,6,7\n"
    path.write_text(text)
    copy = annotated(path, {4: FAILED, 5: FAILED, 6: FAILED}, ReadOptions(header_row=3)).read_text()
    assert copy == (
        f"a title\n\na,b,,,{HEADER}\n1,,,,failed,no such room,\n2,3,,,failed,no such room,\n"
        "4,5,6,7,failed,no such room,\n"
    )


@pytest.mark.parametrize(
    ("codec", "mark"),
    [
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-32-be", codecs.BOM_UTF32_BE),
        ("utf-16-le", b""),
        ("utf-8", b""),
    ],
    ids=["utf-8 with mark", "utf-16", "utf-16 big-endian", "utf-32", "utf-16 without mark", "utf-8"],
)
def test_the_encoding_and_its_mark_stay(path: Path, codec: str, mark: bytes) -> None:
    found = copied(path, mark + "id,tên\r\n1,Nguyễn\r\n".encode(codec))
    assert found == mark + f"id,tên,{HEADER}\r\n1,Nguyễn,failed,no such room,\r\n".encode(codec)


TONES = {"ầ": "â\u0300", "Ấ": "Â\u0301", "ồ": "ô\u0300", "ị": "i\u0323", "ờ": "ơ\u0300", "Ọ": "O\u0323"}
"""Letters of Vietnamese that cp1258 writes as two characters; á is one."""


def in_cp1258(text: str) -> bytes:
    return "".join(TONES.get(letter, letter) for letter in text).encode("cp1258")


def test_letters_of_cp1258_stay_as_they_are_and_added_ones_are_written_its_way(path: Path) -> None:
    header, first = in_cp1258("id,tên"), in_cp1258("1,Trần Văn Ất Hồ Thị Mười")
    both_ways = "2,a\u0301 và á".encode("cp1258")
    content = b"\r\n".join([header, first, both_ways, b""])
    options = ReadOptions(encoding="cp1258")
    assert copied(path, content, {2: Mark("failed", "“Trần Ọ”: không có ☃")}, options) == b"\r\n".join(
        [
            header + b",Status,Reason,Sent at",
            first + b",failed," + in_cp1258("“Trần Ọ”: không có ?,"),
            both_ways,
            b"",
        ]
    )
    row = next(open_sheet(path.with_stem("customers-annotated"), options).rows())
    assert row.texts[-2] == "“Trần Ọ”: không có ?"


@pytest.mark.parametrize(
    ("reason", "field"),
    [
        pytest.param("=1+1", "'=1+1", id="formula"),
        pytest.param("-1", "'-1", id="minus"),
        pytest.param("＝1+1", "'＝1+1", id="full-width"),
        pytest.param('a, "b"', '"a, ""b"""', id="quotation marks and delimiter"),
        pytest.param("two\nlines", '"two\nlines"', id="line break"),
        pytest.param("\x00\x1a\ud83d", "\\x00\\x1a\\ud83d", id="control characters and a lone surrogate"),
    ],
)
def test_a_reason_is_one_field_whatever_is_in_it(path: Path, reason: str, field: str) -> None:
    found = copied_text(path, "id\n1\n", {2: Mark("failed", reason)})
    assert found == f"id,{HEADER}\n1,failed,{field},\n"
    rows = list(csv.reader(found.splitlines(keepends=True)))
    assert len(rows[1]) == 4


def test_a_long_reason_is_cut_with_a_mark(path: Path) -> None:
    found = copied_text(path, "id\n1\n", {2: Mark("failed", "é" * 40_000)})
    assert found.endswith('é… [cut, 40,000 characters in all]",\n')
    assert len(found) < 33_000


def test_a_record_without_a_clear_end_is_refused(path: Path) -> None:
    path.write_text('id,name\n1,"An\n2,Bình\n')
    with pytest.raises(
        ResultsError, match=r"customers\.csv, row 2: line 2: a field starts with .* not closed; correct"
    ):
        annotated(path, {3: SENT})
    assert [each.name for each in path.parent.iterdir()] == ["customers.csv"]


def test_characters_that_have_several_codes_are_refused(path: Path) -> None:
    # cp932 has two codes for ∵, of which Python writes the other one.
    path.write_bytes("id,name\n1,山田\n".encode("cp932") + b"2,\x87\x9a\n")
    with pytest.raises(ResultsError, match=r"has characters that cp932 can write in several ways.*; use the results"):
        annotated(path, {3: SENT}, ReadOptions(encoding="cp932"))


def test_a_file_that_changes_meanwhile_is_refused(path: Path) -> None:
    path.write_text("id\n1\n")
    copy = TextCopy(path, ReadOptions(), ("Status", "Reason", "Sent at"))
    path.write_text("id\n1\n2\n")
    with pytest.raises(RecipientsError, match="was changed while it was being read"):
        copy.write(iter([(2, SENT)]), io.BytesIO())
