from __future__ import annotations

import random
import unicodedata
from typing import TYPE_CHECKING

import pytest

from campaign.errors import RecipientsError
from campaign.sheets import text_encoding
from campaign.sheets.text_encoding import find_encoding

if TYPE_CHECKING:
    from pathlib import Path

VIETNAMESE = ["Nguyễn Văn An", "Trần Thị Bình", "Phạm Minh Đức", "Ưu đãi tháng này", "Hồ Chí Minh"]
FRENCH = ["Hélène Dupré", "François Lefèvre", "Noël à Besançon", "Crème brûlée"]
ITALIAN = ["Niccolò Pavarò", "perché può così più città", "lunedì", "Forlì", "Cefalù"]
JAPANESE = ["田中太郎", "東京都新宿区", "こんにちは", "カタカナ"]


def cp1258(text: str) -> bytes:
    """As Windows writes Vietnamese: vowels whole, tone marks apart."""
    letters: list[bytes] = []
    for letter in unicodedata.normalize("NFC", text):
        try:
            letters.append(letter.encode("cp1258"))
        except UnicodeEncodeError:
            pieces = unicodedata.normalize("NFD", letter)
            tones = "".join(piece for piece in pieces if piece in "\u0300\u0301\u0303\u0309\u0323")
            vowel = unicodedata.normalize("NFC", "".join(piece for piece in pieces if piece not in tones))
            letters.append((vowel + tones).encode("cp1258"))
    return b"".join(letters)


def table(texts: list[bytes], rows: int) -> bytes:
    pick = random.Random(rows)
    return b"id,name,text\r\n" + b"".join(
        b"%d,%s,%s\r\n" % (row, pick.choice(texts), pick.choice(texts)) for row in range(rows)
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "customers.csv"


@pytest.mark.parametrize("rows", [1, 5, 100])
@pytest.mark.parametrize(
    ("texts", "codec"),
    [
        pytest.param([cp1258(text) for text in VIETNAMESE], "cp1258", id="vietnamese"),
        pytest.param([text.encode("cp1252") for text in FRENCH], "cp1252", id="french"),
        pytest.param([text.encode("cp1252") for text in ITALIAN], "cp1252", id="italian"),
        pytest.param([text.encode("cp932") for text in JAPANESE], "cp932", id="japanese"),
        pytest.param([text.encode() for text in VIETNAMESE + JAPANESE], "utf-8", id="utf-8"),
        pytest.param([b"An", b"Binh"], "utf-8", id="ascii"),
    ],
)
def test_an_encoding_without_a_mark_is_found(path: Path, texts: list[bytes], codec: str, rows: int) -> None:
    path.write_bytes(table(texts, rows))
    assert find_encoding(path, None).codec == codec


@pytest.mark.parametrize(
    ("codec", "found", "label"),
    [
        pytest.param("utf-8-sig", "utf-8-sig", "UTF-8 with BOM", id="utf-8"),
        pytest.param("utf-16", "utf-16", "UTF-16", id="utf-16"),
        pytest.param("utf-32", "utf-32", "UTF-32", id="utf-32"),
        pytest.param("utf-16-le", "utf-16-le", "UTF-16 without BOM", id="utf-16-le-without-mark"),
        pytest.param("utf-16-be", "utf-16-be", "UTF-16 without BOM", id="utf-16-be-without-mark"),
    ],
)
def test_unicode_is_detected_by_its_mark_or_its_zeros(path: Path, codec: str, found: str, label: str) -> None:
    path.write_bytes("mã;tên\r\n1;Nguyễn Văn An\r\n".encode(codec))
    assert find_encoding(path, None)[:2] == (found, label)


def test_utf32_with_its_bytes_swapped_is_detected_by_its_mark(path: Path) -> None:
    path.write_bytes("\ufeffmã;tên\r\n1;An\r\n".encode("utf-32-be"))
    assert find_encoding(path, None)[:2] == ("utf-32", "UTF-32")


def test_utf16_with_its_bytes_swapped_is_detected_by_its_mark(path: Path) -> None:
    path.write_bytes("\ufeffmã;tên\r\n".encode("utf-16-be"))
    assert find_encoding(path, None).codec == "utf-16"


def test_a_guess_is_called_one(path: Path) -> None:
    path.write_bytes(table([text.encode("cp1252") for text in FRENCH], 5))
    assert find_encoding(path, None).label == "cp1252 (Western), a guess: check the letters"


def test_bytes_that_tell_the_encoding_may_come_late(path: Path) -> None:
    path.write_bytes(b"name\n" + b"An\n" * 600_000 + "Hélène Lefèvre\nNoël\n".encode("cp1252"))
    assert find_encoding(path, None).codec == "cp1252"


def test_letters_of_cp1258_are_to_be_composed(path: Path) -> None:
    path.write_bytes(table([cp1258(text) for text in VIETNAMESE], 5))
    assert find_encoding(path, None).composes
    assert find_encoding(path, "windows-1258").composes


def test_an_encoding_that_cannot_be_detected_is_refused(path: Path) -> None:
    path.write_bytes(table(["Иван Петров".encode("cp1251"), "Добрый день".encode("cp1251")], 20))
    message = (
        r"^customers\.csv: is in an unknown encoding; as cp1251, it has “Иван” and “Петров”; as cp1253, it has .*; "
        r"set encoding to the one it was saved in, or save it"
    )
    with pytest.raises(RecipientsError, match=message):
        find_encoding(path, None)


def test_a_few_damaged_bytes_do_not_make_another_encoding(path: Path) -> None:
    lines = [f"{text}\n".encode() for text in VIETNAMESE]
    lines[3] = b"\xff" + lines[3]
    path.write_bytes(b"".join(lines))
    message = (
        r"^customers\.csv, line 4: contains a byte that is not UTF-8 \(0xFF\), while the rest is; type that line again$"
    )
    with pytest.raises(RecipientsError, match=message):
        find_encoding(path, None)


def test_a_file_cut_off_in_a_letter_is_refused(path: Path) -> None:
    path.write_bytes("tên\nNguyễn Văn Đức\nTrần Ư".encode()[:-1])
    with pytest.raises(RecipientsError, match=r"line 3: contains a byte that is not UTF-8 \(0xC6\), while the rest is"):
        find_encoding(path, None)


def test_a_byte_that_a_mark_does_not_promise_is_refused_with_its_line(path: Path) -> None:
    path.write_bytes("tên\nAn\n".encode("utf-8-sig") + b"\xe9\n")
    with pytest.raises(RecipientsError, match="line 3: contains a byte that is not UTF-8 with BOM: 0xE9; set encoding"):
        find_encoding(path, None)


def test_a_byte_that_a_guess_has_no_letter_for_is_refused_with_its_line(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_encoding, "_SAMPLE", 200)
    path.write_bytes("Hélène Lefèvre à Besançon\n".encode("cp1252") * 60_000 + b"\x81\n")
    with pytest.raises(RecipientsError, match=r"line 60001: contains a byte that is not cp1252 \(Western\), .*: 0x81"):
        find_encoding(path, None)


@pytest.mark.parametrize(
    ("wanted", "content", "codec"),
    [
        pytest.param("cp1252", b"caf\xe9", "cp1252", id="code-page"),
        pytest.param("Shift-JIS", "田中".encode("cp932"), "shift_jis", id="alias"),
        pytest.param("latin1", b"\x81", "iso8859-1", id="latin-1"),
        pytest.param("UTF-8", b"\xef\xbb\xbfAn", "utf-8-sig", id="utf-8-with-mark"),
        pytest.param("utf8", b"An", "utf-8", id="utf-8"),
        pytest.param("utf-16-le", "\ufeffAn".encode("utf-16-le"), "utf-16", id="utf-16-le-with-mark"),
        pytest.param("utf-16", "name,phone\n".encode("utf-16-le"), "utf-16-le", id="utf-16-without-mark"),
    ],
)
def test_the_operator_may_name_the_encoding(path: Path, wanted: str, content: bytes, codec: str) -> None:
    path.write_bytes(content)
    assert find_encoding(path, wanted)[:2] == (codec, wanted)


def test_an_encoding_that_does_not_fit_is_refused_with_the_line(path: Path) -> None:
    path.write_bytes(b"name\r\nAn\r\ncaf\xe9\r\n")
    with pytest.raises(RecipientsError, match=r"^customers\.csv, line 3: contains a byte that is not utf-8: 0xE9; set"):
        find_encoding(path, "utf-8")


@pytest.mark.parametrize("wanted", ["klingon", "base64", "rot13", "", "a\0b"])
def test_an_encoding_that_is_none_is_refused(path: Path, wanted: str) -> None:
    path.write_bytes(b"name\n")
    with pytest.raises(RecipientsError, match=r"^encoding: “.*” is not an encoding; use a name such as utf-8"):
        find_encoding(path, wanted)


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        pytest.param("André,Zoë Çelik".encode("cp850"), [("cp850", ("André", "Zoë", "Çelik"))], id="DOS"),
        pytest.param("สมชาย,ใจดี".encode("cp874"), [("cp874", ("สมชาย", "ใจดี"))], id="Thai"),
        pytest.param("José,Müller".encode("cp1252"), [], id="what was guessed"),
    ],
)
def test_the_words_of_a_guess_are_told_as_other_encodings_read_them(
    path: Path, text: bytes, readings: list[tuple[str, tuple[str, ...]]]
) -> None:
    path.write_bytes(b"a,b\n" + text + b"\n")
    assert [tuple(other) for other in find_encoding(path, None).others][: len(readings) or 1] == readings
